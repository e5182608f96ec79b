"""GraphQL over HTTP: methods, media types, status codes, caching, and what is refused."""

from __future__ import annotations

import dataclasses
import email
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from structlog.testing import capture_logs

from api.graphql.accept import acceptable
from api.graphql.connections import Connections
from api.graphql.documents import TrustedDocuments
from api.graphql.http import GraphQLEndpoint
from api.graphql.streams import FRAMINGS
from api.language import preferred_language
from core.errors import RateLimited, Unauthenticated
from tests.api.toy_schema import Context, toy_schema

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
KNOWN = "query Known{one}"


async def make_context(request: Any, payload: dict[str, Any] | None) -> Context:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token == "expired":
        raise Unauthenticated
    if token == "hasty":
        raise RateLimited(params={"retryAfter": 12.5})
    if token == "bug":
        raise RuntimeError("secret")
    language = preferred_language(request.headers.get("accept-language"))
    return Context(language=language, account=token or None)


async def still_good(context: Context) -> bool:
    return context.good


async def console(request: Request) -> Response:
    return HTMLResponse("<title>console</title>")


def endpoint(**options: Any) -> GraphQLEndpoint:
    schema = toy_schema(trusted=TrustedDocuments([KNOWN]))
    connections = Connections(person=lambda c: c.account, still_good=still_good, per_person=2)
    return GraphQLEndpoint(schema, make_context, connections, **options)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(endpoint(console=console))
    async with httpx.AsyncClient(transport=transport, base_url="http://town.test") as made:
        yield made


def params(document: str, **more: Any) -> dict[str, str]:
    return {"query": document, **{k: json.dumps(v) for k, v in more.items()}}


async def post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/", content=content, headers={"content-type": JSON, **given})


async def test_post_answers_in_the_type_that_was_asked_for(client: httpx.AsyncClient) -> None:
    for accept, media in ((JSON, JSON), (RESPONSE, RESPONSE), ("*/*", JSON)):
        answer = await post(client, {"query": "{one}"}, accept=accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == media
        assert answer.json() == {"data": {"one": 1}}
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON}, {RESPONSE};q=0.5", JSON),
        (f"*/*, {RESPONSE};q=0.2", JSON),
        (f"{RESPONSE};charset=utf-8, */*", RESPONSE),
        ("text/event-stream", "text/event-stream"),
        ('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
         "multipart/mixed"),
        ('multipart/mixed; subscriptionSpec="1.0"', "multipart/mixed"),
        ("multipart/mixed;subscriptionSpec=2.0", None),
        ("multipart/mixed;deferSpec=20220824,application/json", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=much", None),
    ],
)  # fmt: skip
def test_the_better_type_wins(accept: str | None, media: str | None) -> None:
    assert acceptable(accept) == media


@pytest.mark.parametrize("document", ["{", "{nothing}", "query a{one} query b{one}"])
async def test_a_document_that_is_not_run_has_no_data(
    client: httpx.AsyncClient, document: str
) -> None:
    strict = await post(client, {"query": document}, accept=RESPONSE)
    lenient = await post(client, {"query": document}, accept=JSON)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    assert "data" not in strict.json()
    assert "data" not in lenient.json()


