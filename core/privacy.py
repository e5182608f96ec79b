"""The register of personal data: which tables say something about a person, why, and how long.

Each package declares a :class:`Holding` for every column of its models by which a row belongs to
a person; what a person asks of the service (see, copy, correct, erase: PIPL articles 44 to 47)
and what the service owes unasked (article 19: no longer than needed) is then done from the
declarations, without a list anywhere else.

A *kind* is the sort of subject that ids stand for, such as ``account``. The table of the subjects
themselves is the holding whose ``subject`` is ``id``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from tortoise import Model
from tortoise.exceptions import ValidationError
from tortoise.expressions import Q
from tortoise.fields import DateField, DatetimeField
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core.clock import now
from core.crypto import BlindIndexField, EncryptedField, reveal
from core.errors import InvalidInput, NotFound

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
    ``room__landlord_id``). ``export`` lists the fields that a copy shows, sealed ones opened.
    ``correct`` lists the fields that the person may set; sealed ones need a function, which takes
    the row and the changes. ``erase`` deletes rows, keeps them, or maps each field to what
    replaces it; functions for ``export`` and ``erase`` take a query of the rows in question.
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

    @property
    def name(self) -> str:
        """``table.subject``, which is unique."""
        return f"{_meta(self.model).db_table}.{self.subject}"

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
        return _q(f"{self.retention.since}__lt", at - self.retention.period)


@dataclass(frozen=True)
class Exported:
    """What a holding says about a subject, as values that JSON knows."""

    holding: Holding
    rows: list[Row]


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

    async def export(self, kind: str, subject_id: UUID) -> list[Exported]:
        """A copy of everything that is held about a subject."""
        return [
            Exported(holding, await _export(holding, holding.rows(subject_id)))
            for holding in self.holdings(kind)
        ]

    async def erase(self, kind: str, subject_id: UUID) -> list[Erased]:
        """Erase what may be erased, in the running transaction, and say what stays and why.

        Goes through the holdings from the last registered to the first, so that rows go before
        those they refer to.
        """
        return [
            await _erase_subject(holding, subject_id) for holding in reversed(self.holdings(kind))
        ]

    async def correct(
        self, name: str, subject_id: UUID, row_id: object, changes: Mapping[str, Any]
    ) -> None:
        """Set fields of one row that belongs to the subject.

        Raises:
            NotFound: no such holding, or no such row of this subject.
            InvalidInput: a field that may not be set, or a value that it can't take.
        """
        holding = self._holdings.get(name)
        row = await holding.rows(subject_id).get_or_none(pk=row_id) if holding else None
        if holding is None or row is None:
            raise NotFound
        if callable(holding.correct):
            await holding.correct(row, changes)
            return
        for field, value in changes.items():
            if field not in holding.correct:
                raise InvalidInput(field=field, reason="NOT_CORRECTABLE")
            _set(row, field, value)
        await row.save(update_fields=list(changes))

    async def enforce_retention(self) -> dict[str, int]:
        """Erase every row whose time is over; how many, by holding. For a daily job.

        Works in short transactions and may be interrupted. Rows that are blanked already are left
        alone; a function in ``erase`` sees rows again that it does not delete.
        """
        return {holding.name: await _erase_expired(holding) for holding in self.holdings()}

    def problems(self, models: Iterable[type[Model]]) -> list[str]:
        """What is undeclared or wrongly declared, for a test that expects nothing.

        Every foreign key to a table of subjects, every column named ``<kind>_id`` and every model
        with a sealed column needs its holding. Tortoise must be initialised.
        """
        subjects = {h.model: h.kind for h in self.holdings() if h.subject in {"id", "pk"}}
        found = []
        for model in models:
            table = _meta(model).db_table
            declared = {h.subject for h in self.holdings() if h.model is model}
            if not declared and _sealed_fields(model):
                found.append(f"{table} has sealed columns and no holding")
            found += [
                f"{table}.{column} refers to a person and no holding says so"
                for column in _references(model, subjects)
                if not {column, column.removesuffix("_id")} & declared
            ]
        for holding in self.holdings():
            found += [f"{holding.name}: {problem}" for problem in _wrong(holding)]
        return found


registry = Registry()
"""The registry of this program."""

register = registry.register
holdings = registry.holdings


def _meta(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001 - Tortoise gives no other way to a model's columns


def _sealed_fields(model: type[Model]) -> set[str]:
    return {
        name
        for name, field in _meta(model).fields_map.items()
        if isinstance(field, EncryptedField | BlindIndexField)
    }


def _references(model: type[Model], subjects: Mapping[type[Model], str]) -> Iterator[str]:
    """The columns by which a model's rows belong to subjects, except for its own id."""
    meta = _meta(model)
    for name in sorted(meta.fk_fields | meta.o2o_fields | meta.m2m_fields):
        if meta.fields_map[name].related_model in subjects:
            yield name if name in meta.m2m_fields else f"{name}_id"
    if subjects:
        ends = re.compile(rf"(?:.*_)?(?:{'|'.join(sorted(set(subjects.values())))})_id")
        for name in meta.fields_db_projection:
            if ends.fullmatch(name) and meta.fields_map[name].reference is None:
                yield name


