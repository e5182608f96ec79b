"""Errors are typed or masked, operations end in time, documents are remembered."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from strawberry.types.graphql import OperationType
from structlog.testing import capture_logs

from api.graphql.documents import DocumentCache, TrustedDocuments, document_id
from api.graphql.execution import Refused, Schema
from core.errors import DomainError, InvalidInput, NotFound
from tests.api.toy_schema import CANARY, Context, toy_schema

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def schema() -> Schema:
    return toy_schema()


async def error_of(schema: Schema, document: str, context: Context | None = None) -> dict[str, Any]:
    result = await schema.execute(document, context_value=context or Context())
    assert result.errors is not None
    assert len(result.errors) == 1
    return dict(result.errors[0].formatted)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "数据已被更改，请刷新后再试"),
        ("en", "It was changed meanwhile; reload and try again"),
    ],
)
async def test_a_refusal_keeps_code_field_and_params_in_the_callers_language(
    schema: Schema, language: Any, words: str
) -> None:
    error = await error_of(schema, "{refused}", Context(language=language))
    assert error == {
        "message": words,
        "path": ["refused"],
        "locations": [{"line": 1, "column": 2}],
        "extensions": {"code": "CONFLICT", "field": "input.version", "params": {"current": 3}},
    }


async def test_a_refused_field_leaves_the_others_alone(schema: Schema) -> None:
    result = await schema.execute("{one nullableRefused}", context_value=Context())
    assert result.data == {"one": 1, "nullableRefused": None}


@pytest.mark.parametrize("field", ["databaseGone", "redisGone", "nobodyAnswers"])
async def test_a_part_that_is_gone_is_unavailable_and_shows_no_address(
    schema: Schema, field: str
) -> None:
    with capture_logs() as logs:
        error = await error_of(schema, f"{{{field}}}")
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["message"] == "服务暂时不可用，请稍后再试"
    assert [line["event"] for line in logs] == ["part.unreachable"]


async def test_anything_else_is_masked_with_an_incident_number(schema: Schema) -> None:
    with capture_logs() as logs:
        error = await error_of(schema, "{broken}")
    incident = error["extensions"]["params"]["incident"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert UUID.fullmatch(incident)
    assert incident in error["message"]
    assert CANARY not in str(error)
    (line,) = logs
    assert line["incident"] == incident
    assert isinstance(line["exc_info"], RuntimeError)
    assert CANARY not in str({k: v for k, v in line.items() if k != "exc_info"})


@pytest.mark.parametrize(
    ("document", "reason", "words"),
    [
        ("{", "SYNTAX", "Syntax Error"),
        ("{nothing}", "DOCUMENT", "Cannot query field"),
        ("query($n:Int!){room(step:$n){id}}", "DOCUMENT", "non-null type"),
        ("query a{one} query b{one}", "DOCUMENT", "operation"),
    ],
)
async def test_what_graphql_says_about_the_document_is_shown(
    schema: Schema, document: str, reason: str, words: str
) -> None:
    error = await error_of(schema, document)
    assert words in error["message"]
    assert error["extensions"] == {"code": "INVALID_INPUT", "params": {"reason": reason}}


async def test_an_operation_that_takes_too_long_is_stopped() -> None:
    context = Context(language="en")
    error = await error_of(toy_schema(seconds=0.05), "{endless}", context)
    assert error["extensions"] == {
        "code": "UNAVAILABLE",
        "params": {"reason": "TIME_LIMIT", "seconds": 0.05},
    }
    assert context.cancelled.is_set()


async def test_a_subscription_may_last_longer_than_an_operation() -> None:
    context = Context()
    results = await toy_schema(seconds=0.01).stream("subscription{live}", context_value=context)
    asyncio.get_running_loop().call_later(0.05, context.events.put_nowait, 7)
    first = await anext(results)
    assert (first.data, first.errors) == ({"live": 7}, None)
    await results.aclose()
    assert context.cancelled.is_set()


async def collected(schema: Schema, document: str) -> list[Any]:
    results = await schema.stream(document, context_value=Context())
    return [result async for result in results]


async def test_a_stream_runs_queries_mutations_and_subscriptions(schema: Schema) -> None:
    assert [r.data for r in await collected(schema, "{one}")] == [{"one": 1}]
    assert [r.data for r in await collected(schema, "mutation{touch}")] == [{"touch": 1}]
    counted = await collected(schema, "subscription{counted(to:2)}")
    assert [r.data for r in counted] == [{"counted": 0}, {"counted": 1}]


async def test_errors_of_a_stream_are_masked_too(schema: Schema) -> None:
    with capture_logs():
        results = await collected(schema, "subscription{failing}")
    assert results[0].data == {"failing": 1}
    assert results[1].errors[0].extensions["code"] == "INTERNAL"
    assert CANARY not in str(results[1].errors[0].formatted)


async def test_a_refused_subscription_says_why(schema: Schema) -> None:
    (result,) = await collected(schema, "subscription{forMembers}")
    assert result.errors[0].extensions["code"] == "UNAUTHENTICATED"


async def test_a_document_is_parsed_and_validated_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = toy_schema()
    checks: list[str] = []
    check = schema._check
    monkeypatch.setattr(schema, "_check", lambda text: checks.append(text) or check(text))
    for n in (1, 2, 3):
        result = await schema.execute("query($n:Int!){room(step:$n){id}}", {"n": n})
        assert result.errors is None
    assert len(checks) == 1


def test_the_cache_is_bounded_and_keeps_what_is_used_and_trusted() -> None:
    schema = toy_schema()
    one, two, three = ("{one}", "{a:one}", "{b:one}")
    cache = DocumentCache(len(one) + len(two), trusted=[three])
    for text in (three, one, two):
        cache.put(text, schema.check(text))
    assert cache.get(one)
    cache.put("{c:one}", schema.check("{c:one}"))
    assert cache.get(one) is None or cache.get(two) is None
    assert cache.get("{c:one}")
    assert cache.get(three)
    assert len(cache) <= 3


class TestTrustedDocuments:
    text = "query Known{one}"
    known = document_id(text)

    @pytest.mark.parametrize(
        "request_",
        [
            {"documentId": known},
            {"documentId": f"sha256:{known}"},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": known}}},
            {"query": text},
            {"query": text, "documentId": known},
        ],
    )
    @pytest.mark.parametrize("only_trusted", [False, True])
    def test_are_found_by_hash(self, request_: dict[str, Any], only_trusted: bool) -> None:
        trusted = TrustedDocuments([self.text], only_trusted=only_trusted)
        assert trusted.resolve(request_) == self.text

    @pytest.mark.parametrize(
        ("request_", "refusal", "reason"),
        [
            ({"documentId": "0" * 64}, NotFound, "PERSISTED_QUERY_NOT_FOUND"),
            ({"documentId": "nonsense"}, InvalidInput, "MALFORMED"),
            ({"documentId": 7}, InvalidInput, "MALFORMED"),
            ({"query": "{one}", "documentId": known}, InvalidInput, "HASH_MISMATCH"),
        ],
    )
    def test_unknown_and_false_hashes_are_refused(
        self, request_: dict[str, Any], refusal: type[DomainError], reason: str
    ) -> None:
        with pytest.raises(refusal) as refused:
            TrustedDocuments([self.text]).resolve(request_)
        assert refused.value.reason == reason

    def test_others_are_refused_when_only_trusted_ones_run(self) -> None:
        with pytest.raises(NotFound):
            TrustedDocuments([self.text], only_trusted=True).resolve({"query": "{one}"})

    def test_broken_ones_stop_the_start(self) -> None:
        toy_schema(trusted=TrustedDocuments([self.text])).warm()
        with pytest.raises(Refused):
            toy_schema(trusted=TrustedDocuments(["{nothing}"])).warm()

    def test_are_read_from_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "staff").mkdir()
        (tmp_path / "staff" / "known.graphql").write_text(self.text, encoding="utf-8")
        trusted = TrustedDocuments.from_folder(tmp_path)
        assert trusted.resolve({"documentId": self.known}) == self.text


async def test_what_an_operation_does_to_its_context_stays_within_it(schema: Schema) -> None:
    context = Context()
    result = await schema.execute(
        "mutation { signIn }", context_value=context, allowed_operation_types=set(OperationType)
    )
    assert result.data == {"signIn": "warden"}
    assert context.account is None, "the next operation on the same socket is another's"
