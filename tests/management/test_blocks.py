"""Blocks: why a place may not be let now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now
from core.errors import NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from management.blocks import block_place, end_block, in_force, kinds_in_force
from management.models import PlaceBlock, PlaceBlockKind
from management.reading import blocks_of_places, place_of_block
from tests import factories
from tests.management.support import (
    HOSTILE,
    SIBLING,
    VISITOR,
    app,
    entries,
    jobs,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)

SUPERVISOR = staff(Role.SUPERVISOR)
HOUR = timedelta(hours=1)


async def test_a_block_is_in_force_until_it_is_lifted(town: None) -> None:
    place = await factories.place()
    block = await block_place(SUPERVISOR, place_id=place.id, reason=" 私拉电线 ")
    assert (block.reason, block.source, block.ends_at) == ("私拉电线", f"block:{block.id}", None)
    assert await kinds_in_force([place.id]) == {place.id: [PlaceBlockKind.STAFF_DECISION]}
    lifted = await end_block(SUPERVISOR, block_id=block.id)
    assert lifted.ends_at is not None
    assert await kinds_in_force([place.id]) == {}
    assert await place_of_block(block.id) == place.id
    ids = {"place_id": str(place.id), "block_id": str(block.id)}
    assert await jobs() == [("place_blocked", ids), ("place_unblocked", ids)]
    first, second = await entries(place.id)
    assert (first.action, first.actor_id, first.details) == (
        "blockPlace", SUPERVISOR.id, {"block": str(block.id), "kind": "STAFF_DECISION"},
    )  # fmt: skip
    assert (second.action, second.details) == ("endBlock", {"block": str(block.id)})


async def test_a_block_is_lifted_once(town: None) -> None:
    place = await factories.place()
    block = await block_place(SUPERVISOR, place_id=place.id, reason="私拉电线")
    await end_block(SUPERVISOR, block_id=block.id)
    await refused(WrongState, end_block(SUPERVISOR, block_id=block.id), reason="ENDED")


async def test_what_follows_from_something_names_it(town: None) -> None:
    place = await factories.place()
    for kind in PlaceBlockKind:
        block = await block_place(
            SUPERVISOR, place_id=place.id, kind=kind, source=f"test:{kind}", reason="测试原因"
        )
        assert (block.kind, block.source) == (kind, f"test:{kind}")
    assert await kinds_in_force([place.id]) == {place.id: list(PlaceBlockKind)}
    assert len((await blocks_of_places([place.id]))[place.id]) == len(PlaceBlockKind)


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [(-2, None, True), (-2, 1, True), (-2, -1, False), (1, None, False), (1, 2, False)],
)
async def test_a_block_holds_from_its_start_up_to_its_end(
    town: None, starts: int, ends: int | None, holds: bool
) -> None:
    place = await factories.place()
    await factories.block(
        place,
        starts_at=now() + starts * HOUR,
        ends_at=None if ends is None else now() + ends * HOUR,
    )
    assert bool(await kinds_in_force([place.id])) == holds
    assert bool(await PlaceBlock.filter(in_force())) == holds


async def test_a_clock_that_runs_ahead_elsewhere_changes_nothing(town: None) -> None:
    one, other = await factories.place(), await factories.place()
    ahead = now() + timedelta(seconds=2)
    await factories.block(one, starts_at=ahead)
    block = await factories.block(other, ends_at=ahead)
    assert await kinds_in_force([one.id, other.id]) == {one.id: [block.kind]}


async def test_blocks_of_other_places_are_not_mixed_in(town: None) -> None:
    one, other, free = [await factories.place() for _ in range(3)]
    await factories.block(one, kind=PlaceBlockKind.MEASURE)
    await factories.block(other, kind=PlaceBlockKind.URGENT_HAZARD)
    assert await kinds_in_force([one.id, free.id]) == {one.id: [PlaceBlockKind.MEASURE]}
    assert await kinds_in_force([]) == {}


@pytest.mark.parametrize("reason", ["", " ", "乱", *HOSTILE])
async def test_a_block_says_why(town: None, reason: str) -> None:
    place = await factories.place()
    await refused_input(block_place(SUPERVISOR, place_id=place.id, reason=reason), "input.reason")


async def test_blocks_are_for_who_may_block_there(town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    block = await factories.block(place)
    others: list[Actor] = [
        staff(Role.WARDEN), staff(Role.SUPERVISOR, SIBLING), staff(Role.SERVICE_DESK),
        app(Permission.PLACES_READ), signed_in(owner),
    ]  # fmt: skip
    for actor in others:
        there = await refused(NotFound, block_place(actor, place_id=place.id, reason="测试原因"))
        absent = await refused(NotFound, block_place(actor, place_id=uuid7(), reason="测试原因"))
        assert there.extensions() == absent.extensions()
        there = await refused(NotFound, end_block(actor, block_id=block.id))
        absent = await refused(NotFound, end_block(actor, block_id=uuid7()))
        assert there.extensions() == absent.extensions()
    for block_id in (block.id, uuid7()):
        await refused(Unauthenticated, end_block(VISITOR, block_id=block_id))
    for place_id in (place.id, uuid7()):
        await refused(Unauthenticated, block_place(VISITOR, place_id=place_id, reason="测试原因"))
    assert await end_block(staff(Role.ENFORCEMENT), block_id=block.id)


async def test_of_those_who_lift_a_block_at_once_one_does(committed_town: None) -> None:
    place = await factories.place()
    block = await block_place(SUPERVISOR, place_id=place.id, reason="测试原因")
    answers = await outcomes(
        *(end_block(SUPERVISOR, block_id=block.id) for _ in range(6)),
        *(block_place(SUPERVISOR, place_id=place.id, reason="测试原因") for _ in range(2)),
    )
    assert sum(isinstance(answer, WrongState) for answer in answers) == 5
    assert await PlaceBlock.filter(place_id=place.id, ends_at=None).count() == 2
    assert len(await entries(place.id)) == 4
