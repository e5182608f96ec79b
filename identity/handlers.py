"""Importing this registers what identity does on events, by the clock, and with personal data."""

from __future__ import annotations

from core.events import later
from core.jobs import periodic
from identity import own_belongings, personal_data, phone_sign_in, rotating
from identity.events import SmsCodeRequested

__all__ = ["own_belongings", "personal_data", "rotating"]

later(SmsCodeRequested, name="identity.send_sms_code")(phone_sign_in.deliver)
periodic("identity.end_expired_sessions", cron="11 19 * * *")(personal_data.end_expired_sessions)
