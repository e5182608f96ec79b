"""Filling an empty database with a synthetic town: all of it or nothing.

The same number and day give the same rows, ids and plate tokens included. Only what has to differ
each time does: sealed values (their nonces are random; they open to the same texts) and the hash of
the sample password. A town that is to look fresh ends today, and who holds a room holds it for some
hours from now: such reservations differ too, unless a day is named.
"""

# mypy: allow-untyped-calls
# (asyncpg carries no types)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from time import perf_counter
from typing import Any, Final

import asyncpg
import orjson

from api.seed import cast
from api.seed.evidence import hold, keep
from api.seed.gallery import choose, hang
from api.seed.hazards import find_hazards
from api.seed.houses import furnish
from api.seed.offers import photograph, put_up
from api.seed.people import Accounts, let_an_app_in, take_on_staff
from api.seed.places import file_places
from api.seed.plates import put_up_plates
from api.seed.progress import Reporter, bars
from api.seed.residents import register
from api.seed.sizes import SIZES, SizeName
from api.seed.town import TABLES, Row, Town, lay_out
from api.seed.wechat import name_wechat_templates
from core.clock import now, today
from core.database import CONNECT_SECONDS, credentials
from core.errors import WrongState
from core.settings import settings
from identity import authentication
from identity.passwords import hash_password
from landlord.search.projection import SOURCE, WRITE, columns_of, projected
from management.territory import forget_territory

NUMBER: Final = 2015

# Two seeds at once would fill the same database twice; any number that is ours.
_LOCK: Final = 0x5EED
_ROOTS: Final = (
    "grid", "department", "organisation", "account", "staff_member", "app", "sms_code",
    "request_claim",
)  # fmt: skip
"""Emptying these empties with them whatever refers to their rows. The audit trail stays."""

_REPORT_EVERY: Final = 2000

_NUMBERS: Final = """
UPDATE grid SET next_place_number = $2, office_phone = coalesce(nullif(office_phone, ''), $3)
WHERE code = $1
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made, and how long it took."""

    size: SizeName
    number: int
    rows: Mapping[str, int]
    pictures: int
    seconds: float

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {table}" for table, count in self.rows.items() if count)
        return (
            f"Town {self.number} ({self.size}) in {self.seconds:.1f} s:"
            f" {counts}, {self.pictures} pictures"
        )


async def seed(
    size: SizeName,
    *,
    url: str,
    number: int = NUMBER,
    base: date | None = None,
    replace: bool = False,
    progress: Reporter | None = None,
) -> Summary:
    """Fill the migrated database behind ``url`` with a synthetic town of the two years up to
    ``base`` (a day in Asia/Shanghai), or to this morning and with what is held held from now on.

    ``replace`` empties the database first, in the same transaction, the audit trail excepted.
    ``progress`` hears how far it is; without one there are bars on the terminal. Needs
    ``core.crypto`` configured; pictures go where :mod:`media.storage` keeps them.

    Raises:
        WrongState: in production; or the database holds places or accounts and is not to be
            replaced.
    """
    began = perf_counter()
    _refuse_production()
    with ExitStack() as stack:
        report = progress or stack.enter_context(bars())
        raw = await asyncpg.connect(**credentials(url), timeout=CONNECT_SECONDS)
        try:
            town = Town(SIZES[size], number, base or today(), None if base else now())
            if not replace:
                await _refuse_filled(raw)
                town.grid_ids = dict(await raw.fetch("SELECT code, id FROM grid"))
                town.department_ids = dict(await raw.fetch("SELECT code, id FROM department"))
            pictures = await _make(town, report)
            async with raw.transaction():
                await raw.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                if replace:
                    await raw.execute(f"TRUNCATE {', '.join(_ROOTS)} CASCADE")
                await _refuse_filled(raw)
                await _copy(raw, town, report)
                await _index(raw)
                await name_wechat_templates(raw)
            for table in (*TABLES, "listing_search"):
                await raw.execute(f"VACUUM (ANALYZE) {table}")
        finally:
            await raw.close()
    forget_territory()
    authentication.forget()
    counts = {table: len(rows) for table, rows in town.rows.items()}
    return Summary(size, number, counts, pictures, perf_counter() - began)


