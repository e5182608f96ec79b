"""Recipients and notifications for the tests of delivery. Everybody is made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from itertools import count
from typing import Any
from uuid import UUID

from core.clock import now
from core.crypto import ring, seal
from core.ids import uuid7
from identity.models import Account, WeChatUser
from integrations.sms import SmsRefused, SmsUnavailable
from integrations.wechat.emulator import APP_ID, PERSONAS
from notifications.dispatch import dispatch
from notifications.ledger import record_accepts
from notifications.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    MessageTemplate,
    Notification,
    RecipientSettings,
    SubscriptionSource,
    WeChatForm,
    WeChatTemplate,
)
from notifications.topics import Topic

URGENT = Topic.VIEWING_CANCELLED
"""A topic that goes by WeChat, then by short message."""
PLAIN = Topic.ENQUIRY_ANSWERED
"""A topic that goes by WeChat alone."""
TEMPLATE_ID = "template-appointment"
PLAIN_TEMPLATE_ID = "template-message"
PARAMS = {
    "listing": "采光好的单间",
    "place": "测试公寓",
    "viewing_at": "2026-01-31T15:00:00+08:00",
    "at": "2026-01-30T15:00:00+08:00",
}
_KEYS = {
    (WeChatForm.APPOINTMENT, TEMPLATE_ID): {"subject": "thing1", "place": "thing2"},
    (WeChatForm.MESSAGE, PLAIN_TEMPLATE_ID): {"subject": "thing1"},
}
_numbers = count(1)


class KeptMessages:
    """A provider of short messages; ``fault`` is raised in the place of the next call."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.fault: SmsRefused | SmsUnavailable | None = None

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> str | None:
        if self.fault is not None:
            raise self.fault
        self.sent.append((phone, template, dict(params)))
        return f"serial-{len(self.sent)}"


async def wechat_templates() -> None:
    for (form, template_id), keys in _KEYS.items():
        await WeChatTemplate.create(form=form, template_id=template_id, keys=keys)


async def somebody(
    *, accepts: int = 0, persona: str | None = "tenant", phone: bool = False, **values: Any
) -> Account:
    """An account without quiet hours; one that WeChat knows as a persona, unless that is None."""
    account = Account(display_name="测试租客", **values)
    if phone:
        number = f"1990000{next(_numbers):04d}"
        seal(account, "phone", number)
        account.phone_index = ring().index(number, table="account", column="phone_index")
    await account.save(force_create=True)
    await RecipientSettings.create(
        account_id=account.id, quiet_from=time(0), quiet_until=time(0), language="zh-CN"
    )
    if persona is not None:
        user = await wechat_user(account, persona)
        for number in range(accepts):
            await accept(user.id, f"tap {number}", now())
    return account


async def wechat_user(account: Account, persona: str, app_id: str = APP_ID) -> WeChatUser:
    openid = PERSONAS[persona].openid
    user = WeChatUser(account_id=account.id, app_id=app_id, last_seen_at=now())
    seal(user, "openid", openid)
    # Several accounts of a test may share one of the emulator's personas.
    odd = f"{openid} {next(_numbers)}"
    user.openid_index = ring().index(odd, table="wechat_user", column="openid_index")
    await user.save(force_create=True)
    return user


async def accept(user_id: UUID, key: str, at: datetime) -> None:
    answers = [(TEMPLATE_ID, True), (PLAIN_TEMPLATE_ID, True)]
    await record_accepts(user_id, answers, source=SubscriptionSource.CLIENT, key=key, at=at)


async def told(account: Account, topic: Topic = URGENT, **values: Any) -> Notification:
    """Something an account is told, as a row; nothing has been done about it."""
    template = await MessageTemplate.get(topic=topic.value, in_force=True)
    return await Notification.create(
        account_id=account.id, topic=topic.value, template_id=template.id, params=PARAMS,
        dedup=str(uuid7()), **values,
    )  # fmt: skip


async def dispatched(*notifications: Notification) -> None:
    await dispatch(1, [str(each.id) for each in notifications])


async def delivery(of: Notification, channel: Channel = Channel.WECHAT) -> Delivery:
    return await Delivery.get(notification_id=of.id, channel=channel)


async def states(of: Notification) -> dict[str, tuple[str, str]]:
    """Channel → state and reason."""
    rows = await Delivery.filter(notification_id=of.id)
    return {row.channel.value: (row.state.value, row.reason) for row in rows}


async def outcomes(of: Notification) -> list[tuple[str, str]]:
    """The attempts on it in order: outcome and code."""
    rows = await DeliveryAttempt.filter(delivery__notification_id=of.id).order_by("at", "number")
    return [(row.outcome.value, row.code) for row in rows]


async def make_due(*of: Notification) -> None:
    """Let the pause after a failed attempt be over."""
    ids = [each.id for each in of]
    await Delivery.filter(notification_id__in=ids, state="PLANNED").update(due_at=now())
