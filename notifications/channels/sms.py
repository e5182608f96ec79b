"""Short messages, for who is not reached by WeChat. The number is opened when it is sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from core.crypto import reveal
from identity.models import Account
from integrations import sms, wechat
from integrations.sms import SmsRefused, SmsUnavailable, Template
from integrations.wechat.errors import WeChatError
from notifications.attempts import Verdict
from notifications.channels.carrier import Due
from notifications.channels.words import PAGE, Words, words_of
from notifications.deliveries import Settled
from notifications.models import AttemptOutcome
from notifications.rendering import render
from notifications.standing import Obstacle, Ways

AGAIN_SECONDS: Final = 10.0
NO_LINK: Final = "0"
"""In the place of the link's end when WeChat gives none: the message is told all the same."""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One short message; the number is still sealed in the account."""

    account: Account = field(repr=False)
    words: Words = field(repr=False)


class SmsCarrier:
    """Short messages as a channel."""

    async def prepare(self, dues: Sequence[Due], ways: Ways) -> dict[UUID, ShortMessage | Obstacle]:
        """Make the messages."""
        ids = {due.standing.account_id for due in dues}
        accounts = {one.id: one for one in await Account.filter(id__in=list(ids))}
        texts = await words_of([due.standing.id for due in dues])
        ready: dict[UUID, ShortMessage | Obstacle] = {}
        for due in dues:
            account = accounts.get(due.standing.account_id)
            text = texts.get(due.standing.id)
            if account is None or account.phone is None:
                ready[due.claim.id] = Obstacle.NO_PHONE
            elif text is None:
                ready[due.claim.id] = Obstacle.NO_TEMPLATE
            else:
                ready[due.claim.id] = ShortMessage(account, text)
        return ready

    async def send(self, message: ShortMessage) -> Verdict:
        """Hand one message to the provider."""
        try:
            values = await _values(message.words)
            phone = reveal(message.account, "phone") or ""
            ref = await sms.sender().send(phone, Template.NOTICE, values)
        except SmsRefused as refusal:
            return Verdict(outcome=AttemptOutcome.REFUSED, code=refusal.code, reason="REFUSED")
        except SmsUnavailable as failure:
            outcome = AttemptOutcome.UNKNOWN if failure.perhaps_sent else AttemptOutcome.RETRY
            return Verdict(outcome=outcome, code=failure.code, after=AGAIN_SECONDS)
        return Verdict(outcome=AttemptOutcome.SENT, ref=ref)

    async def after(
        self, results: Sequence[Settled], messages: Mapping[UUID, ShortMessage]
    ) -> None:
        """Nothing: a short message uses up no quota of the recipient's."""


async def _values(words: Words) -> dict[str, str]:
    """Title, text and the end of WeChat's link; the provider cuts each to what carriers take."""
    said = render(words.template, words.params, "zh-CN")
    try:
        link = await wechat.client().wxa.url_link(PAGE, words.query)
    except WeChatError:
        link = NO_LINK
    return {"subject": said.title, "matter": said.body, "link": link.rpartition("/")[2]}