async def test_a_field_that_fails_is_still_an_answer(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "{refused}"}, accept=RESPONSE)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_variables_operation_name_and_hash_are_understood(client: httpx.AsyncClient) -> None:
    body = {
        "query": "query a{one} query b($t:String!){echo(text:$t)}",
        "operationName": "b",
        "variables": {"t": "厚街"},
    }
    assert (await post(client, body)).json() == {"data": {"echo": "厚街"}}
    known = hashlib.sha256(KNOWN.encode()).hexdigest()
    assert (await post(client, {"documentId": known})).json() == {"data": {"one": 1}}
    assert (await client.get("/", params={"documentId": known})).json() == {"data": {"one": 1}}
    absent = await post(client, {"documentId": "0" * 64})
    assert absent.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_the_callers_language_is_used(client: httpx.AsyncClient) -> None:
    english = await post(client, {"query": "{language}"}, accept_language="en-GB,zh;q=0.5")
    chinese = await post(client, {"query": "{language}"})
    assert english.json()["data"] == {"language": "en"}
    assert chinese.json()["data"] == {"language": "zh-CN"}
    refused = await post(client, b"{", accept_language="en")
    assert refused.json()["errors"][0]["message"] == "The input does not meet the rules"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("zh-TW,en;q=0.9", "zh-CN"),
        ("fr,en;q=0.1", "en"),
        ("fr", "zh-CN"),
        ("en;q=0.5,zh;q=0.5", "zh-CN"),
        ("en;q=x", "zh-CN"),
        ("en," * 100, "zh-CN"),
    ],
)
def test_the_language_comes_from_the_header(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "MALFORMED_JSON"),
        (b"{", "MALFORMED_JSON"),
        (b'{"query":"\xff"}', "MALFORMED_JSON"),
        (b'{"query":"\x00"}', "MALFORMED_JSON"),
        (b'{"query":"\\ud800"}', "MALFORMED_JSON"),
        (b"[" * 5_000, "MALFORMED_JSON"),
        (b'{"query":"{one}","variables":{"a":["x\\u0000"]}}', "NUL"),
        (b'{"query":"{one}","variables":{"\\u0000":1}}', "NUL"),
        (b'[{"query":"{one}"}]', "BATCH"),
        (b"7", "NOT_AN_OBJECT"),
        (b'{"query":7}', "WRONG_TYPE"),
        (b'{"query":"{one}","variables":[]}', "WRONG_TYPE"),
        (b'{"query":"{one}","operationName":{}}', "WRONG_TYPE"),
        (b'{"query":"{one}","extensions":"x"}', "WRONG_TYPE"),
        (b"{}", "NO_DOCUMENT"),
        (b'{"query":""}', "NO_DOCUMENT"),
    ],
)
async def test_bad_bodies_are_refused_with_a_reason(
    client: httpx.AsyncClient, body: bytes, reason: str
) -> None:
    answer = await post(client, body)
    assert answer.status_code == 400
    extensions = answer.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["params"]["reason"]) == ("INVALID_INPUT", reason)


async def test_an_escaped_backslash_before_u0000_is_not_a_nul(client: httpx.AsyncClient) -> None:
    body = {"query": "query($t:String!){echo(text:$t)}", "variables": {"t": "\\u0000"}}
    assert (await post(client, body)).json() == {"data": {"echo": "\\u0000"}}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/json; charset=gbk", "application/jsonp", ""],
)  # fmt: skip
async def test_forms_of_other_pages_are_not_read(client: httpx.AsyncClient, kind: str) -> None:
    body = json.dumps({"query": "mutation{touch}"})
    answer = await client.post("/", content=body, headers={"content-type": kind})
    assert answer.status_code == 415


async def test_get_runs_queries_only(client: httpx.AsyncClient) -> None:
    assert (await client.get("/", params=params("{one}"))).json() == {"data": {"one": 1}}
    document = "query($t:String!){echo(text:$t)}"
    echoed = await client.get("/", params=params(document, variables={"t": "x"}))
    assert echoed.json() == {"data": {"echo": "x"}}
    changed = await client.get("/", params=params("mutation{touch}"))
    assert (changed.status_code, changed.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/", params=params("{one}"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "query",
    ["query=%00", "query=%ff", "query={one}&variables={", "query={one}&query={one}",
     "query={one}&variables=" + quote('{"a":"\\u0000"}'), "variables={}",
     "&".join(f"x{i}=1" for i in range(50)) + "&query={one}"],
)  # fmt: skip
async def test_bad_query_strings_are_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/?{query}")).status_code == 400


