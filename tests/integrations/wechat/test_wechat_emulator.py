"""wechatpy as it is, as a client of the emulator that knows nothing of ours.

It speaks to WeChat's hard-coded host; only where its connections end is changed.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest
import requests
import xmltodict
from PIL import Image
from wechatpy import WeChatClient, WeChatClientException
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import APILimitedException, InvalidSignatureException
from wechatpy.utils import check_signature

from integrations.wechat.emulator import (
    AES_KEY,
    APP_ID,
    APP_SECRET,
    PERSONAS,
    PUSH_TOKEN,
    Running,
    make_app,
)
from integrations.wechat.emulator.pushes import PushTarget, envelope
from integrations.wechat.push import PushKeys
from tests.integrations.wechat.support import TENANT, Helper

EVENT = {
    "MsgType": "event",
    "FromUserName": TENANT.openid,
    "CreateTime": 1795270000,
    "Event": "wxa_media_check",
    "trace_id": "t-1",
    "result": {"suggest": "pass", "label": 100},
}


class Elsewhere(requests.adapters.HTTPAdapter):
    """Sends what is meant for WeChat to the emulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._where = urlsplit(url)

    def send(self, request: Any, *rest: Any, **more: Any) -> requests.Response:
        request.url = urlunsplit(
            urlsplit(request.url)._replace(scheme="http", netloc=self._where.netloc)
        )
        return super().send(request, *rest, **more)


@pytest.fixture
def wechatpy(emulator: Running) -> Iterator[WeChatClient]:
    client = WeChatClient(APP_ID, APP_SECRET, timeout=10)
    client._http.trust_env = False
    client._http.mount("https://api.weixin.qq.com/", Elsewhere(emulator.url))
    yield client
    client._http.close()


async def off(call: Callable[..., Any], *values: Any, **more: Any) -> Any:
    return await asyncio.to_thread(call, *values, **more)


async def test_it_signs_somebody_in(wechatpy: WeChatClient, control: Helper) -> None:
    code = await control.code()
    answer = await off(wechatpy.wxa.code_to_session, code)
    assert answer["openid"] == TENANT.openid
    with pytest.raises(WeChatClientException) as refusal:
        await off(wechatpy.wxa.code_to_session, code)
    assert refusal.value.errcode == 40163


async def test_it_sends_a_message_once_for_each_yes(
    wechatpy: WeChatClient, control: Helper
) -> None:
    await control.post("subscriptions", persona="tenant", templates=["a"])
    send = wechatpy.wxa.send_subscribe_message
    await off(send, TENANT.openid, "a", {"thing1": {"value": "好"}}, page="pages/a")
    with pytest.raises(WeChatClientException) as refusal:
        await off(send, TENANT.openid, "a", {"thing1": {"value": "好"}})
    assert refusal.value.errcode == 43101
    with pytest.raises(WeChatClientException) as refusal:
        await off(send, TENANT.openid, "a", {"thing1": {"value": "一" * 21}})
    assert refusal.value.errcode == 47003
    assert "data.thing1.value" in refusal.value.errmsg


async def test_it_gets_a_code_s_picture_or_an_error(wechatpy: WeChatClient) -> None:
    answer = await off(wechatpy.wxa.get_wxa_code_unlimited, "a=1", page="pages/a")
    Image.open(io.BytesIO(answer.content)).verify()
    with pytest.raises(WeChatClientException) as refusal:
        await off(wechatpy.wxa.get_wxa_code_unlimited, "with space")
    assert refusal.value.errcode == 40169


async def test_it_gets_a_new_token_when_the_old_one_is_revoked(
    wechatpy: WeChatClient, control: Helper
) -> None:
    await off(wechatpy.wxa.get_wxa_code_unlimited, "a")
    await control.post("tokens/revoke")
    await off(wechatpy.wxa.get_wxa_code_unlimited, "a")
    assert await control.calls("/cgi-bin/token") == 2


async def test_its_secret_and_quota_are_checked(
    emulator: Running, wechatpy: WeChatClient, control: Helper
) -> None:
    await off(wechatpy.wxa.get_wxa_code_unlimited, "a")
    wrong = WeChatClient(APP_ID, "wrong")
    wrong._http.mount("https://api.weixin.qq.com/", Elsewhere(emulator.url))
    with pytest.raises(WeChatClientException) as refusal:
        await off(wrong.fetch_access_token)
    assert refusal.value.errcode == 40125
    wrong._http.close()
    await control.post("settings", quota=1)
    with pytest.raises(APILimitedException):
        await off(wechatpy.wxa.get_wxa_code_unlimited, "a")


def test_it_accepts_our_signatures_and_no_others() -> None:
    keys = PushKeys(APP_ID, PUSH_TOKEN)
    stamp, nonce = str(int(time.time())), "123"
    check_signature(PUSH_TOKEN, keys.sign(stamp, nonce), stamp, nonce)
    with pytest.raises(InvalidSignatureException):
        check_signature(PUSH_TOKEN, keys.sign(stamp, "124"), stamp, nonce)


@pytest.mark.parametrize("form", ["xml", "json"])
def test_it_reads_what_the_emulator_seals(form: str) -> None:
    keys = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY)
    url, body = envelope(PushTarget("http://127.0.0.1/", keys, form), EVENT, now=time.time())
    query = {
        name: value for name, _, value in (p.partition("=") for p in urlsplit(url).query.split("&"))
    }
    outer = body.decode() if form == "xml" else orjson.loads(body)
    text = WeChatCrypto(PUSH_TOKEN, AES_KEY, APP_ID).decrypt_message(
        outer, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    inner = xmltodict.parse(text)["xml"] if form == "xml" else orjson.loads(text)
    assert inner["trace_id"] == "t-1"


def test_we_read_what_it_seals() -> None:
    keys = PushKeys(APP_ID, PUSH_TOKEN, AES_KEY)
    stamp, nonce = str(int(time.time())), "456"
    sealed = WeChatCrypto(PUSH_TOKEN, AES_KEY, APP_ID).encrypt_message(
        orjson.dumps(EVENT).decode(), nonce, stamp
    )
    fields = xmltodict.parse(sealed)["xml"]
    query = {
        "encrypt_type": "aes",
        "msg_signature": fields["MsgSignature"],
        "timestamp": stamp,
        "nonce": nonce,
    }
    body = orjson.dumps({"Encrypt": fields["Encrypt"]})
    assert keys.read(query, body).openid == TENANT.openid


def test_the_guide_names_every_persona_and_control_route() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "wechat.md").read_text("utf-8")
    for name in PERSONAS:
        assert f"`{name}`" in guide
    routes = [route.path for route in make_app().routes if route.path.startswith("/_ctl/")]  # type: ignore[attr-defined]
    assert len(routes) > 10
    for path in routes:
        assert path in guide or f"`{path.removeprefix('/_ctl/')}`" in guide, path
    assert APP_ID in guide
    assert APP_SECRET in guide
