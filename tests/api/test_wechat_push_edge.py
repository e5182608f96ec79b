"""``/wechat/push``: what is WeChat's is kept and acknowledged, everything else learns nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg
import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from api import wechat_push
from api.app import make_service
from api.cli import serving as serving_commands
from api.edge.bodies import BodyLimit
from core import settings as settings_module
from core.database import fetch
from core.settings import Settings
from identity.models import WeChatPush
from integrations import wechat
from integrations.wechat.emulator import AES_KEY, APP_ID, PERSONAS, PUSH_TOKEN, running
from integrations.wechat.emulator.pushes import PushTarget, envelope
from integrations.wechat.metrics import PUSHES
from integrations.wechat.push import LARGEST_BODY, PushKeys
from integrations.wechat.push_xml import write_xml
from tests.api.live_server import Live, serving, until
from tests.conftest import with_name
from tests.integrations.wechat.support import Helper

PLAIN = PushKeys(APP_ID, PUSH_TOKEN)
SAFE = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY)
MODES = [
    pytest.param(keys, form, id=f"{'safe' if keys.aes_key else 'plain'} {form}")
    for keys in (PLAIN, SAFE)
    for form in ("json", "xml")
]
EVENT = {
    "MsgType": "event",
    "CreateTime": 1795270000,
    "FromUserName": PERSONAS["tenant"].openid,
    "Event": "wxa_media_check",
    "appid": APP_ID,
    "trace_id": "60f96f1d-3845297a-1976a3ae",
    "version": 2,
    "errcode": 0,
    "result": {"suggest": "risky", "label": 20002},
}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Whatever a test uses, the process has what it had."""
    before = wechat.connection._client, wechat.connection._keys
    yield
    wechat.use(*before)


def taking(keys: PushKeys | None) -> None:
    wechat.use(None, keys)


def posted(keys: PushKeys, form: str, event: dict[str, Any] = EVENT) -> tuple[str, bytes]:
    url, body = envelope(PushTarget(wechat_push.PATH, keys, form), event, now=1795270001)
    return url, body


@asynccontextmanager
async def edge() -> AsyncIterator[httpx.AsyncClient]:
    app = BodyLimit(Starlette(routes=wechat_push.routes), paths=wechat_push.BODIES)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://town.test") as http:
        yield http


@asynccontextmanager
async def service() -> AsyncIterator[Live]:
    """The whole service as it runs, without its parts: the fixtures have the database."""
    made = make_service(settings_module.settings(), {})
    async with serving(made.app, lifecycle=made.lifecycle) as live:
        yield live


def counted(outcome: str) -> float:
    return PUSHES.labels(outcome)._value.get()


@pytest.mark.parametrize(("keys", "form"), MODES)
async def test_an_event_is_kept_and_acknowledged(db: None, keys: PushKeys, form: str) -> None:
    taking(keys)
    before = counted("accepted"), counted("repeated")
    async with edge() as http:
        for _ in range(3):
            url, body = posted(keys, form)
            answer = await http.post(url, content=body)
            assert (answer.status_code, answer.text) == (200, "success")
            assert answer.headers["cache-control"] == "no-store"
    push = await WeChatPush.get()
    assert (push.kind, push.trace_id) == ("wxa_media_check", EVENT["trace_id"])
    assert (counted("accepted"), counted("repeated")) == (before[0] + 1, before[1] + 2)


async def test_the_four_forms_of_one_event_are_one_push(db: None) -> None:
    async with edge() as http:
        for mode in MODES:
            keys, form = mode.values
            taking(keys)
            url, body = posted(keys, form)
            assert (await http.post(url, content=body)).text == "success"
    assert await WeChatPush.all().count() == 1


async def test_the_address_is_tried_out() -> None:
    taking(SAFE)
    query = {"timestamp": "1", "nonce": "2", "signature": SAFE.sign("1", "2")}
    async with edge() as http:
        answer = await http.get(wechat_push.PATH, params={**query, "echostr": "20261122"})
        assert (answer.status_code, answer.text) == (200, "20261122")
        assert answer.headers["content-type"].startswith("text/plain")
        for wrong in (
            {**query, "echostr": "<script>"},
            {**query, "echostr": "1", "nonce": "3"},
            {"echostr": "1"},
            {},
        ):
            answer = await http.get(wechat_push.PATH, params=wrong)
            assert (answer.status_code, answer.content) == (400, b"")


async def test_without_keys_there_is_nothing_here() -> None:
    taking(None)
    async with edge() as http:
        for method in ("GET", "POST"):
            answer = await http.request(method, wechat_push.PATH)
            assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(("keys", "form"), MODES)
