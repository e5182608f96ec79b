"""Lists of declarations and objections, and what hangs on them: a fixed number of queries each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import RawSQL, Subquery
from tortoise.queryset import QuerySet

from citizen.declarations.access import as_landlord, own
from citizen.models import (
    Declaration,
    DeclarationPhoto,
    DeclarationStep,
    Doubt,
    ObjectionState,
    ResidenceObjection,
)
from core.crypto import ring
from core.keyset import NOTHING, Order, Page, Slice, take
from identity.access import require
from identity.actor import Actor, ActorKind, Permission
from management.access import in_scope, within
from management.models import Task, TaskKind
from management.tasks.core import LIVE
from management.territory import grid_by_code
from media.photos import PHOTO_COLUMNS

# Ids follow the time at which they were made.
_OLDEST: Final = Order("declarations to decide", "id")
_NEWEST: Final = Order("own declarations", "id", descending=True)
_QUESTIONS: Final = Order("tenants to answer for", "id")
_OBJECTIONS: Final = Order("objections", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """What the wardens' queue is narrowed to; ``None`` leaves a point open."""

    grid_code: str | None = None
    doubt: Doubt | None = None


async def held_declarations(
    actor: Actor, *, filter_by: ReviewFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Declarations that wait for a warden where the actor decides, the oldest first.

    Those that are held, and those in force that the landlord denies.
    """
    return await take(await _waiting(actor, filter_by), _OLDEST, page, columns)


async def count_held(actor: Actor, *, filter_by: ReviewFilter) -> int:
    """How many declarations the same filter matches."""
    return int(await (await _waiting(actor, filter_by)).count())


async def _waiting(actor: Actor, wanted: ReviewFilter) -> QuerySet[Declaration]:
    require(actor, Permission.DECLARATIONS_DECIDE)
    # What waits has a live task, which the index of live tasks finds whatever state it is in.
    live = Task.filter(
        in_scope(actor, Permission.DECLARATIONS_DECIDE),
        kind=TaskKind.DECLARATION,
        state__in=LIVE,
        subject_id__isnull=False,
    )
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        live = live.filter(within(grid["path"]))
    rows = Declaration.filter(id__in=Subquery(live.values("subject_id")))
    if wanted.doubt is not None:
        rows = rows.annotate(
            doubted=RawSQL(f"'{wanted.doubt.value}' = ANY(declaration.doubts)")
        ).filter(doubted=True)
    return rows


async def my_declarations(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """What the actor declared, and what others declared about them; the newest first."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    return await take(Declaration.filter(await own(actor)), _NEWEST, page, columns)


async def tenant_questions(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """Declarations at places of the actor that wait for their answer; the oldest first."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    rows = Declaration.filter(as_landlord(actor), question_open=True)
    return await take(rows, _QUESTIONS, page, columns)


async def open_objections(
    actor: Actor, *, grid_code: str | None, page: Page, columns: Sequence[str]
) -> Slice:
    """Objections that wait for a decision where the actor decides, the oldest first."""
    require(actor, Permission.DECLARATIONS_DECIDE)
    rows = ResidenceObjection.filter(
        in_scope(actor, Permission.DECLARATIONS_DECIDE, "declaration__place__"),
        state=ObjectionState.OPEN,
    )
    if grid_code is not None:
        grid = await grid_by_code(grid_code, field="gridCode")
        rows = rows.filter(within(grid["path"], "declaration__place__"))
    return await take(rows, _OBJECTIONS, page, columns)


async def objection_by_id(actor: Actor, objection_id: UUID) -> dict[str, Any] | None:
    """One objection where the actor decides, whatever its state."""
    scope = in_scope(actor, Permission.DECLARATIONS_DECIDE, "declaration__place__")
    rows = await ResidenceObjection.filter(scope, id=objection_id).values(*OBJECTION_COLUMNS)
    return dict(rows[0]) if rows else None


async def steps_of(declaration_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The history of declarations, oldest step first, words in clear: one query for all."""
    answer: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = (
        await DeclarationStep.filter(declaration_id__in=list(declaration_ids))
        .order_by("declaration_id", "number")
        .values("id", "declaration_id", "number", "at", "by_kind", "account_id", "action", "words")
    )
    for row in rows:
        if row["words"] is not None:
            row["words"] = ring().decrypt(
                row["words"], table="declaration_step", column="words", row=row["id"]
            )
        answer[row["declaration_id"]].append(dict(row))
    return answer


async def papers_of(declaration_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Pictures by the step that they came with: one query for all."""
    answer: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = (
        await DeclarationPhoto.filter(declaration_id__in=list(declaration_ids))
        .order_by("declaration_id", "position")
        .values("step_id", *(f"photo__{name}" for name in PHOTO_COLUMNS))
    )
    for row in rows:
        answer[row["step_id"]].append(dict(row))
    return answer


async def objections_of(declaration_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The newest objection to each declaration: one query for all."""
    rows = (
        await ResidenceObjection.filter(declaration_id__in=list(declaration_ids))
        .order_by("id")
        .values(*OBJECTION_COLUMNS)
    )
    return {row["declaration_id"]: dict(row) for row in rows}


OBJECTION_COLUMNS: Final = (
    "id",
    "declaration_id",
    "account_id",
    "words",
    "state",
    "reason",
    "created_at",
    "decided_at",
)
