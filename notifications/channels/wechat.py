"""WeChat's subscribe messages: one accept each, in the slots of a template that WeChat approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.clock import now
from core.crypto import reveal
from identity.models import WeChatUser
from integrations import wechat
from integrations.wechat import errors
from integrations.wechat.errors import AtReset, Later, WeChatError
from notifications import ledger
from notifications.attempts import Verdict
from notifications.channels.carrier import Due
from notifications.channels.words import Words, words_of
from notifications.deliveries import Settled
from notifications.ledger import Account
from notifications.models import AttemptOutcome, WeChatTemplate
from notifications.rendering import wechat_data
from notifications.standing import Obstacle, Ways

SEND: Final = "send_subscribe_message"

REASONS: Final[Mapping[type[WeChatError], str]] = {
    errors.SubscriptionRefused: Obstacle.NO_SUBSCRIPTION,
    errors.UserUnknown: "USER_UNKNOWN",
    errors.TemplateUnknown: "TEMPLATE_BROKEN",
    errors.TemplateFieldRefused: "TEMPLATE_BROKEN",
    errors.PageUnknown: "TEMPLATE_BROKEN",
    errors.UnfitInput: "TEMPLATE_BROKEN",
    errors.NotConfigured: Obstacle.NOT_CONFIGURED,
}
"""Why a delivery failed, where an operator should be able to tell it from all others."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One subscribe message."""

    of: Account
    openid: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    page: str
    at: datetime
    paid: bool
    """An accept was set aside for this attempt: it goes back if WeChat took nothing."""


class WeChatCarrier:
    """WeChat as a channel."""

    async def prepare(self, dues: Sequence[Due], ways: Ways) -> dict[UUID, Letter | Obstacle]:
        """Make the messages, and set an accept aside for each.

        After an attempt without an answer the accept of that attempt is still set aside.
        """
        users = await _users(dues)
        templates = {one.form: one for one in await WeChatTemplate.filter(replaced_at=None)}
        texts = await words_of([due.standing.id for due in dues])
        ready: dict[UUID, Letter | Obstacle] = {}
        for due in dues:
            template = templates.get(due.standing.rule.form) if due.standing.rule.form else None
            user = users.get(due.standing.wechat_user_id)
            text = texts.get(due.standing.id)
            if user is None:
                ready[due.claim.id] = Obstacle.NO_WECHAT
            elif template is None or text is None:
                ready[due.claim.id] = Obstacle.NO_TEMPLATE
            else:
                ready[due.claim.id] = _letter(due, user, template, text)
        return await _paid(ready)

    async def send(self, message: Letter) -> Verdict:
        """Hand one message to WeChat."""
        try:
            sent = await wechat.client().wxa.subscribe_message(
                message.openid, message.of.template_id, message.values, page=message.page
            )
        except WeChatError as error:
            return judge(error)
        return Verdict(outcome=AttemptOutcome.SENT, ref=sent.message_id)

    async def after(self, results: Sequence[Settled], messages: Mapping[UUID, Letter]) -> None:
        """Note in the ledger what WeChat certainly did not take, and where it proved us wrong."""
        unused: dict[UUID, Account] = {}
        for result in results:
            letter, outcome = messages[result.claim.id], result.verdict.outcome
            if result.verdict.reason == Obstacle.NO_SUBSCRIPTION:
                await ledger.record_used_up(letter.of, key=str(result.attempt_id), at=letter.at)
            elif letter.paid and outcome in {AttemptOutcome.RETRY, AttemptOutcome.REFUSED}:
                unused[result.claim.id] = letter.of
        await ledger.give_back(unused)


def judge(error: WeChatError) -> Verdict:
    """What a failed call means for the message; the error's ``retry`` decides."""
    code = str(error.errcode) if error.errcode is not None else _name(error)
    if error.perhaps_done and error.call == SEND:
        return Verdict(outcome=AttemptOutcome.UNKNOWN, code=code)
    match error.retry:
        case Later(after):
            return Verdict(outcome=AttemptOutcome.RETRY, code=code, after=after)
        case AtReset():
            until = AtReset.moment(now())
            return Verdict(outcome=AttemptOutcome.RETRY, code=code, paused_until=until)
    reason = REASONS.get(type(error), "REFUSED")
    return Verdict(outcome=AttemptOutcome.REFUSED, code=code, reason=reason)


def _name(error: WeChatError) -> str:
    return "".join("_" + c if c.isupper() else c.upper() for c in type(error).__name__).strip("_")


def _letter(due: Due, user: WeChatUser, template: WeChatTemplate, text: Words) -> Letter:
    return Letter(
        of=Account(user.id, template.template_id),
        openid=reveal(user, "openid") or "",
        values=wechat_data(text.template, template.keys, text.params),
        page=text.page,
        at=now(),
        paid=due.claim.unknown == 0,
    )


async def _users(dues: Sequence[Due]) -> dict[UUID | None, WeChatUser]:
    ids = {due.standing.wechat_user_id for due in dues} - {None}
    return {user.id: user for user in await WeChatUser.filter(id__in=list(ids))}


async def _paid(ready: dict[UUID, Letter | Obstacle]) -> dict[UUID, Letter | Obstacle]:
    wants = [
        (delivery_id, one.of)
        for delivery_id, one in ready.items()
        if isinstance(one, Letter) and one.paid
    ]
    got = await ledger.spend(wants)
    refused: dict[UUID, Letter | Obstacle] = {
        delivery_id: Obstacle.NO_SUBSCRIPTION for delivery_id, _ in wants if delivery_id not in got
    }
    return ready | refused
