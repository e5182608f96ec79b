"""What is searched follows what it is made of: in the same transaction, and each night."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.database import execute, fetch
from core.keyset import Page
from core.work import work
from identity.actor import SYSTEM
from landlord.listings import create_listing, update_listing
from landlord.models import Facility, Listing, ListingState
from landlord.publishing import publish_listing, withdraw_listing
from landlord.search import ListingFilter, SafetyFact, list_listings
from landlord.search.projection import reconcile, reindex
from management.blocks import end_block
from management.models import PlaceBlock
from management.places import update_place
from management.rooms import update_room
from tests import factories
from tests.management.support import GRID, Role, code_of, signed_in, staff


async def found(text: str | None = None, **narrowed: Any) -> list[Any]:
    page = await list_listings(
        filter_by=ListingFilter(text=text, **narrowed), page=Page(100), columns=("id",)
    )
    return [row["id"] for row in page.rows]


async def an_offer(**values: Any) -> Listing:
    """A published listing, searched as it should be."""
    who, place = await factories.account(), await factories.place(gas_bottles=0)
    await factories.claim(who, place)
    offer = await factories.listing(await factories.room(place), who, **values)
    await reindex(listing_ids=[offer.id])
    return offer


async def indexed() -> int:
    return len(await fetch("SELECT 1 AS one FROM listing_search"))


async def test_what_is_published_is_found_and_what_is_withdrawn_is_not(town: None) -> None:
    who, place = await factories.account(), await factories.place()
    await factories.claim(who, place)
    actor, room = signed_in(who), await factories.room(place)
    listing = await create_listing(
        actor, room_id=room.id, values={"title": "云雀楼上", "rent": Decimal(700)}
    )
    assert await found("云雀") == []
    await publish_listing(actor, listing_id=listing.id)
    assert await found("云雀") == [listing.id]
    await withdraw_listing(actor, listing_id=listing.id)
    assert await found("云雀") == []
    assert await indexed() == 0


async def test_what_a_landlord_changes_is_found_at_once(town: None) -> None:
    offer = await an_offer()
    landlord = await offer.landlord
    await update_listing(
        signed_in(landlord),
        listing_id=offer.id,
        expected_version=offer.version,
        values={"title": "白鹭单间", "rent": Decimal(1234)},
    )
    assert await found("白鹭") == [offer.id]
    assert await found("采光") == []
    assert await found("白鹭", rent_from=Decimal(1234), rent_to=Decimal(1234)) == [offer.id]


async def test_what_changes_in_the_file_of_the_house_is_found_at_once(town: None) -> None:
    offer = await an_offer()
    assert await found("百灵苑") == []
    assert await found(safety=[SafetyFact.TWO_EXITS]) == [offer.id]
    place = await offer.place
    await update_place(
        staff(),
        place_id=place.id,
        expected_version=place.version,
        values={"name": "百灵苑", "exits": 1},
    )
    assert await found("百灵苑") == [offer.id]
    assert await found(safety=[SafetyFact.TWO_EXITS]) == []


async def test_what_changes_of_the_room_is_found_at_once(town: None) -> None:
    offer = await an_offer()
    assert await found(safety=[SafetyFact.ESCAPE_WINDOW]) == [offer.id]
    await update_room(staff(), room_id=offer.room_id, values={"escape_window": False})
    assert await found(safety=[SafetyFact.ESCAPE_WINDOW]) == []


@pytest.mark.parametrize("state", sorted(set(ListingState) - {ListingState.PUBLISHED}))
async def test_leaving_the_offer_takes_it_out_whoever_did_it(
    town: None, state: ListingState
) -> None:
    offer = await an_offer()
    assert await indexed() == 1
    before = "'PUBLISHED'" if state is ListingState.SUSPENDED else "NULL"
    await execute(
        f"UPDATE listing SET state = $2, state_before = {before} WHERE id = $1", offer.id, state
    )
    assert await indexed() == 0


async def test_the_end_of_a_block_brings_its_listings_back(town: None) -> None:
    offer = await an_offer()
    block = await factories.block(await offer.place)
    await execute(
        "UPDATE listing SET state = 'SUSPENDED', state_before = 'PUBLISHED' WHERE id = $1", offer.id
    )
    assert await found("单间") == []
    await end_block(staff(Role.SUPERVISOR), block_id=block.id)
    assert await PlaceBlock.filter(ends_at=None).count() == 0
    assert await found("单间") == [offer.id]


async def test_the_nightly_look_repairs_whatever_differs(town: None) -> None:
    right, changed, missing, moved = [
        await an_offer(facilities=[Facility.LIFT], title=f"{name}单间") for name in "甲乙丙丁"
    ]
    gone = await an_offer()
    assert await reconcile() == 0
    await execute("UPDATE listing SET title = '鹦鹉螺' WHERE id = $1", changed.id)
    await execute("UPDATE place SET exits = 1 WHERE id = $1", moved.place_id)
    await execute("DELETE FROM listing_search WHERE listing_id = $1", missing.id)
    await execute("ALTER TABLE listing DISABLE TRIGGER listing_search_leave")
    await execute("UPDATE listing SET state = 'WITHDRAWN' WHERE id = $1", gone.id)
    await execute("ALTER TABLE listing ENABLE TRIGGER listing_search_leave")
    assert await reconcile() == 4
    assert await reconcile() == 0
    assert await found("鹦鹉螺") == [changed.id]
    assert set(await found(facilities=[Facility.LIFT], safety=[SafetyFact.TWO_EXITS])) == {
        right.id,
        changed.id,
        missing.id,
    }


async def test_forty_listings_of_a_house_take_three_statements(
    town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, place = await factories.account(), await factories.place()
    for number in range(40):
        await factories.listing(await factories.room(place, str(number)), who)
    asked: list[str] = []
    real = type(Listing._meta.db).execute_query_dict

    async def count(self: Any, sql: str, values: Any = None) -> Any:
        asked.append(sql)
        return await real(self, sql, values)

    monkeypatch.setattr(type(Listing._meta.db), "execute_query_dict", count)
    async with work(SYSTEM):
        assert await reindex(place_id=place.id) == 40
    assert len(asked) == 3  # one to wait for others, one to read, one to write
    assert place.community_code == code_of(GRID)[:12]
