"""What is measured on its own: a picture, a sheet of plates, publishing at the use case."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from api.assembly import assemble, database_config
from benchmarks import deliveries, notices, pictures, plates, publishing, reporting, tenant_import
from benchmarks.servers import Town, wechat_emulator
from core import redis
from core.database import connected
from core.settings import Settings
from management.hazards.clocks import tend_hazards

EMULATOR = 8453


@dataclass(frozen=True)
class Part:
    """One figure with its goal, in words."""

    name: str
    found: str
    goal: str
    met: bool


def parts(town: Town) -> Iterator[Part]:
    """Measure one after the other."""
    settings = Settings()
    assemble(settings)
    publish = asyncio.run(publishing.measure(town.url, database_config(town.url, settings)))
    yield Part(
        "publish a listing, to a transaction by hand",
        f"{publish.ratio:.2f} ({publish.ours:.1f} ms to {publish.floor:.1f} ms)",
        f"≥ {publishing.GOAL}",
        publish.ratio >= publishing.GOAL,
    )
    report = asyncio.run(reporting.measure(town.url, database_config(town.url, settings)))
    yield Part(
        "report a hazard with two pictures, to a transaction by hand",
        f"{report.ratio:.2f} ({report.ours:.1f} ms to {report.floor:.1f} ms)",
        f"≥ {reporting.GOAL}",
        report.ratio >= reporting.GOAL,
    )
    tenants = asyncio.run(tenant_import.measure(database_config(town.url, settings)))
    yield Part(
        f"a list of {tenant_import.TENANTS:,} tenants taken in",
        f"{tenants.seconds:.1f} s, {tenants.registered:,} registered",
        f"< {tenant_import.MOST_SECONDS:.0f} s",
        tenants.good,
    )
    photo = pictures.measure()
    yield Part(
        "12-megapixel photo to its variants",
        f"{photo.seconds:.2f} s of one core, {photo.memory / 1e6:.0f} MB",
        "< 1 s, < 200 MB",
        photo.good,
    )
    sheet = plates.measure()
    yield Part(
        f"{sheet.plates:,} plates as PDF",
        f"{sheet.seconds:.1f} s of one core, {sheet.memory / 1e6:.0f} MB,"
        f" file {sheet.size / 1e6:.1f} MB",
        "< 60 s, < 300 MB",
        sheet.good,
    )


def told(town: Town) -> Iterator[Part]:
    """Messages, the inbox and notices: in one event loop, as in a worker.

    Of the small town: the people made for it are soon removed there, and none are ever removed
    in a real one.
    """
    settings = Settings()
    assemble(settings)
    config = database_config(town.url, settings)

    async def measured(where: str) -> tuple[deliveries.Figures, float, notices.Figures]:
        # What is long overdue in a town just made is nothing that a worker has to do every minute.
        async with redis.connected(None), connected(config):
            await tend_hazards()
        return (
            await deliveries.measure(town.url, config, where),
            await deliveries.latency(town.url, config),
            await notices.measure(town.url, config),
        )

    with wechat_emulator(town.environment, EMULATOR) as where:
        speed, shown, found = asyncio.run(measured(where))
    yield Part(
        "messages by WeChat, which answers in 50 ms, from one worker",
        f"{speed.together:.0f} a second told together, {speed.singly:.0f} told one by one",
        f"≥ {deliveries.GOAL} together",
        speed.together >= deliveries.GOAL,
    )
    yield Part(
        "news to an open inbox, at the median",
        f"{shown * 1000:.0f} ms",
        f"≤ {deliveries.SHOWN_GOAL * 1000:.0f} ms",
        shown <= deliveries.SHOWN_GOAL,
    )
    yield Part(
        f"a notice to {notices.PEOPLE:,} people planned",
        f"{found.planned:.1f} s",
        f"< {notices.MOST_SECONDS:.0f} s",
        found.planned < notices.MOST_SECONDS,
    )
    yield Part(
        "meanwhile, the longest that a change to a recipient waited",
        f"{found.waited * 1000:.0f} ms",
        f"< {notices.LONGEST_WAIT * 1000:.0f} ms",
        found.waited < notices.LONGEST_WAIT,
    )
    yield Part(
        "meanwhile, something urgent from told to dealt with, at the longest",
        f"{found.urgent:.2f} s",
        f"< {notices.LONGEST_URGENT:.0f} s",
        found.urgent < notices.LONGEST_URGENT,
    )
