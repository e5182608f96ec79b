"""What holds for every mutation: repeats, whom it is for, ids, and values that can't be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from core.clock import now
from core.database import fetch
from core.ids import uuid7
from identity.models import Account
from management.models import PlaceBlockKind
from notifications.shipped import shipped
from notifications.template_editing import publish_template
from notifications.topics import Topic
from schema.ids import global_id
from tests import factories
from tests.schema.mutation_cases import CASES, NEWS, Case, input_for, input_of, names_of
from tests.schema.parts import PARTS
from tests.schema.support import (
    PATHS,
    SCHEMA,
    STAFF,
    World,
    ask,
    data_of,
    everything,
    new_id,
    refusal_of,
    rows_in,
)

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
async def names(world: World) -> dict[str, str]:
    """Things of tenant 1, an open block among them where one is lifted."""
    return names_of(world)


async def prepare(case: Case, world: World, names: dict[str, str]) -> dict[str, str]:
    """A world in which the case is good."""
    if case.name == "endBlock":
        block = await factories.block(world.tenants[0].place, kind=PlaceBlockKind.STAFF_DECISION)
        names["openBlock"] = global_id("PlaceBlock", block.id)
    if case.name == "unlockAccount":
        await Account.filter(id=world.accounts["landlord A"].id).update(locked_at=now())
    if case.name == "restoreShippedTemplate":
        for topic in (Topic.LISTING_REFUSED, Topic.LISTING_EXPIRED):
            words = replace(shipped()[topic], title_zh="人工写的")
            await publish_template(world.actors["admin"], words=words, expected_version=1)
    for part in PARTS:
        if before := getattr(part, "PREPARE", {}).get(case.name):
            await before(world)
    return names


def test_every_mutation_with_a_request_id_has_a_case() -> None:
    root = SCHEMA._schema.mutation_type
    assert root is not None
    with_id = {name for name in root.fields if "requestId" in input_of(name).fields}
    assert {case.name for case in CASES} == with_id


@EVERY
async def test_done_once_however_often_it_is_asked(
    case: Case, world: World, names: dict[str, str]
) -> None:
    names = await prepare(case, world, names)
    actor = world.actors[case.actor]
    given = input_for(case, names)
    before = await everything()
    (last,) = await fetch("SELECT coalesce(max(id), 0) AS job FROM procrastinate_jobs")

    first = await data_of(case.document, actor, {"input": given})
    done = await everything()
    assert done != before
    assert rows_in(done, "audit_entry") > rows_in(before, "audit_entry")
    assert rows_in(done, "request_claim") == rows_in(before, "request_claim") + 1
    sql = "SELECT task_name FROM procrastinate_jobs WHERE id > $1"
    jobs = {row["task_name"] for row in await fetch(sql, last["job"])}
    live = "notifications.grid_activity"
    news = {"notifications.dispatch"} if case.name in NEWS else set()
    assert jobs == news | {name if "." in name else f"{live}.{name}" for name in case.told}

    assert await data_of(case.document, actor, {"input": given}) == first
    again = await everything()
    if case.read_again:
        assert rows_in(again, "audit_entry") == rows_in(done, "audit_entry") + 1
        done = {**done, **{table: again[table] for table in ("audit_entry", "audit_chain")}}
    assert again == done

    if not case.other:  # nothing in it can differ
        return
    changed = {**given, **input_for(case, names, **case.other), "requestId": given["requestId"]}
    answer = await ask(case.document, actor, {"input": changed}, language="en")
    assert answer["data"] is None
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "REQUEST_ID_REUSED", "field": "input.requestId"}
    ]
    assert await everything() == done


@EVERY
async def test_refused_to_whom_it_is_not_for(
    case: Case, world: World, names: dict[str, str]
) -> None:
    names = await prepare(case, world, names)
    given = input_for(case, names)
    before = await everything()
    for role, code, words in (
        ("anonymous", "UNAUTHENTICATED", "请先登录"),
        (case.stranger, "NOT_FOUND", "没有找到，或者您无权查看"),
        (case.app, "NOT_FOUND", "没有找到，或者您无权查看"),
    ):
        if role == "anonymous" and case.unnamed:
            continue
        answer = await ask(case.document, world.actors[role], {"input": given})
        (error,) = answer["errors"]
        assert (error["extensions"], error["message"]) == ({"code": code}, words), role
        assert error["path"] == [case.name]
        assert answer["data"] is None
    assert await everything() == before


@EVERY
async def test_ids_of_nothing_of_other_things_and_of_no_form(
    case: Case, world: World, names: dict[str, str]
) -> None:
    names = await prepare(case, world, names)
    actor = world.actors[case.actor]
    good = input_for(case, names)
    before = await everything()
    for path in sorted(paths_of_type(input_of(case.name), "ID")):
        kind = {"roomId": "Room", "roomIds": "Room", "placeId": "Place"}.get(path[0], "Listing")
        for bad, codes in (
            ("", {"INVALID_INPUT"}),
            ("no id at all", {"INVALID_INPUT"}),
            ("\0", {"INVALID_INPUT"}),
            ("UGxhY2U6", {"INVALID_INPUT"}),
            ("٣" * 40, {"INVALID_INPUT"}),
            (global_id("Session", uuid7()), {"NOT_FOUND"}),
            (global_id(kind, uuid7()), {"NOT_FOUND", "INVALID_INPUT"}),
        ):
            given = {**put(good, path, bad), "requestId": new_id()}
            answer = await ask(case.document, actor, {"input": given})
            (error,) = answer["errors"]
            assert error["extensions"]["code"] in codes, (path, bad, error)
            if codes == {"INVALID_INPUT"}:
                assert error["extensions"]["params"] == {"reason": "ID"}
                assert error["extensions"]["field"] == f"input.{path[0]}"
    assert await everything() == before


HOSTILE: dict[str, tuple[Any, ...]] = {
    "String": ("a\0b", "a\u202eb", "x" * 10_001, "\u0007"),
    "Decimal": ("NaN", "Infinity", "-Infinity", "-1", "1e999999999", "12 000", "", True, 1e300),
    "Int": (2**31, -(2**31) - 1, 2**31 - 1, -(2**31), 1.5, "1", True),
    "Float": (1e300, -1e300, "x"),
    "UUID": ("", "no uuid", 7, "x" * 10_000, "00000000-0000-0000-0000-00000000000g"),
    "Date": ("2026-02-30", "", "0000-00-00", "99999-01-01", 7, "yesterday"),
    "Boolean": ("true", 1),
    "TimeOfDay": ("", "24:00", "22:00:30", "noon", 7, "٢٢:٠٠"),
}
# Small numbers that mean nothing wrong: a version that is not the present one is stale.
CODES = {"INVALID_INPUT", "CONFLICT"}
# Any text may be a code or token: of nothing that is there.
MAY_BE_NOTHING = {"departmentCode", "plateToken"}
OF_ONES_OWN_GRID = {"changeNotice", "draftNotice", "setOfficePhone"}


@EVERY
async def test_values_that_cannot_be_used_change_nothing(
    case: Case, world: World, names: dict[str, str]
) -> None:
    names = await prepare(case, world, names)
    actor = world.actors[case.actor]
    good = input_for(case, names)
    before = await everything()
    tried = 0
    for kind, values in HOSTILE.items():
        for path in sorted(paths_of_type(input_of(case.name), kind)):
            for value in values:
                given = put({**good, "requestId": new_id()}, path, value)
                answer = await ask(case.document, actor, {"input": given})
                assert answer.get("errors"), (path, value, answer)
                (error,) = answer["errors"]
                codes = {*CODES, "NOT_FOUND"} if path[-1] in MAY_BE_NOTHING else CODES
                if path == ("items", "expectedVersion"):  # a batch names each item at fault
                    codes = {"INVALID_INPUT", "WRONG_STATE"}
                if path == ("gridCode",) and case.name in OF_ONES_OWN_GRID:
                    codes = {"NOT_FOUND"}
                assert error["extensions"]["code"] in codes, (path, value, error)
                tried += 1
    assert tried > 3
    assert await everything() == before


def paths_of_type(kind: GraphQLInputObjectType, wanted: str) -> Iterator[tuple[str, ...]]:
    """Paths of the input fields of a scalar type."""
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            for rest in paths_of_type(inner, wanted):
                yield (name, *rest)
        elif inner.name == wanted:
            yield (name,)


def put(given: Any, path: tuple[str, ...], value: Any) -> Any:
    """The input with one value in place of what is there."""
    name, *rest = path
    old = given.get(name)
    new = value
    if name in {"rooms", "areas", "items", "answers", "formValues", "keys", "family", "consents"}:
        first, *others = old or [{}]
        new = [put(first, tuple(rest), value), *others]
    elif rest:
        point = {"longitude": 113.6, "latitude": 22.9}
        new = put(old or point, tuple(rest), value)
    elif name == "roomIds":
        new = [value]
    return {**given, name: new}


async def test_the_same_request_id_of_two_people_is_two_requests(world: World) -> None:
    document = "mutation($input: SetDisplayNameInput!) { setDisplayName(input: $input) { viewer { name } } }"  # noqa: E501 - one document
    request_id = new_id()
    for role, name in (("resident", "甲"), ("landlord A", "乙")):
        given = {"requestId": request_id, "displayName": name}
        data = await data_of(document, world.actors[role], {"input": given})
        assert data["setDisplayName"]["viewer"]["name"] == name


async def test_what_was_left_out_and_what_was_emptied_are_two_payloads(world: World) -> None:
    case = next(case for case in CASES if case.name == "updatePlace")
    actor = world.actors["warden 1"]
    given = input_for(case, names_of(world))
    await data_of(case.document, actor, {"input": given})
    answer = await ask(case.document, actor, {"input": {**given, "operatorName": ""}})
    assert answer["errors"][0]["extensions"]["code"] == "REQUEST_ID_REUSED"


async def test_refusals_are_in_chinese_unless_english_is_asked_for(world: World) -> None:
    case = next(case for case in CASES if case.name == "filePlace")
    given = input_for(case, names_of(world), gridCode="441900122999-01")
    zh = await ask(case.document, world.actors["warden 1"], {"input": given})
    en = await ask(case.document, world.actors["warden 1"], {"input": given}, language="en")
    assert zh["errors"][0]["message"] == "没有这个网格"
    assert en["errors"][0]["message"] == "There is no such grid"
    assert zh["errors"][0]["extensions"] == en["errors"][0]["extensions"] == {
        "code": "INVALID_INPUT",
        "field": "input.gridCode",
        "params": {"reason": "UNKNOWN_GRID"},
    }  # fmt: skip


# What they answer is for everybody who holds the right anywhere, or for everybody.
ANSWERED_EVERYWHERE = {
    "addStaffMember", "leaveStaffMember", "lockAccount", "unlockAccount", "setOfficePhone",
    "removeWebhook",  # there is nothing left to be hidden
    "undoAccountMerge",
    "resendDelivery", "pauseChannel", "resumeChannel",
    "publishTemplate", "restoreShippedTemplate", "setWechatTemplate",
}  # fmt: skip
LOCAL = [case for case in CASES if case.actor in STAFF and case.name not in ANSWERED_EVERYWHERE]


@pytest.mark.parametrize("case", LOCAL, ids=lambda case: case.name)
async def test_a_repeat_by_somebody_who_lost_their_post_is_refused(
    case: Case, world: World, names: dict[str, str]
) -> None:
    names = await prepare(case, world, names)
    actor = world.actors[case.actor]
    given = input_for(case, names)
    await data_of(case.document, actor, {"input": given})
    # The same person as what they were, now posted to the other grid.
    moved = replace(actor, rights=dict.fromkeys(actor.rights, (PATHS[1],)))
    refused = await refusal_of(case.document, moved, {"input": given})
    assert refused["extensions"] == {"code": "NOT_FOUND"}
