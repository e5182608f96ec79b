"""``leye doctor wechat``: every step of docs/wechat.md, tried out, in its order.

Nothing is sent to anybody and nothing is changed at WeChat.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from api.ops.findings import Finding, State, Tell, failure, good, skipped, warning
from core.settings import Settings
from integrations import wechat
from integrations.wechat.errors import (
    AddressNotListed,
    CredentialsRefused,
    NotPermitted,
    PageUnknown,
    Unavailable,
    UserUnknown,
    WeChatError,
)
from integrations.wechat.results import OwnTemplate, Scene
from notifications.models import WeChatTemplate

_OWN_SECONDS: Final = 8
_NOBODY: Final = "oNobodyNobodyNobodyNobodyNob"

Step = Callable[[Settings], Awaitable[Finding]]


async def examine(settings: Settings, tell: Tell) -> None:
    """Try each step; PostgreSQL and Redis are at hand. What needs WeChat's answer waits for it."""
    async with wechat.connected(settings):
        tell(_app(settings))
        if not wechat.available():
            return
        tell(_domain(settings))
        reached = await token(settings)
        tell(reached)
        if reached.state is State.FAILURE:
            return
        for step in STEPS:
            tell(await step(settings))
    for name, says in _BY_HAND:
        tell(skipped(name, says))


def _app(settings: Settings) -> Finding:
    name = "app"
    if settings.wechat_app_id is None:
        return failure(
            name,
            "no mini-program is configured",
            "Set LEYE_WECHAT_APP_ID and LEYE_WECHAT_APP_SECRET (开发管理 › 开发设置).",
        )
    return good(name, f"{settings.wechat_app_id}, links open version {settings.wechat_version}")


def _domain(settings: Settings) -> Finding:
    name = "domain"
    if not settings.public_url.startswith("https://"):
        return warning(
            name,
            f"{settings.public_url} can't be entered as a server domain: WeChat wants https",
            "Set LEYE_PUBLIC_URL to the https address under which people reach the service.",
        )
    return good(
        name, f"enter {settings.public_url} under 服务器域名 (request, uploadFile, download)"
    )


async def token(settings: Settings) -> Finding:
    """Whether app id and secret are right and WeChat lets this machine in."""
    name = "token"
    try:
        await wechat.client().wxa.own_templates()
    except AddressNotListed as refusal:
        return failure(
            name,
            f"WeChat does not know this machine's address {refusal.address or ''}".rstrip(),
            "Add it to the list (开发设置 › IP白名单).",
        )
    except CredentialsRefused as refusal:
        return failure(
            name,
            f"app id or secret are refused ({refusal.errcode})",
            "Correct LEYE_WECHAT_APP_ID and LEYE_WECHAT_APP_SECRET; a reset secret is shown once.",
        )
    except Unavailable as refusal:
        return failure(
            name,
            f"WeChat can't be reached ({type(refusal).__name__})",
            f"Let this machine reach {settings.wechat_api_url}.",
        )
    except NotPermitted:
        return good(name, "WeChat answers; subscribe messages are not switched on")
    except WeChatError as refusal:
        return failure(name, str(refusal), "Look up the number in WeChat's 全局返回码.")
    return good(name, "WeChat answers")


