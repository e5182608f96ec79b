"""What people hear of their own account, whoever did it: it may not have been them."""

from __future__ import annotations

from citizen.events import DataExported
from core.events import on
from identity.events import AccountsMerged, SignedIn
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


@on(AccountsMerged)
async def tell_of_merge(event: AccountsMerged) -> None:
    """Whose account is kept: if it was not them, they know it at once."""
    await tell(
        Topic.ACCOUNTS_MERGED,
        [Recipient(account_id=event.kept_id)],
        key=str(event.merge_id),
        params=moment(),
        about=Subject("Account", event.kept_id),
    )


@on(DataExported)
async def tell_of_copy(event: DataExported) -> None:
    """Whose data was copied: if it was not them who asked, they know it at once."""
    await tell(
        Topic.DATA_EXPORTED,
        [Recipient(account_id=event.account_id)],
        key=str(event.export_id),
        params=moment(),
    )
