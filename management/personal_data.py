"""What management holds about people, declared for the register of personal data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.privacy import Basis, Holding, Retention, Words, register
from management.models import ClaimPhoto, ClaimState, Place, PlaceClaim, Plate, PlateSheet
from management.rules import rules

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


class _Papers(Holding):
    """Pictures of papers: they go a term after their claim was refused or ended.

    Also when the account is closed: a decision must stay open to a check for as long.
    """

    def expired(self, at: datetime) -> Q:
        """Those whose claim has been over for the term."""
        return Q(
            claim__state__in=[ClaimState.REFUSED, ClaimState.ENDED],
            claim__decided_at__lt=at - timedelta(days=rules().claim_papers_days),
        )

    def erasable(self, at: datetime) -> Q:
        """The same: the wish of who sent them does not shorten the term."""
        return self.expired(at)


register(
    _Papers(
        model=ClaimPhoto,
        kind="account",
        subject="claim__account_id",
        title=Words("认领房屋的证明照片", "Papers that prove claims"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words(
                f"认领不通过或结束后保留 {rules().claim_papers_days} 天",
                f"{rules().claim_papers_days} days after the claim was refused or ended",
            )
        ),
        export=("claim__place__name", "paper", "photo__created_at"),
        erase="delete",
    ),
    Holding(
        model=PlaceClaim,
        kind="account",
        subject="account_id",
        title=Words("您管理的房屋", "Houses you run"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=(
            "place__name",
            "role",
            "state",
            "lease_from",
            "lease_until",
            "reason",
            "decided_at",
            "created_at",
        ),
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
    Holding(
        model=Plate,
        kind="staff",
        subject="ended_by",
        title=Words("停用或更换的门牌", "Plates replaced or taken out of use"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "place_id", "state", "end_reason", "ended_at"),
        erase="keep",
    ),
    Holding(
        model=PlateSheet,
        kind="staff",
        subject="requested_by",
        title=Words("打印的门牌", "Plates printed"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "size", "state", "total", "created_at"),
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
