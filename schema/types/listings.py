"""Listings, and the public face of places and rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from core.errors import Language
from landlord.models import ListingState
from landlord.photos import photos_of
from management.models import PlaceKind, RiskClass
from media.photos import PHOTO_COLUMNS, photo_urls
from schema.access import PUBLIC
from schema.connections import Connection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node, Point, public_point
from schema.types.places import one_line_address
from schema.types.territory import Grid, grids_by_code


@gql_type(access=PUBLIC)
class Photo:
    """A picture."""

    id: strawberry.ID = attr("Global id, opaque.")
    url: str = attr("720 pixels wide, WebP. Of a private picture it is good for ten minutes.")
    thumbnail_url: str = attr("360 pixels wide, WebP.")
    jpeg_url: str = attr("720 pixels wide, JPEG.")
    width: int = attr("Pixels of the large one.")
    height: int = attr("Pixels of the large one.")
    alt: str = attr("What is seen, in words.")


@gql_type(access=PUBLIC)
class PublicPlace:
    """What everybody may know of a place."""

    id: strawberry.ID = attr("Global id, opaque.")
    code: str = attr("Place code, to read aloud in an emergency.")
    name: str = attr("Its name.")
    kind: PlaceKind = attr("Its kind.")
    address: str = attr("Address in one line.")
    community: Grid = attr("The community it lies in.")
    risk_class: RiskClass = attr("Its risk class.")
    point: Point | None = attr("Where it is, GCJ-02.")
    photo: Photo | None = attr("A picture of it.")


@gql_type(access=PUBLIC)
class PublicRoom:
    """What everybody may know of a room."""

    id: strawberry.ID = attr("Global id, opaque.")
    number: str = attr("Room number.")
    floor: int | None = attr("Storey, counted from 1.")
    area: float | None = attr("Usable area in m².")
    dormitory: bool = attr("Whether it may be let by the bed.")


@gql_type(access=PUBLIC)
class LandlordCard:
    """Who offers a room, as far as they show themselves."""

    id: strawberry.ID = attr("Global id, opaque.")
    display_name: str = attr("What they call themselves.")


@gql_type(access=PUBLIC)
class Listing(Node):
    """A room put up to let (房源)."""

    title: str = attr("One line.")
    rent: Decimal = attr("Yuan a month.")
    deposit: Decimal | None = attr("Yuan, once.")
    area: float | None = attr("Usable area in m².")
    state: ListingState = attr("Where it stands.")
    available_from: date | None = attr("First day it is free.")
    description: str = attr("What the landlord says of it.")
    published_at: datetime | None = attr("Since when it is public.")
    version: int = attr("Give it as `expectedVersion` when you change the listing.")
    photos: list[Photo] = attr("Pictures in the landlord's order.", needs=(), size=3)
    room: PublicRoom = attr("The room.", needs=("room_id",))
    place: PublicPlace = attr("The house.", needs=("place_id",))
    landlord: LandlordCard = attr("Who offers it.", needs=("landlord_id",))


@strawberry.type(name="ListingConnection", description="One page of listings.")
class ListingConnection(Connection[Listing]):
    """One page of listings."""


_PLACE_COLUMNS = (
    "code", "name", "kind", "street", "door_number", "community_code", "risk_class", "longitude",
    "latitude",
)  # fmt: skip
_ROOM_COLUMNS = ("number", "floor", "area", "dormitory")


def public_place_columns(want: Selection) -> list[str]:
    """The columns of something at a place that its public face needs, through ``place``."""
    columns = ["place_id", *(f"place__{name}" for name in _PLACE_COLUMNS)]
    if "photo" in want:
        columns += [f"place__photo__{name}" for name in PHOTO_COLUMNS]
    return columns


async def add_public_places(rows: Rows, want: Selection, context: Context) -> None:
    """Give rows read with :func:`public_place_columns` the public face of their ``place``."""
    codes = {row["place__community_code"] for row in rows}
    communities = await grids_by_code(codes, want["community"], context)
    for row in rows:
        inner = {name: row[f"place__{name}"] for name in _PLACE_COLUMNS}
        photo = {f"photo_{name}": row.get(f"place__photo__{name}") for name in PHOTO_COLUMNS}
        place = {**inner, **photo, "id": row["place_id"]}
        row["place"] = public_place(place, communities, context.language)


def listing_columns(want: Selection) -> list[str]:
    """The columns of listings that a selection needs, through their relations where it must."""
    columns = dict.fromkeys(("id",))
    for name in want:
        if name == "room":
            columns |= dict.fromkeys(("room_id", *(f"room__{name}" for name in _ROOM_COLUMNS)))
        elif name == "place":
            columns |= dict.fromkeys(public_place_columns(want["place"]))
        elif name == "landlord":
            columns |= dict.fromkeys(("landlord_id", "landlord__display_name"))
        elif name != "photos":
            columns[name] = None
    return list(columns)


async def shape_listings(rows: Rows, want: Selection, context: Context) -> Rows:
    """Listings as read, ready for the schema: pictures come in one query."""
    if not rows:
        return rows
    photos: Mapping[UUID, Rows] = {}
    if "photos" in want:
        photos = await photos_of([row["id"] for row in rows])
    if "place" in want:
        await add_public_places(rows, want["place"], context)
    for row in rows:
        if "room" in want:
            inner = {name: row[f"room__{name}"] for name in _ROOM_COLUMNS}
            row["room"] = {**inner, "id": global_id("Room", row["room_id"])}
        if "landlord" in want:
            row["landlord"] = {
                "id": global_id("Account", row["landlord_id"]),
                "display_name": row["landlord__display_name"],
            }
        if "photos" in want:
            row["photos"] = [
                photo_row(photo, context.language) for photo in photos.get(row["id"], ())
            ]
        row["id"] = global_id("Listing", row["id"])
    return rows


def public_place(
    row: Mapping[str, Any], communities: Mapping[str, dict[str, Any]], language: Language
) -> dict[str, Any]:
    """The public face of a place; its picture in columns that begin with ``photo_``."""
    photo = {name: row[f"photo_{name}"] for name in PHOTO_COLUMNS}
    community = communities[row["community_code"]]
    return {
        "id": global_id("Place", row["id"]),
        "code": row["code"],
        "name": row["name"],
        "kind": row["kind"],
        "address": one_line_address(dict(row), community["name_zh"]),
        "community": community,
        "risk_class": row["risk_class"],
        "point": public_point(dict(row)),
        "photo": photo_row(photo, language) if photo["id"] else None,
    }


def photo_row(row: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A picture as read, ready for the schema.

    Call it only for who may see what shows the picture: the address of a private one lets in.
    """
    urls = photo_urls(row)
    return {
        "id": global_id("Photo", row["id"]),
        "url": urls.url,
        "thumbnail_url": urls.thumbnail_url,
        "jpeg_url": urls.jpeg_url,
        "width": row["width"],
        "height": row["height"],
        "alt": row["alt_en" if language == "en" else "alt_zh"],
    }
