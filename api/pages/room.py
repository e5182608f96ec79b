"""``/rooms/{id}``: one room on offer, with every picture and what the landlord says of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages import offers
from api.pages.errors import for_people
from api.pages.plate import whereabouts
from api.pages.reader import Reader
from api.pages.rendering import page
from api.pages.words import Words
from identity.actor import anonymous
from landlord.access import visible_listings

_COLUMNS = (
    *offers.COLUMNS, "description", "landlord__display_name", "place__street",
    "place__door_number", "place__grid_path", "place__code", "room__code",
)  # fmt: skip


@for_people
async def room_page(request: Request) -> Response:
    """A listing that is on offer; 404 for all others, whatever became of them."""
    reader = Reader.of(request)
    t = Words(reader.language)
    visitor = anonymous(hashed_address(request))
    listing_id = request.path_params["listing_id"]
    rows = await visible_listings(visitor).filter(id=listing_id).values(*_COLUMNS)
    if not rows:
        return page(
            request,
            reader,
            "message.html",
            status=404,
            title=t("not_on_offer"),
            text=t("not_on_offer_next"),
        )
    (room,) = await offers.with_photos(list(rows))
    return page(
        request,
        reader,
        "room.html",
        room=room,
        where=await whereabouts(room["place__grid_path"]),
        offers=offers,
    )
