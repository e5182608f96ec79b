"""Who runs a house claims it at its plate, with papers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from core import redis
from core.clock import today
from core.errors import Conflict, NotFound, RateLimited, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Permission, Role
from identity.models import Account
from management.access import visible_claims
from management.claims import claim_place, decide_claim, runs, withdraw_claim
from management.models import (
    ClaimEnd,
    ClaimPaper,
    ClaimPhoto,
    ClaimRole,
    ClaimState,
    Lifecycle,
    PlaceClaim,
    PlaceKind,
    PlateState,
)
from management.rules import rules
from media.models import Purpose
from tests import factories
from tests.management.claims_support import FROM, UNTIL, claiming, papers, people, person, statement
from tests.management.support import (
    HOSTILE,
    VISITOR,
    app,
    entries,
    jobs,
    refused,
    refused_input,
    signed_in,
    staff,
)

OWNER, SUBLANDLORD, AGENT = ClaimRole
FIELDS = {"photo_ids": "photoIds", "authority_photo_ids": "authorityPhotoIds"}


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    async with redis.connected(None):
        yield


async def test_an_owner_claims_a_house_and_waits_for_the_warden(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    photos = await papers(who, 2)
    claim = await claiming(who, place, photo_ids=photos)
    assert (claim.state, claim.role, claim.takes_over_id) == (ClaimState.PENDING, OWNER, None)
    shown = await ClaimPhoto.filter(claim_id=claim.id).order_by("position")
    assert [(one.photo_id, one.paper) for one in shown] == [
        (photo, ClaimPaper.PROOF) for photo in photos
    ]
    assert not await runs(who.id, place.id)
    (entry,) = await entries(place.id)
    assert (entry.action, entry.details["claim"]) == ("claimPlace", str(claim.id))
    assert await jobs() == []
    assert [c.id for c in await visible_claims(who)] == [claim.id]


async def test_the_plate_of_a_room_is_as_good_as_that_of_the_house(town: None) -> None:
    place, (one, other) = await factories.place(), await people(2)
    plate = await factories.plate(place)
    assert await claim_place(one, plate_token=plate.token, statement=await statement(one))
    assert (await claiming(other, place)).place_id == place.id


async def test_a_sublandlord_shows_the_head_lease_and_the_owners_authority(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await claiming(who, place, SUBLANDLORD)
    assert (claim.lease_from, claim.lease_until) == (FROM, UNTIL)
    kinds = await ClaimPhoto.filter(claim_id=claim.id).order_by("position")
    assert [one.paper for one in kinds] == [ClaimPaper.PROOF, ClaimPaper.OWNER_AUTHORITY]


@pytest.mark.parametrize("role", [OWNER, SUBLANDLORD])
async def test_an_agent_acts_for_who_is_verified(town: None, role: ClaimRole) -> None:
    place, (who,) = await factories.place(), await people(1)
    behind = await factories.claim(await factories.account(), place, role=role)
    assert (await claiming(who, place, AGENT)).acts_for_id == behind.id


async def test_an_agent_may_say_for_whom(town: None) -> None:
    place, (one, other) = await factories.place(), await people(2)
    owner = await factories.claim(await factories.account(), place)
    tenant = await factories.claim(await factories.account(), place, role=SUBLANDLORD)
    assert (await claiming(one, place, AGENT)).acts_for_id == tenant.id
    assert (await claiming(other, place, AGENT, acts_for=OWNER)).acts_for_id == owner.id


async def test_an_agent_without_principal_is_refused(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    await factories.claim(await factories.account(), place, state="PENDING")
    plate = await factories.plate(place)
    given = {"plate_token": plate.token, "statement": await statement(who, AGENT)}
    await refused_input(claim_place(who, **given), "input.actsFor", "NO_PRINCIPAL")
    await factories.claim(await factories.account(), place)
    for acts_for in (SUBLANDLORD, AGENT):
        said = await statement(who, AGENT, acts_for=acts_for)
        await refused_input(
            claim_place(who, plate_token=plate.token, statement=said),
            "input.actsFor", "NO_PRINCIPAL",
        )  # fmt: skip
    said = await statement(who, OWNER, acts_for=OWNER)
    await refused_input(
        claim_place(who, plate_token=plate.token, statement=said), "input.actsFor", "NO_PRINCIPAL"
    )
    said = await statement(who, AGENT, takes_over=True)
    await refused_input(
        claim_place(who, plate_token=plate.token, statement=said), "input.takesOver", "AGENT"
    )


@pytest.mark.parametrize(
    ("role", "changes", "field", "reason"),
    [
        (OWNER, {"photo_ids": []}, "photoIds", "PAPERS_MISSING"),
        (SUBLANDLORD, {"photo_ids": []}, "photoIds", "PAPERS_MISSING"),
        (SUBLANDLORD, {"authority_photo_ids": []}, "authorityPhotoIds", "PAPERS_MISSING"),
        (AGENT, {"authority_photo_ids": []}, "authorityPhotoIds", "PAPERS_MISSING"),
        (OWNER, {"photo_ids": [uuid7() for _ in range(10)]}, "photoIds", "TOO_MANY"),
        (OWNER, {"photo_ids": [FROM, FROM]}, "photoIds", "TWICE"),
        (SUBLANDLORD, {"lease_from": None}, "leaseFrom", "EMPTY"),
        (SUBLANDLORD, {"lease_until": None}, "leaseUntil", "EMPTY"),
        (SUBLANDLORD, {"lease_from": UNTIL + timedelta(days=1)}, "leaseUntil", "DATES_REVERSED"),
        (SUBLANDLORD, {"lease_until": today() - timedelta(days=1)}, "leaseUntil", "LEASE_OVER"),
        (SUBLANDLORD, {"lease_until": UNTIL.replace(year=2101)}, "leaseUntil", "TOO_LATE"),
        (OWNER, {"lease_from": FROM}, "leaseFrom", "NO_HEAD_LEASE"),
        (AGENT, {"lease_until": UNTIL}, "leaseFrom", "NO_HEAD_LEASE"),
    ],
)
async def test_missing_papers_and_reversed_dates_are_refused(
    town: None, role: ClaimRole, changes: dict[str, Any], field: str, reason: str
) -> None:
    place, (who,) = await factories.place(), await people(1)
    await factories.claim(await factories.account(), place, role=SUBLANDLORD, state="ENDED")
    plate = await factories.plate(place)
    said = await statement(who, role, **changes)
    await refused_input(
        claim_place(who, plate_token=plate.token, statement=said), f"input.{field}", reason
    )


async def test_a_head_lease_may_end_today(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    assert await claiming(who, place, SUBLANDLORD, lease_from=today(), lease_until=today())


async def test_a_foreign_upload_and_one_of_another_purpose_are_refused(town: None) -> None:
    place, (who, other) = await factories.place(), await people(2)
    plate = await factories.plate(place)
    for bad in (await papers(other), await papers(who, purpose=Purpose.LISTING), [uuid7()]):
        for field, name in (
            ("photo_ids", "photoIds"),
            ("authority_photo_ids", "authorityPhotoIds"),
        ):
            said = await statement(who, **{field: bad})
            await refused(
                NotFound,
                claim_place(who, plate_token=plate.token, statement=said),
                field=f"input.{name}",
            )


async def test_a_claim_on_a_claimed_house_is_refused_unless_it_takes_over(town: None) -> None:
    place, (who, other) = await factories.place(), await people(2)
    present = await factories.claim(await factories.account(), place)
    plate = await factories.plate(place)
    given = {"plate_token": plate.token, "statement": await statement(who)}
    error = await refused(Conflict, claim_place(who, **given), reason="CLAIMED")
    assert error.params == {"role": "OWNER"}
    assert (await claiming(who, place, SUBLANDLORD)).takes_over_id is None
    claim = await claiming(other, place, takes_over=True)
    assert (claim.state, claim.takes_over_id) == (ClaimState.PENDING, present.id)
    assert (await PlaceClaim.get(id=present.id)).state is ClaimState.VERIFIED


async def test_taking_over_where_nobody_is_known_is_a_plain_claim(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    assert (await claiming(who, place, takes_over=True)).takes_over_id is None


@pytest.mark.parametrize("lifecycle", ["CLOSED", "DEMOLISHED"])
async def test_a_claim_on_a_closed_place_is_refused(town: None, lifecycle: str) -> None:
    place, (who,) = await factories.place(lifecycle=Lifecycle(lifecycle)), await people(1)
    plate = await factories.plate(place)
    given = {"plate_token": plate.token, "statement": await statement(who)}
    await refused(WrongState, claim_place(who, **given), reason=lifecycle)


async def test_shops_are_claimed_too(town: None) -> None:
    place, (who,) = await factories.place(kind=PlaceKind.SMALL_SHOP), await people(1)
    assert await claiming(who, place)


async def test_only_a_plate_in_use_speaks_for_a_place(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    successor = await factories.plate(place)
    old = await factories.plate(place, successor=successor)
    revoked = await factories.plate(place, state=PlateState.REVOKED)
    said = await statement(who)
    for token in (old.token, revoked.token, "n0such0token", "", HOSTILE[0], HOSTILE[-1]):
        await refused(
            NotFound, claim_place(who, plate_token=token, statement=said), field="input.plateToken"
        )


async def test_who_guesses_plates_is_stopped(town: None) -> None:
    (who,) = await people(1)
    said = await statement(who)
    for index in range(10):
        with pytest.raises(NotFound):
            await claim_place(who, plate_token=f"guess{index}", statement=said)
    await refused(RateLimited, claim_place(who, plate_token="guess", statement=said))


async def test_one_live_claim_an_account_and_place(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await claiming(who, place)
    plate = await factories.plate(place)
    for role in (OWNER, SUBLANDLORD):
        said = await statement(who, role)
        await refused(
            Conflict,
            claim_place(who, plate_token=plate.token, statement=said),
            reason="CLAIM_EXISTS",
        )
    await withdraw_claim(who, claim_id=claim.id)
    assert (await claiming(who, place)).id != claim.id


async def test_the_queue_cannot_be_flooded(town: None) -> None:
    (who,) = await people(1)
    made = [await claiming(who, await factories.place()) for _ in range(rules().pending_claims)]
    place = await factories.place()
    plate = await factories.plate(place)
    given = {"plate_token": plate.token, "statement": await statement(who)}
    error = await refused(Conflict, claim_place(who, **given), reason="TOO_MANY_PENDING")
    assert error.params == {"maximum": 5}
    await decide_claim(staff(), claim_id=made[0].id, verify=True)
    assert await claim_place(who, **given)


async def test_claims_are_for_people_with_a_phone(town: None) -> None:
    place = await factories.place()
    plate = await factories.plate(place)
    without = signed_in(await factories.account())
    given = {"plate_token": plate.token}
    await refused(
        WrongState,
        claim_place(without, **given, statement=await statement(without)),
        reason="PHONE_UNKNOWN",
    )
    said = await statement(signed_in(await person()))
    for actor in (staff(), staff(Role.SUPERVISOR), app(Permission.PLACES_READ)):
        await refused(NotFound, claim_place(actor, **given, statement=said))
    await refused(Unauthenticated, claim_place(VISITOR, **given, statement=said))


async def test_a_claim_that_waits_is_taken_back(town: None) -> None:
    place, (who, other) = await factories.place(), await people(2)
    claim = await claiming(who, place)
    await refused(NotFound, withdraw_claim(other, claim_id=claim.id))
    await refused(NotFound, withdraw_claim(staff(), claim_id=claim.id))
    await refused(Unauthenticated, withdraw_claim(VISITOR, claim_id=claim.id))
    await refused(NotFound, withdraw_claim(who, claim_id=uuid7()))
    back = await withdraw_claim(who, claim_id=claim.id)
    assert (back.state, back.reason) == (ClaimState.ENDED, ClaimEnd.WITHDRAWN)
    assert [entry.action for entry in await entries(place.id)] == ["claimPlace", "withdrawClaim"]
    await refused(WrongState, withdraw_claim(who, claim_id=claim.id), reason="ENDED")


async def test_who_leaves_a_house_takes_their_offers_along(town: None) -> None:
    place, (who,) = await factories.place(), await people(1)
    claim = await claiming(who, place)
    await decide_claim(staff(), claim_id=claim.id, verify=True)
    account = await Account.get(id=who.id)
    offer = await factories.listing(await factories.room(place, "801"), account)
    left = await withdraw_claim(who, claim_id=claim.id)
    assert (left.state, left.reason) == (ClaimState.ENDED, ClaimEnd.LEFT)
    await offer.refresh_from_db()
    assert offer.state == "WITHDRAWN"
    assert not await runs(who.id, place.id)
