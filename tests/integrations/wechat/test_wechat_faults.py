"""Whatever WeChat does, a call ends in time with an error of ours that holds no secret."""

from __future__ import annotations

import asyncio
import io
import logging
import time
import traceback
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr

from core import logging as our_logging
from core.settings import Settings
from integrations.wechat import connection, errors
from integrations.wechat.client import Client, Config
from integrations.wechat.emulator import APP_ID, APP_SECRET, Running, app
from integrations.wechat.metrics import CALLS, COLLECTORS
from tests.integrations.wechat.support import SEND, STABLE, TENANT, Helper, config_for

LINK = "/wxa/generate_urllink"
WITHIN = 4.0  # seconds, of which a loaded machine may take some


@pytest.fixture
async def hasty(emulator: Running) -> Any:
    """A client that waits for nothing long."""
    found = Client(config_for(emulator, connect=0.5, read=0.3, total=2.0))
    yield found
    await found.close()


FAULTS = [
    ({"kind": "http", "status": 500}, errors.BadAnswer),
    ({"kind": "http", "status": 502}, errors.BadAnswer),
    ({"kind": "http", "status": 301}, errors.BadAnswer),
    ({"kind": "delay", "seconds": 2}, errors.TookTooLong),
    ({"kind": "drop"}, errors.Unreachable),
    ({"kind": "malformed"}, errors.BadAnswer),
    ({"kind": "errcode", "errcode": -1}, errors.Busy),
    ({"kind": "errcode", "errcode": "x"}, errors.BadAnswer),
    ({"kind": "errcode", "errcode": True}, errors.BadAnswer),
    ({"kind": "errcode", "errcode": None}, errors.BadAnswer),
]


@pytest.mark.parametrize("path", [LINK, STABLE])
@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=lambda one: str(one)[:40])
async def test_every_fault_is_a_typed_error_in_time(
    hasty: Client, control: Helper, path: str, fault: dict[str, Any], kind: type[Exception]
) -> None:
    await control.post("faults", path=path, times=0, **fault)
    began = time.perf_counter()
    with pytest.raises(kind) as refusal:
        await hasty.wxa.url_link("pages/a")
    assert time.perf_counter() - began < WITHIN
    assert isinstance(refusal.value, errors.Unavailable)
    assert isinstance(refusal.value.retry, errors.Later)


async def test_after_a_fault_the_next_call_passes(hasty: Client, control: Helper) -> None:
    for kind in ("drop", "malformed", "http"):
        await control.post("faults", path=LINK, kind=kind)
        with pytest.raises(errors.Unavailable):
            await hasty.wxa.url_link("pages/a")
        assert await hasty.wxa.url_link("pages/a")


async def test_a_server_that_drips_is_left_in_time() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except ConnectionError:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(config_for(f"http://127.0.0.1:{port}", read=5, total=0.5))
        began = time.perf_counter()
        with pytest.raises(errors.TookTooLong):
            await client.wxa.code2session("0" * 32)
        assert time.perf_counter() - began < WITHIN
        await client.close()


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(config_for(f"http://127.0.0.1:{port}"))
        with pytest.raises(errors.BadAnswer):
            await client.wxa.code2session("0" * 32)
        await client.close()


async def test_nobody_listening_is_unreachable() -> None:
    client = Client(config_for("http://127.0.0.1:1"))
    with pytest.raises(errors.Unreachable):
        await client.wxa.code2session("0" * 32)
    await client.close()


# Nothing secret leaves


