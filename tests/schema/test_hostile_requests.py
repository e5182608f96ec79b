"""Hostile requests through the assembled application: refused in words, never a fault of ours."""

from __future__ import annotations

import base64
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_leaf_type,
    is_list_type,
)

from api.app import make_service
from api.assembly import database_config
from core import redis
from core.clock import now
from core.settings import settings
from identity import authentication
from identity.actor import ActorKind
from identity.models import App, Session
from identity.tokens import Claims, issue
from tests.schema.support import SCHEMA, World, everything, undone

INPUTS = 1_000


@pytest.fixture
async def client(world: World, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application as a browser meets it."""
    service = make_service(settings(), database_config(database_url, settings()))
    transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://town.test") as made:
        yield made


async def post(client: httpx.AsyncClient, body: Any, token: str | None = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await client.post(
        "/graphql", json=body, headers={**headers, "accept": "application/graphql-response+json"}
    )


STRINGS = (
    "", " ", "\0", "a\0b", "\u202ex", "\u2066x", "\ufeff", "\u200f", "\x1b[31m", "x" * 5_000,
    "字" * 3_000, "' OR 1=1 --", "'; DROP TABLE place; --", "%", "_", "\\", "${jndi:ldap://x}",
    "{{7*7}}", "<script>alert(1)</script>", "../../../etc/passwd", "441900122/%", "null", "true",
    "441900122002-01/", "NaN", "-0", "1e309", "٣٤", "𝟙𝟚𝟛", "é" * 999, "\n\r\t", "(" * 1_000, "{zh}",
    "{0}", "%s%n", "=cmd|'/c calc'!A1",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31 - 1, -(2**31), 2**31, 2**53, 2**63, 10**40, 1.5, -1e308, 1e308, 5e-324)
ODD = (None, True, False, [], {}, [[]], {"a": 1}, [None], "RENTAL_HOUSE", ["RENTAL_HOUSE"] * 50)
IDS = (
    "UGxhY2U6", "TGlzdGluZzo=",
    base64.urlsafe_b64encode(b"Place:" + b"\0" * 16).decode().rstrip("="),
    base64.urlsafe_b64encode(b"Place:" + b"\0" * 15).decode(), "Place:1", 7, -7, "=" * 100,
    base64.urlsafe_b64encode(b"__Type:" + b"\1" * 16).decode().rstrip("="),
)  # fmt: skip
DATES = ("2026-02-30", "0001-01-01", "9999-12-31", "-001-01-01", "2026-11-21T00:00:00Z", "2026W01")
DECIMALS = ("1e999999999", "1e-999999999", "Infinity", "sNaN", "9" * 500, "0." + "9" * 500, "1_0")


TAME: dict[str, tuple[Any, ...]] = {
    "UUID": tuple(str(uuid4()) for _ in range(50)),
    "Int": (0, 1, 2, 5, 20),
    "Float": (113.6, 22.9),
    "Decimal": ("850", "20", "850.005"),
    "Date": ("2026-12-01", "2027-01-01"),
    "Boolean": (True, False),
}
SCALARS: dict[str, tuple[Any, ...]] = {
    "UUID": (*(str(uuid4()) for _ in range(100)), *STRINGS),
    "ID": (*IDS, *STRINGS),
    "Int": NUMBERS,
    "Float": NUMBERS,
    "Decimal": (*DECIMALS, *NUMBERS),
    "Date": DATES,
    "Boolean": (True, False),
}


@dataclass(frozen=True)
class Target:
    """One root field with its arguments."""

    operation: str
    name: str
    arguments: dict[str, Any]
    selection: str


def targets() -> Iterator[Target]:
    for operation, kind in (
        ("query", SCHEMA._schema.query_type),
        ("mutation", SCHEMA._schema.mutation_type),
    ):
        assert kind is not None
        for name, field in kind.fields.items():
            returned = get_named_type(field.type)
            plain = "__typename"
            if isinstance(returned, GraphQLObjectType):
                plain = " ".join(
                    inner for inner, of in returned.fields.items()
                    if is_leaf_type(get_named_type(of.type)) and not of.args
                ) or plain  # fmt: skip
            yield Target(operation, name, field.args, plain)


def hostile(kind: Any, rng: random.Random, names: list[str], depth: int = 0) -> Any:
    """A value for an argument: now and then a good one, so that the next is reached."""
    if rng.random() < 0.015:
        return rng.choice(ODD)
    named = get_named_type(kind)
    if is_list_type(getattr(kind, "of_type", kind)) or is_list_type(kind):
        return [hostile(named, rng, names, depth) for _ in range(rng.choice((0, 1, 2, 30)))]
    if isinstance(named, GraphQLInputObjectType):
        return {
            name: hostile(field.type, rng, names, depth + 1)
            for name, field in named.fields.items()
            if str(field.type).endswith("!") or rng.random() < 0.4
        }
    if isinstance(named, GraphQLEnumType):
        return rng.choice([*named.values, *named.values, "NOT_ONE", "newest", 1])
    assert isinstance(named, GraphQLScalarType)
    if rng.random() < 0.6:
        return rng.choice(TAME.get(named.name, names))
    return rng.choice(SCALARS.get(named.name, STRINGS))


def document(target: Target, values: dict[str, Any]) -> dict[str, Any]:
    variables = ", ".join(f"${name}: {target.arguments[name].type}" for name in values)
    given = ", ".join(f"{name}: ${name}" for name in values)
    brackets = (f"({variables})", f"({given})") if values else ("", "")
    selection = f"{target.operation} Hostile{brackets[0]} {{ {target.name}{brackets[1]}"
    return {"query": f"{selection} {{ {target.selection} }} }}", "variables": values}


EXPECTED = {
    "UNAUTHENTICATED",
    "NOT_FOUND",
    "INVALID_INPUT",
    "CONFLICT",
    "REQUEST_ID_REUSED",
    "WRONG_STATE",
    "STANDARD_NOT_MET",
    "RATE_LIMITED",
    "TOO_COMPLEX",
}
INSIDE = ("Traceback", "asyncpg", "tortoise", "psycopg", "SELECT ", "INSERT ", "site-packages")


async def test_a_thousand_hostile_inputs_and_no_fault_of_ours(
    world: World, client: httpx.AsyncClient
) -> None:
    seed = int(os.environ.get("LEYE_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"LEYE_TEST_SEED={seed}")
    rng = random.Random(seed)
    every = list(targets())
    roles = [None, *world.tokens]
    names = [
        value
        for tenant in world.tenants
        for value in (*tenant.ids.values(), tenant.place.name, "13800000001")
    ]
    met: Counter[str] = Counter()
    for number in range(INPUTS):
        target = every[number % len(every)]
        values = {
            name: hostile(argument.type, rng, names)
            for name, argument in target.arguments.items()
            if str(argument.type).endswith("!") or rng.random() < 0.6
        }
        role = rng.choice(roles)
        if number % 10 == 0:
            await redis.client().flushall()  # else most would be told to wait
        async with undone():  # a sign-out that works would be the end of the rest
            answer = await post(client, document(target, values), world.tokens.get(role or ""))
        about = (
            f"seed {seed}, number {number}, {role}, {target.name}: {values}: {answer.text[:600]}"
        )
        assert answer.status_code in {200, 400, 401, 404, 409, 422, 429}, about
        code = ""
        for error in answer.json().get("errors", ()):
            code = error["extensions"]["code"]
            assert code in EXPECTED, about
            assert not any(words in error["message"] for words in INSIDE), about
        met["" if answer.json().get("data") else code] += 1
    # Enough gets past the first check to meet every other.
    assert {"UNAUTHENTICATED", "NOT_FOUND", "INVALID_INPUT", ""} <= set(met)
    assert min(met[""], met["NOT_FOUND"], met["INVALID_INPUT"]) > INPUTS // 20, met


def altered(token: str, *, key: str = "another key of thirty-two characters", **claims: Any) -> str:
    """The token signed by somebody else, or saying something else."""
    content = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    content.update(claims)
    return jwt.encode(content, key, algorithm="HS256", headers={"kid": header["kid"]})


def unsigned(token: str) -> str:
    """The token with algorithm ``none``."""
    content = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(content, None, algorithm="none")


@pytest.fixture
async def bad_tokens(world: World) -> dict[str, str]:
    """Tokens that were good once, or never."""
    good = world.tokens["warden 1"]
    revoked = world.tokens["resident"]
    await Session.filter(id=world.actors["resident"].session_id).update(
        ended_at=now(), end_reason="SIGNED_OUT"
    )
    await App.filter(id=world.actors["app places 1"].id).update(revoked_at=now())
    warden = world.actors["warden 1"]
    authentication.forget()
    assert warden.id is not None
    claims = Claims(ActorKind.STAFF, warden.id, warden.session_id)
    header, payload, signature = good.split(".")
    return {
        "unknown": "no-token-at-all",
        "long": "x" * 9_000,
        "half": good[: len(good) // 2],
        "foreign": altered(good),
        "unsigned": unsigned(good),
        "without signature": f"{header}.{payload}.",
        "tampered": f"{header}.{payload[:-2]}AA.{signature}",
        "expired": issue(claims, lifetime=-timedelta(minutes=1)).text,
        "revoked": revoked,
        "of a revoked app": world.tokens["app places 1"],
        "of nobody": issue(Claims(ActorKind.STAFF, uuid4(), uuid4())).text,
        "of another holder": issue(Claims(ActorKind.STAFF, uuid4(), warden.session_id)).text,
        "of another kind": issue(Claims(ActorKind.ACCOUNT, warden.id, warden.session_id)).text,
        "for the system": issue(Claims(ActorKind.SYSTEM, uuid4())).text,
    }


async def test_a_token_that_is_not_good_is_401_and_does_nothing(
    world: World, client: httpx.AsyncClient, bad_tokens: dict[str, str]
) -> None:
    before = await everything()
    mutation = {
        "query": 'mutation { setOfficePhone(input: { requestId: "' + str(uuid4()) + '",'
        ' gridCode: "441900122002-01", officePhone: "" }) { grid { code } } }'
    }
    for name, token in bad_tokens.items():
        for body in ({"query": "{ grids { nodes { code } } }"}, mutation):
            answer = await post(client, body, token)
            assert answer.status_code == 401, name
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED", name
            assert "data" not in answer.json()
            assert token not in answer.text
    assert await everything() == before


async def test_refusals_over_the_wire_are_in_the_callers_language(
    client: httpx.AsyncClient,
) -> None:
    body = {"query": '{ place(code: "999999-00001") { code } }'}
    for given, words in (
        ({}, "请先登录"),
        ({"accept-language": "zh-CN,zh;q=0.9"}, "请先登录"),
        ({"accept-language": "en-GB,en;q=0.8"}, "Sign in first"),
        ({"accept-language": "fr"}, "请先登录"),
    ):
        answer = await client.post("/graphql", json=body, headers=given)
        assert answer.json()["errors"][0]["message"] == words


async def test_an_answer_to_nobody_may_be_kept_and_one_to_somebody_never(
    world: World, client: httpx.AsyncClient
) -> None:
    query = {"query": "{ grids { nodes { code posts { staffName } } } }"}
    public = await client.get("/graphql", params=query)
    private = await client.get(
        "/graphql", params=query, headers={"authorization": f"Bearer {world.tokens['warden 1']}"}
    )
    assert public.headers["etag"]
    assert "public" in public.headers["cache-control"]
    assert "etag" not in private.headers
    assert private.headers["cache-control"] in {"no-store", "private, no-store"}
    assert "测试人员" not in public.text
    assert "测试人员" in private.text
