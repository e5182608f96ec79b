"""Apps on record, for tests in which one acts."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now
from core.crypto import seal
from identity.actor import Actor
from identity.models import App


async def app_row(of: Actor) -> App:
    """The row of an app that acts."""
    assert of.id is not None
    app = App(
        id=of.id,
        name="测试应用",
        client_id=of.id.hex,
        secret_hash="0" * 64,
        scopes=["hazards:write"],
        grid_path="441900122/",
        rate_per_minute=600,
        expires_at=now() + timedelta(days=1),
    )
    seal(app, "contact", "nobody@example.test")
    await app.save(force_create=True)
    return app
