"""Webhooks on their way: what a receiver gets, and what follows from its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from core import jobs, redis
from core.clock import now
from core.database import fetch
from core.ids import global_id
from identity.actor import SYSTEM
from identity.apps import revoke_app
from management.events import PlaceUpdated
from management.models import Place
from notifications.models import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookState
from notifications.webhooks import sending
from notifications.webhooks.delivery import CLAIM, begin, deliver, settle
from notifications.webhooks.endpoints import (
    WithSecret,
    disable_webhook,
    enable_webhook,
    remove_webhook,
    resend,
    rotate_secret,
    send_test,
)
from notifications.webhooks.schedule import GIVE_UP_AFTER, JITTER, WAITS
from notifications.webhooks.sending import Answer, Fault, Sender
from notifications.webhooks.upkeep import KEPT, forget, sweep
from tests import factories
from tests.management.support import some_grids
from tests.notifications.receiver import Receiver, receiving
from tests.notifications.webhook_support import (
    endpoint_at,
    happens,
    log_of,
    make_app,
    the_message,
    try_now,
)

DELIVERED, FAILED, PENDING = WebhookState.DELIVERED, WebhookState.FAILED, WebhookState.PENDING
SECOND = timedelta(seconds=1)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture
async def place(db: None) -> Place:
    await some_grids()
    return await factories.place()


@pytest.fixture
async def told(place: Place, receiver: Receiver) -> WithSecret:
    """An endpoint with one message that waits."""
    made = await endpoint_at(receiver.url)
    await happens(PlaceUpdated(place_id=place.id))
    return made


@pytest.fixture
def quick() -> Iterator[None]:
    """Receivers have a fifth of a second."""
    before = sending.use(Sender(loopback=True, total=0.2))
    yield
    sending.use(before)


async def waiting_jobs() -> list[dict[str, Any]]:
    return await fetch(
        "SELECT args, scheduled_at FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.deliver_webhook' ORDER BY id"
    )


async def last_job() -> UUID:
    return UUID(orjson.loads((await waiting_jobs())[-1]["args"])["message_id"])


async def the_endpoint() -> WebhookEndpoint:
    return await WebhookEndpoint.all().get()


async def more(endpoint: WebhookEndpoint, count: int) -> list[WebhookMessage]:
    """So many messages that wait for an endpoint, the first of them longest."""
    return [
        await WebhookMessage.create(
            endpoint_id=endpoint.id,
            kind="place.updated",
            payload={},
            due_at=now() - (count - number) * SECOND,
        )
        for number in range(count)
    ]


async def noted() -> list[str]:
    return [row["action"] for row in await fetch("SELECT action FROM audit_entry ORDER BY id")]


# What arrives


async def test_a_receiver_gets_what_happened_signed_as_the_standard_has_it(
    told: WithSecret, place: Place, receiver: Receiver
) -> None:
    message = await the_message()
    assert await last_job() == message.id
    await deliver(1, str(message.id))
    (came,) = receiver.came
    read = Webhook(told.secret).verify(came.body, came.headers)
    assert read == {
        "type": "place.updated",
        "timestamp": message.created_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "placeId": global_id("Place", place.id),
            "placeCode": place.code,
            "gridCode": place.grid_code,
        },
    }
    assert came.target == "/hook"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-id"] == global_id("WebhookMessage", message.id)
    message = await the_message()
    assert (message.state, message.claimed_until) == (DELIVERED, None)
    assert message.delivered_at is not None
    assert await log_of(message.id) == [(1, 204, "")]


async def test_after_a_new_secret_both_sign_for_a_day(told: WithSecret, receiver: Receiver) -> None:
    message = await the_message()
    new = await rotate_secret(SYSTEM, webhook_id=told.endpoint.id)
    await try_now(message.id)
    assert len(receiver.came[0].headers["webhook-signature"].split(" ")) == 2
    for secret in (told.secret, new.secret):
        Webhook(secret).verify(receiver.came[0].body, receiver.came[0].headers)

    await WebhookEndpoint.all().update(earlier_until=now() - SECOND)
    again = await resend(SYSTEM, message_id=message.id)
    await try_now(again.id)
    Webhook(new.secret).verify(receiver.came[1].body, receiver.came[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(told.secret).verify(receiver.came[1].body, receiver.came[1].headers)
    await forget()
    assert (await the_endpoint()).earlier_secret is None


async def test_a_test_message_is_delivered_as_any_other(
    told: WithSecret, receiver: Receiver
) -> None:
    message = await send_test(SYSTEM, webhook_id=told.endpoint.id)
    assert message.test
    assert (await try_now(message.id)).state is DELIVERED
    read = Webhook(told.secret).verify(receiver.came[0].body, receiver.came[0].headers)
    assert read["type"] == "webhook.test"
    assert read["data"] == {"webhookId": global_id("Webhook", told.endpoint.id)}


# What the receiver answers


@pytest.mark.parametrize("status", [302, 400, 404, 500, 502, 504])
async def test_whatever_is_not_2xx_is_tried_again_and_no_redirect_is_followed(
    told: WithSecret, receiver: Receiver, status: int
) -> None:
    receiver.will(status, location=receiver.url)
    message = await try_now((await the_message()).id)
    assert len(receiver.came) == 1
    assert (message.state, message.claimed_until) == (PENDING, None)
    assert 4 * SECOND < message.due_at - now() <= WAITS[1] * (1 + JITTER)
    assert (await waiting_jobs())[-1]["scheduled_at"] == message.due_at
    assert (await the_endpoint()).failing_since is not None
    message = await try_now(message.id)
    assert message.state is DELIVERED
    assert (await the_endpoint()).failing_since is None
    assert await log_of(message.id) == [(1, status, ""), (2, 204, "")]
    ids = {came.headers["webhook-id"] for came in receiver.came}
    assert len(ids) == 1


async def test_a_receiver_that_breaks_off_is_tried_again(
    told: WithSecret, receiver: Receiver
) -> None:
    receiver.answers.append(None)
    message = await try_now((await the_message()).id)
    assert message.state is PENDING
    assert await log_of(message.id) == [(1, None, "BROKEN_OFF")]


async def test_a_receiver_that_takes_too_long_is_tried_again(
    told: WithSecret, receiver: Receiver, quick: None
) -> None:
    receiver.hold = asyncio.Event()
    message = await try_now((await the_message()).id)
    receiver.hold.set()
    assert message.state is PENDING
    assert await log_of(message.id) == [(1, None, "TIMEOUT")]


async def test_nobody_who_listens_is_tried_again(place: Place) -> None:
    async with receiving() as gone:
        url = gone.url
    await endpoint_at(url)
    await happens(PlaceUpdated(place_id=place.id))
    message = await try_now((await the_message()).id)
    assert message.state is PENDING
    assert await log_of(message.id) == [(1, None, "NO_CONNECTION")]


async def test_410_disables_the_endpoint_and_gives_up_what_waits(
    told: WithSecret, receiver: Receiver
) -> None:
    endpoint = await the_endpoint()
    message, other = await the_message(), (await more(endpoint, 1))[0]
    receiver.will(410)
    assert (await try_now(message.id)).state is FAILED
    assert (await WebhookMessage.get(id=other.id)).state is FAILED
    endpoint = await the_endpoint()
    assert endpoint.disabled_at is not None
    assert endpoint.disabled_reason == "GONE"
    assert (await noted())[-1] == "disableWebhook"
    await happens(PlaceUpdated(place_id=(await Place.all().get()).id))
    assert await WebhookMessage.all().count() == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_a_receiver_that_asks_for_patience_gets_it(
    told: WithSecret, receiver: Receiver, status: int
) -> None:
    message = await the_message()
    (other,) = await more(await the_endpoint(), 1)
    receiver.will(status, retry_after="120")
    message = await try_now(message.id)
    assert 119 * SECOND < message.due_at - now() <= 120 * SECOND
    assert await begin(other.id) is None, "the others wait too"
    await WebhookEndpoint.all().update(paused_until=now())
    await deliver(1, str(other.id))
    assert (await WebhookMessage.get(id=other.id)).state is DELIVERED
    assert (await the_endpoint()).paused_until is None


async def test_after_the_last_attempt_a_message_is_given_up_and_can_be_sent_anew(
    told: WithSecret, receiver: Receiver
) -> None:
    receiver.usual = (500, {})
    message = await the_message()
    for _ in WAITS:
        assert message.state is PENDING
        message = await try_now(message.id)
    assert message.state is FAILED
    assert len(receiver.came) == len(WAITS) == 10
    assert await begin(message.id) is None

    await resend(SYSTEM, message_id=message.id)
    message = await try_now(message.id)
    assert message.state is PENDING, "the schedule begins anew"
    receiver.usual = (200, {})
    assert (await try_now(message.id)).state is DELIVERED
    assert [number for number, *_ in await log_of(message.id)] == list(range(1, 13))


async def test_an_endpoint_that_fails_for_five_days_is_disabled(
    told: WithSecret, receiver: Receiver
) -> None:
    receiver.usual = (500, {})
    message = await the_message()
    await WebhookEndpoint.all().update(failing_since=now() - GIVE_UP_AFTER + SECOND * 60)
    assert (await try_now(message.id)).state is PENDING
    await WebhookEndpoint.all().update(failing_since=now() - GIVE_UP_AFTER)
    assert (await try_now(message.id)).state is FAILED
    assert (await the_endpoint()).disabled_reason == "FAILING"
    assert (await noted())[-1] == "disableWebhook"

    enabled = await enable_webhook(SYSTEM, webhook_id=told.endpoint.id)
    assert (enabled.disabled_at, enabled.failing_since) == (None, None)


# Who may still be told


async def test_what_waits_for_an_app_that_was_revoked_is_given_up_unsent(
    told: WithSecret, receiver: Receiver
) -> None:
    await revoke_app(SYSTEM, app_id=told.endpoint.app_id, reason="测试原因")
    assert (await try_now((await the_message()).id)).state is FAILED
    assert receiver.came == []


async def test_what_waits_for_a_disabled_endpoint_is_given_up_unsent(
    told: WithSecret, receiver: Receiver
) -> None:
    await disable_webhook(SYSTEM, webhook_id=told.endpoint.id)
    message = await try_now((await the_message()).id)
    assert message.state is FAILED
    assert receiver.came == []


async def test_an_endpoint_that_was_removed_meanwhile_leaves_nothing(
    told: WithSecret, receiver: Receiver
) -> None:
    attempt = await begin((await the_message()).id)
    assert attempt is not None
    await remove_webhook(SYSTEM, webhook_id=told.endpoint.id)
    await settle(attempt.message, Answer(1, status=200))
    await deliver(1, str(attempt.message.id))
    assert await WebhookMessage.all().count() == await WebhookAttempt.all().count() == 0
    assert receiver.came == []


# Several workers, and those that die


async def test_an_attempt_is_on_record_before_it_is_made_and_one_worker_has_it(
    told: WithSecret,
) -> None:
    message = await the_message()
    assert await begin(message.id) is not None
    assert await log_of(message.id) == [(1, None, "")]
    assert await begin(message.id) is None


async def test_what_a_dead_worker_left_is_seen_and_tried_again(
    told: WithSecret, receiver: Receiver
) -> None:
    message = await the_message()
    await begin(message.id)  # and is killed
    before = len(await waiting_jobs())
    late = now() - CLAIM
    await WebhookMessage.all().update(due_at=late)
    await sweep()
    assert len(await waiting_jobs()) == before, "somebody may be at it"
    await WebhookMessage.all().update(claimed_until=now() - SECOND)
    await sweep()
    assert len(await waiting_jobs()) == before + 1
    await deliver(1, str(await last_job()))
    assert await log_of(message.id) == [(1, None, "INTERRUPTED"), (2, 204, "")]
    assert (await the_message()).state is DELIVERED


async def test_an_answer_that_comes_after_somebody_else_began_changes_nothing(
    told: WithSecret,
) -> None:
    message = await the_message()
    slow = await begin(message.id)
    await WebhookMessage.all().update(claimed_until=now() - SECOND)
    second = await begin(message.id)
    assert slow is not None
    assert second is not None
    await settle(slow.message, Answer(1, status=500))
    found = await the_message()
    assert (found.state, found.attempts) == (PENDING, 2)
    assert found.claimed_until is not None
    await settle(second.message, Answer(1, status=200))
    assert (await the_message()).state is DELIVERED


async def test_an_endpoint_has_two_under_way_and_one_while_it_fails(
    told: WithSecret, place: Place, receiver: Receiver
) -> None:
    endpoint = await the_endpoint()
    await WebhookMessage.all().delete()
    first, second, third, fourth = await more(endpoint, 4)
    one, two = await begin(first.id), await begin(second.id)
    assert one is not None
    assert two is not None
    assert await begin(third.id) is None
    await settle(one.message, Answer(1, status=200))
    assert await last_job() == third.id, "who ends calls the next"
    three = await begin(third.id)
    assert three is not None
    await settle(two.message, Answer(1, fault=Fault.TIMEOUT))
    assert await begin(fourth.id) is None
    await settle(three.message, Answer(1, status=200))
    assert await begin(fourth.id) is not None


async def test_a_slow_receiver_does_not_hold_the_others_back(
    committed_db: None, database_url: str, receiver: Receiver
) -> None:
    await some_grids()
    house = await factories.place()
    async with receiving() as slow:
        slow.hold = asyncio.Event()
        made = await endpoint_at(slow.url)
        await more(made.endpoint, 6)
        for message in await WebhookMessage.all():
            await jobs.defer(
                "notifications.deliver_webhook",
                {"version": 1, "message_id": message.id},
                queue=jobs.APART,
            )
        await endpoint_at(receiver.url, "place.updated", app=await make_app())
        await happens(PlaceUpdated(place_id=house.id))
        queue = jobs.worker_app(database_url)
        async with redis.connected(None), queue.open_async():
            worker = asyncio.create_task(jobs.run_worker(queue, concurrency=6))
            await receiver.until(1)
            assert len(slow.came) <= 2
            slow.hold.set()
            await slow.until(7)
            async with asyncio.timeout(20):
                while await WebhookMessage.filter(state=PENDING).exists():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
    assert await WebhookMessage.filter(state=DELIVERED).count() == 8


# What is kept


async def test_messages_go_after_thirty_days(told: WithSecret) -> None:
    old = await the_message()
    await begin(old.id)
    (young,) = await more(await the_endpoint(), 1)
    await WebhookMessage.filter(id=old.id).update(created_at=now() - KEPT - SECOND)
    await forget()
    assert [message.id for message in await WebhookMessage.all()] == [young.id]
    assert await WebhookAttempt.all().count() == 0


answers = st.one_of(
    st.sampled_from([200, 204, 299, 301, 404, 410, 429, 500, 503]).map(
        lambda status: Answer(1, status=status)
    ),
    st.sampled_from(list(Fault)).map(lambda fault: Answer(1, fault=fault)),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(answers, st.sampled_from(["resend", "die"])), max_size=14))
async def test_whatever_a_receiver_answers_a_message_is_where_its_last_answer_left_it(
    told: WithSecret, steps: list[Any]
) -> None:
    await WebhookEndpoint.all().update(disabled_at=None, failing_since=None, paused_until=None)
    (message,) = await more(await the_endpoint(), 1)
    expected, made, tries = PENDING, 0, 0
    for step in steps:
        disabled = (await the_endpoint()).disabled_at is not None
        if step == "resend":
            if expected is not PENDING and not disabled:
                await resend(SYSTEM, message_id=message.id)
                expected, tries = PENDING, 0
            continue
        await WebhookMessage.filter(id=message.id).update(due_at=now(), claimed_until=None)
        attempt = await begin(message.id)
        assert (attempt is not None) == (expected is PENDING)
        if attempt is None:
            continue
        made, tries = made + 1, tries + 1
        if step == "die":
            continue
        await settle(attempt.message, step)
        given_up = step.status == 410 or tries >= len(WAITS)
        good = step.status is not None and 200 <= step.status < 300
        expected = DELIVERED if good else FAILED if given_up else PENDING
        found = await WebhookMessage.get(id=message.id)
        assert (found.state, found.attempts) == (expected, made)
        assert (found.delivered_at is not None) == (expected is DELIVERED)
        assert found.claimed_until is None
    assert [number for number, *_ in await log_of(message.id)] == list(range(1, made + 1))
    await WebhookMessage.filter(id=message.id).delete()
