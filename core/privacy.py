"""The register of personal data: which tables say something about a person, why, and how long.

Each package declares a :class:`Holding` for every column of its models by which a row belongs to
a person; what a person asks of the service (see, copy, correct, erase: PIPL articles 44 to 47)
and what the service owes unasked (article 19: no longer than needed) is then done from the
declarations, without a list anywhere else.

A *kind* is the sort of subject that ids stand for, such as ``account``. The table of the subjects
themselves is the holding whose ``subject`` is ``id``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from tortoise import Model
from tortoise.exceptions import ValidationError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core.clock import now
from core.errors import InvalidInput, NotFound
from core.privacy_columns import copies, meta_of, references, sealed_fields, wrong

_BATCH: Final = 500

Row: TypeAlias = dict[str, Any]
Export: TypeAlias = Callable[[QuerySet[Any]], Awaitable[list[Row]]]
Correct: TypeAlias = Callable[[Any, Mapping[str, Any]], Awaitable[None]]
Erase: TypeAlias = Callable[[QuerySet[Any]], Awaitable[object]]


class Basis(StrEnum):
    """Why the data may be processed (PIPL article 13)."""

    STATUTORY_DUTY = "STATUTORY_DUTY"
    CONTRACT = "CONTRACT"
    CONSENT = "CONSENT"


@dataclass(frozen=True)
class Words:
    """Words for people, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Retention:
    """How long rows are kept, counted from the date in the field ``since``, and by which rule.

    A row whose ``since`` is still empty has not begun to age. ``period=None`` sets no term: a
    statutory duty then keeps rows for good, anything else until the person asks.
    """

    rule: Words
    period: timedelta | None = None
    since: str = "created_at"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one model holds about one kind of subject through one column.

    ``subject`` is the look-up from a row to the subject's id (``id``, ``person_id``,
    ``room__landlord_id``). ``export`` lists the fields that a copy shows, sealed ones opened, and
    look-ups (``room__number``, told as ``room_number``). ``correct`` lists the fields that the
    person may set; sealed ones need a function, which takes the row and the changes. ``erase``
    deletes rows, keeps them, or maps each field to what replaces it; functions for ``export`` and
    ``erase`` take a query of the rows in question. ``needed``: the subject can't go on without
    it, so that it goes only with everything else.
    """

    model: type[Model]
    kind: str
    subject: str
    title: Words
    basis: Basis
    retention: Retention
    export: Sequence[str] | Export
    erase: Literal["delete", "keep"] | Mapping[str, Any] | Erase
    correct: Sequence[str] | Correct = ()
    needed: bool = False

    @property
    def name(self) -> str:
        """``table.subject``, which is unique."""
        return f"{meta_of(self.model).db_table}.{self.subject}"

    def rows(self, subject_id: UUID) -> QuerySet[Any]:
        """The rows that belong to a subject."""
        return self.model.filter(**{self.subject: subject_id})

    def erasable(self, at: datetime) -> Q | None:
        """Which rows may go at the wish of their subject; ``None``: none of them."""
        if self.erase == "keep":
            return None
        if self.basis is Basis.CONSENT:
            return Q()
        if self.retention.period is None:
            return None if self.basis is Basis.STATUTORY_DUTY else Q()
        return self.expired(at)

    def expired(self, at: datetime) -> Q | None:
        """Which rows have to go unasked; ``None``: none of them ever."""
        if self.erase == "keep" or self.retention.period is None:
            return None
        return condition(f"{self.retention.since}__lt", at - self.retention.period)

    async def until(self, ids: Sequence[Any]) -> datetime | None:
        """When the last of these rows has to go; ``None`` when nobody can say."""
        if self.retention.period is None or self.erase == "keep":
            return None
        begun = await self.model.filter(pk__in=ids).values_list(self.retention.since, flat=True)
        # One row that has not begun to age makes the end unknown.
        return max(map(_moment, begun)) + self.retention.period if all(begun) else None


@dataclass(frozen=True)
class Exported:
    """What a holding says about a subject, as values that JSON knows.

    ``ids`` are those of the rows, where they were not made by a function; ``total`` is how many
    there are when only some were asked for.
    """

    holding: Holding
    rows: list[Row]
    total: int
    ids: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Erased:
    """What became of a holding's rows; ``why`` and ``until`` speak of those that stay."""

    holding: Holding
    erased: int
    kept: int
    why: Words | None = None
    until: datetime | None = None


