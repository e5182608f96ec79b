"""The interface to providers of short messages, and which one this process uses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from core.settings import settings
from integrations.sms.development import DevelopmentSender
from integrations.sms.errors import SmsUnavailable


class Template(StrEnum):
    """A text registered with the provider; carriers in China deliver no other.

    ``SIGN_IN_CODE`` takes ``code`` and ``minutes``.
    """

    SIGN_IN_CODE = "sign-in-code"


class SmsSender(Protocol):
    """A provider. Every call leaves the process, so it never runs inside a transaction."""

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> None:
        """Hand one message over; ``phone`` is a mainland number of 11 digits.

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
        raise SmsUnavailable("no provider of short messages is configured")
    return DevelopmentSender()
