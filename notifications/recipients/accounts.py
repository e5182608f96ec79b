"""What people hear of their own account, whoever did it: it may not have been them."""

from __future__ import annotations

from core.events import on
from identity.events import SignedIn
from notifications.recipients.offers import moment
from notifications.telling import Recipient, Subject, tell
from notifications.topics import Topic


@on(SignedIn)
async def tell_of_new_device(event: SignedIn) -> None:
    """The holder of the account, or the member of staff. A first device is none that is new."""
    if event.new_device:
        await tell(
            Topic.SIGN_IN_NEW_DEVICE,
            [Recipient(account_id=event.account_id, staff_id=event.staff_id)],
            key=str(event.session_id),
            params=moment(),
            about=Subject("Session", event.session_id),
        )
