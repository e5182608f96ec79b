"""WeChat at hand for the checks of listings: its emulator, what it pushes, and the jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson

from core import jobs, redis
from core.clock import now
from core.crypto import ring, seal
from core.database import execute, fetch
from core.events import on
from identity.models import Account, WeChatUser
from identity.wechat.pushes import take_push
from integrations import wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import APP_ID, PERSONAS, PUSH_TOKEN, Running, running
from integrations.wechat.emulator.pushes import PushTarget, envelope
from integrations.wechat.push import PushKeys
from landlord import content_check
from landlord.events import ListingSentToReview
from tests.integrations.wechat.support import Helper, config_for

KEYS = PushKeys(APP_ID, PUSH_TOKEN)
LANDLORD = PERSONAS["landlord"]


@dataclass
class Beside:
    """WeChat's emulator, whose pushes wait here until a test has them delivered."""

    emulator: Running
    events: list[dict[str, Any]] = field(default_factory=list)

    def visit(self) -> None:
        """The landlord uses the mini-program now, as WeChat sees it."""
        self.emulator.world.visit(LANDLORD)

    def verdicts(self, *suggest: str) -> None:
        """What WeChat says of the next pictures."""
        self.emulator.world.media_verdicts.extend(suggest)

    def asked(self, kind: str) -> int:
        """How often WeChat was asked about texts or pictures."""
        return sum(check["kind"] == kind for check in self.emulator.world.checks)

    async def fault(self, path: str = "*", **fault: Any) -> None:
        """WeChat answers so; ``times`` 0 is for ever."""
        async with Helper.at(self.emulator.url) as control:
            await control.post("faults", path=path, **fault)

    async def fault_cleared(self) -> None:
        """WeChat answers as it should."""
        async with Helper.at(self.emulator.url) as control:
            await control.post("faults", clear=True)

    async def deliver(self, *events: dict[str, Any]) -> None:
        """Have these pushed, or all that wait, and the jobs done that follow at once."""
        for event in events or tuple(self.events):
            await take_push(as_pushed(event))
            if event in self.events:
                self.events.remove(event)
        await work_off()


def as_pushed(event: dict[str, Any]) -> Any:
    """An event as the edge reads it."""
    stamped = {"MsgType": "event", "CreateTime": 1795270000, **event}
    url, body = envelope(PushTarget("http://town.test/", KEYS, "json"), stamped, now=1795270001)
    return KEYS.read(dict(parse_qsl(urlsplit(url).query)), body)


@asynccontextmanager
async def wechat_beside() -> AsyncIterator[Beside]:
    """WeChat is asked about contents, and answers."""
    before = wechat.connection._client, wechat.connection._keys
    async with redis.connected(None), running() as emulator:
        found = Beside(emulator)
        emulator.world.on_event = lambda event, _: found.events.append(event)
        client = Client(config_for(emulator))
        wechat.use(client, KEYS)
        content_check.configure(content_check.ask_too)
        try:
            yield found
        finally:
            content_check.configure(None)
            wechat.use(*before)
            await client.close()


async def wechat_user(who: Account, *, ago: timedelta = timedelta(minutes=5)) -> WeChatUser:
    """The account as the mini-program knows it, last seen so long ago."""
    user = WeChatUser(account_id=who.id, app_id=APP_ID, last_seen_at=now() - ago)
    seal(user, "openid", LANDLORD.openid)
    user.openid_index = ring().index(LANDLORD.openid, table="wechat_user", column="openid_index")
    await user.save(force_create=True)
    return user


_OURS = (
    "landlord.check_listings",
    "landlord.ask_about_listing",
    "landlord.note_media_verdict",
)


async def work_off() -> None:
    """Do the jobs of the checks that are due, one after the other, until none is left."""
    while rows := await fetch(
        "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs"
        " WHERE task_name = ANY($1::text[]) AND coalesce(scheduled_at, $2) <= $2"
        " ORDER BY id LIMIT 1) RETURNING task_name, args",
        list(_OURS),
        now(),
    ):
        (row,) = rows
        await jobs.blueprint.tasks[row["task_name"]].func(**orjson.loads(row["args"]))


async def later_jobs() -> list[tuple[datetime, int | None]]:
    """When WeChat is to be asked again, and in which attempt that will be."""
    rows = await fetch(
        "SELECT scheduled_at, (args ->> 'attempt')::int AS attempt FROM procrastinate_jobs"
        " WHERE task_name = 'landlord.ask_about_listing' ORDER BY id"
    )
    return [(row["scheduled_at"], row["attempt"]) for row in rows]


async def time_passes(by: timedelta) -> None:
    """All that the checks know of time is so much earlier; what is due is done."""
    await execute(
        "UPDATE content_check SET created_at = created_at - $1::interval,"
        " asked_at = asked_at - $1::interval, answered_at = answered_at - $1::interval",
        by,
    )
    await execute("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - $1::interval", by)
    await work_off()


sent_to_staff: list[UUID] = []
"""The listings that staff were asked to read, each time they were."""


@on(ListingSentToReview)
async def _hear(event: ListingSentToReview) -> None:
    sent_to_staff.append(event.listing_id)
