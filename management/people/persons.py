"""Persons: each once by document, found or added, shown masked, bound to accounts."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.crypto import reveal, ring, seal
from core.database import fetch
from core.errors import Conflict, InvalidInput
from core.masking import mask_document, mask_name, mask_phone
from core.settings import settings
from core.text import clean
from core.work import current, unless_taken
from identity.actor import Actor, ActorKind
from identity.models import Account
from management.models import Person
from management.people.documents import Document

SEALED: Final = ("number", "name", "born", "phone")
"""Columns of a person that are sealed."""

PERSON_COLUMNS: Final = ("id", *SEALED)
"""What :func:`shown` reads."""

_TABLE: Final = "person"
_BETWEEN_NAMES: Final = frozenset(" ·•・‧∙-'’.")
_HIDDEN_DAY: Final = "-**-**"
_WITH_COUNTRY: Final = 13


@dataclass(frozen=True, slots=True)
class Known:
    """Who a document belongs to. ``same_name``: whether the name is the one on record."""

    person: Person
    new: bool
    same_name: bool


def read_name(value: str, *, field: str = "input.name") -> str:
    """A person's name as on the document, cleaned.

    Raises:
        InvalidInput: too short, longer than 60 characters, or with digits in it.
    """
    name = clean(value, field=field, longest=60, shortest=2)
    if any(unicodedata.category(character).startswith("N") for character in name):
        raise InvalidInput(
            field=field,
            reason="NAME_DIGITS",
            zh="姓名中不能有数字，请按证件填写",
            en="A name has no digits; write it as on the document",
        )
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: width, case, spaces and dots don't matter."""
    return _plain(one) == _plain(other)


async def find_or_add(document: Document, *, name: str, phone: str | None = None) -> Known:
    """The person of a document, added when unknown; in a running unit of work.

    The person's row stays locked. Who is known stays as they are; ``same_name`` says whether by
    this name. ``name`` as :func:`read_name` answers it, ``phone``, kept of those who are new only,
    as :func:`core.text.phone_number` does.
    """
    current()
    await fetch("SELECT pg_advisory_xact_lock($1) IS NULL AS locked", lock_key(document))
    indexes = indexes_of(document)
    person = await Person.filter(number_index__in=indexes).select_for_update().first()
    if person is None:
        return Known(await _add(document, indexes[0], name, phone), new=True, same_name=True)
    same = same_name(reveal(person, "name") or "", name)
    return Known(person, new=False, same_name=same)


async def note_phone(known: Known, phone: str) -> None:
    """Who is known by their name and without a phone gets it; the person is locked.

    Only of a phone that staff were given before them: it leads an account to the person.
    """
    person = known.person
    if known.same_name and person.phone is None:
        _set_phone(person, phone)
        await person.save(update_fields=["phone", "phone_index", "updated_at"])


async def find(document: Document) -> Person | None:
    """The person of a document, if known; nothing is locked or added."""
    return await Person.filter(number_index__in=indexes_of(document)).first()


async def bind_account(person: Person, account_id: UUID) -> None:
    """Note that an account is this person's own; the person is locked, as after `find_or_add`.

    Whose phone is on record is bound by that phone only: who merely knows name and number of
    somebody must not come to see where they live. Whose phone is not on record gets the account's;
    that something else leads to the account is for the caller to know.

    Raises:
        Conflict: ``PERSON_TAKEN``, the person signs in with another account or phone;
            ``ACCOUNT_TAKEN``, the account is somebody else's.
    """
    if person.account_id == account_id:
        return
    if person.account_id is not None or not await _may_be(person, account_id):
        raise _person_taken()
    if await Person.exists(account_id=account_id):
        raise _account_taken()
    async with unless_taken(_account_taken()):  # by another document, meanwhile
        await Person.filter(id=person.id).update(account_id=account_id)
    person.account_id = account_id
    phone = reveal(await Account.get(id=account_id), "phone")
    if phone is not None:
        await note_phone(Known(person, new=False, same_name=True), phone)


async def own_person(actor: Actor) -> Person | None:
    """The person behind the account that acts; None while nobody is known."""
    if actor.kind is not ActorKind.ACCOUNT:
        return None
    return await Person.filter(account_id=actor.id).first()


