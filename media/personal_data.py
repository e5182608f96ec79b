"""What media holds about people, declared for the register of personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tortoise.expressions import Q

from core.privacy import Basis, Holding, Retention, Words, register
from media.models import Photo, Redaction, Upload
from media.sweeping import erase_photos, erase_uploads, unused

_UPLOADS: Final = Retention(
    Words("上传后保留三十天，由每晚的清理删除", "Thirty days, then swept at night")
)
_UPLOADED: Final = ("purpose", "content_type", "size", "state", "created_at")


class _OwnPhotos(Holding):
    """Pictures of accounts: what shows one is erased first, or keeps it for a term of its own."""

    def erasable(self, at: datetime) -> Q:
        """Those that nothing shows; the rest goes with the nightly sweep after what shows it."""
        return unused()


register(
    _OwnPhotos(
        model=Photo,
        kind="account",
        subject="owner_id",
        title=Words("您上传的图片", "Pictures you uploaded"),
        basis=Basis.CONTRACT,
        retention=Retention(
            Words(
                "账号存续期间；认领证明等随其所属记录的期限",
                "As long as the account is open; a paper as long as what it proves",
            )
        ),
        export=("key", "purpose", "alt_zh", "alt_en", "width", "height", "created_at"),
        erase=erase_photos,
    ),
    Holding(
        model=Photo,
        kind="staff",
        subject="staff_id",
        title=Words("为档案上传的图片", "Pictures uploaded for files"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("随档案保存", "Kept with the file they belong to")),
        export=("id", "key", "created_at"),
        erase="keep",
    ),
    Holding(
        model=Redaction,
        kind="staff",
        subject="staff_id",
        title=Words("遮盖过的图片", "Pictures redacted"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("随图片保存", "Kept with the picture")),
        export=("id", "reason", "created_at", "kept_until"),
        erase="keep",
    ),
    Holding(
        model=Upload,
        kind="account",
        subject="owner_id",
        title=Words("图片上传记录", "Uploads of pictures"),
        basis=Basis.CONTRACT,
        retention=_UPLOADS,
        export=_UPLOADED,
        erase=erase_uploads,
    ),
    Holding(
        model=Upload,
        kind="staff",
        subject="staff_id",
        title=Words("图片上传记录", "Uploads of pictures"),
        basis=Basis.CONTRACT,
        retention=_UPLOADS,
        export=_UPLOADED,
        erase=erase_uploads,
    ),
)
