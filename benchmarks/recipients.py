"""People with a telephone and WeChat accepts, and news for them: for figures and for faults.

All of them are the emulator's one tenant as far as WeChat is concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, time
from typing import Final
from uuid import UUID

import httpx
import orjson

from core.clock import now
from core.crypto import ring, seal
from core.database import execute
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account, WeChatUser
from integrations.wechat.emulator import APP_ID, PERSONAS
from notifications.models import RecipientSettings, SubscriptionBalance, WeChatForm, WeChatTemplate
from notifications.telling import dispatch
from notifications.topics import Topic

TOPIC: Final = Topic.VIEWING_CANCELLED
TEMPLATE_ID: Final = "measured-template"
NAME: Final = "量度用的住户"
SEND: Final = "/cgi-bin/message/subscribe/send"
PERSONA: Final = "tenant"

_NEWS: Final = """
INSERT INTO notification (id, account_id, topic, template_id, params, subject_kind, emergency,
                          dedup, created_at)
SELECT n.id, n.account_id, $3, t.id, $4::text::jsonb, '', false, n.id::text, $5
FROM unnest($1::uuid[], $2::uuid[]) AS n (id, account_id)
JOIN message_template t ON t.topic = $3 AND t.in_force
"""
_PARAMS: Final = {
    "listing": "采光好的单间",
    "place": "测试公寓",
    "viewing_at": "2026-01-31T15:00:00+08:00",
}


async def template() -> None:
    """WeChat's template for the topic, in the place of any other."""
    await WeChatTemplate.filter(form=WeChatForm.APPOINTMENT, replaced_at=None).update(
        replaced_at=now()
    )
    await WeChatTemplate.create(
        form=WeChatForm.APPOINTMENT, template_id=TEMPLATE_ID, keys={"subject": "thing1"}
    )


async def people(count: int, *, accepts: int = 1) -> list[UUID]:
    """So many accounts, each with a phone, so many accepts and no quiet hours."""
    accounts, users = [], []
    for number in range(count):
        account = Account(display_name=NAME)
        seal(account, "phone", f"198{number:08}")
        # Of something else: the index is unique, and nobody signs in by these.
        account.phone_index = ring().index(str(account.id), table="account", column="phone_index")
        user = WeChatUser(account_id=account.id, app_id=APP_ID, last_seen_at=now())
        seal(user, "openid", PERSONAS[PERSONA].openid)
        user.openid_index = ring().index(str(user.id), table="wechat_user", column="openid_index")
        accounts.append(account)
        users.append(user)
    await Account.bulk_create(accounts)
    await WeChatUser.bulk_create(users)
    midnight = time(0, tzinfo=UTC)
    await RecipientSettings.bulk_create(
        RecipientSettings(account_id=one.id, quiet_from=midnight, quiet_until=midnight)
        for one in accounts
    )
    await SubscriptionBalance.bulk_create(
        SubscriptionBalance(
            wechat_user_id=one.id, template_id=TEMPLATE_ID, remaining=accepts, updated_at=now()
        )
        for one in users
    )
    return [one.id for one in accounts]


async def news(accounts: Sequence[UUID]) -> list[UUID]:
    """One notification for each account; nothing is done about them yet."""
    ids = [uuid7() for _ in accounts]
    params = orjson.dumps(_PARAMS).decode()
    await execute(_NEWS, ids, list(accounts), TOPIC.value, params, now())
    return ids


async def tell(ids: Sequence[UUID], *, at_a_time: int | None = None) -> None:
    """Have notifications dispatched, in jobs of so many."""
    step = at_a_time or len(ids)
    async with work(SYSTEM):
        for start in range(0, len(ids), step):
            await dispatch(ids[start : start + step])


async def forget() -> None:
    """Remove the people and all that hangs on them."""
    # In parts: in a large town every table that refers to an account is looked through.
    while await execute(
        "DELETE FROM account WHERE id IN (SELECT id FROM account WHERE display_name = $1 LIMIT 50)",
        NAME,
    ):
        pass
    await execute("DELETE FROM wechat_template WHERE template_id = $1", TEMPLATE_ID)


class Emulator:
    """The emulator's control routes."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=10)

    def post(self, route: str, /, **body: object) -> None:
        """Order something.

        Raises:
            HTTPStatusError: the emulator does not take it.
        """
        self._http.post(f"/_ctl/{route}", json=body).raise_for_status()

    def accept(self, count: int) -> None:
        """Have the person accept so many messages."""
        self.post("subscriptions", persona=PERSONA, templates=[TEMPLATE_ID], count=count)

    def fault(self, **fault: object) -> None:
        """Let sending go wrong."""
        self.post("faults", path=SEND, **fault)

    def heal(self) -> None:
        """No faults any more."""
        self.post("faults", clear=True)

    def received(self) -> list[UUID]:
        """The notifications that the person got, one entry for each message."""
        sent = self._http.get("/_ctl/sent").json()
        return [UUID(one["page"].rpartition("=")[2]) for one in sent]
