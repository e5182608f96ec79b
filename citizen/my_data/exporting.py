"""A copy of everything that is held about somebody (PIPL article 45): JSON, and a PDF to read.

A job makes it and keeps it sealed; it is fetched at a short-lived address and gone after a week.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from tortoise.queryset import QuerySet

from citizen.events import DataExported
from citizen.my_data.models import DataExport, DataExportState
from citizen.my_data.paper import PaperSection, drawn
from citizen.my_data.seeing import Subject, everything_about, own_account
from citizen.my_data.words import BASES, codes_of, label, written
from core.clock import SHANGHAI, now
from core.crypto import reveal, seal
from core.database import fetch
from core.errors import NotFound, RateLimited, WrongState
from core.events import emit
from core.jobs import defer, job
from core.privacy import Exported
from core.settings import settings
from core.signed_addresses import signed_query, still_good
from core.work import work
from identity.actor import SYSTEM, Actor
from identity.models import Account
from management.models import Person
from management.rules import rules

FORMS: Final = ("json", "pdf")
KEPT_FOR: Final = timedelta(days=7)
MOST_ATTEMPTS: Final = 4
ROWS_DRAWN: Final = 200
"""Rows of a section on paper; the JSON beside it holds all."""
_SIGNED: Final = "data exports"

log = structlog.get_logger("citizen.my_data")


async def request_export(actor: Actor) -> DataExport:
    """Order a copy; one that is being made is answered again.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it was closed meanwhile.
        RateLimited: so many within a day.
    """
    account_id = own_account(actor)
    async with work(actor) as unit:
        account = await Account.filter(id=account_id, closed_at=None).select_for_update().first()
        if account is None:
            raise NotFound
        made = DataExport.filter(account_id=account_id)
        waiting = await made.filter(state=DataExportState.QUEUED).order_by("-id").first()
        if waiting is None:
            day = timedelta(days=1)
            recent = await made.filter(created_at__gt=now() - day).order_by("id").only("created_at")
            if len(recent) >= rules().data_exports_per_day:
                free = recent[-rules().data_exports_per_day].created_at + day - now()
                raise RateLimited(params={"retryAfter": max(1, int(free.total_seconds()))})
            waiting = await DataExport.create(account_id=account_id)
            await defer(
                "citizen.make_data_export",
                {"version": 1, "export_id": waiting.id},
                lock=f"data-export:{waiting.id}",
            )
        unit.note("requestDataExport", "DataExport", waiting.id)
    return waiting


async def access_export(actor: Actor, *, export_id: UUID) -> DataExport:
    """One's own copy, without what is in it.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: absent, or somebody else's.
    """
    found = await _bare().filter(id=export_id, account_id=own_account(actor)).first()
    if found is None:
        raise NotFound
    return found


async def own_exports(actor: Actor) -> list[DataExport]:
    """One's own copies that are not gone, the newest first, without what is in them.

    Raises:
        Unauthenticated: no account is signed in.
    """
    return await _bare().filter(account_id=own_account(actor)).order_by("-id").limit(20)


def _bare() -> QuerySet[DataExport]:
    columns = ("id", "account_id", "state", "created_at", "finished_at", "expires_at")
    return DataExport.all().only(*columns)


def available(export: DataExport) -> bool:
    """Whether the copy can be fetched now."""
    return export.expires_at is not None and export.expires_at > now()


def address(export: DataExport, form: str) -> str:
    """A signed address of a copy, good for ten minutes. Only for who asked for it.

    Raises:
        WrongState: it is not ready, or gone.
    """
    if not available(export):
        raise WrongState(reason=export.state.value, zh="副本尚未生成或已过期", en="No such file")
    name = f"{export.id}.{form}"
    return f"{settings().public_url}/my-data/{name}?{signed_query(_SIGNED, name)}"


async def fetched(export_id: UUID, form: str, expires: str, signature: str) -> bytes | None:
    """The file behind an address; ``None`` for one that is forged, over or gone."""
    if form not in FORMS or not still_good(_SIGNED, f"{export_id}.{form}", expires, signature):
        return None
    export = await DataExport.get_or_none(id=export_id)
    if export is None or not available(export):
        return None
    if form == "json":
        return (reveal(export, "content") or "").encode()
    return b64decode(reveal(export, "drawn") or "")


@job("citizen.make_data_export")
async def make_data_export(version: int, export_id: str) -> None:
    """Make a copy that was ordered; one that is finished, or gone, stays as it is."""
    row_id = UUID(export_id)
    begun = await fetch(
        "UPDATE data_export SET attempts = attempts + 1"
        " WHERE id = $1 AND state = 'QUEUED' RETURNING attempts, account_id",
        row_id,
    )
    if not begun:
        return
    try:
        if begun[0]["attempts"] <= MOST_ATTEMPTS:
            content, paper = await _made(begun[0]["account_id"])
            await _finish(row_id, content, paper)
            return
    except Exception as error:
        if begun[0]["attempts"] < MOST_ATTEMPTS:
            raise  # the job is tried again
        log.error("data_export.failed", export=str(row_id), exc_info=error)
    await DataExport.filter(id=row_id, state=DataExportState.QUEUED).update(
        state=DataExportState.FAILED, finished_at=now()
    )


async def _made(account_id: UUID) -> tuple[str, bytes]:
    about = [Subject("account", account_id)]
    person = await Person.filter(account_id=account_id).only("id").first()
    if person is not None:
        about.append(Subject("person", person.id))
    sections = await everything_about(about)
    moment = now()
    text = orjson.dumps(
        {"made_at": moment, "sections": [_section(one) for one in sections]},
        option=orjson.OPT_INDENT_2,
    )
    made_at = f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return text.decode(), await drawn(made_at, [_on_paper(one) for one in sections])


def _section(section: Exported) -> dict[str, Any]:
    """A section as other programs read it."""
    holding = section.holding
    return {
        "name": holding.name,
        "about": holding.kind,
        "title": {"zh": holding.title.zh, "en": holding.title.en},
        "basis": holding.basis.value,
        "kept": {"zh": holding.retention.rule.zh, "en": holding.retention.rule.en},
        "rows": section.rows,
    }


def _on_paper(section: Exported) -> PaperSection:
    """A section as people read it, in Chinese."""
    holding = section.holding
    codes = codes_of(holding)
    return PaperSection(
        title=holding.title.zh,
        basis=BASES[holding.basis].zh,
        kept=holding.retention.rule.zh,
        total=section.total,
        rows=[
            [
                (label(name).zh, written(value, "zh-CN", enum=codes.get(name, "")))
                for name, value in row.items()
            ]
            for row in section.rows[-ROWS_DRAWN:]
        ],
    )


async def _finish(export_id: UUID, content: str, paper: bytes) -> None:
    async with work(SYSTEM) as unit:
        queued = DataExport.filter(id=export_id, state=DataExportState.QUEUED)
        export = await queued.select_for_update().first()
        if export is None:  # made by another worker, or the account was closed meanwhile
            return
        export.state = DataExportState.READY
        seal(export, "content", content)
        seal(export, "drawn", b64encode(paper).decode())
        export.finished_at = now()
        export.expires_at = now() + KEPT_FOR
        await export.save()
        unit.note("dataExportMade", "DataExport", export.id)
        await emit(DataExported(export_id=export.id, account_id=export.account_id))
