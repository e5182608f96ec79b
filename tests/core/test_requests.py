"""Repeats of a request: core/requests.py."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from core.clock import now
from core.database import execute, fetch
from core.errors import RequestIdReused
from core.jobs import blueprint
from core.requests import KEPT, forget_requests, once

SEVEN = UUID(int=7)


@dataclass(frozen=True)
class Somebody:
    kind: str = "ACCOUNT"
    id: UUID | None = SEVEN


class Doing:
    """A use case that counts how often it ran."""

    def __init__(self) -> None:
        self.results: list[UUID] = []

    async def act(self) -> UUID:
        self.results.append(uuid4())
        return self.results[-1]

    async def once(self, who: Somebody, request_id: UUID, payload: object = "same") -> UUID:
        return await once(
            who,
            request_id=request_id,
            mutation="doIt",
            payload=payload,
            act=self.act,
        )


async def test_repeat_answers_the_first_result(db: None) -> None:
    doing, request_id = Doing(), uuid4()
    first = await doing.once(Somebody(), request_id)
    assert await doing.once(Somebody(), request_id) == first
    assert doing.results == [first]


async def test_another_payload_is_refused(db: None) -> None:
    doing, request_id = Doing(), uuid4()
    await doing.once(Somebody(), request_id)
    with pytest.raises(RequestIdReused):
        await doing.once(Somebody(), request_id, payload="other")
    assert len(doing.results) == 1


async def test_each_actor_has_request_ids_of_their_own(db: None) -> None:
    doing, request_id = Doing(), uuid4()
    await doing.once(Somebody(), request_id)
    await doing.once(Somebody(id=UUID(int=8)), request_id)
    assert len(doing.results) == 2


async def test_the_anonymous_are_keyed_by_the_request_alone(db: None) -> None:
    doing, request_id = Doing(), uuid4()
    first = await doing.once(Somebody("ANONYMOUS", None), request_id)
    assert await doing.once(Somebody("ANONYMOUS", None), request_id) == first


async def test_a_refused_request_may_be_sent_again(db: None) -> None:
    doing, request_id = Doing(), uuid4()

    async def refuse() -> UUID:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        async with in_transaction():
            await once(
                Somebody(),
                request_id=request_id,
                mutation="doIt",
                payload="same",
                act=refuse,
            )
    await doing.once(Somebody(), request_id)
    assert len(doing.results) == 1


async def test_twenty_at_once_do_the_work_once(committed_db: None) -> None:
    doing, request_id = Doing(), uuid4()
    answers = await asyncio.gather(*(doing.once(Somebody(), request_id) for _ in range(20)))
    assert len(set(answers)) == len(doing.results) == 1


async def test_the_claim_holds_no_payload(db: None) -> None:
    await Doing().once(Somebody(), uuid4(), payload={"phone": "13800138000"})
    (row,) = await fetch("SELECT * FROM request_claim")
    assert "13800138000" not in str(row)


async def test_claims_are_kept_for_thirty_days(db: None) -> None:
    doing, old, young = Doing(), uuid4(), uuid4()
    for request_id, age in (
        (old, KEPT + timedelta(minutes=1)),
        (young, KEPT - timedelta(minutes=1)),
    ):
        await doing.once(Somebody(), request_id)
        await execute(
            "UPDATE request_claim SET created_at = $2 WHERE request_id = $1",
            request_id,
            now() - age,
        )
    await forget_requests()
    assert [row["request_id"] for row in await fetch("SELECT * FROM request_claim")] == [young]
    await doing.once(Somebody(), young)
    assert len(doing.results) == 2, "a repeat within the time is still recognised"
    await doing.once(Somebody(), old)
    assert len(doing.results) == 3


async def test_the_clock_forgets_claims_each_night() -> None:
    assert ("core.forget_requests", "core.forget_requests") in (
        blueprint.periodic_registry.periodic_tasks
    )