def phone_indexes(number: str) -> list[str]:
    """The blind indexes by which persons with a phone are found; the active key's first."""
    return ring().indexes(phone_digits(number), table=_TABLE, column="phone_index")


def shown(
    row: Person | Mapping[str, Any], *, clear: bool, prefix: str = ""
) -> dict[str, str | None]:
    """Name, number, phone and day of birth of a person: masked, or as they are.

    ``row`` is a person, or a row with :data:`PERSON_COLUMNS`, each after ``prefix``
    (``person__``). Columns that were not read, and those of an erased person, are None.
    """
    answer: dict[str, str | None] = {}
    for column in SEALED:
        plain = _open_column(row, column, prefix)
        answer[column] = plain if clear or plain is None else _MASKS[column](plain)
    return answer


def _open_column(row: Person | Mapping[str, Any], column: str, prefix: str) -> str | None:
    if isinstance(row, Person):
        return reveal(row, column)
    sealed, key = row.get(prefix + column), row.get(f"{prefix}id")
    if sealed is None:
        return None
    return ring().decrypt(sealed, table=_TABLE, column=column, row=key)


def _mask_born(born: str) -> str:
    return born[:4] + _HIDDEN_DAY


_MASKS: Final = {
    "name": mask_name,
    "number": mask_document,
    "phone": mask_phone,
    "born": _mask_born,
}


def indexes_of(document: Document) -> list[str]:
    """The blind indexes by which the person of a document is found; the active key's first."""
    return ring().indexes(_spelling(document), table=_TABLE, column="number_index")


def new_person(document: Document, index: str, name: str, phone: str | None) -> Person:
    """Somebody who was not known, not saved yet; ``index`` is the first of :func:`indexes_of`."""
    person = Person(document_kind=document.kind, number_index=index)
    seal(person, "number", document.number)
    seal(person, "name", name)
    seal(person, "born", document.born.isoformat() if document.born else None)
    if phone is not None:
        _set_phone(person, phone)
    return person


async def _add(document: Document, index: str, name: str, phone: str | None) -> Person:
    person = new_person(document, index, name, phone)
    await person.save(force_create=True)
    return person


def _set_phone(person: Person, phone: str) -> None:
    seal(person, "phone", phone)
    person.phone_index = phone_indexes(phone)[0]


async def _may_be(person: Person, account_id: UUID) -> bool:
    """Whether nothing on record speaks against the account being the person's."""
    return person.phone is None or await holds_phone(account_id, person)


async def holds_phone(account_id: UUID, person: Person) -> bool:
    """Whether the phone on record of a person is that of an account."""
    account = await Account.get(id=account_id)
    own, known = reveal(account, "phone"), reveal(person, "phone")
    return own is not None and known is not None and phone_digits(own) == phone_digits(known)


def phone_digits(phone: str) -> str:
    """A phone number in one spelling: digits, a mainland mobile number without its 86."""
    digits = "".join(character for character in phone if character.isdigit())
    return digits[2:] if len(digits) == _WITH_COUNTRY and digits.startswith("861") else digits


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in text if c not in _BETWEEN_NAMES and not c.isspace())


def _spelling(document: Document) -> str:
    return f"{document.kind.value}:{document.number}"


def lock_key(document: Document) -> int:
    """What is locked while the person of a document is looked for."""
    # Keyed and shortened, so that the table of locks says nothing about anybody; the same under
    # every ring, so that a change of index keys adds nobody twice.
    key = settings().derived_key("locks of persons")
    return int.from_bytes(
        hmac.digest(key, _spelling(document).encode(), hashlib.sha256)[:8], signed=True
    )


def _person_taken() -> Conflict:
    return Conflict(
        reason="PERSON_TAKEN",
        zh="这份证件已由另一个账号或手机号使用，请到服务台核对",
        en="This document belongs to another account or phone; ask at the service desk",
    )


def _account_taken() -> Conflict:
    return Conflict(
        reason="ACCOUNT_TAKEN",
        zh="您的账号已登记为另一个人",
        en="Your account is registered as somebody else",
    )
