"""What notifications hold about people, declared for the register of personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from tortoise.queryset import QuerySet

from core.privacy import Basis, Holding, Retention, Words, register
from notifications.inbox import WORDS_COLUMNS, words
from notifications.models import (
    FollowedPlace,
    Notice,
    Notification,
    Preference,
    RecipientSettings,
    SubscriptionBalance,
    SubscriptionEntry,
    WebhookEndpoint,
)

KEPT: Final = timedelta(days=366)
"""Notifications: a year, within which people come back to what they were told."""

LEDGER_KEPT: Final = timedelta(days=184)

_ACCOUNT: Final = Retention(Words("账号存续期间", "As long as the account is open"))
_MESSAGES: Final = Retention(Words("发出后保留一年", "One year"), KEPT)


async def _told(rows: QuerySet[Notification]) -> list[dict[str, Any]]:
    """Notifications in the words that the inbox shows."""
    columns = ("created_at", "read_at", *WORDS_COLUMNS)
    told = []
    for row in await rows.values(*columns):
        text = words(row, "zh-CN")
        read = row["read_at"]
        told.append(
            {
                "title": text.title,
                "body": text.body,
                "created_at": row["created_at"].isoformat(),
                "read_at": read and read.isoformat(),
            }
        )
    return told


register(
    Holding(
        model=Notification,
        kind="account",
        subject="account_id",
        title=Words("您收到的消息", "What you were told"),
        basis=Basis.CONTRACT,
        retention=_MESSAGES,
        export=_told,
        erase="delete",
    ),
    Holding(
        model=Notification,
        kind="staff",
        subject="staff_id",
        title=Words("收到的工作消息", "What they were told at work"),
        basis=Basis.CONTRACT,
        retention=_MESSAGES,
        export=_told,
        erase="delete",
    ),
    Holding(
        model=Preference,
        kind="account",
        subject="account_id",
        title=Words("消息接收偏好", "How you want to be told"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("group", "channel", "wanted"),
        erase="delete",
    ),
    Holding(
        model=RecipientSettings,
        kind="account",
        subject="account_id",
        title=Words("语言和免打扰时段", "Language and quiet hours"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("language", "quiet_from", "quiet_until"),
        erase="delete",
    ),
    Holding(
        model=RecipientSettings,
        kind="staff",
        subject="staff_id",
        title=Words("语言和免打扰时段", "Language and quiet hours"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("在职期间", "While they work here")),
        export=("language", "quiet_from", "quiet_until"),
        erase="delete",
    ),
    Holding(
        model=SubscriptionBalance,
        kind="account",
        subject="wechat_user__account_id",
        title=Words("微信订阅消息余量", "WeChat messages that you may still be sent"),
        basis=Basis.CONSENT,
        retention=_ACCOUNT,
        export=("template_id", "remaining", "always", "updated_at"),
        erase="delete",
    ),
    Holding(
        model=SubscriptionEntry,
        kind="account",
        subject="wechat_user__account_id",
        title=Words("微信订阅消息记录", "How you accepted WeChat messages"),
        basis=Basis.CONSENT,
        retention=Retention(Words("保留六个月", "Six months"), LEDGER_KEPT, "at"),
        export=("template_id", "change", "source", "at"),
        erase="delete",
    ),
    Holding(
        model=FollowedPlace,
        kind="account",
        subject="account_id",
        title=Words("您关注的场所", "Places you follow"),
        basis=Basis.CONSENT,
        retention=_ACCOUNT,
        export=("place__name", "radius", "created_at"),
        erase="delete",
    ),
    Holding(
        model=Notice,
        kind="staff",
        subject="author_id",
        title=Words("拟发的通知公告", "Notices they wrote"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("公务记录长期保存", "Kept as a record of office")),
        export=("kind", "title_zh", "grid_code", "state", "created_at"),
        erase="keep",
    ),
    Holding(
        model=Notice,
        kind="staff",
        subject="sender_id",
        title=Words("发出的通知公告", "Notices they sent"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("公务记录长期保存", "Kept as a record of office")),
        export=("kind", "title_zh", "grid_code", "state", "send_at"),
        erase="keep",
    ),
    Holding(
        model=WebhookEndpoint,
        kind="app",
        subject="app_id",
        title=Words("第三方应用的回调地址", "Addresses that an app is told at"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("应用存续期间", "As long as the app is registered")),
        export=("url", "kinds", "created_at", "disabled_at"),
        erase="delete",
    ),
)
