"""People follow places: by the plate they stand before, a few, seen by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core import redis
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from core.ids import uuid7
from identity.actor import anonymous
from management.models import PlateState
from management.rules import rules
from notifications.models import FollowedPlace
from notifications.notices.following import follow_place, followed_places, unfollow_place
from tests import factories
from tests.notifications.notices_support import as_account, landlord, sender


@pytest.fixture
async def _counted() -> Any:
    async with redis.connected(None):
        yield


async def test_a_place_is_followed_by_its_plate_and_again_with_another_radius(db: None) -> None:
    await factories.town()
    house = await factories.place()
    plate = await factories.plate(house)
    me = as_account(await factories.account())
    await follow_place(me, plate_token=plate.token, radius=300)
    await follow_place(me, plate_token=plate.token, radius=0)
    (row,) = await followed_places(me)
    assert (row["place_id"], row["radius"]) == (house.id, 0)
    assert await followed_places(as_account(await factories.account())) == []
    await unfollow_place(me, place_id=house.id)
    assert await followed_places(me) == []
    with pytest.raises(NotFound):
        await unfollow_place(me, place_id=house.id)


async def test_by_its_id_only_who_runs_a_place_follows_it(db: None) -> None:
    await factories.town()
    house = await factories.place()
    owner = as_account(await landlord(house))
    await follow_place(owner, place_id=house.id, radius=100)
    with pytest.raises(NotFound):
        await follow_place(as_account(await factories.account()), place_id=house.id, radius=100)
    with pytest.raises(NotFound):
        await follow_place(owner, place_id=uuid7(), radius=100)
    assert await FollowedPlace.all().count() == 1


@pytest.mark.usefixtures("_counted")
async def test_refusals_leave_nothing_behind(db: None) -> None:
    await factories.town()
    house = await factories.place()
    token = (await factories.plate(house)).token
    old = await factories.plate(house, state=PlateState.REVOKED)
    me = as_account(await factories.account())
    for given, refusal in (
        ({"plate_token": token, "radius": -1}, InvalidInput),
        ({"plate_token": token, "radius": 2001}, InvalidInput),
        ({"radius": 100}, InvalidInput),
        ({"plate_token": token, "place_id": house.id, "radius": 1}, InvalidInput),
        ({"plate_token": old.token, "radius": 100}, NotFound),
        ({"plate_token": "n0such0token", "radius": 100}, NotFound),
    ):
        with pytest.raises(refusal):
            await follow_place(me, **given)  # type: ignore[arg-type]
    for who, refusal in ((anonymous(), Unauthenticated), (await sender(), NotFound)):
        with pytest.raises(refusal):
            await follow_place(who, plate_token=token, radius=100)
        with pytest.raises(refusal):
            await unfollow_place(who, place_id=house.id)
    assert await FollowedPlace.all().count() == 0
    assert await fetch("SELECT FROM audit_entry WHERE action LIKE '%ollowPlace'") == []


async def test_of_two_at_once_one_takes_the_last_of_the_places(committed_db: None) -> None:
    await factories.town()
    account = await factories.account()
    most = rules().followed_places
    houses = [await factories.place() for _ in range(most + 1)]
    plates = [await factories.plate(house) for house in houses]
    for house in houses[: most - 1]:
        await FollowedPlace.create(account_id=account.id, place_id=house.id, radius=0)
    answers = await asyncio.gather(
        *(
            follow_place(as_account(account), plate_token=plate.token, radius=0)
            for plate in plates[most - 1 :]
        ),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers].count(Conflict) == 1
    assert await FollowedPlace.filter(account_id=account.id).count() == most
