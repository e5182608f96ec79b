"""What the schema declares: words and access on everything, the names clients rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_specified_scalar_type,
    print_schema,
)
from graphql.utilities import find_breaking_changes

from api.graphql.execution import Schema
from schema import build as built
from schema.access import PUBLIC, STAFF, Access
from schema.fields import (
    UndeclaredError,
    attr,
    given,
    gql_enum,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    row_field,
)
from tests.schema.support import SCHEMA
from tools.schema_changes import breaking_changes, without_note

ROOT = Path(__file__).parents[2]
CORE = SCHEMA._schema
OURS = {name: kind for name, kind in CORE.type_map.items() if not name.startswith("__")}
OBJECTS = {name: kind for name, kind in OURS.items() if isinstance(kind, GraphQLObjectType)}


def described() -> Iterator[tuple[str, str | None]]:
    """Everything that must have words, with them."""
    for name, kind in OURS.items():
        if not is_specified_scalar_type(kind):
            yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        elif isinstance(kind, GraphQLInputObjectType):
            for field_name, given_field in kind.fields.items():
                yield f"{name}.{field_name}", given_field.description
        elif isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


def test_everything_has_a_description() -> None:
    everything = dict(described())
    assert len(everything) > 400
    assert [path for path, words in everything.items() if not (words or "").strip()] == []


def test_every_field_declares_its_access() -> None:
    for name, kind in OBJECTS.items():
        for field_name, field in kind.fields.items():
            definition = field.extensions["strawberry-definition"]
            assert isinstance(definition.metadata.get("access"), Access), f"{name}.{field_name}"


def test_row_rules_stand_on_narrowed_fields_that_may_be_null_only() -> None:
    for name, kind in OBJECTS.items():
        for field_name, field in kind.fields.items():
            metadata = field.extensions["strawberry-definition"].metadata
            if metadata["access"].row is not None:
                assert metadata.get("narrowed"), f"{name}.{field_name}"
                assert not str(field.type).endswith("!"), f"{name}.{field_name}"


def test_every_node_can_be_fetched_and_nothing_else_says_so() -> None:
    from schema.roots.nodes import FETCHERS

    node = OURS["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in CORE.get_possible_types(node)} == set(FETCHERS)


def test_every_mutation_but_sign_in_carries_a_request_id() -> None:
    without = set()
    for name, field in OBJECTS["Mutation"].fields.items():
        assert list(field.args) == ["input"], name
        given_type = OURS[str(field.args["input"].type).rstrip("!")]
        assert isinstance(given_type, GraphQLInputObjectType)
        request_id = given_type.fields.get("requestId")
        if request_id is None:
            without.add(name)
        else:
            assert str(request_id.type) == "UUID!", name
    assert without == {
        "requestSmsCode",
        "signInWithSmsCode",
        "signInWithWechat",
        "signInStaff",
        "enrolTotp",
        "refreshSession",
        "signOut",
        "changePassword",
    }


def test_the_committed_schema_is_the_printed_one() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == SCHEMA.as_str() + "\n"


def test_the_schema_keeps_the_names_that_clients_are_written_against() -> None:
    contract = build_schema((Path(__file__).parent / "contract.graphql").read_text("utf-8"))
    broken = [change.description for change in find_breaking_changes(contract, CORE)]
    # More required input than a sketch names is no break of its names.
    assert [words for words in broken if not words.startswith("A required field")] == []


def test_the_detector_names_what_can_break_a_client() -> None:
    before = print_schema(CORE)
    after = before.replace("  rent: Decimal!\n", "  price: Decimal!\n", 1)
    assert after != before
    (change,) = [words for words in breaking_changes(before, after) if "removed" in words]
    assert without_note([change], "") == [change]
    assert without_note([change], f"# Notes\n\n- {change} Because.\n") == []


def test_an_addition_breaks_nobody() -> None:
    before = print_schema(CORE)
    assert breaking_changes(before, f"{before}\ntype More {{ words: String }}") == []


# Each way of leaving something out fails where it is written, not when it is asked for.


def type_without_docstring() -> None:
    @gql_type(access=PUBLIC)
    class Wordless:
        name: str = attr("Words.")


def type_with_the_words_of_its_parent() -> None:
    @gql_type(access=PUBLIC)
    class Spoken:
        """Words."""

        name: str = attr("Words.")

    @gql_type(access=PUBLIC)
    class Wordless(Spoken):
        more: str = attr("Words.")


def field_without_description() -> None:
    @gql_type(access=PUBLIC)
    class Some:
        """Words."""

        name: str


def field_with_empty_description() -> None:
    @gql_type(access=PUBLIC)
    class Some:
        """Words."""

        name: str = attr("")


def row_field_without_docstring() -> None:
    @gql_type(access=PUBLIC)
    class Some:
        """Words."""

        @row_field(str)
        def name(self) -> str:
            return ""


def input_without_docstring() -> None:
    @gql_input
    class Wordless:
        name: str = given("Words.")


def input_field_without_description() -> None:
    @gql_input
    class Some:
        """Words."""

        name: str


def enum_value_without_description() -> None:
    class Colour(StrEnum):
        RED = "RED"
        BLUE = "BLUE"

    gql_enum(Colour, "Words.", {"RED": "Words."})


def root_field_without_access() -> None:
    @root_type
    class Query:
        """Words."""

        @strawberry.field(description="Words.")
        def name(self) -> str:
            return ""


def root_field_without_docstring() -> None:
    @root_type
    class Query:
        """Words."""

        @query(str, access=PUBLIC)
        async def name(self) -> str:
            return ""


def argument_without_description() -> None:
    @root_type
    class Mutation:
        """Words."""

        @mutation(str, access=PUBLIC)
        async def name(self, given_name: str) -> str:
            """Words."""
            return given_name


def row_rule_on_a_whole_root_field() -> None:
    by_row = Access("by row", lambda actor: True, lambda actor, row: False)

    @root_type
    class Query:
        """Words."""

        @query(str, access=by_row)
        async def name(self) -> str:
            """Words."""
            return ""


@pytest.mark.parametrize(
    "declare",
    [
        type_without_docstring,
        type_with_the_words_of_its_parent,
        field_without_description,
        field_with_empty_description,
        row_field_without_docstring,
        input_without_docstring,
        input_field_without_description,
        enum_value_without_description,
        root_field_without_access,
        root_field_without_docstring,
        argument_without_description,
        row_rule_on_a_whole_root_field,
    ],
    ids=lambda declare: declare.__name__,
)
def test_an_undeclared_thing_fails_at_import(declare: Callable[[], None]) -> None:
    with pytest.raises(UndeclaredError):
        declare()


def test_access_is_a_required_argument_of_types_and_root_fields() -> None:
    for declare in (gql_type, query, mutation):
        with pytest.raises(TypeError, match="access"):
            declare(str) if declare is not gql_type else declare()  # type: ignore[call-arg,operator]  # the point


def test_a_field_declared_round_the_rules_fails_when_the_schema_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @strawberry.type(description="Words.")
    class Sly:
        open_to_all: str = strawberry.field(description="Words.")

    @root_type
    class SlyQuery(built.Query):
        """Words."""

        @query(Sly, access=STAFF)
        async def sly(self) -> Any:
            """Words."""
            return {"open_to_all": ""}

    monkeypatch.setattr(built, "Query", SlyQuery)
    with pytest.raises(UndeclaredError, match=r"Sly\.openToAll declares no access"):
        built.build(Schema)


def test_an_enum_declared_round_the_rules_fails_when_the_schema_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Wordless(StrEnum):
        RED = "RED"

    @root_type
    class ColourQuery(built.Query):
        """Words."""

        @query(strawberry.enum(Wordless, description="Words."), access=PUBLIC)
        async def colour(self) -> Any:
            """Words."""
            return Wordless.RED

    monkeypatch.setattr(built, "Query", ColourQuery)
    with pytest.raises(UndeclaredError, match=r"Wordless\.RED"):
        built.build(Schema)


def test_an_undescribed_argument_of_a_row_field_fails_when_the_schema_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @gql_type(access=PUBLIC)
    class Some:
        """Words."""

        @row_field(str)
        def name(self, long: bool = False, short: Annotated[bool, "no words"] = False) -> str:
            """Words."""
            return ""

    @root_type
    class MoreQuery(built.Query):
        """Words."""

        @query(Some, access=PUBLIC)
        async def some(self) -> Any:
            """Words."""
            return {}

    monkeypatch.setattr(built, "Query", MoreQuery)
    with pytest.raises(UndeclaredError, match=r"Some\.name\(long\)"):
        built.build(Schema)
