"""What pages about a place share: where it lies, how safe it is, what is to let in and near it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.pages import offers
from api.pages.offers import COLUMNS, NEARBY, PAGE_SIZE, Row
from api.pages.words import Words
from core.keyset import Page, Slice
from landlord.listings import listings_behind_plate
from landlord.search import ListingFilter, ListingOrder, list_listings
from management.hazards.public import count_open
from management.models import Lifecycle, Severity
from management.models.territory import codes_of
from management.territory import territory

ENDED: Final = frozenset({Lifecycle.CLOSED, Lifecycle.DEMOLISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What is to let here, and what else when nothing is."""

    here: list[Row]
    elsewhere: list[Row]
    same_house: bool = False
    after: str | None = None


NONE: Final = Rooms(here=[], elsewhere=[])


async def rooms_of(
    row: Mapping[str, Any], cursor: str | None = None, *, room_id: UUID | None = None
) -> Rooms:
    """A page of what is to let in a place, or in one room of it; else what is near.

    Raises:
        InvalidInput: ``cursor`` is none of this list.
    """
    found = await _offered(row["place_id"], room_id, Page(PAGE_SIZE, cursor))
    here = await offers.with_photos(found.rows)
    if here or cursor is not None:
        after = found.cursor(-1) if found.has_next else None
        return Rooms(here=here, elsewhere=[], after=after)
    if room_id is None:
        return Rooms(here=[], elsewhere=await nearby(row["community_code"]))
    return await others_than(row)


async def others_than(row: Mapping[str, Any]) -> Rooms:
    """For a room that is not to let: some of its house, else of its community."""
    neighbours = await _offered(row["place_id"], None, Page(NEARBY))
    if neighbours.rows:
        shown = await offers.with_photos(neighbours.rows)
        return Rooms(here=[], elsewhere=shown, same_house=True)
    return Rooms(here=[], elsewhere=await nearby(row["community_code"]))


async def _offered(place_id: UUID, room_id: UUID | None, wanted: Page) -> Slice:
    return await listings_behind_plate(
        place_id=place_id, room_id=room_id, page=wanted, columns=COLUMNS
    )


async def nearby(community_code: str) -> list[Row]:
    """The newest rooms to let in a community."""
    found = await list_listings(
        filter_by=ListingFilter(community_code=community_code),
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


async def safety_facts(row: Mapping[str, Any], t: Words) -> list[str]:
    """How many hazards are open, and what is known of stairs, exits, extinguishers, charging."""
    said = [await _open_hazards(row["place_id"], t)]
    said += [
        t(name, n=row[name])
        for name in ("staircases", "exits", "extinguishers")
        if row[name] is not None
    ]
    if row["e_bike_charging"] is not None:
        said.append(t(f"charging_{row['e_bike_charging']}"))
    return said


async def _open_hazards(place_id: UUID, t: Words) -> str:
    found = (await count_open([place_id]))[place_id]
    if not found:
        return t("hazards_none")
    by_severity = [
        t("hazards_of", severity=t(f"severity_{severity}"), n=found[severity])
        for severity in reversed(Severity)
        if found[severity]
    ]
    return t("hazards_open", n=found.total(), of=t("hazards_and").join(by_severity))
