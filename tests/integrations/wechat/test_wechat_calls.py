"""Every call against the emulator: what comes back, and each refusal as its type."""

from __future__ import annotations

import io
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from integrations.wechat import errors
from integrations.wechat.client import Client
from integrations.wechat.emulator import PERSONAS, Running
from integrations.wechat.results import MediaKind, Scene, Suggest, Version
from tests.integrations.wechat.support import SEND, TENANT, Helper

TEMPLATE = "tmpl-viewing"
VALUES = {"thing1": "看房时间已定", "time2": "2026年11月21日 15:01", "phrase3": "已确认"}


# Sign-in and phone


async def test_a_login_code_tells_who_it_is_without_an_access_token(
    client: Client, control: Helper
) -> None:
    session = await client.wxa.code2session(await control.code("landlord"))
    assert session.openid == PERSONAS["landlord"].openid
    assert session.unionid == PERSONAS["landlord"].unionid
    assert await control.calls() == 0


async def test_a_login_code_serves_once(client: Client, control: Helper) -> None:
    code = await control.code()
    await client.wxa.code2session(code)
    with pytest.raises(errors.CodeRefused) as refusal:
        await client.wxa.code2session(code)
    assert refusal.value.errcode == 40163
    assert refusal.value.retry == errors.Never()


async def test_a_login_code_is_good_for_five_minutes(client: Client, control: Helper) -> None:
    code = await control.code()
    await control.post("clock", forward=301)
    with pytest.raises(errors.CodeRefused):
        await client.wxa.code2session(code)


async def test_a_high_risk_user_is_let_in_nowhere(client: Client, control: Helper) -> None:
    with pytest.raises(errors.HighRiskUser):
        await client.wxa.code2session(await control.code("risky"))


async def test_a_user_signs_in_a_hundred_times_a_minute(client: Client, emulator: Running) -> None:
    for _ in range(100):
        emulator.world.redeem("login", emulator.world.mint("login", TENANT))
    with pytest.raises(errors.RateLimited) as refusal:
        await client.wxa.code2session(emulator.world.mint("login", TENANT))
    assert refusal.value.retry == errors.Later(60)
    emulator.world.offset += 61
    assert await client.wxa.code2session(emulator.world.mint("login", TENANT))


async def test_a_phone_code_gives_the_number_once(client: Client, control: Helper) -> None:
    code = await control.code(kind="phone")
    phone = await client.wxa.phone_number(code)
    assert (phone.number, phone.country_code) == (TENANT.phone, "86")
    with pytest.raises(errors.CodeRefused):
        await client.wxa.phone_number(code)


async def test_a_login_code_is_no_phone_code(client: Client, control: Helper) -> None:
    with pytest.raises(errors.CodeRefused):
        await client.wxa.phone_number(await control.code())


async def test_a_number_for_another_mini_program_is_not_taken(
    client: Client, control: Helper, emulator: Running
) -> None:
    code = await control.code(kind="phone")
    await client._tokens.get()
    emulator.world.app_id = "wx0000000000000000"
    with pytest.raises(errors.BadAnswer):
        await client.wxa.phone_number(code)


# Subscribe messages


async def test_one_yes_is_good_for_one_message(client: Client, control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE])
    sent = await client.wxa.subscribe_message(
        TENANT.openid, TEMPLATE, VALUES, page="pages/viewing/index?id=1", version=Version.TRIAL
    )
    assert sent.message_id
    (message,) = await control.get("sent")
    assert message["data"] == VALUES
    assert message["miniprogram_state"] == "trial"
    assert message["page"] == "pages/viewing/index?id=1"
    with pytest.raises(errors.SubscriptionRefused) as refusal:
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, VALUES)
    assert (refusal.value.errcode, refusal.value.retry) == (43101, errors.Never())
    assert await control.calls(SEND) == 2
    assert len(await control.get("sent")) == 1


async def test_a_long_term_yes_is_good_for_all(client: Client, control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE], long_term=True)
    for _ in range(3):
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, VALUES)
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE], answer="reject")
    with pytest.raises(errors.SubscriptionRefused):
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, VALUES)


async def test_a_tap_asks_for_three_templates_at_most(control: Helper) -> None:
    answer = await control.http.post(
        "/_ctl/subscriptions", json={"persona": "tenant", "templates": list("abcd")}
    )
    assert answer.status_code == 400


