"""Short messages: what a provider must do, one that does, and a stand-in for development."""

from integrations.sms.errors import SmsRefused, SmsUnavailable
from integrations.sms.providers import (
    VALUES,
    SmsSender,
    Template,
    available,
    check,
    connected,
    sender,
    use,
)

__all__ = [
    "VALUES",
    "SmsRefused",
    "SmsSender",
    "SmsUnavailable",
    "Template",
    "available",
    "check",
    "connected",
    "sender",
    "use",
]
