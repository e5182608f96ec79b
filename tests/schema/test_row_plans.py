"""Branches completed by compiled plans answer what graphql-core answers (api/graphql/rows.py)."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from api.graphql.execution import Schema
from api.graphql.rows import RowExecutor
from identity.actor import anonymous
from schema.access import PUBLIC, Access
from schema.build import _finish
from schema.context import Context
from schema.fields import attr, gql_type, query, root_type
from schema.types.enums import PlateState

NOBODY = Access("nobody", lambda actor: False, lambda actor, row: False)

ROW: dict[str, Any] = {
    "text": "四 \u0001 words",
    "whole": 7,
    "share": 0.5,
    "truth": False,
    "state": "ACTIVE",
    "maybe": None,
    "words": ["a", "b"],
    "hidden": "secret",
    "inner": None,
}


@gql_type(access=PUBLIC)
class Leaf:
    """A row."""

    text: str = attr("Text.")
    whole: int = attr("Whole number.")
    share: float = attr("Number.")
    truth: bool = attr("Truth.")
    state: PlateState = attr("Enum.")
    maybe: str | None = attr("Nullable.")
    words: list[str] = attr("List.")
    hidden: str | None = attr("Not for anybody.", access=NOBODY)
    inner: Leaf | None = attr("A row in a row.")


@root_type
class Query:
    """Rows."""

    @query(list[Leaf | None], access=PUBLIC)
    async def rows(self, info: strawberry.Info) -> list[Any]:
        """The rows of the test."""
        return list(info.context.device)


def schema(**options: Any) -> Schema:
    made = Schema(query=Query, **options)
    for graphql_type in made._schema.type_map.values():
        if graphql_type.name in {"Leaf", "Query"}:
            _finish(graphql_type)
    return made


PLAIN, QUICK = schema(), schema(execution_context_class=RowExecutor)


async def both(document: str, rows: list[Any], **variables: Any) -> dict[str, Any]:
    """What both say; they must say the same."""
    answers = []
    for one in (PLAIN, QUICK):
        context = Context(actor=anonymous(""), device=rows)  # type: ignore[arg-type]  # rows ride along
        result = await one.execute(document, variable_values=variables, context_value=context)
        answers.append((result.data, _said(result.errors)))
    assert answers[0] == answers[1]
    return {"data": answers[1][0], "errors": answers[1][1]}


def _said(errors: list[GraphQLError] | None) -> list[Any]:
    return [
        (error.path, error.locations, (error.extensions or {}).get("code"))
        for error in errors or []
    ]


EVERYTHING = (
    "{ rows { text whole share truth state maybe words hidden inner { text inner { whole } } } }"
)


async def test_rows_of_every_kind_of_field() -> None:
    inner = {**ROW, "inner": {**ROW, "whole": -3}}
    answer = await both(EVERYTHING, [ROW, None, {**ROW, "inner": inner}])
    assert answer["errors"] == []
    assert answer["data"]["rows"][0]["state"] == "ACTIVE"
    assert answer["data"]["rows"][0]["hidden"] is None
    assert answer["data"]["rows"][2]["inner"]["inner"] == {"whole": -3}


async def test_aliases_fragments_and_typename_keep_their_order() -> None:
    document = """
      { rows { z: text __typename ...More a: whole ... on Leaf { text } } }
      fragment More on Leaf { maybe a: whole inner { truth } }
    """
    answer = await both(document, [{**ROW, "inner": ROW}])
    assert list(answer["data"]["rows"][0]) == ["z", "__typename", "maybe", "a", "inner", "text"]


@pytest.mark.parametrize(
    "broken",
    [
        {"text": None},
        {"whole": 2**40},
        {"whole": "seven"},
        {"whole": True},
        {"share": "half"},
        {"state": "SOLD"},
        {"words": "not a list"},
        {"words": [None]},
        {"words": ["a", 4]},
        {"text": {"not": "text"}},
        {"text": ValueError("as a value")},
        {"inner": {"text": "the rest is missing"}},
        {"inner": "no row"},
    ],
    ids=repr,
)
async def test_whatever_is_odd_is_reported_as_always(broken: dict[str, Any]) -> None:
    answer = await both(EVERYTHING, [ROW, {**ROW, **broken}])
    assert answer["data"]["rows"][0]["whole"] == 7


async def test_skip_and_include_differ_from_request_to_request() -> None:
    document = """query Q($yes: Boolean!, $no: Boolean!) {
      rows {
        text @include(if: $yes) ...More @skip(if: $no) inner { whole maybe @skip(if: $yes) }
      } }
      fragment More on Leaf { truth }"""
    rows = [{**ROW, "inner": ROW}]
    seen = [
        list((await both(document, rows, yes=yes, no=no))["data"]["rows"][0])
        for yes, no in ((True, False), (False, False), (True, True), (True, False))
    ]
    assert seen == [
        ["text", "truth", "inner"],
        ["truth", "inner"],
        ["text", "inner"],
        ["text", "truth", "inner"],
    ]


async def test_one_document_serves_rows_of_any_shape_after_another() -> None:
    for rows in ([ROW], [{**ROW, "text": None}], [ROW, ROW], []):
        await both(EVERYTHING, rows)
