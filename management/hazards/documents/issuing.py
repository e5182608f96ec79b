"""Documents are issued with a number, found by who may read them, and noted as handed over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.clock import SHANGHAI, now
from core.errors import InvalidInput, NotFound, WrongState
from core.events import emit
from core.masking import mask_text
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.events import HazardDocumentIssued
from management.hazards.access import access_hazard, locked
from management.hazards.documents.content import Statement, content_of, number_of
from management.hazards.loop import noted
from management.hazards.stepping import allowed
from management.models import (
    Hazard,
    HazardAction,
    HazardDocument,
    HazardDocumentKind,
    PlaceClaim,
)
from management.models.places import ClaimState
from management.people.numbering import next_number

NEEDED: Final = {
    HazardDocumentKind.NOTICE: Permission.HAZARDS_NOTICE,
    HazardDocumentKind.RECTIFICATION_ORDER: Permission.HAZARDS_ORDER,
    HazardDocumentKind.MAJOR_FINDING: Permission.HAZARDS_ORDER,
}
"""隐患告知书 by a warden; what orders or finds formally by a department or enforcement alone."""

_PLEASE: Final = "请立即采取措施消除上述隐患，整改期间注意安全；整改后请告知网格工作人员复查。"


class Serving(StrEnum):
    """How a document was handed over, and to whom by their role."""

    OWNER = "OWNER"
    SUBLANDLORD = "SUBLANDLORD"
    AGENT = "AGENT"
    ON_SITE = "ON_SITE"
    LEFT_THERE = "LEFT_THERE"
    BY_POST = "BY_POST"
    ELECTRONIC = "ELECTRONIC"


async def issue_document(
    actor: Actor, *, hazard_id: UUID, kind: HazardDocumentKind, said: Statement
) -> HazardDocument:
    """Issue a numbered document about a hazard. A major finding makes it a major one.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not a document that the actor issues there.
        InvalidInput: what is to be done is missing; of an order or finding, the law it rests on;
            a deadline that is past.
        WrongState: it was not accepted, or is over.
    """
    said = _checked(kind, said)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.ISSUE, hazard_id=hazard_id)
        if not actor.may(NEEDED[kind], hazard.grid_path):
            raise NotFound
        return await issue(actor, hazard, kind, said)


async def issue_notice(actor: Actor, hazard: Hazard) -> HazardDocument:
    """Issue the notice of a locked hazard that was just dispatched."""
    return await issue(actor, hazard, HazardDocumentKind.NOTICE, Statement(requirements=_PLEASE))


async def issue(
    actor: Actor, hazard: Hazard, kind: HazardDocumentKind, said: Statement
) -> HazardDocument:
    """Issue a document about a locked hazard; the actor may."""
    if kind is HazardDocumentKind.MAJOR_FINDING:
        hazard.major = True
    content = await content_of(actor, hazard, kind, said)
    moment = now()
    year = moment.astimezone(SHANGHAI).year
    # Late: the row of the series stays locked until the commit.
    number = number_of(kind, year, await next_number(kind.value, year))
    document = await HazardDocument.create(
        hazard_id=hazard.id,
        kind=kind,
        number=number,
        staff_id=actor.id,
        content=content,
        issued_at=moment,
    )
    details = {"document": str(document.id), "kind": kind.value}
    await noted(hazard, HazardAction.ISSUE, by=actor, details=details)
    await emit(HazardDocumentIssued(document_id=document.id, hazard_id=hazard.id))
    return document


async def serve_document(
    actor: Actor, *, document_id: UUID, how: Serving, served_at: datetime | None = None
) -> HazardDocument:
    """Note that a document was handed over, when and how; once.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not a document that the actor could issue.
        InvalidInput: before it was issued, or not yet.
        WrongState: ``SERVED``: that is noted already.
    """
    async with work(actor) as unit:
        document = await _document(actor, document_id)
        hazard = await access_hazard(actor, hazard_id=document.hazard_id)
        if not actor.may(NEEDED[document.kind], hazard.grid_path):
            raise NotFound
        await locked(hazard)
        document = await HazardDocument.filter(id=document_id).select_for_update().get()
        if document.served_at is not None:
            raise WrongState(reason="SERVED", zh="已登记送达", en="That is noted already")
        moment = served_at or now()
        if not document.issued_at <= moment <= now():
            raise InvalidInput(
                field="input.servedAt",
                reason="TIME",
                zh="送达时间须在签发之后、现在之前",
                en="It is handed over after it was issued, and not in the future",
            )
        document.served_at, document.served_how = moment, how.value
        await document.save(update_fields=["served_at", "served_how"])
        unit.note("serveDocument", "HAZARD", hazard.id, document=document.id, how=how.value)
    return document


async def documents_of(
    actor: Actor, hazard_ids: Collection[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """Documents about hazards that the actor sees, by hazard, the oldest first: one query.

    Staff read those of their grids; who runs a place, those about it; nobody else any.
    """
    query = HazardDocument.filter(hazard_id__in=list(hazard_ids)).order_by("id")
    rows = await query.values(
        "id", "hazard_id", "kind", "number", "issued_at", "served_at", "served_how",
        "hazard__grid_path", "hazard__place_id", "staff__name", "content",
    )  # fmt: skip
    mine = await _run_by(actor, {row["hazard__place_id"] for row in rows})
    answer: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        if _reads(actor, row["hazard__grid_path"], row["hazard__place_id"], mine):
            answer.setdefault(row["hazard_id"], []).append(row)
    return answer


async def _run_by(actor: Actor, place_ids: Collection[UUID | None]) -> set[UUID]:
    if actor.kind is not ActorKind.ACCOUNT or not place_ids:
        return set()
    claims = PlaceClaim.filter(
        account_id=actor.id,
        state=ClaimState.VERIFIED,
        place_id__in=[place_id for place_id in place_ids if place_id],
    )
    return set(await claims.values_list("place_id", flat=True))  # type: ignore[arg-type]


def _reads(actor: Actor, path: str, place_id: UUID | None, mine: set[UUID]) -> bool:
    if actor.kind is ActorKind.ACCOUNT:
        return place_id in mine
    return actor.kind is not ActorKind.APP and actor.may(Permission.HAZARDS_READ, path)


async def _document(actor: Actor, document_id: UUID) -> HazardDocument:
    document = await HazardDocument.get_or_none(id=document_id)
    if document is None or not actor.signed_in:
        raise NotFound
    return document


def _checked(kind: HazardDocumentKind, said: Statement) -> Statement:
    """What was said; numbers of people in it are masked, since the paper goes from hand to hand."""
    orders = NEEDED[kind] is Permission.HAZARDS_ORDER
    if said.deadline is not None and said.deadline <= now():
        raise InvalidInput(field="input.deadline", reason="PAST", zh="期限已过", en="That is past")
    facts = clean(said.facts, field="input.facts", longest=500, multiline=True)
    requirements = clean(
        said.requirements, field="input.requirements", longest=500, shortest=2, multiline=True
    )
    return Statement(
        facts=mask_text(facts),
        requirements=mask_text(requirements),
        basis=clean(said.basis, field="input.basis", longest=300, shortest=2 if orders else 0),
        deadline=said.deadline,
    )
