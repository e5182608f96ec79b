"""Tencent Cloud SMS (腾讯云短信): SendSms of 2021-01-11, signed by TC3-HMAC-SHA256.

One call carries one message. The page of SendSms says what is sent and answered, the page
"签名方法 v3" how it is signed. Nothing that is logged or raised holds a number or a value.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
import orjson

from core.clock import now
from core.settings import Settings, SettingsError
from integrations.sms.errors import SmsRefused, SmsUnavailable

CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0

LONGEST_VALUE: Final = 20
"""Characters of one value: reviewers of texts allow no sentences in the place of a value."""

_CONTENT_TYPE: Final = "application/json; charset=utf-8"
_PASSING: Final = (
    "InternalError",
    "RequestLimitExceeded",
    "ResourceUnavailable",
    "ServiceUnavailable",
    "LimitExceeded.DeliveryFrequencyLimit",
    "LimitExceeded.GlobalSmsSendingRateLimit",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.AppGlobalDailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit",
    "LimitExceeded.DailyLimit",
    # What an operator has to mend: what waits goes out when it is done.
    "AuthFailure",
    "UnauthorizedOperation",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "IpNotInWhitelist",
)
"""Beginnings of the codes that say nothing against the message itself."""


@dataclass(frozen=True)
class TencentAccount:
    """Whose messages these are; ``templates``: ours → (their id, the order of its values)."""

    url: str
    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    templates: Mapping[str, tuple[str, Sequence[str]]]

    @classmethod
    def of(cls, settings: Settings, values: Mapping[str, Sequence[str]]) -> Self | None:
        """What the settings say; None without a provider.

        Raises:
            SettingsError: a template that we don't have, or one without an id.
        """
        if settings.sms_secret_id is None or settings.sms_secret_key is None:
            return None
        given = dict(entry.partition("=")[::2] for entry in settings.sms_templates)
        if set(given) != set(values) or not all(id_.strip().isdigit() for id_ in given.values()):
            wanted = ",".join(f"{name}=ID" for name in values)
            raise SettingsError(f"LEYE_SMS_TEMPLATES: must be {wanted}")
        return cls(
            settings.sms_api_url,
            settings.sms_secret_id.get_secret_value(),
            settings.sms_secret_key.get_secret_value(),
            settings.sms_app_id or "",
            settings.sms_sign_name or "",
            {name: (given[name].strip(), order) for name, order in values.items()},
        )


class TencentSender:
    """Sends through one account."""

    def __init__(self, account: TencentAccount) -> None:
        self._account = account
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> str | None:
        """Hand one message over; answers its ``SerialNo``.

        Raises:
            SmsUnavailable: the same call may succeed later.
            SmsRefused: it never will.
        """
        template_id, order = self._account.templates[template]
        body = orjson.dumps(
            {
                "PhoneNumberSet": [f"+86{phone}"],
                "SmsSdkAppId": self._account.app_id,
                "SignName": self._account.sign_name,
                "TemplateId": template_id,
                "TemplateParamSet": [_cut(params[name]) for name in order],
            }
        )
        return _serial_number(await self._ask(body))

    async def _ask(self, body: bytes) -> dict[str, Any]:
        headers = signed(self._account, body, now())
        problem: SmsUnavailable | None = None
        try:
            response = await self._http.post(self._account.url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            problem = SmsUnavailable("UNREACHABLE")
        except httpx.HTTPError:
            problem = SmsUnavailable("NO_ANSWER", perhaps_sent=True)
        if problem is not None:
            raise problem
        if response.status_code != 200:
            raise SmsUnavailable(f"HTTP_{response.status_code}", perhaps_sent=True)
        try:
            answer = orjson.loads(response.content)["Response"]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            answer = None
        if not isinstance(answer, dict):
            raise SmsUnavailable("BAD_ANSWER", perhaps_sent=True)
        return answer


def signed(account: TencentAccount, body: bytes, moment: datetime) -> dict[str, str]:
    """The headers of a call: TC3-HMAC-SHA256 over content type, host and body."""
    host = urlsplit(account.url).netloc
    timestamp = str(int(moment.timestamp()))
    day = moment.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{day}/sms/tc3_request"
    headers = f"content-type:{_CONTENT_TYPE}\nhost:{host}\n"
    asked = f"POST\n/\n\n{headers}\ncontent-type;host\n{_sha256(body)}"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{_sha256(asked.encode())}"
    key = f"TC3{account.secret_key}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": _CONTENT_TYPE,
        "Host": host,
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": "ap-guangzhou",
        "X-TC-Timestamp": timestamp,
        "Authorization": (
            f"TC3-HMAC-SHA256 Credential={account.secret_id}/{scope},"
            f" SignedHeaders=content-type;host, Signature={signature}"
        ),
    }


def _serial_number(answer: Mapping[str, Any]) -> str | None:
    """The id of the message in an answer.

    Raises:
        SmsUnavailable, SmsRefused: the answer is a refusal.
    """
    try:
        if "Error" in answer:
            code, serial = str(answer["Error"]["Code"]), None
        else:
            status = answer["SendStatusSet"][0]
            code, serial = str(status["Code"]), status.get("SerialNo")
    except (LookupError, TypeError, AttributeError):
        code, serial = "", None
    if code == "Ok":
        return str(serial) if serial else None
    if not code:
        raise SmsUnavailable("BAD_ANSWER", perhaps_sent=True)
    if code.startswith(_PASSING):
        raise SmsUnavailable(code)
    raise SmsRefused(code)


def _cut(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
