"""Why a picture is not taken in, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.errors import InvalidInput

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "CONTENT_TYPE": ("只支持 JPEG、PNG 和 WebP 图片", "JPEG, PNG or WebP only"),
    "NOT_A_PICTURE": ("这个文件不是图片", "The file is no picture"),
    "TOO_LARGE": ("图片最大 10 MB", "10 MB at most"),
    "TOO_MANY_PIXELS": ("图片像素太多，最多 2000 万", "20 megapixels at most"),
    "TRUNCATED": ("图片已损坏或不完整", "The picture is broken or incomplete"),
    "TYPE_MISMATCH": ("图片格式与申报的不一致", "It is of another kind than announced"),
    "MORE_THAN_ANNOUNCED": ("图片比申报的大", "More bytes than announced"),
    "LESS_THAN_ANNOUNCED": ("图片没有传完整", "Fewer bytes than announced"),
}


def refusal(
    reason: str, *, field: str = "input.uploadId", params: Mapping[str, Any] | None = None
) -> InvalidInput:
    """The refusal for a reason code."""
    zh, en = _WORDS[reason]
    return InvalidInput(field=field, reason=reason, params=params, zh=zh, en=en)
