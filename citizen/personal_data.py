"""What residents' features hold about people, declared for the register of personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tortoise.expressions import Q, Subquery

from citizen.models import (
    Declaration,
    DeclarationPhoto,
    DeclarationState,
    DeclarationStep,
    ObjectionState,
    ResidenceObjection,
)
from citizen.my_data.models import DataErasure, DataExport
from core.privacy import Basis, Holding, Retention, Words, condition, register
from management.people.personal_data import AFTER_LEAVING

PAPERS_FOR: Final = timedelta(days=184)
"""Pictures about a declaration, after it was decided: as long as the decision can be brought
before a court (six months, Administrative Procedure Law of the PRC, article 46)."""

_TWO_YEARS: Final = Retention(
    Words(
        "搬离后保留两年；没有生效的，申报后两年",
        "Two years after the residence ended, or after it was declared in vain",
    ),
    AFTER_LEAVING,
)
_FILE: Final = Retention(Words("属于工作记录，随档案保存", "A record of work, kept with the file"))
_DECLARED: Final = (
    "place__name",
    "room__number",
    "source",
    "relation",
    "starts_on",
    "state",
    "created_at",
)


@dataclass(frozen=True, kw_only=True)
class _Declared(Holding):
    """Declarations, and what hangs on one: for as long as the residence that came of it is kept.

    ``to`` leads from a row to its declaration.
    """

    to: str = ""

    def expired(self, at: datetime) -> Q:
        """Those whose residence ended long enough ago, or that came to nothing."""
        limit = at - AFTER_LEAVING
        ended = condition(f"{self.to}residence__ended_at__lt", limit)
        in_vain = Q(
            ~condition(f"{self.to}state", DeclarationState.HELD.value),
            condition(f"{self.to}residence_id__isnull", True),
            condition(f"{self.to}created_at__lt", limit),
        )
        return Q(ended, in_vain, join_type=Q.OR)

    def erasable(self, at: datetime) -> Q | None:
        """The same: the registration is the town's duty."""
        return None if self.erase == "keep" else self.expired(at)

    async def until(self, ids: Sequence[Any]) -> datetime | None:
        """Two years after the last of the residences ended; unknown while somebody lives there."""
        names = ("state", "residence_id", "residence__ended_at", "created_at")
        rows = await self.model.filter(id__in=ids).values_list(*(self.to + name for name in names))
        ends = [
            (ended if lived else None if state is DeclarationState.HELD else created)
            for state, lived, ended, created in rows
        ]
        known = [end for end in ends if end is not None]
        return max(known) + AFTER_LEAVING if len(known) == len(ends) else None


class _Papers(Holding):
    """Pictures about declarations: a while after the decision."""

    def expired(self, at: datetime) -> Q:
        """Those of declarations that nobody looks at any more, nor objects to."""
        decided = Q(declaration__decided_at__lt=at - PAPERS_FOR)
        in_force = Q(declaration__decided_at=None, declaration__created_at__lt=at - PAPERS_FOR)
        disputed = ResidenceObjection.filter(state=ObjectionState.OPEN).values("declaration_id")
        return Q(
            Q(decided, in_force, join_type=Q.OR),
            ~Q(declaration__state=DeclarationState.HELD.value),
            ~Q(declaration_id__in=Subquery(disputed)),
        )

    def erasable(self, at: datetime) -> Q:
        """The same."""
        return self.expired(at)


class _Exports(Holding):
    """Copies of data: at their holder's wish they go at once."""

    def erasable(self, at: datetime) -> Q:
        """All of them."""
        return Q()


def _of_staff(
    model: type[Declaration] | type[ResidenceObjection], subject: str, title: Words
) -> Holding:
    return Holding(
        model=model,
        kind="staff",
        subject=subject,
        title=title,
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "state", "created_at"),
        erase="keep",
    )


register(
    _Declared(
        model=Declaration,
        kind="person",
        subject="person_id",
        title=Words("居住申报", "Declarations about you"),
        basis=Basis.STATUTORY_DUTY,
        retention=_TWO_YEARS,
        export=(*_DECLARED, "claimed_name", "reason"),
        erase="delete",
    ),
    Holding(
        model=Declaration,
        kind="account",
        subject="account_id",
        title=Words("您提交的居住申报", "Declarations that you made"),
        basis=Basis.STATUTORY_DUTY,
        retention=_TWO_YEARS,
        export=_DECLARED,
        erase="keep",
    ),
    Holding(
        model=Declaration,
        kind="account",
        subject="answered_by_id",
        title=Words("您答复的租客申报", "Declarations of tenants that you answered"),
        basis=Basis.STATUTORY_DUTY,
        retention=_TWO_YEARS,
        export=("place__name", "room__number", "landlord_answer", "created_at"),
        erase="keep",
    ),
    _of_staff(Declaration, "staff_id", Words("代为申报", "Declarations made for others")),
    _of_staff(Declaration, "decided_by_id", Words("核实的申报", "Declarations decided")),
    _Declared(
        model=DeclarationStep,
        kind="account",
        subject="account_id",
        title=Words("申报处理记录", "Steps of declarations that you took"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("随所属申报的期限", "As long as the declaration")),
        export=("action", "at", "words"),
        erase="delete",
        to="declaration__",
    ),
    Holding(
        model=DeclarationStep,
        kind="staff",
        subject="staff_id",
        title=Words("申报处理记录", "Steps of declarations taken"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("declaration_id", "action", "at"),
        erase="keep",
    ),
    _Papers(
        model=DeclarationPhoto,
        kind="person",
        subject="declaration__person_id",
        title=Words("申报的证明照片", "Pictures about a declaration"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words(
                "核实后保留六个月，期间可以提起诉讼",
                "Six months after the decision, which can be brought before a court so long",
            )
        ),
        export=("photo__created_at",),
        erase="delete",
    ),
    _Declared(
        model=ResidenceObjection,
        kind="account",
        subject="account_id",
        title=Words("您提出的异议", "Objections that you made"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("随所属申报的期限", "As long as the declaration")),
        export=("words", "state", "reason", "created_at"),
        erase="delete",
        to="declaration__",
    ),
    _of_staff(ResidenceObjection, "decided_by_id", Words("处理的异议", "Objections decided")),
    _Exports(
        model=DataExport,
        kind="account",
        subject="account_id",
        title=Words("您要的个人信息副本", "Copies of your data that you asked for"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("生成后保留七天", "Seven days"), timedelta(days=7)),
        export=("state", "created_at", "finished_at", "expires_at"),
        erase="delete",
    ),
    Holding(
        model=DataErasure,
        kind="account",
        subject="account_id",
        title=Words("您要求删除的记录", "What you had erased"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("作为已按要求删除的证明，保留三年", "Three years, as proof that it was done"),
            timedelta(days=3 * 366),
            "at",
        ),
        export=("at", "closed", "parts"),
        erase="delete",
    ),
)
