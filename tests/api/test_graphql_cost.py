"""The price of a request: lists multiply, pages count as asked, variables are looked up."""

from __future__ import annotations

from typing import Any

import pytest

from api.graphql.execution import Schema
from tests.api.toy_schema import toy_schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    return toy_schema()


def price(schema: Schema, document: str, variables: dict[str, Any] | None = None) -> int:
    return schema.check(document).plan.price(None, variables)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{one}", 1),
        ("{one __typename}", 1),
        ("{dear}", 500),
        ("{room{id}}", 1 + 1),
        ("{room{photos{url}}}", 1 + 1 + 10 * 1),
        ("{room{doors{url alt}}}", 1 + 1 + 3 * 2),
        ("{rooms(first:5){edges{node{id}}}}", 1 + 5 * (1 + 1 + 1)),
        ("{rooms(first:5){edges{node{id photos{url}}}}}", 1 + 5 * (1 + 1 + 1 + 1 + 10)),
        ("{rooms{nodes{id}}}", 1 + 30 * 2),
        ("{room{rooms(first:null){nodes{id}}}}", 2 + 20 * 2),
        ("{room{rooms{nodes{id}}}}", 2 + 20 * 2),
        ("{room{rooms(last:7){nodes{id}}}}", 2 + 7 * 2),
        ("{room{rooms(first:3,last:7){nodes{id}}}}", 2 + 7 * 2),
        ("{rooms(first:100000){nodes{id}}}", 1 + 100 * 2),
        ("{rooms(first:0){nodes{id}}}", 1 + 1 * 2),
        ("{rooms(first:-9){nodes{id}}}", 1 + 1 * 2),
        ("{...{one} ...on Query{dear}}", 501),
        ("{room{...f ...f}} fragment f on Room{id name}", 1 + 4),
        ("{rooms(first:10){...c}} fragment c on RoomConnection{nodes{...f}}fragment f on Room{a b}",
         1 + 10 * 3),
        ("{__schema{types{fields{name}}}}", 1_000),
        ("mutation{touch}", 1),
    ],
)  # fmt: skip
def test_price_of_a_document(schema: Schema, document: str, expected: int) -> None:
    assert price(schema, document) == expected


@pytest.mark.parametrize(
    ("definition", "variables", "size"),
    [
        ("$n:Int", {"n": 7}, 7),
        ("$n:Int", {"n": 700}, 100),
        ("$n:Int", {"n": -1}, 1),
        ("$n:Int", {}, 30),
        ("$n:Int", {"n": None}, 20),
        ("$n:Int=50", {}, 50),
        ("$n:Int=50", {"n": 2}, 2),
        ("$n:Int", {"n": "100"}, 20),
        ("$n:Int", {"n": [1]}, 20),
    ],
)
@pytest.mark.parametrize("through_fragment", [False, True])
def test_variables_decide_the_price(
    schema: Schema,
    definition: str,
    variables: dict[str, Any],
    size: int,
    through_fragment: bool,
) -> None:
    inner = "rooms(first:$n){nodes{id}}"
    document = (
        f"query({definition}){{...f}} fragment f on Query{{{inner}}}"
        if through_fragment
        else f"query({definition}){{{inner}}}"
    )
    assert price(schema, document, variables) == 1 + size * 2


async def test_one_document_is_refused_or_not_by_its_variables() -> None:
    schema = toy_schema()
    document = (
        "query($n:Int){rooms(first:$n){nodes{rooms(first:$n){nodes{id}}}}}"  # 1 + n(1 + 1 + 2n)
    )
    cheap = await schema.execute(document, {"n": 10})
    dear = await schema.execute(document, {"n": 100})
    assert cheap.errors is None
    assert dear.errors is not None
    assert dear.errors[0].extensions == {
        "code": "TOO_COMPLEX",
        "params": {"what": "cost", "limit": 10_000, "actual": 20_201},
    }


async def test_only_the_operation_that_runs_is_priced() -> None:
    schema = toy_schema()
    dear = "rooms(first:100){nodes{rooms(first:100){nodes{id}}}}"
    document = f"query cheap{{one}} query dear{{{dear}}}"
    assert (await schema.execute(document, operation_name="cheap")).data == {"one": 1}
    refused = await schema.execute(document, operation_name="dear")
    assert refused.errors is not None
    assert refused.data is None


async def test_fragments_that_multiply_pages_are_priced_once_each() -> None:
    body = "".join(
        f"fragment f{i} on Room{{rooms(first:$n){{nodes{{...f{i + 1} ...f{i + 1}}}}}}}"
        for i in range(5)
    )
    document = f"query($n:Int){{room{{...f0}}}}{body}fragment f5 on Room{{id}}"
    refused = await toy_schema().execute(document, {"n": 100})
    assert refused.errors is not None
    assert (refused.errors[0].extensions or {})["code"] == "TOO_COMPLEX"
