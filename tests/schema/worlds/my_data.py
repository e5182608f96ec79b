"""The tenants' things: what is held about the viewer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from citizen.my_data.models import DataExport, DataExportState
from core.clock import now
from core.crypto import seal
from schema.ids import global_id

if TYPE_CHECKING:
    from tests.schema.support import World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {"dataExport": "DataExport", "dataRow": "MyDataRow"}


async def furnish(world: World) -> None:
    """A copy of the data of who runs each house, and the row of their account."""
    for tenant, name in zip(world.tenants, ("landlord A", "landlord B"), strict=True):
        account = world.accounts[name]
        copy = DataExport(
            account_id=account.id,
            state=DataExportState.READY,
            finished_at=now(),
            expires_at=now() + timedelta(days=7),
        )
        seal(copy, "content", "{}")
        seal(copy, "drawn", "JVBERi0=")
        await copy.save(force_create=True)
        tenant.more["dataExport"] = global_id("DataExport", copy.id)
        tenant.more["dataRow"] = global_id("MyDataRow", account.id)
