"""How types and fields are declared: with a description and an access rule, or the import fails."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import strawberry
from strawberry.extensions.field_extension import FieldExtension
from strawberry.types.field import StrawberryField

from schema.access import Access
from schema.context import Info
from schema.selection import Selection, select

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class UndeclaredError(TypeError):
    """A type, field or argument lacks its access rule or description."""


def attr(
    description: str,
    *,
    access: Access | None = None,
    needs: tuple[str, ...] | None = None,
    cost: int = 1,
    size: int = 10,
    deferred: bool = False,
    default: Any = None,
) -> Any:
    """A plain field of an output type.

    ``access`` narrows the type's own rule: who may not see it gets ``null``. ``needs`` are the
    columns it is made of, when not the one of its name. ``cost`` and ``size`` (expected length of
    a list) feed the cost limit. What is asked beneath a ``deferred`` field is checked by its
    resolver, once the actor is known: the viewer in the answer to a sign-in.
    """
    metadata: dict[str, Any] = {"cost": cost, "size": size}
    if access is not None:
        metadata |= {"access": access, "narrowed": True}
    if needs is not None:
        metadata["needs"] = needs
    if deferred:
        metadata["deferred"] = True
    return strawberry.field(description=description, metadata=metadata, default=default)


def row_field(
    returns: Any, *, access: Access | None = None, cost: int = 1, size: int = 10
) -> Callable[[Callable[..., Any]], Any]:
    """A field of an output type with arguments of its own; its docstring is its description.

    For objects that come alone: on the rows of a list it would ask the database once per row.
    ``access`` narrows the type's own rule: the resolver has nothing for who may not see it.
    """
    metadata: dict[str, Any] = {"cost": cost, "size": size}
    if access is not None:
        metadata |= {"access": access, "narrowed": True}

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver,
            graphql_type=returns,
            description=_docstring(resolver),
            metadata=metadata,
        )

    return declare


def gql_type(*, access: Access, name: str | None = None) -> Callable[[type[T]], type[T]]:
    """Declare an output type: described by its docstring, guarded by ``access``."""

    def declare(cls: type[T]) -> type[T]:
        made = strawberry.type(cls, name=name, description=_docstring(cls))
        for field in made.__strawberry_definition__.fields:  # type: ignore[attr-defined]
            field.metadata = {"access": access, **field.metadata}
            if not field.description:
                raise UndeclaredError(f"{cls.__name__}.{field.python_name} has no description")
        return made

    return declare


def gql_input(cls: type[T]) -> type[T]:
    """Declare an input type; its fields are described by :func:`given`."""
    return _input(cls, None)


def gql_input_named(name: str) -> Callable[[type[T]], type[T]]:
    """As :func:`gql_input`, under a name of its own: the domain has a class of the same name."""
    return lambda cls: _input(cls, name)


def _input(cls: type[T], name: str | None) -> type[T]:
    made = strawberry.input(cls, name=name, description=_docstring(cls))
    for field in made.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        if not field.description:
            raise UndeclaredError(f"{cls.__name__}.{field.python_name} has no description")
    return made


def given(description: str, **options: Any) -> Any:
    """A field of an input type."""
    return strawberry.field(description=description, **options)


def gql_enum(
    cls: type[E], description: str, values: Mapping[str, str], *, name: str | None = None
) -> type[E]:
    """Declare a domain enum with a description of each value; ``name`` when not its own."""
    if set(values) != {member.name for member in cls}:
        raise UndeclaredError(f"{cls.__name__}: every value needs its description")
    made = strawberry.enum(cls, name=name, description=description)
    for value in made.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return made


class _Guard(FieldExtension):
    """On root fields: checks access, then walks what was asked for."""

    def __init__(self, access: Access, *, deferred: bool = False) -> None:
        self.access = access
        self.deferred = deferred

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        self.enter(info)
        return await next_(source, info, **arguments)

    def enter(self, info: Info) -> None:
        """Check, and leave the selection where :func:`selected` finds it."""
        self.access.require(info.context.actor)
        if not self.deferred:
            info.selection = selected_here(info)


class _SubscriptionGuard(_Guard):
    """On subscriptions: the same, before the first event."""

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        self.enter(info)
        return next_(source, info, **arguments)


def selected(info: Info) -> Selection:
    """What was asked for beneath the root field being resolved."""
    return info.selection


def selected_here(info: Info) -> Selection:
    """What was asked for beneath a field of a row, or one that is deferred.

    Raises:
        Unauthenticated, NotFound: a type on the way is not for this actor.
    """
    # Strawberry's own look-ahead is slower by far, and it gives no other way to the document.
    return select(info._raw_info, info.context.actor)  # noqa: SLF001


def query(
    returns: Any, *, access: Access, cost: int = 1, deferred: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """A field of ``Query``; its docstring is its description.

    ``deferred``: the resolver itself calls :func:`selected_here`, if at all.
    """
    return _root(returns, access, cost, strawberry.field, deferred=deferred)


def mutation(returns: Any, *, access: Access, cost: int = 5) -> Callable[[Callable[..., Any]], Any]:
    """A field of ``Mutation``; its docstring is its description."""
    return _root(returns, access, cost, strawberry.mutation)


def subscription(*, access: Access, cost: int = 5) -> Callable[[Callable[..., Any]], Any]:
    """A field of ``Subscription``; its docstring is its description."""

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.subscription(
            resolver,
            description=_docstring(resolver),
            extensions=[_SubscriptionGuard(access)],
            metadata={"access": access, "cost": cost},
        )

    return declare


def _root(
    returns: Any, access: Access, cost: int, make: Callable[..., Any], *, deferred: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    def declare(resolver: Callable[..., Any]) -> Any:
        return make(
            resolver,
            graphql_type=returns,
            description=_docstring(resolver),
            extensions=[_Guard(access, deferred=deferred)],
            metadata={"access": access, "cost": cost},
        )

    return declare


def root_type(cls: type[T]) -> type[T]:
    """Declare a part of ``Query``, ``Mutation`` or ``Subscription``.

    Raises:
        UndeclaredError: a field was not made by :func:`query`, :func:`mutation` or
            :func:`subscription`, so it has no access rule.
    """
    made = strawberry.type(cls, description=_docstring(cls))
    for field in made.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        check_field(f"{cls.__name__}.{field.python_name}", field)
    return made


def check_field(path: str, field: StrawberryField) -> None:
    """Refuse a field without access rule or description, or with an undescribed argument."""
    if not isinstance(field.metadata.get("access"), Access):
        raise UndeclaredError(f"{path} declares no access")
    if field.metadata["access"].row is not None and "narrowed" not in field.metadata:
        raise UndeclaredError(f"{path}: only a narrowed field is checked row by row")
    if not field.description:
        raise UndeclaredError(f"{path} has no description")
    for argument in field.arguments:
        if not argument.description:
            raise UndeclaredError(f"{path}({argument.python_name}) has no description")


def _docstring(thing: Any) -> str:
    # Not `inspect.getdoc`: a subclass without words of its own would get its parent's.
    text = thing.__dict__.get("__doc__") if isinstance(thing, type) else thing.__doc__
    if not text:
        raise UndeclaredError(f"{thing.__qualname__} has no docstring")
    return inspect.cleandoc(text)
