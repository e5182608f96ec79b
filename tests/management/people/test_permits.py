"""The way to a residence permit: which days count, and who is reminded of the endorsement."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SHANGHAI, today
from core.errors import InvalidInput, NotFound, Unauthenticated
from management.models import Person, Residence, ResidenceCheck, ResidenceEnd
from management.people.permits import (
    count_days,
    permit_count,
    remind_of_endorsements,
    set_permit_endorsement,
)
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import VISITOR, refused, signed_in, staff

ON = date(2026, 7, 1)


def day(back: int) -> date:
    return ON - timedelta(days=back)


def count(*spells: tuple[date, date | None], gap: int = 30) -> tuple[int, date | None]:
    return count_days(spells, on=ON, gap=gap, needed=183)


def test_half_a_year_is_183_days_and_today_counts() -> None:
    assert count((day(182), None)) == (183, ON)
    assert count((day(181), None)) == (182, ON + timedelta(days=1))
    assert count((ON, None)) == (1, ON + timedelta(days=182))


def test_who_has_enough_is_told_since_when() -> None:
    assert count((day(300), None)) == (301, day(300 - 182))


@pytest.mark.parametrize(("gap", "days"), [(0, 101), (30, 101), (31, 51)])
def test_a_gap_up_to_thirty_days_does_not_begin_anew(gap: int, days: int) -> None:
    earlier = (day(50 + gap + 50), day(50 + gap))
    assert count(earlier, (day(50), None))[0] == days


def test_days_of_two_rooms_at_once_count_once() -> None:
    assert count((day(100), day(40)), (day(60), None))[0] == 101


def test_nobody_registered_for_long_has_no_days() -> None:
    assert count() == (0, None)
    assert count((day(400), day(31))) == (0, None)
    assert count((ON + timedelta(days=3), None)) == (0, None)


def test_who_has_just_moved_out_keeps_the_days_but_no_date() -> None:
    assert count((day(100), day(10))) == (90, None)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 200)), max_size=6),
    st.integers(0, 60),
)
def test_days_are_those_of_the_last_run_of_registered_days(
    spells: list[tuple[int, int]], gap: int
) -> None:
    given_spells = [(day(back), day(back) + timedelta(days=long)) for back, long in spells]
    registered = {
        start + timedelta(days=number)
        for start, end in given_spells
        for number in range((end - start).days)
        if start + timedelta(days=number) <= ON
    }
    expected, hole = 0, 0
    for back in range(800):
        if day(back) in registered:
            expected, hole = expected + 1, 0
        else:
            hole += 1
            if hole > gap:
                break
    assert count_days(given_spells, on=ON, gap=gap, needed=183)[0] == expected


async def lives(
    person: Person, *, since: int, registered: int | None = None, **values: Any
) -> None:
    room = await factories.room(await factories.place())
    row = await factories.residence(
        person, room, starts_on=today() - timedelta(days=since), **values
    )
    back = today() - timedelta(days=since if registered is None else registered)
    await Residence.filter(id=row.id).update(
        created_at=datetime(back.year, back.month, back.day, 9, tzinfo=SHANGHAI)
    )


async def test_days_count_from_the_registration_not_from_before(town: None) -> None:
    person = await factories.person()
    await lives(person, since=400, registered=10)
    assert (await permit_count(person)).days == 11


async def test_what_is_doubted_or_was_not_true_does_not_count(town: None) -> None:
    person, other = await factories.person(), await factories.person()
    await lives(person, since=100, check_state=ResidenceCheck.DOUBTED)
    await lives(
        other, since=100, ends_on=today() - timedelta(days=1),
        end_reason=ResidenceEnd.OBJECTION_UPHELD,
    )  # fmt: skip
    assert (await permit_count(person)).days == 0
    assert (await permit_count(other)).days == 0


async def test_an_endorsement_is_remembered_and_reminded_of_once(town: None) -> None:
    account = await factories.account()
    person = await factories.person(account)
    actor = signed_in(account)
    await set_permit_endorsement(actor, endorse_by=today() + timedelta(days=31))
    await remind_of_endorsements()
    assert await Notification.all().count() == 0
    await set_permit_endorsement(actor, endorse_by=today() + timedelta(days=30))
    await remind_of_endorsements()
    await remind_of_endorsements()
    rows = await Notification.filter(topic=Topic.PERMIT_ENDORSEMENT)
    assert [(row.account_id, row.params["until"]) for row in rows] == [
        (account.id, (today() + timedelta(days=30)).isoformat())
    ]
    await set_permit_endorsement(actor, endorse_by=None)
    assert (await Person.get(id=person.id)).permit_endorse_by is None


async def test_a_day_that_can_not_be_is_refused(town: None) -> None:
    account = await factories.account()
    await factories.person(account)
    actor = signed_in(account)
    for wrong in (today() - timedelta(days=1), today() + timedelta(days=733), date.max):
        await refused(
            InvalidInput, set_permit_endorsement(actor, endorse_by=wrong), field="input.endorseBy"
        )


async def test_only_who_is_known_sets_an_endorsement(town: None) -> None:
    later = today() + timedelta(days=40)
    nobody = signed_in(await factories.account())
    await refused(NotFound, set_permit_endorsement(nobody, endorse_by=later))
    await refused(NotFound, set_permit_endorsement(staff(), endorse_by=later))
    await refused(Unauthenticated, set_permit_endorsement(VISITOR, endorse_by=later))
