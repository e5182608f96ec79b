"""Self-checks of houses (自查), for who runs them and the staff of their grids."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from core.errors import Language
from identity.actor import ActorKind, Permission
from landlord.models import CheckResult
from landlord.self_check_list import POINTS, VERSION
from landlord.self_checks import items_of, self_check_by_id
from media.photos import PHOTO_COLUMNS
from schema.access import PUBLIC, Access
from schema.connections import Connection
from schema.context import Context, Info
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.listings import Photo, photo_row

# Not for apps: their scope of places does not speak of what owners find in their houses.
OWN_OR_STAFF = Access(
    f"staff with {Permission.PLACES_READ.value}, or own",
    lambda actor: (
        actor.kind is ActorKind.ACCOUNT
        or (actor.kind is ActorKind.STAFF and bool(actor.paths(Permission.PLACES_READ)))
    ),
)


@gql_type(access=PUBLIC)
class SelfCheckPoint:
    """What to look at."""

    code: str = attr("Its code: give it with what you found.")
    words: str = attr("What is right there.")


@gql_type(access=PUBLIC)
class SelfCheckList:
    """What a landlord looks at once a month."""

    version: str = attr("Its version.")
    points: list[SelfCheckPoint] = attr("The points, in this order.", size=10)


@gql_type(access=OWN_OR_STAFF)
class SelfCheckItem:
    """What was found at one point."""

    id: strawberry.ID = attr("Global id, opaque.")
    point: str = attr("Code of the point.")
    point_words: str = attr("What is right there; the code, of an older list.")
    result: CheckResult = attr("What was found.")
    words: str = attr("What the landlord says of it.")
    photo: Photo | None = attr("As it was found.")
    fixed_photo: Photo | None = attr("As it was put right.")
    fixed_at: datetime | None = attr("When it was put right.")


@gql_type(access=OWN_OR_STAFF)
class SelfCheck:
    """A house, checked by who runs it (自查)."""

    id: strawberry.ID = attr("Global id, opaque.")
    month: date = attr("The month, by its first day.")
    made_at: datetime = attr("When it was made.")
    checklist: str = attr("Version of the list of points.")
    items: list[SelfCheckItem] = attr("Every point.", needs=(), size=10)


@strawberry.type(name="SelfCheckConnection", description="One page of self-checks.")
class SelfCheckConnection(Connection[SelfCheck]):
    """One page of self-checks."""


_WORDS = {point.code: {"zh-CN": point.zh, "en": point.en} for point in POINTS}


def self_check_list(language: Language) -> dict[str, Any]:
    """The list of points, ready for the schema."""
    return {
        "version": VERSION,
        "points": [{"code": code, "words": words[language]} for code, words in _WORDS.items()],
    }


def self_check_columns(want: Selection) -> list[str]:
    """The columns of self-checks that a selection needs."""
    return want.columns({"items": ()}, "id")


async def shape_self_checks(rows: Rows, want: Selection, context: Context) -> Rows:
    """Self-checks as read, ready for the schema: their points come in one query."""
    items = await items_of([row["id"] for row in rows]) if rows and "items" in want else {}
    for row in rows:
        row["items"] = [_item(item, context.language) for item in items.get(row["id"], ())]
        row["id"] = global_id("SelfCheck", row["id"])
    return rows


def _item(row: dict[str, Any], language: Language) -> dict[str, Any]:
    words = _WORDS.get(row["point"])
    pictures = {
        name: {column: row[f"{name}__{column}"] for column in PHOTO_COLUMNS}
        for name in ("photo", "fixed_photo")
    }
    return {
        **row,
        "id": global_id("SelfCheckItem", row["id"]),
        "point_words": words[language] if words else row["point"],
        **{
            name: photo_row(picture, language) if picture["id"] else None
            for name, picture in pictures.items()
        },
    }


async def self_check_row(info: Info, want: Selection, check_id: UUID) -> dict[str, Any] | None:
    """One self-check that the actor may see, ready for the schema."""
    row = await self_check_by_id(info.context.actor, check_id, self_check_columns(want))
    if row is None:
        return None
    (shaped,) = await shape_self_checks([row], want, info.context)
    return shaped
