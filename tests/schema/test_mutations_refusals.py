"""Each refusal of a use case by its code, field and reason; nothing changes and nothing is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.clock import now, today
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account, AccountMerge, GridPost, WeChatUser
from identity.phone_sign_in import account_for_phone
from integrations.wechat.emulator import PERSONAS
from landlord.models import Listing, Reservation
from management.models import Place, PlaceClaim, Plate, Residence, ResidenceEnd, Room
from management.organisations import check_character
from schema.ids import global_id
from tests import factories
from tests.schema.mutation_cases import CASES, input_for, names_of
from tests.schema.support import TOWN, World, ask, everything, point_in

BY_NAME = {case.name: case for case in CASES}
Setup = Callable[[World], Awaitable[Any]]


async def as_it_is(world: World) -> None:
    """Nothing beforehand."""


def place(**values: Any) -> Setup:
    """The house of tenant 1 in another state."""

    async def setup(world: World) -> None:
        await Place.filter(id=world.tenants[0].place.id).update(**values)

    return setup


def listing(**values: Any) -> Setup:
    """The offer and the draft of tenant 1 in another state."""

    async def setup(world: World) -> None:
        await Listing.filter(place_id=world.tenants[0].place.id).update(**values)

    return setup


async def closed(world: World) -> None:
    await place(lifecycle="CLOSED", ended_at=now())(world)


async def demolished(world: World) -> None:
    await place(lifecycle="DEMOLISHED", ended_at=now())(world)


async def blocked(world: World) -> None:
    await factories.block(world.tenants[0].place)


async def out_of_use(world: World) -> None:
    await Room.filter(place_id=world.tenants[0].place.id).update(state="OUT_OF_USE")


async def room_taken(world: World) -> None:
    draft = world.tenants[0].draft
    await Listing.filter(id=draft.id).update(room_id=world.tenants[0].rooms[0].id)


async def plate_revoked(world: World) -> None:
    await Plate.filter(id=world.tenants[0].plate.id).update(state="REVOKED", ended_at=now())


async def claim_ended(world: World) -> None:
    await PlaceClaim.filter(id=world.tenants[0].claim.id).update(state="ENDED")


async def post_over(world: World) -> None:
    await GridPost.filter(id=world.tenants[0].lead.id).update(ends_on=today())


async def number_taken(world: World) -> None:
    async with work(SYSTEM):
        await account_for_phone(PERSONAS["newcomer"].phone)


async def no_phone(world: World) -> None:
    who = world.accounts["resident"].id
    await Account.filter(id=who).update(phone=None, phone_index=None)


async def not_connected(world: World) -> None:
    await WeChatUser.all().delete()


async def parted(world: World) -> None:
    await AccountMerge.filter(id=world.merge.id).update(undone_at=now())


async def kept_account_closed(world: World) -> None:
    await Account.filter(id=world.merge.kept_id).update(closed_at=now())


async def suspended_while_held(world: World) -> None:
    await Listing.filter(id=world.tenants[0].held.id).update(
        state="SUSPENDED", state_before="RESERVED"
    )


async def unread_room_taken(world: World) -> None:
    room = world.tenants[0].rooms[0].id
    await Listing.filter(id=world.tenants[0].unread.id).update(room_id=room)


async def over_room_taken(world: World) -> None:
    room = world.tenants[0].rooms[0].id
    await Listing.filter(id=world.tenants[0].over.id).update(room_id=room)


async def over_room_drafted(world: World) -> None:
    of = world.tenants[0].over
    await Listing.filter(id=world.tenants[0].draft.id).update(room_id=of.room_id)
    await Listing.filter(room_id=of.room_id, state="PUBLISHED").update(state="WITHDRAWN")


async def empty_room_drafted(world: World) -> None:
    tenant = world.tenants[0]
    await Listing.filter(id=tenant.draft.id).update(room_id=tenant.rooms[2].id)


async def rooms_let(world: World) -> None:
    # Nobody is registered there: who lets to a tenant who is may still say so.
    here = {"place_id": world.tenants[0].place.id}
    await Residence.filter(**here, current=True).update(
        current=False, ends_on=today(), ended_at=now(), end_reason=ResidenceEnd.MOVED_OUT
    )
    await Room.filter(**here).update(state="LET")


async def holds_another(world: World) -> None:
    who = world.accounts["landlord B"].id
    await Reservation.filter(listing_id=world.tenants[0].held.id).update(seeker_id=who)


async def dormitory(world: World) -> None:
    await Room.filter(place_id=world.tenants[0].place.id).update(dormitory=True, area=20)


async def dormitory_of_unknown_size(world: World) -> None:
    await Room.filter(place_id=world.tenants[0].place.id).update(dormitory=True, area=None)


@dataclass(frozen=True)
class Refusal:
    """What is asked beside the good case, and what it is refused with."""

    mutation: str
    code: str
    reason: str | None = None
    at: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    setup: Setup = as_it_is
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.mutation}-{self.reason or self.code}-{self.at or ''}"


ELSEWHERE = dict(zip(("longitude", "latitude"), point_in("441900122003-01"), strict=True))
ABROAD = {"longitude": 13.4, "latitude": 52.5}
PRICES = (
    ("rent", "1", "100000"), ("deposit", "0", "1200000"), ("waterPrice", "0.01", "50"),
    ("electricityPrice", "0.01", "10"), ("managementFee", "0.01", "100000"),
)  # fmt: skip
BY_BED = {"letBy": "BED", "beds": 2}
BEDS: tuple[tuple[str, str, dict[str, Any], Setup, dict[str, Any]], ...] = (
    ("NOT_DORMITORY", "letBy", BY_BED, as_it_is, {}),
    ("EMPTY", "beds", {"letBy": "BED"}, dormitory, {}),
    ("OVER_CAPACITY", "beds", {"letBy": "BED", "beds": 5}, dormitory, {"maximum": 4}),
    ("AREA_UNKNOWN", "beds", BY_BED, dormitory_of_unknown_size, {}),
    ("NOT_BY_BED", "beds", {"beds": 2}, as_it_is, {}),
)
NEW_CODE = "91441900MA5TEXT00" + check_character("91441900MA5TEXT00")

REFUSALS = [
    Refusal("setDisplayName", "INVALID_INPUT", "TOO_LONG", "input.displayName",
            {"displayName": "长" * 61}, more={"maximum": 60}),
    Refusal("bindWechatPhone", "INVALID_INPUT", "WECHAT_CODE", "input.code",
            {"code": "no-such-code"}),
    Refusal("bindWechatPhone", "CONFLICT", "TWO_PHONES", setup=number_taken),
    Refusal("disconnectWechat", "WRONG_STATE", "PHONE_UNKNOWN", setup=no_phone),
    Refusal("disconnectWechat", "WRONG_STATE", "NOT_CONNECTED", setup=not_connected),
    Refusal("undoAccountMerge", "WRONG_STATE", "UNDONE_ALREADY", setup=parted),
    Refusal("undoAccountMerge", "WRONG_STATE", "ACCOUNT_CLOSED", setup=kept_account_closed),
    Refusal("undoAccountMerge", "INVALID_INPUT", "EMPTY", "input.reason", {"reason": " "},
            more={"minimum": 1}),
    Refusal("createListing", "INVALID_INPUT", "TOO_SHORT", "input.title", {"title": "短"},
            more={"minimum": 2}),
    Refusal("createListing", "INVALID_INPUT", "OUT_OF_RANGE", "input.rent", {"rent": "0"},
            more={"minimum": "1", "maximum": "100000"}),
    Refusal("createListing", "INVALID_INPUT", "OUT_OF_RANGE", "input.deposit", {"deposit": "-1"},
            more={"minimum": "0", "maximum": "1200000"}),
    Refusal("createListing", "INVALID_INPUT", "OUT_OF_RANGE", "input.area", {"area": "2001"},
            more={"minimum": "1", "maximum": "2000"}),
    Refusal("createListing", "INVALID_INPUT", "DATE", "input.availableFrom",
            {"availableFrom": "1999-12-31"}),
    Refusal("createListing", "WRONG_STATE", "OUT_OF_USE", setup=out_of_use),
    Refusal("createListing", "CONFLICT", "DRAFT_EXISTS", setup=empty_room_drafted),
    Refusal("createListing", "NOT_FOUND", changes={"roomId": "$foreignRoom"}),
    Refusal("updateListing", "CONFLICT", "STALE_VERSION", "input.expectedVersion",
            {"expectedVersion": 7}, more={"version": 1}),
    Refusal("updateListing", "INVALID_INPUT", "EMPTY", "input.rent", {"rent": None}),
    Refusal("updateListing", "INVALID_INPUT", "EMPTY", "input.title", {"title": None}),
    Refusal("updateListing", "WRONG_STATE", "WITHDRAWN", setup=listing(state="WITHDRAWN")),
    Refusal("updateListing", "NOT_FOUND", changes={"listingId": "$foreignListing"}),
    Refusal("publishListing", "WRONG_STATE", "PUBLISHED", changes={"listingId": "$listing"}),
    Refusal("publishListing", "CONFLICT", "ROOM_ON_OFFER", setup=room_taken),
    Refusal("withdrawListing", "WRONG_STATE", "LET", setup=listing(state="LET")),
    Refusal("withdrawListing", "WRONG_STATE", "RESERVED", changes={"listingId": "$held"}),
    *(
        Refusal(mutation, "INVALID_INPUT", "OUT_OF_RANGE", f"input.{name}", {name: bad},
                more={"minimum": low, "maximum": high})
        for mutation in ("createListing", "updateListing")
        for name, low, high in PRICES
        for bad in ("0", "-1", "-0.01", "1000000000")
        if not (name == "deposit" and bad == "0")
    ),
    *(
        Refusal(mutation, "INVALID_INPUT", reason, f"input.{at}", changes, setup, more)
        for mutation in ("createListing", "updateListing")
        for reason, at, changes, setup, more in BEDS
    ),
    Refusal("createListing", "INVALID_INPUT", "TWICE", "input.facilities",
            {"facilities": ["BED", "BED"]}),
    Refusal("createListing", "INVALID_INPUT", "TOO_MANY", "input.photoIds",
            {"photoIds": ["$photo"] * 10}, more={"maximum": 9}),
    Refusal("createListing", "INVALID_INPUT", "TWICE", "input.photoIds",
            {"photoIds": ["$photo"] * 2}),
    Refusal("updateListing", "WRONG_STATE", "RESERVED", changes={"listingId": "$held"}),
    Refusal("updateListing", "WRONG_STATE", "IN_REVIEW", changes={"listingId": "$unread"}),
    Refusal("updateListing", "WRONG_STATE", "RESERVED", setup=suspended_while_held,
            changes={"listingId": "$held"}),
    Refusal("publishListing", "WRONG_STATE", "IN_REVIEW", changes={"listingId": "$unread"}),
    Refusal("decideListing", "WRONG_STATE", "PUBLISHED", changes={"listingId": "$listing"}),
    Refusal("decideListing", "WRONG_STATE", "OUT_OF_USE", setup=out_of_use),
    Refusal("decideListing", "CONFLICT", "ROOM_ON_OFFER", setup=unread_room_taken),
    Refusal("decideListing", "INVALID_INPUT", "EMPTY", "input.reason",
            {"approve": False, "reason": " "}, more={"minimum": 2}),
    Refusal("decideListing", "NOT_FOUND", changes={"listingId": "$foreignListing"}),
    Refusal("refreshListing", "WRONG_STATE", "DRAFT", changes={"listingId": "$draft"}),
    Refusal("refreshListing", "WRONG_STATE", "RESERVED", changes={"listingId": "$held"}),
    Refusal("refreshListing", "NOT_FOUND", changes={"listingId": "$foreignListing"}),
    Refusal("relistListing", "WRONG_STATE", "PUBLISHED", changes={"listingId": "$listing"}),
    Refusal("relistListing", "WRONG_STATE", "OUT_OF_USE", setup=out_of_use),
    Refusal("relistListing", "CONFLICT", "ROOM_ON_OFFER", setup=over_room_taken),
    Refusal("relistListing", "CONFLICT", "DRAFT_EXISTS", setup=over_room_drafted),
    Refusal("relistListing", "NOT_FOUND", setup=claim_ended),
    Refusal("reserveListing", "CONFLICT", "RESERVED", changes={"listingId": "$held"}),
    Refusal("reserveListing", "CONFLICT", "HOLDS_ANOTHER", setup=holds_another,
            more={"maximum": 1}),
    Refusal("reserveListing", "WRONG_STATE", "OWN_LISTING",
            changes={"listingId": "$foreignListing"}),
    Refusal("reserveListing", "NOT_FOUND", changes={"listingId": "$draft"}),
    Refusal("reserveListing", "NOT_FOUND", changes={"listingId": "$over"}),
    Refusal("releaseReservation", "NOT_FOUND", changes={"listingId": "$listing"}),
    Refusal("releaseReservation", "NOT_FOUND", setup=holds_another),
    Refusal("markListingLet", "WRONG_STATE", "ROOM_LET", setup=rooms_let),
    Refusal("markListingLet", "WRONG_STATE", "OUT_OF_USE", setup=out_of_use),
    Refusal("markListingLet", "WRONG_STATE", "DRAFT", changes={"listingId": "$draft"}),
    Refusal("markListingLet", "WRONG_STATE", "LET", setup=listing(state="LET")),
    Refusal("markListingLet", "INVALID_INPUT", "DATE", "input.letOn", {"letOn": "2020-01-01"}),
    Refusal("markListingLet", "INVALID_INPUT", "DATE", "input.letOn", {"letOn": "2099-01-01"}),
    Refusal("markListingLet", "NOT_FOUND", changes={"listingId": "$foreignListing"}),
    Refusal("filePlace", "INVALID_INPUT", "UNKNOWN_GRID", "input.gridCode",
            {"gridCode": "441900122999-01"}),
    Refusal("filePlace", "INVALID_INPUT", "NOT_THIRD_LEVEL", "input.gridCode",
            {"gridCode": TOWN}),
    Refusal("filePlace", "INVALID_INPUT", "GRID_NEEDED", "input.gridCode", {"gridCode": None}),
    Refusal("filePlace", "INVALID_INPUT", "OUTSIDE", "input.point",
            {"gridCode": None, "point": ABROAD}),
    Refusal("filePlace", "INVALID_INPUT", "GRID_MISMATCH", "input.gridCode",
            {"point": ELSEWHERE}, more={"found": "441900122003-01"}),
    Refusal("filePlace", "NOT_FOUND", changes={"gridCode": None, "point": ELSEWHERE}),
    Refusal("filePlace", "INVALID_INPUT", "SIZE_LIMIT", "input.floors", {"floors": 8}),
    Refusal("filePlace", "INVALID_INPUT", "SIZE_LIMIT", "input.area",
            {"kind": "SMALL_SHOP", "area": "200"}),
    Refusal("filePlace", "INVALID_INPUT", "PHONE", "input.contactPhone",
            {"contactPhone": "call me"}),
    Refusal("filePlace", "INVALID_INPUT", "EMPTY", "input.name", {"name": "  "},
            more={"minimum": 1}),
    Refusal("filePlace", "INVALID_INPUT", "CREDIT_CODE", "input.creditCode",
            {"creditCode": "91441900MA00000000"}),
    Refusal("filePlace", "INVALID_INPUT", "EMPTY", "input.organisationName",
            {"creditCode": NEW_CODE}),
    Refusal("filePlace", "INVALID_INPUT", "EMPTY", "input.creditCode",
            {"organisationName": "测试公司"}),
    Refusal("updatePlace", "CONFLICT", "STALE_VERSION", "input.expectedVersion",
            {"expectedVersion": 2}, more={"version": 1}),
    Refusal("updatePlace", "WRONG_STATE", "DEMOLISHED", setup=demolished),
    Refusal("updatePlace", "WRONG_STATE", "NOT_PLANNED", changes={"opened": True}),
    Refusal("updatePlace", "INVALID_INPUT", "EMPTY", "input.name", {"name": None}),
    Refusal("updatePlace", "NOT_FOUND", changes={"point": ELSEWHERE}),
    Refusal("updatePlace", "NOT_FOUND", changes={"placeId": "$foreignPlace"}),
    Refusal("closePlace", "CONFLICT", "STALE_VERSION", "input.expectedVersion",
            {"expectedVersion": 0}, more={"version": 1}),
    Refusal("closePlace", "WRONG_STATE", "CLOSED", setup=closed),
    Refusal("closePlace", "WRONG_STATE", "DEMOLISHED", changes={"demolished": True},
            setup=demolished),
    Refusal("addRooms", "INVALID_INPUT", "COUNT", "input.rooms", {"rooms": []},
            more={"maximum": 200}),
    Refusal("addRooms", "INVALID_INPUT", "COUNT", "input.rooms",
            {"rooms": [{"number": str(number)} for number in range(201)]}, more={"maximum": 200}),
    Refusal("addRooms", "INVALID_INPUT", "NUMBER_TWICE", "input.rooms",
            {"rooms": [{"number": "9a"}, {"number": "9A"}]}),
    Refusal("addRooms", "INVALID_INPUT", "ROOM_NUMBER", "input.rooms.0.number",
            {"rooms": [{"number": "9/1"}]}),
    Refusal("addRooms", "INVALID_INPUT", "OUT_OF_RANGE", "input.rooms.1.floor",
            {"rooms": [{"number": "901"}, {"number": "902", "floor": 101}]},
            more={"minimum": "-3", "maximum": "100"}),
    Refusal("addRooms", "CONFLICT", "ROOM_EXISTS", "input.rooms",
            {"rooms": [{"number": "901"}, {"number": "101"}]}, more={"number": "101"}),
    Refusal("addRooms", "WRONG_STATE", "NOT_LETTABLE", setup=closed),
    Refusal("addRooms", "WRONG_STATE", "NOT_LETTABLE", setup=place(kind="SMALL_SHOP")),
    Refusal("updateRoom", "INVALID_INPUT", "OUT_OF_RANGE", "input.floor", {"floor": 101},
            more={"minimum": "-3", "maximum": "100"}),
    Refusal("updateRoom", "INVALID_INPUT", "EMPTY", "input.state", {"state": None}),
    Refusal("updateRoom", "INVALID_INPUT", "EMPTY", "input.dormitory", {"dormitory": None}),
    Refusal("updateRoom", "WRONG_STATE", "NOT_LETTABLE", setup=closed),
    Refusal("updateRoom", "NOT_FOUND", changes={"roomId": "$foreignRoom"}),
    Refusal("recordLease", "INVALID_INPUT", "EMPTY", "input.number", {"number": " "},
            more={"minimum": 1}),
    Refusal("recordLease", "INVALID_INPUT", "DATE", "input.filedOn", {"filedOn": "2199-01-01"}),
    Refusal("recordLease", "INVALID_INPUT", "PERIOD", "input.until", {"until": "2026-01-04"}),
    Refusal("recordLease", "INVALID_INPUT", "UNKNOWN_ROOM", "input.roomId",
            {"roomId": "$foreignRoom"}),
    Refusal("recordLease", "CONFLICT", "LEASE_EXISTS", "input.number", {"number": " TEST-1 "}),
    Refusal("recordLease", "WRONG_STATE", "NOT_LETTABLE", setup=closed),
    Refusal("recordLease", "NOT_FOUND", changes={"placeId": "$foreignPlace"}),
    Refusal("publishListing", "WRONG_STATE", "OUT_OF_USE", setup=out_of_use),
    Refusal("assignLandlord", "INVALID_INPUT", "PHONE_NUMBER", "input.phone", {"phone": "110"}),
    Refusal("assignLandlord", "CONFLICT", "CLAIM_EXISTS", changes={"phone": "13800000001"}),
    Refusal("assignLandlord", "WRONG_STATE", "CLOSED", setup=closed),
    Refusal("endLandlord", "WRONG_STATE", "ENDED", setup=claim_ended),
    Refusal("blockPlace", "INVALID_INPUT", "EMPTY", "input.reason", {"reason": " "},
            more={"minimum": 2}),
    Refusal("endBlock", "WRONG_STATE", "ENDED", changes={"blockId": "$block"}),
    Refusal("revealPlaceContact", "INVALID_INPUT", "TOO_LONG", "input.reason",
            {"reason": "因" * 201}, more={"maximum": 200}),
    Refusal("issuePlates", "INVALID_INPUT", "UNKNOWN_ROOM", "input.roomIds",
            {"roomIds": ["$foreignRoom"]}),
    Refusal("issuePlates", "INVALID_INPUT", "COUNT", "input.roomIds",
            {"forPlace": False, "roomIds": []}, more={"maximum": 500}),
    Refusal("issuePlates", "WRONG_STATE", "DEMOLISHED", setup=demolished),
    Refusal("revokePlate", "WRONG_STATE", "REVOKED", setup=plate_revoked),
    Refusal("postWarden", "INVALID_INPUT", "UNKNOWN_GRID", "input.gridCode",
            {"gridCode": "nowhere"}),
    Refusal("postWarden", "NOT_FOUND", changes={"gridCode": "441900122003-01"}),
    Refusal("postWarden", "NOT_FOUND", changes={"role": "SUPERVISOR"}),
    Refusal("postWarden", "INVALID_INPUT", "DEPARTMENT", "input.departmentCode",
            {"departmentCode": "test"}),
    Refusal("postWarden", "INVALID_INPUT", "PERIOD", "input.endsOn", {"endsOn": "2020-01-01"}),
    Refusal("postWarden", "CONFLICT", "LEAD_TAKEN", changes={"lead": True}),
    Refusal("postWarden", "CONFLICT", "POSTED_ALREADY", changes={"staffId": "$warden"}),
    Refusal("postWarden", "WRONG_STATE", "YOURSELF", changes={"staffId": "$supervisor"}),
    Refusal("postWarden", "NOT_FOUND", None, "input.staffId", {"staffId": "$auditor"}),
    Refusal("endPost", "WRONG_STATE", "POST_OVER", setup=post_over),
    Refusal("endPost", "INVALID_INPUT", "PERIOD", "input.endsOn", {"endsOn": "2020-01-01"}),
    Refusal("setOfficePhone", "INVALID_INPUT", "PHONE", "input.officePhone",
            {"officePhone": "ask at the door"}),
    Refusal("setOfficePhone", "NOT_FOUND", changes={"gridCode": TOWN}),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
async def test_a_refusal_has_its_code_and_changes_nothing(refusal: Refusal, world: World) -> None:
    await refusal.setup(world)
    case = BY_NAME[refusal.mutation]
    other = world.tenants[1].ids
    names = names_of(
        world,
        openBlock=other["block"],
        foreignRoom=other["room"],
        foreignPlace=other["place"],
        foreignListing=other["listing"],
        warden=global_id("StaffMember", world.staff["warden 1"].id),
        supervisor=global_id("StaffMember", world.staff["supervisor 1"].id),
        auditor=global_id("StaffMember", world.staff["auditor"].id),
    )
    before = await everything()
    given = input_for(case, names, **refusal.changes)
    answer = await ask(case.document, world.actors[case.actor], {"input": given})
    assert answer["data"] is None
    (error,) = answer["errors"]
    found = error["extensions"]
    assert (found["code"], found.get("field")) == (refusal.code, refusal.at), error
    params = {"reason": refusal.reason, **refusal.more} if refusal.reason else {}
    assert found.get("params", {}) == params
    assert error["path"] == [refusal.mutation]
    assert await everything() == before


async def test_the_standard_names_every_point_that_is_missing(world: World) -> None:
    tenant = world.tenants[0]
    await place(completeness=40, missing=["floors", "exits"])(world)
    await factories.block(tenant.place)
    case = BY_NAME["publishListing"]
    before = await everything()
    answer = await ask(
        case.document,
        world.actors["landlord A"],
        {"input": input_for(case, names_of(world))},
        language="en",
    )
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "STANDARD_NOT_MET"
    assert error["extensions"]["params"]["missing"] == ["COMPLETENESS", "BLOCKED_STAFF_DECISION"]
    assert error["extensions"]["params"]["fields"] == ["floors", "exits"]
    assert error["message"] == (
        "The house does not meet the standard for letting: its file is incomplete;"
        " letting was stopped by the town"
    )
    assert await everything() == before


async def test_a_stale_version_is_refused_after_somebody_else_changed_the_file(
    world: World,
) -> None:
    case = BY_NAME["updatePlace"]
    names = names_of(world)
    first = await ask(
        case.document, world.actors["warden 1"], {"input": input_for(case, names, floors=4)}
    )
    assert first["data"]["updatePlace"]["place"]["version"] == 2
    late = await ask(
        case.document, world.actors["supervisor 1"], {"input": input_for(case, names, floors=6)}
    )
    assert late["errors"][0]["extensions"]["params"] == {"reason": "STALE_VERSION", "version": 2}
    assert (await Place.get(id=world.tenants[0].place.id)).floors == 4
