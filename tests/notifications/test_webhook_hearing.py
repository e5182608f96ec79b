"""Who hears of what by webhook: scope, grid, kind, and only while the app is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from core.clock import now
from core.database import fetch
from core.events import Event
from core.ids import global_id
from core.work import work
from identity.actor import SYSTEM, Permission
from identity.models import App
from landlord.events import ListingsPublished, ListingUpdated, ListingWithdrawn
from landlord.models import ListingState
from management.events import PlaceUpdated, RoomsUpdated, RoomUpdated
from management.models import Grid, Place
from notifications.models import WebhookEndpoint, WebhookMessage
from notifications.webhooks.endpoints import disable_webhook
from notifications.webhooks.kinds import KINDS, OF_EVENT, TEST, About
from notifications.webhooks.messages import tell_apps
from tests import factories
from tests.management.support import some_grids
from tests.notifications.webhook_support import (
    GRID,
    OTHER,
    endpoint_at,
    happens,
    make_app,
    the_message,
)
from tests.schema.counting import statements

URL = "https://hooks.example.test/in"


@pytest.fixture
async def place(db: None) -> Place:
    await some_grids()
    return await factories.place()


async def heard() -> list[tuple[str, dict[str, Any]]]:
    return [
        (message.kind, message.payload) for message in await WebhookMessage.all().order_by("id")
    ]


async def told(*events: Event) -> None:
    """Tell apps alone, all in one transaction."""
    async with work(SYSTEM):
        for event in events:
            await tell_apps(event)


# Who


async def test_an_app_hears_what_happens_in_its_grid(place: Place) -> None:
    made = await endpoint_at(URL)
    town = await endpoint_at(URL, app=await make_app(grid_path="441900122/"))
    await happens(PlaceUpdated(place_id=place.id))
    found = {message.endpoint_id for message in await WebhookMessage.all()}
    assert found == {made.endpoint.id, town.endpoint.id}
    rows = await fetch(
        "SELECT args, queue_name FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.deliver_webhook'"
    )
    assert {row["queue_name"] for row in rows} == {"apart"}
    assert sorted(orjson.loads(row["args"])["message_id"] for row in rows) == sorted(
        str(message.id) for message in await WebhookMessage.all()
    )


async def _elsewhere(app: App) -> None:
    await App.filter(id=app.id).update(grid_path=OTHER)


async def _without_scope(app: App) -> None:
    await App.filter(id=app.id).update(scopes=[Permission.ACTIVITY_READ.value])


async def _expired(app: App) -> None:
    await App.filter(id=app.id).update(expires_at=now() - timedelta(seconds=1))


async def _revoked(app: App) -> None:
    await App.filter(id=app.id).update(revoked_at=now())


async def _disabled(app: App) -> None:
    endpoint = await WebhookEndpoint.get(app_id=app.id)
    await disable_webhook(SYSTEM, webhook_id=endpoint.id)


async def _other_kinds(app: App) -> None:
    await WebhookEndpoint.filter(app_id=app.id).update(kinds=["place.filed"])


@pytest.mark.parametrize(
    "change", [_elsewhere, _without_scope, _expired, _revoked, _disabled, _other_kinds]
)
async def test_an_app_hears_nothing(place: Place, change: Callable[[App], Awaitable[None]]) -> None:
    app = await make_app()
    await endpoint_at(URL, app=app)
    await change(app)
    await happens(PlaceUpdated(place_id=place.id))
    assert await heard() == []


async def test_a_grid_whose_code_begins_alike_is_another(place: Place) -> None:
    await endpoint_at(URL, app=await make_app(grid_path=GRID.replace("-01/", "-0/")))
    await happens(PlaceUpdated(place_id=place.id))
    assert await heard() == []


async def test_what_is_taken_back_was_not_told(place: Place) -> None:
    await endpoint_at(URL)

    async def fail() -> None:
        async with work(SYSTEM):
            await tell_apps(PlaceUpdated(place_id=place.id))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await heard() == []


@pytest.mark.parametrize("others", [0, 3])
async def test_when_nobody_hears_it_costs_one_query_however_much_happens(
    place: Place, others: int
) -> None:
    for number in range(others):
        await endpoint_at(f"{URL}/{number}", "place.filed")
    async with statements() as seen:
        await told(*(PlaceUpdated(place_id=place.id) for _ in range(5)))
    assert len(seen) == 1


async def test_the_cost_does_not_grow_with_those_who_hear(place: Place) -> None:
    costs = []
    for number in range(2):
        await endpoint_at(f"{URL}/{number}")
        async with statements() as seen:
            await told(*(PlaceUpdated(place_id=place.id) for _ in range(3 * number + 1)))
        costs.append(len(seen))
    assert costs == [4, 4]  # who hears, where it is, messages, jobs


# What


async def test_rooms_that_change_at_once_are_one_message(place: Place) -> None:
    await endpoint_at(URL, "rooms.updated")
    rooms = [await factories.room(place, number) for number in ("101", "102")]
    await told(RoomUpdated(room_id=rooms[0].id, place_id=place.id))
    await told(RoomsUpdated(place_id=place.id, room_ids=tuple(room.id for room in rooms)))
    one, both = [data["roomIds"] for _, data in await heard()]
    assert one == [global_id("Room", rooms[0].id)]
    assert both == [global_id("Room", room.id) for room in rooms]


async def test_listings_of_a_house_are_one_message_however_they_are_told(place: Place) -> None:
    await endpoint_at(URL, "listing.published", "listing.withdrawn")
    landlord = await factories.account()
    offers = [
        await factories.listing(await factories.room(place, number), landlord)
        for number in ("101", "102")
    ]
    ids = [offer.id for offer in offers]
    await told(ListingsPublished(place_id=place.id, listing_ids=tuple(ids)))
    await told(*(ListingWithdrawn(listing_id=row, place_id=place.id) for row in ids))
    listings = [global_id("Listing", row) for row in sorted(ids)]
    assert [(kind, data["listingIds"]) for kind, data in await heard()] == [
        ("listing.published", listings),
        ("listing.withdrawn", listings),
    ]


async def test_drafts_are_nobodys_business(place: Place) -> None:
    await endpoint_at(URL, "listing.updated", "listing.withdrawn")
    room, landlord = await factories.room(place, "101"), await factories.account()
    draft = await factories.listing(
        room, landlord, state=ListingState.DRAFT, published_at=None, refreshed_at=None
    )
    await told(ListingUpdated(listing_id=draft.id, place_id=place.id))
    assert await heard() == []


async def test_every_kind_says_what_the_table_says(place: Place) -> None:
    room, landlord = await factories.room(place, "101"), await factories.account()
    rows = {
        "place_id": place.id,
        "room_id": room.id,
        "listing_id": (await factories.listing(room, landlord)).id,
        "plate_id": (await factories.plate(place, room)).id,
        "block_id": (await factories.block(place)).id,
        "grid_id": (await Grid.get(code=place.grid_code)).id,
    }
    types = {"room_id": "Room", "listing_id": "Listing", "plate_id": "IssuedPlate",
             "block_id": "PlaceBlock", "grid_id": "Grid", "place_id": "Place"}  # fmt: skip
    known = {global_id(types[name], row) for name, row in rows.items()}
    await endpoint_at(URL, *KINDS)
    for event, kind in OF_EVENT.items():
        await told(_some(event, rows))
        message = await the_message()
        await message.delete()
        assert message.kind == kind.name
        assert set(message.payload) == set(kind.keys)
        for key, value in message.payload.items():
            values = value if isinstance(value, list) else [value]
            codes = {"placeCode": {place.code}, "gridCode": {place.grid_code}}
            assert set(map(str, values)) <= codes.get(key, known), (kind.name, key)
        assert len(orjson.dumps(message.payload)) < 20_000


def _some(event: type[Event], rows: dict[str, UUID]) -> Event:
    """An event about these rows."""
    given: dict[str, Any] = {}
    for field in fields(event):
        name = field.name
        if name.endswith("_ids"):
            given[name] = (rows[name.removesuffix("s")],)
        else:
            given[name] = rows.get(name, rows["place_id"])
    return event(**given)


def test_kinds_are_named_as_the_standard_wants() -> None:
    for name in (*KINDS, TEST):
        assert all(part.isidentifier() and part.islower() for part in name.split("."))
        assert len(name) <= 40
    assert {kind.about for kind in KINDS.values()} == set(About)
