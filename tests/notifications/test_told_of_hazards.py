"""What who reported a hazard, who follows it, who runs the place and who lives there hear."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.clock import now
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from identity.models import Account
from management.hazards.accepting import accept_hazard, reject_hazard
from management.hazards.clocks import tend_hazards
from management.hazards.dispatching import Order, dispatch_hazard
from management.hazards.loop import move
from management.hazards.rechecking import fail_hazard, pass_hazard
from management.models import (
    DocumentKind,
    FollowReason,
    Hazard,
    HazardAction,
    HazardFollower,
    HazardState,
    ResidenceSource,
    Severity,
)
from management.people.documents import Document
from management.people.persons import find_or_add
from management.people.residences import begin_residence
from notifications.models import Notification
from notifications.topics import Topic
from tests.management.hazards.acting import brought_to, reported
from tests.management.support import GRID
from tests.notifications.newsworthy import World, ids, make_world, news, officer, params_of, told

pytestmark = pytest.mark.usefixtures("limits")

S = HazardState


@pytest.fixture
async def world(town: None) -> World:
    return await make_world()


async def hazard_at(
    world: World, state: HazardState = S.REPORTED, *, followed: bool = False, **values: object
) -> Hazard:
    """A hazard at the house that the seeker reported; what it told so far is forgotten."""
    reporter = await Account.get(id=world.seeker.id)
    if state is S.REPORTED:
        hazard = await reported(world.place, by=reporter, **values)  # type: ignore[arg-type]
    else:
        hazard = await brought_to(state, at=world.place, by=reporter, **values)
    if followed:
        await HazardFollower.create(
            hazard_id=hazard.id, account_id=world.follower.id, why=FollowReason.FOLLOWS
        )
    await Notification.all().delete()
    return hazard


async def of_hazards() -> dict[Topic, set[object]]:
    """Topic → who was told, of the topics of hazards."""
    return {topic: who for topic, who in (await told()).items() if topic.startswith("HAZARD_")}


async def test_who_reported_hears_whether_it_is_accepted(world: World) -> None:
    hazard = await hazard_at(world, followed=True)
    await accept_hazard(world.warden, hazard_id=hazard.id)
    assert await of_hazards() == {Topic.HAZARD_RECEIVED: ids(world.seeker)}
    other = await hazard_at(world)
    await reject_hazard(world.warden, hazard_id=other.id, reason="查无此事")
    assert await of_hazards() == {Topic.HAZARD_REJECTED: ids(world.seeker)}


async def test_who_runs_the_place_hears_what_to_do_and_nothing_of_who_reported(
    world: World,
) -> None:
    hazard = await hazard_at(world, S.ACCEPTED, followed=True)
    order = Order(staff_id=world.warden.id)
    await dispatch_hazard(world.supervisor, hazard_id=hazard.id, order=order)
    assert await of_hazards() == {
        Topic.HAZARD_PROGRESS: ids(world.seeker, world.follower),
        Topic.HAZARD_AT_YOUR_PLACE: ids(world.landlord),
        Topic.HAZARD_DOCUMENT: ids(world.landlord),
    }
    row = next(one for one in await news() if one.topic == Topic.HAZARD_AT_YOUR_PLACE)
    assert set(row.params) == {"place", "code", "at", "until"}


async def test_a_recheck_that_failed_is_the_landlords_work_again(world: World) -> None:
    hazard = await hazard_at(world, S.SUBMITTED, followed=True)
    await fail_hazard(world.warden, hazard_id=hazard.id, reason="仍然堵塞")
    assert await of_hazards() == {Topic.HAZARD_AT_YOUR_PLACE: ids(world.landlord)}


async def test_who_reported_is_asked_and_all_hear_of_the_end(world: World) -> None:
    hazard = await hazard_at(world, S.SUBMITTED, followed=True)
    await pass_hazard(world.warden, hazard_id=hazard.id)
    assert await of_hazards() == {Topic.HAZARD_ASK_FIXED: ids(world.seeker)}
    await Notification.all().delete()
    async with work(SYSTEM):
        await move(await Hazard.get(id=hazard.id), HazardAction.CLOSE_SILENT, by=SYSTEM)
    everybody = ids(world.seeker, world.follower, world.landlord)
    assert await of_hazards() == {Topic.HAZARD_CLOSED: everybody}


async def test_delay_is_told_to_the_post_above_and_then_to_the_town(world: World) -> None:
    hazard = await hazard_at(world)
    for hours, who in ((1, world.supervisor), (25, world.above)):
        await Notification.all().delete()
        await Hazard.filter(id=hazard.id).update(due_at=now() - timedelta(hours=hours))
        await tend_hazards()
        assert await of_hazards() == {Topic.HAZARD_ESCALATED: ids(who)}
    (params,) = await params_of(Topic.HAZARD_ESCALATED)
    assert params["state"] == "REPORTED"


async def lives_there(world: World, actor: Actor) -> None:
    async with work(SYSTEM):
        document = Document(kind=DocumentKind.PASSPORT, number="E00000001")
        known = await find_or_add(document, name="测试租客")
        known.person.account_id = actor.id
        await known.person.save(update_fields=["account_id"])
        await begin_residence(
            person=known.person,
            room=world.room,
            source=ResidenceSource.SELF,
            starts_on=date(2026, 1, 1),
        )


async def test_who_lives_in_the_building_is_warned_also_at_night(world: World) -> None:
    await lives_there(world, world.saver)
    hazard = await hazard_at(world, severity=Severity.URGENT)
    await accept_hazard(world.warden, hazard_id=hazard.id)
    heard = await of_hazards()
    assert heard[Topic.HAZARD_IN_YOUR_BUILDING] == ids(world.saver)
    row = await Notification.get(topic=Topic.HAZARD_IN_YOUR_BUILDING)
    assert row.emergency
    received = await Notification.get(topic=Topic.HAZARD_RECEIVED)
    assert not received.emergency


async def test_another_grids_officers_hear_nothing(world: World) -> None:
    second = await officer(Role.SUPERVISOR, GRID)
    hazard = await hazard_at(world, S.ACCEPTED)
    await Hazard.filter(id=hazard.id).update(due_at=now() - timedelta(hours=1))
    await tend_hazards()
    heard = await of_hazards()
    assert second.id not in heard[Topic.HAZARD_ESCALATED]
