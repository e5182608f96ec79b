"""Rooms on offer as the pages show them: what is read, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from api.pages.words import Words, day, money, number
from core.clock import today
from landlord.models import Facility, LetBy
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
    "place__risk_class", "room__number", "room__floor", "let_by", "beds", "community_code",
)  # fmt: skip


async def with_photos(rows: list[Row]) -> list[Row]:
    """Give each listing its photos, in one query."""
    photos = await photos_of([row["id"] for row in rows]) if rows else {}
    return [{**row, "photos": photos.get(row["id"], [])} for row in rows]


def facts(row: Mapping[str, Any], t: Words) -> list[str]:
    """Number, storey, area, whether by the bed: what tells rooms apart, as far as it is known."""
    said = [t("room", room=row["room__number"])]
    if row["room__floor"] is not None:
        said.append(t("floor", floor=row["room__floor"]))
    if row["area"] is not None:
        said.append(t("area", area=number(row["area"])))
    if row["let_by"] == LetBy.BED:
        said.append(t("by_bed", count=row["beds"]))
    return said


def terms(row: Mapping[str, Any], t: Words) -> list[str]:
    """What tells rooms apart, and the deposit: for where nothing else says what it costs."""
    said = facts(row, t)
    if row["deposit"] is not None:
        deposit = row["deposit"]
        said.append(t("deposit", amount=money(deposit)) if deposit else t("no_deposit"))
    return said


class Cost(NamedTuple):
    """One line of what a room costs; ``sum`` ends what is paid at the same time."""

    name: str
    amount: str
    sum: bool = False


def costs(row: Mapping[str, Any], t: Words) -> list[Cost]:
    """Each month, by meter, and when moving in; nothing is estimated."""
    rent, fee, deposit = row["rent"], row["management_fee"], row["deposit"]
    none = t("none_taken")
    said = [Cost(t("cost_rent"), t("a_month", amount=money(rent)))]
    if fee is not None:
        said.append(Cost(t("cost_fee"), t("a_month", amount=money(fee)) if fee else none))
    said.append(Cost(t("cost_fixed"), t("a_month", amount=money(rent + (fee or 0))), sum=True))
    for name, key in (("water_price", "per_ton"), ("electricity_price", "per_kwh")):
        price = row[name]
        known = t(key, amount=number(price)) if price is not None else t("ask_landlord")
        said.append(Cost(t(name), known))
    if deposit is not None:
        taken = t("yuan", amount=money(deposit)) if deposit else none
        said.append(Cost(t("cost_deposit"), taken))
        first = t("yuan", amount=money(rent + (fee or 0) + deposit))
        said.append(Cost(t("cost_first"), first, sum=True))
    return said


def facilities(row: Mapping[str, Any], t: Words) -> list[str]:
    """What the room or its house offers, in the order of the list that landlords choose from."""
    named = set(row["facilities"])
    return [t(f"has_{each}") for each in Facility if each in named]


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
