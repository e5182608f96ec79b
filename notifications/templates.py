"""The texts in force. Those that come with the program are kept up to date; staff's stay."""

from __future__ import annotations

from typing import Final

import orjson
from tortoise.transactions import in_transaction

from core.clock import now
from core.database import execute, fetch
from core.ids import uuid7
from notifications.rendering import Rendered, render, render_form, wechat_data
from notifications.shipped import shipped

__all__ = ["Rendered", "keep_shipped", "lock_templates", "render", "render_form", "wechat_data"]

_LOCK: Final = "message templates"


async def keep_shipped() -> int:
    """Have the words of this program in the database; answers how many are new there.

    A text that changed becomes a new version. It takes force where the one in force came with a
    program too; where staff wrote that, theirs stays in force. Runs after migrations.
    """
    words = list(shipped().values())
    async with in_transaction():
        await lock_templates()
        rows = await fetch(
            _KEEP,
            [uuid7() for _ in words],
            [one.topic for one in words],
            [one.title_zh for one in words],
            [one.body_zh for one in words],
            [one.title_en for one in words],
            [one.body_en for one in words],
            [orjson.dumps(one.form_values).decode() for one in words],
            now(),
        )
        fresh = [row["topic"] for row in rows]
        if fresh:
            await execute(_LEAVE_FORCE, fresh)
            await execute(_TAKE_FORCE, fresh)
    return len(fresh)


async def lock_templates() -> None:
    """Let nobody else write templates until the transaction ends: versions are counted."""
    await fetch("SELECT pg_advisory_xact_lock(hashtext($1))::text", _LOCK)


# What was shipped last decides whether a text changed: staff may have written others since.
_KEEP: Final = """
INSERT INTO message_template (id, topic, version, shipped, title_zh, body_zh, title_en, body_en,
                              form_values, in_force, created_at)
SELECT w.id, w.topic,
       1 + coalesce((SELECT max(t.version) FROM message_template t WHERE t.topic = w.topic), 0),
       true, w.title_zh, w.body_zh, w.title_en, w.body_en, w.form_values::jsonb, false, $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
     AS w (id, topic, title_zh, body_zh, title_en, body_en, form_values)
LEFT JOIN LATERAL (
    SELECT t.* FROM message_template t WHERE t.topic = w.topic AND t.shipped
    ORDER BY t.version DESC LIMIT 1
) last ON true
WHERE (last.title_zh, last.body_zh, last.title_en, last.body_en, last.form_values)
      IS DISTINCT FROM (w.title_zh, w.body_zh, w.title_en, w.body_en, w.form_values::jsonb)
RETURNING topic
"""

# One statement would have two rows of a topic in force at a moment, which the database refuses.
_LEAVE_FORCE: Final = """
UPDATE message_template SET in_force = false
WHERE topic = ANY($1::text[]) AND in_force AND shipped
"""
_TAKE_FORCE: Final = """
UPDATE message_template t SET in_force = true
WHERE t.topic = ANY($1::text[]) AND t.shipped
  AND t.version = (
      SELECT max(n.version) FROM message_template n WHERE n.topic = t.topic AND n.shipped
  )
  AND NOT EXISTS (SELECT 1 FROM message_template s WHERE s.topic = t.topic AND s.in_force)
"""
