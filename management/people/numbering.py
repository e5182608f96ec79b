"""Numbers of documents (编号): one after the other in a year, without gaps."""

from __future__ import annotations

from core.database import fetch
from core.ids import uuid7
from core.work import current


async def next_number(series: str, year: int) -> int:
    """The next number of a series in a year: 1, 2, 3 …; in a running unit of work.

    The row stays locked until the commit, so nobody gets a number whose document may yet fail:
    take it late. A transaction that fails gives its number back.
    """
    current()
    (row,) = await fetch(
        "INSERT INTO document_number (id, series, year, issued) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (series, year) DO UPDATE SET issued = document_number.issued + 1"
        " RETURNING issued",
        uuid7(),
        series,
        year,
    )
    return int(row["issued"])
