"""Who sees which places: scope by grid path, and the indexes that make it cheap."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from tortoise.queryset import QuerySet

from core.database import fetch
from core.errors import NotFound, Unauthenticated
from core.ids import uuid7
from core.keyset import Order, Page
from identity.actor import EVERYWHERE, SYSTEM, Actor, ActorKind, Permission, Role
from management.access import (
    access_grid,
    access_place,
    access_plate,
    access_room,
    visible_places,
    within,
)
from management.models import Place, PlaceKind
from tests import factories
from tests.management.support import (
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
    holding,
    signed_in,
    staff,
)

GRIDS = (GRID, SIBLING, OTHER_GRID)


@pytest.fixture
async def places(town: None) -> dict[str, Place]:
    """One place in each grid."""
    return {path: await factories.place(grid=code_of(path)) for path in GRIDS}


async def seen(actor: Actor, permission: Permission = Permission.PLACES_READ) -> list[str]:
    rows = await visible_places(actor, permission).order_by("grid_path")
    return [place.grid_path for place in rows]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([GRID], [GRID]),
        ([COMMUNITY], [GRID, SIBLING]),
        ([TOWN], [GRID, SIBLING, OTHER_GRID]),
        ([EVERYWHERE], [GRID, SIBLING, OTHER_GRID]),
        ([GRID, OTHER_GRID], [GRID, OTHER_GRID]),
        ([SIBLING, OTHER_COMMUNITY], [SIBLING, OTHER_GRID]),
        ([GRID, COMMUNITY, TOWN], [GRID, SIBLING, OTHER_GRID]),
        (["441900121/"], []),
        (["44190012/"], []),
        ([], []),
    ],
)
async def test_staff_see_what_lies_in_the_grids_of_their_posts(
    places: dict[str, Place], paths: Sequence[str], expected: Sequence[str]
) -> None:
    actor = holding(Permission.PLACES_READ, paths=paths)
    assert await seen(actor) == expected
    for path, place in places.items():
        if path in expected:
            assert await access_place(actor, code=place.code) == place
        else:
            with pytest.raises(NotFound):
                await access_place(actor, code=place.code)


async def test_a_permission_counts_only_where_it_is_held(places: dict[str, Place]) -> None:
    actor = holding(Permission.PLACES_READ, paths=[TOWN])
    assert await seen(actor, Permission.PLACES_WRITE) == []
    with pytest.raises(NotFound):
        await access_place(actor, place_id=places[GRID].id, permission=Permission.PLACES_WRITE)


async def test_an_app_is_cut_to_its_grid(places: dict[str, Place]) -> None:
    assert await seen(app(Permission.PLACES_READ, path=COMMUNITY)) == [GRID, SIBLING]
    assert await seen(app(Permission.GRIDS_READ, path=TOWN)) == []


async def test_an_administrator_of_sign_ins_sees_no_files(places: dict[str, Place]) -> None:
    assert await seen(staff(Role.ADMIN, TOWN)) == []
    assert await seen(SYSTEM) == list(GRIDS)


async def test_the_anonymous_are_asked_to_sign_in_whatever_there_is(
    places: dict[str, Place],
) -> None:
    room, plate = await factories.room(places[GRID]), await factories.plate(places[GRID])
    for attempt in (
        access_place(VISITOR, place_id=places[GRID].id),
        access_place(VISITOR, place_id=uuid7()),
        access_room(VISITOR, room_id=room.id),
        access_room(VISITOR, room_id=uuid7()),
        access_plate(VISITOR, plate_id=plate.id),
        access_plate(VISITOR, plate_id=uuid7()),
        access_grid(VISITOR, code=code_of(GRID), permission=Permission.GRIDS_READ),
        access_grid(VISITOR, code="nowhere", permission=Permission.GRIDS_READ),
    ):
        with pytest.raises(Unauthenticated):
            await attempt
    assert await visible_places(VISITOR) == []


async def test_a_landlord_sees_the_houses_they_are_known_to_run(places: dict[str, Place]) -> None:
    who, other = await factories.account(), await factories.account()
    await factories.claim(who, places[GRID])
    await factories.claim(who, places[SIBLING], state="PENDING")
    await factories.claim(other, places[OTHER_GRID])
    assert await seen(signed_in(who)) == [GRID]
    # Seeing is all: no permission of staff comes with it, nor does one with a stray right.
    for permission in set(Permission) - {Permission.PLACES_READ}:
        with pytest.raises(NotFound):
            await access_place(signed_in(who), place_id=places[GRID].id, permission=permission)
        assert await seen(signed_in(who), permission) == []
    assert await seen(Actor(kind=ActorKind.ACCOUNT, id=None)) == []


@pytest.mark.parametrize("code", ["", "nothing", *HOSTILE])
async def test_no_code_is_too_strange_to_be_absent(places: dict[str, Place], code: str) -> None:
    with pytest.raises(NotFound):
        await access_place(staff(), code=code)
    with pytest.raises(NotFound):
        await access_grid(staff(), code=code, permission=Permission.GRIDS_READ)


async def test_a_grid_needs_the_permission_in_all_of_it(town: None) -> None:
    warden = staff()
    assert (await access_grid(warden, code=code_of(GRID), permission=Permission.GRIDS_READ)).id
    for path in (SIBLING, COMMUNITY, TOWN):
        with pytest.raises(NotFound):
            await access_grid(warden, code=code_of(path), permission=Permission.GRIDS_READ)


# Plans: with sequential scans priced out, the index must carry filter and order alone.


async def plan_of(query: QuerySet[Place]) -> str:
    """The plan at a size where it matters, as one text."""
    await fetch("SET LOCAL enable_seqscan = off")
    await fetch("SET LOCAL enable_bitmapscan = off")
    rows = await fetch(f"EXPLAIN {query.limit(51).sql(params_inline=True)}")
    return "\n".join(row["QUERY PLAN"] for row in rows)


async def many(count: int = 3000) -> None:
    """A town's worth of rows, copied from one place, spread over the grids."""
    place = await factories.place()
    columns = [name for name in place._meta.fields_db_projection.values() if name != "id"]
    changed = {
        "code": "'999998-' || n",
        "grid_path": "p.path",
        "community_code": "split_part(p.path, '/', 2)",
        "grid_code": "split_part(p.path, '/', 3)",
        "completeness": "n % 101",
        "kind": "(ARRAY['RENTAL_HOUSE', 'SMALL_SHOP', 'SMALL_WORKSHOP'])[1 + n / 3 % 3]",
    }
    await fetch(
        f"INSERT INTO place (id, {', '.join(columns)})"
        f" SELECT gen_random_uuid(), {', '.join(changed.get(c, f'place.{c}') for c in columns)}"
        " FROM place, generate_series(1, $1::int) n, LATERAL ("
        "   SELECT path FROM grid WHERE level = 'GRID' ORDER BY path OFFSET n % 3 LIMIT 1) p"
        " RETURNING 1 AS one",
        count,
    )
    await fetch("ANALYZE place")


