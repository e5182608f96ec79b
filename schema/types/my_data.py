"""What is held about the viewer, copies of it, and what was erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from citizen.my_data.exporting import address, available
from citizen.my_data.models import DataErasure as DataErasureRow
from citizen.my_data.models import DataExport as DataExportRow
from citizen.my_data.models import DataExportState
from citizen.my_data.seeing import correctable
from citizen.my_data.words import codes_of, label, said, written
from core.errors import Language
from core.privacy import Basis, Exported, registry
from schema.access import ACCOUNT
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Selection


@gql_type(access=ACCOUNT)
class MyDataFact:
    """One thing that is held: a column of a row, in words."""

    name: str = attr("Name of the column, for `correctMyData`.")
    label: str = attr("What it is called, in the caller's language.")
    value: str = attr("What is held, as people read it; never masked for its own person.")


@gql_type(access=ACCOUNT)
class MyDataRow:
    """One record."""

    id: strawberry.ID | None = attr("For `correctMyData`; empty where nothing can be corrected.")
    facts: list[MyDataFact] = attr("What it says.", size=8)


@gql_type(access=ACCOUNT)
class MyDataSection:
    """Records of one kind about the viewer, why they are held and for how long."""

    name: str = attr("Name of the section, for `correctMyData` and `eraseMyData`.")
    title: str = attr("What it is, in the caller's language.")
    basis: Basis = attr("Why it may be held (处理依据).")
    kept: str = attr("How long it is kept (保存期限), in the caller's language.")
    total: int = attr("How many records there are.")
    rows: list[MyDataRow] = attr("The newest fifty; a copy holds all.", size=10)
    correctable: list[str] = attr("Names of columns that may be corrected here.", size=2)


@gql_type(access=ACCOUNT)
class MyData:
    """Everything that is held about the viewer (我的信息): the account and the person behind it."""

    sections: list[MyDataSection] = attr("What there is, kind by kind.", size=12)


@gql_type(access=ACCOUNT)
class DataExport:
    """A copy of everything that is held about the viewer (个人信息副本), gone after seven days."""

    id: strawberry.ID = attr("Global id, opaque.")
    state: DataExportState = attr("How far it is.")
    requested_at: datetime = attr("When it was asked for.")
    expires_at: datetime | None = attr("Until when it can be fetched.")
    json_url: str | None = attr("Where it is fetched as JSON, for ten minutes; ask again for more.")
    pdf_url: str | None = attr("Where it is fetched as a PDF to read (in Chinese), as long.")


@gql_type(access=ACCOUNT)
class ErasedSection:
    """What became of the records of one kind."""

    name: str = attr("Name of the section.")
    title: str = attr("What it is, in the caller's language.")
    erased: int = attr("How many records were erased, or parted from the viewer.")
    kept: int = attr("How many have to stay.")
    why: str | None = attr("Why some stay, in the caller's language.")
    until: datetime | None = attr("Until when they stay, where that is known.")


@gql_type(access=ACCOUNT)
class DataErasure:
    """What was erased at the viewer's wish (删除个人信息), and what a duty keeps."""

    id: strawberry.ID = attr("Global id, opaque.")
    erased_at: datetime = attr("When.")
    sections: list[ErasedSection] = attr("Kind by kind.", size=12)


def shape_section(section: Exported, language: Language) -> dict[str, Any]:
    """A section, ready for the schema."""
    holding = section.holding
    editable = correctable(section)
    ids = section.ids if editable else []
    codes = codes_of(holding)
    return {
        "name": holding.name,
        "title": said(holding.title, language),
        "basis": holding.basis,
        "kept": said(holding.retention.rule, language),
        "total": section.total,
        "correctable": list(editable),
        "rows": [
            {
                "id": global_id("MyDataRow", ids[index]) if ids else None,
                "facts": [
                    {
                        "name": name,
                        "label": said(label(name), language),
                        "value": written(value, language, enum=codes.get(name, "")),
                    }
                    for name, value in row.items()
                ],
            }
            for index, row in enumerate(section.rows)
        ],
    }


def shape_export(row: DataExportRow, want: Selection) -> dict[str, Any]:
    """A copy, ready for the schema. Only for who asked for it."""
    ready = available(row)
    return {
        "id": global_id("DataExport", row.id),
        "state": row.state,
        "requested_at": row.created_at,
        "expires_at": row.expires_at,
        "json_url": address(row, "json") if ready and "json_url" in want else None,
        "pdf_url": address(row, "pdf") if ready and "pdf_url" in want else None,
    }


def shape_erasure(row: DataErasureRow, language: Language) -> dict[str, Any]:
    """What was erased, ready for the schema."""
    known = {holding.name: holding for holding in registry.holdings()}
    return {
        "id": global_id("DataErasure", row.id),
        "erased_at": row.at,
        "sections": [
            {
                "name": part["name"],
                "title": said(known[part["name"]].title, language),
                "erased": part["erased"],
                "kept": part["kept"],
                "why": said(known[part["name"]].retention.rule, language) if part["kept"] else None,
                "until": datetime.fromisoformat(part["until"]) if part["until"] else None,
            }
            for part in row.parts
            if part["name"] in known
        ],
    }
