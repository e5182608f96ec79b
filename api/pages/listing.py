"""``/l/{id}``: one room on offer, with every picture and what the landlord says of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages import offers
from api.pages.addresses import listing_path, unshortened
from api.pages.drawing import town_map
from api.pages.errors import for_people
from api.pages.places import Rooms, nearby, others_than, safety_facts, whereabouts
from api.pages.reader import Reader
from api.pages.rendering import A_MOMENT, page
from api.pages.words import Words
from core.clock import SHANGHAI
from core.errors import NotFound
from landlord.access import once_public
from landlord.models import Listing, ListingState
from management.public_face import run_since

_GONE = 410
_OVER = frozenset({ListingState.LET, ListingState.WITHDRAWN})
_COLUMNS = (
    *offers.COLUMNS, "state", "description", "landlord_id", "landlord__display_name",
    "water_price", "electricity_price", "management_fee", "facilities", "published_at",
    "place__street", "place__door_number", "place__grid_path", "place__code",
    "place__community_code", "place__longitude", "place__latitude", "place__staircases",
    "place__exits", "place__extinguishers", "place__e_bike_charging", "room__code",
    "room__escape_window",
)  # fmt: skip


@for_people
async def old_room_page(request: Request) -> Response:
    """The address that listings had before: whoever kept it is led on."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(listing_path(request.path_params["listing_id"]) + query, 308)


@for_people
async def listing_page(request: Request) -> Response:
    """A listing that is on offer; one that was says what became of it and shows other rooms.

    410 for what was let or withdrawn, 200 for what may come back, 404 for what never was public.
    """
    reader = Reader.of(request)
    room = await public_listing(request.path_params["listing"])
    if room["state"] != ListingState.PUBLISHED:
        return await _not_on_offer(request, reader, room)
    (room,) = await offers.with_photos([room])
    place = of_place(room)
    since = await run_since(room["landlord_id"], room["place_id"])
    return page(
        request,
        reader,
        "listing.html",
        keep=A_MOMENT,
        canonical=listing_path(room["id"]),
        room=room,
        place=place,
        where=await whereabouts(place["grid_path"]),
        safety=await safety_facts(place, Words(reader.language)),
        since=since and since.astimezone(SHANGHAI).date(),
        town=await town_map(),
        offers=offers,
    )


async def public_listing(text: str) -> dict[str, Any]:
    """The columns of a listing that is or was on offer, by its short id.

    Raises:
        NotFound: there is none, or it never was public.
    """
    listing_id: UUID | None = unshortened(text)
    rows = (
        await Listing.filter(once_public(), id=listing_id).values(*_COLUMNS) if listing_id else []
    )
    if not rows:
        raise NotFound
    row: dict[str, Any] = rows[0]
    return row


def of_place(room: dict[str, Any]) -> dict[str, Any]:
    """The columns of the place of a listing, under their own names."""
    inner = {
        name.removeprefix("place__"): value
        for name, value in room.items()
        if name.startswith("place__")
    }
    return {**inner, "place_id": room["place_id"]}


async def _not_on_offer(request: Request, reader: Reader, room: dict[str, Any]) -> Response:
    state = ListingState(room["state"])
    place = of_place(room)
    if state is ListingState.SUSPENDED:
        rooms = Rooms(here=[], elsewhere=await nearby(place["community_code"]))
    else:
        rooms = await others_than(place)
    return page(
        request,
        reader,
        "listing_gone.html",
        status=_GONE if state in _OVER else 200,
        state=state,
        room=room,
        rooms=rooms,
        where=await whereabouts(place["grid_path"]),
        offers=offers,
    )
