"""What hazards hold about people, declared for the register of personal data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.crypto import reveal
from core.privacy import Basis, Holding, Retention, Words, condition, register
from identity.actor import ActorKind
from management.models import (
    Hazard,
    HazardAction,
    HazardDocument,
    HazardFollower,
    HazardReport,
    HazardStep,
)

KEPT_FOR: Final = timedelta(days=2 * 366)
"""Who reported a hazard, and their words, once it is over; counted from the report."""

REPORTERS_DO: Final = frozenset(
    {
        HazardAction.REPORT,
        HazardAction.SUPPLEMENT,
        HazardAction.CONFIRM_FIXED,
        HazardAction.SAY_NOT_FIXED,
        HazardAction.REOPEN,
        HazardAction.RATE,
    }
)
"""Steps that whoever reported takes; those of who runs the house are the record of the work."""

_KEPT: Final = Retention(
    Words(
        "随时可以解除与您的关联；所说的内容在隐患办结后删除，最迟上报两年后",
        "Parted from you whenever you ask; the words go once the hazard is over, or two years on",
    ),
    KEPT_FOR,
    "received_at",
)
_FILE: Final = Retention(Words("属于工作记录，随档案保存", "A record of work, kept with the file"))


class _Reports(Holding):
    """Who reported a hazard, and in which words.

    At the wish of who reported the two are parted at once; the words stay until the hazard is
    over, because people may be in danger.
    """

    def erasable(self, at: datetime) -> Q:
        """Every report: what of it goes, :func:`_forget_reporters` decides."""
        return Q()

    def expired(self, at: datetime) -> Q:
        """Reports of hazards that are over, which still say something after their time."""
        left = ("account_id", "caller_name", "caller_phone", "words", "answers", "token_hash")
        something = Q(*(condition(f"{name}__isnull", False) for name in left), join_type=Q.OR)
        return Q(something, hazard__open=False, received_at__lt=at - KEPT_FOR)


class _Steps(Holding):
    """What somebody did as who reported a hazard."""

    def erasable(self, at: datetime) -> Q:
        """The steps of reporters."""
        return Q(action__in=[action.value for action in REPORTERS_DO])

    def expired(self, at: datetime) -> Q:
        """Words of reporters about hazards that are over, after their time."""
        said = Q(Q(words__isnull=False), Q(account_id__isnull=False), join_type=Q.OR)
        reporters = Q(by_kind__in=[ActorKind.ACCOUNT.value, ActorKind.ANONYMOUS.value])
        return Q(said, reporters, self.erasable(at), hazard__open=False, at__lt=at - KEPT_FOR)


async def _forget_reporters(rows: QuerySet[HazardReport]) -> None:
    """Part reports from who made them; of hazards that are over, empty them."""
    reports = await rows.filter(hazard__open=False).values_list("id", flat=True)
    over = HazardReport.filter(id__in=list(reports))
    await rows.update(account_id=None, caller_name=None, caller_phone=None, caller_index=None)
    await over.update(words=None, answers=None, token_hash=None)


async def _forget_steps(rows: QuerySet[HazardStep]) -> None:
    """The same for the steps; that they were taken stays."""
    over = await rows.filter(hazard__open=False).values_list("id", flat=True)
    await rows.update(account_id=None)
    await HazardStep.filter(id__in=list(over)).update(words=None)


async def _reports(rows: QuerySet[HazardReport]) -> list[dict[str, Any]]:
    """Reports in the reporter's words, with their answers."""
    return [
        {
            "code": report.hazard.code,
            "category": report.hazard.category,
            "words": reveal(report, "words"),
            "answers": orjson.loads(reveal(report, "answers") or "null"),
            "caller_name": reveal(report, "caller_name"),
            "caller_phone": reveal(report, "caller_phone"),
            "seen_at": report.seen_at.isoformat(),
            "received_at": report.received_at.isoformat(),
        }
        for report in await rows.select_related("hazard")
    ]


register(
    _Reports(
        model=HazardReport,
        kind="account",
        subject="account_id",
        title=Words("您上报的隐患", "Hazards you reported"),
        basis=Basis.STATUTORY_DUTY,
        retention=_KEPT,
        export=_reports,
        erase=_forget_reporters,
    ),
    Holding(
        model=HazardReport,
        kind="staff",
        subject="staff_id",
        title=Words("代为上报的隐患", "Hazards taken down for callers"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("hazard_id", "received_at"),
        erase="keep",
    ),
    Holding(
        model=HazardFollower,
        kind="account",
        subject="account_id",
        title=Words("您关注的隐患", "Hazards you follow"),
        basis=Basis.CONSENT,
        retention=Retention(Words("取消关注之前", "Until you stop following")),
        export=("hazard__code", "why", "created_at"),
        erase="delete",
    ),
    _Steps(
        model=HazardStep,
        kind="account",
        subject="account_id",
        title=Words("您参与的隐患处理", "Steps of hazards that you took"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words(
                "上报人的步骤同上报；经营者的整改记录随档案保存",
                "A reporter's as the report; what who runs the house did is kept with its file",
            )
        ),
        export=("hazard__code", "action", "at", "words"),
        erase=_forget_steps,
    ),
    Holding(
        model=HazardStep,
        kind="staff",
        subject="staff_id",
        title=Words("处理过的隐患", "Steps of hazards taken"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("hazard_id", "action", "at"),
        erase="keep",
    ),
    Holding(
        model=Hazard,
        kind="staff",
        subject="assignee_id",
        title=Words("负责整改的隐患", "Hazards assigned"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("code", "state"),
        erase="keep",
    ),
    Holding(
        model=HazardDocument,
        kind="staff",
        subject="staff_id",
        title=Words("签发的文书", "Documents issued"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("number", "kind", "issued_at"),
        erase="keep",
    ),
)
