"""What identity holds about people, declared for the register of personal data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import F, Q, Subquery
from tortoise.queryset import QuerySet

from core.clock import now
from core.errors import InvalidInput
from core.privacy import Basis, Holding, Retention, Words, register
from core.text import clean
from identity.accounts import blank
from identity.models import (
    Account,
    AccountMerge,
    App,
    GridPost,
    RecoveryCode,
    RefreshToken,
    Session,
    SessionEnd,
    SmsCode,
    StaffMember,
    WeChatPush,
    WeChatUser,
)

HALF_A_YEAR: Final = timedelta(days=184)
"""Logs of who signed in: at least six months (Cybersecurity Law of the PRC, article 21)."""

_UNTIL_CLOSED: Final = Retention(Words("账号存续期间", "As long as the account is open"))
_SIGN_INS: Final = Retention(
    Words("登录记录在结束后保留六个月", "Six months after the session ended"),
    HALF_A_YEAR,
    "ended_at",
)
_PUSHES_KEPT: Final = timedelta(days=30)
_MERGES: Final = Retention(
    Words("可撤销和追查，合并后保留六个月", "Six months, so that it can be undone and traced"),
    HALF_A_YEAR,
    "merged_at",
)
_EMPLOYMENT: Final = Retention(
    Words("离职后保留三年", "Three years after leaving"), timedelta(days=3 * 366), "left_at"
)


class _CodesOfAccount(Holding):
    """One-time codes belong to a number; the account of that number leads to them."""

    def rows(self, subject_id: UUID) -> QuerySet[Any]:
        """The codes sent to the account's number."""
        number = Account.filter(id=subject_id).values("phone_index")
        return SmsCode.filter(phone_index__in=Subquery(number))


class _PushesOfAccount(Holding):
    """What WeChat pushed is about an openid; the account of that openid leads to it."""

    def rows(self, subject_id: UUID) -> QuerySet[Any]:
        """What was pushed about the account's openids."""
        openids = WeChatUser.filter(account_id=subject_id).values("openid_index")
        return WeChatPush.filter(openid_index__in=Subquery(openids))


class _ContactOfApp(Holding):
    """Whom to reach about an app."""

    def rows(self, subject_id: UUID) -> QuerySet[Any]:
        """The app itself."""
        return App.filter(id=subject_id)


async def _rename(row: Account, changes: Mapping[str, Any]) -> None:
    """Set what others see instead of a name. Raises ``InvalidInput``."""
    for column, value in changes.items():
        if column != "display_name":
            raise InvalidInput(field=column, reason="NOT_CORRECTABLE")
        row.display_name = clean(value or "", field=column, longest=60)
    await row.save(update_fields=["display_name"])


async def _blank_staff(rows: QuerySet[StaffMember]) -> None:
    """Keep the row, which the trail and old files refer to, without the person."""
    await rows.exclude(name="").update(
        name="",
        password_hash="",
        totp_secret=None,
        totp_pending_secret=None,
        totp_confirmed_at=None,
    )


async def _forget_merges(rows: QuerySet[AccountMerge]) -> None:
    """What can't be undone any more needs no name of the account that was merged."""
    merges = await rows.only("id", "merged_id", "undone_at")
    over = [merge.merged_id for merge in merges if merge.undone_at is None]
    await Account.filter(id__in=over).update(display_name="")
    await AccountMerge.filter(id__in=[merge.id for merge in merges]).delete()


