"""``/q/{token}``: what somebody sees who scans the plate at a door."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages import offers
from api.pages.errors import for_people
from api.pages.places import ENDED, NONE, Rooms, nearby, rooms_of, safety_facts, whereabouts
from api.pages.reader import Reader
from api.pages.rendering import page
from api.pages.words import Words
from citizen.scanning import PlateAction, ScannedPlate, actions_for, blocked, scan
from identity.actor import anonymous
from management.models import PlateState

_GONE = 410


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
    return await _of_place(request, scanned, actions)


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


async def _of_place(
    request: Request, scanned: ScannedPlate, actions: list[PlateAction]
) -> Response:
    lets = PlateAction.VIEW_LISTINGS in actions
    reader = Reader.of(request)
    row, t = scanned.row, Words(reader.language)
    barred = lets and await blocked(scanned)
    ended = row["lifecycle"] in ENDED
    cursor = request.query_params.get("after")
    rooms = NONE
    if lets and not barred:
        rooms = await rooms_of(row, cursor, room_id=row["room_id"])
    elif barred or ended:
        rooms = Rooms(here=[], elsewhere=await nearby(row["community_code"]))
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
        can={action.value for action in actions},
        barred=barred,
        rooms=rooms,
        cursor=cursor,
        here={"after": cursor} if cursor else {},
        photo=None if cursor else offers.front(row) or offers.cover(rooms.here),
        safety=await safety_facts(row, t),
        offers=offers,
    )
