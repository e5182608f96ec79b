"""Short messages: what a provider must do, and a stand-in for development."""

from integrations.sms.errors import SmsRefused, SmsUnavailable
from integrations.sms.providers import SmsSender, Template, available, sender, use

__all__ = [
    "SmsRefused",
    "SmsSender",
    "SmsUnavailable",
    "Template",
    "available",
    "sender",
    "use",
]
