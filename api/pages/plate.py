"""``/q/{token}``: what somebody sees who scans the plate at a door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages import offers
from api.pages.errors import for_people
from api.pages.offers import COLUMNS, NEARBY, PAGE_SIZE, Row
from api.pages.reader import Reader
from api.pages.rendering import page
from api.pages.words import Words
from citizen.scanning import PlateAction, ScannedPlate, actions_for, blocked, scan
from core.keyset import Page, Slice
from identity.actor import anonymous
from landlord.listings import ListingFilter, ListingOrder, list_listings, listings_behind_plate
from management.models import Lifecycle, PlateState
from management.models.territory import codes_of
from management.territory import territory

_GONE = 410
_ENDED = frozenset({Lifecycle.CLOSED, Lifecycle.DEMOLISHED})


@for_people
async def plate_page(request: Request) -> Response:
    """The page behind a QR plate, for everybody.

    200 for a plate that speaks for a place, 404 for a token that was never printed, 410 for a
    plate out of use and for a place that is no more.
    """
    actor = anonymous(hashed_address(request))
    scanned = await scan(actor, request.path_params["token"])
    if scanned is None:
        return _said(request, "unknown", 404, beware=True)
    if scanned.state is not PlateState.ACTIVE:
        return _out_of_use(request, scanned)
    actions = await actions_for(actor, scanned)
    return await _of_place(request, scanned, lets=PlateAction.VIEW_LISTINGS in actions)


def _said(
    request: Request, key: str, status: int, *, next_key: str | None = None, **values: Any
) -> Response:
    reader = Reader.of(request)
    t = Words(reader.language)
    return page(
        request,
        reader,
        "message.html",
        status=status,
        title=t(key),
        text=t(next_key or f"{key}_next"),
        **values,
    )


def _out_of_use(request: Request, scanned: ScannedPlate) -> Response:
    if scanned.state is PlateState.REVOKED:
        return _said(request, "revoked", _GONE)
    successor = scanned.row["successor_token"]
    if successor is None:
        return _said(request, "replaced", _GONE, next_key="replaced_gone_next")
    way = {"href": f"/q/{successor}", "words": "open_new_plate"}
    return _said(request, "replaced", _GONE, way=way)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """What is to let here, and what else when nothing is."""

    here: list[Row]
    elsewhere: list[Row]
    same_house: bool = False
    after: str | None = None


_NONE = _Rooms(here=[], elsewhere=[])


async def _of_place(request: Request, scanned: ScannedPlate, *, lets: bool) -> Response:
    reader = Reader.of(request)
    row, t = scanned.row, Words(reader.language)
    barred = lets and await blocked(scanned)
    ended = row["lifecycle"] in _ENDED
    cursor = request.query_params.get("after")
    rooms = _NONE
    if lets and not barred:
        rooms = await _rooms(row, cursor)
    elif barred or ended:
        rooms = _Rooms(here=[], elsewhere=await _nearby(row))
    where = await whereabouts(row["grid_path"])
    name = row["name"]
    if row["room_id"] is not None:
        name = t("room_of", place=name, room=row["room_number"])
    return page(
        request,
        reader,
        "plate.html",
        status=_GONE if ended else 200,
        plate=row,
        name=name,
        where=where,
        lets=lets,
        barred=barred,
        rooms=rooms,
        cursor=cursor,
        photo=None if cursor else offers.front(row) or offers.cover(rooms.here),
        safety=safety_facts(row, t),
        offers=offers,
    )


async def _rooms(row: Mapping[str, Any], cursor: str | None) -> _Rooms:
    found = await _offered(row, row["room_id"], Page(PAGE_SIZE, cursor))
    here = await offers.with_photos(found.rows)
    if here or cursor is not None:
        after = found.cursor(-1) if found.has_next else None
        return _Rooms(here=here, elsewhere=[], after=after)
    if row["room_id"] is not None:
        neighbours = await _offered(row, None, Page(NEARBY))
        if neighbours.rows:
            shown = await offers.with_photos(neighbours.rows)
            return _Rooms(here=[], elsewhere=shown, same_house=True)
    return _Rooms(here=[], elsewhere=await _nearby(row))


async def _offered(row: Mapping[str, Any], room_id: Any, wanted: Page) -> Slice:
    return await listings_behind_plate(
        place_id=row["place_id"], room_id=room_id, page=wanted, columns=COLUMNS
    )


async def _nearby(row: Mapping[str, Any]) -> list[Row]:
    found = await list_listings(
        filter_by=ListingFilter(community_code=row["community_code"]),
        order=ListingOrder.NEWEST,
        page=Page(NEARBY),
        columns=COLUMNS,
    )
    return await offers.with_photos(found.rows)


async def whereabouts(grid_path: str) -> dict[str, Any]:
    """The community and the grid of a place, and the nearest wardens' office that has a phone."""
    known = (await territory()).by_code
    grids = [known[code] for code in codes_of(grid_path)]
    phones = [grid["office_phone"] for grid in reversed(grids) if grid["office_phone"]]
    return {
        "community": grids[1],
        "grid": grids[-1],
        "office_phone": phones[0] if phones else None,
    }


def safety_facts(row: Mapping[str, Any], t: Words) -> list[str]:
    """What is known of stairs, exits, extinguishers and charging; nothing on faults."""
    said = [
        t(name, n=row[name])
        for name in ("staircases", "exits", "extinguishers")
        if row[name] is not None
    ]
    if row["e_bike_charging"] is not None:
        said.append(t(f"charging_{row['e_bike_charging']}"))
    return said
