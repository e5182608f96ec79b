"""达标: what a place must meet before its rooms are let; every missing point is named."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import StandardNotMet
from identity.models import Account
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing
from landlord.standard import missing_points
from management.models import ClaimState, Lifecycle, Place, PlaceBlockKind
from management.rules import rules
from tests import factories
from tests.management.support import refused, signed_in

Draft = tuple[Account, Place, Listing]


async def draft(*, claim: ClaimState | None = ClaimState.VERIFIED, **values: Any) -> Draft:
    """A draft of a room in a house, of somebody who claims to run it."""
    place, landlord = await factories.place(**values), await factories.account()
    if claim is not None:
        await factories.claim(landlord, place, state=claim)
    room = await factories.room(place)
    return landlord, place, await factories.listing(room, landlord, state=ListingState.DRAFT)


async def refusal(of: Draft) -> StandardNotMet:
    landlord, _, listing = of
    error = await refused(
        StandardNotMet, publish_listing(signed_in(landlord), listing_id=listing.id)
    )
    assert isinstance(error, StandardNotMet)
    return error


async def test_a_filed_complete_claimed_free_house_meets_it(town: None) -> None:
    landlord, place, listing = await draft(completeness=90)
    assert await missing_points(place, landlord.id) == []
    published = await publish_listing(signed_in(landlord), listing_id=listing.id)
    assert published.state is ListingState.PUBLISHED


@pytest.mark.parametrize("lifecycle", sorted(set(Lifecycle) - {Lifecycle.ACTIVE}))
async def test_it_is_filed_and_in_use(town: None, lifecycle: Lifecycle) -> None:
    error = await refusal(await draft(lifecycle=lifecycle))
    assert error.params["missing"] == ["NOT_FILED"]
    assert error.params["fields"] == []


@pytest.mark.parametrize("percent", [0, 89])
async def test_its_file_is_complete_enough_and_empty_fields_are_named(
    town: None, percent: int
) -> None:
    error = await refusal(await draft(completeness=percent, missing=["exits", "wiring_year"]))
    assert error.params["missing"] == ["COMPLETENESS"]
    assert error.params["fields"] == ["exits", "wiring_year"]


@pytest.mark.parametrize("claim", [None, *sorted(set(ClaimState) - {ClaimState.VERIFIED})])
async def test_who_lets_it_is_known_to_run_it(town: None, claim: ClaimState | None) -> None:
    error = await refusal(await draft(claim=claim))
    assert error.params["missing"] == ["CLAIM"]


async def test_that_somebody_else_runs_it_is_not_enough(town: None) -> None:
    of = await draft(claim=None)
    await factories.claim(await factories.account(), of[1])
    assert (await refusal(of)).params["missing"] == ["CLAIM"]


@pytest.mark.parametrize("kind", PlaceBlockKind)
async def test_no_block_is_in_force(town: None, kind: PlaceBlockKind) -> None:
    of = await draft()
    await factories.block(of[1], kind=kind)
    await factories.block(of[1], kind=kind)
    error = await refusal(of)
    assert error.params["missing"] == [f"BLOCKED_{kind.value}"]


async def test_a_refusal_names_every_missing_point_at_once(town: None) -> None:
    of = await draft(claim=None, completeness=10, missing=["exits"], lifecycle=Lifecycle.PLANNED)
    for kind in PlaceBlockKind:
        await factories.block(of[1], kind=kind)
    error = await refusal(of)
    points = [
        "NOT_FILED",
        "COMPLETENESS",
        "CLAIM",
        *(f"BLOCKED_{kind.value}" for kind in PlaceBlockKind),
    ]
    assert error.params["missing"] == points
    assert error.params["fields"] == ["exits"]
    for words in (error.message("zh-CN"), error.message("en")):
        assert words.count("；") + words.count("; ") == len(points) - 1


async def test_the_threshold_is_a_setting(town: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lower = rules().model_copy(update={"standard_completeness": 60})
    monkeypatch.setattr("landlord.standard.rules", lambda: lower)
    landlord, place, _ = await draft(completeness=60)
    assert await missing_points(place, landlord.id) == []