async def push(settings: Settings) -> Finding:
    """Whether our own address answers WeChat's echo under the configured keys."""
    name = "push"
    try:
        keys = wechat.push_keys()
    except WeChatError:
        return warning(
            name,
            "messages pushed by WeChat are not taken: pictures can't be checked",
            "Set LEYE_WECHAT_PUSH_TOKEN and LEYE_WECHAT_PUSH_AES_KEY as under 开发管理 › 消息推送.",
        )
    timestamp, nonce, echo = str(int(time.time())), secrets.token_hex(4), secrets.token_hex(8)
    query = {
        "signature": keys.sign(timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    address = f"{settings.public_url}/wechat/push"
    answer = await _fetched(address, query)
    if answer == echo:
        return good(name, f"{address} answers; enter it as URL under 消息推送")
    return failure(
        name,
        f"{address} does not answer as WeChat expects",
        "Start the service with the same keys, and let its proxy pass /wechat/push.",
    )


async def link_rule(settings: Settings) -> Finding:
    """Whether the verification files are found where WeChat looks."""
    name = "link rule"
    files = dict(entry.split("=", 1) for entry in settings.wechat_link_files)
    if not files:
        return warning(
            name,
            "no verification file: a scanned plate opens the page, not the mini-program",
            f"Add the rule {settings.public_url}/q/ (扫普通链接二维码打开小程序) and put the"
            " file that it gives into LEYE_WECHAT_LINK_FILES.",
        )
    for file, content in files.items():
        if await _fetched(f"{settings.public_url}/q/{file}") != content:
            return failure(
                name,
                f"{settings.public_url}/q/{file} is not what was configured",
                "Start the service with the same settings, and let its proxy pass /q/.",
            )
    return good(name, f"{len(files)} verification file(s) found at {settings.public_url}/q/")


async def plate_page(settings: Settings) -> Finding:
    """Whether the page that plates open is published."""
    name = "plate page"
    page = settings.wechat_scan_page
    try:
        await wechat.client().wxa.code_unlimited("doctor", page)
    except PageUnknown:
        return warning(
            name,
            f"{page} is not in the published version",
            "Publish the mini-program, or correct LEYE_WECHAT_SCAN_PAGE.",
        )
    except WeChatError as refusal:
        return failure(name, str(refusal), "Look up the number in WeChat's 全局返回码.")
    return good(name, f"{page} is published")


async def content_check(settings: Settings) -> Finding:
    """Whether the mini-program may have content checked; asked for somebody who does not exist."""
    name = "content check"
    try:
        await wechat.client().wxa.check_text(_NOBODY, "样例", Scene.FORUM)
    except UserUnknown:
        return good(name, "may be used")
    except NotPermitted as refusal:
        return failure(
            name,
            f"the mini-program may not use it ({refusal.errcode})",
            "Choose a category for the mini-program (设置 › 服务类目) that allows it.",
        )
    except WeChatError as refusal:
        return warning(name, str(refusal), "Look up the number in WeChat's 全局返回码.")
    return good(name, "may be used")


async def templates(settings: Settings) -> Finding:
    """Whether the templates that were entered are the mini-program's, with these keys."""
    name = "templates"
    rows = await WeChatTemplate.filter(replaced_at=None).order_by("form")
    if not rows:
        return warning(
            name,
            "none is entered: nobody is told anything in WeChat",
            "Choose them under 订阅消息 and enter them with setWechatTemplate.",
        )
    try:
        own = await wechat.client().wxa.own_templates()
    except WeChatError as refusal:
        return failure(name, str(refusal), "Switch on 订阅消息 in WeChat's console.")
    faults = [fault for row in rows if (fault := _fault(own.get(row.template_id), row))]
    if faults:
        return failure(name, "; ".join(faults), "Enter them anew with setWechatTemplate.")
    return good(name, f"{len(rows)} as WeChat has them")


def _fault(own: OwnTemplate | None, row: WeChatTemplate) -> str:
    if own is None:
        return f"{row.form}: WeChat does not know {row.template_id}"
    if set(row.keys.values()) != set(own.keys):
        return f"{row.form}: WeChat's keys are {', '.join(own.keys)}"
    if row.long_term is not own.long_term:
        return f"{row.form}: entered as {'' if row.long_term else 'not '}long-term, WeChat differs"
    return ""


async def _fetched(address: str, query: dict[str, str] | None = None) -> str | None:
    """What our own address answers, as others reach it; nothing when it does not."""
    try:
        async with (
            asyncio.timeout(_OWN_SECONDS),
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as http,
        ):
            answer = await http.get(address, params=query)
    except (httpx.HTTPError, TimeoutError):
        return None
    return answer.text if answer.status_code == 200 else None


STEPS: Final[tuple[Step, ...]] = (push, link_rule, plate_page, content_check, templates)

_BY_HAND: Final = (
    (
        "privacy guide",
        "look yourself: 设置 › 用户隐私保护指引 lists phone number, photos and location",
    ),
    ("category", "look yourself: 设置 › 服务类目 fits what the mini-program does"),
)