async def seed_when_empty(url: str, *, progress: Reporter | None = None) -> Summary | None:
    """A small town where there is none yet; ``None`` when there was something already.

    Raises:
        WrongState: in production.
    """
    _refuse_production()
    raw = await asyncpg.connect(**credentials(url), timeout=CONNECT_SECONDS)
    try:
        filled = await _filled(raw)
    finally:
        await raw.close()
    return None if filled else await seed("small", url=url, progress=progress)


def _refuse_production() -> None:
    if settings().production:
        raise WrongState(
            reason="PRODUCTION",
            zh="生产环境不能生成演示数据",
            en="A synthetic town is not made in production",
        )


async def _filled(raw: asyncpg.Connection) -> bool:
    return bool(
        await raw.fetchval("SELECT EXISTS(SELECT FROM place) OR EXISTS(SELECT FROM account)")
    )


async def _refuse_filled(raw: asyncpg.Connection) -> None:
    if await _filled(raw):
        raise WrongState(
            reason="NOT_EMPTY",
            zh="数据库中已有数据；确要清空重建请加 --replace",
            en="The database holds data already; --replace empties it first",
        )


async def _make(town: Town, report: Reporter) -> int:
    """The rows, in memory, while other processes draw the pictures; answers how many of those."""
    password_hash = await hash_password(cast.PASSWORD)
    gallery = choose(town.size.pictures)
    pictures = [picture for kind in gallery.values() for picture in kind]

    def build() -> None:
        report("people", 0, 1)
        lay_out(town)
        take_on_staff(town, password_hash)
        accounts = Accounts(town)
        accounts.residents()
        let_an_app_in(town)
        report("people", 1, 1)
        places = file_places(town, report)
        houses = furnish(town, places, accounts)
        put_up_plates(town, places, {house.row["id"]: house.rooms for house in houses})
        fronts = photograph(town, gallery)
        put_up(town, houses, gallery, fronts)
        hold(town, accounts)
        keep(town)
        register(town, houses, accounts)
        find_hazards(town, accounts)

    await asyncio.gather(
        asyncio.to_thread(build),
        hang(pictures, lambda done: report("pictures", done, len(pictures))),
    )
    return len(pictures)


async def _copy(raw: asyncpg.Connection, town: Town, report: Reporter) -> None:
    # COPY is binary, where jsonb begins with its version, 1.
    await raw.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    total = sum(map(len, town.rows.values()))
    done = 0
    for table, rows in town.rows.items():
        if rows:
            columns = tuple(rows[0])
            await raw.copy_records_to_table(
                table, records=_records(rows, columns, done, total, report), columns=columns
            )
            done += len(rows)
            report("rows", done, total)
    await raw.executemany(
        _NUMBERS,
        [
            (code, row["next_place_number"], row["office_phone"])
            for code, row in town.communities.items()
        ],
    )


async def _index(raw: asyncpg.Connection) -> None:
    """What is on offer, to be searched. Not by COPY: asyncpg has no binary form of its words."""
    async for sources in _batches(raw):
        await raw.execute(WRITE, *columns_of(projected(dict(source)) for source in sources))


async def _batches(raw: asyncpg.Connection) -> AsyncIterator[list[asyncpg.Record]]:
    cursor = await raw.cursor(f"{SOURCE} true ORDER BY l.id")
    while sources := await cursor.fetch(_REPORT_EVERY):
        yield sources


def _records(
    rows: Iterable[Row], columns: tuple[str, ...], done: int, total: int, report: Reporter
) -> Iterator[tuple[Any, ...]]:
    pick = itemgetter(*columns)
    for serial, row in enumerate(rows):
        if serial % _REPORT_EVERY == 0:
            report("rows", done + serial, total)
        yield pick(row)
