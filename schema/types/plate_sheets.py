"""Sheets of plates, and the log of plates that were replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from identity.actor import Permission
from management.models import (
    PlateDoors,
    PlateEndReason,
    PlateSheetState,
    PlateState,
)
from management.models.plate_sheets import PlateSheet as PlateSheetRow
from management.plate_printing import download_address
from management.plate_sheets.sizes import PlateSize
from schema.access import holds
from schema.connections import Connection
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Selection

_MANAGERS = holds(Permission.PLATES_MANAGE)


@gql_type(access=_MANAGERS)
class MissingCharacter:
    """A character (生僻字) that the font of plates lacks: a box is printed in its place."""

    character: str = attr("The character.")
    codes: list[str] = attr("The first codes of places or rooms where it stands.", size=3)


@gql_type(access=_MANAGERS)
class PlateSheet:
    """A PDF of plates (门牌打印) that is being made or was made."""

    id: strawberry.ID = attr("Global id, opaque.")
    state: PlateSheetState = attr("How far it is.")
    size: PlateSize = attr("The size of its labels.")
    doors: PlateDoors = attr("Which plates it holds.")
    total: int = attr("Plates in all; an estimate until it runs.")
    done: int = attr("Plates drawn so far.")
    pages: int | None = attr("Pages, once it is ready.")
    bytes: int | None = attr("Size of the file, once it is ready.")
    failure: str | None = attr("Code of what went wrong: DRAWING or INTERRUPTED.")
    requested_at: datetime = attr("When it was ordered.")
    finished_at: datetime | None = attr("When it was ready or had failed.")
    expires_at: datetime | None = attr("Until when the file is kept.")
    missing_characters: list[MissingCharacter] = attr("What the font lacks.", size=3)
    cut_names: list[str] = attr("Codes of places whose name did not fit on the label.", size=3)
    download_url: str | None = attr(
        "Where the file is fetched, for ten minutes; ask again for a new address."
    )


@gql_type(access=_MANAGERS)
class PlateReplacement:
    """A plate that was replaced or taken out of use, and what came after it."""

    plate_id: strawberry.ID = attr("The old plate, as `IssuedPlate.id`.")
    token: str = attr("Token of the old plate.")
    state: PlateState = attr("Replaced or revoked.")
    place_code: str = attr("Code of its place.")
    place_name: str = attr("Name of its place.")
    room_number: str | None = attr("The room it hung at; empty: the house itself.")
    reason: PlateEndReason | None = attr("Why; empty for those that ended before this was asked.")
    issued_at: datetime = attr("When the old plate was issued.")
    ended_at: datetime = attr("Since when it is out of use.")
    ended_by: str | None = attr("Who of the staff replaced or revoked it.")
    new_plate_id: strawberry.ID | None = attr("The new plate, when it was replaced.")
    new_token: str | None = attr("Token of the new plate.")


PlateReplacementConnection = Connection[PlateReplacement]


def shape_sheet(sheet: PlateSheetRow, want: Selection) -> dict[str, Any]:
    """A sheet, ready for the schema. Only for who may have the file."""
    report = sheet.report or {"missing": {}, "cut": []}
    ready = sheet.state is PlateSheetState.READY and "download_url" in want
    return {
        "id": global_id("PlateSheet", sheet.id),
        **{
            name: getattr(sheet, name)
            for name in (
                "state", "size", "doors", "total", "done", "pages", "bytes", "finished_at",
                "expires_at",
            )
        },
        "failure": sheet.failure or None,
        "requested_at": sheet.created_at,
        "missing_characters": [
            {"character": character, "codes": codes}
            for character, codes in report["missing"].items()
        ],
        "cut_names": report["cut"],
        "download_url": download_address(sheet) if ready else None,
    }  # fmt: skip


def shape_replacement(row: dict[str, Any], names: dict[Any, str]) -> dict[str, Any]:
    """A row of the log, ready for the schema."""
    successor = row["replaced_by_id"]
    return {
        **row,
        "plate_id": global_id("IssuedPlate", row["id"]),
        "place_code": row["place__code"],
        "place_name": row["place__name"],
        "room_number": row["room__number"],
        "reason": row["end_reason"],
        "ended_by": names.get(row["ended_by"]),
        "new_plate_id": global_id("IssuedPlate", successor) if successor else None,
        "new_token": row["replaced_by__token"],
    }
