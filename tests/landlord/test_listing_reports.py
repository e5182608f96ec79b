"""Reports of listings: who makes them, in which order they wait, what a decision does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from core.clock import now
from core.crypto import reveal
from core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
    WrongState,
)
from core.ids import uuid7
from core.keyset import Page
from core.privacy import registry
from identity.actor import SYSTEM, Actor, Permission, Role
from identity.models import Account
from landlord.enquiries import send_enquiry
from landlord.listings import update_listing
from landlord.models import (
    Listing,
    ListingReport,
    ListingSnapshot,
    ListingState,
    ReportReason,
    ReportState,
    Reservation,
    ReservationState,
    SnapshotOccasion,
)
from landlord.publishing import (
    decide_listing,
    publish_listing,
    relist_listing,
    withdraw_listing,
)
from landlord.reports import (
    ReportFilter,
    decide_listing_report,
    list_reports,
    report_by_id,
    report_listing,
)
from landlord.reservations import reserve_listing
from management.models import Place
from management.rules import rules
from tests import factories
from tests.management.support import (
    GRID,
    OTHER_GRID,
    VISITOR,
    code_of,
    entries,
    holding,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
    walk,
)

pytestmark = pytest.mark.usefixtures("limits")

COLUMNS = ("id", "state", "words", "listing_id", "open_reports")


class Market(NamedTuple):
    """Two rooms on offer, their landlord, and who reviews."""

    place: Place
    owner: Account
    listings: list[Listing]
    reviewer: Actor


@pytest.fixture
async def market(town: None) -> Market:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    listings = [
        await factories.listing(await factories.room(place, str(number)), owner)
        for number in (301, 302)
    ]
    return Market(place, owner, listings, holding(Permission.LISTINGS_REVIEW))


async def reported(
    listing: Listing, who: Actor | None = None, reason: ReportReason = ReportReason.NOT_REAL,
    words: str = "",
) -> ListingReport:  # fmt: skip
    actor = who or signed_in(await factories.account())
    return await report_listing(actor, listing_id=listing.id, reason=reason, words=words)


async def queue(actor: Actor, **given: Any) -> list[dict[str, Any]]:
    return await walk(
        lambda page: list_reports(
            actor, filter_by=ReportFilter(**given), page=page, columns=COLUMNS
        ),
        size=2,
    )


async def fresh(listing: Listing) -> Listing:
    return await Listing.get(id=listing.id)


def deciding(
    actor: Actor, report_id: UUID, *, uphold: bool = True, reason: str = "房源不实"
) -> Any:
    return decide_listing_report(actor, report_id=report_id, uphold=uphold, reason=reason)


async def test_a_report_is_kept_sealed_and_changes_nothing_by_itself(market: Market) -> None:
    report = await reported(market.listings[0], words="要先交押金")
    stored = await ListingReport.get(id=report.id)
    assert (stored.state, reveal(stored, "words")) == (ReportState.OPEN, "要先交押金")
    assert "押金" not in (stored.words or "")
    assert (await fresh(market.listings[0])).state is ListingState.PUBLISHED
    (entry,) = await entries(market.listings[0].id)
    assert entry.details == {"report": str(report.id), "why": "NOT_REAL"}


async def test_nobody_reports_twice_while_one_is_open(market: Market) -> None:
    who = signed_in(await factories.account())
    report = await reported(market.listings[0], who)
    await refused(Conflict, reported(market.listings[0], who), reason="REPORTED")
    await deciding(market.reviewer, report.id, uphold=False)
    assert (await reported(market.listings[0], who)).id != report.id


async def test_two_reports_of_one_person_at_once_are_one(committed_town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    listing = await factories.listing(await factories.room(place), owner)
    who = signed_in(await factories.account())
    done = await outcomes(*(reported(listing, who) for _ in range(3)))
    assert sorted(type(one) is Conflict for one in done) == [False, True, True]
    assert await ListingReport.all().count() == 1


async def test_who_reports_what(market: Market) -> None:
    listing = market.listings[0]
    agent = await factories.account()
    await factories.claim(agent, market.place)
    for own in (market.owner, agent):
        await refused(InvalidInput, reported(listing, signed_in(own)), reason="OWN_LISTING")
    await refused(Unauthenticated, reported(listing, VISITOR))
    await refused(NotFound, reported(listing, staff(Role.SUPERVISOR)))
    seeker = signed_in(await factories.account())
    await send_enquiry(seeker, listing_id=listing.id, words="你好")
    await Listing.filter(id=listing.id).update(state=ListingState.WITHDRAWN)
    await refused(NotFound, reported(listing, signed_in(await factories.account())))
    await reported(listing, seeker, ReportReason.FEE_FIRST)


async def test_other_reasons_need_words(market: Market) -> None:
    who = signed_in(await factories.account())
    for words in ("", " ", "长" * 501, "甲\0乙"):
        await refused_input(
            reported(market.listings[0], who, ReportReason.OTHER, words), "input.words"
        )


async def test_so_many_reports_a_day(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "landlord.reports.rules",
        lambda: rules().model_copy(update={"listing_reports_per_day": 1}),
    )
    who = signed_in(await factories.account())
    await reported(market.listings[0], who)
    await refused(RateLimited, reported(market.listings[1], who))


# The queue


async def test_what_most_people_report_comes_first_then_the_oldest(market: Market) -> None:
    house = await factories.place(grid=code_of(OTHER_GRID))
    far = await factories.listing(await factories.room(house), market.owner)
    once, often = market.listings
    first = await reported(once)
    elsewhere = await reported(far)
    many = [await reported(often, words=f"第{number}个") for number in range(3)]
    rows = await queue(market.reviewer)
    assert [row["id"] for row in rows] == [*(report.id for report in many), first.id]
    assert [row["open_reports"] for row in rows] == [3, 3, 3, 1]
    assert rows[0]["words"] == "第0个"
    everywhere = holding(Permission.LISTINGS_REVIEW, paths=(GRID, OTHER_GRID))
    assert [row["id"] for row in await queue(everywhere)][3:] == [first.id, elsewhere.id]
    only = await queue(everywhere, grid_code=code_of(OTHER_GRID))
    assert [row["id"] for row in only] == [elsewhere.id]
    back = await walk(
        lambda page: list_reports(everywhere, filter_by=ReportFilter(), page=page, columns=COLUMNS),
        size=2,
        backward=True,
    )
    assert [row["id"] for row in back] == [row["id"] for row in await queue(everywhere)]


async def test_who_may_not_review_reads_nothing(market: Market) -> None:
    report = await reported(market.listings[0])
    for actor in (staff(Role.WARDEN), signed_in(market.owner), holding(Permission.PLACES_READ)):
        assert await queue(actor) == []
        assert await report_by_id(actor, report.id, COLUMNS) is None
        await refused(NotFound, deciding(actor, report.id))
    elsewhere = holding(Permission.LISTINGS_REVIEW, paths=(OTHER_GRID,))
    await refused(NotFound, deciding(elsewhere, report.id))
    await refused(NotFound, deciding(market.reviewer, uuid7()))
    await refused(Unauthenticated, deciding(VISITOR, report.id))
    with pytest.raises(Unauthenticated):
        await list_reports(VISITOR, filter_by=ReportFilter(), page=Page(), columns=COLUMNS)
    with pytest.raises(InvalidInput):
        await queue(market.reviewer, grid_code="nowhere")


# Deciding


async def test_upholding_one_takes_the_listing_down_and_upholds_all(market: Market) -> None:
    listing, other = market.listings
    reports = [await reported(listing) for _ in range(3)]
    apart = await reported(other)
    await deciding(market.reviewer, reports[1].id)
    after = await fresh(listing)
    assert (after.state, after.review_reason) == (ListingState.WITHDRAWN, "房源不实")
    assert after.version == listing.version + 1
    for report in reports:
        stored = await ListingReport.get(id=report.id)
        assert (stored.state, stored.decision) == (ReportState.UPHELD, "房源不实")
        assert stored.decided_by == market.reviewer.id
    assert (await ListingReport.get(id=apart.id)).state is ReportState.OPEN
    assert (await fresh(other)).state is ListingState.PUBLISHED
    entry = (await entries(listing.id))[-1]
    assert entry.details == {"report": str(reports[1].id), "upheld": True, "reports": 3}
    await refused(WrongState, deciding(market.reviewer, reports[0].id), reason="UPHELD")


async def test_dismissing_one_leaves_the_listing_and_the_others(market: Market) -> None:
    listing = market.listings[0]
    reports = [await reported(listing) for _ in range(2)]
    await deciding(market.reviewer, reports[0].id, uphold=False)
    assert (await fresh(listing)).state is ListingState.PUBLISHED
    (left,) = await queue(market.reviewer)
    assert (left["id"], left["open_reports"]) == (reports[1].id, 1)
    (dismissed,) = await queue(market.reviewer, state=ReportState.DISMISSED)
    assert dismissed["id"] == reports[0].id
    assert len(await queue(market.reviewer, state=None)) == 2


@pytest.mark.parametrize("state", [ListingState.LET, ListingState.WITHDRAWN])
async def test_what_is_over_stays_as_it_is(market: Market, state: ListingState) -> None:
    listing = market.listings[0]
    report = await reported(listing)
    await Listing.filter(id=listing.id).update(state=state)
    await deciding(market.reviewer, report.id)
    after = await fresh(listing)
    assert (after.state, after.version, after.review_reason) == (state, listing.version, "")


async def test_a_suspended_offer_is_taken_down_too(market: Market) -> None:
    listing = market.listings[0]
    report = await reported(listing)
    await Listing.filter(id=listing.id).update(
        state=ListingState.SUSPENDED, state_before=ListingState.PUBLISHED
    )
    await deciding(market.reviewer, report.id)
    after = await fresh(listing)
    assert (after.state, after.state_before) == (ListingState.WITHDRAWN, None)


async def test_who_holds_what_is_taken_down_loses_it(market: Market) -> None:
    listing = market.listings[0]
    report = await reported(listing)
    seeker = await factories.account()
    held = await reserve_listing(signed_in(seeker), listing_id=listing.id)
    await deciding(market.reviewer, report.id)
    assert (await fresh(listing)).state is ListingState.WITHDRAWN
    assert (await Reservation.get(id=held.id)).state is ReservationState.RELEASED


async def test_what_was_taken_down_is_read_by_staff_before_it_is_public_again(
    market: Market,
) -> None:
    listing, landlord = market.listings[0], signed_in(market.owner)
    report = await reported(listing)
    await deciding(market.reviewer, report.id)

    async def published(draft: Listing) -> ListingState:
        return (await publish_listing(landlord, listing_id=draft.id)).state

    again = await relist_listing(landlord, listing_id=listing.id)
    assert await published(again) is ListingState.IN_REVIEW
    # Refused, it is a draft that goes the same way; so does another draft of the room.
    await decide_listing(market.reviewer, listing_id=again.id, approve=False, reason="仍不属实")
    assert await published(again) is ListingState.IN_REVIEW
    room = await again.room
    anew = await factories.listing(room, market.owner, state=ListingState.DRAFT)
    assert await published(anew) is ListingState.IN_REVIEW
    # Other rooms, and other landlords of the room, are not meant.
    await withdraw_listing(landlord, listing_id=market.listings[1].id)
    other = await relist_listing(landlord, listing_id=market.listings[1].id)
    assert await published(other) is ListingState.PUBLISHED
    # Once staff have let one become public, the next needs no reading.
    await decide_listing(market.reviewer, listing_id=again.id, approve=True)
    await withdraw_listing(landlord, listing_id=again.id)
    third = await factories.listing(room, market.owner, state=ListingState.DRAFT)
    assert await published(third) is ListingState.PUBLISHED


async def test_a_dismissed_report_makes_nobody_read_more(market: Market) -> None:
    listing, landlord = market.listings[0], signed_in(market.owner)
    await deciding(market.reviewer, (await reported(listing)).id, uphold=False)
    await withdraw_listing(landlord, listing_id=listing.id)
    again = await relist_listing(landlord, listing_id=listing.id)
    again = await publish_listing(landlord, listing_id=again.id)
    assert again.state is ListingState.PUBLISHED


async def test_what_was_reported_is_kept_as_evidence_once_a_version(market: Market) -> None:
    listing, landlord = market.listings[0], signed_in(market.owner)
    for _ in range(2):
        await reported(listing)
    kept = ListingSnapshot.filter(listing_id=listing.id, occasion=SnapshotOccasion.REPORTED)
    (first,) = await kept
    assert (first.version, first.content["listing"]["rent"]) == (1, "850.00")
    await update_listing(
        landlord, listing_id=listing.id, expected_version=1, values={"rent": Decimal(860)}
    )
    await reported(listing)
    assert await kept.order_by("version").values_list("version", flat=True) == [1, 2]


async def test_what_the_public_does_not_see_yet_is_no_evidence(market: Market) -> None:
    listing, seeker = market.listings[0], signed_in(await factories.account())
    await send_enquiry(seeker, listing_id=listing.id, words="你好")
    await Listing.filter(id=listing.id).update(state=ListingState.IN_REVIEW)
    await reported(listing, seeker)
    assert not await ListingSnapshot.filter(listing_id=listing.id).exists()


async def test_several_who_report_at_once_all_do(committed_town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    listing = await factories.listing(await factories.room(place), owner)
    who = [signed_in(await factories.account()) for _ in range(4)]
    done = await outcomes(*(reported(listing, actor) for actor in who))
    assert [type(one) for one in done] == [ListingReport] * 4
    assert await ListingSnapshot.filter(listing_id=listing.id).count() == 1


async def test_a_decision_needs_a_reason(market: Market) -> None:
    report = await reported(market.listings[0])
    for reason in ("", "无", "长" * 201):
        await refused_input(deciding(market.reviewer, report.id, reason=reason), "input.reason")


async def test_two_decisions_at_once_are_one(committed_town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    listing = await factories.listing(await factories.room(place), owner)
    report = await reported(listing)
    done = await outcomes(*(deciding(SYSTEM, report.id, uphold=bool(n % 2)) for n in range(4)))
    assert sorted(type(one) is WrongState for one in done) == [False, True, True, True]


async def test_an_erased_reporter_leaves_the_report_without_name_and_words(market: Market) -> None:
    who = await factories.account()
    report = await reported(market.listings[0], signed_in(who), words="测试")
    await registry.erase("account", who.id)
    stored = await ListingReport.get(id=report.id)
    assert (stored.reporter_id, stored.words, stored.state) == (None, None, ReportState.OPEN)
    assert stored.created_at < now()
