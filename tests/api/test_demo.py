"""The demonstration: everybody it names can come in, everything it names can be tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.demo import demo
from api.seed import cast
from api.seed.filling import seed
from api.seed.pictures import Kind
from api.seed.progress import silent
from api.seed.sizes import SIZES
from citizen.scanning import PlateAction, actions_for, scan
from core import redis
from core.clock import now, today
from core.crypto import ring
from core.database import execute, fetch
from core.errors import StandardNotMet, Unauthenticated
from core.settings import settings
from identity import authentication
from identity.actor import SYSTEM, Actor, ActorKind, Permission, anonymous
from identity.apps import app_token, revoke_app
from identity.authentication import actor_from_token
from identity.models import Account, App
from identity.staff_sign_in import sign_in_staff
from landlord.listings import create_listing
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing
from management.access import visible_places
from management.hazards.accepting import accept_hazard
from management.hazards.dispatching import Order, dispatch_hazard
from management.hazards.rechecking import pass_hazard
from management.leases import record_lease
from management.models import Hazard, Place, PlaceClaim, PlateState
from management.places import close_place, update_place
from management.plates import issue_plates, revoke_plate
from management.posts import post_to_grid
from management.rooms import NewRoom, add_rooms, update_room
from media import storage
from schema.ids import row_id

ROLES = {
    "resident", "landlord", "warden", "supervisor", "department", "enforcement", "service_desk",
    "auditor", "admin", "app",
}  # fmt: skip
VISITOR = anonymous("a-test-address")


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures of these tests are: drawn once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(autouse=True)
def few_pictures(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings().model_copy(update={"media_dir": media})
    monkeypatch.setattr(storage, "settings", lambda: here)
    few = replace(SIZES["small"], pictures=dict.fromkeys(Kind, 1))
    monkeypatch.setitem(SIZES, "small", few)


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    """Limits of their own for every test."""
    async with redis.connected(None):
        yield


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing remembered from the test before."""
    authentication.forget()
    yield
    authentication.forget()


@pytest.fixture
async def town(committed_db: None, database_url: str) -> None:
    await seed("small", url=database_url, progress=silent)


async def shown() -> dict[str, Any]:
    found = await demo(settings())
    assert found is not None
    return found


async def actors(found: Mapping[str, Any]) -> dict[str, Actor]:
    return {
        person["role"]: await actor_from_token(person["accessToken"], address="a-test-address")
        for person in found["signIns"]
    }


async def test_there_is_none_in_production(town: None) -> None:
    assert await demo(settings().model_copy(update={"env": "production"})) is None
    assert not await fetch("SELECT id FROM session")


async def test_there_is_none_without_a_town(committed_db: None) -> None:
    assert await demo(settings()) is None


async def test_everybody_gets_a_token_that_is_good(town: None) -> None:
    found = await shown()
    people = await actors(found)
    assert [person["role"] for person in found["signIns"]] == list(people)
    assert set(people) == ROLES
    assert people["resident"].kind is people["landlord"].kind is ActorKind.ACCOUNT
    assert people["app"].kind is ActorKind.APP
    assert not any(actor.enrolling for actor in people.values())
    house = await Place.get(code=found["values"]["placeCode"])
    may = {
        role: {p for p in Permission if actor.may(p, house.grid_path)}
        for role, actor in people.items()
    }
    assert Permission.PLACES_WRITE in may["warden"]
    assert Permission.POSTS_MANAGE in may["supervisor"]
    assert Permission.PLACES_READ in may["department"]
    assert Permission.PLACES_BLOCK in may["enforcement"]
    assert Permission.LISTINGS_REVIEW in may["service_desk"]
    assert Permission.AUDIT_READ in may["auditor"]
    assert Permission.STAFF_MANAGE in may["admin"]
    assert may["app"] == set(cast.CLIENT_SCOPES)
    assert may["resident"] == may["landlord"] == set()


async def test_tokens_are_fresh_each_time_and_old_sessions_end(town: None) -> None:
    first, second = await shown(), await shown()
    one, other = (
        {person["accessToken"] for person in found["signIns"]} for found in (first, second)
    )
    assert not one & other
    assert set(await actors(first)) == ROLES, "whoever looks again does not end the others"
    await execute("UPDATE session SET created_at = $1", now() - timedelta(hours=2))
    third = await shown()
    assert set(await actors(third)) == ROLES
    with pytest.raises(Unauthenticated):
        await actor_from_token(second["signIns"][0]["accessToken"])
    open_sessions = await fetch("SELECT id FROM session WHERE ended_at IS NULL")
    assert len(open_sessions) == len(ROLES) - 1, "an app has none"


async def test_staff_sign_in_with_the_password_and_no_second_factor(town: None) -> None:
    found = await shown()
    for person in found["signIns"]:
        if "userName" in person:
            opened = await sign_in_staff(
                VISITOR, user_name=person["userName"], password=found["password"]
            )
            assert not opened.session.enrolling


async def test_phones_lead_to_the_accounts_of_the_seed(town: None) -> None:
    known = await Account.all().count()
    found = await shown()
    for person in found["signIns"]:
        if "phone" in person:
            index = ring().index(person["phone"], table="account", column="phone_index")
            assert await Account.exists(phone_index=index)
    assert await Account.all().count() == known


async def test_the_app_gets_a_token_with_its_secret(town: None) -> None:
    (app,) = [person for person in (await shown())["signIns"] if person["role"] == "app"]
    token = await app_token(VISITOR, client_id=app["clientId"], secret=app["clientSecret"])
    actor = await actor_from_token(token.access.text)
    assert await visible_places(actor).count() == SIZES["small"].all_places


