"""How errors look to the caller of an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from api.faults import as_refusal, incident_message, report_incident
from core.errors import Code, DomainError, Language


def refusal(error: DomainError, language: Language, at: GraphQLError | None = None) -> GraphQLError:
    """A refusal in the caller's language with its code; ``at`` says where it was raised."""
    return _at(error.message(language), at, error.extensions(), error)


def present(
    errors: Sequence[GraphQLError], language: Language, *, executed: bool
) -> list[GraphQLError]:
    """Errors as the caller may see them.

    Refusals carry their code. What the GraphQL rules say about a document or its variables is
    shown as it is. Everything else that comes out of a resolver is logged and masked with an
    incident number; ``executed`` tells that the errors are from there.
    """
    return [_present(error, language, executed=executed) for error in errors]


def _present(error: GraphQLError, language: Language, *, executed: bool) -> GraphQLError:
    original = _original(error)
    known = as_refusal(original) if original is not None else None
    if known is not None:
        return refusal(known, language, error)
    if original is None or not executed:
        reason = "SYNTAX" if isinstance(error, GraphQLSyntaxError) else "DOCUMENT"
        extensions = {"code": Code.INVALID_INPUT.value, "params": {"reason": reason}}
        return _at(error.message, error, {**extensions, **(error.extensions or {})})
    incident = report_incident(original)
    extensions = {"code": Code.INTERNAL.value, "params": {"incident": incident}}
    return _at(incident_message(incident, language), error, extensions)


def _original(error: GraphQLError) -> BaseException | None:
    """The exception that is not of GraphQL's own making, if there is one."""
    original: BaseException | None = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original


def _at(
    message: str,
    at: GraphQLError | None,
    extensions: dict[str, Any],
    original: Exception | None = None,
) -> GraphQLError:
    presented = GraphQLError(
        message,
        path=at.path if at else None,
        original_error=original,
        extensions=extensions,
    )
    # Not the nodes: they would keep the whole document in memory for as long as the error.
    presented.locations = at.locations if at else None
    return presented
