"""``leye doctor wechat`` tells each step that is wrong from those that are right."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.ops import wechat as steps
from api.ops.findings import Finding, State
from core.settings import Settings
from integrations import wechat
from integrations.wechat.emulator import AES_KEY, APP_ID, APP_SECRET, PUSH_TOKEN, Running
from notifications.models import WeChatForm, WeChatTemplate
from tests.integrations.wechat.support import Helper

FILE, CONTENT = "aBcD1234.txt", "0123abcd"
Ordered = Callable[..., Settings]


@pytest.fixture
async def own_address() -> AsyncIterator[str]:
    """Our service as far as WeChat looks at it."""

    async def echo(request: Request) -> Response:
        return PlainTextResponse(wechat.push_keys().echo(request.query_params))

    async def file(request: Request) -> Response:
        return PlainTextResponse(CONTENT)

    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/wechat/push", echo), Route(f"/q/{FILE}", file)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
def ordered(emulator: Running, own_address: str) -> Ordered:
    """Settings that are right, but for what is given."""

    def made(**wrong: Any) -> Settings:
        right: dict[str, Any] = {
            "public_url": own_address,
            "wechat_app_id": APP_ID,
            "wechat_app_secret": SecretStr(APP_SECRET),
            "wechat_push_token": SecretStr(PUSH_TOKEN),
            "wechat_push_aes_key": SecretStr(AES_KEY),
            "wechat_api_url": emulator.url,
            "wechat_link_files": (f"{FILE}={CONTENT}",),
        }
        return Settings(**{**right, **wrong})

    return made


async def found(settings: Settings) -> dict[str, Finding]:
    findings: list[Finding] = []
    await steps.examine(settings, findings.append)
    return {finding.name: finding for finding in findings}


async def enter(keys: dict[str, str]) -> None:
    await WeChatTemplate.create(form=WeChatForm.NOTICE, template_id="tmpl", keys=keys)


async def test_everything_right_is_found_right(db: None, ordered: Ordered, control: Helper) -> None:
    await control.post("settings", templates={"tmpl": ["thing1", "time2"]})
    await enter({"title": "thing1", "at": "time2"})
    all_of_them = await found(ordered())
    wrong = {name: one.says for name, one in all_of_them.items() if one.state is not State.GOOD}
    assert set(wrong) == {"domain", "privacy guide", "category"}  # no https on loopback
    assert list(all_of_them) == [
        "app", "domain", "token", "push", "link rule", "plate page", "content check", "templates",
        "privacy guide", "category",
    ]  # fmt: skip


async def test_without_a_mini_program_nothing_else_is_asked(db: None) -> None:
    assert {name: one.state for name, one in (await found(Settings())).items()} == {
        "app": State.FAILURE
    }


@pytest.mark.parametrize(
    ("fault", "word"),
    [({"errcode": 40164, "errmsg": "invalid ip 192.0.2.7 ipv6 ::ffff:192.0.2.7, not in whitelist"},
      "192.0.2.7"),
     ({"errcode": 40125}, "40125")],
)  # fmt: skip
async def test_what_keeps_us_from_a_token_is_named(
    db: None, ordered: Ordered, control: Helper, fault: dict[str, Any], word: str
) -> None:
    await control.post("faults", path="/cgi-bin/stable_token", kind="errcode", times=0, **fault)
    seen = await found(ordered())
    assert seen["token"].state is State.FAILURE
    assert word in seen["token"].says
    assert "push" not in seen


async def test_a_service_with_other_keys_or_files_is_noticed(db: None, ordered: Ordered) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    seen = await found(ordered(public_url=nobody))
    assert seen["push"].state is seen["link rule"].state is State.FAILURE
    seen = await found(ordered(wechat_link_files=(f"{FILE}=another",)))
    assert seen["link rule"].state is State.FAILURE
    seen = await found(
        ordered(wechat_link_files=(), wechat_push_token=None, wechat_push_aes_key=None)
    )
    assert seen["push"].state is seen["link rule"].state is State.WARNING


async def test_an_unpublished_page_and_a_forbidden_check_are_noticed(
    db: None, ordered: Ordered, control: Helper
) -> None:
    await control.post("settings", pages=["pages/index/index"])
    await control.post("faults", path="/wxa/msg_sec_check", kind="errcode", errcode=48001, times=0)
    seen = await found(ordered())
    assert seen["plate page"].state is State.WARNING
    assert seen["content check"].state is State.FAILURE


async def test_templates_that_differ_from_wechats_are_noticed(
    db: None, ordered: Ordered, control: Helper
) -> None:
    assert (await found(ordered()))["templates"].state is State.WARNING
    await enter({"title": "thing1"})
    assert "does not know tmpl" in (await found(ordered()))["templates"].says
    await control.post("settings", templates={"tmpl": ["thing1", "time2"]})
    assert "thing1, time2" in (await found(ordered()))["templates"].says
