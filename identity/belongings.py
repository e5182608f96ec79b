"""What belongs to an account, declared so that it can change hands when two become one.

Each package declares every column that names an account: :func:`belongs` for what goes with the
person, :func:`stays` for what tells of the past. A test fails when a column has no declaration.

Where a row may be there once for each account (a listing is saved once), the row of the account
that is kept stands, and the other stays with the one that is merged, where nobody sees it and an
undo finds it. Where that is not enough, a package declares by :func:`settle` what happens before.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from tortoise import Model
from tortoise.exceptions import IntegrityError
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.transactions import in_transaction

from core.database import fetch
from identity.models import Account

Moved: TypeAlias = dict[str, list[str]]
"""``table.column`` → ids of the rows that changed hands; ``table.column was>became`` → ids of rows
in which that column was changed."""

_CHANGE: Final = re.compile(r"(\w+)\.(\w+) ([\w-]*)>([\w-]*)")
_NAMES: Final = re.compile(r"(?:.*_)?(?:account|actor)_id")


@dataclass(frozen=True)
class Belonging:
    """A column that names an account; with ``why`` its rows don't go with the person."""

    model: type[Model]
    column: str
    why: str = ""

    @property
    def name(self) -> str:
        """``table.column``."""
        return f"{table(self.model)}.{self.column}"


class Ledger:
    """What a merge does, so that it can be undone."""

    def __init__(self, kept_id: UUID, merged_id: UUID) -> None:
        self.kept_id = kept_id
        self.merged_id = merged_id
        self.moved: Moved = {}

    async def change(
        self, model: type[Model], ids: Collection[UUID], column: str, became: str
    ) -> None:
        """Set a column of codes in rows, remembering what it was."""
        name = table(model)
        before = await fetch(
            f"SELECT id::text AS id, {column}::text AS was FROM {name}"  # noqa: S608 - of a model
            f" WHERE id = ANY($1::uuid[]) AND {column} <> $2 ORDER BY id FOR UPDATE",
            list(ids),
            became,
        )
        for row in before:
            self.moved.setdefault(f"{name}.{column} {row['was']}>{became}", []).append(row["id"])
        await fetch(
            f"UPDATE {name} SET {column} = $2 WHERE id = ANY($1::uuid[]) RETURNING 1",  # noqa: S608
            [row["id"] for row in before],
            became,
        )

    async def hand_over(self) -> None:
        """Give the kept account what belongs to the merged one."""
        for settled in _settlements:
            await settled(self)
        for belonging in belongings():
            if not belonging.why:
                ids = await self._hand_over(belonging)
                if ids:
                    self.moved[belonging.name] = ids

    async def _hand_over(self, belonging: Belonging) -> list[str]:
        name, column = table(belonging.model), belonging.column
        clashes = "".join(_clashes(belonging))
        rows = await fetch(
            f"UPDATE {name} SET {column} = $1 WHERE {column} = $2{clashes}"  # noqa: S608
            " RETURNING id::text AS id",
            self.kept_id,
            self.merged_id,
        )
        return sorted(row["id"] for row in rows)


async def give_back(moved: Moved, *, kept_id: UUID, merged_id: UUID) -> int:
    """Give back what still is as the merge left it; answers how many rows were not.

    First the rows, then what was changed in them: a claim comes into force again in its own
    account only.
    """
    lost = 0
    known = {one.name: one for one in belongings()}
    for name, ids in moved.items():
        if name in known:
            column = known[name].column
            lost += len(ids) - await _set(known[name].model, column, ids, kept_id, merged_id)
    models = {table(one.model): one.model for one in known.values()}
    for name, ids in moved.items():
        change = _CHANGE.fullmatch(name)
        if change and change[1] in models and change[2] in columns(models[change[1]]):
            model = models[change[1]]
            lost += len(ids) - await _set(model, change[2], ids, change[4], change[3])
    return lost


async def _set(model: type[Model], column: str, ids: list[str], now: object, to: object) -> int:
    """Set a column in the rows that have the value ``now``; rows that can't are left."""
    try:
        async with in_transaction():
            rows = await fetch(
                f"UPDATE {table(model)} SET {column} = $3 WHERE id = ANY($1::uuid[])"  # noqa: S608
                f" AND {column} = $2 RETURNING 1",
                ids,
                now,
                to,
            )
            return len(rows)
    except IntegrityError:
        if len(ids) == 1:
            return 0  # somebody else has its place by now
    return sum([await _set(model, column, [one], now, to) for one in ids])


# Declarations

_belongings: dict[str, Belonging] = {}
_settlements: list[Callable[[Ledger], Awaitable[None]]] = []


def belongs(model: type[Model], *names: str) -> None:
    """Declare columns by which rows belong to an account and go with the person."""
    for column in names:
        _declare(Belonging(model, column))


def stays(model: type[Model], column: str, *, why: str) -> None:
    """Declare a column that names an account and is left as it is."""
    _declare(Belonging(model, column, why))


def settle(
    act: Callable[[Ledger], Awaitable[None]],
) -> Callable[[Ledger], Awaitable[None]]:
    """Declare what happens between the rows of the two accounts before they change hands."""
    _settlements.append(act)
    return act


def belongings() -> list[Belonging]:
    """Everything declared, lower packages first."""
    return list(_belongings.values())


def undeclared(models: Iterable[type[Model]]) -> list[str]:
    """The columns that name an account and are not declared, for a test that expects none."""
    return [
        name
        for model in models
        for column in columns(model)
        if _names_account(model, column) and (name := f"{table(model)}.{column}") not in _belongings
    ]


def table(model: type[Model]) -> str:
    """The table of a model."""
    name: str = _meta(model).db_table
    return name


def columns(model: type[Model]) -> set[str]:
    """The columns of a model's table."""
    return set(_meta(model).fields_db_projection.values())


def _declare(belonging: Belonging) -> None:
    if belonging.name in _belongings:
        raise ValueError(f"{belonging.name} is declared already")
    _belongings[belonging.name] = belonging


def _names_account(model: type[Model], column: str) -> bool:
    meta = _meta(model)
    for name in meta.fk_fields | meta.o2o_fields:
        if meta.fields_map[name].source_field == column or f"{name}_id" == column:
            return meta.fields_map[name].related_model is Account
    return _NAMES.fullmatch(column) is not None


def _clashes(belonging: Belonging) -> Iterator[str]:
    """Conditions that leave rows behind which the kept account has already."""
    meta = _meta(belonging.model)
    name, column = table(belonging.model), belonging.column
    sets: list[tuple[tuple[str, ...], str | None]]
    sets = [(tuple(group), None) for group in meta.unique_together]
    sets += [
        (tuple(one.fields), one.condition)
        for one in meta.constraints
        if isinstance(one, UniqueConstraint)
    ]
    for fields, condition in sets:
        named = [_column(meta, field) for field in fields]
        if column not in named:
            continue
        same = "".join(f" AND o.{one} = {name}.{one}" for one in named if one != column)
        # Innermost first: the condition inside is about the kept row, outside about the other.
        inside = f" AND ({condition})" if condition else ""
        outside = f"({condition}) AND " if condition else ""
        yield (
            f" AND NOT ({outside}EXISTS (SELECT 1 FROM {name} o"  # noqa: S608 - of a model
            f" WHERE o.{column} = $1{same}{inside}))"
        )


def _column(meta: Any, field: str) -> str:
    name = f"{field}_id" if field in meta.fk_fields else field
    column: str = meta.fields_db_projection[name]
    return column


def _meta(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001 - Tortoise gives no other way to a model's columns
