"""Importing this has apps hear of events, and registers the jobs of deliveries."""

from __future__ import annotations

from core.events import on
from notifications.webhooks import delivery, upkeep
from notifications.webhooks.kinds import OF_EVENT
from notifications.webhooks.messages import tell_apps

__all__ = ["delivery", "upkeep"]

for _event in OF_EVENT:
    on(_event)(tell_apps)
