"""Reading what clients send: JSON, query strings and the parameters of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from api.graphql.documents import TrustedDocuments
from core.errors import InvalidInput

_PARAMETERS = {"query", "variables", "operationName", "extensions", "documentId"}
_MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Parameters:
    """One operation that a client asks for."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


def decode_json(data: bytes | str) -> Any:
    """Parse JSON in strict UTF-8 without NUL, which PostgreSQL's text can't hold.

    Raises:
        InvalidInput: ``MALFORMED_JSON`` or ``NUL``.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(reason="MALFORMED_JSON") from error
    # A NUL reaches us as an escape only; the cheap test spares us the walk.
    if (b"\\u0000" if isinstance(data, bytes) else "\\u0000") in data:  # type: ignore[operator]
        refuse_nul(value)
    return value


def refuse_nul(value: Any) -> None:
    """Look for NUL in all strings and keys of a JSON value.

    Raises:
        InvalidInput: there is one.
    """
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            if "\0" in current:
                raise InvalidInput(reason="NUL")
        elif isinstance(current, dict):
            pending += current.keys()
            pending += current.values()
        elif isinstance(current, list):
            pending += current


def decode_query_string(raw: bytes) -> dict[str, Any]:
    """The parameters of a GET request; ``variables`` and ``extensions`` are JSON inside.

    Raises:
        InvalidInput: not UTF-8, NUL, not JSON, or a parameter twice.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise InvalidInput(reason="MALFORMED_QUERY_STRING") from error
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            continue
        if name in data:
            raise InvalidInput(field=name, reason="REPEATED")
        data[name] = value
    refuse_nul(data)
    for name in ("variables", "extensions"):
        if name in data:
            data[name] = decode_json(data[name]) if data[name] else None
    return data


def read_parameters(data: Any, trusted: TrustedDocuments) -> Parameters:
    """The parameters of one operation, with a document named by hash replaced by its text.

    Raises:
        InvalidInput: a parameter has the wrong type, or several operations were sent at once.
        NotFound: a document that is not registered.
    """
    if not isinstance(data, dict):
        raise InvalidInput(reason="BATCH" if isinstance(data, list) else "NOT_AN_OBJECT")
    for name, type_ in (
        ("query", str),
        ("operationName", str),
        ("variables", dict),
        ("extensions", dict),
    ):
        if not isinstance(data.get(name), type_ | None):
            raise InvalidInput(field=name, reason="WRONG_TYPE")
    query = trusted.resolve(data)
    if not query:
        raise InvalidInput(field="query", reason="NO_DOCUMENT")
    return Parameters(
        query, data.get("variables"), data.get("operationName"), data.get("extensions")
    )
