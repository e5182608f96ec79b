"""The stand-in for a provider: shows messages in the terminal. Never in production."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from core.masking import mask_phone
from core.settings import settings

LOGGER = "integrations.sms.development"
"""The logger to be trusted with its own words (``core.logging.configure(trusted=...)``)."""

log = logging.getLogger(LOGGER)


class DevelopmentSender:
    """Writes each message to the log, to whom with the middle of the number masked."""

    def __init__(self) -> None:
        """Make one.

        Raises:
            RuntimeError: in production.
        """
        if settings().production:
            raise RuntimeError("the development sender shows one-time codes in the log")

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> None:
        """Show the message."""
        values = " ".join(f"{name}={value}" for name, value in params.items())
        log.info("短信 SMS → %s · %s · %s", mask_phone(phone), template, values)
