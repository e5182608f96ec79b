"""Events: what happened, told to the packages above without knowing them.

An event is a frozen dataclass with ids only. ``@on(Event)`` handlers run at once, in the same
transaction: database only, quick, and they may refuse, which aborts everything. ``@together(Event,
...)`` handlers run in it too, once, at its end, with all that happened. ``@later(Event)`` handlers
become jobs of the same transaction and must bear being run twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter

from core import jobs
from core.work import current


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Subclasses hold ids and codes, never objects or personal data.

    ``VERSION`` goes up when the fields change; ``upgrade`` then reads what older jobs still hold.
    """

    VERSION: ClassVar[int] = 1

    @classmethod
    def upgrade(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """Turn the fields of an older version into today's."""
        raise ValueError(f"{cls.__name__} can't read version {version}")


E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]
Gatherer = Callable[[list[Any]], Awaitable[None]]

_at_once: dict[type[Event], list[Handler[Any]]] = defaultdict(list)
_at_the_end: dict[type[Event], list[Gatherer]] = defaultdict(list)
_afterwards: dict[type[Event], list[str]] = defaultdict(list)
_queues: dict[str, str] = {}


def on(kind: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Run the handler inside the transaction that emits the event."""

    def register(handler: Handler[E]) -> Handler[E]:
        _at_once[kind].append(handler)
        return handler

    return register


def together(*kinds: type[Event]) -> Callable[[Gatherer], Gatherer]:
    """Run the handler at the end of the transaction with its events of these kinds, in order.

    For what is said once of many things: its statements don't grow with them.
    """

    def register(handler: Gatherer) -> Gatherer:
        for kind in kinds:
            _at_the_end[kind].append(handler)
        return handler

    return register


def later(
    kind: type[E], *, name: str, queue: str = "default"
) -> Callable[[Handler[E]], Handler[E]]:
    """Run the handler as the job ``name``, after the commit, until it succeeds."""

    def register(handler: Handler[E]) -> Handler[E]:
        async def run(version: int, data: dict[str, Any]) -> None:
            await handler(_read(kind, version, data))

        run.__doc__ = handler.__doc__
        jobs.job(name, queue=queue)(run)
        _afterwards[kind].append(name)
        _queues[name] = queue
        return handler

    return register


async def emit(event: Event) -> None:
    """Tell the handlers. Call it inside the unit of work, after the rows are written."""
    unit = current()
    kind = type(event)
    for handler in _at_once[kind]:
        await handler(event)
    for gatherer in _at_the_end[kind]:
        unit.gather(event, gatherer)
    if names := _afterwards[kind]:
        args = {"version": kind.VERSION, "data": asdict(event)}
        for name in names:
            await jobs.defer(name, args, queue=_queues[name])


def wiring() -> dict[str, tuple[list[str], list[str]]]:
    """Event → (handlers in its transaction, jobs afterwards), by name: a test pins it."""
    kinds = sorted({*_at_once, *_at_the_end, *_afterwards}, key=lambda kind: kind.__name__)
    found = {
        kind.__name__: (
            [
                f"{one.__module__}.{one.__qualname__}"
                for one in (*_at_once[kind], *_at_the_end[kind])
            ],
            list(_afterwards[kind]),
        )
        for kind in kinds
    }
    return {name: heard for name, heard in found.items() if any(heard)}


def _read(kind: type[E], version: int, data: dict[str, Any]) -> E:
    if version > kind.VERSION:
        # A newer process wrote it: the retries outlast the roll-out of that version.
        raise ValueError(f"version {version} of {kind.__name__} is newer than this program")
    if version < kind.VERSION:
        data = kind.upgrade(version, data)
    return TypeAdapter(kind).validate_python(data)
