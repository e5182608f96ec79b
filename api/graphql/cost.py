"""What a request may load: every field has a cost, and lists multiply what is inside them.

A plan is made once per valid document; its price depends on the variables, so it is worked out
for each request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

from api.graphql.limits import Structure

DEFAULT_PAGE = 20
MAX_PAGE = 100
DEFAULT_LIST = 10
PAGING = ("first", "last")
# Introspection is answered from memory, but the whole schema takes as long as a large page.
INTROSPECTION = {"__schema": 1_000, "__type": 100, "__typename": 0}


@dataclass(frozen=True, slots=True)
class _Argument:
    """Where a page size comes from: a variable when there is one, else a number."""

    value: int | None = None
    variable: str | None = None

    def resolve(self, variables: Mapping[str, Any]) -> int | None:
        if self.variable is None:
            return self.value
        given = variables.get(self.variable, self.value)
        # Anything but a number fails later, when the variables are coerced.
        return given if isinstance(given, int) else None


@dataclass(slots=True)
class _Sum:
    """The price of a selection set: a constant, pages, and fragments priced by themselves."""

    constant: int = 0
    pages: list[tuple[tuple[_Argument, ...], _Sum]] = field(default_factory=list)
    lists: list[tuple[int, _Sum]] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)

    @property
    def is_constant(self) -> bool:
        return not (self.pages or self.lists or self.fragments)

    def price(self, variables: Mapping[str, Any], fragments: Mapping[str, int]) -> int:
        total = self.constant + sum(fragments.get(name, 0) for name in self.fragments)
        for size, inner in self.lists:
            total += size * inner.price(variables, fragments)
        for arguments, inner in self.pages:
            total += page_size(arguments, variables) * inner.price(variables, fragments)
        return total


def page_size(arguments: Iterable[_Argument], variables: Mapping[str, Any]) -> int:
    """The larger of ``first`` and ``last``, clamped to 1–100; 20 when neither is given."""
    given = [n for argument in arguments if (n := argument.resolve(variables)) is not None]
    return min(max(*given, 1), MAX_PAGE) if given else DEFAULT_PAGE


@dataclass(frozen=True, slots=True)
class Plan:
    """How to price the operations of one document."""

    operations: Mapping[str | None, tuple[_Sum, Mapping[str, int | None]]]
    fragments: Mapping[str, _Sum]

    def price(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> int:
        """What the named operation costs with these variables; time is linear in the document."""
        operation, defaults = self.operations[operation_name]
        values = {**defaults, **(variables or {})}
        fragments: dict[str, int] = {}
        for name, plan in self.fragments.items():
            fragments[name] = plan.price(values, fragments)
        return operation.price(values, fragments)


class CostModel:
    """Prices documents against one schema.

    A field costs ``metadata["cost"]`` (1 unless said otherwise). One with ``first`` or ``last``
    multiplies what is inside by the page; any other list by ``metadata["size"]`` (10). The lists
    of a connection (``edges``, ``nodes``) are the page itself and multiply no more.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._connections = {
            get_named_type(field.type).name
            for type_ in schema.type_map.values()
            if is_object_type(type_) or is_interface_type(type_)
            for field in type_.fields.values()
            if _is_paged(field) and not is_list_type(get_nullable_type(field.type))
        }

    def plan(self, operations: Iterable[OperationDefinitionNode], structure: Structure) -> Plan:
        """The plan of a valid document without fragment cycles."""
        return Plan(
            {
                (operation.name.value if operation.name else None): self._operation(operation)
                for operation in operations
            },
            {name: self._fragment(structure.fragments[name]) for name in structure.order},
        )

    def _operation(
        self, operation: OperationDefinitionNode
    ) -> tuple[_Sum, Mapping[str, int | None]]:
        defaults = {
            definition.variable.name.value: _literal(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, root), defaults

    def _fragment(self, fragment: FragmentDefinitionNode) -> _Sum:
        type_ = self._schema.type_map.get(fragment.type_condition.name.value)
        return self._selections(fragment.selection_set, type_)

    def _selections(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLNamedType | None,
    ) -> _Sum:
        total = _Sum()
        for selection in selection_set.selections:
            if isinstance(selection, FragmentSpreadNode):
                total.fragments.append(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                type_ = self._schema.type_map.get(condition.name.value) if condition else parent
                _add(total, self._selections(selection.selection_set, type_))
            elif isinstance(selection, FieldNode):
                self._field(total, selection, parent)
        return total

    def _field(
        self,
        total: _Sum,
        node: FieldNode,
        parent: GraphQLNamedType | None,
    ) -> None:
        name = node.name.value
        if name in INTROSPECTION:
            total.constant += INTROSPECTION[name]
            return
        definition = getattr(parent, "fields", {}).get(name)
        if definition is None:
            return
        metadata = _metadata(definition)
        total.constant += metadata.get("cost", 1)
        if node.selection_set is None:
            return
        inner = self._selections(node.selection_set, get_named_type(definition.type))
        if _is_paged(definition):
            arguments = _paging(node, definition)
            if any(argument.variable for argument in arguments) or not inner.is_constant:
                total.pages.append((arguments, inner))
            else:
                total.constant += page_size(arguments, {}) * inner.constant
        else:
            size = 1
            if is_list_type(get_nullable_type(definition.type)):
                of_page = parent is not None and parent.name in self._connections
                size = metadata.get("size", 1 if of_page else DEFAULT_LIST)
            if inner.is_constant:
                total.constant += size * inner.constant
            else:
                total.lists.append((size, inner))


def _add(total: _Sum, part: _Sum) -> None:
    total.constant += part.constant
    total.pages += part.pages
    total.lists += part.lists
    total.fragments += part.fragments


def _metadata(definition: GraphQLField) -> Mapping[Any, Any]:
    ours = definition.extensions.get("strawberry-definition")
    return ours.metadata if isinstance(ours, StrawberryField) else {}


def _is_paged(definition: GraphQLField) -> bool:
    return any(name in definition.args for name in PAGING)


def _paging(node: FieldNode, definition: GraphQLField) -> tuple[_Argument, ...]:
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found = []
    for name in PAGING:
        if name not in definition.args:
            continue
        value = given.get(name)
        declared = definition.args[name].default_value
        default = declared if isinstance(declared, int) else None
        if isinstance(value, VariableNode):
            found.append(_Argument(default, value.name.value))
        else:
            found.append(_Argument(default if value is None else _literal(value)))
    return tuple(found)


def _literal(value: ValueNode | None) -> int | None:
    return int(value.value) if isinstance(value, IntValueNode) else None