register(
    Holding(
        model=Account,
        kind="account",
        subject="id",
        title=Words("账号", "Account"),
        basis=Basis.CONTRACT,
        retention=_UNTIL_CLOSED,
        export=("phone", "display_name", "created_at", "locked_at", "closed_at"),
        correct=_rename,
        erase=blank,
        needed=True,
    ),
    Holding(
        model=Session,
        kind="account",
        subject="account_id",
        title=Words("登录记录", "Sign-ins"),
        basis=Basis.STATUTORY_DUTY,
        retention=_SIGN_INS,
        export=("device", "created_at", "last_seen_at", "ended_at", "end_reason"),
        erase="delete",
    ),
    _CodesOfAccount(
        model=SmsCode,
        kind="account",
        subject="phone_index",
        title=Words("短信验证码", "One-time codes"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("发送后保留一天", "One day after sending"), timedelta(days=1)),
        export=("created_at", "expires_at", "used_at"),
        erase="delete",
    ),
    Holding(
        model=WeChatUser,
        kind="account",
        subject="account_id",
        title=Words("微信登录", "Sign-in with WeChat"),
        basis=Basis.CONTRACT,
        retention=_UNTIL_CLOSED,
        export=("openid", "unionid", "created_at", "last_seen_at"),
        erase="delete",
        needed=True,
    ),
    _PushesOfAccount(
        model=WeChatPush,
        kind="account",
        subject="openid_index",
        title=Words("微信推送的事件", "Events that WeChat pushed"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("收到后保留三十天", "Thirty days"), _PUSHES_KEPT, "received_at"),
        export=("kind", "content", "happened_at", "received_at"),
        erase="delete",
    ),
    Holding(
        model=AccountMerge,
        kind="account",
        subject="kept_id",
        title=Words("并入您账号的账号", "Accounts merged into yours"),
        basis=Basis.STATUTORY_DUTY,
        retention=_MERGES,
        export=("merged_at", "undone_at"),
        erase=_forget_merges,
    ),
    Holding(
        model=AccountMerge,
        kind="account",
        subject="merged_id",
        title=Words("账号合并", "The merge of this account"),
        basis=Basis.STATUTORY_DUTY,
        retention=_MERGES,
        export=("merged_at", "undone_at"),
        erase=_forget_merges,
    ),
    Holding(
        model=StaffMember,
        kind="staff",
        subject="id",
        title=Words("工作人员", "Member of staff"),
        basis=Basis.CONTRACT,
        retention=_EMPLOYMENT,
        export=("user_name", "name", "joined_at", "left_at", "totp_confirmed_at"),
        erase=_blank_staff,
    ),
    Holding(
        model=Session,
        kind="staff",
        subject="staff_id",
        title=Words("登录记录", "Sign-ins"),
        basis=Basis.STATUTORY_DUTY,
        retention=_SIGN_INS,
        export=("device", "created_at", "last_seen_at", "ended_at", "end_reason"),
        erase="delete",
    ),
    Holding(
        model=RecoveryCode,
        kind="staff",
        subject="staff_id",
        title=Words("恢复码", "Recovery codes"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("更换验证器之前", "Until the second factor is replaced")),
        export=("used_at",),
        erase="delete",
    ),
    Holding(
        model=GridPost,
        kind="staff",
        subject="staff_id",
        title=Words("定格定人定责", "Posts"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("公务记录长期保存", "Kept as a record of office")),
        export=("grid_code", "role", "duty_group", "lead", "starts_on", "ends_on"),
        erase="keep",
    ),
    _ContactOfApp(
        model=App,
        kind="app",
        subject="contact",
        title=Words("第三方应用的联系人", "Whom to reach about an app"),
        basis=Basis.CONTRACT,
        retention=Retention(
            Words("应用到期后保留一年", "One year after the app expired"),
            timedelta(days=366),
            "expires_at",
        ),
        export=("name", "contact", "created_at", "expires_at", "revoked_at"),
        erase="delete",
    ),
)


async def end_expired_sessions() -> None:
    """End the sessions that nobody continued, and drop refresh tokens that nobody can use.

    An expired token is refused like an unknown one, so nothing is lost with it.
    """
    moment = now()
    await RefreshToken.filter(expires_at__lte=moment).delete()
    alive = RefreshToken.filter(used_at=None, expires_at__gt=moment).values("session_id")
    over = Session.filter(Q(expires_at__lte=moment) | ~Q(id__in=Subquery(alive)), ended_at=None)
    await over.update(ended_at=F("last_seen_at"), end_reason=SessionEnd.EXPIRED)
