"""What declared holdings need to know of their models: columns, look-ups, copies of rows.

A look-up leads over references to a column of another table: ``room__number``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from tortoise import Model
from tortoise.fields import DateField, DatetimeField, Field
from tortoise.queryset import QuerySet

from core.crypto import BlindIndexField, EncryptedField, reveal

if TYPE_CHECKING:
    from core.privacy import Holding

_LOOK_UP: Final = "__"


def meta_of(model: type[Model]) -> Any:
    """What Tortoise knows of a model."""
    return model._meta  # noqa: SLF001 - Tortoise gives no other way to a model's columns


def field_at(model: type[Model], path: str) -> Field[Any] | None:
    """The field that a column or look-up leads to; ``None`` when it leads nowhere."""
    *references, last = path.split(_LOOK_UP)
    for name in references:
        found = meta_of(model).fields_map.get(name)
        if found is None or not hasattr(found, "related_model"):
            return None
        model = found.related_model
    if last not in meta_of(model).fields_db_projection:
        return None
    field: Field[Any] = meta_of(model).fields_map[last]
    return field


async def copies(
    rows: QuerySet[Any], names: Sequence[str]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """Ids of rows and what columns and look-ups say of them, sealed columns opened."""
    meta = meta_of(rows.model)
    found = await rows
    beyond = [name for name in names if _LOOK_UP in name]
    elsewhere: dict[Any, dict[str, Any]] = {}
    if found and beyond:
        wanted = rows.model.filter(pk__in=[row.pk for row in found])
        for values in await wanted.values(meta.pk_attr, *beyond):
            elsewhere[values[meta.pk_attr]] = values
    told = [
        {
            name.replace(_LOOK_UP, "_"): plain(
                elsewhere[row.pk][name] if _LOOK_UP in name else _value(row, name)
            )
            for name in names
        }
        for row in found
    ]
    return [row.pk for row in found], told


def _value(row: Model, name: str) -> Any:
    sealed = isinstance(meta_of(type(row)).fields_map[name], EncryptedField)
    return reveal(row, name) if sealed else getattr(row, name)


def plain(value: Any) -> Any:
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
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} can't be exported; export it by a function")


def sealed_fields(model: type[Model]) -> set[str]:
    """The columns of a model that are sealed, or find what is sealed."""
    return {
        name
        for name, field in meta_of(model).fields_map.items()
        if isinstance(field, EncryptedField | BlindIndexField)
    }


def references(model: type[Model], subjects: Mapping[type[Model], str]) -> Iterator[str]:
    """The columns by which a model's rows belong to subjects, except for its own id."""
    meta = meta_of(model)
    for name in sorted(meta.fk_fields | meta.o2o_fields | meta.m2m_fields):
        if meta.fields_map[name].related_model in subjects:
            yield name if name in meta.m2m_fields else f"{name}_id"
    if subjects:
        ends = re.compile(rf"(?:.*_)?(?:{'|'.join(sorted(set(subjects.values())))})_id")
        for name in meta.fields_db_projection:
            if ends.fullmatch(name) and meta.fields_map[name].reference is None:
                yield name


def wrong(holding: Holding) -> Iterator[str]:
    """What a holding declares that its model can't keep."""
    yield from _absent(holding)
    fields = meta_of(holding.model).fields_map
    sealed = sealed_fields(holding.model)
    blanks = holding.erase if isinstance(holding.erase, Mapping) else {}
    correct = () if callable(holding.correct) else holding.correct
    for name in sorted({meta_of(holding.model).pk_attr, *sealed} & set(correct)):
        yield f"{name} can be corrected by a function only"
    for name in sorted(name for name, value in blanks.items() if value is None and name in fields):
        if not fields[name].null:
            yield f"{name} can't be NULL"
    if blanks:
        for name in sorted(sealed - set(blanks)):
            yield f"erasing leaves the sealed column {name}"
    if holding.retention.period is not None:
        since = field_at(holding.model, holding.retention.since)
        if not isinstance(since, DateField | DatetimeField):
            yield f"retention counts from {holding.retention.since}, which is no date"


def _absent(holding: Holding) -> Iterator[str]:
    """Columns and look-ups that lead nowhere, or to what only its own row can open."""
    blanks = holding.erase if isinstance(holding.erase, Mapping) else {}
    export = () if callable(holding.export) else holding.export
    correct = () if callable(holding.correct) else holding.correct
    own = {*correct, *blanks} - set(meta_of(holding.model).fields_db_projection)
    for name in sorted(own | {one for one in export if field_at(holding.model, one) is None}):
        yield f"the model has no column {name}"
    for name in (name for name in export if _LOOK_UP in name):
        if isinstance(field_at(holding.model, name), EncryptedField):
            yield f"{name} is sealed in another table; export it by a function"
