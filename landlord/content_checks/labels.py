"""WeChat's kinds of offence in words that a landlord understands.

The numbers are those of ``label`` in the pages msgSecCheck and mediaCheckAsync.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from landlord.models import ContentCheck, ContentKind, ContentState

NOTHING: Final = 100

LABELS: Final[Mapping[int, tuple[str, str]]] = {
    NOTHING: ("正常", "nothing found"),
    10001: ("广告", "advertising"),
    20001: ("时政内容", "politics"),
    20002: ("色情内容", "sexual content"),
    20003: ("辱骂内容", "abuse"),
    20006: ("违法犯罪内容", "crime"),
    20008: ("欺诈内容", "fraud"),
    20012: ("低俗内容", "vulgar content"),
    20013: ("侵犯版权", "somebody else's work"),
    21000: ("其他违规内容", "other offences"),
}
_OTHER: Final = LABELS[21000]
_MOST: Final = 3  # of an offence each: what a listing holds as its reason has 200 characters


def words_of(label: int | None) -> tuple[str, str] | None:
    """A label in Chinese and in English; none without a label."""
    return None if label is None else LABELS.get(label, _OTHER)


def refusal_words(rows: Sequence[ContentCheck], photo_ids: Sequence[UUID]) -> str:
    """Why a listing was given back, for its landlord: what was found where, in both languages.

    ``photo_ids`` are its pictures in their order.
    """
    risky = [row for row in rows if row.state is ContentState.RISKY]
    risky.sort(key=lambda row: (row.kind is ContentKind.PHOTO, _position(row, photo_ids)))
    zh, en = [], []
    for row in risky[:_MOST]:
        found = LABELS.get(row.label or 0, _OTHER)
        where = ("标题或介绍", "the words")
        if row.kind is ContentKind.PHOTO:
            number = _position(row, photo_ids)
            where = (f"第 {number} 张图片", f"picture {number}")
        zh.append(f"{where[0]}（{found[0]}）")
        en.append(f"{where[1]} ({found[1]})")
    return f"内容安全检查未通过：{'、'.join(zh)}。Not passed: {', '.join(en)}."


def _position(row: ContentCheck, photo_ids: Sequence[UUID]) -> int:
    """Counted from 1; after all others for words and for what is no longer shown."""
    found = row.photo_id in photo_ids
    return photo_ids.index(row.photo_id) + 1 if found and row.photo_id else len(photo_ids) + 1