@pytest.mark.parametrize(
    "fault",
    [None, *(fault for fault, _ in FAULTS), {"kind": "errcode", "errcode": 40029}],
    ids=lambda fault: str(fault)[:40],
)
async def test_no_log_line_and_no_exception_holds_a_secret(
    emulator: Running,
    control: Helper,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    fault: dict[str, Any] | None,
) -> None:
    secret, code = "zxcanary-of-the-app-secret", "zxcanaryofthelogincode0000000000"
    openid = "oZxcanaryOfTheOpenid0000"
    emulator.world.secret = secret
    config = Config(APP_ID, secret, emulator.url, limits=config_for(emulator, read=0.3).limits)
    client = Client(config)
    seen = [repr(config), repr(client)]
    token = ""
    with caplog.at_level(logging.DEBUG), _our_lines() as lines:
        if fault is None or fault["kind"] != "errcode":
            token = await client._tokens.get()
        if fault is not None:
            await control.post("faults", path="*", times=0, errmsg=f"{code} {openid}", **fault)
        calls = [
            client.wxa.code2session(code),
            client.wxa.phone_number(code),
            client.wxa.subscribe_message(openid, "t", {"thing1": "zxcanary of the words"}),
        ]
        for call in calls:
            try:
                await call
            except errors.WeChatError as error:
                seen += [repr(error), str(error), "".join(traceback.format_exception(error))]
                seen += [repr(vars(error)), repr(error.__cause__), repr(error.__context__)]
    seen += [caplog.text, lines.getvalue(), *capsys.readouterr()]
    said = "\n".join(seen)
    assert "call_failed" in said
    assert "zxcanary" not in said.lower().replace("await client", "")
    assert not token or token not in said
    await client.close()


class _our_lines:  # noqa: N801 - reads as a function
    """The process' log as it is in production, at the level that shows most."""

    def __enter__(self) -> io.StringIO:
        out = io.StringIO()
        root = logging.getLogger()
        self._before = (root.handlers[:], root.level)
        our_logging.configure(production=True, level=logging.DEBUG, stream=out)
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        root.handlers += self._before[0]
        return out

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        root.handlers[:], level = self._before
        root.setLevel(level)
        structlog.reset_defaults()


async def test_results_are_not_shown_when_printed(client: Client, control: Helper) -> None:
    session = await client.wxa.code2session(await control.code())
    phone = await client.wxa.phone_number(await control.code(kind="phone"))
    assert TENANT.openid not in repr(session)
    assert session.session_key not in repr(session)
    assert TENANT.phone not in repr(phone)


# What is counted


async def test_calls_are_counted_by_outcome(client: Client, control: Helper) -> None:
    def counted(outcome: str) -> float:
        return float(CALLS.labels("send_subscribe_message", outcome)._value.get())

    before = counted("subscription_refused")
    with pytest.raises(errors.SubscriptionRefused):
        await client.wxa.subscribe_message(TENANT.openid, "t", {"thing1": "好"})
    assert counted("subscription_refused") == before + 1
    assert await control.calls(SEND) == 1
    assert {
        sample.name for one in COLLECTORS for metric in one.collect() for sample in metric.samples
    }


# The client of a process


async def test_without_a_mini_program_there_is_no_client() -> None:
    assert not connection.available()
    with pytest.raises(errors.NotConfigured):
        connection.client()
    with pytest.raises(errors.NotConfigured):
        connection.push_keys()


async def test_development_has_an_emulator_when_none_is_configured(memory: None) -> None:
    async with connection.connected(Settings(), with_emulator=True):
        found = connection.running_emulator()
        assert found is not None
        code = found.world.mint("login", TENANT)
        assert (await connection.client().wxa.code2session(code)).openid == TENANT.openid
        assert connection.push_keys().app_id == APP_ID
    assert connection.running_emulator() is None
    assert not connection.available()


async def test_a_configured_mini_program_is_used_in_the_place_of_the_emulator() -> None:
    given = Settings(wechat_app_id=APP_ID, wechat_app_secret=SecretStr(APP_SECRET))
    async with connection.connected(given, with_emulator=True):
        assert connection.running_emulator() is None
        assert connection.client().appid == APP_ID


async def test_production_has_no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    production = Settings.model_construct(env="production")
    async with connection.connected(production, with_emulator=True):
        assert not connection.available()
    monkeypatch.setattr(app, "settings", lambda: production)
    with pytest.raises(RuntimeError):
        app.make_app()


async def test_httpx_never_sees_what_is_secret_in_an_address(client: Client) -> None:
    seen: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        seen.append(request)

    client._wire._http.event_hooks = {"request": [note]}
    await client.wxa.url_link("pages/a")
    assert [request.url.query for request in seen] == [b"", b""]
