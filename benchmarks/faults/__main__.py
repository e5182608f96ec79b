"""Break what reports and messages depend on, and count what became of them.

Workers, the emulator and Redis are processes of their own over an embedded PostgreSQL. Ends with
1 when a report or a message was lost, or came twice without the record saying that it might.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.table import Table

from api.assembly import assemble, database_config
from api.seed.filling import seed
from api.seed.progress import silent
from benchmarks import recipients
from benchmarks.faults.reports import Verdict
from benchmarks.faults.reports import play as play_reports
from benchmarks.faults.scene import Scene, scene
from benchmarks.faults.verdicts import Outcome, judge, records, unsettled
from core.database import connected, fetch, patient
from core.embedded_postgres import Cluster, running
from core.migrate import migrate
from core.settings import Settings
from notifications.templates import keep_shipped

MESSAGES: Final = 200
OF_A_JOB: Final = 20
PATIENCE: Final = 60.0
KILLS: Final = 4

console = Console(width=120)

Trouble = Callable[[Scene, list[UUID]], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """One thing that breaks while messages are on their way."""

    name: str
    trouble: Trouble


async def server_errors(on: Scene, ids: list[UUID]) -> None:
    """WeChat answers 502 to more calls than there are messages, then recovers."""
    on.emulator.fault(kind="http", status=502, times=MESSAGES + 50)
    await tell(ids)
    await attempted(ids, MESSAGES)
    on.emulator.heal()


async def slow(on: Scene, ids: list[UUID]) -> None:
    """WeChat takes ten seconds over some messages, longer than anybody waits for it."""
    on.emulator.fault(kind="delay", seconds=10, times=10)
    await tell(ids)
    await attempted(ids, MESSAGES)
    await asyncio.sleep(10)  # until WeChat is through with them


async def lost_answers(on: Scene, ids: list[UUID]) -> None:
    """WeChat takes some messages, and the connection breaks before it says so."""
    on.emulator.fault(kind="lost", times=10)
    await tell(ids)
    await attempted(ids, MESSAGES)


async def quota(on: Scene, ids: list[UUID]) -> None:
    """The day's quota is used up half way; at midnight there is a new one."""
    await tell(ids[: MESSAGES // 2])
    await attempted(ids, MESSAGES // 2)
    on.emulator.fault(kind="errcode", errcode=45009, times=0)
    await tell(ids[MESSAGES // 2 :])
    await until(_pauses, 1)
    on.emulator.heal()


async def refusals(on: Scene, ids: list[UUID]) -> None:
    """Everybody has taken their accepts back: all of it has to go by short message."""
    on.emulator.post(
        "subscriptions",
        persona=recipients.PERSONA,
        templates=[recipients.TEMPLATE_ID],
        answer="reject",
    )
    await tell(ids)
    await until(lambda: unsettled(ids), 0)
    on.emulator.accept(MESSAGES * 10)


async def refused_token(on: Scene, ids: list[UUID]) -> None:
    """Every token is refused for a while."""
    on.emulator.fault(kind="errcode", errcode=40001, times=0)
    await tell(ids)
    await attempted(ids, MESSAGES)
    on.emulator.heal()


async def killed(on: Scene, ids: list[UUID]) -> None:
    """Workers are killed in the middle of sending, again and again."""
    on.emulator.fault(kind="delay", seconds=0.2, times=0)
    await tell(ids)
    for number in range(1, KILLS + 1):
        await attempted(ids, number * MESSAGES // (KILLS + 2))
        on.kill_workers()
        await on.bury()
        on.start_workers()
        await on.go_on()
    on.emulator.heal()


async def without_redis(on: Scene, ids: list[UUID]) -> None:
    """Redis forgets everything, then is gone, then comes back."""
    if on.redis is None:
        await tell(ids)
        return
    third = MESSAGES // 3
    await tell(ids[:third])
    on.redis.flush()
    await tell(ids[third : 2 * third])
    on.redis.stop()
    await tell(ids[2 * third :])
    await attempted(ids, MESSAGES)
    on.redis.start()


SCENARIOS: Final = (
    Scenario("WeChat answers 502", server_errors),
    Scenario("WeChat takes 10 s", slow),
    Scenario("answers are lost", lost_answers),
    Scenario("45009 half way", quota),
    Scenario("43101 for all", refusals),
    Scenario("40001, lasting", refused_token),
    Scenario(f"kill -9, {KILLS} times both", killed),
    Scenario("Redis flushed, stopped", without_redis),
)


async def tell(ids: list[UUID]) -> None:
    """Have messages dispatched."""
    await recipients.tell(ids, at_a_time=OF_A_JOB)


async def attempted(ids: list[UUID], count: int) -> None:
    """Wait until so many messages have been tried or given up."""
    await until(lambda: _tried(ids), count)


async def _tried(ids: list[UUID]) -> int:
    rows = await fetch(
        "SELECT count(*) AS tried FROM delivery d WHERE d.notification_id = ANY($1::uuid[])"
        " AND d.channel = 'WECHAT' AND d.state <> 'SENDING' AND EXISTS"
        " (SELECT 1 FROM delivery_attempt a WHERE a.delivery_id = d.id)",
        ids,
    )
    return int(rows[0]["tried"])


async def _pauses() -> int:
    rows = await fetch("SELECT count(*) AS pauses FROM channel_pause WHERE ended_at IS NULL")
    return int(rows[0]["pauses"])


async def until(read: Callable[[], Awaitable[int]], wanted: int) -> None:
    """Wait until the number is reached: from below, or down to nothing."""
    async with asyncio.timeout(PATIENCE):
        while not _reached(await read(), wanted):  # noqa: ASYNC110 - done by other processes
            await asyncio.sleep(0.1)


def _reached(found: int, wanted: int) -> bool:
    return found >= wanted if wanted else found == 0


async def play(on: Scene, scenario: Scenario) -> tuple[Outcome, float]:
    """Tell messages, make trouble, and let time pass until all are settled."""
    on.emulator.heal()
    on.emulator.accept(MESSAGES * 2)
    began = time.monotonic()
    ids = await recipients.news(await recipients.people(MESSAGES, accepts=2))
    await scenario.trouble(on, ids)
    async with asyncio.timeout(PATIENCE):
        while await unsettled(ids):
            await on.go_on()
            await asyncio.sleep(1)
    return judge(ids, await records(ids), on.emulator.received()), time.monotonic() - began


async def prepare(url: str, settings: Settings) -> None:
    """Bring an empty database up to date."""
    config = database_config(url, settings)
    async with connected(patient(config)):
        await migrate(config)
        await keep_shipped()
        await recipients.template()


async def measure(on: Scene, url: str, settings: Settings) -> list[tuple[str, Outcome, float]]:
    """Every scenario, one after another."""
    found = []
    async with connected(database_config(url, settings)):
        for scenario in SCENARIOS:
            outcome, seconds = await play(on, scenario)
            console.print(f"  {scenario.name}: {seconds:.0f} s", highlight=False)
            found.append((scenario.name, outcome, seconds))
    return found


def show(found: list[tuple[str, Outcome, float]]) -> None:
    """Print the table."""
    heads = ("messages", "by WeChat", "by SMS", "attempts", "unknown", "doubled", "unsaid", "lost")
    table = Table("what breaks", *heads, "s")
    for name, one, seconds in found:
        numbers = (
            one.messages, one.by_wechat, one.by_sms, one.attempts, one.unknown, one.doubled,
            len(one.surprises), len(one.lost),
        )  # fmt: skip
        table.add_row(name, *map(str, numbers), f"{seconds:.0f}")
    console.print(table)


async def report(cluster: Cluster, url: str, settings: Settings) -> Verdict:
    """A small town, and hazards reported in it while servers are killed."""
    config = database_config(url, settings)
    async with connected(patient(config)):
        await migrate(config)
        await keep_shipped()
        await seed("small", url=url, progress=silent)
    return await play_reports(cluster, url, config)


def show_reports(found: Verdict) -> None:
    """Print what became of the reports."""
    console.print(
        f"Hazards: {found.acknowledged:,} reports acknowledged in {found.seconds:.0f} s after"
        f" {found.tries:,} tries, {found.kills} API processes killed, PostgreSQL restarted"
        f" {found.restarts} ×:"
        f" {found.lost} lost, {found.doubled} doubled, {found.half} half done;"
        f" longest gap {found.longest:.1f} s",
        highlight=False,
    )


def fresh(cluster: Cluster, name: str) -> str:
    """An empty database in place of the one of the run before."""
    cluster.drop_database(name)
    cluster.create_database(name)
    return cluster.url_of(name)


def main() -> int:
    """Do it all; 0 when nothing was lost."""
    settings = Settings()
    assemble(settings)
    with running("faults") as cluster:
        reports = asyncio.run(report(cluster, fresh(cluster, "reports"), settings))
        show_reports(reports)
        url = fresh(cluster, "faults")
        asyncio.run(prepare(url, settings))
        with scene(url) as on:
            if on.redis is None:
                console.print("No redis-server here: each worker has a Redis inside.")
            found = asyncio.run(measure(on, url, settings))
            show(found)
    return 0 if reports.good and all(outcome.good for _, outcome, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
