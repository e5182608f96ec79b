"""What WeChat posts: proven, parsed to one type; whatever else comes is one typed error."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from integrations.wechat.client import Client
from integrations.wechat.emulator import AES_KEY, APP_ID, PUSH_TOKEN, Running
from integrations.wechat.emulator.pushes import PushTarget, envelope
from integrations.wechat.emulator.running import _Quiet
from integrations.wechat.push import (
    ANSWER,
    LARGEST_BODY,
    PushEvent,
    PushFault,
    PushKeys,
    PushRefused,
)
from integrations.wechat.push_xml import NotXml, parse_xml, write_xml
from integrations.wechat.results import Scene, Suggest
from tests.integrations.wechat.support import TENANT, Helper

PLAIN = PushKeys(APP_ID, PUSH_TOKEN)
SAFE = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY)
MODES = [
    pytest.param(keys, form, id=f"{'safe' if keys.aes_key else 'plain'} {form}")
    for keys in (PLAIN, SAFE)
    for form in ("json", "xml")
]
CHECKED = {
    "MsgType": "event",
    "CreateTime": 1795270000,
    "FromUserName": TENANT.openid,
    "Event": "wxa_media_check",
    "appid": APP_ID,
    "trace_id": "60f96f1d-3845297a-1976a3ae",
    "version": 2,
    "errcode": 0,
    "result": {"suggest": "risky", "label": 20002},
}


def posted(
    keys: PushKeys, form: str, event: dict[str, Any] = CHECKED
) -> tuple[dict[str, str], bytes]:
    url, body = envelope(PushTarget("http://127.0.0.1/", keys, form), event, now=1795270001)
    return dict(parse_qsl(urlsplit(url).query)), body


@pytest.mark.parametrize(("keys", "form"), MODES)
def test_every_form_is_read_to_the_same_event(keys: PushKeys, form: str) -> None:
    event = keys.read(*posted(keys, form))
    assert (event.kind, event.openid) == ("wxa_media_check", TENANT.openid)
    assert event.media is not None
    assert (event.media.suggest, event.media.label) == (Suggest.RISKY, 20002)
    assert event.media.trace_id == CHECKED["trace_id"]
    assert event == PLAIN.read(*posted(PLAIN, "json"))
    assert TENANT.openid not in repr(event)


@pytest.mark.parametrize(("keys", "form"), MODES)
def test_a_repeat_has_the_same_key_and_another_event_another(keys: PushKeys, form: str) -> None:
    first, again = keys.read(*posted(keys, form)), keys.read(*posted(keys, form))
    other = keys.read(*posted(keys, form, {**CHECKED, "trace_id": "another"}))
    assert first.key == again.key != other.key


def subscription(event: str, news: Any) -> dict[str, Any]:
    return {**CHECKED, "Event": event, "List": news}


@pytest.mark.parametrize(("keys", "form"), MODES)
def test_news_of_subscriptions(keys: PushKeys, form: str) -> None:
    yes = {"TemplateId": "a", "SubscribeStatusString": "accept", "PopupScene": "1"}
    no = {"TemplateId": "b", "SubscribeStatusString": "reject", "PopupScene": "1"}
    popup = keys.read(*posted(keys, form, subscription("subscribe_msg_popup_event", [yes, no])))
    assert [(one.template_id, one.accepted) for one in popup.subscriptions] == [
        ("a", True),
        ("b", False),
    ]
    one = keys.read(*posted(keys, form, subscription("subscribe_msg_change_event", no)))
    assert [one.accepted for one in one.subscriptions] == [False]
    fate = {"TemplateId": "a", "MsgID": "17", "ErrorCode": "43101", "ErrorStatus": "x"}
    (sent,) = keys.read(
        *posted(keys, form, subscription("subscribe_msg_sent_event", fate))
    ).subscriptions
    assert (sent.accepted, sent.message_id, sent.errcode) == (None, "17", 43101)


def test_what_people_write_and_unknown_events_are_passed_on_by_name() -> None:
    text = {**CHECKED, "MsgType": "text", "Content": "你好", "MsgId": 1}
    assert PLAIN.read(*posted(PLAIN, "json", text)).kind == "text"
    event = PLAIN.read(*posted(PLAIN, "json", {**CHECKED, "Event": "new_in_2027"}))
    assert (event.kind, event.media, event.subscriptions) == ("new_in_2027", None, ())


def test_a_check_that_failed_has_no_verdict() -> None:
    failed = {**CHECKED, "errcode": -1008, "result": {}}
    event = PLAIN.read(*posted(PLAIN, "json", failed))
    assert event.media is not None
    assert (event.media.suggest, event.media.errcode) == (None, -1008)


# Forgeries


def refused(fault: PushFault, keys: PushKeys, query: dict[str, str], body: bytes) -> None:
    with pytest.raises(PushRefused) as refusal:
        keys.read(query, body)
    assert refusal.value.fault == fault


@pytest.mark.parametrize(("keys", "form"), MODES)
def test_a_forged_message_is_refused(keys: PushKeys, form: str) -> None:
    query, body = posted(keys, form)
    for name in ("timestamp", "nonce", "msg_signature" if keys.aes_key else "signature"):
        refused(PushFault.SIGNATURE, keys, {**query, name: query[name][:-1] + "x"}, body)
        refused(PushFault.SIGNATURE, keys, {**query, name: ""}, body)
        refused(PushFault.SIGNATURE, keys, {**query, name: "签名"}, body)
        refused(PushFault.SIGNATURE, keys, {k: v for k, v in query.items() if k != name}, body)


def test_with_a_key_plain_messages_are_refused() -> None:
    refused(PushFault.NOT_ENCRYPTED, SAFE, *posted(PLAIN, "json"))


def test_a_message_for_another_mini_program_is_refused() -> None:
    other = PushKeys("wx0000000000000000", PUSH_TOKEN, AES_KEY)
    refused(PushFault.OTHER_APP, SAFE, *posted(other, "json"))


def test_a_message_under_another_key_is_refused() -> None:
    other = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY[::-1])
    query, body = posted(other, "json")
    with pytest.raises(PushRefused):
        SAFE.read(query, body)


def test_a_large_body_is_not_read() -> None:
    query, _ = posted(PLAIN, "json")
    refused(PushFault.TOO_LARGE, PLAIN, query, b"{" + b" " * LARGEST_BODY)


def test_the_echo_is_answered_to_wechat_alone() -> None:
    query, _ = posted(PLAIN, "json")
    assert PLAIN.echo({**query, "echostr": "5827174112365"}) == "5827174112365"
    for wrong in (
        {**query, "echostr": "<script>"},
        {**query, "echostr": ""},
        {**query, "signature": "0" * 40, "echostr": "1"},
        {},
    ):
        with pytest.raises(PushRefused):
            PLAIN.echo(wrong)


BOMBS = [
    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><A>&b;</A></xml>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x"><xml><A>1</A></xml>',
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
    b"<xml>" * 20_000,
    b"<xml>" + b"<a>1</a>" * 5_000 + b"</xml>",
    b'<xml a="1"><b>1</b></xml>',
    b"<xml><a></b></xml>",
    b"<xml>text</xml>",
    b"",
    b"\xff\xfe<\x00x\x00",
    "<xml><a>\ud800</a></xml>".encode("utf-8", "surrogatepass"),
    b"<?php x ?><xml><a>1</a></xml>",
]


@pytest.mark.parametrize("body", BOMBS, ids=range(len(BOMBS)))
def test_xml_with_anything_that_wechat_does_not_write_is_refused(body: bytes) -> None:
    with pytest.raises(NotXml):
        parse_xml(body)


def test_xml_comes_back_as_it_was_written() -> None:
    fields = {"a": "x]]>y<&", "b": 7, "c": [{"d": "中"}, {"d": "文"}], "e": ""}
    assert parse_xml(write_xml(fields).encode()) == {**fields, "b": "7"}


def test_a_thousand_hostile_bodies_cause_only_our_error() -> None:
    seed = int(os.environ.get("LEYE_TEST_SEED", random.randrange(10**9)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    taken = 0
    causes: set[BaseException | None] = {None}
    for number in range(1000):
        keys, form = rng.choice([(PLAIN, "json"), (PLAIN, "xml"), (SAFE, "json"), (SAFE, "xml")])
        query, body = rng.choice(ATTACKS)(rng, keys, form)
        try:
            event = keys.read(query, body)
            taken += 1
            assert isinstance(event, PushEvent), f"seed {seed} number {number}"
        except PushRefused as refusal:
            causes.add(refusal.__cause__)
        except Exception as error:  # the seed is what the reader needs
            raise AssertionError(f"seed {seed} number {number}: {error!r}") from error
    assert taken < 500
    assert causes == {None}


def _signed(keys: PushKeys, rng: random.Random, body: bytes) -> tuple[dict[str, str], bytes]:
    """A body that is ours by its signature, whatever it is."""
    stamp, nonce = str(rng.randrange(10**10)), str(rng.randrange(10**6))
    query = {"timestamp": stamp, "nonce": nonce, "signature": keys.sign(stamp, nonce)}
    if keys.aes_key is not None:
        query |= {"encrypt_type": "aes"}
    return query, body


def _sealed(keys: PushKeys, rng: random.Random, encrypted: str) -> tuple[dict[str, str], bytes]:
    query, _ = _signed(keys, rng, b"")
    query["msg_signature"] = keys.sign(query["timestamp"], query["nonce"], encrypted)
    return query, orjson.dumps({"Encrypt": encrypted})


def _flipped(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    query, body = posted(keys, form)
    changed = bytearray(body)
    for _ in range(rng.randrange(1, 9)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return query, bytes(changed)


def _cut(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    query, body = posted(keys, form)
    return query, body[: rng.randrange(len(body))]


def _noise(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    return _signed(keys, rng, rng.randbytes(rng.randrange(300)))


def _strange(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    """Well-formed, with values of other kinds in every place."""
    values: list[Any] = [
        None, True, -1, "9" * 5000, 1e308, "", "x" * 5000, "\x00", [], {}, [[]], {"a": {}},
        "中", "\u202e", "nan", -(10**18), [None], {"List": [None]},
    ]  # fmt: skip
    event: dict[str, Any] = {
        **CHECKED,
        "Event": rng.choice(["wxa_media_check", "subscribe_msg_popup_event", "x"]),
        "List": rng.choice(values),
    }
    for key in rng.sample(sorted(event), rng.randrange(1, 4)):
        if rng.random() < 0.2:
            del event[key]
        else:
            event[key] = rng.choice(values)
    body = orjson.dumps(event)
    if keys.aes_key is None:
        return _signed(keys, rng, body)
    encrypted, _ = keys.encrypt(body.decode(), "1", "1")
    return _sealed(keys, rng, encrypted)


def _ciphertext(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    """Signed rightly, and no message inside: what leaks struct and Unicode errors."""
    size = rng.choice([0, 1, 15, 16, 31, 32, 48, 64, 320])
    text = base64.b64encode(rng.randbytes(size)).decode()
    return _sealed(SAFE, rng, rng.choice([text, text[:-1], text + "=", "%%%", "中", "A" * 9]))


def _deep(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    depth = rng.randrange(900, 20_000)
    body = rng.choice([b'{"a":' * depth + b"1" + b"}" * depth, b"<a>" * depth, b"[" * depth])
    return _signed(keys, rng, body)


def _deep_inside(rng: random.Random, keys: PushKeys, form: str) -> tuple[dict[str, str], bytes]:
    depth = rng.randrange(900, 1020)
    nested = b"[" * depth + b"]" * depth
    body = orjson.dumps(CHECKED)[:-1] + b',"x":' + nested + b"}"
    return _signed(PLAIN, rng, body)


ATTACKS: list[Callable[[random.Random, PushKeys, str], tuple[dict[str, str], bytes]]] = [
    _flipped, _cut, _noise, _strange, _ciphertext, _deep, _deep_inside,
]  # fmt: skip


# The emulator's sender


class Receiver:
    """A service that WeChat pushes to."""

    def __init__(self, keys: PushKeys) -> None:
        self.keys = keys
        self.events: list[PushEvent] = []
        self.answers: list[str | float] = []
        self.arrived = asyncio.Event()
        self.app = Starlette(routes=[Route("/push", self.take, methods=["GET", "POST"])])

    async def take(self, request: Request) -> Response:
        query = dict(request.query_params)
        if request.method == "GET":
            return PlainTextResponse(self.keys.echo(query))
        self.events.append(self.keys.read(query, await request.body()))
        self.arrived.set()
        answer = self.answers.pop(0) if self.answers else ANSWER
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = ANSWER
        return PlainTextResponse(answer)

    async def got(self, count: int) -> list[PushEvent]:
        async with asyncio.timeout(20):
            while len(self.events) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.events

    @asynccontextmanager
    async def serving(self, control: Helper, form: str) -> AsyncIterator[None]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = _Quiet(uvicorn.Config(self.app, log_config=None, lifespan="off"))
            task = asyncio.create_task(server.serve(sockets=[listener]))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/push"
            await control.post(
                "push/target", url=url, form=form, token=self.keys.token, aes_key=self.keys.aes_key
            )
            try:
                yield
            finally:
                server.told.set()
                await task


async def settled(emulator: Running) -> None:
    async with asyncio.timeout(20):
        while emulator.pushes.waiting:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("keys", "form"), MODES)
async def test_a_verdict_comes_when_the_clock_says_so(
    client: Client, control: Helper, emulator: Running, keys: PushKeys, form: str
) -> None:
    receiver = Receiver(keys)
    async with receiver.serving(control, form):
        assert (await control.post("push/echo"))["ok"]
        await control.post("settings", media_seconds=1500)
        await control.post("visits", persona="tenant")
        await control.post("verdicts", media=["review"])
        url = "https://houjie.example/m/1.jpg"
        started = await client.wxa.check_media(TENANT.openid, url, Scene.FORUM)
        assert receiver.events == []
        await control.post("clock", forward=1501)
        (event,) = await receiver.got(1)
        assert event.media is not None
        assert (event.media.trace_id, event.media.suggest) == (started.trace_id, Suggest.REVIEW)
        await settled(emulator)
        assert (await control.get("pushes"))["delivered"][0]["answers"] == ["ok"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["no", "no"], ["status 200", "status 200", "ok"]),
        (["no"] * 9, ["status 200"] * 4),
        ([5.0], ["late", "ok"]),
    ],
)
async def test_what_is_not_acknowledged_comes_again_three_times(
    control: Helper, emulator: Running, answers: list[str | float], expected: list[str]
) -> None:
    receiver = Receiver(SAFE)
    receiver.answers = answers
    await control.post("settings", retry_seconds=0.01, answer_seconds=1.0)
    async with receiver.serving(control, "json"):
        await control.post("push/event", event=CHECKED)
        await receiver.got(len(expected))
        await settled(emulator)
    assert (await control.get("pushes"))["delivered"][0]["answers"] == expected
    assert len({event.key for event in receiver.events}) == 1


async def test_answers_to_the_dialogue_and_fates_of_messages_are_pushed(
    client: Client, control: Helper, emulator: Running
) -> None:
    receiver = Receiver(SAFE)
    async with receiver.serving(control, "xml"):
        await control.post("subscriptions", persona="tenant", templates=["a", "b"])
        (popup,) = await receiver.got(1)
        assert [one.accepted for one in popup.subscriptions] == [True, True]
        sent = await client.wxa.subscribe_message(TENANT.openid, "a", {"thing1": "好"})
        _, fate = await receiver.got(2)
        assert fate.subscriptions[0].message_id == sent.message_id
        await control.post(
            "subscriptions", persona="tenant", templates=["b"], answer="reject", settings=True
        )
        *_, change = await receiver.got(3)
        assert (change.kind, change.subscriptions[0].accepted) == (
            "subscribe_msg_change_event",
            False,
        )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("codes", {"persona": "nobody"}),
        ("codes", {"persona": "tenant", "kind": "x"}),
        ("clock", {"forward": "x"}),
        ("faults", {"kind": "x"}),
        ("faults", {"kind": "http", "else": 1}),
        ("verdicts", {"media": ["x"]}),
        ("settings", {"x": 1}),
        ("push/target", {"url": "http://127.0.0.1", "form": "x"}),
        ("push/event", {}),
    ],
)
async def test_a_misused_control_route_says_so(
    control: Helper, path: str, body: dict[str, Any]
) -> None:
    answer = await control.http.post(f"/_ctl/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    unsaid = await control.http.post(f"/_ctl/{path}", content=orjson.dumps(body))
    assert unsaid.status_code == 400
