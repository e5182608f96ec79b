"""Message push: what WeChat posts to us, proven to be WeChat's, as one type.

XML or JSON, plain or encrypted (安全模式). With a key configured only encrypted messages are
taken: the signature of plain ones covers the time and a nonce, not the message.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

import orjson
from wechatpy.crypto import PrpCrypto, WeChatCrypto

from core.settings import Settings
from integrations.wechat.push_xml import NotXml, parse_xml
from integrations.wechat.results import Suggest

LARGEST_BODY: Final = 64 * 1024
ANSWER: Final = "success"
"""What WeChat wants to read within five seconds; anything else is sent again, three times."""

_LISTS: Final = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")


class PushFault(StrEnum):
    """Why something was not taken as WeChat's."""

    SIGNATURE = "SIGNATURE"
    TOO_LARGE = "TOO_LARGE"
    MALFORMED = "MALFORMED"
    NOT_ENCRYPTED = "NOT_ENCRYPTED"
    OTHER_APP = "OTHER_APP"


class PushRefused(Exception):
    """What came is not a message of WeChat's to us; holds nothing of it but ``fault``."""

    def __init__(self, fault: PushFault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True)
class MediaVerdict:
    """The outcome of mediaCheckAsync; ``suggest`` is None when WeChat could not check."""

    trace_id: str
    suggest: Suggest | None
    label: int
    errcode: int


@dataclass(frozen=True)
class SubscriptionNews:
    """One template in an event on subscriptions.

    ``accepted`` is what the person chose; None in an event on the fate of a sent message, which
    has ``message_id`` and ``errcode`` (0: it arrived).
    """

    template_id: str
    accepted: bool | None
    message_id: str | None = None
    errcode: int | None = None


@dataclass(frozen=True)
class PushEvent:
    """One message or event; unknown kinds are passed on by name.

    ``kind`` is WeChat's ``Event``, or its ``MsgType`` for what a person wrote. ``key`` is the same
    whenever the same message comes again.
    """

    kind: str
    key: str
    created_at: datetime
    openid: str = field(repr=False)
    media: MediaVerdict | None = None
    subscriptions: tuple[SubscriptionNews, ...] = ()


@dataclass(frozen=True)
class PushKeys:
    """What is entered on both sides: the token, and in safe mode the key."""

    app_id: str
    token: str = field(repr=False)
    aes_key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """What the settings say; None when messages are not taken."""
        token, key = settings.wechat_push_token, settings.wechat_push_aes_key
        if settings.wechat_app_id is None or token is None:
            return None
        return cls(
            settings.wechat_app_id,
            token.get_secret_value(),
            key.get_secret_value() if key else None,
        )

    def sign(self, *parts: str) -> str:
        """SHA-1 over the token and the parts, sorted: WeChat's signature."""
        joined = "".join(sorted((self.token, *parts)))
        return hashlib.sha1(joined.encode(errors="replace"), usedforsecurity=False).hexdigest()

    def echo(self, query: Mapping[str, str]) -> str:
        """What to answer when WeChat tries the address out (GET).

        Raises:
            PushRefused: the request is not WeChat's.
        """
        self._check(query, "signature")
        echo = query.get("echostr", "")
        if not 1 <= len(echo) <= 256 or not echo.isascii() or not echo.isalnum():
            raise PushRefused(PushFault.MALFORMED)
        return echo

    def read(self, query: Mapping[str, str], body: bytes) -> PushEvent:
        """The message in a POST.

        Raises:
            PushRefused: forged, meant for another mini-program, too large or malformed.
        """
        if len(body) > LARGEST_BODY:
            raise PushRefused(PushFault.TOO_LARGE)
        if query.get("encrypt_type") == "aes":
            outer = _parsed(body)
            message = _parsed(self.decrypt(query, outer.get("Encrypt")).encode())
        elif self.aes_key is not None:
            raise PushRefused(PushFault.NOT_ENCRYPTED)
        else:
            self._check(query, "signature")
            message = _parsed(body)
        event = _event(message)
        if event is None:
            raise PushRefused(PushFault.MALFORMED)
        return event

    def decrypt(self, query: Mapping[str, str], encrypted: object) -> str:
        """The text within ``Encrypt``.

        Raises:
            PushRefused: forged, meant for another mini-program, or malformed.
        """
        if self.aes_key is None or not isinstance(encrypted, str) or not encrypted.isascii():
            raise PushRefused(PushFault.MALFORMED)
        self._check(query, "msg_signature", encrypted)
        fault = PushFault.MALFORMED
        try:
            # wechatpy compares the signature once more, which now can tell nobody anything.
            text = WeChatCrypto(self.token, self.aes_key, self.app_id).decrypt_message(
                {"Encrypt": encrypted},
                query["msg_signature"],
                query["timestamp"],
                query["nonce"],
            )
            if isinstance(text, str):
                return text
        except Exception as error:
            # struct.error, UnicodeDecodeError, IndexError and others: all the same to us.
            if type(error).__name__ == "InvalidAppIdException":
                fault = PushFault.OTHER_APP
        raise PushRefused(fault)

    def encrypt(self, text: str, timestamp: str, nonce: str) -> tuple[str, str]:
        """``Encrypt`` and ``msg_signature`` for a text.

        Raises:
            ValueError: no key is configured.
        """
        if self.aes_key is None:
            raise ValueError("no key for encryption")
        key = WeChatCrypto(self.token, self.aes_key, self.app_id).key
        encrypted: str = _Prp(key).encrypt(text, self.app_id).decode()  # type: ignore[no-untyped-call]  # wechatpy has no types
        return encrypted, self.sign(timestamp, nonce, encrypted)

    def _check(self, query: Mapping[str, str], name: str, *more: str) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        given = query.get(name, "")
        expected = self.sign(timestamp, nonce, *more)
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise PushRefused(PushFault.SIGNATURE)


