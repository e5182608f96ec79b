"""What hangs on places, read for many at once: nothing of one place turns up at another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest

from core.ids import uuid7
from management.models import LeaseFiling, Organisation, Place, Plate
from management.reading import (
    blocks_of_places,
    claims_of_places,
    lease_filings_of_places,
    organisations,
    plates_of_places,
    rooms_of_places,
)
from tests import factories


@asynccontextmanager
async def queries(monkeypatch: pytest.MonkeyPatch, most: int) -> AsyncIterator[None]:
    """However many places are asked for, so many queries are enough."""
    asked: list[str] = []
    client = type(Place._meta.db)
    execute = client.execute_query_dict

    async def count(self: Any, sql: str, values: Any = None) -> Any:
        asked.append(sql)
        return await execute(self, sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(client, "execute_query_dict", count)
        yield
    assert len(asked) <= most, asked


@pytest.fixture
async def places(town: None) -> list[Place]:
    """Three places with one of each thing and a second of most; a fourth with nothing."""
    made = [await factories.place() for _ in range(4)]
    for index, place in enumerate(made[:3]):
        second = await factories.room(place, "302")
        first = await factories.room(place, "301")
        await factories.plate(place)
        await factories.plate(place, first)
        who = await factories.account(f"测试房东{index}")
        await factories.claim(who, place)
        await factories.claim(await factories.account(), place, state="PENDING")
        await factories.block(place, reason=f"原因{index}")
        for number, on in (("A", date(2024, 1, 1)), ("B", date(2025, 1, 1))):
            await LeaseFiling.create(
                place_id=place.id, room_id=second.id, number=f"{number}{index}", filed_on=on
            )
    return made


async def test_each_place_gets_its_own(
    places: list[Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [place.id for place in places]
    async with queries(monkeypatch, most=5):
        rooms = await rooms_of_places(ids, ["number"])
        leases = await lease_filings_of_places(ids)
        plates = await plates_of_places(ids)
        claims = await claims_of_places(ids)
        blocks = await blocks_of_places(ids)
    for index, place in enumerate(places[:3]):
        assert [row["number"] for row in rooms[place.id]] == ["301", "302"]
        assert [(row["number"], row["room_number"]) for row in leases[place.id]] == [
            (f"B{index}", "302"),
            (f"A{index}", "302"),
        ]
        assert [row["room_number"] for row in plates[place.id]] == [None, "301"]
        assert [row["display_name"] for row in claims[place.id]] == [f"测试房东{index}"]
        assert [row["reason"] for row in blocks[place.id]] == [f"原因{index}"]
    for answer in (rooms, leases, plates, claims, blocks):
        assert answer[places[3].id] == []


async def test_active_plates_come_first(places: list[Place]) -> None:
    place = places[0]
    await Plate.filter(place_id=place.id).delete()
    new = await factories.plate(place)
    old = await factories.plate(place, successor=new)
    rows = (await plates_of_places([place.id]))[place.id]
    assert [(row["id"], row["successor_token"]) for row in rows] == [
        (new.id, None),
        (old.id, new.token),
    ]


async def test_organisations_by_id(db: None) -> None:
    made = await Organisation.create(credit_code="91350100M000100Y43", name="测试有限公司")
    found = await organisations([made.id, uuid7()])
    assert {key: row["name"] for key, row in found.items()} == {made.id: "测试有限公司"}


async def test_nothing_asked_nothing_answered(db: None) -> None:
    assert await organisations([]) == {}
    for read in (lease_filings_of_places, plates_of_places, claims_of_places, blocks_of_places):
        assert await read([]) == {}
    assert await rooms_of_places([], ["number"]) == {}
