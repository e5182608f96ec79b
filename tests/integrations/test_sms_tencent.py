"""Tencent Cloud SMS: what is sent, how it is signed, what each answer means."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from starlette.responses import Response
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.models import SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient

from core.settings import Settings, SettingsError
from integrations import sms
from integrations.sms import VALUES, SmsRefused, SmsUnavailable, Template
from integrations.sms.tencent import TencentAccount, TencentSender
from tests.integrations.tencent_sms import SECRET_ID, SECRET_KEY, TencentSms, running

# The vendor's client asks for the time in a way that Python 3.12 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp")

NUMBER = "13800138000"
CODE = {"code": "042137", "minutes": "5"}
ORDERED = {
    "sms_secret_id": SecretStr(SECRET_ID),
    "sms_secret_key": SecretStr(SECRET_KEY),
    "sms_app_id": "1400006666",
    "sms_sign_name": "样例镇",
    "sms_templates": ("sign-in-code=1110", "notice=1111"),
}


def account(url: str) -> TencentAccount:
    found = TencentAccount.of(Settings(**ORDERED, sms_api_url=url), VALUES)
    assert found is not None
    return found


@pytest.fixture
async def provider() -> AsyncIterator[TencentSms]:
    async with running() as found:
        yield found


@pytest.fixture
async def sender(provider: TencentSms) -> AsyncIterator[TencentSender]:
    found = TencentSender(account(provider.url))
    yield found
    await found.close()


def by_the_vendor(url: str, secret_key: str) -> str:
    """Send one message with the vendor's own client; answers the code."""
    http = HttpProfile(protocol="http", endpoint=url.removeprefix("http://"))
    client = SmsClient(
        Credential(SECRET_ID, secret_key), "ap-guangzhou", ClientProfile(httpProfile=http)
    )
    asked = SendSmsRequest()
    asked.PhoneNumberSet = [f"+86{NUMBER}"]
    asked.SmsSdkAppId = "1400006666"
    asked.SignName = "样例镇"
    asked.TemplateId = "1110"
    asked.TemplateParamSet = ["042137", "5"]
    return str(client.SendSms(asked).SendStatusSet[0].Code)


async def test_a_message_is_what_the_vendors_own_client_sends(
    provider: TencentSms, sender: TencentSender
) -> None:
    assert await asyncio.to_thread(by_the_vendor, provider.url, SECRET_KEY) == "Ok"
    assert await sender.send(NUMBER, Template.SIGN_IN_CODE, CODE) == "5000:2"
    vendors, ours = provider.received
    assert ours == vendors


async def test_a_wrong_secret_is_noticed(provider: TencentSms) -> None:
    with pytest.raises(TencentCloudSDKException, match="SignatureFailure"):
        await asyncio.to_thread(by_the_vendor, provider.url, "another")
    mistaken = TencentSender(replace(account(provider.url), secret_key="another"))
    with pytest.raises(SmsUnavailable) as refusal:
        await mistaken.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    await mistaken.close()
    assert refusal.value.code == "AuthFailure.SignatureFailure"
    assert provider.received == []


async def test_values_go_in_the_order_of_the_registered_text(
    provider: TencentSms, sender: TencentSender
) -> None:
    await sender.send(
        NUMBER,
        Template.NOTICE,
        {"link": "aBc123", "matter": "已恢复出租", "subject": "样例路 1 号"},
    )
    assert provider.received[0]["TemplateId"] == "1111"
    assert provider.received[0]["TemplateParamSet"] == ["样例路 1 号", "已恢复出租", "aBc123"]


async def test_values_are_one_short_line(provider: TencentSms, sender: TencentSender) -> None:
    long = {"subject": "长" * 21, "matter": "第一行\n第二行", "link": "x" * 20}
    await sender.send(NUMBER, Template.NOTICE, long)
    subject, matter, link = provider.received[0]["TemplateParamSet"]
    assert (subject, matter, link) == ("长" * 19 + "…", "第一行 第二行", "x" * 20)


