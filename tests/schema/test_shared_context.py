"""Operations of one socket share a context: what one asks for is nothing to the other."""

from __future__ import annotations

import asyncio
from typing import Any

from schema.context import Context
from tests.schema.support import SCHEMA, World, data_of


async def test_operations_at_once_keep_what_each_asked_for(world: World) -> None:
    context = Context(actor=world.actors["warden 1"])
    ids = world.tenants[0].ids
    plate = 'plate(token: "' + ids["token"] + '") '
    place = 'place(code: "' + ids["code"] + '") '
    documents = [
        "{ one: " + plate + "{ state } }",
        "{ one: " + plate + "{ place { community { name boundary posts { staffName } } } } }",
        "{ one: " + plate + "{ actions credit { mayBeLet } } }",
        "{ one: " + place + "{ code } }",
        "{ one: " + place + "{ rooms { number } operators { role } contact { phone } } }",
    ]

    async def run(document: str) -> Any:
        result = await SCHEMA.execute(document, None, context)
        assert not result.errors, result.errors
        return result.data

    alone = [await run(document) for document in documents]
    for _ in range(3):
        assert await asyncio.gather(*map(run, documents)) == alone


async def test_one_field_asked_for_twice_under_two_names_answers_both(world: World) -> None:
    context = Context(actor=world.actors["landlord A"])
    document = (
        "{ viewer { a: places(first: 1) { nodes { code } }"
        " b: places(first: 1) { nodes { name rooms { number } } }"
        " c: listings { nodes { title } } } }"
    )
    result = await SCHEMA.execute(document, None, context)
    assert not result.errors
    assert result.data is not None
    viewer = result.data["viewer"]
    assert viewer["a"]["nodes"] == [{"code": world.tenants[0].place.code}]
    assert len(viewer["b"]["nodes"][0]["rooms"]) == 6
    assert len(viewer["c"]["nodes"]) == 5


async def test_skipped_and_included_fields_follow_the_variables(world: World) -> None:
    document = (
        "query($code: String!, $with: Boolean!) { place(code: $code) {"
        " code rooms @include(if: $with) { number } ...Contact @skip(if: $with) } }"
        " fragment Contact on Place { contact { phone } }"
    )
    for wanted in (True, False, True):
        result = await SCHEMA.execute(
            document,
            {"code": world.tenants[0].place.code, "with": wanted},
            Context(actor=world.actors["warden 1"]),
        )
        assert not result.errors
        assert result.data is not None
        assert set(result.data["place"]) == {"code", "rooms" if wanted else "contact"}


async def test_a_node_asked_for_in_two_places_answers_both(world: World) -> None:
    document = """query Q($id: ID!) {
      node(id: $id) { ... on Place { name } }
      ...Again
    }
    fragment Again on Query { node(id: $id) { id ... on Place { code rooms { number } } } }"""
    place = world.tenants[0].ids["place"]
    answer = await data_of(document, world.actors["warden 1"], {"id": place})
    assert set(answer["node"]) == {"name", "id", "code", "rooms"}
