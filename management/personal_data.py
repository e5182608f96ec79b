"""What management holds about people, declared for the register of personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.privacy import Basis, Holding, Retention, Words, register
from management.models import Place, PlaceClaim

_FILE: Final = Retention(
    Words("属于房屋管理档案，随档案保存", "Part of the place's file, and kept with it")
)
_CONTACT: Final = Retention(
    Words("场所关停或拆除后保留三年", "Three years after the place was closed or demolished"),
    timedelta(days=3 * 366),
    "ended_at",
)


class _ContactOfPlace(Holding):
    """Whom to call about a place: people without an account, found by the place's id."""

    def rows(self, subject_id: UUID) -> QuerySet[Any]:
        """The place itself."""
        return Place.filter(id=subject_id)


register(
    Holding(
        model=PlaceClaim,
        kind="account",
        subject="account_id",
        title=Words("您管理的房屋", "Houses you run"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "place_id", "role", "state", "decided_at", "created_at"),
        erase="keep",
    ),
    Holding(
        model=PlaceClaim,
        kind="staff",
        subject="decided_by",
        title=Words("审核的房屋认领", "Claims decided"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "place_id", "state", "decided_at"),
        erase="keep",
    ),
    _ContactOfPlace(
        model=Place,
        kind="place",
        subject="contact_name",
        title=Words("场所联系人", "Contact of a place"),
        basis=Basis.STATUTORY_DUTY,
        retention=_CONTACT,
        export=("code", "contact_name", "contact_phone"),
        erase={"contact_name": None, "contact_phone": None},
    ),
)
