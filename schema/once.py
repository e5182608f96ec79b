"""Every mutation but sign-in runs through here: its ``requestId`` makes a repeat harmless."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry

from core.errors import DomainError, InvalidInput
from core.requests import answered, once
from identity.actor import Actor, ActorKind
from identity.authentication import present
from schema.context import Info
from schema.fields import given as described
from schema.fields import gql_input


@gql_input
class Requested:
    """What every mutation but sign-in is given."""

    request_id: UUID = described("A new random id; the same again repeats nothing.")


class HasId(Protocol):
    """A model instance."""

    @property
    def id(self) -> Any:
        """Its id."""


R = TypeVar("R", bound=HasId)
T = TypeVar("T")


async def run_once(info: Info, given: Requested, act: Callable[[], Awaitable[R]]) -> UUID:
    """Run a use case once per (actor, request id) and answer the id of its result.

    Raises:
        InvalidInput: nobody is signed in, and the id could be guessed.
        RequestIdReused: the id came before with another mutation or payload.
    """

    _require_random(info.context.actor, given.request_id)

    async def changed() -> UUID:
        result = await act()
        row_id: UUID = result.id
        return row_id

    return await once(
        info.context.actor,
        request_id=given.request_id,
        mutation=info.field_name,
        payload=_payload(given),
        act=changed,
    )


async def run_once_asking(
    info: Info,
    given: Requested,
    ask: Callable[[], Awaitable[T]],
    act: Callable[[T], Awaitable[R]],
) -> UUID:
    """As :func:`run_once`, with what ``ask`` got from outside before the transaction began.

    What is asked with may serve once only, so a repeat is answered before asking; and one that
    was refused because the first was under way meanwhile, with what that answered.

    Raises:
        RequestIdReused: the id came before with another mutation or payload.
    """
    if (before := await _answered(info, given)) is not None:
        return before
    try:
        found = await ask()
    except DomainError:
        info.context.actor = await present(info.context.actor)
        if (meanwhile := await _answered(info, given)) is not None:
            return meanwhile
        raise
    return await run_once(info, given, lambda: act(found))


def _require_random(actor: Actor, request_id: UUID) -> None:
    """Refuse an id that could be guessed where it is the only key to the answer: to the token of
    a report, or of an upload."""
    if actor.kind is ActorKind.ANONYMOUS and request_id.version != 4:
        raise InvalidInput(
            field="input.requestId",
            reason="REQUEST_ID",
            zh="不登录时，requestId 须为随机的第 4 版 UUID",
            en="Without a sign-in it is a random UUID of version 4",
        )


async def _answered(info: Info, given: Requested) -> UUID | None:
    return await answered(
        info.context.actor,
        request_id=given.request_id,
        mutation=info.field_name,
        payload=_payload(given),
    )


def _payload(given: Requested) -> dict[str, Any]:
    """What was asked for. What was left out is not the same as what was emptied."""
    return {
        name: value
        for name, value in strawberry.asdict(given).items()
        if value is not strawberry.UNSET and name != "request_id"
    }


def set_fields(given: Any, *, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of an input that the caller set, ``null`` included."""
    return {
        name: value
        for name, value in vars(given).items()
        if value is not strawberry.UNSET and name not in leave_out
    }