class _Prp(PrpCrypto):
    def get_random_string(self) -> str:
        """Sixteen characters that nobody can guess; wechatpy's come from ``random``."""
        return secrets.token_hex(8)


def _parsed(body: bytes) -> dict[str, Any]:
    """The fields of a message, from JSON or XML, whichever it is."""
    try:
        found = orjson.loads(body) if body.lstrip()[:1] == b"{" else parse_xml(body)
    except (orjson.JSONDecodeError, NotXml):
        found = None
    if not isinstance(found, dict):
        raise PushRefused(PushFault.MALFORMED)
    return found


def _event(message: dict[str, Any]) -> PushEvent | None:
    try:
        kind = _word(message["Event"] if message["MsgType"] == "event" else message["MsgType"])
        return PushEvent(
            kind=kind,
            key=_key(message),
            created_at=datetime.fromtimestamp(int(message["CreateTime"]), UTC),
            openid=_openid(message["FromUserName"]),
            media=_media(message) if kind == "wxa_media_check" else None,
            subscriptions=_subscriptions(message) if kind.startswith("subscribe_msg_") else (),
        )
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        OSError,
        RecursionError,
    ):
        return None


def _key(message: dict[str, Any]) -> str:
    """Over the content, not the envelope: a repeat has a new nonce and another ciphertext."""
    plain = orjson.dumps(_as_texts(message), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(plain).hexdigest()[:32]


def _as_texts(value: Any) -> Any:
    """XML has texts where JSON has numbers."""
    if isinstance(value, dict):
        return {key: _as_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_texts(inner) for inner in value]
    return str(value)


def _media(message: dict[str, Any]) -> MediaVerdict:
    errcode = int(message.get("errcode", 0))
    result = message.get("result") or {}
    return MediaVerdict(
        trace_id=_word(message["trace_id"]),
        suggest=Suggest(result["suggest"]) if errcode == 0 else None,
        label=int(result.get("label", 0)),
        errcode=errcode,
    )


def _subscriptions(message: dict[str, Any]) -> tuple[SubscriptionNews, ...]:
    inner = next((message[name] for name in _LISTS if name in message), message)
    news = inner["List"]
    return tuple(_one_subscription(one) for one in (news if isinstance(news, list) else [news]))


def _one_subscription(one: dict[str, Any]) -> SubscriptionNews:
    template = _word(one["TemplateId"])
    if "ErrorCode" in one:
        return SubscriptionNews(template, None, _word(one["MsgID"]), int(one["ErrorCode"]))
    status = one["SubscribeStatusString"]
    if status not in {"accept", "reject"}:
        raise ValueError("unknown status")
    return SubscriptionNews(template, status == "accept")


def _openid(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ValueError("not an openid")
    return value


def _word(value: Any) -> str:
    text = str(value) if isinstance(value, int) else value
    if not isinstance(text, str) or not 1 <= len(text) <= 128 or not text.isprintable():
        raise ValueError("not a word")
    return text
