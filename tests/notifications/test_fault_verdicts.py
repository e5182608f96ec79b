"""How ``make faults`` counts: benchmarks/faults/verdicts.py."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from benchmarks.faults.scene import RedisServer
from benchmarks.faults.verdicts import judge, records, unsettled
from core.ids import uuid7
from notifications.routing import route
from tests.integrations.wechat.support import Helper
from tests.notifications.support import TEMPLATE_ID, dispatched, somebody, told

ONE = uuid7()


def record(**values: Any) -> dict[str, Any]:
    return {"id": ONE, "wechat": "SENT", "sms": None, "attempts": 1, "unknown": 0} | values


@pytest.mark.parametrize(
    ("row", "received", "lost", "doubled", "surprises"),
    [
        (record(), [ONE], 0, 0, 0),
        (record(wechat="FAILED", sms="SENT"), [], 0, 0, 0),
        (record(), [], 1, 0, 0),
        (record(wechat="SKIPPED", sms="SKIPPED"), [], 1, 0, 0),
        (record(), [ONE, ONE], 0, 0, 1),
        (record(unknown=1), [ONE, ONE], 0, 1, 0),
        (record(unknown=2, wechat="FAILED", sms="SENT"), [ONE], 0, 1, 0),
        (record(unknown=2, wechat="FAILED", sms="SENT"), [ONE, ONE], 0, 0, 1),
        (record(sms="SENT"), [ONE], 0, 0, 1),
    ],
)
def test_what_somebody_got_is_held_against_the_record(
    row: dict[str, Any], received: Sequence[UUID], lost: int, doubled: int, surprises: int
) -> None:
    found = judge([ONE], [row], received)
    assert (len(found.lost), found.doubled, len(found.surprises)) == (lost, doubled, surprises)
    assert found.good == (lost == surprises == 0)


def test_a_message_without_any_record_is_lost() -> None:
    assert judge([ONE], [], []).lost == [ONE]


async def test_records_are_read_from_the_rows(letters: None, control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID])
    who = await somebody(accepts=1, phone=False)
    sent, waiting = await told(who), await told(await somebody(accepts=1))
    assert await unsettled([sent.id, waiting.id]) == 2
    await dispatched(sent)
    await route([waiting.id])
    assert await unsettled([sent.id, waiting.id]) == 1
    rows = {row["id"]: row for row in await records([sent.id, waiting.id])}
    assert rows[sent.id] == {
        "id": sent.id, "wechat": "SENT", "sms": None, "attempts": 1, "unknown": 0,
    }  # fmt: skip
    assert rows[waiting.id]["attempts"] == 0


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here")
def test_a_redis_of_our_own_comes_and_goes() -> None:
    with RedisServer.running() as server:
        assert server is not None
        server.flush()
        server.stop()
        server.start()
        server.flush()
    assert server.process is not None
    assert server.process.returncode is not None
