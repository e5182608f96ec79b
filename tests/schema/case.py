"""One good use of a mutation that carries a request id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from tests.schema.support import SCHEMA


def input_of(mutation: str) -> GraphQLInputObjectType:
    """The input type of a mutation."""
    root = SCHEMA._schema.mutation_type
    assert isinstance(root, GraphQLObjectType)
    found = get_named_type(root.fields[mutation].args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


@dataclass(frozen=True)
class Case:
    """Who may do it, with what (``$name`` stands for a thing of tenant 1), and what to read."""

    name: str
    actor: str
    given: Mapping[str, Any]
    selection: str
    other: Mapping[str, Any]
    stranger: str = "resident"
    app: str = "app places 1"
    """Another stranger, which is an app."""
    told: frozenset[str] = field(default_factory=frozenset)
    unnamed: bool = False
    """For who is not signed in, too."""
    read_again: bool = False
    """A repeat reads personal data once more, so it is noted once more."""

    @property
    def document(self) -> str:
        """The operation with its input as a variable."""
        kind = input_of(self.name).name
        return f"mutation($input: {kind}!) {{ {self.name}(input: $input) {{ {self.selection} }} }}"
