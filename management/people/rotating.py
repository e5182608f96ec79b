"""What the blind indexes of management are made of, for the rotation of keys."""

from __future__ import annotations

from core.key_rotation import Opened, indexed_by
from management.people.persons import phone_digits


def _document(row: Opened) -> str | None:
    number = row.get("number")
    return None if number is None else f"{row['document_kind']}:{number}"


def _phone(row: Opened) -> str | None:
    phone = row.get("phone")
    return None if phone is None else phone_digits(phone)


indexed_by("person", "number_index", ("number", "document_kind"), _document)
indexed_by("person", "phone_index", ("phone",), _phone)
indexed_by("hazard_report", "caller_index", ("caller_phone",), lambda row: row.get("caller_phone"))
