"""Look-ahead: what was asked for beneath a root field, walked once, with access checked on the way.

The walk enforces what every type and field declares, so that a nested field is as guarded as a
root field without a cost per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.type import GraphQLInterfaceType, GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from identity.actor import Actor
from schema.access import Access

Rows = list[dict[str, Any]]


class Selection:
    """The Python names of the fields asked for on one object, each with what is asked beneath.

    ``later`` holds what can't be checked before a row or an actor is known: the types behind an
    interface, and fields declared as deferred.
    """

    __slots__ = ("fields", "later")

    def __init__(self) -> None:
        self.fields: dict[str, Selection] = {}
        self.later: dict[str, Callable[[Actor], Selection]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Selection:
        """What is asked beneath a field; empty when the field is not asked for."""
        return self.fields.get(name) or Selection()

    def under(self, *path: str) -> Selection:
        """What is asked at the end of a path of fields."""
        here = self
        for name in path:
            here = here[name]
        return here

    def resume(self, name: str, actor: Actor) -> Selection:
        """What is asked of a type behind an interface, or beneath a deferred field.

        Raises:
            Unauthenticated, NotFound: it is not for this actor.
        """
        later = self.later.get(name)
        return later(actor) if later else Selection()

    def columns(self, needs: Mapping[str, tuple[str, ...]], *always: str) -> list[str]:
        """Columns to read: of each field asked for what it needs, and ``always``."""
        wanted = dict.fromkeys(always)
        for name in self.fields:
            wanted.update(dict.fromkeys(needs.get(name, (name,))))
        return list(wanted)


def select(info: GraphQLResolveInfo[Any], actor: Actor) -> Selection:
    """Walk what is asked for beneath the field being resolved.

    Raises:
        Unauthenticated, NotFound: a type on the way is not for this actor.
    """
    walk = _Walk(info, actor)
    answer = Selection()
    named = get_named_type(info.return_type)
    for node in info.field_nodes:
        if node.selection_set is not None:
            walk.into(answer, named, node.selection_set)
    return answer


class _Walk:
    def __init__(self, info: GraphQLResolveInfo[Any], actor: Actor) -> None:
        self.info = info
        self.actor = actor
        # Strawberry's executor hands the coerced values over bare.
        self.variables = cast("Mapping[str, Any]", info.variable_values)

    def into(self, here: Selection, named: Any, nodes: SelectionSetNode) -> None:
        """Add what is asked for on a type."""
        if isinstance(named, GraphQLInterfaceType):
            for possible in self.info.schema.get_possible_types(named):
                self._later(here, possible.name, possible, nodes)
        elif isinstance(named, GraphQLObjectType):
            for node in nodes.selections:
                if not node.directives or self._included(node):
                    self._node(here, named, node)

    def _later(self, here: Selection, name: str, named: Any, nodes: SelectionSetNode) -> None:
        earlier = here.later.get(name)  # the same field may be asked for in several places

        def resume(actor: Actor) -> Selection:
            answer = earlier(actor) if earlier else Selection()
            _Walk(self.info, actor).into(answer, named, nodes)
            return answer

        here.later[name] = resume

    def _node(self, here: Selection, named: GraphQLObjectType, node: Any) -> None:
        if isinstance(node, FieldNode):
            self._field(here, named, node)
            return
        fragment = (
            node if isinstance(node, InlineFragmentNode) else self.info.fragments[node.name.value]
        )
        if self._applies(fragment.type_condition, named):
            self.into(here, named, fragment.selection_set)

    def _field(self, here: Selection, parent: GraphQLObjectType, node: FieldNode) -> None:
        known = parent.fields.get(node.name.value)
        if known is None:  # __typename
            return
        definition: StrawberryField = known.extensions["strawberry-definition"]
        access: Access = definition.metadata["access"]
        if "narrowed" not in definition.metadata:
            access.require(self.actor)
        elif not access.actor(self.actor):  # answered with null, whatever is asked beneath
            return
        beneath = here.fields.setdefault(definition.python_name, Selection())
        if node.selection_set is None:
            return
        inner = get_named_type(known.type)
        if definition.metadata.get("deferred"):
            self._later(here, definition.python_name, inner, node.selection_set)
        else:
            self.into(beneath, inner, node.selection_set)

    def _applies(self, condition: Any, named: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == named.name:
            return True
        return any(face.name == condition.name.value for face in named.interfaces)

    def _included(self, node: Any) -> bool:
        for directive in node.directives:
            name = directive.name.value
            if name in {"skip", "include"}:
                value = directive.arguments[0].value
                holds = (
                    self.variables.get(value.name.value)
                    if value.kind == "variable"
                    else value.value
                )
                if bool(holds) == (name == "skip"):
                    return False
        return True
