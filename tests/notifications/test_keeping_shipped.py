"""The words in force follow the program's, and never take the place of those that staff wrote."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.database import fetch
from core.ids import uuid7
from notifications import shipped as package
from notifications import templates
from notifications.models import MessageTemplate
from notifications.shipped import shipped
from notifications.templates import keep_shipped
from notifications.topics import Topic

TOPIC = Topic.LISTING_APPROVED


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer program, with other words for one topic."""
    words = {**shipped(), TOPIC: replace(shipped()[TOPIC], title_zh="新的说法")}
    monkeypatch.setattr(templates, "shipped", lambda: words)
    assert package.shipped()[TOPIC].title_zh != "新的说法"


async def in_force() -> MessageTemplate:
    return await MessageTemplate.get(topic=TOPIC, in_force=True)


async def by_staff() -> MessageTemplate:
    await MessageTemplate.filter(topic=TOPIC).update(in_force=False)
    words = shipped()[TOPIC]
    return await MessageTemplate.create(
        topic=TOPIC,
        version=2,
        shipped=False,
        title_zh="人工写的",
        body_zh=words.body_zh,
        title_en=words.title_en,
        body_en=words.body_en,
        form_values=dict(words.form_values),
        in_force=True,
        author_id=uuid7(),
    )


async def test_every_topic_has_words_in_force_once_migrated(db: None) -> None:
    rows = await MessageTemplate.filter(in_force=True, shipped=True).values_list("topic", flat=True)
    assert sorted(map(str, rows)) == sorted(Topic)


async def test_a_second_start_changes_nothing(db: None) -> None:
    before = await fetch("SELECT * FROM message_template ORDER BY id")
    assert await keep_shipped() == 0
    assert await fetch("SELECT * FROM message_template ORDER BY id") == before


async def test_a_changed_text_is_a_new_version_in_force(db: None, edited: None) -> None:
    assert await keep_shipped() == 1
    now_in_force = await in_force()
    assert (now_in_force.version, now_in_force.title_zh) == (2, "新的说法")
    assert await MessageTemplate.filter(topic=TOPIC).count() == 2
    assert await keep_shipped() == 0


async def test_what_staff_wrote_stays_in_force(db: None, edited: None) -> None:
    theirs = await by_staff()
    assert await keep_shipped() == 1
    assert (await in_force()).id == theirs.id
    newest = await MessageTemplate.filter(topic=TOPIC).order_by("-version").first()
    assert newest is not None
    assert (newest.version, newest.shipped, newest.in_force) == (3, True, False)


async def test_two_starts_at_once_write_one_version(committed_db: None, edited: None) -> None:
    counts = await asyncio.gather(*(keep_shipped() for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 1]
    assert await MessageTemplate.filter(topic=TOPIC).count() == 2
    assert (await in_force()).version == 2
