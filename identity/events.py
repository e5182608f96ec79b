"""What happens in identity, told to the packages above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.events import Event
from identity.models import SessionEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A session was opened; ``new_device``: earlier ones of this holder had other labels."""

    session_id: UUID
    account_id: UUID | None
    staff_id: UUID | None
    new_device: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session is over."""

    session_id: UUID
    reason: SessionEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCodeRequested(Event):
    """A one-time code waits to be sent."""

    code_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsChanged(Event):
    """Posts of a member of staff began, changed or ended."""

    staff_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLockedOut(Event):
    """Too many failed sign-ins locked a member of staff out for a while."""

    staff_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLeft(Event):
    """A member of staff left; their posts and sessions have ended."""

    staff_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocked(Event):
    """An account was locked; its sessions have ended."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(Event):
    """An account was closed for good; its sessions have ended."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsMerged(Event):
    """Two accounts of one person became one: what the merged one had is the kept one's now."""

    merge_id: UUID
    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsParted(Event):
    """A merge was undone: each of the two accounts has again what it had."""

    merge_id: UUID
    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRevoked(Event):
    """An app may no longer come in."""

    app_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatMediaChecked(Event):
    """WeChat pushed its verdict on a picture; :func:`identity.wechat.pushes.pushed` reads it."""

    push_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatSubscriptionsChanged(Event):
    """Somebody accepted or refused messages, in the dialogue or in the settings."""

    push_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatMessageFateKnown(Event):
    """WeChat says whether a message that it took has arrived."""

    push_id: UUID
