"""Every sealed value of the small town made unmistakable, and where it shows in an answer.

The people of the town share names and numbers. Here each sealed column of each row gets a value
that stands nowhere else, so that finding it in an answer says whose it is. Blind indexes stay as
they are: who is found by a number, and with that every right, is as before.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import orjson
from tortoise import Model, Tortoise

from citizen.models import Declaration
from core.crypto import EncryptedField, seal
from core.masking import mask_document, mask_name, mask_phone
from core.privacy_columns import meta_of
from identity.models import Account
from management.models import Person, Place, Residence
from tests import factories

RARE: Final = r"[\u3400-\u4dbf]"
"""CJK Extension A: no word of the program is written with these characters."""
_numbers = count()


@dataclass(frozen=True)
class Mark:
    """A marked value: where it is held, of whom, about which houses, and how it reads.

    ``accounts`` are those it is about, or whose words it is; ``told_by`` those who declared the
    person that it is about. ``houses`` are those that it hangs on; of a person, those they lived
    in, ``1 held`` where they were declared only and it is doubted.
    """

    column: str
    row: UUID
    accounts: frozenset[UUID]
    told_by: frozenset[UUID]
    houses: frozenset[str]
    clear: str
    masked: str | None

    def level_in(self, text: str) -> str:
        """``clear``, ``masked`` or nothing, as it stands in a text."""
        if self.clear in text:
            return "clear"
        return "masked" if self.masked and self.masked in text else ""


def _name(number: int) -> str:
    return "".join(chr(0x3400 + 3 * number + each) for each in range(3))


def _words(number: int) -> str:
    return f"标记{_name(number)}的话"


def _phone(number: int) -> str:
    return f"1370000{number:04d}"


def _born(number: int) -> str:
    return (date(1951, 1, 1) + timedelta(days=number)).isoformat()


_MAKERS: Final[dict[str, Callable[[int], str]]] = {
    "name": _name,
    "display_name": _name,
    "claimed_name": _name,
    "caller_name": _name,
    "contact_name": _name,
    "number": lambda _: factories.document_number(),
    "born": _born,
    "phone": _phone,
    "caller_phone": _phone,
    "contact_phone": _phone,
    "content": lambda number: orjson.dumps({"words": _words(number)}).decode(),
    "drawn": lambda number: base64.b64encode(_words(number).encode()).decode(),
}
_MASKS: Final[dict[Callable[[int], str], Callable[[str], str]]] = {
    _name: mask_name,
    _phone: mask_phone,
    _MAKERS["number"]: mask_document,
}
FILLED: Final = frozenset(
    {
        "declaration.on_behalf", "declaration.reason", "declaration.claimed_name",
        "declaration_step.words", "residence_objection.reason", "hazard_step.words",
        "task.words", "task.feedback", "task_step.words",
    }
)  # fmt: skip
"""Columns that are marked in rows in which the town has nothing, too."""
UNMARKED: Final = frozenset({"hazard_report.answers"})
"""Typed answers to questions: JSON of codes and numbers, in which nothing can stand out."""


def sealed_columns() -> Iterator[tuple[type[Model], str]]:
    """Every sealed column of every model."""
    for app in Tortoise.apps.values():
        for model in app.values():
            for name, field in meta_of(model).fields_map.items():
                if isinstance(field, EncryptedField):
                    yield model, name


async def mark_everything(houses: Mapping[UUID, str]) -> list[Mark]:
    """Mark every sealed value of the running transaction, and the names that accounts go by.

    ``houses``: place id → name.
    """
    return [
        await _mark(row, column, where, houses)
        for model, column in (*sealed_columns(), (Account, "display_name"))
        if (where := f"{meta_of(model).db_table}.{column}") not in UNMARKED
        for row in await model.all()
        if getattr(row, column) is not None or where in FILLED
    ]


async def _mark(row: Any, column: str, where: str, houses: Mapping[UUID, str]) -> Mark:
    make = _MAKERS.get(column, _words)
    mask = _MASKS.get(make)
    clear = make(next(_numbers))
    if isinstance(meta_of(type(row)).fields_map[column], EncryptedField):
        seal(row, column, clear)
    else:
        setattr(row, column, clear)
    await row.save(update_fields=[column])
    told_by: set[Any] = set()
    if isinstance(row, Person):
        declared = Declaration.filter(person_id=row.id, account_id__not_isnull=True)
        told_by.update(await declared.values_list("account_id", flat=True))
    return Mark(
        where, row.pk, frozenset(_accounts(row)), frozenset(told_by),
        frozenset(await _houses(row, houses)), clear, mask and mask(clear),
    )  # fmt: skip


def _accounts(row: Model) -> set[UUID]:
    if isinstance(row, Account):
        return {row.id}
    found = {getattr(row, name, None) for name in ("account_id", "seeker_id", "reporter_id")}
    return {one for one in found if one is not None}


async def _houses(row: Any, houses: Mapping[UUID, str]) -> set[str]:
    if isinstance(row, Place):
        return {houses[row.id]} if row.id in houses else set()
    if isinstance(row, Person):
        lived = await Residence.filter(person_id=row.id)
        declared = await Declaration.filter(person_id=row.id)
        known = {houses[one.place_id] for one in lived if one.place_id in houses}
        return known or {f"{houses[one.place_id]} held" for one in declared}
    meta = meta_of(type(row))
    if "place_id" in meta.fields_db_projection:
        return {houses[row.place_id]} if row.place_id in houses else set()
    found: set[str] = set()
    for name in sorted(meta.fk_fields | meta.o2o_fields):
        if getattr(row, f"{name}_id") is not None:
            found |= await _houses(await getattr(row, name), houses)
    return found
