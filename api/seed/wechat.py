"""Templates at the WeChat emulator, so that messages leave out of the box in development."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, uuid5

import asyncpg
import orjson

from core.clock import now
from notifications.forms import FORMS

_WRITE: Final = """
INSERT INTO wechat_template (id, form, template_id, keys, long_term, created_at)
VALUES ($1, $2, $3, $4::text::jsonb, false, $5)
ON CONFLICT (form) WHERE replaced_at IS NULL DO NOTHING
"""


async def name_wechat_templates(raw: asyncpg.Connection) -> None:
    """One for each form, unless staff entered theirs; the emulator knows every id."""
    await raw.executemany(
        _WRITE,
        [
            (
                uuid5(NAMESPACE_URL, f"template of {form.value}"),
                form.value,
                f"emulator-{form.value.lower()}",
                orjson.dumps(
                    {
                        slot: f"{kind}{number}"
                        for number, (slot, kind) in enumerate(slots.items(), 1)
                    }
                ).decode(),
                now(),
            )
            for form, slots in FORMS.items()
        ],
    )
