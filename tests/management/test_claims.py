"""Who is known to run a house."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from identity.models import Account
from management.access import access_place, visible_places
from management.claims import assign_landlord, end_landlord, runs
from management.models import ClaimRole, ClaimState, Lifecycle, Place, PlaceClaim
from management.reading import claims_of_places, place_of_claim
from tests import factories
from tests.management.support import (
    HOSTILE,
    SIBLING,
    VISITOR,
    app,
    entries,
    jobs,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)

PHONE = "13800000001"


async def assigning(actor: Actor | None = None, *, place: Place, **given: Any) -> PlaceClaim:
    arguments = {"phone": PHONE, "role": ClaimRole.OWNER, **given}
    return await assign_landlord(actor or staff(), place_id=place.id, **arguments)


async def test_staff_give_a_place_to_a_landlord_whose_account_waits(town: None) -> None:
    place, warden = await factories.place(), staff()
    claim = await assigning(warden, place=place, role=ClaimRole.SUBLANDLORD)
    assert (claim.state, claim.role) == (ClaimState.VERIFIED, ClaimRole.SUBLANDLORD)
    assert (claim.decided_by, claim.decided_at is not None) == (warden.id, True)
    account = await Account.get(id=claim.account_id)
    assert account.locked_at is None
    assert await runs(account.id, place.id)
    assert [p.id for p in await visible_places(signed_in(account))] == [place.id]
    assert (await access_place(signed_in(account), place_id=place.id)).id == place.id
    (entry,) = await entries(place.id)
    assert (entry.action, entry.details) == (
        "assignLandlord", {"claim": str(claim.id), "role": "SUBLANDLORD"},
    )  # fmt: skip
    assert not any(PHONE in str(data) for _, data in await jobs())
    assert PHONE not in str(entry.payload)
    assert await place_of_claim(claim.id) == place.id


async def test_one_number_is_one_account_however_written(town: None) -> None:
    one, other = await factories.place(), await factories.place()
    first = await assigning(place=one, phone=PHONE)
    second = await assigning(place=other, phone="+86 138-0000-0001")
    assert first.account_id == second.account_id


async def test_owner_and_sublandlord_are_both_known(town: None) -> None:
    place = await factories.place()
    await assigning(place=place, phone="13800000001", role=ClaimRole.OWNER)
    await assigning(place=place, phone="13800000002", role=ClaimRole.SUBLANDLORD)
    claims = (await claims_of_places([place.id]))[place.id]
    assert [claim["role"] for claim in claims] == ["OWNER", "SUBLANDLORD"]


async def test_nobody_runs_a_place_twice(town: None) -> None:
    place = await factories.place()
    claim = await assigning(place=place)
    await refused(Conflict, assigning(place=place, role=ClaimRole.AGENT), reason="CLAIM_EXISTS")
    await end_landlord(staff(), claim_id=claim.id)
    assert (await assigning(place=place)).id != claim.id


@pytest.mark.parametrize("phone", ["", "12345678901", "1380000000", "0769-85581234", *HOSTILE])
async def test_only_a_mobile_number_names_a_landlord(town: None, phone: str) -> None:
    place = await factories.place()
    await refused_input(assigning(place=place, phone=phone), "input.phone", "PHONE_NUMBER")


@pytest.mark.parametrize(
    ("lifecycle", "allowed"),
    [("PLANNED", True), ("ACTIVE", True), ("CLOSED", False), ("DEMOLISHED", False)],
)
async def test_a_closed_place_is_given_to_nobody(town: None, lifecycle: str, allowed: bool) -> None:
    place = await factories.place(lifecycle=Lifecycle(lifecycle))
    if allowed:
        assert await assigning(place=place)
    else:
        await refused(WrongState, assigning(place=place), reason=lifecycle)


async def test_a_claim_that_ended_gives_nothing(town: None) -> None:
    place = await factories.place()
    claim = await assigning(place=place)
    account = await Account.get(id=claim.account_id)
    warden = staff()
    ended = await end_landlord(warden, claim_id=claim.id)
    assert (ended.state, ended.decided_by) == (ClaimState.ENDED, warden.id)
    assert not await runs(account.id, place.id)
    with pytest.raises(NotFound):
        await access_place(signed_in(account), place_id=place.id)
    assert [entry.action for entry in await entries(place.id)] == [
        "assignLandlord", "endLandlord",
    ]  # fmt: skip
    await refused(WrongState, end_landlord(warden, claim_id=claim.id), reason="ENDED")


@pytest.mark.parametrize("state", ["PENDING", "REFUSED", "ENDED"])
async def test_only_a_verified_claim_counts_and_can_end(town: None, state: str) -> None:
    place, who = await factories.place(), await factories.account()
    claim = await factories.claim(who, place, state=state)
    assert not await runs(who.id, place.id)
    assert (await claims_of_places([place.id]))[place.id] == []
    await refused(WrongState, end_landlord(staff(), claim_id=claim.id), reason=state)


async def test_nobody_at_all_runs_nothing(town: None) -> None:
    assert not await runs(None, (await factories.place()).id)


async def test_claims_are_decided_by_who_may_there(town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    claim, absent = (
        await factories.claim(owner, place),
        await factories.place(grid="441900122003-01"),
    )
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR),
                  app(Permission.PLACES_WRITE), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, assigning(actor, place=place))
        nowhere = await refused(NotFound, assigning(actor, place=absent))
        assert there.extensions() == nowhere.extensions()
        there = await refused(NotFound, end_landlord(actor, claim_id=claim.id))
        nowhere = await refused(NotFound, end_landlord(actor, claim_id=uuid7()))
        assert there.extensions() == nowhere.extensions()
    await refused(Unauthenticated, assigning(VISITOR, place=place))
    for claim_id in (claim.id, uuid7()):
        await refused(Unauthenticated, end_landlord(VISITOR, claim_id=claim_id))


async def test_of_those_who_assign_the_same_landlord_at_once_one_does(
    committed_town: None,
) -> None:
    place, other = await factories.place(), await factories.place()
    answers = await outcomes(
        *(assigning(place=place) for _ in range(5)), *(assigning(place=other) for _ in range(5))
    )
    made = [answer for answer in answers if isinstance(answer, PlaceClaim)]
    assert len(made) == 2
    assert len({claim.account_id for claim in made}) == 1
    assert await Account.all().count() == 1


async def test_a_claim_ends_once_however_many_end_it(committed_town: None) -> None:
    place = await factories.place()
    claim = await assigning(place=place)
    answers = await outcomes(*(end_landlord(staff(), claim_id=claim.id) for _ in range(5)))
    assert sum(isinstance(answer, WrongState) for answer in answers) == 4
