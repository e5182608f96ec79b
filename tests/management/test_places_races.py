"""Several at once on the same file or community."""

from __future__ import annotations

import pytest

from core.audit import AuditEntry
from core.errors import Conflict
from identity.actor import Role
from management.models import Place, PlaceKind
from management.places import close_place, file_place, update_place
from tests import factories
from tests.management.support import GRID, SIBLING, code_of, file_of, fresh, outcomes, staff

pytestmark = pytest.mark.usefixtures("committed_town")


async def test_places_filed_at_once_have_different_codes() -> None:
    supervisor = staff(Role.SUPERVISOR, "441900122/441900122002/")
    made = await outcomes(
        *(
            file_place(
                supervisor,
                kind=PlaceKind.RENTAL_HOUSE,
                values=file_of(),
                grid_code=code_of(GRID if index % 2 else SIBLING),
                credit_code="91350100M000100Y43",
                organisation_name="测试有限公司",
            )
            for index in range(16)
        )
    )
    assert sorted(place.code for place in made) == [f"122002-{n:05d}" for n in range(1, 17)]
    assert len({place.organisation_id for place in made}) == 1


async def test_of_those_who_change_the_same_version_one_wins() -> None:
    place, warden = await factories.place(), staff()
    answers = await outcomes(
        *(
            update_place(
                warden, place_id=place.id, expected_version=1, values={"name": f"名称{index}"}
            )
            for index in range(8)
        ),
        close_place(warden, place_id=place.id, expected_version=1, demolished=False),
    )
    (winner,) = [answer for answer in answers if isinstance(answer, Place)]
    assert all(isinstance(answer, Conflict | Place) for answer in answers)
    kept = await fresh(place)
    assert (kept.version, kept.name, kept.lifecycle) == (2, winner.name, winner.lifecycle)
    assert await AuditEntry.filter(subject_id=place.id).count() == 1
