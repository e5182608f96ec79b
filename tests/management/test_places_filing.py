"""Filing, keeping and closing places."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from management.contacts import contact_of, reveal_contact
from management.models import Grid, Lifecycle, Organisation, Place, PlaceKind
from management.places import close_place, file_place, update_place
from tests import factories
from tests.management.support import (
    BAD_NUMBERS,
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    SIBLING,
    TOWN,
    VISITOR,
    app,
    code_of,
    entries,
    file_of,
    fresh,
    holding,
    inside,
    jobs,
    refused,
    refused_input,
    signed_in,
    staff,
)

pytestmark = pytest.mark.usefixtures("town")

CREDIT_CODE = "91350100M000100Y43"


def filing(actor: Actor, *, grid: str | None = GRID, **given: Any) -> Awaitable[Place]:
    arguments = {"kind": PlaceKind.RENTAL_HOUSE, "values": file_of(), **given}
    return file_place(actor, grid_code=grid and code_of(grid), **arguments)


async def updating(actor: Actor, place: Place, **given: Any) -> Place:
    values = given.pop("values", {"name": "新名称"})
    version = given.pop("expected_version", place.version)
    return await update_place(
        actor, place_id=place.id, expected_version=version, values=values, **given
    )


async def closing(actor: Actor, place: Place, *, demolished: bool = False) -> Place:
    return await close_place(
        actor, place_id=place.id, expected_version=place.version, demolished=demolished
    )


# Filing


async def test_a_filed_place_has_a_code_a_grid_a_file_and_is_told_of() -> None:
    warden = staff()
    longitude, latitude = await inside(code_of(GRID))
    values = file_of(longitude=longitude, latitude=latitude)
    place = await fresh(await filing(warden, grid=None, values=values))
    assert place.code == "122002-00001"
    assert (place.grid_path, place.community_code) == (GRID, code_of(COMMUNITY))
    assert place.grid_code == code_of(GRID)
    assert (place.lifecycle, place.version, place.ended_at) == (Lifecycle.ACTIVE, 1, None)
    assert place.filed_at is not None
    assert (place.completeness, place.missing) == (100, [])
    (entry,) = await entries(place.id)
    assert (entry.action, entry.actor_id) == ("filePlace", warden.id)
    assert await jobs() == [("place_filed", {"place_id": str(place.id)})]


async def test_a_file_says_what_is_missing() -> None:
    place = await filing(staff(), values={"name": "测试公寓", "floors": 3})
    assert set(file_of()) - {"name", "floors", "operator_name"} <= set(place.missing)
    assert {"longitude", "latitude"} <= set(place.missing)
    assert place.completeness == 2 * 100 // 15


async def test_a_contact_is_kept_encrypted_and_read_with_a_reason() -> None:
    warden = staff()
    place = await fresh(await filing(warden))
    assert "13800000000" not in str(place.contact_phone)
    assert "测试" not in str(place.contact_name)
    assert contact_of(place).phone == "13800000000"
    contact = await reveal_contact(warden, place_id=place.id, reason=" 走访联系 ")
    assert (contact.name, contact.phone) == ("测试联系人", "13800000000")
    entry = (await entries(place.id))[-1]
    assert (entry.action, entry.reason) == ("revealPlaceContact", "走访联系")
    assert not any("13800000000" in str(data) for _, data in await jobs())


async def test_a_contact_is_only_for_who_may_read_it_and_says_why() -> None:
    place = await filing(staff())
    for reason in ("", " ", "一", *HOSTILE):
        await refused_input(
            reveal_contact(staff(), place_id=place.id, reason=reason), "input.reason"
        )
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR),
                  app(Permission.PLACES_READ)):  # fmt: skip
        await refused(NotFound, reveal_contact(actor, place_id=place.id, reason="走访联系"))
    await refused(Unauthenticated, reveal_contact(VISITOR, place_id=place.id, reason="走访联系"))


async def test_codes_count_up_in_each_community() -> None:
    supervisor = staff(Role.SUPERVISOR, TOWN)
    made = [await filing(supervisor, grid=grid) for grid in (GRID, SIBLING, OTHER_GRID, GRID)]
    assert [place.code for place in made] == [
        "122002-00001", "122002-00002", "122003-00001", "122002-00003",
    ]  # fmt: skip


async def test_a_place_known_before_it_opens_is_planned_and_filed_when_it_opens() -> None:
    warden = staff()
    place = await filing(warden, planned=True)
    assert (place.lifecycle, place.filed_at) == (Lifecycle.PLANNED, None)
    opened = await fresh(await updating(warden, place, values={}, opened=True))
    assert opened.lifecycle is Lifecycle.ACTIVE
    assert opened.filed_at is not None
    await refused(WrongState, updating(warden, opened, opened=True), reason="NOT_PLANNED")


async def test_a_legal_entity_is_made_once_and_can_be_taken_off_the_file() -> None:
    warden = staff()
    given = {"credit_code": CREDIT_CODE, "organisation_name": "测试有限公司"}
    first, second = await filing(warden, **given), await filing(warden, **given)
    assert first.organisation_id == second.organisation_id
    assert await Organisation.all().count() == 1
    kept = await updating(warden, first)
    assert kept.organisation_id == second.organisation_id
    emptied = await updating(warden, kept, credit_code="")
    assert (await fresh(emptied)).organisation_id is None


@pytest.mark.parametrize("code", ["91350100M000100Y44", "9135010", "91350100M000100Y4\0"])
async def test_a_wrong_credit_code_files_nothing(code: str) -> None:
    await refused_input(
        filing(staff(), credit_code=code, organisation_name="测试"), "input.creditCode"
    )


async def test_a_new_legal_entity_needs_a_name() -> None:
    await refused_input(filing(staff(), credit_code=CREDIT_CODE), "input.organisationName", "EMPTY")


@pytest.mark.parametrize("values", [{}, {"name": None}, {"name": ""}, {"street": "测试路"}])
async def test_a_place_has_a_name(values: dict[str, Any]) -> None:
    await refused_input(filing(staff(), values=values), "input.name", "EMPTY")


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_files_nothing(text: str) -> None:
    for name, path in (("name", "name"), ("contact_name", "contactName"), ("street", "street")):
        await refused_input(filing(staff(), values=file_of(**{name: text})), f"input.{path}")


@pytest.mark.parametrize("area", BAD_NUMBERS)
async def test_an_impossible_area_files_nothing(area: Decimal) -> None:
    await refused_input(filing(staff(), values=file_of(area=area)), "input.area", "AREA")


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (PlaceKind.RENTAL_HOUSE, {"floors": 8}, "input.floors"),
        (PlaceKind.RENTAL_HOUSE, {"area": Decimal("500.01")}, "input.area"),
        (PlaceKind.SMALL_SHOP, {"area": Decimal(200)}, "input.area"),
    ],
)
async def test_what_is_too_large_for_its_kind_is_refused(
    kind: PlaceKind, values: dict[str, Any], field: str
) -> None:
    await refused_input(filing(staff(), kind=kind, values=file_of(**values)), field, "SIZE_LIMIT")
    place = await filing(staff(), kind=kind, values=file_of(area=Decimal(100)))
    await refused_input(updating(staff(), place, values=values), field, "SIZE_LIMIT")


# Grids and points


async def test_a_point_and_a_named_grid_must_agree() -> None:
    longitude, latitude = await inside(code_of(SIBLING))
    values = file_of(longitude=longitude, latitude=latitude)
    supervisor = staff(Role.SUPERVISOR, TOWN)
    refusal = await refused(InvalidInput, filing(supervisor, values=values), reason="GRID_MISMATCH")
    assert refusal.params == {"found": code_of(SIBLING)}
    agreed = await filing(supervisor, grid=SIBLING, values=values)
    assert agreed.grid_path == SIBLING


async def test_without_a_grid_of_the_third_level_there_is_no_file() -> None:
    supervisor = staff(Role.SUPERVISOR, TOWN)
    await refused_input(filing(supervisor, grid=None), "input.gridCode", "GRID_NEEDED")
    for grid in (TOWN, COMMUNITY):
        await refused_input(filing(supervisor, grid=grid), "input.gridCode", "NOT_THIRD_LEVEL")
    for code in ("nowhere", "", *HOSTILE):
        await refused_input(
            file_place(supervisor, kind=PlaceKind.ENTERPRISE, values=file_of(), grid_code=code),
            "input.gridCode",
            "UNKNOWN_GRID",
        )


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ({"longitude": 116.39, "latitude": 39.9}, "OUTSIDE"),
        ({"longitude": 113.66}, "POINT"),
        ({"latitude": 22.94}, "POINT"),
    ],
)
async def test_a_point_is_whole_and_in_the_town(point: dict[str, float], reason: str) -> None:
    await refused_input(filing(staff(), values=file_of(**point)), "input.point", reason)


async def test_a_new_point_moves_a_place_but_never_changes_its_code() -> None:
    supervisor = staff(Role.SUPERVISOR, TOWN)
    place = await filing(supervisor)
    longitude, latitude = await inside(code_of(OTHER_GRID))
    moved = await fresh(
        await updating(supervisor, place, values={"longitude": longitude, "latitude": latitude})
    )
    other = await Grid.get(path=OTHER_GRID)
    assert (moved.grid_id, moved.grid_path) == (other.id, OTHER_GRID)
    assert (moved.community_code, moved.code) == (code_of(OTHER_COMMUNITY), place.code)
    assert "longitude" not in moved.missing
    stays = await updating(supervisor, moved, values={"longitude": None, "latitude": None})
    assert stays.grid_path == OTHER_GRID
    assert "longitude" in stays.missing
    await refused_input(updating(supervisor, stays, values={"longitude": longitude}), "input.point")


async def test_a_warden_moves_no_place_out_of_their_grid() -> None:
    place = await filing(staff())
    longitude, latitude = await inside(code_of(SIBLING))
    point = {"longitude": longitude, "latitude": latitude}
    await refused(NotFound, updating(staff(), place, values=point))


# Who may


async def test_only_who_may_write_files_there_files_a_place() -> None:
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR),
                  staff(Role.ADMIN, TOWN), app(Permission.PLACES_READ),
                  app(Permission.PLACES_WRITE, path=OTHER_COMMUNITY),
                  signed_in(await factories.account())):  # fmt: skip
        await refused(NotFound, filing(actor))
    await refused(Unauthenticated, filing(VISITOR))
    assert await filing(app(Permission.PLACES_WRITE, path=COMMUNITY))


async def test_a_place_out_of_scope_looks_absent() -> None:
    place = await filing(staff())
    owner = await factories.account()
    await factories.claim(owner, place)
    nobody = Place(id=uuid7(), version=1)
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.WARDEN, OTHER_COMMUNITY),
                  holding(Permission.PLACES_READ), staff(Role.ADMIN, TOWN),
                  signed_in(owner)):  # fmt: skip
        for attempt in (updating, closing):
            there = await refused(NotFound, attempt(actor, place))
            absent = await refused(NotFound, attempt(actor, nobody))
            assert there.extensions() == absent.extensions()
            assert there.message() == absent.message()
    for attempt in (updating, closing):
        await refused(Unauthenticated, attempt(VISITOR, place))
        await refused(Unauthenticated, attempt(VISITOR, nobody))


# Keeping


async def test_an_update_changes_only_what_is_given_and_counts_up() -> None:
    warden = staff()
    place = await filing(warden)
    changed = await fresh(await updating(warden, place, values={"exits": None, "floors": 6}))
    assert (changed.version, changed.floors, changed.name) == (2, 6, place.name)
    assert "exits" in changed.missing
    assert changed.completeness == (15 - 3) * 100 // 15
    assert contact_of(changed).phone == "13800000000"
    entry = (await entries(place.id))[-1]
    assert (entry.action, entry.details) == ("updatePlace", {"fields": ["exits", "floors"]})
    assert (await jobs())[-1] == ("place_updated", {"place_id": str(place.id)})


async def test_a_stale_version_changes_nothing() -> None:
    warden = staff()
    place = await filing(warden)
    await updating(warden, place)
    for stale in (1, 0, 3, -1, 10**9):
        refusal = await refused(
            Conflict, updating(warden, place, expected_version=stale), reason="STALE_VERSION"
        )
        assert refusal.params == {"version": 2}
    await refused(Conflict, closing(warden, place), field="input.expectedVersion")


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_updates_nothing(text: str) -> None:
    place = await filing(staff())
    await refused_input(updating(staff(), place, values={"name": text}), "input.name")


# Closing


async def test_a_place_closes_once_and_can_be_demolished_after() -> None:
    warden = staff()
    place = await filing(warden)
    closed = await closing(warden, place)
    assert (closed.lifecycle, closed.version) == (Lifecycle.CLOSED, 2)
    assert closed.ended_at is not None
    entry = (await entries(place.id))[-1]
    assert (entry.action, entry.details) == ("closePlace", {"demolished": False})
    assert (await jobs())[-1] == ("place_closed", {"place_id": str(place.id)})
    await refused(WrongState, closing(warden, closed), reason="CLOSED")
    gone = await fresh(await closing(warden, closed, demolished=True))
    assert gone.lifecycle is Lifecycle.DEMOLISHED
    for demolished in (True, False):
        await refused(WrongState, closing(warden, gone, demolished=demolished))
    await refused(WrongState, updating(warden, gone), reason="DEMOLISHED")


async def test_a_plan_that_came_to_nothing_can_be_closed() -> None:
    warden = staff()
    place = await closing(warden, await filing(warden, planned=True))
    assert (place.lifecycle, place.filed_at) == (Lifecycle.CLOSED, None)


async def test_the_code_of_a_demolished_place_is_never_given_again() -> None:
    warden = staff()
    place = await filing(warden)
    await closing(warden, place, demolished=True)
    assert (await filing(warden)).code != place.code
