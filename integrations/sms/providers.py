"""The interface to providers of short messages, and which one this process uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from core.settings import Settings, settings
from integrations.sms.development import DevelopmentSender
from integrations.sms.errors import SmsUnavailable
from integrations.sms.tencent import TencentAccount, TencentSender


class Template(StrEnum):
    """A text registered with the provider; carriers in China deliver no other.

    What each takes stands in :data:`VALUES`. Carriers refuse addresses as values, so ``link`` is
    what follows the fixed beginning of one that is part of the registered text.
    """

    SIGN_IN_CODE = "sign-in-code"
    NOTICE = "notice"


VALUES: Mapping[str, tuple[str, ...]] = {
    Template.SIGN_IN_CODE: ("code", "minutes"),
    Template.NOTICE: ("subject", "matter", "link"),
}
"""Template → the names of its values, in the order of the text's ``{1}``, ``{2}`` …"""


class SmsSender(Protocol):
    """A provider. Every call leaves the process, so it never runs inside a transaction."""

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> str | None:
        """Hand one message over; ``phone`` is a mainland number of 11 digits.

        Answers the provider's id of the message, if it gives one.

        Raises:
            SmsUnavailable: the same call may succeed later.
            SmsRefused: it never will.
        """


_chosen: SmsSender | None = None


def use(provider: SmsSender | None) -> SmsSender | None:
    """Set the provider of this process at its start; answers the one before."""
    global _chosen
    before, _chosen = _chosen, provider
    return before


def available() -> bool:
    """Whether there is a provider to hand messages to."""
    return _chosen is not None or not settings().production


def sender() -> SmsSender:
    """The provider of this process; in development the one that writes to the log.

    Raises:
        SmsUnavailable: production without a provider.
    """
    if _chosen is not None:
        return _chosen
    if settings().production:
        raise SmsUnavailable("NOT_CONFIGURED")
    return DevelopmentSender()


def check(settings: Settings) -> None:
    """See that the settings of the provider can be used.

    Raises:
        SettingsError: they can't.
    """
    TencentAccount.of(settings, VALUES)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[None]:
    """The configured provider is the one of this process while the block runs.

    Opens no connection yet: a provider that is down does not keep the service from starting.
    """
    account = TencentAccount.of(settings, VALUES)
    if account is None:
        yield
        return
    opened = TencentSender(account)
    before = use(opened)
    try:
        yield
    finally:
        use(before)
        await opened.close()
