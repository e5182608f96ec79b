"""The picture of a place: uploaded for places, by who changes its file or by who runs it."""

from __future__ import annotations

from typing import Any

import pytest

from media.models import Photo, Purpose
from schema.ids import global_id
from tests.schema.support import World, data_of, new_id, refusal_of

UPDATE = "mutation($input: UpdatePlaceInput!) { updatePlace(input: $input) { place { version } } }"
SHOWN = "query($token: String!) { plate(token: $token) { place { photo { id alt } } } }"


async def picture(purpose: Purpose = Purpose.PLACE, **owner: Any) -> str:
    made = await Photo.create(purpose=purpose, width=720, height=540, alt_zh="大门", **owner)
    return global_id("Photo", made.id)


def given(world: World, photo_id: str | None, version: int = 1) -> dict[str, Any]:
    place = world.tenants[0].ids["place"]
    return {
        "input": {
            "requestId": new_id(), "placeId": place, "expectedVersion": version,
            "photoId": photo_id,
        }
    }  # fmt: skip


async def shown(world: World) -> Any:
    token = world.tenants[0].ids["token"]
    answer = await data_of(SHOWN, world.actors["anonymous"], {"token": token})
    return answer["plate"]["place"]["photo"]


@pytest.mark.parametrize("whose", ["warden 1", "landlord A"])
async def test_a_warden_shows_a_picture_and_takes_it_away(world: World, whose: str) -> None:
    column = "staff_id" if whose == "warden 1" else "owner_id"
    photo = await picture(**{column: world.actors[whose].id})
    warden = world.actors["warden 1"]
    await data_of(UPDATE, warden, given(world, photo))
    assert await shown(world) == {"id": photo, "alt": "大门"}

    await data_of(UPDATE, warden, given(world, None, version=2))
    assert await shown(world) is None


async def test_pictures_of_others_and_for_other_things_are_not_found(world: World) -> None:
    actors = world.actors
    for photo in (
        await picture(staff_id=actors["warden 2"].id),
        await picture(owner_id=actors["landlord B"].id),
        await picture(owner_id=actors["resident"].id),
        await picture(),
        await picture(Purpose.LISTING, owner_id=actors["landlord A"].id),
        global_id("Photo", world.tenants[0].place.id),
    ):
        refused = await refusal_of(UPDATE, actors["warden 1"], given(world, photo))
        assert refused["extensions"] == {"code": "NOT_FOUND", "field": "input.photoId"}
    assert await shown(world) is None
