"""Completing rows quickly: whole branches of plain fields at once.

Most of an answer is rows whose fields are read and written as they are. graphql-core spends 10 to
20 µs on each such field (path, info object, null and await checks). A branch in which every field
is plain is compiled once per document into closures that do only what can happen there. Whatever
is out of the ordinary (a null where none may be, a value that is no legal one, any exception)
leaves the branch to graphql-core, which then reports it as always: the closures have no effects.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLString,
    SelectionSetNode,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Undefined
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from identity.actor import Actor
from schema.access import Access

Complete = Callable[[Any, Actor], Any]

PLANS_KEPT: Final = 2000

# Values of exactly these types are written as they are; others go through the scalar's own check.
_AS_IS: Final = {
    GraphQLString.name: str,
    GraphQLID.name: str,
    GraphQLBoolean.name: bool,
    GraphQLFloat.name: float,
}
_LARGEST_INT: Final = 2**31 - 1


class _Odd(Exception):
    """Something that graphql-core must look at."""


class _NotPlain(Exception):
    """A field of the branch has a resolver of its own, or its type is known only from its rows."""


class RowExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with a short way for branches of plain fields."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete an object: by its plan when it has one."""
        plan = self._plan(return_type, field_details_list)
        if plan is not None:
            # Whatever went wrong, graphql-core goes the same way again and reports it.
            with suppress(Exception):
                return plan(result, self.context_value.actor)
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _plan(self, named: GraphQLObjectType, field_details_list: Any) -> Complete | None:
        nodes = [details.node for details in field_details_list]
        found = _plans.get(named, nodes)
        if found is not None:
            return found[0]
        try:
            plan: Complete | None = _object(self, named, field_details_list)
        except _NotPlain:
            plan = None
        if not any(_is_conditional(self.fragment_definitions, node) for node in nodes):
            _plans.put(named, nodes, plan)
        return plan


class _Plans:
    """Plans by what they complete, the last used kept. Holding the nodes keeps their ids theirs."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], tuple[Complete | None, Any, Any]] = OrderedDict()

    def get(
        self, named: Any, nodes: Sequence[FieldNode]
    ) -> tuple[Complete | None, Any, Any] | None:
        key = (id(named), *map(id, nodes))
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, named: Any, nodes: Sequence[FieldNode], plan: Complete | None) -> None:
        self._kept[id(named), *map(id, nodes)] = (plan, named, nodes)
        if len(self._kept) > PLANS_KEPT:
            self._kept.popitem(last=False)


_plans = _Plans()


def _object(executor: RowExecutor, named: GraphQLObjectType, field_details_list: Any) -> Complete:
    """A closure that completes a row of a type.

    Raises:
        _NotPlain: graphql-core must do it.
    """
    grouped, deferred, _ = executor.collect_subfields(named, field_details_list)
    if deferred:
        raise _NotPlain
    steps: list[tuple[str, str, Complete, Access | None]] = []
    constants: dict[str, str] = {}
    for key, details in grouped.items():
        name = details[0].node.name.value
        if name == "__typename":
            constants[key] = named.name
            continue
        field = named.fields[name]
        plain: tuple[str, Access | None] | None = getattr(field.resolve, "plain", None)
        if plain is None:
            raise _NotPlain
        steps.append((key, plain[0], _value(executor, field.type, details), plain[1]))
    order = dict.fromkeys(grouped)

    def complete(row: Any, actor: Actor) -> Any:
        if type(row) is not dict:
            raise _Odd
        answer: dict[str, Any] = {**order, **constants} if constants else {}
        for key, name, inner, access in steps:
            if access is None or access.allows(actor, row):
                answer[key] = inner(row[name], actor)
            else:
                answer[key] = None
        return answer

    return complete


def _value(executor: RowExecutor, of_type: Any, details: Any) -> Complete:
    if is_non_null_type(of_type):
        return _required(_nullable(executor, of_type.of_type, details))
    return _nullable(executor, of_type, details)


def _required(inner: Complete) -> Complete:
    def complete(value: Any, actor: Actor) -> Any:
        if value is None:
            raise _Odd
        return inner(value, actor)

    return complete


def _nullable(executor: RowExecutor, of_type: Any, details: Any) -> Complete:
    if is_list_type(of_type):
        return _list(_value(executor, of_type.of_type, details))
    if is_leaf_type(of_type):
        return _leaf(of_type)
    if not is_object_type(of_type):
        raise _NotPlain
    inner = _object(executor, of_type, details)
    return lambda value, actor: None if value is None else inner(value, actor)


def _list(item: Complete) -> Complete:
    def complete(value: Any, actor: Actor) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            raise _Odd
        return [item(one, actor) for one in value]

    return complete


def _leaf(of_type: Any) -> Complete:
    if is_enum_type(of_type):
        return _enum(of_type)
    as_is = _AS_IS.get(of_type.name)
    coerce = of_type.coerce_output_value
    if of_type.name == GraphQLInt.name:

        def whole(value: Any, actor: Actor) -> Any:
            small = type(value) is int and -_LARGEST_INT <= value <= _LARGEST_INT
            return value if small else checked(value, actor)

        complete = whole
    else:

        def written(value: Any, actor: Actor) -> Any:
            return value if type(value) is as_is else checked(value, actor)

        complete = written

    def checked(value: Any, actor: Actor) -> Any:
        if value is None:
            return None
        if isinstance(value, Exception):
            raise _Odd
        text = coerce(value)
        if text is None or text is Undefined:
            raise _Odd
        return text

    return complete if as_is or of_type.name == GraphQLInt.name else checked


def _enum(of_type: GraphQLEnumType) -> Complete:
    """A member, or its value as the database gave it: both have the same hash here."""
    names = {value.value: name for name, value in of_type.values.items()}

    def complete(value: Any, actor: Actor) -> Any:
        return None if value is None else names[value]

    return complete


def _is_conditional(fragments: Any, node: FieldNode) -> bool:
    """Whether anything beneath may be there for one request and not for the next."""
    seen: set[str] = set()
    waiting: list[SelectionSetNode | None] = [node.selection_set]
    while waiting:
        selections = waiting.pop()
        for selection in selections.selections if selections else ():
            if selection.directives:
                return True
            if selection.kind == "fragment_spread":
                name = selection.name.value  # type: ignore[attr-defined]  # told by its kind
                if name not in seen:
                    seen.add(name)
                    waiting.append(fragments[name].selection_set)
            else:
                waiting.append(selection.selection_set)  # type: ignore[attr-defined]  # as above
    return False
