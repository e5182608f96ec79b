"""WeChat's dialogue: what the mini-program asks people for, and what they answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import fetch
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind
from identity.models import WeChatUser
from integrations import wechat
from notifications import ledger
from notifications.models import SubscriptionSource, WeChatForm
from notifications.topics import RULES, Topic

ASKED_AT_ONCE: Final = 3
"""Templates that one tap may ask for, at the most (``wx.requestSubscribeMessage``)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers that are on record. ``id`` is that of the WeChat user who gave them."""

    id: UUID


async def record_answers(actor: Actor, *, answers: Mapping[str, bool], tap: UUID) -> Answered:
    """Write down what was answered in WeChat's dialogue: template id and whether accepted.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account.
        WrongState: the account does not know WeChat.
        InvalidInput: none, or more than a tap may ask for, or of a template that is not ours.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    if not 1 <= len(answers) <= ASKED_AT_ONCE:
        raise InvalidInput(
            field="input.answers",
            reason="COUNT",
            params={"maximum": ASKED_AT_ONCE},
            zh="一次应有 1 到 {maximum} 个回答",
            en="1 to {maximum} answers at once",
        )
    given = {
        clean(template, field="input.answers", longest=64, shortest=1): accepted
        for template, accepted in answers.items()
    }
    async with work(actor) as unit:
        user_id = await _wechat_user(actor.id)
        if user_id is None:
            raise WrongState(
                reason="NO_WECHAT", zh="该账号没有绑定微信", en="The account does not know WeChat"
            )
        await _require_known(given)
        await ledger.record_accepts(
            user_id,
            given.items(),
            source=SubscriptionSource.CLIENT,
            key=str(tap),
            at=now(),
        )
        accepted = sum(given.values())
        unit.note("recordSubscriptions", "WECHAT_USER", user_id, accepted=accepted)
    return Answered(user_id)


async def forms_to_ask(actor: Actor, *, topics: Collection[Topic]) -> list[dict[str, Any]]:
    """The templates to ask the actor for next, those that run short first; with their balance.

    Of all forms, or of those by which ``topics`` are told. Nothing for who is not on WeChat.
    """
    user_id = await _wechat_user(actor.id) if actor.kind is ActorKind.ACCOUNT else None
    if user_id is None:
        return []
    wanted = {RULES[topic].form for topic in topics} if topics else set(WeChatForm)
    rows = await fetch(_BALANCES, user_id)
    open_ones = [row for row in rows if WeChatForm(row["form"]) in wanted and not row["always"]]
    order = list(WeChatForm)
    open_ones.sort(key=lambda row: (row["remaining"], order.index(WeChatForm(row["form"]))))
    return open_ones[:ASKED_AT_ONCE]


async def _wechat_user(account_id: UUID | None) -> UUID | None:
    """The account as the mini-program knows it; of several the one used last."""
    users = WeChatUser.filter(account_id=account_id)
    if wechat.available():
        users = users.filter(app_id=wechat.client().appid)
    row = await users.order_by("-last_seen_at").first()
    return row.id if row else None


async def _require_known(templates: Collection[str]) -> None:
    rows = await fetch(
        "SELECT count(DISTINCT template_id) AS known FROM wechat_template"
        " WHERE template_id = ANY($1::text[])",
        list(templates),
    )
    if rows[0]["known"] < len(templates):
        raise InvalidInput(
            field="input.answers",
            reason="UNKNOWN_TEMPLATE",
            zh="没有这个订阅消息模板",
            en="No such template",
        )


_BALANCES: Final = """
SELECT t.form, t.template_id, coalesce(b.remaining, 0) AS remaining,
       coalesce(b.always, false) AS always
FROM wechat_template t
LEFT JOIN subscription_balance b ON b.template_id = t.template_id AND b.wechat_user_id = $1
WHERE t.replaced_at IS NULL
"""