class Registry:
    """The holdings of a program."""

    def __init__(self) -> None:
        self._holdings: dict[str, Holding] = {}

    def register(self, *holdings: Holding) -> None:
        """Declare holdings; lower layers first, as packages are imported.

        Raises:
            ValueError: this column of this model is declared already.
        """
        for holding in holdings:
            if holding.name in self._holdings:
                raise ValueError(f"{holding.name} is registered already")
            self._holdings[holding.name] = holding

    def holdings(self, kind: str | None = None) -> list[Holding]:
        """All holdings, or those about one kind of subject, in the order of registration."""
        return [h for h in self._holdings.values() if kind in {None, h.kind}]

    async def export(
        self, kind: str, subject_id: UUID, *, most: int | None = None
    ) -> list[Exported]:
        """A copy of everything that is held about a subject; of each the newest ``most`` rows."""
        return [
            await _export(holding, holding.rows(subject_id), most)
            for holding in self.holdings(kind)
        ]

    async def erase(
        self,
        kind: str,
        subject_id: UUID,
        *,
        only: Collection[str] | None = None,
        spare_needed: bool = False,
    ) -> list[Erased]:
        """Erase what may be erased, in the running transaction, and say what stays and why.

        Goes through the holdings from the last registered to the first, so that rows go before
        those they refer to. ``only`` names the holdings that are meant; with ``spare_needed`` what
        the subject needs to go on stays.
        """
        meant = [one for one in reversed(self.holdings(kind)) if only is None or one.name in only]
        return [
            await _erase_subject(holding, subject_id, spared=spare_needed and holding.needed)
            for holding in meant
        ]

    async def correct(
        self, name: str, subject_id: UUID, row_id: object, changes: Mapping[str, Any]
    ) -> None:
        """Set fields of one row that belongs to the subject, and is locked for it.

        Raises:
            NotFound: no such holding, or no such row of this subject.
            InvalidInput: a field that may not be set, or a value that it can't take.
        """
        holding = self._holdings.get(name)
        row = None
        if holding is not None:
            own = holding.rows(subject_id).filter(pk=row_id)
            row = await own.select_for_update().first()
        if holding is None or row is None:
            raise NotFound
        if callable(holding.correct):
            await holding.correct(row, changes)
            return
        for column, value in changes.items():
            if column not in holding.correct:
                raise InvalidInput(field=column, reason="NOT_CORRECTABLE")
            _set(row, column, value)
        await row.save(update_fields=list(changes))

    async def enforce_retention(self) -> dict[str, int]:
        """Erase every row whose time is over; how many, by holding. For a daily job.

        Works in short transactions and may be interrupted. Rows that are blanked already are left
        alone; a function in ``erase`` sees rows again that it does not delete. Goes from the last
        registered to the first, as :meth:`erase`.
        """
        return {
            holding.name: await _erase_expired(holding) for holding in reversed(self.holdings())
        }

    def problems(self, models: Iterable[type[Model]]) -> list[str]:
        """What is undeclared or wrongly declared, for a test that expects nothing.

        Every foreign key to a table of subjects, every column named ``<kind>_id`` and every model
        with a sealed column needs its holding. Tortoise must be initialised.
        """
        subjects = {h.model: h.kind for h in self.holdings() if h.subject in {"id", "pk"}}
        found = []
        for model in models:
            table = meta_of(model).db_table
            declared = {h.subject for h in self.holdings() if h.model is model}
            if not declared and sealed_fields(model):
                found.append(f"{table} has sealed columns and no holding")
            found += [
                f"{table}.{column} refers to a person and no holding says so"
                for column in references(model, subjects)
                if not {column, column.removesuffix("_id")} & declared
            ]
        for holding in self.holdings():
            found += [f"{holding.name}: {problem}" for problem in wrong(holding)]
        return found


registry = Registry()
"""The registry of this program."""

register = registry.register
holdings = registry.holdings


def _set(row: Model, name: str, value: Any) -> None:
    field = meta_of(type(row)).fields_map[name]
    try:
        python_value = field.to_python_value(value)
        field.validate(python_value)
    except (ValueError, TypeError, ArithmeticError, ValidationError):
        raise InvalidInput(field=name) from None
    setattr(row, name, python_value)


async def _ids(rows: QuerySet[Any]) -> list[Any]:
    # Only filters know "pk"; orders and values want the name.
    return list(await rows.values_list(meta_of(rows.model).pk_attr, flat=True))


async def _apply(holding: Holding, ids: Sequence[Any]) -> None:
    # By id, because neither a DELETE nor an UPDATE can follow a look-up to another table.
    rows = holding.model.filter(pk__in=ids)
    if callable(holding.erase):
        await holding.erase(rows)
    elif isinstance(holding.erase, Mapping):
        await rows.update(**holding.erase)
    elif holding.erase == "delete":
        await rows.delete()


async def _export(holding: Holding, rows: QuerySet[Any], most: int | None) -> Exported:
    name = meta_of(holding.model).pk_attr
    if most is None:
        chosen, total = rows.order_by(name), None
    else:
        chosen, total = rows.order_by(f"-{name}").limit(most), await rows.count()
    if callable(holding.export):
        told = await holding.export(chosen)
        return Exported(holding, told, len(told) if total is None else total)
    ids, told = await copies(chosen, holding.export)
    return Exported(holding, told, len(told) if total is None else total, ids)


async def _erase_subject(holding: Holding, subject_id: UUID, *, spared: bool) -> Erased:
    rows = holding.rows(subject_id)
    allowed = None if spared else holding.erasable(now())
    ids = [] if allowed is None else await _ids(rows.filter(allowed))
    if ids:
        await _apply(holding, ids)
    gone = set(ids)
    # Counted by id, because blanked rows may no longer belong to the subject, or still do.
    kept = [row_id for row_id in await _ids(rows) if row_id not in gone]
    if not kept:
        return Erased(holding, len(ids), 0)
    return Erased(holding, len(ids), len(kept), holding.retention.rule, await holding.until(kept))


def condition(look_up: str, value: Any) -> Q:
    """The condition of a look-up that is known by its name only."""
    return Q(**{look_up: value})


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(), now().tzinfo)


async def _erase_expired(holding: Holding) -> int:
    expired = holding.expired(now())
    if expired is None:
        return 0
    rows = holding.model.filter(expired & _unblanked(holding))
    rows = rows.order_by(meta_of(holding.model).pk_attr).limit(_BATCH)
    erased, last = 0, None
    while True:
        async with in_transaction("default"):
            ids = await _ids(rows if last is None else rows.filter(pk__gt=last))
            if not ids:
                return erased
            await _apply(holding, ids)
        erased, last = erased + len(ids), ids[-1]


def _unblanked(holding: Holding) -> Q:
    """Rows that still hold something of what erasing replaces."""
    if not isinstance(holding.erase, Mapping):
        return Q()
    return Q(
        *(
            condition(f"{name}__isnull", False)
            if value is None
            else condition(f"{name}__not", value)
            for name, value in holding.erase.items()
        ),
        join_type=Q.OR,
    )
