"""Rotation of keys: what is sealed or indexed under an earlier key is written again.

Every :class:`core.crypto.EncryptedField` and :class:`core.crypto.BlindIndexField` of every model is
looked at, in batches of one transaction each. What is done needs nothing more, so a rotation that
was stopped goes on when it is run again, and people go on working meanwhile: a value that somebody
wrote since it was read stays as they wrote it.

A blind index is made of the plain value. Each column of indexes therefore names by
:func:`indexed_by` how its value follows from the sealed columns of its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise import Tortoise
from tortoise.models import Model
from tortoise.transactions import in_transaction

from core.crypto import BlindIndexField, EncryptedField, ring
from core.database import execute, fetch

BATCH: Final = 500

Opened = Mapping[str, str]
"""The plain values of the sealed columns of a row, and its other columns as text."""

ValueOf = Callable[[Opened], str | None]
Column = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Made:
    """What a blind index is made of, and as which column's."""

    reads: tuple[str, ...]
    value: ValueOf | None
    of: Column


_made: dict[Column, _Made] = {}


@dataclass(slots=True)
class Rotated:
    """What became of one column: values written again, and those that can't be (yet)."""

    table: str
    column: str
    done: int = 0
    left: int = 0


def indexed_by(
    table: str,
    column: str,
    reads: tuple[str, ...] = (),
    value: ValueOf | None = None,
    *,
    same_as: Column | None = None,
) -> None:
    """Say what a blind index is made of: columns it ``reads``, and the value of them.

    ``value`` None: the rows don't hold it; they live for minutes, and go by themselves.
    ``same_as``: the column as whose its indexes are made, where it is compared with that.
    """
    _made[table, column] = _Made(reads, value, same_as or (table, column))


def columns() -> Iterator[tuple[type[Model], str, bool]]:
    """Every model, column in the database and whether it is an index, of what rotates."""
    for app in Tortoise.apps.values():
        for model in app.values():
            meta = model._meta  # noqa: SLF001 - Tortoise gives no other way to names of columns
            for name, field in meta.fields_map.items():
                if isinstance(field, EncryptedField | BlindIndexField):
                    column = meta.fields_db_projection[name]
                    yield model, column, isinstance(field, BlindIndexField)


def undeclared() -> list[str]:
    """Columns of indexes of which nobody said what they are made of."""
    return [
        f"{model._meta.db_table}.{column}"  # noqa: SLF001
        for model, column, index in columns()
        if index and (model._meta.db_table, column) not in _made  # noqa: SLF001
    ]


async def rotate() -> list[Rotated]:
    """Write everything again that is under an earlier key; answers what was done, by column.

    Raises:
        UnknownKey: something is sealed under a key that is not on the ring; nothing is lost.
    """
    answer = []
    for model, column, index in columns():
        meta = model._meta  # noqa: SLF001
        report = Rotated(meta.db_table, column)
        if not index:
            await _each(report, meta.db_pk_column, (), _reseal(report))
        elif (meta.db_table, column) in _made:
            made = _made[meta.db_table, column]
            if made.value is None:
                report.left = await _waiting(report)
            else:
                again = _reindex(report, _sealed_columns(model), made)
                await _each(report, meta.db_pk_column, made.reads, again)
        answer.append(report)
    return answer


Rewrite = Callable[[Any, dict[str, Any]], str | None]


async def _each(report: Rotated, key: str, reads: tuple[str, ...], rewrite: Rewrite) -> None:
    """Go through the rows in the order of their keys; what is under the active key is passed."""
    table, column = _quoted(report.table), _quoted(report.column)
    wanted = ", ".join(_quoted(name) for name in dict.fromkeys((report.column, *reads)))
    after: UUID | None = None
    while True:
        async with in_transaction():
            rows = await fetch(
                f"SELECT {_quoted(key)} AS row_key, {wanted} FROM {table}"  # noqa: S608
                f" WHERE {column} IS NOT NULL AND {column} NOT LIKE $1"
                f" AND ($2::uuid IS NULL OR {_quoted(key)} > $2) ORDER BY {_quoted(key)}"
                f" LIMIT {BATCH} FOR UPDATE",
                _prefix(report),
                after,
            )
            for row in rows:
                again = rewrite(row["row_key"], row)
                if again is None:
                    report.left += 1
                    continue
                report.done += await execute(
                    f"UPDATE {table} SET {column} = $1"  # noqa: S608
                    f" WHERE {_quoted(key)} = $2 AND {column} = $3",
                    again,
                    row["row_key"],
                    row[report.column],
                )
        if len(rows) < BATCH:
            return
        after = rows[-1]["row_key"]


def _reseal(report: Rotated) -> Rewrite:
    def again(key: Any, row: dict[str, Any]) -> str:
        where = {"table": report.table, "column": report.column, "row": key}
        return ring().encrypt(ring().decrypt(row[report.column], **where), **where)

    return again


def _reindex(report: Rotated, sealed: frozenset[str], made: _Made) -> Rewrite:
    table, column = made.of

    def again(key: Any, row: dict[str, Any]) -> str | None:
        plain: dict[str, str] = {}
        for name, held in row.items():
            if held is not None and name in sealed:
                where = {"table": report.table, "column": name, "row": key}
                plain[name] = ring().decrypt(held, **where)
            elif held is not None:
                plain[name] = str(held)
        found = made.value(plain) if made.value else None
        return None if found is None else ring().index(found, table=table, column=column)

    return again


async def _waiting(report: Rotated) -> int:
    (row,) = await fetch(
        f"SELECT count(*) AS n FROM {_quoted(report.table)}"  # noqa: S608
        f" WHERE {_quoted(report.column)} NOT LIKE $1",
        _prefix(report),
    )
    return int(row["n"])


def _prefix(report: Rotated) -> str:
    """How a value under the active key begins."""
    index = any(
        model._meta.db_table == report.table and column == report.column and is_index  # noqa: SLF001
        for model, column, is_index in columns()
    )
    where = {"table": report.table, "column": report.column}
    sample = ring().index("", **where) if index else ring().encrypt("", **where, row="")
    cipher, key, _ = sample.split(":")
    return f"{cipher}:{key}:%"


def _sealed_columns(model: type[Model]) -> frozenset[str]:
    meta = model._meta  # noqa: SLF001
    return frozenset(
        meta.fields_db_projection[name]
        for name, field in meta.fields_map.items()
        if isinstance(field, EncryptedField)
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
