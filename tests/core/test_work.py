"""The unit of work: one transaction, joined by use cases within, with its audit entries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from core.audit import AuditEntry
from core.database import fetch
from core.errors import Conflict
from core.models import RequestClaim
from core.work import Work, after_commit, current, unless_taken, work

SEVEN = UUID(int=7)


@dataclass(frozen=True)
class Somebody:
    kind: str = "ACCOUNT"
    id: UUID | None = SEVEN


OTHER = Somebody("STAFF", UUID(int=8))


async def row() -> None:
    await RequestClaim.create(
        actor_id=uuid4(), request_id=uuid4(), mutation="doIt", payload_hash=b""
    )


async def actions() -> list[str]:
    return [entry.action for entry in await AuditEntry.all().order_by("chain", "seq")]


async def test_rows_and_entries_are_committed_together(committed_db: None) -> None:
    subject, request = uuid4(), uuid4()
    async with work(Somebody(), request_id=request) as unit:
        await row()
        unit.note("doIt", "THING", subject, reason="because", count=2)
        assert await actions() == [], "entries are written at the end"
    entry = await AuditEntry.get()
    assert (entry.actor_kind, entry.actor_id) == ("ACCOUNT", UUID(int=7))
    assert (entry.action, entry.subject_kind, entry.subject_id) == ("doIt", "THING", subject)
    assert (entry.request_id, entry.reason, entry.details) == (request, "because", {"count": 2})
    assert await RequestClaim.all().count() == 1


async def test_a_failure_leaves_neither_rows_nor_entries(committed_db: None) -> None:
    async def fail() -> None:
        async with work(Somebody()) as unit:
            await row()
            unit.note("doIt", "THING", None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await RequestClaim.all().count() == 0
    assert await actions() == []


async def test_a_use_case_within_joins_the_running_unit(committed_db: None) -> None:
    async with work(Somebody()) as outer:
        outer.note("first", "THING", None)
        async with work(OTHER) as inner:
            assert inner is outer
            inner.note("second", "THING", None)
            await row()
        assert await actions() == [], "the end of the inner one is not the end"
        outer.note("third", "THING", None)
    assert await actions() == ["first", "second", "third"]
    assert {entry.actor_id for entry in await AuditEntry.all()} == {UUID(int=7)}


async def test_a_failure_after_a_joined_use_case_takes_its_rows_back(committed_db: None) -> None:
    async def fail() -> None:
        async with work(Somebody()):
            async with work(OTHER) as inner:
                await row()
                inner.note("doIt", "THING", None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await RequestClaim.all().count() == 0
    assert await actions() == []


async def test_what_can_t_be_noted_is_refused_where_it_is_said(db: None) -> None:
    async with work(Somebody()) as unit:
        with pytest.raises(ValueError, match="phone"):
            unit.note("doIt", "THING", None, phone="13800000000")


def test_there_is_no_unit_outside_of_one() -> None:
    with pytest.raises(RuntimeError, match="unit of work"):
        current()


async def test_what_a_constraint_refuses_is_the_refusal_given_and_the_rest_stays(
    committed_db: None,
) -> None:
    twice = {"actor_id": uuid4(), "request_id": uuid4(), "mutation": "doIt", "payload_hash": b""}
    taken = Conflict(reason="TAKEN", zh="已有", en="There is one")

    async def again() -> None:
        async with unless_taken(taken):
            await row()
            await RequestClaim.create(**twice)

    async with work(Somebody()):
        await RequestClaim.create(**twice)
        with pytest.raises(Conflict) as refused:
            await again()
        assert refused.value is taken
        async with unless_taken(taken):
            await row()
    assert await RequestClaim.all().count() == 2


async def test_the_unit_ends_with_its_block(db: None) -> None:
    async with work(Somebody()) as unit:
        assert current() is unit
    with pytest.raises(RuntimeError):
        current()


async def test_units_of_two_tasks_know_nothing_of_each_other(committed_db: None) -> None:
    both = asyncio.Barrier(2)

    async def one(who: Somebody) -> tuple[Work, int]:
        async with work(who) as unit:
            await both.wait()
            assert current() is unit
            (answer,) = await fetch("SELECT pg_current_xact_id()::text::bigint AS id")
            return unit, answer["id"]

    (first, one_id), (second, other_id) = await asyncio.gather(one(Somebody()), one(OTHER))
    assert first is not second
    assert one_id != other_id


async def test_a_hundred_units_at_once_chain_every_entry(committed_db: None) -> None:
    async def one(number: int) -> None:
        async with work(Somebody(id=UUID(int=number))) as unit:
            unit.note("doIt", "THING", None)
            unit.note("doMore", "THING", None)

    await asyncio.gather(*(one(number) for number in range(100)))
    assert await AuditEntry.all().count() == 200


async def test_who_waits_for_the_commit_hears_of_it_once_and_only_then(db: None) -> None:
    heard: list[str] = []
    async with work(Somebody()):
        async with work(Somebody()):
            after_commit(lambda: heard.append("committed"))
        assert heard == []
    assert heard == ["committed"]
    after_commit(lambda: heard.append("at once"))
    assert heard == ["committed", "at once"]


async def test_who_waits_for_a_commit_that_never_comes_hears_nothing(db: None) -> None:
    heard: list[str] = []

    async def failing() -> None:
        async with work(Somebody()):
            after_commit(lambda: heard.append("committed"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert heard == []
