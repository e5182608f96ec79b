"""Listings, and the public face of places and rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from core.clock import SHANGHAI
from core.errors import Language
from identity.actor import ActorKind, Permission
from landlord.content_checks.labels import words_of
from landlord.content_checks.rows import content_checks_of
from landlord.freshness import expires_at
from landlord.models import (
    ContentKind,
    ContentState,
    Facility,
    LetBy,
    ListingState,
    SnapshotOccasion,
)
from landlord.photos import photos_of
from landlord.reservations import holds_on
from landlord.snapshots import snapshots_of
from landlord.workflow import ListingAction, Who, actions_open
from management.models import PlaceKind, RiskClass
from media.photos import PHOTO_COLUMNS, photo_urls
from schema.access import PUBLIC, Access, holds
from schema.connections import Connection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node, Point, public_point
from schema.types.open_hazards import OpenHazards, open_hazards_of
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
    open_hazards: OpenHazards = attr("Hazards that are open there, as far as they are public.")


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


_LANDLORD = Access(
    "its landlord",
    lambda actor: actor.kind is ActorKind.ACCOUNT,
    lambda actor, row: row["landlord_id"] == actor.id,
)
_PARTIES = Access(
    "its landlord, who reserved it, staff who review it",
    lambda actor: actor.kind is ActorKind.ACCOUNT or bool(actor.paths(Permission.LISTINGS_REVIEW)),
)


@gql_type(access=_PARTIES)
class ListingSnapshot:
    """What a listing showed at a moment (房源快照): evidence that nobody can change."""

    id: strawberry.ID = attr("Global id, opaque.")
    version: int = attr("Version of the listing.")
    occasion: SnapshotOccasion = attr("Why it was kept.")
    content: str = attr("All that was shown, as JSON in its canonical form.")
    digest: str = attr("SHA-256 of `content` in UTF-8, in hex.")
    taken_at: datetime = attr("When.")


_REVIEWERS = holds(Permission.LISTINGS_REVIEW)


@gql_type(access=_REVIEWERS)
class ContentCheck:
    """What WeChat says of the words or of one picture of a listing in review (内容安全检查)."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: ContentKind = attr("What is checked.")
    photo_id: strawberry.ID | None = attr("Which picture, as in `Listing.photos`.")
    state: ContentState = attr("What the check says.")
    label: int | None = attr("WeChat's number of what it found.")
    found: str | None = attr("What that is, in words.")
    asked_at: datetime | None = attr("Since when WeChat has it.")
    answered_at: datetime | None = attr("When it was settled.")


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
    let_by: LetBy = attr("What one rent is for.")
    beds: int | None = attr("Beds on offer, when let by the bed.")
    water_price: Decimal | None = attr("Yuan per m³ of water.")
    electricity_price: Decimal | None = attr("Yuan per kWh.")
    management_fee: Decimal | None = attr("Yuan a month beside the rent.")
    facilities: list[Facility] = attr("What the room or its house offers.", size=3)
    refreshed_at: datetime | None = attr("When the landlord last said that it is still to let.")
    expires_on: date | None = attr(
        "For its landlord: the day it is withdrawn unless it is refreshed.",
        access=_LANDLORD,
        needs=("refreshed_at", "warned_at", "state", "landlord_id"),
    )
    review_reason: str | None = attr(
        "For its landlord: why staff gave it back.",
        access=_LANDLORD,
        needs=("review_reason", "landlord_id"),
    )
    reserved_until: datetime | None = attr(
        "For its landlord and for who holds it: until when it is held.",
        needs=("state", "landlord_id"),
    )
    available_actions: list[ListingAction] = attr(
        "What you may do with it now.", needs=("state", "state_before", "landlord_id"), size=3
    )
    snapshots: list[ListingSnapshot] | None = attr(
        "For its landlord, who reserved it, and staff who review it: what it showed, newest first,"
        " the last 50.",
        access=_PARTIES,
        needs=(),
        size=5,
    )
    content_checks: list[ContentCheck] | None = attr(
        "For staff who review it: what WeChat says of its words and of pictures that never passed.",
        access=_REVIEWERS,
        needs=(),
        size=5,
    )
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


