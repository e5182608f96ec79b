"""``/p/{code}``: a place as everybody may know it, without standing before its plate."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.pages import offers
from api.pages.addresses import house_path
from api.pages.drawing import town_map
from api.pages.errors import for_people
from api.pages.places import ENDED, NONE, Rooms, nearby, rooms_of, safety_facts, whereabouts
from api.pages.reader import Reader
from api.pages.rendering import A_MOMENT, page
from api.pages.words import Words
from core.errors import NotFound
from management.blocks import kinds_in_force
from management.models import Lifecycle, PlaceKind
from management.public_face import public_face

_GONE = 410
# The public face has no room: these columns belong to plates of rooms.
_NO_ROOM = {"room_id": None, "room_code": None, "room_number": None}


@for_people
async def house_page(request: Request) -> Response:
    """The public page of a place: 404 for codes that were never used, 410 for what is no more."""
    reader = Reader.of(request)
    face = await public_face(request.path_params["code"])
    if face is None:
        raise NotFound
    row = {**face, **_NO_ROOM}
    lets = row["kind"] == PlaceKind.RENTAL_HOUSE and row["lifecycle"] == Lifecycle.ACTIVE
    barred = lets and bool(await kinds_in_force([row["place_id"]]))
    ended = row["lifecycle"] in ENDED
    cursor = request.query_params.get("after")
    rooms = NONE
    if lets and not barred:
        rooms = await rooms_of(row, cursor)
    elif barred or ended:
        rooms = Rooms(here=[], elsewhere=await nearby(row["community_code"]))
    drawn = await town_map()
    return page(
        request,
        reader,
        "house.html",
        status=_GONE if ended else 200,
        keep=A_MOMENT,
        canonical=house_path(row["code"]),
        here={"after": cursor} if cursor else {},
        plate=row,
        name=row["name"],
        where=await whereabouts(row["grid_path"]),
        lets=lets,
        can=frozenset(),
        barred=barred,
        rooms=rooms,
        cursor=cursor,
        photo=None if cursor else offers.front(row) or offers.cover(rooms.here),
        safety=await safety_facts(row, Words(reader.language)),
        town=drawn,
        offers=offers,
    )
