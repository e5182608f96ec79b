"""Who used the mini-program lately: WeChat checks what somebody writes only for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.crypto import reveal
from identity.models import WeChatUser
from integrations import wechat

RECENT: Final = timedelta(hours=2)
"""As msgSecCheck and mediaCheckAsync have it (61010)."""


async def recent_openid(account_id: UUID) -> str | None:
    """The openid by which an account was last seen in this mini-program, within two hours."""
    if not wechat.available():
        return None
    user = (
        await WeChatUser.filter(
            account_id=account_id,
            app_id=wechat.client().appid,
            last_seen_at__gt=now() - RECENT,
        )
        .order_by("-last_seen_at")
        .first()
    )
    return reveal(user, "openid") if user else None
