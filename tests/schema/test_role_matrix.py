"""Role × field × tenant: who reads what, made from introspection and a committed table.

Every field of every object type is asked for by everybody, for a thing of their own tenant, of
another, and for one that does not exist. What is forbidden looks like what is absent.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLNonNull, GraphQLObjectType

from core import redis
from core.clock import now
from identity.actor import Actor
from landlord.models import Listing
from management.models import Place, PlaceBlockKind
from notifications.grid_activity import channel
from schema.context import Context
from schema.ids import global_id
from tests import factories
from tests.schema.role_ways import (
    EMPTY_HERE,
    FIELDS,
    MUTATIONS,
    PAYLOADS,
    TYPES,
    WRONG_SECRETS,
    filled,
    leaf,
)
from tests.schema.support import ROLES, SCHEMA, World, ask, new_id, some_uuid, undone

_HERE = Path(__file__).parent
_TABLE: dict[str, dict[str, Any]] = {"who": {}, "fields": {}}
for _file in (_HERE / "role_matrix.toml", *sorted((_HERE / "parts").glob("*.toml"))):
    for _section, _rows in tomllib.loads(_file.read_text("utf-8")).items():
        assert not set(_rows) & set(_TABLE[_section]), _file
        _TABLE[_section] |= _rows
ROOTS = ("Query", "Mutation", "Subscription")
OBJECTS = {
    name: kind
    for name, kind in SCHEMA._schema.type_map.items()
    if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
}
EVERY_FIELD = {f"{name}.{field}" for name, kind in OBJECTS.items() for field in kind.fields}


def allowed(path: str, tenant: int) -> frozenset[str]:
    """The roles that read a field of something of a tenant, by the table."""
    roles = _TABLE["who"][_TABLE["fields"][path]][str(tenant)]
    return frozenset(ROLES) if roles == ["*"] else frozenset(roles)


def test_every_field_has_a_row_and_every_row_a_field() -> None:
    assert set(_TABLE["fields"]) == EVERY_FIELD


def test_every_type_has_a_way() -> None:
    reached = {*TYPES, *PAYLOADS, *ROOTS, "GridEvent"}
    assert reached == set(OBJECTS)
    assert set(MUTATIONS) == set(OBJECTS["Mutation"].fields)


def test_the_table_names_known_roles_only() -> None:
    named = {role for who in _TABLE["who"].values() for roles in who.values() for role in roles}
    assert named - {"*"} <= set(ROLES)


# What became of one field for one asker: ("value",), ("null",) where its owner is seen but it is
# not, ("nothing",) where its owner is not seen, or ("refused", code, message).
Outcome = tuple[str, ...]


def outcome_of(answer: dict[str, Any], alias: str = "one") -> Outcome:
    for error in answer.get("errors", ()):
        assert len(error["path"]) == 1, "a refusal stands at the root field"
        if error["path"] != [alias]:
            continue
        if error["extensions"].get("params") == {"reason": "OWN_LISTING"}:
            return ("value",)  # let in, and told that it is theirs
        assert set(error["extensions"]) == {"code"}, error
        return ("refused", error["extensions"]["code"], error["message"])
    leaves = list(_leaves(answer["data"][alias]))
    if any(value not in (None, []) for value in leaves):
        return ("value",)
    return ("null",) if leaves else ("nothing",)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "leaf":
                yield item
            else:
                yield from _leaves(item)


def check(path: str, role: str, tenant: int, found: Outcome, absent: Outcome | None) -> None:
    """Compare what happened with the table."""
    where = f"{path} of tenant {tenant} for {role}: {found}"
    if role in allowed(path, tenant):
        assert found == ("value",) or (found == ("null",) and path in EMPTY_HERE), where
        return
    assert found != ("value",), where
    if found[0] == "refused":
        code = "UNAUTHENTICATED" if role == "anonymous" else "NOT_FOUND"
        assert found[1] == code, where
    if found != ("null",) and absent is not None:
        assert found == absent, f"{where}, but what is absent looks like {absent}"


async def open_block(world: World, tenant: int) -> str:
    """A block in force on the house of a tenant."""
    place = world.tenants[tenant - 1].place
    block = await factories.block(place, kind=PlaceBlockKind.STAFF_DECISION)
    return global_id("PlaceBlock", block.id)


@pytest.mark.parametrize("role", ROLES)
async def test_queries_answer_each_role_by_the_table(role: str, world: World) -> None:
    actor = world.actors[role]
    things = {"one": world.tenants[0].ids, "two": world.tenants[1].ids, "none": world.absent}
    reads: dict[str, str] = {}  # by path and thing
    for path in sorted(EVERY_FIELD):
        type_name, field_name = path.split(".")
        way = FIELDS.get(path) or TYPES.get(type_name)
        if way is None:
            continue
        kind = OBJECTS[type_name].fields[field_name]
        selection = "" if type_name == "Query" else leaf(field_name, kind)
        for thing, names in things.items():
            if thing == "none" and ("$community" in way or "$gridCode" in way):
                continue  # grids are no secret
            reads[f"{path} {thing}"] = filled(way, names, selection)
    found = await read_each(reads, actor)
    for path in dict.fromkeys(read.split()[0] for read in reads):
        absent = found.get(f"{path} none")
        check(path, role, 1, found[f"{path} one"], absent)
        check(path, role, 2, found[f"{path} two"], absent)


_AT_ONCE = 16  # a document may have 30 root fields


async def read_each(reads: dict[str, str], actor: Actor) -> dict[str, Outcome]:
    """What becomes of every root field. Those that may be null are asked for together: a refusal
    of another ends the whole document, in the middle of what else it reads."""
    found: dict[str, Outcome] = {}
    together = {name: read for name, read in reads.items() if _may_be_null(read)}
    names = list(together)
    for start in range(0, len(names), _AT_ONCE):
        batch = names[start : start + _AT_ONCE]
        found |= await _read({name: together[name] for name in batch}, actor)
    for name in reads.keys() - together.keys():
        found |= await _read({name: reads[name]}, actor)
    return found


def _may_be_null(read: str) -> bool:
    field = re.split(r"\W", read, maxsplit=1)[0]
    return not isinstance(OBJECTS["Query"].fields[field].type, GraphQLNonNull)


async def _read(reads: dict[str, str], actor: Actor) -> dict[str, Outcome]:
    await redis.client().flushall()  # unknown tokens are counted
    aliases = {f"r{number}": name for number, name in enumerate(reads)}
    fields = " ".join(f"{alias}: {reads[name]}" for alias, name in aliases.items())
    answer = await ask(f"{{ {fields} }}", actor)
    for alias, name in aliases.items():
        if name.startswith("Query.") and answer["data"]:
            answer["data"][alias] = answer["data"][alias] and {"leaf": answer["data"][alias]}
    return {name: outcome_of(answer, alias) for alias, name in aliases.items()}


async def act(world: World, role: str, mutation: str, names: dict[str, str], rest: str) -> Any:
    """Run a mutation and take it back."""
    await redis.client().flushall()
    given = filled(MUTATIONS[mutation], {**names, "requestId": new_id()})
    document = "mutation { one: " + mutation + "(input: " + given + ") " + rest + " }"
    async with undone():
        return await ask(document, world.actors[role])


@pytest.mark.parametrize("role", ROLES)
async def test_mutations_answer_each_role_by_the_table(role: str, world: World) -> None:
    more = {
        "refreshToken": world.refresh_token,
        "spare": global_id("StaffMember", world.spare_staff.id),
        "merge": global_id("AccountMerge", world.merge.id),
        "app": global_id("App", world.actors["app grids 1"].id or some_uuid()),
        "nextMonth": (now() + timedelta(days=30)).isoformat(),
    }
    things = [
        {**tenant.ids, **more, "openBlock": await open_block(world, index)}
        for index, tenant in enumerate(world.tenants, 1)
    ]
    # A draft can be published once nothing bars its house.
    nothing = {**world.absent, **more, "openBlock": global_id("PlaceBlock", world.spare_staff.id)}
    for path in sorted(EVERY_FIELD):
        type_name, field_name = path.split(".")
        if type_name == "Mutation":
            mutation, rest = field_name, "{ __typename }"
        elif type_name in PAYLOADS:
            mutation, rest = PAYLOADS[type_name]
            rest = filled(rest, {}, leaf(field_name, OBJECTS[type_name].fields[field_name]))
        else:
            continue
        own = MUTATIONS[mutation].replace("$requestId", "").replace("$refreshToken", "")
        about_things = "$" in own and "$gridCode" not in own  # grids are no secret
        none = await act(world, role, mutation, nothing, rest) if about_things else None
        for tenant, names in enumerate(things, 1):
            answer = await act(world, role, mutation, names, rest)
            if type_name == "Mutation":
                answer = _of_mutation(mutation, answer)
            absent = outcome_of(_of_mutation(mutation, none)) if none else None
            check(path, role, tenant, outcome_of(answer), absent)


_LET_IN = {"STANDARD_NOT_MET", "INVALID_INPUT", "WRONG_STATE", "CONFLICT"}


def _of_mutation(mutation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """A mutation that was let in counts as a value, whatever its use case then said."""
    for error in answer.get("errors", ()):
        params = error["extensions"].get("params", {})
        if mutation in WRONG_SECRETS:
            assert params["reason"] == WRONG_SECRETS[mutation]
            return {"data": {"one": {"leaf": True}}}
        if error["extensions"]["code"] in _LET_IN:
            return {"data": {"one": {"leaf": True}}}
    if answer["data"] and answer["data"]["one"]:
        return {"data": {"one": {"leaf": True}}}
    return answer


@pytest.mark.parametrize("role", ROLES)
async def test_what_happens_in_a_grid_reaches_each_role_by_the_table(
    role: str, world: World
) -> None:
    for field_name, field in OBJECTS["GridEvent"].fields.items():
        for tenant, thing in enumerate(world.tenants, 1):
            found = await first_event(world, role, thing.grid.code, leaf(field_name, field))
            absent = await first_event(world, role, "441900122999-01", leaf(field_name, field))
            check(f"GridEvent.{field_name}", role, tenant, found, absent)
            check("Subscription.gridActivity", role, tenant, found, absent)


def news(place: Place) -> bytes:
    """What is told of a place."""
    return orjson.dumps(
        {
            "kind": "PLACE_UPDATED",
            "at": now(),
            "grid_code": place.grid_code,
            "place_id": str(place.id),
            "place_code": place.code,
        }
    )


async def first_event(world: World, role: str, grid_code: str, selection: str) -> Outcome:
    """What a subscriber gets first: the news of a place of the grid, or a refusal."""
    document = 'subscription { one: gridActivity(gridCode: "' + grid_code + '") { ' + selection
    events = await SCHEMA.stream(document + " } }", None, Context(actor=world.actors[role]))
    waiting = asyncio.ensure_future(anext(events))
    place = next((t.place for t in world.tenants if t.grid.code == grid_code), None)
    try:
        # Nobody listens before the subscriber has been let in, so it is told again and again.
        while place is not None and not waiting.done():
            await redis.client().publish(channel(grid_code), news(place))
            await asyncio.wait([waiting], timeout=0.02)
        async with asyncio.timeout(5):
            result = await waiting
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])
        await events.aclose()
    answer: dict[str, Any] = {"data": result.data or {"one": None}}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
        for error in answer["errors"]:
            error.setdefault("path", ["one"])
    return outcome_of(answer)


async def test_drafts_are_seen_by_their_landlord_and_by_reviewers_of_the_grid(
    world: World,
) -> None:
    readers = {
        1: {"landlord A", "supervisor 1", "service desk"},
        2: {"landlord B", "service desk"},
    }
    for tenant, thing in enumerate(world.tenants, 1):
        draft = thing.ids["draft"]
        document = (
            "query($id: ID!) { listing(id: $id) { title }"
            " node(id: $id) { id ... on Listing { title } } }"
        )
        for role in ROLES:
            answer = await ask(document, world.actors[role], {"id": draft})
            seen = {name: bool(value) for name, value in answer["data"].items()}
            expected = role in readers[tenant]
            assert seen == {"listing": expected, "node": expected}, (role, tenant)
            assert "errors" not in answer


async def test_what_hangs_on_a_place_is_no_node(world: World) -> None:
    ids = world.tenants[0].ids
    for name in ("room", "plate", "operator", "block", "post"):
        answer = await ask(
            "query($id: ID!) { node(id: $id) { id } }", world.actors["warden 1"], {"id": ids[name]}
        )
        assert answer == {"data": {"node": None}}


async def test_a_foreign_id_and_one_of_nothing_answer_alike_through_node(world: World) -> None:
    document = "query($id: ID!) { node(id: $id) { id ... on Place { code } } }"
    for role in ROLES:
        foreign = await ask(document, world.actors[role], {"id": world.tenants[1].ids["place"]})
        absent = await ask(document, world.actors[role], {"id": world.absent["place"]})
        if role not in allowed("Query.node", 2):
            assert foreign == absent


async def test_a_contact_is_masked_for_staff_and_clear_for_who_runs_the_place(
    world: World,
) -> None:
    document = "query($code: String!) { place(code: $code) { contact { name phone } } }"
    code = world.tenants[0].place.code
    masked = await ask(document, world.actors["warden 1"], {"code": code})
    clear = await ask(document, world.actors["landlord A"], {"code": code})
    assert masked["data"]["place"]["contact"] == {"name": "测****", "phone": "139****0001"}
    assert clear["data"]["place"]["contact"] == {"name": "测试联系人", "phone": "13900000001"}


async def test_a_claim_that_ended_takes_the_file_away(world: World) -> None:
    tenant = world.tenants[0]
    tenant.claim.state = "ENDED"  # type: ignore[assignment]  # as the database has it
    await tenant.claim.save(update_fields=["state"])
    answer = await ask(
        "query($code: String!) { place(code: $code) { code } places { nodes { code } } }",
        world.actors["landlord A"],
        {"code": tenant.place.code},
    )
    assert answer == {"data": {"place": None, "places": {"nodes": []}}}


async def test_suspended_offers_are_gone_from_the_public(world: World) -> None:
    tenant = world.tenants[0]
    await Listing.filter(id=tenant.listing.id).update(state="SUSPENDED", state_before="PUBLISHED")
    document = (
        "query($id: ID!, $token: String!) { listing(id: $id) { id } node(id: $id) { id }"
        " plate(token: $token) { listings { nodes { id } } } }"
    )
    names = {"id": tenant.ids["listing"], "token": tenant.ids["token"]}
    answer = await ask(document, world.actors["anonymous"], names)
    assert answer == {"data": {"listing": None, "node": None, "plate": {"listings": {"nodes": []}}}}