async def test_an_answer_nobody_asked_for_is_not_given(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "{one}"}, accept="image/png")
    assert answer.status_code == 406


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [("expired", 401, "UNAUTHENTICATED"), ("hasty", 429, "RATE_LIMITED"), ("bug", 500, "INTERNAL")],
)
@pytest.mark.parametrize("accept", [JSON, RESPONSE, "text/event-stream"])
async def test_a_caller_who_is_turned_away_learns_why(
    client: httpx.AsyncClient, token: str, status: int, code: str, accept: str
) -> None:
    with capture_logs():
        answer = await post(
            client, {"query": "{one}"}, authorization=f"Bearer {token}", accept=accept
        )
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert "secret" not in answer.text
    assert answer.headers.get("retry-after") == ("13" if status == 429 else None)


class TestPublicAnswers:
    async def test_are_cached_by_tag_and_answered_304(self, client: httpx.AsyncClient) -> None:
        first = await client.get("/", params=params("{one}"))
        assert first.headers["cache-control"] == "public, max-age=1"
        assert "Authorization" in first.headers["vary"]
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get("/", params=params("{one}"), headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        changed = await client.get("/", params=params("{a:one}"), headers={"if-none-match": tag})
        assert changed.status_code == 200

    @pytest.mark.parametrize("header", ["authorization", "cookie"])
    async def test_are_only_for_the_anonymous(self, client: httpx.AsyncClient, header: str) -> None:
        answer = await client.get("/", params=params("{one}"), headers={header: "Bearer someone"})
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers

    async def test_hold_no_errors(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/", params=params("{nullableRefused}"))
        assert answer.headers["cache-control"] == "private, no-store"


async def test_a_browser_without_a_query_sees_the_console(client: httpx.AsyncClient) -> None:
    browser = {"accept": "text/html,*/*;q=0.8"}
    assert "console" in (await client.get("/", headers=browser)).text
    queried = await client.get("/", params=params("{one}"), headers=browser)
    assert queried.json() == {"data": {"one": 1}}
    assert (await client.get("/")).status_code == 400


async def test_subscriptions_come_as_server_sent_events(client: httpx.AsyncClient) -> None:
    answer = await post(
        client, {"query": "subscription{counted(to:2)}"}, accept="text/event-stream"
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == (
        'event: next\ndata: {"data":{"counted":0}}\n\n'
        'event: next\ndata: {"data":{"counted":1}}\n\n'
        "event: complete\ndata:\n\n"
    )


async def test_subscriptions_come_as_multipart_too(client: httpx.AsyncClient) -> None:
    accept = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
    answer = await post(client, {"query": "subscription{counted(to:2)}"}, accept=accept)
    kind = answer.headers["content-type"]
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + answer.content)
    assert kind.startswith("multipart/mixed")
    assert [json.loads(str(part.get_payload())) for part in list(message.walk())[1:]] == [
        {"payload": {"data": {"counted": n}}} for n in range(2)
    ]
    assert answer.content.endswith(b"--graphql--\r\n")


async def test_a_silent_stream_shows_that_it_lives(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = dataclasses.replace(FRAMINGS["text/event-stream"], heartbeat_seconds=0.01)
    monkeypatch.setitem(FRAMINGS, "text/event-stream", hasty)
    answer = await post(client, {"query": "subscription{late}"}, accept="text/event-stream")
    assert answer.text.startswith(": ping\n\n")
    assert 'data: {"data":{"late":1}}' in answer.text


async def test_a_stream_by_get_changes_nothing(client: httpx.AsyncClient) -> None:
    headers = {"accept": "text/event-stream"}
    answer = await client.get("/", params=params("mutation{touch}"), headers=headers)
    assert "A mutation is not allowed here" in answer.text
    assert '"data":{' not in answer.text


async def test_subscriptions_need_a_stream(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "subscription{counted}"})
    assert answer.status_code == 406