async def test_a_missing_field_is_named_and_spends_no_yes(client: Client, control: Helper) -> None:
    await control.post("settings", templates={TEMPLATE: [*VALUES, "date4"]})
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE])
    with pytest.raises(errors.TemplateFieldRefused) as refusal:
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, VALUES)
    assert refusal.value.field == "date4"
    await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, {**VALUES, "date4": "2026-11-21"})


async def test_templates_pages_and_people_must_be_there(client: Client, control: Helper) -> None:
    await control.post("settings", templates={TEMPLATE: list(VALUES)}, pages=["pages/index/index"])
    with pytest.raises(errors.TemplateUnknown):
        await client.wxa.subscribe_message(TENANT.openid, "other", VALUES)
    with pytest.raises(errors.PageUnknown):
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, VALUES, page="pages/none")
    with pytest.raises(errors.UserUnknown):
        await client.wxa.subscribe_message("oNobodyNobody", TEMPLATE, VALUES)


async def test_what_a_template_would_refuse_is_not_sent(client: Client, control: Helper) -> None:
    with pytest.raises(errors.UnfitInput) as refusal:
        await client.wxa.subscribe_message(TENANT.openid, TEMPLATE, {"thing1": "一" * 21})
    assert refusal.value.field == "thing1"
    assert await control.calls(SEND) == 0


# Content


@pytest.mark.parametrize(
    ("content", "suggest"),
    [("近地铁单间", Suggest.PASS), ("疑似样本", Suggest.REVIEW), ("含违规样本的话", Suggest.RISKY)],
)
async def test_a_text_is_judged(
    client: Client, control: Helper, content: str, suggest: Suggest
) -> None:
    await control.post("visits", persona="tenant")
    verdict = await client.wxa.check_text(TENANT.openid, content, Scene.FORUM, title="标题")
    assert verdict.suggest == suggest
    assert (verdict.label == 100) == (suggest == Suggest.PASS)
    assert verdict.trace_id


async def test_only_who_came_within_two_hours_is_judged(client: Client, control: Helper) -> None:
    await control.post("visits", persona="tenant")
    await control.post("clock", forward=7100)
    await client.wxa.check_text(TENANT.openid, "好", Scene.COMMENT)
    await control.post("clock", forward=101)
    with pytest.raises(errors.UserNotRecent):
        await client.wxa.check_text(TENANT.openid, "好", Scene.COMMENT)
    with pytest.raises(errors.UserNotRecent):
        await client.wxa.check_media(TENANT.openid, "https://a.example.cn/1.jpg", Scene.COMMENT)


async def test_a_picture_s_check_has_a_number(client: Client, control: Helper) -> None:
    await control.post("visits", persona="tenant")
    url = "https://houjie.example/m/1.jpg"
    started = await client.wxa.check_media(TENANT.openid, url, Scene.FORUM, kind=MediaKind.IMAGE)
    (check,) = await control.get("checks")
    assert started.trace_id == check["trace_id"]


@pytest.mark.parametrize("content", ["", "字" * 2501])
async def test_texts_that_wechat_does_not_read_are_not_sent(client: Client, content: str) -> None:
    with pytest.raises(errors.UnfitInput):
        await client.wxa.check_text(TENANT.openid, content, Scene.FORUM)


# Codes and links


async def test_a_mini_program_code_is_a_picture_that_holds_its_scene(client: Client) -> None:
    picture = await client.wxa.code_unlimited("p=Zx1-_.~", "pages/place/index")
    assert picture.startswith(b"\x89PNG")
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert "scene=p%3DZx1-_.~" in found.text


async def test_an_error_in_place_of_a_picture_is_an_error(client: Client, control: Helper) -> None:
    await control.post("settings", pages=["pages/index/index"])
    with pytest.raises(errors.PageUnknown) as refusal:
        await client.wxa.code_unlimited("a", "pages/place/index")
    assert refusal.value.errcode == 41030
    assert await client.wxa.code_unlimited("a", "pages/place/index", check_path=False)


@pytest.mark.parametrize("scene", ["", "x" * 33, "中", "a b", "a%b", 'a"', "a\n", "a{}", "a<b>"])
async def test_a_scene_that_can_t_be_carried_is_not_sent(client: Client, scene: str) -> None:
    with pytest.raises(errors.UnfitInput):
        await client.wxa.code_unlimited(scene, "pages/place/index")


