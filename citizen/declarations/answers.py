"""The landlord is told of a tenant and answers; silence closes the question, nothing more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from citizen.declarations.access import access_declaration
from citizen.declarations.record import DENIED, hand_to_wardens, stepped
from citizen.events import TenantAnswered
from citizen.models import Declaration, DeclarationAction, Doubt, LandlordAnswer
from core.clock import now
from core.database import fetch
from core.errors import NotFound, WrongState
from core.events import emit
from core.jobs import periodic
from core.text import clean
from core.work import current, work
from identity.actor import Actor, ActorKind
from management.claims import runs
from management.models import Residence, ResidenceCheck, TaskKind
from management.rules import rules
from management.tasks.core import cancel_task_of

_BATCH: Final = 500


async def answer_tenant(
    actor: Actor, *, declaration_id: UUID, answer: LandlordAnswer, words: str = ""
) -> Declaration:
    """Say as who runs the house whether somebody lives there.

    A yes confirms the residence. A no leaves it in force, marks it as doubted, and sends a
    warden to look; its words are for them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or at a place that the actor does not run.
        InvalidInput: denied without a word why.
        WrongState: nobody asks any more.
    """
    denied = answer is LandlordAnswer.DENIED
    text = clean(words, field="input.words", longest=200, shortest=2 if denied else 0)
    async with work(actor) as unit:
        place, row = await access_declaration(actor, declaration_id=declaration_id)
        if (
            actor.kind is not ActorKind.ACCOUNT
            or row.account_id == actor.id
            or not await runs(actor.id, place.id)
        ):
            raise NotFound
        if not row.question_open:
            raise WrongState(
                reason="ANSWERED" if row.landlord_answer else "CLOSED",
                zh="已经答复过，或已不需要答复",
                en="It was answered, or nobody asks any more",
            )
        row.question_open = False
        row.landlord_answer, row.answered_by_id = answer, actor.id
        if denied:
            row.doubts = sorted({*row.doubts, Doubt.LANDLORD_DENIES.value})
            await hand_to_wardens(row, place, step=DENIED)
        await Residence.filter(id=row.residence_id, current=True).update(
            check_state=ResidenceCheck.DOUBTED if denied else ResidenceCheck.CONFIRMED
        )
        action = DeclarationAction.LANDLORD_DENY if denied else DeclarationAction.LANDLORD_CONFIRM
        await stepped(row, action, by=actor, words=text)
        unit.note("answerTenant", "DECLARATION", row.id, place=place.id, answer=answer.value)
        await emit(TenantAnswered(declaration_id=row.id, place_id=row.place_id))
    return row


@periodic("citizen.close_questions", cron="47 * * * *")
async def close_questions() -> None:
    """Each hour: questions that a landlord left for seven days are closed, each with its step."""
    before = now() - timedelta(days=rules().landlord_answer_days)
    while await fetch(_CLOSE, before, now(), _BATCH):
        pass


async def end_questions(residence_id: UUID) -> None:
    """Nobody needs to know any more: the residence is over, in a running unit of work."""
    by = current().who
    rows = await Declaration.filter(residence_id=residence_id).select_for_update().order_by("id")
    for row in rows:
        if row.question_open:
            row.question_open = False
            await stepped(row, DeclarationAction.QUESTION_CLOSED, by=by)
        await cancel_task_of(TaskKind.DECLARATION, row.id, by=by)


_CLOSE: Final = """
WITH late AS (
    SELECT id FROM declaration WHERE question_open AND asked_landlord_at < $1
    ORDER BY asked_landlord_at LIMIT $3 FOR UPDATE SKIP LOCKED
), closed AS (
    UPDATE declaration d SET question_open = FALSE, version = version + 1
    FROM late WHERE d.id = late.id RETURNING d.id, d.version
)
INSERT INTO declaration_step (id, declaration_id, number, at, by_kind, action)
SELECT gen_random_uuid(), id, version, $2, 'SYSTEM', 'QUESTION_CLOSED' FROM closed
RETURNING id
"""
