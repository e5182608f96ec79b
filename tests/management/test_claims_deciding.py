"""A warden decides who runs a house; houses change hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from core import events, redis
from core.clock import now, today
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Page
from core.privacy import registry
from identity.actor import Actor, Permission, Role
from identity.models import Account
from landlord.models import Listing
from management.access import visible_claims
from management.claims import (
    ClaimFilter,
    Responsibility,
    assign_landlord,
    close_account,
    count_claims,
    count_own_claims,
    decide_claim,
    end_landlord,
    end_over_leases,
    hand_over_place,
    list_claims,
    own_claims,
    papers_of,
    responsible_for,
    runs,
    withdraw_claim,
)
from management.events import HouseHandedOver, LandlordAssigned, LandlordEnded
from management.models import (
    ClaimEnd,
    ClaimPhoto,
    ClaimRole,
    ClaimState,
    Lifecycle,
    Place,
    PlaceClaim,
)
from management.rules import rules
from media.models import Photo
from tests import factories
from tests.management.claims_support import claiming, people
from tests.management.support import (
    GRID,
    HOSTILE,
    OTHER_GRID,
    SIBLING,
    VISITOR,
    code_of,
    entries,
    holding,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)

OWNER, SUBLANDLORD, AGENT = ClaimRole
WARDEN = staff()


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    async with redis.connected(None):
        yield


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[events.Event]:
    """What is told to handlers that come later, in order."""
    heard: list[events.Event] = []

    async def hear(event: events.Event) -> None:
        heard.append(event)

    for kind in (LandlordAssigned, LandlordEnded, HouseHandedOver):
        handlers = [*events._at_once.get(kind, []), hear]
        monkeypatch.setitem(events._at_once, kind, handlers)
    return heard


async def fresh(claim: PlaceClaim) -> PlaceClaim:
    return await PlaceClaim.get(id=claim.id)


async def ended(claim: PlaceClaim) -> str | None:
    """Why a claim has ended; ``None`` when it has not."""
    found = await fresh(claim)
    return found.reason if found.state is ClaimState.ENDED else None


async def deciding(claim: PlaceClaim, actor: Actor = WARDEN, **given: Any) -> PlaceClaim:
    return await decide_claim(actor, claim_id=claim.id, **{"verify": True, **given})


async def test_a_verified_claim_lets_the_landlord_in(town: None, told: list[Any]) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await deciding(await claiming(who, place))
    assert (claim.state, claim.decided_by) == (ClaimState.VERIFIED, WARDEN.id)
    assert await runs(who.id, place.id)
    assert told == [LandlordAssigned(claim_id=claim.id)]
    entry = (await entries(place.id))[-1]
    assert (entry.action, entry.details) == (
        "decideClaim", {"claim": str(claim.id), "verified": True},
    )  # fmt: skip
    await refused(WrongState, deciding(claim), reason="VERIFIED")


async def test_a_refusal_gives_a_reason_that_the_claimant_reads(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await claiming(who, place)
    for reason in ("", " ", "不"):
        await refused_input(deciding(claim, verify=False, reason=reason), "input.reason")
    for reason in HOSTILE:
        await refused(InvalidInput, deciding(claim, verify=False, reason=reason))
    refusal = await deciding(claim, verify=False, reason="证件看不清")
    assert (refusal.state, refusal.reason) == (ClaimState.REFUSED, "证件看不清")
    page = await own_claims(who, page=Page(10), columns=("id", "reason"))
    assert [row["reason"] for row in page.rows] == ["证件看不清"]
    await refused(WrongState, deciding(claim), reason="REFUSED")
    await refused(WrongState, withdraw_claim(who, claim_id=claim.id), reason="REFUSED")
    assert await claiming(who, place)


async def test_claims_are_decided_in_scope_only(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await claiming(who, place)
    for actor in (
        staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR), who,
        holding(Permission.PLACES_WRITE),
    ):  # fmt: skip
        there = await refused(NotFound, deciding(claim, actor))
        nowhere = await refused(NotFound, decide_claim(actor, claim_id=uuid7(), verify=True))
        assert there.extensions() == nowhere.extensions()
    await refused(Unauthenticated, deciding(claim, VISITOR))


async def test_of_two_owners_one_is_verified(town: None) -> None:
    place, (one, other) = await factories.place(), await people(2)
    first, second = await claiming(one, place), await claiming(other, place)
    await deciding(first)
    await refused(Conflict, deciding(second), reason="CLAIMED")
    assert (await deciding(second, verify=False, reason="已有房东")).state is ClaimState.REFUSED
    number = {"place_id": place.id, "phone": "13700000001", "role": OWNER}
    await refused(Conflict, assign_landlord(WARDEN, **number), reason="CLAIMED")


async def test_what_became_impossible_is_not_verified(town: None) -> None:
    place, (who, other) = await factories.place(), await people(2)
    late = await claiming(who, place, SUBLANDLORD)
    await PlaceClaim.filter(id=late.id).update(lease_until=today() - timedelta(days=1))
    await refused(WrongState, deciding(late), reason="LEASE_OVER")
    claim = await claiming(other, place)
    await Place.filter(id=place.id).update(lifecycle=Lifecycle.CLOSED, ended_at=now())
    await refused(WrongState, deciding(claim), reason="CLOSED")
    assert (await deciding(claim, verify=False, reason="已关停")).state is ClaimState.REFUSED


async def test_who_takes_a_house_over_gets_it_and_the_former_leaves_it(
    town: None, told: list[Any]
) -> None:
    place, (successor, helper) = await factories.place(), await people(2)
    former = await factories.account()
    held = await factories.claim(former, place)
    offer = await factories.listing(await factories.room(place), former)
    agent = await deciding(await claiming(helper, place, AGENT))
    waiting = await claiming((await people(1))[0], place, AGENT)
    claim = await claiming(successor, place, takes_over=True)
    told.clear()
    await deciding(claim)
    assert await ended(held) == ClaimEnd.TAKEN_OVER
    assert await ended(agent) == await ended(waiting) == ClaimEnd.PRINCIPAL_ENDED
    assert [await runs(who, place.id) for who in (former.id, successor.id, helper.id)] == [
        False, True, False,
    ]  # fmt: skip
    assert (await Listing.get(id=offer.id)).state == "WITHDRAWN"
    assert told == [
        LandlordEnded(claim_id=held.id),
        LandlordEnded(claim_id=agent.id),
        LandlordAssigned(claim_id=claim.id),
        HouseHandedOver(
            place_id=place.id,
            from_account_id=former.id,
            to_account_id=claim.account_id,
            from_claim_id=held.id,
            to_claim_id=claim.id,
        ),
    ]
    assert [entry.action for entry in await entries(place.id)][-5:] == [
        "decideClaim", "endLandlord", "endLandlord", "withdrawClaim", "handOverPlace",
    ]  # fmt: skip


async def test_a_house_whose_landlord_left_meanwhile_is_taken_over_all_the_same(
    town: None, told: list[Any]
) -> None:
    place, (successor,) = await factories.place(), await people(1)
    held = await factories.claim(await factories.account(), place)
    claim = await claiming(successor, place, takes_over=True)
    await end_landlord(WARDEN, claim_id=held.id, reason="已搬走")
    assert await ended(held) == "已搬走"
    told.clear()
    assert (await deciding(claim)).state is ClaimState.VERIFIED
    assert [type(event) for event in told] == [LandlordAssigned, HouseHandedOver]
    assert await ended(held) == "已搬走"


async def test_a_house_that_a_third_took_meanwhile_is_not_taken_over(town: None) -> None:
    place, (one, other) = await factories.place(), await people(2)
    await factories.claim(await factories.account(), place)
    first = await claiming(one, place, takes_over=True)
    second = await claiming(other, place, takes_over=True)
    await deciding(first)
    await refused(Conflict, deciding(second), reason="CLAIMED")


async def test_a_landlord_hands_a_house_over_without_papers(town: None, told: list[Any]) -> None:
    place, (landlord,) = await factories.place(), await people(1)
    held = await deciding(await claiming(landlord, place, SUBLANDLORD))
    claim = await hand_over_place(landlord, place_id=place.id, phone="137 0000 0002")
    assert (claim.state, claim.role, claim.vouched) == (ClaimState.PENDING, SUBLANDLORD, True)
    assert (claim.takes_over_id, claim.lease_until) == (held.id, held.lease_until)
    assert not (await papers_of([claim.id]))[claim.id]
    assert await runs(landlord.id, place.id)
    again = hand_over_place(landlord, place_id=place.id, phone="13700000003")
    await refused(Conflict, again, reason="HAND_OVER_EXISTS")
    assert {c.id for c in await visible_claims(landlord)} == {held.id, claim.id}
    told.clear()
    await deciding(claim)
    assert [type(event) for event in told] == [LandlordEnded, LandlordAssigned, HouseHandedOver]
    assert await runs(claim.account_id, place.id)
    assert not await runs(landlord.id, place.id)
    with pytest.raises(WrongState):
        await withdraw_claim(landlord, claim_id=claim.id)


async def test_a_hand_over_is_taken_back_by_either(town: None) -> None:
    place, (landlord, stranger) = await factories.place(), await people(2)
    await deciding(await claiming(landlord, place))
    claim = await hand_over_place(landlord, place_id=place.id, phone="13700000004")
    await refused(NotFound, withdraw_claim(stranger, claim_id=claim.id))
    await withdraw_claim(landlord, claim_id=claim.id)
    assert await runs(landlord.id, place.id)
    claim = await hand_over_place(landlord, place_id=place.id, phone="13700000004")
    successor = signed_in(await Account.get(id=claim.account_id))
    await withdraw_claim(successor, claim_id=claim.id)
    assert await ended(claim) == ClaimEnd.WITHDRAWN


async def test_only_who_runs_a_house_hands_it_over_and_to_somebody_else(town: None) -> None:
    place, (landlord, helper, other) = await factories.place(), await people(3)
    await deciding(await claiming(landlord, place))
    await deciding(await claiming(helper, place, AGENT))
    given = {"place_id": place.id, "phone": "13700000005"}
    await refused(WrongState, hand_over_place(helper, **given), reason="AGENT")
    for actor in (other, WARDEN):
        await refused(NotFound, hand_over_place(actor, **given))
    await refused(Unauthenticated, hand_over_place(VISITOR, **given))
    for phone in ("", "1", *HOSTILE):
        await refused_input(
            hand_over_place(landlord, place_id=place.id, phone=phone), "input.phone"
        )
    own = await hand_over_place(landlord, **given)
    me = await assign_landlord(
        WARDEN, place_id=(house := await factories.place()).id, phone="13700000006", role=OWNER
    )
    self = signed_in(await Account.get(id=me.account_id))
    await refused_input(
        hand_over_place(self, place_id=house.id, phone="13700000006"), "input.phone", "YOURSELF"
    )
    await withdraw_claim(landlord, claim_id=own.id)
    await claiming(signed_in(await Account.get(id=own.account_id)), place, SUBLANDLORD)
    await refused(Conflict, hand_over_place(landlord, **given), reason="CLAIM_EXISTS")
    await Place.filter(id=place.id).update(lifecycle=Lifecycle.CLOSED, ended_at=now())
    await refused(WrongState, hand_over_place(landlord, **given), reason="CLOSED")


async def test_a_sublandlord_is_gone_the_day_after_the_head_lease(town: None) -> None:
    made = []
    for days in (-1, 0, 1):
        place, (who, helper) = await factories.place(), await people(2)
        claim = await deciding(await claiming(who, place, SUBLANDLORD))
        made.append((claim, await deciding(await claiming(helper, place, AGENT))))
        await PlaceClaim.filter(id=claim.id).update(lease_until=today() + timedelta(days=days))
    waiting = await claiming((await people(1))[0], await factories.place(), SUBLANDLORD)
    await PlaceClaim.filter(id=waiting.id).update(lease_until=today() - timedelta(days=9))
    for _ in range(2):
        await end_over_leases()
        assert [await ended(claim) for claim, _ in made] == [ClaimEnd.LEASE_OVER, None, None]
        assert [await ended(agent) for _, agent in made] == [ClaimEnd.PRINCIPAL_ENDED, None, None]
        assert await ended(waiting) == ClaimEnd.LEASE_OVER
        trail = await entries(made[0][0].place_id)
        assert [entry.details.get("because") for entry in trail][-2:] == [
            "LEASE_OVER", "PRINCIPAL_ENDED",
        ]  # fmt: skip


async def test_owner_answers_for_structure_and_sublandlord_for_use(town: None) -> None:
    place = await factories.place()
    assert await responsible_for(place.id) == {}
    tenant = await factories.claim(await factories.account(), place, role=SUBLANDLORD)
    alone = {what: claim.id for what, claim in (await responsible_for(place.id)).items()}
    assert alone == dict.fromkeys(Responsibility, tenant.id)
    owner = await factories.claim(await factories.account(), place, role=OWNER)
    await factories.claim(await factories.account(), place, role=AGENT)
    both = {what: claim.id for what, claim in (await responsible_for(place.id)).items()}
    assert both == {Responsibility.STRUCTURE: owner.id, Responsibility.USE: tenant.id}


async def test_an_agent_of_staff_acts_for_somebody(town: None) -> None:
    place = await factories.place()
    given = {"place_id": place.id, "phone": "13700000007", "role": AGENT}
    await refused_input(assign_landlord(WARDEN, **given), "input.actsFor", "NO_PRINCIPAL")
    owner = await factories.claim(await factories.account(), place)
    assert (await assign_landlord(WARDEN, **given)).acts_for_id == owner.id


async def test_the_queue_holds_what_waits_in_the_grid_oldest_first(town: None) -> None:
    here, there = await factories.place(), await factories.place(grid=code_of(OTHER_GRID))
    first, second = [await claiming(who, here) for who in await people(2)]
    foreign = await claiming((await people(1))[0], there)

    async def queue(actor: Actor, **wanted: Any) -> list[Any]:
        narrowed = ClaimFilter(**wanted)
        page = await list_claims(actor, filter_by=narrowed, page=Page(10), columns=("id",))
        assert await count_claims(actor, filter_by=narrowed) == len(page.rows)
        return [row["id"] for row in page.rows]

    assert await queue(WARDEN) == [first.id, second.id]
    both = staff(Role.WARDEN, GRID, OTHER_GRID)
    assert await queue(both) == [first.id, second.id, foreign.id]
    assert await queue(both, grid_code=code_of(OTHER_GRID)) == [foreign.id]
    await deciding(first)
    assert await queue(WARDEN) == [second.id]
    assert await queue(WARDEN, state=ClaimState.VERIFIED) == [first.id]
    assert await queue(WARDEN, state=None) == [first.id, second.id]
    page = Page(10)
    for actor, kind in ((VISITOR, Unauthenticated), (staff(Role.DEPARTMENT), NotFound)):
        await refused(kind, list_claims(actor, filter_by=ClaimFilter(), page=page, columns=("id",)))
    await refused_input(
        list_claims(WARDEN, filter_by=ClaimFilter(grid_code="?"), page=page, columns=("id",)),
        "filter.gridCode",
    )
    assert (await own_claims(WARDEN, page=page, columns=("id",))).rows == []
    assert await count_own_claims(WARDEN) == 0
    assert await count_own_claims(VISITOR) == 0


async def test_who_closes_the_account_leaves_every_house(town: None) -> None:
    (who,) = await people(1)
    place, other = await factories.place(), await factories.place()
    held, waiting = await deciding(await claiming(who, place)), await claiming(who, other)
    await close_account(who)
    assert await ended(held) == await ended(waiting) == ClaimEnd.ACCOUNT_CLOSED


async def test_papers_go_a_term_after_the_end_also_those_of_closed_accounts(
    committed_town: None,
) -> None:
    place, (who, other) = await factories.place(), await people(2)
    over, live = await claiming(who, place), await claiming(other, place)
    await deciding(over, verify=False, reason="证件看不清")
    await close_account(who)
    assert who.id is not None
    for erased in (await registry.erase("account", who.id),):
        kept = {one.holding.name: one.kept for one in erased if one.kept}
        assert kept["claim_photo.claim__account_id"] == kept["photo.owner_id"] == 1
    assert await ClaimPhoto.all().count() == 2
    term = timedelta(days=rules().claim_papers_days, minutes=1)
    await PlaceClaim.filter(id=over.id).update(decided_at=now() - term)
    await registry.enforce_retention()
    assert [paper.claim_id for paper in await ClaimPhoto.all()] == [live.id]
    await registry.erase("account", who.id)
    assert await Photo.filter(owner_id=who.id).count() == 0
    assert await Photo.all().count() == 1


async def test_of_100_houses_with_5_claimants_each_none_gets_two_landlords(
    committed_town: None,
) -> None:
    """Half are taken over by five at once, half verified by five wardens at once."""
    claims = []
    for index in range(100):
        place = await factories.place()
        behind = await factories.claim(await factories.account(), place) if index % 2 else None
        claims += [
            await factories.claim(
                await factories.account(), place, role=OWNER, state="PENDING",
                takes_over_id=behind.id if behind else None,
            )
            for _ in range(5)
        ]  # fmt: skip
    answers = await outcomes(*(deciding(claim) for claim in claims))
    assert sum(isinstance(answer, PlaceClaim) for answer in answers) == 100
    assert {answer.reason for answer in answers if isinstance(answer, Conflict)} == {"CLAIMED"}
    held = await PlaceClaim.filter(state=ClaimState.VERIFIED).values_list("place_id", flat=True)
    assert len(held) == len(set(held)) == 100
    assert await PlaceClaim.filter(state=ClaimState.ENDED).count() == 50


async def test_of_those_who_claim_and_leave_at_once_each_has_one_claim(
    committed_town: None,
) -> None:
    place, (who,) = await factories.place(), await people(1)
    answers = await outcomes(*(claiming(who, place) for _ in range(5)))
    assert sum(isinstance(answer, PlaceClaim) for answer in answers) == 1
    houses = [await factories.place() for _ in range(9)]
    await outcomes(*(claiming(who, house) for house in houses), close_account(who))
    closed = (await Account.get(id=who.id)).closed_at is not None
    live = await PlaceClaim.filter(state__in=["PENDING", "VERIFIED"]).count()
    assert live == 0 if closed else live == rules().pending_claims