async def test_a_page_has_no_slash_before_it(client: Client) -> None:
    with pytest.raises(errors.UnfitInput):
        await client.wxa.code_unlimited("a", "/pages/place/index")


async def test_links_open_a_page_for_some_days(client: Client, control: Helper) -> None:
    link = await client.wxa.url_link("pages/place/index", "id=1", days=7)
    scheme = await client.wxa.url_scheme("pages/place/index", "id=2")
    assert link.startswith("https://")
    assert scheme.startswith("weixin://")
    links = await control.get("links")
    assert {found["query"] for found in links.values()} == {"id=1", "id=2"}
    with pytest.raises(errors.UnfitInput):
        await client.wxa.url_link("pages/place/index", days=31)
    await control.post("settings", pages=[])
    with pytest.raises(errors.PageUnknown):
        await client.wxa.url_link("pages/place/index")


# What goes for every call


CALLS: list[tuple[str, Any]] = [
    ("/wxa/business/getuserphonenumber", lambda wxa: wxa.phone_number("0" * 32)),
    (SEND, lambda wxa: wxa.subscribe_message(TENANT.openid, "t", {"thing1": "a"})),
    ("/wxa/msg_sec_check", lambda wxa: wxa.check_text(TENANT.openid, "a", Scene.FORUM)),
    (
        "/wxa/media_check_async",
        lambda wxa: wxa.check_media(TENANT.openid, "https://a", Scene.FORUM),
    ),
    ("/wxa/getwxacodeunlimit", lambda wxa: wxa.code_unlimited("a", "pages/a")),
    ("/wxa/generate_urllink", lambda wxa: wxa.url_link("pages/a")),
    ("/wxa/generatescheme", lambda wxa: wxa.url_scheme("pages/a")),
    ("/sns/jscode2session", lambda wxa: wxa.code2session("0" * 32)),
]
CODES = [
    (-1, errors.Busy, errors.Later),
    (45009, errors.QuotaUsedUp, errors.AtReset),
    (45011, errors.RateLimited, errors.Later),
    (40164, errors.AddressNotListed, errors.Later),
    (40125, errors.CredentialsRefused, errors.Later),
    (48001, errors.NotPermitted, errors.Never),
    (87014, errors.RiskyContent, errors.Never),
    (987654, errors.Refused, errors.Never),
]


@pytest.mark.parametrize(("path", "call"), CALLS, ids=[path for path, _ in CALLS])
@pytest.mark.parametrize(("code", "kind", "retry"), CODES)
async def test_a_refusal_has_its_type_and_keeps_its_code(
    client: Client, control: Helper, path: str, call: Any, code: int, kind: Any, retry: Any
) -> None:
    await control.post("faults", path=path, kind="errcode", errcode=code, errmsg="x rid: 0123-abcd")
    with pytest.raises(errors.WeChatError) as refusal:
        await call(client.wxa)
    assert type(refusal.value) is kind
    assert refusal.value.errcode == code
    assert refusal.value.complaint == "0123-abcd"
    assert isinstance(refusal.value.retry, retry)


async def test_the_quota_of_a_day_ends_at_midnight_in_shanghai(
    client: Client, control: Helper
) -> None:
    await control.post("settings", quota=1)
    await client.wxa.url_link("pages/a")
    with pytest.raises(errors.QuotaUsedUp):
        await client.wxa.url_link("pages/a")
    await control.post("settings", quota=2)
    await client.wxa.url_scheme("pages/a")


async def test_our_own_address_is_told_to_the_operator(client: Client, control: Helper) -> None:
    await control.post("settings", allow_address=False)
    with pytest.raises(errors.AddressNotListed) as refusal:
        await client.wxa.url_link("pages/a")
    assert refusal.value.address == "127.0.0.1"


async def test_wechatpy_s_own_calls_work_through_our_transport(
    client: Client, control: Helper
) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE])
    answer = await client.wxa.send_subscribe_message(
        TENANT.openid, TEMPLATE, {"thing1": {"value": "好"}}
    )
    assert answer["errcode"] == 0
    with pytest.raises(errors.BadAnswer):  # the emulator has no such call
        await client.menu.get()


async def test_wechatpy_can_t_fetch_a_token_in_its_own_way(client: Client) -> None:
    with pytest.raises(RuntimeError):
        client.fetch_access_token()
    with pytest.raises(ValueError, match="host"):
        await client.get("https://api.weixin.qq.com/cgi-bin/token")