async def test_a_forgery_learns_nothing_and_leaves_nothing(
    db: None, keys: PushKeys, form: str
) -> None:
    taking(keys)
    url, body = posted(keys, form)
    other, _ = posted(PushKeys(APP_ID, "another", keys.aes_key), form)
    before = counted("refused_signature")
    async with edge() as http:
        for wrong, content in (
            (other, body),
            (wechat_push.PATH, body),
            (url.replace("nonce=", "nonce=1"), body),
        ):
            answer = await http.post(wrong, content=content)
            assert (answer.status_code, answer.content) == (400, b"")
            assert "server" not in answer.headers
    assert counted("refused_signature") > before
    assert await WeChatPush.all().count() == 0


async def test_plain_messages_are_refused_where_they_are_encrypted(db: None) -> None:
    taking(SAFE)
    before = counted("refused_not_encrypted")
    async with edge() as http:
        url, body = posted(PLAIN, "json")
        answer = await http.post(url, content=body)
    assert (answer.status_code, answer.content) == (400, b"")
    assert counted("refused_not_encrypted") == before + 1
    assert await WeChatPush.all().count() == 0


async def test_a_body_that_is_too_large_is_not_read(db: None) -> None:
    taking(PLAIN)
    async with edge() as http:
        url, body = posted(PLAIN, "json", {**EVENT, "x": "y" * LARGEST_BODY})
        assert (await http.post(url, content=body)).status_code == 413
    assert await WeChatPush.all().count() == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    taking(PLAIN)
    async with edge() as http:
        assert (await http.request(method, wechat_push.PATH)).status_code == 405


# Any bytes at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*EVENT, "List", "SubscribeMsgPopupEvent", "Encrypt", "ToUserName"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Noise, an event that was bitten, or an event with strange values in the right places."""
    kind = draw(st.sampled_from(["noise", "bitten", "json", "xml"]))
    if kind == "noise":
        return draw(st.binary(max_size=300))
    event = {**EVENT, "Event": draw(st.sampled_from(["wxa_media_check", "subscribe_msg_x", "y"]))}
    event |= draw(st.dictionaries(names, json_values, max_size=4))
    try:
        whole = write_xml(event).encode() if kind == "xml" else orjson.dumps(event)
    except (TypeError, ValueError):
        whole = b"{}"
    if kind == "bitten":
        start = draw(st.integers(0, len(whole)))
        return whole[:start] + draw(st.binary(max_size=8)) + whole[start + 3 :]
    return whole


queries = st.dictionaries(
    st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "x"]),
    st.text(max_size=20) | st.just("aes"),
    max_size=6,
)


@pytest.mark.parametrize("keys", [PLAIN, SAFE], ids=["plain", "safe"])
async def test_no_bytes_at_all_cause_anything_but_400(tortoise: None, keys: PushKeys) -> None:
    """Signed rightly or not: what can be read is kept, whatever else is 400 without a word."""
    taking(keys)
    app = BodyLimit(Starlette(routes=wechat_push.routes), paths=wechat_push.BODIES)
    loop = asyncio.get_running_loop()
    seen = set()

    async def send(method: str, query: bytes, body: bytes) -> tuple[int, bytes]:
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        answers: list[Any] = []
        scope = {
            "type": "http", "method": method, "path": wechat_push.PATH, "query_string": query,
            "headers": [], "http_version": "1.1", "scheme": "http", "root_path": "",
            "server": ("town.test", 80), "client": ("192.0.2.1", 1), "raw_path": b"",
        }  # fmt: skip

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def answer(message: Any) -> None:
            answers.append(message)

        await app(scope, receive, answer)
        return answers[0]["status"], answers[1]["body"]

    def attempt(method: str, query: bytes, body: bytes) -> None:
        future = asyncio.run_coroutine_threadsafe(send(method, query, body), loop)
        status, text = future.result(30)
        seen.add(status)
        assert (status, text) in {(400, b""), (200, b"success")}

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        method=st.sampled_from(["GET", "POST", "POST", "POST"]),
        query=queries,
        raw=st.binary(max_size=40),
        signed=st.booleans(),
        body=bodies(),
        inside=st.booleans(),
    )
    @example("POST", {"timestamp": "1", "nonce": "n"}, b"", True, orjson.dumps(EVENT), True)
    @example("POST", {}, b"", True, b'{"a":' * 2000, False)
    @example("POST", {"encrypt_type": "aes"}, b"", True, b'{"Encrypt":"AAAA"}', False)
    def attack(
        method: str, query: dict[str, str], raw: bytes, signed: bool, body: bytes, inside: bool
    ) -> None:
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if signed and inside and keys.aes_key:
            sealed, signature = keys.encrypt(body.decode(errors="replace"), stamp, nonce)
            query = {**query, "encrypt_type": "aes", "msg_signature": signature}
            body = orjson.dumps({"Encrypt": sealed})
        elif signed:
            query = {**query, "signature": keys.sign(stamp, nonce)}
        text = urlencode(query, errors="surrogatepass").encode() + b"&" + quote(raw).encode()
        attempt(method, text if signed else text + raw, body)

    try:
        await loop.run_in_executor(None, attack)
    finally:
        await WeChatPush.all().delete()
        await fetch("DELETE FROM procrastinate_jobs")
    assert seen == {200, 400}