@pytest.mark.parametrize(
    ("path", "order", "kinds", "index"),
    [
        (COMMUNITY, Order("newest", "id", descending=True), None, "place_community"),
        (COMMUNITY, Order("oldest", "id"), PlaceKind.SMALL_SHOP, "place_community_kind"),
        (COMMUNITY, Order("complete", "completeness"), None, "place_comm_complete"),
        (GRID, Order("newest", "id", descending=True), None, "place_grid"),
        (GRID, Order("oldest", "id"), PlaceKind.SMALL_SHOP, "place_grid_kind"),
        (GRID, Order("complete", "completeness"), None, "place_grid_complete"),
    ],
)
async def test_a_list_of_a_grid_reads_one_index_in_its_order(
    town: None, path: str, order: Order, kinds: PlaceKind | None, index: str
) -> None:
    await many()
    actor = holding(Permission.PLACES_READ, paths=[path])
    query = visible_places(actor)
    if kinds is not None:
        query = query.filter(kind__in=[kinds])
    first = await plan_of(query.order_by(*order.sorting()))
    assert re.search(rf"Index.* Scan.* using {index} on place", first), first
    assert "Sort" not in first
    # A page deep in the list enters the same index at the right place, either way.
    rows = await query.order_by(*order.sorting()).offset(100).limit(1).values(*order.columns)
    cursor = order.cursor(order.key(rows[0]))
    for backward in (False, True):
        deep = await plan_of(
            query.filter(order.beyond(cursor, backward=backward)).order_by(
                *order.sorting(backward=backward)
            )
        )
        assert f"using {index} on place" in deep, deep
        assert "Sort" not in deep
        condition = next(line for line in deep.splitlines() if "Index Cond" in line)
        assert order.column in condition, deep


async def test_the_town_is_a_range_of_the_path(town: None) -> None:
    await many()
    text = await plan_of(Place.filter(within(TOWN)).order_by("grid_path", "id"))
    assert "using place_path on place" in text
    assert re.search(r"Index Cond: .*grid_path.* >= .*grid_path.* < ", text), text


async def test_the_range_of_a_path_is_what_begins_with_it(places: dict[str, Place]) -> None:
    strange = await factories.place()
    for path in ("441900122", "4419001220/x/y/", "441900122-1/x/y/", "441900122.x/", "44190012/"):
        await Place.filter(id=strange.id).update(grid_path=path)
        paths = await Place.filter(within(TOWN)).values_list("grid_path", flat=True)
        assert all(str(found).startswith(TOWN) for found in paths)
        assert len(paths) == 3


async def test_two_posts_read_two_parts_of_an_index(town: None) -> None:
    await many()
    await fetch("SET LOCAL enable_seqscan = off")
    query = visible_places(holding(Permission.PLACES_READ, paths=[GRID, OTHER_COMMUNITY]))
    rows = await fetch(f"EXPLAIN {query.sql(params_inline=True)}")
    text = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "BitmapOr" in text
    assert "Seq Scan" not in text


async def test_the_keyset_of_a_list_is_stable_under_ties(town: None) -> None:
    await many(200)
    await Place.all().update(completeness=50)
    order = Order("complete", "completeness")
    ids = await Place.all().order_by("completeness", "id").values_list("id", flat=True)
    assert Page.of().size < len(ids)
    after = await Place.filter(order.beyond(order.cursor((50, ids[100])))).order_by(
        *order.sorting()
    )
    assert [place.id for place in after] == list(ids[101:])