_STANDING = ("state", "state_before", "landlord_id")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "expires_on": (*_STANDING, "refreshed_at", "warned_at"),
    "review_reason": ("review_reason", "landlord_id"),
    "reserved_until": _STANDING,
    "available_actions": (*_STANDING, "place__grid_path"),
    "snapshots": (),
    "content_checks": (),
}


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
    hazards = {}
    if "open_hazards" in want:
        hazards = await open_hazards_of({row["place_id"] for row in rows})
    for row in rows:
        inner = {name: row[f"place__{name}"] for name in _PLACE_COLUMNS}
        photo = {f"photo_{name}": row.get(f"place__photo__{name}") for name in PHOTO_COLUMNS}
        place = {**inner, **photo, "id": row["place_id"]}
        row["place"] = _public_place(place, communities, context.language)
        row["place"]["open_hazards"] = hazards.get(row["place_id"])


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
        elif name in _NEEDS:
            columns |= dict.fromkeys(_NEEDS[name])
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
    await _add_standing(rows, want, context)
    if "content_checks" in want:
        await _add_content_checks(rows, context)
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


async def _add_standing(rows: Rows, want: Selection, context: Context) -> None:
    """What a listing is for the viewer: who holds it, what they may do, what they may keep."""
    actor = context.actor
    holds: Mapping[UUID, Mapping[str, Any]] = {}
    if "reserved_until" in want or "available_actions" in want:
        mine = actor.kind is ActorKind.ACCOUNT
        holds = await holds_on([row["id"] for row in rows]) if mine else {}
    snapshots: Mapping[UUID, Rows] = {}
    if "snapshots" in want:
        snapshots = await snapshots_of(actor, [row["id"] for row in rows])
    for row in rows:
        hold = holds.get(row["id"])
        if "reserved_until" in want:
            theirs = hold and actor.id in {row["landlord_id"], hold["seeker_id"]}
            row["reserved_until"] = hold["until"] if hold and theirs else None
        if "available_actions" in want:
            whos = _whos(row, hold, context)
            row["available_actions"] = list(actions_open(row["state"], row["state_before"], whos))
        if "expires_on" in want:
            over = expires_at(row["refreshed_at"], row["warned_at"])
            public = row["state"] == ListingState.PUBLISHED
            row["expires_on"] = over.astimezone(SHANGHAI).date() if over and public else None
        if "snapshots" in want:
            row["snapshots"] = [
                {**kept, "id": global_id("ListingSnapshot", kept["id"])}
                for kept in snapshots.get(row["id"], ())
            ]


async def _add_content_checks(rows: Rows, context: Context) -> None:
    checks = await content_checks_of(context.actor, [row["id"] for row in rows])
    for row in rows:
        row["content_checks"] = [
            {
                **check,
                "id": global_id("ContentCheck", check["id"]),
                "photo_id": global_id("Photo", check["photo_id"]) if check["photo_id"] else None,
                "found": _found(check["label"], context.language),
            }
            for check in checks.get(row["id"], ())
        ]


def _found(label: int | None, language: Language) -> str | None:
    words = words_of(label)
    return words and words[1 if language == "en" else 0]


def _whos(
    row: Mapping[str, Any], hold: Mapping[str, Any] | None, context: Context
) -> frozenset[Who]:
    """As what the viewer stands to a listing."""
    actor = context.actor
    if actor.kind is ActorKind.ACCOUNT:
        if row["landlord_id"] == actor.id:
            return frozenset({Who.LANDLORD})
        holder = hold is not None and hold["seeker_id"] == actor.id
        return frozenset({Who.SEEKER, Who.HOLDER} if holder else {Who.SEEKER})
    if actor.may(Permission.LISTINGS_REVIEW, row["place__grid_path"]):
        return frozenset({Who.STAFF})
    return frozenset()


async def scanned_place(
    row: Mapping[str, Any], want: Selection, context: Context
) -> dict[str, Any]:
    """The public face of the place that a scanned plate speaks for."""
    communities = await grids_by_code({row["community_code"]}, want["community"], context)
    place_id = row["place_id"]
    place = _public_place({**row, "id": place_id}, communities, context.language)
    if "open_hazards" in want:
        place["open_hazards"] = (await open_hazards_of([place_id]))[place_id]
    return place


def _public_place(
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
