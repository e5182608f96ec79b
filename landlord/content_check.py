"""The first look at what a landlord writes, before it is public.

A checker answers at once, inside the transaction. Where WeChat is asked too, over the network, it
answers ``ASK`` and the listing is settled by jobs (:mod:`landlord.content_checks`). Else a rule
of our own decides alone; it never answers ``RISKY``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import InvalidInput
from core.events import emit
from landlord.events import ListingSentToReview, ListingsToCheck
from landlord.models import Listing


class Verdict(StrEnum):
    """What a check says: public at once, once WeChat has been asked, first read by staff, never."""

    PASS = "PASS"  # noqa: S105 - no password
    ASK = "ASK"
    REVIEW = "REVIEW"
    RISKY = "RISKY"


@dataclass(frozen=True, slots=True)
class Words:
    """What is checked."""

    title: str
    description: str


Checker = Callable[[Words], Awaitable[Verdict]]

_CHINESE_DIGITS: Final = str.maketrans("〇零○一二三四五六七八九幺", "0001234567891")
_BETWEEN: Final = re.compile(r"[\s\-_.,·•、，。/*|~]+")
_PHONE: Final = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}\d{7,8}(?!\d)")

# Why a reader should look first → what gives it away, in text as people disguise it.
SIGNS: Final[Mapping[str, re.Pattern[str]]] = {
    "CONTACT": re.compile(
        r"微信|薇信|威信|徽信|wechat|weixin|v信|加[vｖ]|加微|\bvx|\bwx[:：号]|"
        r"\bqq|扣扣|whatsapp|telegram|微博|抖音号|"
        r"(?:电话|手机|联系|致电|call|tel|phone)\D{0,6}\d{5,}"
    ),
    "LINK": re.compile(
        r"https?:|www\.|\b[a-z0-9][a-z0-9-]*\.(?:com|cn|net|org|top|xyz|cc|vip|info|io|me|link)\b"
    ),
    "QR_CODE": re.compile(r"二维码|二維碼|扫码|扫一扫|\bqr\b|qr code"),
    "FEE_FIRST": re.compile(
        r"定金|订金|先付|先交|先转|预付|看房费|中介费|带看费|服务费|手续费|转账|押金先|"
        r"deposit first|pay first|pay before|in advance|booking fee|viewing fee|bank transfer"
    ),
}


def signs(words: Words) -> list[str]:
    """What in a text asks for contact elsewhere, or for money before a viewing."""
    text = unicodedata.normalize("NFKC", f"{words.title}\n{words.description}").casefold()
    digits = _BETWEEN.sub("", text.translate(_CHINESE_DIGITS))
    found = ["PHONE"] if _PHONE.search(digits) else []
    return found + [name for name, pattern in SIGNS.items() if pattern.search(text)]


async def local_rule(words: Words) -> Verdict:
    """What shows a sign is read by staff first."""
    return Verdict.REVIEW if signs(words) else Verdict.PASS


async def ask_too(words: Words) -> Verdict:
    """As :func:`local_rule`, and what shows no sign is asked about first."""
    return Verdict.REVIEW if signs(words) else Verdict.ASK


class _Configured:
    checker: Checker = staticmethod(local_rule)


def configure(checker: Checker | None) -> None:
    """Let another checker decide; ``None``: our own rule again."""
    _Configured.checker = staticmethod(checker or local_rule)


def wechat_is_asked() -> bool:
    """Whether WeChat checks words and pictures before they are public."""
    return _Configured.checker is ask_too


async def first_look(words: Words, *, field: str) -> Verdict:
    """What may happen with the words at once: anything but ``RISKY``.

    Raises:
        InvalidInput: the check refuses them.
    """
    verdict = await _Configured.checker(words)
    if verdict is Verdict.RISKY:
        raise InvalidInput(
            field=field,
            reason="RISKY_CONTENT",
            zh="内容不符合发布要求，请修改后再试",
            en="The words may not be published; change them and try again",
        )
    return verdict


async def tell_of_review(listings: Sequence[Listing], *, to_staff: Sequence[Listing]) -> None:
    """Tell of listings that went to review, and which of them staff must read in any case.

    In the transaction that sent them there.
    """
    for listing in to_staff:
        await emit(ListingSentToReview(listing_id=listing.id, place_id=listing.place_id))
    if listings and wechat_is_asked():
        await emit(ListingsToCheck(listing_ids=tuple(listing.id for listing in listings)))
