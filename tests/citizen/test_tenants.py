"""Landlords declare tenants in and out; the tenants hear of it and may object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from citizen.declarations.landlords import (
    Tenant,
    declare_tenant,
    declare_tenants,
    declare_tenants_for,
    declare_tenants_out,
    object_to_move_out,
)
from citizen.declarations.objections import object_to_residence
from citizen.declarations.tenant_lists import DutyFilter, list_duties, list_tenants
from citizen.models import Declaration, DeclarationState, DeclarationStep, Doubt, Relation
from core.clock import today
from core.crypto import reveal, ring, seal
from core.errors import Conflict, DomainError, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Page
from core.work import work
from identity.actor import SYSTEM, Actor, Role, anonymous
from identity.models import Account
from management.models import (
    ClaimRole,
    ClaimState,
    DutyState,
    Lifecycle,
    Person,
    Place,
    PlaceClaim,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    Room,
    RoomState,
    Task,
    TaskKind,
    TenantDuty,
)
from management.people.duties import begin_duties, block_for_tenant_duties
from management.rules import rules
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import (
    OTHER_GRID,
    employee,
    outcomes,
    signed_in,
    staff,
)

PHONE = "13900000001"
NUMBER = factories.document_number()
WRONG = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")


@dataclass
class House:
    """A house with a landlord and two rooms of three people each."""

    place: Place
    rooms: list[Room]
    landlord: Actor

    def tenant(self, room: int = 0, **values: Any) -> Tenant:
        defaults: dict[str, Any] = {"name": "样例租客", "number": factories.document_number()}
        return Tenant(room_id=self.rooms[room].id, **{**defaults, **values})

    async def living(self, room: int = 0) -> list[Residence]:
        return await Residence.filter(room_id=self.rooms[room].id, current=True)


@pytest.fixture
async def house(town: None) -> House:
    place = await factories.place(name="样例楼")
    rooms = [await factories.room(place, number) for number in ("301", "302")]
    landlord = await factories.account()
    await factories.claim(landlord, place, role=ClaimRole.OWNER)
    return House(place, rooms, signed_in(landlord))


async def with_phone(number: str = PHONE) -> Actor:
    account = Account(display_name="样例账号")
    seal(account, "phone", number)
    account.phone_index = ring().index(number, table="account", column="phone_index")
    await account.save(force_create=True)
    return signed_in(account)


async def counts() -> list[int]:
    kinds = (Declaration, DeclarationStep, Person, Residence, Task, Notification, TenantDuty)
    return [await kind.all().count() for kind in kinds]


async def refused(kind: type[DomainError], attempt: Any, reason: str | None = None) -> DomainError:
    """The refusal of an attempt that leaves nothing behind."""
    before = await counts()
    with pytest.raises(kind) as caught:
        await attempt
    assert await counts() == before
    assert caught.value.reason == reason
    assert caught.value.message("zh-CN")
    assert caught.value.message("en")
    return caught.value


# In


async def test_a_tenant_is_registered_at_once(house: House) -> None:
    until = today() + timedelta(days=365)
    row = await declare_tenant(
        house.landlord,
        tenant=house.tenant(phone=PHONE, signed_on=today(), lease_until=until),
    )
    assert (row.state, row.source, row.relation) == (
        DeclarationState.IN_FORCE, ResidenceSource.LANDLORD, Relation.TENANT,
    )  # fmt: skip
    (residence,) = await house.living()
    assert (row.residence_id, residence.person_id) == (residence.id, row.person_id)
    assert (await Room.get(id=house.rooms[0].id)).state is RoomState.LET
    assert (row.signed_on, row.lease_until) == (today(), until)
    assert not row.question_open
    person = await Person.get(id=row.person_id)
    assert (reveal(person, "name"), reveal(person, "phone")) == ("样例租客", PHONE)
    steps = await DeclarationStep.filter(declaration_id=row.id)
    assert [step.account_id for step in steps] == [house.landlord.id]


async def test_the_tenant_hears_of_it_at_their_phone_and_may_object(house: House) -> None:
    tenant = await with_phone()
    row = await declare_tenant(house.landlord, tenant=house.tenant(phone=PHONE))
    (news,) = await Notification.all()
    assert (news.topic, news.account_id, news.subject_id) == (
        Topic.DECLARED_BY_LANDLORD, tenant.id, row.id,
    )  # fmt: skip
    await object_to_residence(tenant, declaration_id=row.id, words="我不住这里")


async def test_who_lived_elsewhere_has_moved_on(house: House) -> None:
    first = await declare_tenant(house.landlord, tenant=house.tenant(number=NUMBER))
    await declare_tenant(house.landlord, tenant=house.tenant(1, number=NUMBER))
    assert first.residence_id is not None
    before = await Residence.get(id=first.residence_id)
    assert before.end_reason is ResidenceEnd.MOVED_ON
    assert len(await house.living(1)) == 1


async def test_the_same_again_confirms_it(house: House) -> None:
    number = factories.document_number()
    first = await declare_tenant(house.landlord, tenant=house.tenant(number=number))
    await Residence.all().update(confirmed_on=today() - timedelta(days=90))
    again = await declare_tenant(house.landlord, tenant=house.tenant(number=number))
    assert first.residence_id == again.residence_id
    (residence,) = await house.living()
    assert residence.confirmed_on == today()


async def test_many_are_registered_by_as_many_statements_as_few(house: House) -> None:
    tenants = [house.tenant(index % 2) for index in range(6)]
    made = await declare_tenants(house.landlord, tenants=tenants)
    assert [row.room_id for row in made] == [one.room_id for one in tenants]
    assert len({row.batch for row in made}) == 1
    assert len(await house.living(0)) == len(await house.living(1)) == 3


async def test_too_many_for_a_room_are_held_and_a_family_is_not(house: House) -> None:
    crowd = [house.tenant(0) for _ in range(4)]  # 18.5 m², 5 m² each
    made = await declare_tenants(house.landlord, tenants=crowd)
    assert {row.state for row in made} == {DeclarationState.HELD}
    assert {tuple(row.doubts) for row in made} == {(Doubt.OVER_CAPACITY.value,)}
    assert await Task.filter(kind=TaskKind.DECLARATION).count() == 4
    family = [house.tenant(1, household=True) for _ in range(4)]
    made = await declare_tenants(house.landlord, tenants=family)
    assert {row.state for row in made} == {DeclarationState.IN_FORCE}
    assert len({row.family for row in await house.living(1)}) == 1


async def test_another_name_is_held_and_tells_the_landlord_nothing(house: House) -> None:
    number = factories.document_number()
    await factories.person(name="张样例", number=number)
    row = await declare_tenant(house.landlord, tenant=house.tenant(number=number, name="李样例"))
    assert (row.state, row.doubts) == (DeclarationState.HELD, [Doubt.NAME_CONFLICT.value])
    assert reveal(row, "claimed_name") == "李样例"
    assert not await house.living()


async def test_a_child_alone_is_visited_and_registered(house: House) -> None:
    number = factories.document_number(born=today() - timedelta(days=14 * 365))
    row = await declare_tenant(house.landlord, tenant=house.tenant(number=number))
    assert (row.state, row.welfare) == (DeclarationState.IN_FORCE, True)
    assert await Task.filter(kind=TaskKind.WELFARE_VISIT, subject_id=row.id).exists()


async def test_whose_phone_is_known_keeps_it(house: House) -> None:
    number = factories.document_number()
    known = await factories.person(name="样例租客", number=number)
    await declare_tenant(house.landlord, tenant=house.tenant(number=number, phone=PHONE))
    assert (await Person.get(id=known.id)).phone is None  # a landlord leads nobody to it


# Refusals


async def test_only_who_runs_the_house_declares(house: House) -> None:
    stranger = signed_in(await factories.account("路人"))
    for who in (stranger, staff()):
        await refused(NotFound, declare_tenants(who, tenants=[house.tenant()]))
    nobody = declare_tenants(anonymous(), tenants=[house.tenant()])
    await refused(Unauthenticated, nobody)
    await PlaceClaim.all().update(state=ClaimState.ENDED)
    await refused(NotFound, declare_tenants(house.landlord, tenants=[house.tenant()]))


async def test_one_room_of_another_house_refuses_all(house: House) -> None:
    foreign = await factories.room(await factories.place(name="别的楼"))
    tenants = [house.tenant(), Tenant(room_id=foreign.id, name="样例", number=NUMBER)]
    await refused(NotFound, declare_tenants(house.landlord, tenants=tenants))
    tenants[1] = Tenant(room_id=uuid7(), name="样例", number=NUMBER)
    await refused(NotFound, declare_tenants(house.landlord, tenants=tenants))


async def test_every_item_at_fault_is_named_and_nothing_is_written(house: House) -> None:
    number = factories.document_number()
    tenants = [
        house.tenant(number=number),
        house.tenant(number=WRONG),
        house.tenant(name=" "),
        house.tenant(number=number),
        house.tenant(starts_on=today() + timedelta(days=1)),
        house.tenant(signed_on=today() + timedelta(days=1)),
        house.tenant(lease_until=today() - timedelta(days=1)),
    ]
    error = await refused(
        InvalidInput, declare_tenants(house.landlord, tenants=tenants), reason="ITEMS"
    )
    found = {item["index"]: (item["reason"], item.get("field")) for item in error.params["items"]}
    assert found == {
        1: ("DOCUMENT_CHECK_DIGIT", "input.items.1.documentNumber"),
        2: ("EMPTY", "input.items.2.name"),
        3: ("DOCUMENT_TWICE", None),
        4: ("STARTS_ON", "input.items.4.startsOn"),
        5: ("DATE", "input.items.5.signedOn"),
        6: ("DATE", "input.items.6.leaseUntil"),
    }
    assert number not in str(error.extensions())


async def test_a_landlord_gives_the_phone_of_the_tenant(house: House) -> None:
    landlord = await with_phone()
    await factories.claim(
        await Account.get(id=landlord.id), house.place, role=ClaimRole.SUBLANDLORD
    )
    await refused(
        InvalidInput,
        declare_tenant(landlord, tenant=house.tenant(phone=PHONE)),
        reason="OWN_PHONE",
    )


async def test_as_many_as_the_rule_says(house: House) -> None:
    await refused(InvalidInput, declare_tenants(house.landlord, tenants=[]), reason="COUNT")
    many = [house.tenant()] * (rules().batch_rooms + 1)
    await refused(InvalidInput, declare_tenants(house.landlord, tenants=many), reason="COUNT")


async def test_what_is_held_or_gone_is_not_declared_again(house: House) -> None:
    crowd = [house.tenant(0) for _ in range(4)]
    await declare_tenants(house.landlord, tenants=crowd)
    error = await refused(
        WrongState, declare_tenants(house.landlord, tenants=crowd[:1]), reason="ITEMS"
    )
    assert [item["reason"] for item in error.params["items"]] == ["HELD"]
    await Place.all().update(lifecycle=Lifecycle.CLOSED, ended_at=house.place.created_at)
    error = await refused(
        WrongState, declare_tenants(house.landlord, tenants=[house.tenant(1)]), reason="ITEMS"
    )
    assert [item["reason"] for item in error.params["items"]] == ["PLACE_GONE"]


# Duties


async def test_to_declare_fulfils_the_duty_and_says_whether_in_time(house: House) -> None:
    assert house.landlord.id is not None
    async with work(SYSTEM):
        await begin_duties(house.rooms[:1], account_id=house.landlord.id, signed_on=today())
    late = today() - timedelta(days=30)
    await declare_tenants(
        house.landlord, tenants=[house.tenant(0), house.tenant(1, signed_on=late)]
    )
    states = {duty.room_id: duty.state for duty in await TenantDuty.all()}
    assert states == {house.rooms[0].id: DutyState.DONE, house.rooms[1].id: DutyState.DONE_LATE}


async def test_what_wardens_look_at_does_not_block_the_house(house: House) -> None:
    assert house.landlord.id is not None
    signed = today() - timedelta(days=20)
    async with work(SYSTEM):
        await begin_duties(house.rooms[:1], account_id=house.landlord.id, signed_on=signed)
    await declare_tenants(house.landlord, tenants=[house.tenant(0) for _ in range(4)])
    await block_for_tenant_duties()
    assert (await TenantDuty.get()).block_id is None
    await Declaration.all().update(state=DeclarationState.REFUSED)
    await block_for_tenant_duties()
    assert (await TenantDuty.get()).block_id is not None


async def test_duties_are_listed_for_who_runs_the_house_and_for_their_wardens(house: House) -> None:
    assert house.landlord.id is not None
    async with work(SYSTEM):
        for days, room in ((1, house.rooms[0]), (20, house.rooms[1])):
            signed = today() - timedelta(days=days)
            await begin_duties([room], account_id=house.landlord.id, signed_on=signed)
    stranger = signed_in(await factories.account("路人"))
    for who, count in ((house.landlord, 2), (staff(), 2), (staff(Role.WARDEN, OTHER_GRID), 0),
                       (stranger, 0)):  # fmt: skip
        found = await list_duties(who, filter_by=DutyFilter(), page=Page(), columns=["room_id"])
        assert len(found.rows) == count
    found = await list_duties(
        house.landlord, filter_by=DutyFilter(overdue=True), page=Page(), columns=["room_id"]
    )
    assert [row["room_id"] for row in found.rows] == [house.rooms[1].id]


# By staff


async def test_staff_declare_many_on_behalf_of_somebody(house: House) -> None:
    warden = replace(staff(), id=(await employee()).id)
    made = await declare_tenants_for(
        warden, tenants=[house.tenant(0), house.tenant(1)], on_behalf="样例公寓管理处"
    )
    assert {row.source for row in made} == {ResidenceSource.WARDEN}
    assert {reveal(row, "on_behalf") for row in made} == {"样例公寓管理处"}
    assert all(row.question_open for row in made)  # the landlord is asked
    desk = replace(staff(Role.SERVICE_DESK), id=(await employee()).id)
    made = await declare_tenants_for(desk, tenants=[house.tenant(0)], on_behalf="样例公寓管理处")
    assert made[0].source is ResidenceSource.DESK


async def test_staff_declare_in_their_grid_and_say_for_whom(house: House) -> None:
    elsewhere = staff(Role.WARDEN, OTHER_GRID)
    for who in (elsewhere, house.landlord, staff(Role.DEPARTMENT)):
        attempt = declare_tenants_for(who, tenants=[house.tenant()], on_behalf="样例公寓")
        await refused(NotFound, attempt)
    nobody = declare_tenants_for(staff(), tenants=[house.tenant()], on_behalf=" ")
    await refused(InvalidInput, nobody, reason="EMPTY")


# Out


async def test_who_moved_out_hears_of_it_and_lives_on_when_they_object(house: House) -> None:
    tenant = await with_phone()
    start = today() - timedelta(days=20)
    row = await declare_tenant(house.landlord, tenant=house.tenant(phone=PHONE, starts_on=start))
    assert row.residence_id is not None
    left = today() - timedelta(days=2)
    await declare_tenants_out(house.landlord, leaving={row.residence_id: left})
    ended = await Residence.get(id=row.residence_id)
    assert (ended.end_reason, ended.ends_on) == (ResidenceEnd.LANDLORD_SAID, left)
    news = await Notification.filter(topic=Topic.DECLARED_OUT)
    assert [one.account_id for one in news] == [tenant.id]

    again = await object_to_move_out(tenant, residence_id=ended.id)
    (now_here,) = await house.living()
    assert (now_here.id, now_here.starts_on) == (again.residence_id, left)
    assert (again.source, again.question_open) == (ResidenceSource.SELF, True)
    await refused(Conflict, object_to_move_out(tenant, residence_id=ended.id), reason="OBJECTED")


async def test_only_the_tenant_objects_to_having_moved_out(house: House) -> None:
    row = await declare_tenant(house.landlord, tenant=house.tenant(phone=PHONE))
    assert row.residence_id is not None
    await declare_tenants_out(house.landlord, leaving={row.residence_id: None})
    for who in (house.landlord, staff(), signed_in(await factories.account("路人"))):
        await refused(NotFound, object_to_move_out(who, residence_id=row.residence_id))
    tenant = await with_phone()
    await refused(NotFound, object_to_move_out(tenant, residence_id=uuid7()))
    person = await Person.get(id=row.person_id)
    await factories.residence(person, await factories.room(await factories.place()))
    elsewhere = object_to_move_out(tenant, residence_id=row.residence_id)
    await refused(WrongState, elsewhere, reason="LIVES_ELSEWHERE")


async def test_only_who_runs_the_house_declares_out_and_all_or_none(house: House) -> None:
    made = await declare_tenants(house.landlord, tenants=[house.tenant(0), house.tenant(1)])
    one, two = [row.residence_id for row in made]
    assert one is not None
    assert two is not None
    stranger = signed_in(await factories.account("路人"))
    for who in (stranger, staff()):
        await refused(NotFound, declare_tenants_out(who, leaving={one: None}))
    await refused(NotFound, declare_tenants_out(house.landlord, leaving={one: None, uuid7(): None}))
    early = today() - timedelta(days=1)
    error = await refused(
        WrongState,
        declare_tenants_out(house.landlord, leaving={one: None, two: early}),
        reason="ITEMS",
    )
    assert error.params["items"] == [{"index": 1, "reason": "ENDS_ON"}]
    await declare_tenants_out(house.landlord, leaving={one: None})
    error = await refused(
        WrongState, declare_tenants_out(house.landlord, leaving={one: None}), reason="ITEMS"
    )
    assert error.params["items"] == [{"index": 0, "reason": "ENDED"}]


# Lists and hand-over


async def test_tenants_are_listed_for_who_runs_the_house(house: House) -> None:
    made = await declare_tenants(house.landlord, tenants=[house.tenant(1), house.tenant(0)])
    residence = made[0].residence_id
    assert residence is not None
    await declare_tenants_out(house.landlord, leaving={residence: None})

    async def seen(who: Actor, *, left: bool = False) -> list[Any]:
        page = await list_tenants(
            who, place_id=house.place.id, left=left, page=Page(), columns=["room__number"]
        )
        return [row["room__number"] for row in page.rows]

    assert await seen(house.landlord) == ["301"]
    assert await seen(house.landlord, left=True) == ["301", "302"]
    assert await seen(staff()) == ["301"]
    for who in (signed_in(await factories.account("路人")), staff(Role.WARDEN, OTHER_GRID),
                staff(Role.DEPARTMENT)):  # fmt: skip
        await refused(NotFound, seen(who))


async def test_a_successor_has_the_tenants(house: House) -> None:
    row = await declare_tenant(house.landlord, tenant=house.tenant())
    assert row.residence_id is not None
    await PlaceClaim.all().update(state=ClaimState.ENDED)
    successor = await factories.account("接手人")
    await factories.claim(successor, house.place, role=ClaimRole.OWNER)
    await declare_tenants_out(signed_in(successor), leaving={row.residence_id: None})
    assert not await house.living()


@pytest.mark.usefixtures("committed_town")
async def test_two_who_declare_the_same_people_at_once_end_with_one_residence_each() -> None:
    houses = []
    for name in ("样例甲楼", "样例乙楼"):
        place = await factories.place(name=name)
        room = await factories.room(place, area=None)
        landlord = await factories.account()
        await factories.claim(landlord, place, role=ClaimRole.OWNER)
        houses.append(House(place, [room], signed_in(landlord)))
    numbers = [factories.document_number() for _ in range(6)]
    attempts = []
    for turn, house in enumerate(houses * 2):
        ordered = numbers if turn % 2 else numbers[::-1]
        tenants = [house.tenant(number=number) for number in ordered]
        attempts.append(declare_tenants(house.landlord, tenants=tenants))
    answers = await outcomes(*attempts)
    assert not [one for one in answers if isinstance(one, DomainError)]
    assert await Person.all().count() == 6
    assert await Residence.filter(current=True).count() == 6
