"""Verdicts in any order, twice, late; edits, decisions and outages between them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api import wechat_push
from api.app import make_service
from core import jobs, redis
from core import settings as settings_module
from core.audit import AuditEntry
from core.clock import now
from core.database import execute
from core.ids import uuid7
from identity.actor import Actor, Role
from integrations import wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import AES_KEY, APP_ID, PUSH_TOKEN, running
from integrations.wechat.emulator.pushes import PushTarget
from integrations.wechat.push import PushKeys
from landlord import content_check
from landlord.content_check import Words, signs
from landlord.listings import update_listing
from landlord.models import (
    ContentCheck,
    ContentKind,
    ContentState,
    Listing,
    ListingState,
)
from landlord.publishing import decide_listing, publish_listing
from media.models import Photo
from tests import factories
from tests.api.live_server import serving, until
from tests.integrations.wechat.support import config_for
from tests.landlord.content_support import (
    LANDLORD,
    Beside,
    sent_to_staff,
    time_passes,
    wechat_beside,
    wechat_user,
    work_off,
)
from tests.management.support import signed_in, staff

DRAFT, IN_REVIEW = ListingState.DRAFT, ListingState.IN_REVIEW
PUBLISHED = ListingState.PUBLISHED
SUPERVISOR = staff(Role.SUPERVISOR)
HALF_AN_HOUR = timedelta(minutes=30)
LABEL = {"pass": 100, "review": 21000, "risky": 20002}
R = TypeVar("R")


async def a_draft() -> tuple[Listing, Actor]:
    owner, place = await factories.account(), await factories.place()
    await factories.claim(owner, place)
    room = await factories.room(place)
    listing = await factories.listing(room, owner, state=DRAFT)
    await wechat_user(owner)
    return listing, signed_in(owner)


def verdict_on(trace: str, suggest: str | None) -> dict[str, Any]:
    """The event in which WeChat tells what it thinks of a picture; None: it could not check."""
    return {
        "FromUserName": LANDLORD.openid,
        "Event": "wxa_media_check",
        "appid": APP_ID,
        "trace_id": trace,
        "version": 2,
        "errcode": 0 if suggest else -1008,
        "result": {"suggest": suggest, "label": LABEL[suggest]} if suggest else {},
    }


# Any order


async def in_review_anew(listing: Listing, traces: list[str]) -> None:
    """A further version of the listing in review: its words passed, its pictures are asked."""
    await execute(
        "UPDATE listing SET state = 'IN_REVIEW', version = version + 1, review_reason = ''"
        " WHERE id = $1",
        listing.id,
    )
    for table in ("content_check", "wechat_push", "procrastinate_jobs"):
        await execute(f"DELETE FROM {table}")
    await listing.refresh_from_db()
    common = {
        "listing_id": listing.id, "listing_version": listing.version, "created_at": now(),
    }  # fmt: skip
    words = ContentCheck(**common, kind=ContentKind.TEXT, state=ContentState.PASS)
    words.answered_at = now()
    pictures = [
        ContentCheck(**common, kind=ContentKind.PHOTO, photo_id=uuid7(), trace_id=trace)
        for trace in traces
    ]
    await ContentCheck.bulk_create([words, *pictures])
    sent_to_staff.clear()


@st.composite
def callbacks(draw: st.DrawFn) -> tuple[list[str | None], list[int]]:
    """A verdict for each picture, and an order in which they come, some of them repeatedly."""
    verdicts = draw(
        st.lists(st.sampled_from(["pass", "pass", "review", "risky", None]), min_size=1, max_size=3)
    )
    every = list(range(len(verdicts)))
    repeats = draw(st.lists(st.sampled_from(every), max_size=3))
    return verdicts, draw(st.permutations([*every, *repeats]))


async def test_a_thousand_orders_of_verdicts_end_as_their_verdicts_say(
    committed_town: None,
) -> None:
    async with wechat_beside() as beside:
        listing, _ = await a_draft()
        loop = asyncio.get_running_loop()
        ends: Counter[ListingState] = Counter()

        async def one(verdicts: list[str | None], order: list[int]) -> None:
            traces = [str(uuid7()) for _ in verdicts]
            await in_review_anew(listing, traces)
            for number in order:
                await beside.deliver(verdict_on(traces[number], verdicts[number]))
            await listing.refresh_from_db()
            states = [check.state.value for check in await ContentCheck.all().order_by("id")]
            assert states == ["PASS", *((one or "unknown").upper() for one in verdicts)]
            clean, risky = set(verdicts) == {"pass"}, "risky" in verdicts
            expected = DRAFT if risky else PUBLISHED if clean else IN_REVIEW
            assert listing.state is expected
            assert len(sent_to_staff) == (expected is IN_REVIEW)
            ends[expected] += 1

        @settings(
            max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), database=None
        )
        @given(callbacks())
        def attempt(drawn: tuple[list[str | None], list[int]]) -> None:
            asyncio.run_coroutine_threadsafe(one(*drawn), loop).result(60)

        await loop.run_in_executor(None, attempt)
        assert set(ends) == {DRAFT, PUBLISHED, IN_REVIEW}


# Any steps


class Checking(RuleBasedStateMachine):
    """A landlord, staff, time, WeChat that is away now and then, and its pushes in any order."""

    loop: asyncio.AbstractEventLoop
    beside: Beside

    def run(self, step: Awaitable[R]) -> R:
        async def wait() -> R:
            return await step

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(60)

    @initialize()
    def begin(self) -> None:
        sent_to_staff.clear()
        self.beside.events.clear()
        self.said: list[dict[str, Any]] = []
        self.run(execute("DELETE FROM wechat_user"))
        self.listing, self.landlord = self.run(a_draft())
        self.run(self.beside.fault_cleared())
        self.beside.visit()
        self.by_staff: set[int] = set()

    def refresh(self) -> None:
        self.run(self.listing.refresh_from_db())

    @precondition(lambda self: self.listing.state is DRAFT)
    @rule()
    def publish(self) -> None:
        self.run(publish_listing(self.landlord, listing_id=self.listing.id))
        self.refresh()
        assert self.listing.state is IN_REVIEW

    @precondition(lambda self: self.listing.state in {DRAFT, PUBLISHED})
    @rule(
        title=st.sampled_from(["朝南单间", "近公交站", "一个违规样本", "疑似样本", "加微信看房"]),
        pictures=st.lists(st.sampled_from(["pass", "review", "risky"]), max_size=2),
    )
    def edit(self, title: str, pictures: list[str]) -> None:
        self.beside.emulator.world.media_verdicts.clear()
        self.beside.verdicts(*pictures)
        self.run(self._edit(title, len(pictures)))
        self.refresh()

    async def _edit(self, title: str, pictures: int) -> None:
        photos = [
            await Photo.create(width=720, height=540, owner_id=self.landlord.id)
            for _ in range(pictures)
        ]
        await update_listing(
            self.landlord,
            listing_id=self.listing.id,
            expected_version=self.listing.version,
            values={"title": title},
            photo_ids=[photo.id for photo in photos],
        )

    @precondition(lambda self: self.listing.state is IN_REVIEW)
    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        reason = "" if approve else "请修改"
        self.run(
            decide_listing(SUPERVISOR, listing_id=self.listing.id, approve=approve, reason=reason)
        )
        self.refresh()
        self.by_staff.add(self.listing.version)

    @rule()
    def jobs_are_done(self) -> None:
        self.run(work_off())
        self.refresh()

    @rule(data=st.data(), again=st.booleans())
    def a_push_comes(self, data: st.DataObject, again: bool) -> None:
        waiting = [*self.beside.events, *(self.said if again else ())]
        if waiting:
            event = data.draw(st.sampled_from(waiting))
            self.said.append(event)
            self.run(self.beside.deliver(event))
            self.refresh()

    @rule(away=st.booleans())
    def wechat_goes_or_comes(self, away: bool) -> None:
        self.run(self.beside.fault_cleared())
        if away:
            for path in ("/wxa/msg_sec_check", "/wxa/media_check_async"):
                self.run(self.beside.fault(path, kind="http", status=502, times=0))

    @rule(minutes=st.sampled_from([1, 10, 31]))
    def time_goes_on(self, minutes: int) -> None:
        self.run(time_passes(timedelta(minutes=minutes)))
        self.beside.visit()
        self.refresh()

    @invariant()
    def nothing_is_public_that_nobody_let_through(self) -> None:
        self.run(self._look())

    async def _look(self) -> None:
        listing = self.listing
        words = Words(listing.title, listing.description)
        rows = await ContentCheck.filter(listing_id=listing.id)
        mine = [row for row in rows if row.listing_version == listing.version]
        states = {row.state for row in mine}
        if listing.state is IN_REVIEW and mine:
            # Settled as soon as it can be: what is left in review needs somebody.
            assert ContentState.RISKY not in states
            assert states != {ContentState.PASS} or signs(words)
        for version, approved in await self._decided():
            before = [row for row in rows if row.listing_version == version - 1]
            found = {row.state for row in before}
            assert found == {ContentState.PASS} if approved else ContentState.RISKY in found
        assert listing.state in {DRAFT, IN_REVIEW, PUBLISHED}

    async def _decided(self) -> list[tuple[int, bool]]:
        """The decisions that no member of staff made, with the versions that they led to."""
        found = []
        version = 1
        for entry in await AuditEntry.filter(subject_id=self.listing.id).order_by("id"):
            version += 1
            if entry.action == "decideListing" and entry.actor_kind == "SYSTEM":
                assert version not in self.by_staff
                found.append((version, bool(entry.details["approved"])))
        return found


async def test_any_steps_in_any_order_let_nothing_through(committed_town: None) -> None:
    async with wechat_beside() as beside:
        machine = type(
            "ThisLoop", (Checking,), {"loop": asyncio.get_running_loop(), "beside": beside}
        )
        await asyncio.get_running_loop().run_in_executor(
            None,
            lambda: run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=40, stateful_step_count=25, deadline=None, database=None
                ),
            ),
        )


# The whole way, over HTTP


@asynccontextmanager
async def a_town_with_wechat() -> AsyncIterator[Any]:
    """The service, WeChat's emulator and a way between them, as in `leye serve`."""
    keys = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY)
    before = wechat.connection._client, wechat.connection._keys
    service = make_service(settings_module.settings(), {})
    async with (
        redis.connected(None),
        running() as emulator,
        serving(service.app, lifecycle=service.lifecycle) as live,
    ):
        client = Client(config_for(emulator))
        wechat.use(client, keys)
        content_check.configure(content_check.ask_too)
        emulator.world.media_seconds = 0
        emulator.pushes.target = PushTarget(live.url + wechat_push.PATH, keys, "xml")
        try:
            yield emulator
        finally:
            content_check.configure(None)
            wechat.use(*before)
            await client.close()


@pytest.mark.parametrize(("verdict", "state"), [("pass", PUBLISHED), ("risky", DRAFT)])
async def test_from_publishing_to_the_verdict_over_http(
    committed_town: None, database_url: str, verdict: str, state: ListingState
) -> None:
    listing, landlord = await a_draft()
    await factories.photo(listing, owner_id=landlord.id)
    async with a_town_with_wechat() as emulator:
        emulator.world.visit(LANDLORD)
        emulator.world.media_verdicts.append(verdict)
        await publish_listing(landlord, listing_id=listing.id)
        app = jobs.worker_app(database_url)
        async with app.open_async():
            await jobs.run_worker(app, wait=False)
            await until(lambda: emulator.pushes.delivered and not emulator.pushes.waiting)
            await jobs.run_worker(app, wait=False)
        assert [one["answers"] for one in emulator.pushes.delivered] == [["ok"]]
    assert (await Listing.get(id=listing.id)).state is state
