"""Relay global ids: the type's name and the row's UUID, opaque to clients."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from uuid import UUID

from core.errors import InvalidInput, NotFound
from core.ids import global_id

__all__ = ["global_id", "optional_row_id", "parse_id", "row_id", "row_ids"]


def parse_id(text: str, *, field: str = "id") -> tuple[str, UUID]:
    """Type name and row id.

    Raises:
        InvalidInput: not a global id.
    """
    try:
        name, colon, raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).partition(b":")
        if not colon or global_id(name.decode("ascii"), UUID(bytes=raw)) != text:
            raise ValueError
        return name.decode("ascii"), UUID(bytes=raw)
    except (ValueError, binascii.Error):
        raise InvalidInput(
            field=field, reason="ID", zh="编号格式不正确", en="Not an id of this API"
        ) from None


def row_id(text: str, type_name: str, *, field: str) -> UUID:
    """The row id in a global id of a known type.

    Raises:
        InvalidInput: not a global id.
        NotFound: the id of another type: for the caller there is no such thing.
    """
    name, found = parse_id(text, field=field)
    if name != type_name:
        raise NotFound(field=field)
    return found


def optional_row_id(text: str | None, type_name: str, *, field: str) -> UUID | None:
    """As :func:`row_id`, for an id that may be left out."""
    return None if text is None else row_id(text, type_name, field=field)


def row_ids(texts: Iterable[str], type_name: str, *, field: str) -> list[UUID]:
    """As :func:`row_id`, for several."""
    return [row_id(text, type_name, field=field) for text in texts]