# When things behind are slow or away


async def test_a_database_that_hangs_is_503_within_a_second_and_nothing_is_lost(
    committed_db: None, database_url: str
) -> None:
    taking(SAFE)
    holder = await asyncpg.connect(database_url)
    try:
        async with edge() as http:
            transaction = holder.transaction()
            await transaction.start()
            await holder.execute("LOCK TABLE wechat_push IN ACCESS EXCLUSIVE MODE")
            url, body = posted(SAFE, "json")
            began = time.monotonic()
            answer = await http.post(url, content=body)
            assert time.monotonic() - began < 1
            assert (answer.status_code, answer.content) == (503, b"")
            await transaction.rollback()
            assert (await http.post(url, content=body)).text == "success"
    finally:
        await holder.close()
    assert await WeChatPush.all().count() == 1


async def test_a_database_that_is_away_is_503_and_the_repeat_is_kept(
    committed_db: None, database_url: str, server_url: str
) -> None:
    taking(SAFE)
    name = urlsplit(database_url).path.lstrip("/")
    admin = await asyncpg.connect(with_name(server_url, "postgres"))
    try:
        async with edge() as http:
            url, body = posted(SAFE, "json")
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            try:
                for _ in range(2):
                    answer = await http.post(url, content=body)
                    assert (answer.status_code, answer.content) == (503, b"")
                    assert answer.headers["retry-after"] == "1"
            finally:
                await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            # WeChat comes three times again; the pool has noticed by then.
            answers = [(await http.post(url, content=body)).text for _ in range(3)]
            assert "success" in answers
    finally:
        await admin.close()
    assert await WeChatPush.all().count() == 1


async def test_a_hundred_at_once_of_one_event_are_one_push(committed_db: None) -> None:
    taking(SAFE)
    async with edge() as http:
        url, body = posted(SAFE, "json")
        answers = await asyncio.gather(*(http.post(url, content=body) for _ in range(100)))
    assert {answer.text for answer in answers} == {"success"}
    assert await WeChatPush.all().count() == 1


# WeChat itself, over HTTP


@pytest.mark.parametrize(("keys", "form"), MODES)
async def test_what_the_emulator_pushes_to_the_running_service_is_kept_once(
    committed_db: None, keys: PushKeys, form: str
) -> None:
    taking(keys)
    async with running() as stand_in, Helper.at(stand_in.url) as control, service() as live:
        await control.post(
            "push/target", url=live.url + wechat_push.PATH, form=form, token=keys.token,
            aes_key=keys.aes_key,
        )  # fmt: skip
        assert (await control.post("push/echo"))["ok"]
        await control.post("push/event", event=EVENT, times=3)
        await control.post("subscriptions", persona="tenant", templates=["a", "b"])
        await until(lambda: len(stand_in.pushes.delivered) == 4 and not stand_in.pushes.waiting)
        delivered = (await control.get("pushes"))["delivered"]
    assert [one["answers"] for one in delivered] == [["ok"]] * 4
    kinds = sorted(await WeChatPush.all().values_list("kind", flat=True))
    assert kinds == ["subscribe_msg_popup_event", "wxa_media_check"]


async def test_the_emulator_of_a_development_server_pushes_to_that_server(
    committed_db: None,
) -> None:
    async with service() as live:
        here = Settings(env="development")
        beside = wechat.connected(here, with_emulator=True, push_to=live.url + wechat_push.PATH)
        async with beside:
            stand_in = wechat.running_emulator()
            assert stand_in is not None
            async with Helper.at(stand_in.url) as control:
                await control.post("subscriptions", persona="tenant", templates=["a"])
            await until(lambda: stand_in.pushes.delivered and not stand_in.pushes.waiting)
            assert stand_in.pushes.delivered[0]["answers"] == ["ok"]
    assert await WeChatPush.all().count() == 1


@pytest.mark.parametrize(
    ("listening", "reached"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("192.0.2.7", "192.0.2.7"),
        ("town.test", "town.test"),
    ],
)
def test_a_server_is_reached_where_it_listens(listening: str, reached: str) -> None:
    assert serving_commands._reached_at(listening) == reached


def test_query_strings_of_the_emulator_are_those_of_wechat() -> None:
    url, _ = posted(SAFE, "xml")
    assert {"signature", "timestamp", "nonce", "encrypt_type", "msg_signature"} <= dict(
        parse_qsl(urlsplit(url).query)
    ).keys()