async def test_three_plates_can_be_scanned(town: None) -> None:
    found = await shown()
    house, room, shop = [await scan(VISITOR, plate["token"]) for plate in found["plates"]]
    assert None not in (house, room, shop)
    assert (house.row["kind"], house.row["room_id"]) == ("RENTAL_HOUSE", None)
    assert room.row["place_id"] == house.row["place_id"]
    assert room.row["room_id"]
    assert shop.row["kind"] == "SMALL_SHOP"
    for plate in found["plates"]:
        assert plate["url"] == f"{found['url']}/q/{plate['token']}"
    people = await actors(found)
    assert PlateAction.MANAGE in await actions_for(people["landlord"], house)
    assert PlateAction.VIEW_FILE in await actions_for(people["warden"], house)
    assert await Listing.filter(room_id=room.row["room_id"], state="PUBLISHED").exists()


async def test_the_landlord_can_put_up_a_room_and_publish_the_draft(town: None) -> None:
    found = await shown()
    landlord, values = (await actors(found))["landlord"], found["values"]
    draft = await publish_listing(
        landlord, listing_id=row_id(values["draftListingId"], "Listing", field="")
    )
    assert draft.state is ListingState.PUBLISHED
    made = await create_listing(
        landlord,
        room_id=row_id(values["roomId"], "Room", field=""),
        values={"title": "样例单间", "rent": Decimal(700)},
    )
    assert (await publish_listing(landlord, listing_id=made.id)).state is ListingState.PUBLISHED
    listing = await Listing.get(id=row_id(values["listingId"], "Listing", field=""))
    assert listing.state is ListingState.PUBLISHED


async def test_another_house_of_the_landlord_does_not_meet_the_standard(town: None) -> None:
    landlord = (await actors(await shown()))["landlord"]
    houses = await PlaceClaim.filter(account_id=landlord.id, state="VERIFIED").count()
    assert houses >= 2
    draft = await Listing.filter(
        landlord_id=landlord.id, state="DRAFT", place__completeness__lt=90
    ).first()
    assert draft is not None
    with pytest.raises(StandardNotMet):
        await publish_listing(landlord, listing_id=draft.id)


async def test_staff_can_do_what_the_examples_do(town: None) -> None:
    found = await shown()
    people, values = await actors(found), found["values"]
    place_id = row_id(values["placeId"], "Place", field="")
    warden, supervisor = people["warden"], people["supervisor"]
    assert (await Place.get(id=place_id)).code == values["placeCode"]
    rooms = [NewRoom(number="901", floor=9), NewRoom(number="902", floor=9)]
    await add_rooms(warden, place_id=place_id, rooms=rooms)
    await record_lease(warden, place_id=place_id, number="示例租备 0001", filed_on=today())
    room_id = row_id(values["roomId"], "Room", field="")
    await update_room(warden, room_id=room_id, values={"rent": Decimal(820)})
    await update_place(warden, place_id=place_id, expected_version=1, values={"extinguishers": 6})
    await issue_plates(warden, place_id=place_id)
    post = await post_to_grid(
        supervisor,
        staff_id=row_id(values["staffId"], "StaffMember", field=""),
        grid_code=values["gridCode"],
    )
    assert post.grid_code == cast.GRID
    again = (await shown())["values"]
    assert again["placeId"] != values["placeId"], "the next one whose version is still 1"
    assert again["staffId"] != values["staffId"]
    revoked = await revoke_plate(
        supervisor, plate_id=row_id(again["plateId"], "IssuedPlate", field="")
    )
    assert revoked.state is PlateState.REVOKED
    spare = row_id((await shown())["values"]["placeId"], "Place", field="")
    await close_place(supervisor, place_id=spare, expected_version=1, demolished=False)
    assert (await shown())["values"]["plateToken"] == values["plateToken"], "nothing of it is lost"


async def test_hazards_go_on_as_the_examples_do(town: None) -> None:
    found = await shown()
    supervisor, values = (await actors(found))["supervisor"], found["values"]
    steps = {
        "newHazardId": lambda it: accept_hazard(supervisor, hazard_id=it, summary="楼梯口堆放杂物"),
        "submittedHazardId": lambda it: pass_hazard(supervisor, hazard_id=it, words="现场已清理"),
        "acceptedHazardId": lambda it: dispatch_hazard(
            supervisor, hazard_id=it, order=Order(department_code="FIRE", words="请尽快整改")
        ),
    }
    for name, step in steps.items():
        hazard_id = row_id(values[name], "Hazard", field="")
        before = (await Hazard.get(id=hazard_id)).version
        assert (await step(hazard_id)).version > before
        assert (await shown())["values"].get(name) != values[name], "it is another's turn"


async def test_what_is_gone_is_left_out(town: None) -> None:
    await execute("UPDATE listing SET state = 'WITHDRAWN' WHERE state = 'DRAFT'")
    landlord = ring().index(cast.LANDLORD_PHONE, table="account", column="phone_index")
    await execute("UPDATE account SET locked_at = now() WHERE phone_index <> $1", landlord)
    app = await App.get(client_id=cast.CLIENT_ID)
    await revoke_app(SYSTEM, app_id=app.id)
    found = await shown()
    assert {person["role"] for person in found["signIns"]} == ROLES - {"resident", "app"}
    assert "draftListingId" not in found["values"]
    assert "listingId" in found["values"]
