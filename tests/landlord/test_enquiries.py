"""Enquiries and viewings: who talks with whom, what is shared, what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from core.clock import SHANGHAI, now
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, RateLimited, Unauthenticated, WrongState
from core.keyset import Page
from core.privacy import registry
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from identity.models import Account
from identity.phone_sign_in import account_for_phone
from landlord.enquiries import (
    ViewingAnswer,
    answer_enquiry,
    cancel_viewing,
    close_enquiry,
    send_enquiry,
    stop_sharing_phone,
)
from landlord.enquiry_lists import (
    LATEST_MESSAGES,
    PHONE_COLUMNS,
    enquiries_about,
    enquiries_of_landlord,
    enquiry_by_id,
    latest_messages,
    messages_of,
    own_enquiries,
    shared_phone,
)
from landlord.models import (
    Enquiry,
    EnquiryMessage,
    EnquiryState,
    Listing,
    ListingState,
    ViewingState,
)
from management.models import Place
from management.rules import rules
from tests import factories
from tests.management.support import (
    HOSTILE,
    VISITOR,
    entries,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
    unchanged,
)

pytestmark = pytest.mark.usefixtures("limits")


class Talk(NamedTuple):
    """A room on offer, its landlord and somebody who looks for one."""

    listing: Listing
    place: Place
    landlord: Actor
    seeker: Actor


async def with_phone(number: str, name: str) -> Account:
    async with work(SYSTEM):
        account = await account_for_phone(number)
    account.display_name = name
    await account.save(update_fields=["display_name"])
    return account


@pytest.fixture
async def talk(town: None) -> Talk:
    place = await factories.place()
    landlord = await with_phone("13800000001", "测试房东")
    await factories.claim(landlord, place)
    seeker = await with_phone("13800000002", "测试租客")
    listing = await factories.listing(await factories.room(place), landlord)
    return Talk(listing, place, signed_in(landlord), signed_in(seeker))


def noon(days: int = 3) -> datetime:
    """Midday in the town, some days ahead."""
    day = now().astimezone(SHANGHAI) + timedelta(days=days)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


async def asked(talk: Talk, words: str = "还在出租吗？", **more: Any) -> Enquiry:
    return await send_enquiry(talk.seeker, listing_id=talk.listing.id, words=words, **more)


async def answered(talk: Talk, enquiry: Enquiry, **more: Any) -> Enquiry:
    return await answer_enquiry(talk.landlord, enquiry_id=enquiry.id, **more)


async def words_of(enquiry: Enquiry) -> list[tuple[bool, str | None]]:
    messages = await EnquiryMessage.filter(enquiry_id=enquiry.id).order_by("id")
    return [(message.from_landlord, reveal(message, "words")) for message in messages]


# Saying something


async def test_a_conversation_goes_to_and_fro_and_is_sealed(talk: Talk) -> None:
    first = await asked(talk, " 还在出租吗？\r\n谢谢 ")
    assert first.state is EnquiryState.OPEN
    reply = await answered(talk, first, words="在的")
    assert (reply.id, reply.state) == (first.id, EnquiryState.ANSWERED)
    again = await asked(talk, "可以养猫吗")
    assert (again.id, again.state) == (first.id, EnquiryState.OPEN)
    assert await words_of(first) == [
        (False, "还在出租吗？\n谢谢"),
        (True, "在的"),
        (False, "可以养猫吗"),
    ]
    stored = await EnquiryMessage.filter(enquiry_id=first.id).first()
    assert stored is not None
    assert "出租" not in (stored.words or "")
    assert [entry.action for entry in await entries(first.id)] == [
        "sendEnquiry",
        "answerEnquiry",
        "sendEnquiry",
    ]


@pytest.mark.parametrize("text", [*HOSTILE, "", "  ", "长" * 501])
async def test_words_that_cannot_be_sent(talk: Talk, text: str) -> None:
    await refused_input(asked(talk, text), "input.words")
    enquiry = await asked(talk)
    await refused_input(answered(talk, enquiry, words=text), "input.words")


async def test_who_runs_the_house_cannot_ask_themselves(talk: Talk) -> None:
    agent = await factories.account()
    await factories.claim(agent, talk.place)
    for actor in (talk.landlord, signed_in(agent)):
        await refused(
            InvalidInput,
            send_enquiry(actor, listing_id=talk.listing.id, words="你好"),
            reason="OWN_LISTING",
            field="input.listingId",
        )


@pytest.mark.parametrize("state", [*ListingState][3:])
async def test_only_a_public_offer_begins_a_conversation_but_it_outlives_the_offer(
    talk: Talk, state: ListingState
) -> None:
    enquiry = await asked(talk)
    before = ListingState.PUBLISHED if state is ListingState.SUSPENDED else None
    await Listing.filter(id=talk.listing.id).update(state=state, state_before=before)
    other = signed_in(await factories.account())
    if state is not ListingState.RESERVED:
        await refused(NotFound, send_enquiry(other, listing_id=talk.listing.id, words="你好"))
    assert (await asked(talk, "还在吗")).id == enquiry.id
    await answered(talk, enquiry, words="抱歉")
    assert len(await words_of(enquiry)) == 3


async def test_strangers_and_staff_have_no_part_in_it(talk: Talk) -> None:
    enquiry = await asked(talk, viewing_at=noon())
    stranger = signed_in(await factories.account())
    for actor in (stranger, staff(Role.SUPERVISOR), SYSTEM):
        for attempt in (
            answer_enquiry(actor, enquiry_id=enquiry.id, words="你好"),
            cancel_viewing(actor, enquiry_id=enquiry.id),
            close_enquiry(actor, enquiry_id=enquiry.id),
            stop_sharing_phone(actor, enquiry_id=enquiry.id),
        ):
            await refused(NotFound, attempt)
        assert await enquiry_by_id(actor, enquiry.id, ("id",)) is None
        assert (await messages_of(actor, enquiry_id=enquiry.id, page=Page())).rows == []
    await refused(NotFound, send_enquiry(SYSTEM, listing_id=talk.listing.id, words="你好"))
    await refused(Unauthenticated, send_enquiry(VISITOR, listing_id=talk.listing.id, words="好"))
    await refused(Unauthenticated, close_enquiry(VISITOR, enquiry_id=enquiry.id))


async def test_a_seeker_does_not_answer_for_the_landlord(talk: Talk) -> None:
    enquiry = await asked(talk, viewing_at=noon())
    confirming = answer_enquiry(talk.seeker, enquiry_id=enquiry.id, viewing=ViewingAnswer.CONFIRM)
    await refused(NotFound, confirming)


async def test_an_account_begins_so_many_conversations_a_day(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "landlord.enquiries.rules", lambda: rules().model_copy(update={"enquiries_per_day": 2})
    )
    owner = await factories.account()
    offers = [
        await factories.listing(await factories.room(talk.place, str(number)), owner)
        for number in range(401, 404)
    ]
    for offer in offers[:2]:
        await send_enquiry(talk.seeker, listing_id=offer.id, words="你好")
    await refused(RateLimited, send_enquiry(talk.seeker, listing_id=offers[2].id, words="你好"))
    await send_enquiry(talk.seeker, listing_id=offers[0].id, words="再问一下")


async def test_an_account_sends_so_many_messages_a_day(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "landlord.enquiries.rules", lambda: rules().model_copy(update={"enquiry_words_per_day": 1})
    )
    enquiry = await asked(talk)
    await refused(RateLimited, asked(talk, "再问"))
    await answered(talk, enquiry, words="好")
    await refused(RateLimited, answered(talk, enquiry, words="好"))


async def test_two_requests_at_once_begin_one_conversation(
    committed_town: None,
) -> None:
    place, landlord = await factories.place(), await factories.account()
    await factories.claim(landlord, place)
    listing = await factories.listing(await factories.room(place), landlord)
    seeker = signed_in(await factories.account())
    done = await outcomes(
        *(send_enquiry(seeker, listing_id=listing.id, words=f"第{n}句") for n in range(4))
    )
    assert len({enquiry.id for enquiry in done}) == 1
    assert await Enquiry.all().count() == 1
    assert await EnquiryMessage.all().count() == 4


# Viewings


async def test_a_seeker_asks_for_a_viewing_and_the_landlord_confirms(talk: Talk) -> None:
    enquiry = await asked(talk, viewing_at=noon())
    assert (enquiry.viewing_state, enquiry.viewing_at) == (ViewingState.PROPOSED, noon())
    enquiry = await answered(talk, enquiry, viewing=ViewingAnswer.CONFIRM)
    assert enquiry.viewing_state is ViewingState.CONFIRMED
    assert len(await words_of(enquiry)) == 1


async def test_a_landlord_declines_and_names_another_time_which_the_seeker_confirms(
    talk: Talk,
) -> None:
    enquiry = await asked(talk, viewing_at=noon())
    enquiry = await answered(
        talk, enquiry, viewing=ViewingAnswer.DECLINE, propose_viewing_at=noon(4)
    )
    assert (enquiry.viewing_state, enquiry.viewing_at) == (ViewingState.PROPOSED, noon(4))
    await refused(
        WrongState,
        answered(talk, enquiry, viewing=ViewingAnswer.CONFIRM),
        reason="NO_VIEWING",
    )
    enquiry = await asked(talk, "好的", viewing_at=noon(4))
    assert enquiry.viewing_state is ViewingState.CONFIRMED
    enquiry = await asked(talk, "还是改一天", viewing_at=noon(5))
    assert enquiry.viewing_state is ViewingState.PROPOSED
    assert enquiry.viewing_from_landlord is False


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (lambda: now() - timedelta(minutes=1), "VIEWING_DAY"),
        (lambda: noon(61), "VIEWING_DAY"),
        (lambda: noon().replace(hour=7, minute=59), "VIEWING_HOUR"),
        (lambda: noon().replace(hour=21, minute=1), "VIEWING_HOUR"),
    ],
)
async def test_a_viewing_is_soon_and_by_day(talk: Talk, at: Any, reason: str) -> None:
    await refused_input(asked(talk, viewing_at=at()), "input.viewingAt", reason)
    enquiry = await asked(talk)
    await refused_input(
        answered(talk, enquiry, propose_viewing_at=at()), "input.proposeViewingAt", reason
    )


@pytest.mark.parametrize("hour", [8, 21])
async def test_the_first_and_the_last_hour_count(talk: Talk, hour: int) -> None:
    enquiry = await asked(talk, viewing_at=noon().replace(hour=hour))
    assert enquiry.viewing_state is ViewingState.PROPOSED


async def test_either_side_calls_a_viewing_off_once(talk: Talk) -> None:
    for actor in (talk.seeker, talk.landlord):
        enquiry = await asked(talk, viewing_at=noon())
        enquiry = await cancel_viewing(actor, enquiry_id=enquiry.id)
        assert enquiry.viewing_state is ViewingState.CANCELLED
        await refused(WrongState, cancel_viewing(actor, enquiry_id=enquiry.id), reason="NO_VIEWING")


# Numbers


async def phones(actor: Actor, enquiry: Enquiry) -> tuple[str | None, str | None]:
    columns = [column for needed in PHONE_COLUMNS.values() for column in needed]
    row = await enquiry_by_id(actor, enquiry.id, columns)
    assert row is not None
    return shared_phone(row, "landlord_phone"), shared_phone(row, "seeker_phone")


async def test_numbers_are_shared_by_their_holders_and_taken_back(talk: Talk) -> None:
    enquiry = await asked(talk)
    assert await phones(talk.seeker, enquiry) == (None, None)
    await asked(talk, "我的电话公开了", share_phone=True)
    assert await phones(talk.landlord, enquiry) == (None, "13800000002")
    await answered(talk, enquiry, share_phone=True)
    assert await phones(talk.seeker, enquiry) == ("13800000001", "13800000002")
    await answered(talk, enquiry, share_phone=True)
    shared = [entry for entry in await entries(enquiry.id) if entry.action == "sharePhone"]
    assert [entry.details for entry in shared] == [{"landlord": False}, {"landlord": True}]
    await stop_sharing_phone(talk.landlord, enquiry_id=enquiry.id)
    assert await phones(talk.seeker, enquiry) == (None, "13800000002")
    await refused(
        WrongState, stop_sharing_phone(talk.landlord, enquiry_id=enquiry.id), reason="NOT_SHARED"
    )


async def test_a_closed_conversation_takes_numbers_back_and_hears_no_more(talk: Talk) -> None:
    enquiry = await asked(talk, share_phone=True, viewing_at=noon())
    await answered(talk, enquiry, words="好", share_phone=True)
    closed = await close_enquiry(talk.landlord, enquiry_id=enquiry.id)
    assert (closed.state, closed.viewing_state) == (EnquiryState.CLOSED, ViewingState.CANCELLED)
    assert await phones(talk.seeker, enquiry) == (None, None)
    for attempt in (
        asked(talk, "在吗"),
        answered(talk, enquiry, words="在"),
        close_enquiry(talk.seeker, enquiry_id=enquiry.id),
    ):
        await refused(WrongState, attempt, reason="CLOSED")
    assert len((await messages_of(talk.seeker, enquiry_id=enquiry.id, page=Page())).rows) == 2


# Reading


async def test_both_find_their_conversations_the_newest_words_first(talk: Talk) -> None:
    first = await asked(talk)
    owner = await Account.get(id=talk.landlord.id)
    other = await factories.listing(await factories.room(talk.place, "401"), owner)
    second = await send_enquiry(talk.seeker, listing_id=other.id, words="这间呢")
    await answered(talk, first, words="在的")
    for read, actor in ((own_enquiries, talk.seeker), (enquiries_of_landlord, talk.landlord)):
        found = await read(actor, unanswered=False, page=Page(), columns=("id",))
        assert [row["id"] for row in found.rows] == [first.id, second.id]
        found = await read(actor, unanswered=True, page=Page(), columns=("id",))
        assert [row["id"] for row in found.rows] == [second.id]
    assert (
        await own_enquiries(talk.landlord, unanswered=False, page=Page(), columns=("id",))
    ).rows == []
    about = await enquiries_about(
        talk.landlord, listing_id=other.id, unanswered=False, page=Page(), columns=("id",)
    )
    assert [row["id"] for row in about.rows] == [second.id]
    with pytest.raises(NotFound):
        await enquiries_about(
            talk.seeker, listing_id=other.id, unanswered=False, page=Page(), columns=("id",)
        )


async def test_the_latest_messages_come_in_order(talk: Talk) -> None:
    enquiry = await asked(talk, "第0句")
    for number in range(1, LATEST_MESSAGES + 3):
        await answered(talk, enquiry, words=f"第{number}句")
    (found,) = (await latest_messages([enquiry.id])).values()
    assert [row["words"] for row in found] == [
        f"第{number}句" for number in range(3, LATEST_MESSAGES + 3)
    ]
    page = await messages_of(talk.seeker, enquiry_id=enquiry.id, page=Page(2))
    assert [row["words"] for row in page.rows] == ["第0句", "第1句"]


# Personal data


async def test_both_sides_get_a_copy_and_each_erases_what_is_theirs(talk: Talk) -> None:
    enquiry = await asked(talk, "我是租客")
    await answered(talk, enquiry, words="我是房东", share_phone=True)
    assert talk.landlord.id is not None
    assert talk.seeker.id is not None
    for who in (talk.landlord.id, talk.seeker.id):
        copies = {one.holding.name: one.rows for one in await registry.export("account", who)}
        said = [
            row["words"]
            for name, rows in copies.items()
            if name.startswith("enquiry_message")
            for row in rows
        ]
        assert sorted(said) == sorted(["我是租客", "我是房东"])
    await registry.erase("account", talk.landlord.id)
    assert await words_of(enquiry) == [(False, "我是租客"), (True, None)]
    assert (await Enquiry.get(id=enquiry.id)).phone_shared_at is None
    await registry.erase("account", talk.seeker.id)
    assert await Enquiry.all().count() == await EnquiryMessage.all().count() == 0


async def test_nothing_is_written_for_nobody(talk: Talk) -> None:
    async with unchanged():
        assert (
            await own_enquiries(VISITOR, unanswered=False, page=Page(), columns=("id",))
        ).rows == []
