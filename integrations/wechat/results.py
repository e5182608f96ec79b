"""What WeChat's answers are turned into. What identifies somebody is not shown when printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

T = TypeVar("T")

_KEY = re.compile(r"\{\{([a-z_]+\d+)\.DATA\}\}")


class Suggest(StrEnum):
    """What WeChat would do with a content."""

    PASS = "pass"  # noqa: S105 - WeChat's word
    REVIEW = "review"
    RISKY = "risky"


class Scene(IntEnum):
    """Where a content stands (msgSecCheck, mediaCheckAsync: ``scene``)."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class MediaKind(IntEnum):
    """What is to be checked (mediaCheckAsync: ``media_type``)."""

    AUDIO = 1
    IMAGE = 2


class Version(StrEnum):
    """Which version of the mini-program links, codes and messages open."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"

    @property
    def state(self) -> str:
        """The same, as subscribe messages call it (``miniprogram_state``)."""
        return {"release": "formal", "trial": "trial", "develop": "developer"}[self.value]


@dataclass(frozen=True)
class Session:
    """Who signed in."""

    openid: str = field(repr=False)
    session_key: str = field(repr=False)
    unionid: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Phone:
    """A telephone number that WeChat knows to be the person's."""

    number: str = field(repr=False)
    """Without the country's code."""
    country_code: str


@dataclass(frozen=True)
class Verdict:
    """What msgSecCheck says of a text; ``label`` is the kind of offence, 100 for none."""

    suggest: Suggest
    label: int
    trace_id: str | None


@dataclass(frozen=True)
class CheckStarted:
    """mediaCheckAsync has begun; the verdict comes by push with the same ``trace_id``."""

    trace_id: str


@dataclass(frozen=True)
class Sent:
    """A subscribe message was taken; ``message_id`` comes again in the event on its fate."""

    message_id: str | None


@dataclass(frozen=True)
class OwnTemplate:
    """A template of subscribe messages; ``keys`` in the order of its text."""

    title: str
    keys: tuple[str, ...]
    long_term: bool


def own_templates(answer: Mapping[str, Any]) -> dict[str, OwnTemplate]:
    """getTemplateList's answer; ``type`` 3 is a long-term subscription."""
    return {
        _text(one["priTmplId"]): OwnTemplate(
            str(one["title"]), tuple(_KEY.findall(str(one["content"]))), int(one["type"]) == 3
        )
        for one in answer["data"]
    }


def session(answer: Mapping[str, Any]) -> Session:
    """code2Session's answer."""
    return Session(
        _text(answer["openid"]),
        _text(answer["session_key"]),
        _text(answer["unionid"]) if answer.get("unionid") else None,
    )


def phone(app_id: str) -> Callable[[Mapping[str, Any]], Phone]:
    """getPhoneNumber's answer, when it is meant for our mini-program."""

    def read(answer: Mapping[str, Any]) -> Phone:
        found = answer["phone_info"]
        if found["watermark"]["appid"] != app_id:
            raise ValueError("the number was given to another mini-program")
        return Phone(_text(found["purePhoneNumber"]), str(found["countryCode"]))

    return read


def verdict(answer: Mapping[str, Any]) -> Verdict:
    """msgSecCheck's answer."""
    result = answer["result"]
    trace = answer.get("trace_id")
    return Verdict(
        Suggest(result["suggest"]), int(result["label"]), _text(trace) if trace else None
    )


def check_started(answer: Mapping[str, Any]) -> CheckStarted:
    """mediaCheckAsync's answer."""
    return CheckStarted(_text(answer["trace_id"]))


def sent(answer: Mapping[str, Any]) -> Sent:
    """subscribeMessage.send's answer."""
    number = answer.get("msgid")
    return Sent(str(number) if number is not None else None)


def link(key: str) -> Callable[[Mapping[str, Any]], str]:
    """The answer of generateUrlLink and generateScheme."""

    def read(answer: Mapping[str, Any]) -> str:
        found = _text(answer[key])
        if not found.startswith(("https://", "http://", "weixin://")):
            raise ValueError("not a link")
        return found

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 1024:
        raise ValueError("not a text")
    return value