def _wrong(holding: Holding) -> Iterator[str]:
    """What a holding declares that its model can't keep."""
    fields = _meta(holding.model).fields_map
    sealed = _sealed_fields(holding.model)
    blanks = holding.erase if isinstance(holding.erase, Mapping) else {}
    export = () if callable(holding.export) else holding.export
    correct = () if callable(holding.correct) else holding.correct
    for name in {*export, *correct, *blanks} - set(_meta(holding.model).fields_db_projection):
        yield f"the model has no column {name}"
    for name in sorted({_meta(holding.model).pk_attr, *sealed} & set(correct)):
        yield f"{name} can be corrected by a function only"
    for name in sorted(name for name, value in blanks.items() if value is None and name in fields):
        if not fields[name].null:
            yield f"{name} can't be NULL"
    if blanks:
        for name in sorted(sealed - set(blanks)):
            yield f"erasing leaves the sealed column {name}"
    if holding.retention.period is not None:
        since = fields.get(holding.retention.since)
        if not isinstance(since, DateField | DatetimeField):
            yield f"retention counts from {holding.retention.since}, which is no date"


async def _export(holding: Holding, rows: QuerySet[Any]) -> list[Row]:
    if callable(holding.export):
        return await holding.export(rows)
    fields = _meta(holding.model).fields_map
    return [
        {
            name: reveal(row, name)
            if isinstance(fields[name], EncryptedField)
            else _plain(getattr(row, name))
            for name in holding.export
        }
        for row in await rows.order_by(_meta(holding.model).pk_attr)
    ]


def _plain(value: Any) -> Any:
    """A column's value as JSON knows it; sums of money stay exact as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} can't be exported; export it by a function")


def _set(row: Model, name: str, value: Any) -> None:
    field = _meta(type(row)).fields_map[name]
    try:
        python_value = field.to_python_value(value)
        field.validate(python_value)
    except (ValueError, TypeError, ArithmeticError, ValidationError):
        raise InvalidInput(field=name) from None
    setattr(row, name, python_value)


async def _ids(rows: QuerySet[Any]) -> list[Any]:
    # Only filters know "pk"; orders and values want the name.
    return list(await rows.values_list(_meta(rows.model).pk_attr, flat=True))


async def _apply(holding: Holding, ids: Sequence[Any]) -> None:
    # By id, because neither a DELETE nor an UPDATE can follow a look-up to another table.
    rows = holding.model.filter(pk__in=ids)
    if callable(holding.erase):
        await holding.erase(rows)
    elif isinstance(holding.erase, Mapping):
        await rows.update(**holding.erase)
    elif holding.erase == "delete":
        await rows.delete()


async def _erase_subject(holding: Holding, subject_id: UUID) -> Erased:
    rows = holding.rows(subject_id)
    allowed = holding.erasable(now())
    ids = [] if allowed is None else await _ids(rows.filter(allowed))
    if ids:
        await _apply(holding, ids)
    gone = set(ids)
    retention = holding.retention
    # Counted by id, because blanked rows may no longer belong to the subject, or still do.
    kept = [row_id for row_id in await _ids(rows) if row_id not in gone]
    if not kept:
        return Erased(holding, len(ids), 0)
    until = None
    if retention.period is not None and holding.erase != "keep":
        begun = await holding.model.filter(pk__in=kept).values_list(retention.since, flat=True)
        # One row that has not begun to age makes the end unknown.
        if all(begun):
            until = max(_moment(value) for value in begun) + retention.period
    return Erased(holding, len(ids), len(kept), retention.rule, until)


def _q(look_up: str, value: Any) -> Q:
    return Q(**{look_up: value})


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(), now().tzinfo)


async def _erase_expired(holding: Holding) -> int:
    expired = holding.expired(now())
    if expired is None:
        return 0
    rows = holding.model.filter(expired & _unblanked(holding))
    rows = rows.order_by(_meta(holding.model).pk_attr).limit(_BATCH)
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
            _q(f"{name}__isnull", False) if value is None else _q(f"{name}__not", value)
            for name, value in holding.erase.items()
        ),
        join_type=Q.OR,
    )
