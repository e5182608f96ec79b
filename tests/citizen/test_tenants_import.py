"""Tenants from a CSV file: checked as a whole, written 500 at a time, harmless twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from citizen import importing
from citizen.importing import import_tenants, read_rows
from citizen.models import Declaration, DeclarationStep
from core.clock import today
from core.crypto import reveal
from core.errors import InvalidInput
from core.work import work
from identity.actor import SYSTEM
from management.models import Person, Place, Residence, ResidenceEnd, ResidenceSource, Room
from management.people.residences import end_residence
from tests import factories

ENGLISH = "room_code,name,document_kind,document_number,phone,starts_on,family"
CHINESE = "房间编码,姓名,证件号码,入住日期"
FROM = "样例公寓管理处"


@pytest.fixture
async def room(town: None) -> Room:
    return await factories.room(await factories.place(name="样例楼"), area=None)


def line(room: Room, **values: str) -> str:
    cells = {
        "room_code": room.code,
        "name": "样例租客",
        "document_kind": "",
        "document_number": factories.document_number(),
        "phone": "",
        "starts_on": "2026-01-05",
        "family": "",
        **values,
    }
    return ",".join(cells.values())


def file_of(*lines: str, header: str = ENGLISH) -> bytes:
    return "\r\n".join([header, *lines]).encode()


async def rows() -> dict[str, list[Any]]:
    """Everything that an import may write."""
    kinds = (Person, Residence, Declaration, DeclarationStep, Place, Room)
    return {kind.__name__: await kind.all().order_by("id").values() for kind in kinds}


async def test_tenants_are_registered_with_who_gave_the_list(room: Room) -> None:
    lines = [line(room, phone="13900000009"), line(room, starts_on="2026/2/7")]
    report = await import_tenants(file_of(*lines), given_by=FROM)
    assert (report.rows, report.registered, report.faults) == (2, 2, [])
    days = {row.starts_on for row in await Residence.filter(room_id=room.id, current=True)}
    assert days == {date(2026, 1, 5), date(2026, 2, 7)}
    declared = await Declaration.all()
    assert {row.source for row in declared} == {ResidenceSource.DESK}
    assert {reveal(row, "on_behalf") for row in declared} == {FROM}


async def test_the_same_file_twice_changes_nothing(room: Room) -> None:
    data = file_of(*(line(room) for _ in range(3)))
    await import_tenants(data, given_by=FROM)
    before = await rows()
    report = await import_tenants(data, given_by=FROM)
    assert (report.registered, report.unchanged) == (0, 3)
    assert await rows() == before


async def leave(residence: Residence) -> None:
    async with work(SYSTEM):
        await end_residence(residence, ends_on=today(), reason=ResidenceEnd.MOVED_OUT)


async def test_an_old_file_moves_nobody_back(room: Room) -> None:
    number = factories.document_number()
    await import_tenants(file_of(line(room, document_number=number)), given_by=FROM)
    first = await Residence.get()
    await leave(first)
    other = await factories.room(await factories.place(name="别的楼"))
    await factories.residence(await Person.get(id=first.person_id), other)
    older = line(room, document_number=number, starts_on="2020-01-01")
    report = await import_tenants(file_of(older), given_by=FROM)
    assert (report.registered, report.later_known) == (0, 1)
    assert (await Residence.get(current=True)).room_id == other.id


async def test_who_moved_out_stays_out_when_the_file_comes_again(room: Room) -> None:
    data = file_of(line(room))
    await import_tenants(data, given_by=FROM)
    await leave(await Residence.get())
    report = await import_tenants(data, given_by=FROM)
    assert (report.registered, report.unchanged) == (0, 1)
    assert not await Residence.exists(current=True)


async def test_a_dry_run_says_what_would_be_and_keeps_nothing(room: Room) -> None:
    before = await rows()
    report = await import_tenants(file_of(line(room), line(room)), given_by=FROM, dry_run=True)
    assert report.registered == 2
    assert await rows() == before


async def test_every_fault_is_named_by_line_and_column_and_nothing_is_written(room: Room) -> None:
    number = factories.document_number()
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    lines = [
        line(room, document_number=number),
        line(room, document_number=number),
        line(room, document_number=wrong),
        line(room, name="", starts_on="昨天"),
        line(room, room_code="999999-00000-1"),
        line(room, document_kind="驾驶证", phone="电话"),
        line(room, starts_on=(today() + timedelta(days=1)).isoformat()),
    ]
    before = await rows()
    report = await import_tenants(file_of(*lines), given_by=FROM)
    assert {(one.line, one.column, one.reason) for one in report.faults} == {
        (3, "document_number", "DOCUMENT_TWICE"),
        (4, "document_number", "DOCUMENT_CHECK_DIGIT"),
        (5, "name", "EMPTY"),
        (5, "starts_on", "DATE"),
        (6, "room_code", "UNKNOWN_ROOM"),
        (7, "document_kind", "DOCUMENT_KIND"),
        (7, "phone", "PHONE"),
        (8, "starts_on", "DATE"),
    }
    assert await rows() == before
    told = " ".join(one.words for one in report.faults)
    assert number not in told
    assert wrong not in told


async def test_one_family_may_be_more_than_a_room_holds(town: None) -> None:
    place = await factories.place(name="样例楼")
    small, crowded = [await factories.room(place, number) for number in ("301", "302")]
    kin = [line(small, family="甲") for _ in range(4)]
    crowd = [line(crowded) for _ in range(4)]
    report = await import_tenants(file_of(*kin, *crowd), given_by=FROM)
    assert (report.registered, report.held) == (4, 4)
    again = await import_tenants(file_of(*kin, *crowd), given_by=FROM)
    assert again.unchanged == 8


async def test_a_batch_that_fails_keeps_those_before_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    data = file_of(*(line(room) for _ in range(4)))
    seen = 0
    write = importing._write

    async def failing(*given: Any) -> None:
        nonlocal seen
        await write(*given)
        seen += 1
        if seen == 2:
            raise ConnectionError

    monkeypatch.setattr(importing, "_write", failing)
    with pytest.raises(ConnectionError):
        await import_tenants(data, given_by=FROM)
    assert await Residence.all().count() == 2
    monkeypatch.setattr(importing, "_write", write)
    report = await import_tenants(data, given_by=FROM)
    assert (report.registered, report.unchanged) == (2, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_chinese_columns_in_either_encoding(room: Room, encoding: str) -> None:
    text = f"{CHINESE}\n{room.code},样例租客,{factories.document_number()},2026年1月5日\n\n"
    found, faults = read_rows(text.encode(encoding))
    assert not faults
    assert [(row.line, row.identity.name, row.starts_on) for row in found] == [
        (2, "样例租客", date(2026, 1, 5))
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "ROWS"),
        ("房间编码,姓名,入住日期\n".encode(), "COLUMN"),
        (b"\xff\xff\x00", "ENCODING"),
        (f"{ENGLISH}\n甲\0".encode(), "ENCODING"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_rows(data)
    assert refused.value.reason == reason


async def test_whose_list_it_is_must_be_said(room: Room) -> None:
    with pytest.raises(InvalidInput):
        await import_tenants(file_of(line(room)), given_by=" ")
