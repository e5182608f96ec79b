"""Rooms on offer as the pages show them: what is read, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.pages.words import Words, day, money, number
from core.clock import today
from landlord.photos import photos_of
from media.photos import PHOTO_COLUMNS

Row = dict[str, Any]

# Ten cards keep a page under 30 kB, whatever landlords write into them.
PAGE_SIZE: Final = 10
NEARBY: Final = 6
# So few get large pictures on a phone too; more are rows that can be compared at a glance.
FEW: Final = 3

COLUMNS: Final = (
    "id", "title", "rent", "deposit", "area", "available_from", "place_id", "place__name",
    "place__risk_class", "room__number", "room__floor", "room__dormitory",
)  # fmt: skip


async def with_photos(rows: list[Row]) -> list[Row]:
    """Give each listing its photos, in one query."""
    photos = await photos_of([row["id"] for row in rows]) if rows else {}
    return [{**row, "photos": photos.get(row["id"], [])} for row in rows]


def facts(row: Mapping[str, Any], t: Words) -> list[str]:
    """Number, storey, area, deposit: what tells rooms apart, as far as it is known."""
    said = [t("room", room=row["room__number"])]
    if row["room__floor"] is not None:
        said.append(t("floor", floor=row["room__floor"]))
    if row["area"] is not None:
        said.append(t("area", area=number(row["area"])))
    if row["room__dormitory"]:
        said.append(t("beds"))
    if row["deposit"] is not None:
        deposit = row["deposit"]
        said.append(t("deposit", amount=money(deposit)) if deposit else t("no_deposit"))
    return said


def free_from(row: Mapping[str, Any], t: Words) -> str | None:
    """From when the room can be lived in, if the landlord said so."""
    since = row["available_from"]
    if since is None:
        return None
    if since <= today():
        return t("free_now")
    return t("free_from", day=day(since, t.language))


def front(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The picture in the file of a scanned place."""
    if row["photo_id"] is None:
        return None
    return {name: row[f"photo_{name}"] for name in PHOTO_COLUMNS}


def cover(rows: list[Row]) -> Mapping[str, Any] | None:
    """The picture at the head of a page about a house whose file has none.

    Landlords begin with the room and end with what is around it: the last picture of the first
    listing that has at least three.
    """
    for row in rows:
        if len(row["photos"]) > 2:
            last: Mapping[str, Any] = row["photos"][-1]
            return last
    return None
