"""People see, correct, take along and erase what is held about them, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
import pypdfium2
import pytest

from citizen.declarations.review import Decision, decide_declarations
from citizen.models import Declaration, DeclarationState, Doubt
from citizen.my_data import correcting, erasing, exporting, paper
from citizen.my_data.models import DataErasure, DataExport, DataExportState
from citizen.my_data.seeing import my_data
from core import jobs
from core.audit import AuditEntry
from core.clock import now
from core.crypto import reveal, ring, seal
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, Unauthenticated, WrongState
from core.privacy import registry
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission, anonymous, rights_from
from identity.models import Account, Session, StaffMember
from landlord.models import SavedListing
from management.models import (
    Consent,
    ConsentPurpose,
    HazardFollower,
    HazardReport,
    Person,
    Residence,
    Room,
    Task,
    TaskKind,
)
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories as make
from tests.citizen import residents

PHONE = "19900000077"


def signed_in(account: Account) -> Actor:
    return Actor(kind=ActorKind.ACCOUNT, id=account.id)


async def with_phone() -> Account:
    account = Account(display_name="测试租客")
    seal(account, "phone", PHONE)
    account.phone_index = ring().index(PHONE, table="account", column="phone_index")
    await account.save(force_create=True)
    return account


class Resident:
    """Somebody who lives in a room, declared it, and reported a hazard."""

    account: Account
    actor: Actor
    person: Person
    room: Room
    home: Residence

    async def settle(self) -> Resident:
        await make.town()
        house = await make.place()
        self.account = await with_phone()
        self.actor = signed_in(self.account)
        self.person = await residents.person(self.account, name="测试甲")
        self.room = await make.room(house)
        self.home = await residents.residence(self.person, self.room)
        await residents.declaration(self.person, self.room, self.home, by=self.account)
        await residents.report(await residents.hazard(house), self.account)
        offer = await make.listing(await make.room(house, "401"), await make.account())
        await SavedListing.create(account_id=self.account.id, listing_id=offer.id)
        return self


@pytest.fixture
async def resident(db: None) -> Resident:
    return await Resident().settle()


def by_name(sections: Any) -> dict[str, Any]:
    return {one.holding.name: one for one in sections}


async def test_everything_is_shown_unmasked_to_whom_it_is_about(resident: Resident) -> None:
    seen = by_name(await my_data(resident.actor))
    (identity,) = seen["person.id"].rows
    assert identity["name"] == "测试甲"
    assert identity["number"] == reveal(resident.person, "number")
    assert seen["account.id"].rows[0]["phone"] == PHONE
    (home,) = seen["residence.person_id"].rows
    assert (home["place_name"], home["room_number"]) == ("测试公寓", "302")
    (report,) = seen["hazard_report.account_id"].rows
    assert (report["words"], report["answers"]) == ("楼道有火花", {"smell": True})
    assert seen["saved_listing.account_id"].rows[0]["listing_title"] == "采光好的单间"
    assert seen["declaration.person_id"].total == 1


async def test_nobody_sees_what_is_held_about_others(resident: Resident) -> None:
    other = await make.account("别人")
    names = {one.holding.name for one in await my_data(signed_in(other))}
    assert names == {"account.id"}
    with pytest.raises(Unauthenticated):
        await my_data(anonymous())
    for actor in (signed_in(other), Actor(kind=ActorKind.STAFF, id=other.id), anonymous()):
        with pytest.raises((NotFound, Unauthenticated)):
            await correcting.correct(
                actor, section="person.id", row_id=resident.person.id, changes={"phone": PHONE}
            )
    await resident.person.refresh_from_db()
    assert reveal(resident.person, "phone") == "13800000000"


async def test_of_many_rows_the_newest_are_shown_and_all_are_counted(resident: Resident) -> None:
    for _ in range(60):
        await Session.create(
            account_id=resident.account.id, device="测试手机", expires_at=now(), last_seen_at=now()
        )
    section = by_name(await my_data(resident.actor))["session.account_id"]
    assert (len(section.rows), section.total) == (50, 60)
    whole = by_name(await my_data(resident.actor, most=None))["session.account_id"]
    assert len(whole.rows) == 60


# Correcting


async def test_a_display_name_is_corrected_at_once(resident: Resident) -> None:
    done = await correcting.correct(
        resident.actor,
        section="account.id",
        row_id=resident.account.id,
        changes={"display_name": "小测"},
    )
    assert not await correcting.waits_for_warden(done.id)
    assert (await Account.get(id=resident.account.id)).display_name == "小测"
    entry = await AuditEntry.get(action="correctMyData")
    assert "小测" not in orjson.dumps(entry.details).decode()


async def test_the_phone_becomes_the_one_its_holder_signs_in_with_and_no_other(
    resident: Resident,
) -> None:
    given: dict[str, Any] = {"section": "person.id", "row_id": resident.person.id}
    with pytest.raises(InvalidInput) as refusal:
        await correcting.correct(resident.actor, **given, changes={"phone": "19900000078"})
    assert refusal.value.reason == "PHONE_NOT_YOURS"
    assert "19900000078" not in str(refusal.value.extensions())
    await correcting.correct(resident.actor, **given, changes={"phone": PHONE})
    person = await Person.get(id=resident.person.id)
    assert reveal(person, "phone") == PHONE
    assert person.phone_index == ring().index(PHONE, table="person", column="phone_index")


async def test_the_same_name_in_another_spelling_is_corrected_at_once(resident: Resident) -> None:
    done = await correcting.correct(
        resident.actor, section="person.id", row_id=resident.person.id, changes={"name": "测 试甲"}
    )
    assert not await correcting.waits_for_warden(done.id)
    assert reveal(await Person.get(id=resident.person.id), "name") == "测 试甲"


async def rename(resident: Resident, name: str = "测试乙") -> Declaration:
    done = await correcting.correct(
        resident.actor, section="person.id", row_id=resident.person.id, changes={"name": name}
    )
    assert await correcting.waits_for_warden(done.id)
    return await Declaration.get(id=done.id)


async def test_another_name_waits_for_a_warden_and_then_is_the_name(resident: Resident) -> None:
    held = await rename(resident)
    assert (held.state, held.doubts) == (DeclarationState.HELD, [Doubt.NAME_CONFLICT])
    assert reveal(await Person.get(id=resident.person.id), "name") == "测试甲"
    task = await Task.get(subject_id=held.id)
    assert task.kind is TaskKind.DECLARATION
    warden = await make_warden()
    answers = await decide_declarations(
        warden, decisions=[Decision(declaration_id=held.id, confirm=True, new_name=True)]
    )
    assert answers.refused == {}
    assert reveal(await Person.get(id=resident.person.id), "name") == "测试乙"
    assert await Residence.filter(person_id=resident.person.id, current=True).count() == 1


async def make_warden() -> Actor:
    staff = await StaffMember.create(user_name="warden.of.names", name="测试", password_hash="x")
    rights = [(one, EVERYWHERE) for one in (Permission.DECLARATIONS_DECIDE, Permission.PEOPLE_READ)]
    return Actor(kind=ActorKind.STAFF, id=staff.id, rights=rights_from(rights))


async def test_a_name_is_not_corrected_twice_at_a_time_nor_where_nobody_lives(
    resident: Resident,
) -> None:
    await rename(resident)
    with pytest.raises(Conflict) as refusal:
        await rename(resident, "测试丙")
    assert refusal.value.reason == "HELD"
    await Residence.filter(id=resident.home.id).update(
        current=False, ended_at=now(), ends_on=now().date(), end_reason="MOVED_OUT"
    )
    with pytest.raises(WrongState) as nowhere:
        await rename(resident, "测试丁")
    assert nowhere.value.reason == "NO_RESIDENCE"


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("person.id", {"number": "11010119900101001X"}),
        ("person.id", {"born": "1999-01-01"}),
        ("person.id", {"name": "1"}),
        ("person.id", {"name": "测试乙", "phone": PHONE}),
        ("person.id", {}),
        ("residence.person_id", {"starts_on": "2020-01-01"}),
        ("nothing.at_all", {"name": "x"}),
        ("account.id", {"phone": PHONE}),
        ("account.id", {"display_name": "x" * 61}),
    ],
)
async def test_what_may_not_be_corrected_stays(
    resident: Resident, section: str, changes: dict[str, str]
) -> None:
    row_id = resident.account.id if section == "account.id" else resident.person.id
    before = await fetch("SELECT * FROM person"), await fetch("SELECT * FROM account ORDER BY id")
    with pytest.raises(InvalidInput):
        await correcting.correct(resident.actor, section=section, row_id=row_id, changes=changes)
    after = await fetch("SELECT * FROM person"), await fetch("SELECT * FROM account ORDER BY id")
    assert after == before
    assert not await Task.exists()


# Taking along


async def test_a_copy_is_made_sealed_and_fetched_at_a_signed_address(resident: Resident) -> None:
    ordered = await exporting.request_export(resident.actor)
    (queued,) = await fetch(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'citizen.make_data_export'"
    )
    assert orjson.loads(queued["args"]) == {"version": 1, "export_id": str(ordered.id)}
    await exporting.make_data_export(1, str(ordered.id))
    made = await exporting.access_export(resident.actor, export_id=ordered.id)
    assert made.state is DataExportState.READY
    (row,) = await fetch("SELECT content, drawn FROM data_export")
    number = reveal(resident.person, "number")
    assert number is not None
    assert number not in row["content"]
    content = orjson.loads(await file_at(exporting.address(made, "json")))
    sections = {one["name"]: one for one in content["sections"]}
    assert sections["person.id"]["rows"][0]["number"] == number
    assert sections["person.id"]["basis"] == "STATUTORY_DUTY"
    assert "两年" in sections["residence.person_id"]["kept"]["zh"]
    text = text_of(await file_at(exporting.address(made, "pdf")))
    for said in ("我的个人信息副本", "测试甲", number, "居民身份证", "本人申报", "楼道有火花"):
        assert said in text, said
    entries = await AuditEntry.filter(action__in=["requestDataExport", "dataExportMade"])
    assert len(entries) == 2


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return "".join(found.split())


async def file_at(address: str) -> bytes:
    parts = urlsplit(address)
    name, _, form = parts.path.rpartition("/")[2].rpartition(".")
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    data = await exporting.fetched(UUID(name), form, query["expires"], query["signature"])
    assert data is not None
    return data


async def test_an_address_is_good_for_its_file_only_and_soon_over(resident: Resident) -> None:
    ordered = await exporting.request_export(resident.actor)
    await exporting.make_data_export(1, str(ordered.id))
    made = await exporting.access_export(resident.actor, export_id=ordered.id)
    query = parse_qs(urlsplit(exporting.address(made, "json")).query)
    expires, signature = query["expires"][0], query["signature"][0]
    later = str(int(expires) + 600)
    assert await exporting.fetched(made.id, "json", expires, signature) is not None
    for form, until, signed in (
        ("pdf", expires, signature), ("json", later, signature), ("json", expires, signature[::-1]),
        ("json", "", ""), ("exe", expires, signature),
    ):  # fmt: skip
        assert await exporting.fetched(made.id, form, until, signed) is None
    await DataExport.filter(id=made.id).update(expires_at=now() - timedelta(seconds=1))
    assert await exporting.fetched(made.id, "json", expires, signature) is None
    over = await exporting.access_export(resident.actor, export_id=made.id)
    with pytest.raises(WrongState):
        exporting.address(over, "json")


async def test_a_copy_is_for_who_asked_for_it(resident: Resident) -> None:
    ordered = await exporting.request_export(resident.actor)
    with pytest.raises(NotFound):
        await exporting.access_export(signed_in(await make.account()), export_id=ordered.id)
    assert await exporting.own_exports(signed_in(await make.account())) == []
    assert [one.id for one in await exporting.own_exports(resident.actor)] == [ordered.id]


async def test_one_copy_is_made_at_a_time_and_three_in_a_day(resident: Resident) -> None:
    for _ in range(3):
        ordered = await exporting.request_export(resident.actor)
        assert (await exporting.request_export(resident.actor)).id == ordered.id
        await exporting.make_data_export(1, str(ordered.id))
    with pytest.raises(RateLimited) as refusal:
        await exporting.request_export(resident.actor)
    assert 0 < refusal.value.params["retryAfter"] <= 24 * 3600
    await DataExport.all().update(created_at=now() - timedelta(days=1, seconds=1))
    assert await exporting.request_export(resident.actor)


async def test_a_copy_that_cannot_be_made_is_given_up_and_made_once(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered = await exporting.request_export(resident.actor)
    with monkeypatch.context() as broken:
        broken.setattr(paper, "_PROGRAM", "citizen.my_data.no_such_program")
        for _ in range(exporting.MOST_ATTEMPTS - 1):
            with pytest.raises(paper.DrawingFailed):
                await exporting.make_data_export(1, str(ordered.id))
        await exporting.make_data_export(1, str(ordered.id))
    failed = await exporting.access_export(resident.actor, export_id=ordered.id)
    assert failed.state is DataExportState.FAILED
    again = await exporting.request_export(resident.actor)
    await exporting.make_data_export(1, str(again.id))
    (before,) = await fetch("SELECT content FROM data_export WHERE id = $1", again.id)
    await exporting.make_data_export(1, str(again.id))
    (after,) = await fetch("SELECT content FROM data_export WHERE id = $1", again.id)
    assert before == after


async def test_a_copy_goes_after_a_week(committed_db: None) -> None:
    resident = await Resident().settle()
    for days in (6, 8):
        made = await DataExport.create(account_id=resident.account.id)
        await DataExport.filter(id=made.id).update(created_at=now() - timedelta(days=days))
    await registry.enforce_retention()
    assert await DataExport.all().count() == 1


# Erasing


def part(erasure: DataErasure, name: str) -> dict[str, Any]:
    (found,) = [one for one in erasure.parts if one["name"] == name]
    return found


async def test_what_no_duty_keeps_goes_at_once_and_the_account_stays(resident: Resident) -> None:
    erasure = await erasing.erase_my_data(resident.actor)
    assert not await SavedListing.exists()
    assert not await HazardFollower.exists()
    assert (await HazardReport.get()).account_id is None
    account = await Account.get(id=resident.account.id)
    assert account.closed_at is None
    assert reveal(account, "phone") == PHONE
    assert (await Person.get(id=resident.person.id)).account_id == account.id
    assert await Residence.filter(current=True).count() == 1
    assert part(erasure, "residence.person_id")["kept"] == 1
    assert part(erasure, "account.id") == {
        "name": "account.id", "erased": 0, "kept": 1, "until": None
    }  # fmt: skip
    again = await erasing.erase_my_data(resident.actor)
    assert sum(one["erased"] for one in again.parts) == 0


async def test_some_sections_alone(resident: Resident) -> None:
    await erasing.erase_my_data(resident.actor, sections={"saved_listing.account_id"})
    assert not await SavedListing.exists()
    assert (await HazardReport.get()).account_id == resident.account.id
    for unknown in ({"nothing"}, {"saved_listing.account_id", "grid_post.staff_id"}, set()):
        with pytest.raises(InvalidInput):
            await erasing.erase_my_data(resident.actor, sections=unknown)


async def test_who_closes_their_account_is_forgotten_but_for_what_a_duty_keeps(
    resident: Resident,
) -> None:
    held = await residents.declaration(
        await residents.person(), resident.room, None, by=resident.account,
        state=DeclarationState.HELD, doubts=["OVER_CAPACITY"],
    )  # fmt: skip
    for purpose in ConsentPurpose:
        await Consent.create(
            account_id=resident.account.id, purpose=purpose, version="1", given_at=now()
        )
    await exporting.request_export(resident.actor)
    erasure = await erasing.close_account(resident.actor)
    assert erasure.closed
    account = await Account.get(id=resident.account.id)
    assert (account.phone, account.display_name) == (None, "")
    person = await Person.get(id=resident.person.id)
    assert person.account_id is None
    assert reveal(person, "name") == "测试甲"
    assert await Residence.filter(person_id=person.id, current=True).count() == 1
    assert (await Declaration.get(id=held.id)).state is DeclarationState.HELD
    report = await HazardReport.get()
    assert (report.account_id, report.caller_name) == (None, None)
    assert report.words is not None, "the hazard is still open"
    assert not await DataExport.exists()
    standing = await Consent.filter(withdrawn_at=None).values_list("purpose", flat=True)
    assert list(standing) == [ConsentPurpose.MINOR]
    for kind, subject in (("account", account.id), ("person", person.id)):
        for section in await registry.export(kind, subject):
            assert PHONE not in orjson.dumps(section.rows).decode()


async def test_who_comes_back_can_be_known_again(resident: Resident) -> None:
    await erasing.close_account(resident.actor)
    back = await with_phone()
    await Person.filter(id=resident.person.id).update(account_id=back.id)
    seen = by_name(await my_data(signed_in(back)))
    assert seen["person.id"].rows[0]["name"] == "测试甲"


async def test_an_erasure_is_on_record_for_three_years_without_what_was_erased(
    committed_db: None,
) -> None:
    resident = await Resident().settle()
    await erasing.erase_my_data(resident.actor)
    (row,) = await fetch("SELECT parts::text AS parts FROM data_erasure")
    assert "测试" not in row["parts"]
    entry = await AuditEntry.get(action="eraseMyData")
    assert entry.details["rows"] > 0
    await DataErasure.all().update(at=now() - timedelta(days=3 * 366 - 1))
    await registry.enforce_retention()
    assert await DataErasure.exists()
    await DataErasure.all().update(at=now() - timedelta(days=3 * 366 + 1))
    await registry.enforce_retention()
    assert not await DataErasure.exists()


async def test_a_copy_that_was_asked_for_is_made_by_the_worker_and_told_of(
    committed_db: None, database_url: str
) -> None:
    resident = await Resident().settle()
    await exporting.request_export(resident.actor)
    app = jobs.worker_app(database_url)
    async with app.open_async():
        await jobs.run_worker(app, wait=False)
    assert (await DataExport.get()).state is DataExportState.READY
    told = await Notification.get(topic=Topic.DATA_EXPORTED)
    assert told.account_id == resident.account.id
    assert {*told.params} == {"at"}