@pytest.mark.parametrize(
    "code",
    ["LimitExceeded.PhoneNumberDailyLimit", "FailedOperation.PhoneNumberInBlacklist",
     "InvalidParameterValue.IncorrectPhoneNumber",
     "FailedOperation.TemplateIncorrectOrUnapproved"],
)  # fmt: skip
async def test_what_is_wrong_with_the_message_is_never_tried_again(
    provider: TencentSms, sender: TencentSender, code: str
) -> None:
    provider.next_status.append(code)
    with pytest.raises(SmsRefused) as refusal:
        await sender.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "code",
    ["InternalError.Timeout", "RequestLimitExceeded", "LimitExceeded.AppDailyLimit",
     "LimitExceeded.PhoneNumberThirtySecondLimit",
     "FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.IndividualUserX"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["next_status", "next_error"])
async def test_what_passes_is_tried_again(
    provider: TencentSms, sender: TencentSender, code: str, where: str
) -> None:
    getattr(provider, where).append(code)
    with pytest.raises(SmsUnavailable) as refusal:
        await sender.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    assert (refusal.value.code, refusal.value.perhaps_sent) == (code, False)


@pytest.mark.parametrize(
    "answer",
    [Response("", 502), Response("<html>", 200), Response("[]", 200),
     Response('{"Response": 1}', 200), Response('{"Response": {"SendStatusSet": []}}', 200)],
)  # fmt: skip
async def test_an_answer_that_is_none_may_mean_that_it_was_sent(
    provider: TencentSms, sender: TencentSender, answer: Response
) -> None:
    provider.next_raw.append(answer)
    with pytest.raises(SmsUnavailable) as refusal:
        await sender.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    assert refusal.value.perhaps_sent


async def test_without_a_connection_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    alone = TencentSender(account(f"http://127.0.0.1:{port}"))
    with pytest.raises(SmsUnavailable) as refusal:
        await alone.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    await alone.close()
    assert (refusal.value.code, refusal.value.perhaps_sent) == ("UNREACHABLE", False)


async def test_neither_number_nor_code_is_said_anywhere(
    provider: TencentSms, sender: TencentSender, caplog: pytest.LogCaptureFixture
) -> None:
    provider.next_raw.append(Response(f"echo {NUMBER} 042137", 500))
    with caplog.at_level(logging.DEBUG), pytest.raises(SmsUnavailable) as refusal:
        await sender.send(NUMBER, Template.SIGN_IN_CODE, CODE)
    said = f"{caplog.text} {refusal.value!r} {refusal.value.__context__!r} {sender._account!r}"
    for secret in (NUMBER, "042137", SECRET_KEY):
        assert secret not in said


async def test_the_configured_provider_is_used_while_the_service_runs(
    provider: TencentSms,
) -> None:
    async with sms.connected(Settings(**ORDERED, sms_api_url=provider.url)):
        await sms.sender().send(NUMBER, Template.SIGN_IN_CODE, CODE)
    assert len(provider.received) == 1
    async with sms.connected(Settings()):
        assert not isinstance(sms.sender(), TencentSender)


@pytest.mark.parametrize("templates", [("sign-in-code=1110",), ("sign-in-code=x", "notice=1"),
                                       ("sign-in-code=1", "notice=1", "other=2")])  # fmt: skip
def test_templates_are_all_named_with_their_ids(templates: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="sign-in-code=ID,notice=ID"):
        sms.check(Settings(**{**ORDERED, "sms_templates": templates}))


@pytest.mark.parametrize("absent", sorted(ORDERED))
def test_the_settings_of_short_messages_go_together(absent: str) -> None:
    given = {name: value for name, value in ORDERED.items() if name != absent}
    with pytest.raises(ValueError, match=f"LEYE_{absent.upper()}: must be set"):
        Settings(**given)
