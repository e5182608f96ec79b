"""Registering where one lives from a plain browser: phone, code, two fields."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from citizen.models import Declaration, DeclarationState
from core import signed_addresses
from core.clock import now, today
from core.database import fetch
from core.ids import uuid7
from core.signed_addresses import GOOD_FOR
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account, Session
from identity.phone_sign_in import account_for_phone
from integrations import sms
from management.models import (
    ConsentPurpose,
    Lifecycle,
    Person,
    PlaceKind,
    Plate,
    Residence,
    ResidenceCertificate,
    Room,
    RoomState,
)
from management.people.consents import texts
from management.people.persons import shown
from tests import factories as make
from tests.api.test_asking import Outbox, code_from
from tests.api.test_report_pages import values_of
from tests.api.visitor import Page, visitor

pytestmark = pytest.mark.usefixtures("db")
PHONE = "13800000009"
NAME = "测试明"
HOSTILE = "<script>alert(1)</script>\"'>&"


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    before = sms.use(box)
    yield box
    sms.use(before)


@pytest.fixture
async def door(db: None) -> tuple[Room, Plate]:
    """A room and its plate."""
    await make.town()
    house = await make.place(name="幸福公寓")
    room = await make.room(house, "302", area=Decimal(20))
    return room, await make.plate(house, room)


async def come_in(
    client: httpx.AsyncClient, address: str, outbox: Outbox, phone: str = PHONE
) -> dict[str, Any]:
    """Phone and code; the fields of the form that follows, as they stand."""
    first = await client.post(address, data={"phone": phone})
    assert first.status_code == 200, Page(first.text).text
    kept = values_of(Page(first.text))
    kept.pop("code", None)
    second = await client.post(address, data={**kept, "code": await code_from(outbox)})
    assert second.status_code == 200, Page(second.text).text
    return values_of(Page(second.text))


def agreed(**typed: Any) -> dict[str, Any]:
    return {"agree": ["DOCUMENT_NUMBER"], "name": NAME, **typed}


async def test_two_fields_and_one_tick_register_and_no_session_stays_open(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    room, plate = door
    number = make.document_number()
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        sent = {**form, **agreed(number=number)}
        done = await client.post(address, data=sent)

    page = Page(done.text)
    residence = await Residence.get(room_id=room.id, current=True).select_related("person")
    assert "登记好了" in page.text
    assert "幸福公寓 302 房" in page.text
    assert shown(residence.person, clear=True)["name"] == NAME
    assert residence.starts_on == today()
    assert not await Session.filter(ended_at=None).exists()
    assert "set-cookie" not in done.headers
    assert done.headers["cache-control"] == "no-store"
    assert number not in done.text


async def test_nothing_is_ticked_and_everything_else_is_filled_in(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    _, plate = door
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        first = await client.post(address, data={"phone": PHONE})
        kept = {**values_of(Page(first.text)), "code": await code_from(outbox)}
        page = Page((await client.post(address, data=kept)).text)

    fields = {each.get("name"): each for each in page.all("input")}
    asked = [each for each in page.all("input") if "required" in each]
    assert [each["name"] for each in asked] == ["name", "number"]
    assert fields["starts"]["value"] == today().isoformat()
    assert fields["number"]["autocomplete"] == "off"
    assert fields["agree"]["type"] == "checkbox"
    assert "checked" not in fields["agree"]
    body = texts()[ConsentPurpose.DOCUMENT_NUMBER][0].body_zh.splitlines()[0]
    assert body in page.text
    assert "其他家人" in page.text or "加一位家人" in page.text


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"number": "123"}, "number", "18 位"),
        ({"number": ""}, "number", "不能为空"),
        ({"name": "张3"}, "name", "不能有数字"),
        ({"starts": "2001-01-01"}, "starts", "入住日期"),
        ({"starts": "昨天"}, "starts", "日期请写成"),
        ({"agree": []}, "agree_DOCUMENT_NUMBER", "请先阅读并同意"),
    ],
)
async def test_a_mistake_is_said_at_its_field_and_the_others_stay(
    door: tuple[Room, Plate], outbox: Outbox, typed: dict[str, Any], field: str, says: str
) -> None:
    _, plate = door
    number = make.document_number()
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        refused = await client.post(address, data={**form, **agreed(number=number), **typed})
        page = Page(refused.text)
        again = {**values_of(page), **agreed(number=number), "starts": today().isoformat()}
        done = await client.post(address, data=again)

    assert refused.status_code == 400
    assert says in page.text
    values = {each.get("name"): each.get("value") for each in page.all("input")}
    for name, value in agreed(number=number).items():
        if name not in typed and name != "agree":
            assert values[name] == value
    marked = next(each for _, each in page.tags if each.get("id") == field)
    assert marked["aria-invalid"] == "true"
    assert number not in str(refused.headers)
    assert "登记好了" in done.text
    assert await Declaration.all().count() == 1


async def test_the_same_form_twice_is_one_declaration(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    _, plate = door
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        sent = {**form, **agreed(number=make.document_number())}
        first = await client.post(address, data=sent)
        again = await client.post(address, data=sent)

    assert "登记好了" in first.text
    # The session has ended with the first: nothing happens without another code.
    assert again.status_code == 400
    assert "验证码" in again.text
    assert await Declaration.all().count() == 1


async def test_at_the_plate_of_a_house_the_room_is_chosen(outbox: Outbox) -> None:
    await make.town()
    house = await make.place()
    rooms = [await make.room(house, number, area=Decimal(20)) for number in ("101", "102")]
    await make.room(house, "103", state=RoomState.OUT_OF_USE)
    plate = await make.plate(house)
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        sent = {**form, **agreed(number=make.document_number())}
        none = await client.post(address, data=sent)
        done = await client.post(address, data={**sent, "room": str(rooms[1].id)})

    offered = {each["value"] for each in Page(none.text).all("option")}
    assert {str(room.id) for room in rooms} <= offered
    assert "103 房" not in none.text
    assert none.status_code == 400
    assert "请选择您住的房间" in none.text
    assert "102 房" in done.text
    assert await Residence.filter(room_id=rooms[1].id, current=True).exists()


async def test_family_is_added_one_by_one_and_comes_along(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    room, plate = door
    address = f"/q/{plate.token}/declare"
    number, wife = make.document_number(), make.document_number()
    child = make.document_number(born=date(today().year - 5, 1, 2))
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        more = {**form, **agreed(number=number), "do": "more"}
        one = values_of(Page((await client.post(address, data=more)).text))
        assert one["name"] == [NAME]
        two = values_of(Page((await client.post(address, data={**one, "do": "more"})).text))
        sent = {
            **two, **agreed(number=number), "name_0": "测试红", "number_0": wife,
            "relation_0": "SPOUSE", "name_1": "测试小", "number_1": child, "relation_1": "CHILD",
        }  # fmt: skip
        unasked = await client.post(address, data=sent)
        agree = {"agree": ["DOCUMENT_NUMBER", "MINOR"]}
        wrong = await client.post(address, data={**sent, **agree, "number_1": "123"})
        done = await client.post(address, data={**sent, **agree})

    assert unasked.status_code == wrong.status_code == 400
    assert "未满十四周岁" in unasked.text
    marked = next(each for _, each in Page(wrong.text).tags if each.get("id") == "number_1")
    assert marked["aria-invalid"] == "true"
    assert "3 个人" in done.text
    assert await Residence.filter(room_id=room.id, current=True).count() == 3


async def test_who_is_known_types_nothing_and_sees_themselves_masked(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    room, plate = door
    async with work(SYSTEM):
        account = await account_for_phone(PHONE)
    number = make.document_number()
    await make.person(account, name=NAME, number=number, phone=PHONE)
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        first = await client.post(address, data={"phone": PHONE})
        kept = {**values_of(Page(first.text)), "code": await code_from(outbox)}
        shown_form = await client.post(address, data=kept)
        done = await client.post(address, data=values_of(Page(shown_form.text)))

    assert "测**" in shown_form.text
    for secret in (NAME, number):
        assert secret not in shown_form.text
    assert "登记好了" in done.text
    assert await Residence.filter(room_id=room.id, current=True).exists()


async def test_what_is_doubtful_says_that_a_warden_checks_it_and_why(outbox: Outbox) -> None:
    await make.town()
    house = await make.place()
    small = await make.room(house, "101", area=Decimal(5))
    plate = await make.plate(house, small)
    address = f"/q/{plate.token}/declare"
    answers = []
    async with visitor() as client:
        for phone in (PHONE, "13800000008"):
            form = await come_in(client, address, outbox, phone)
            sent = {**form, **agreed(number=make.document_number())}
            answers.append(await client.post(address, data=sent))

    assert "登记好了" in answers[0].text
    assert "要等网格员核实" in answers[1].text
    assert "比面积允许的多" in answers[1].text
    assert "登记好了" not in answers[1].text
    held = await Declaration.get(state=DeclarationState.HELD)
    assert held.doubts == ["OVER_CAPACITY"]


async def test_a_passport_sends_its_holder_to_the_police_within_24_hours(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    _, plate = door
    address = f"/q/{plate.token}/declare?lang=en"
    async with visitor() as client:
        form = await come_in(client, address, outbox)
        sent = {**form, **agreed(name="TEST PERSON", number="E00000001", kind="PASSPORT")}
        done = await client.post(address, data=sent)

    assert "You are registered" in done.text
    assert "police within 24 hours" in done.text


async def test_names_are_escaped_and_nothing_personal_is_logged(
    door: tuple[Room, Plate], outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    _, plate = door
    address, number = f"/q/{plate.token}/declare", make.document_number()
    with caplog.at_level(logging.DEBUG):
        async with visitor() as client:
            form = await come_in(client, address, outbox)
            refused = await client.post(
                address, data={**form, **agreed(name=HOSTILE, number=number + "9")}
            )

    assert refused.status_code == 400
    assert "<script>alert" not in refused.text
    assert number not in caplog.text
    claims = await fetch("SELECT * FROM request_claim")
    assert number not in str(claims)
    assert not await Person.exists()


async def test_wrong_codes_and_other_sites_get_nowhere(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    _, plate = door
    address = f"/q/{plate.token}/declare"
    async with visitor() as client:
        cross = await client.post(
            address, data={"phone": PHONE}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        bad = await client.post(address, data={"phone": "123"})
        await client.post(address, data={"phone": PHONE})
        soon = await client.post(address, data={"phone": PHONE})
        wrong = await client.post(address, data={"phone": PHONE, "code": "000"})
        forged = await client.post(
            address, data={"phone": PHONE, "session": "forged", "name": NAME}
        )

    assert (cross.status_code, bad.status_code) == (403, 400)
    assert soon.status_code == 429
    assert "one-time-code" in soon.text
    assert wrong.status_code == 400
    assert forged.status_code == 400
    assert values_of(Page(forged.text))["name"] == [NAME]  # what was typed comes back with it
    assert not await Declaration.exists()


@pytest.mark.parametrize(
    "values",
    [{"kind": PlaceKind.SMALL_SHOP}, {"lifecycle": Lifecycle.PLANNED}],
)
async def test_nobody_is_registered_where_nothing_is_let(
    values: dict[str, Any], outbox: Outbox
) -> None:
    await make.town()
    plate = await make.plate(await make.place(**values))
    async with visitor() as client:
        answer = await client.get(f"/q/{plate.token}/declare")
        scanned = Page((await client.get(f"/q/{plate.token}")).text)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/q/{plate.token}"
    links = {a["href"] for a in scanned.all("a")}
    assert f"/q/{plate.token}/declare" not in links
    assert f"/q/{plate.token}/report" in links


async def test_without_short_messages_the_page_says_what_to_do(
    door: tuple[Room, Plate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "available", lambda: False)
    async with visitor() as client:
        page = Page((await client.get(f"/q/{door[1].token}/declare")).text)

    assert "暂时发不了短信" in page.text
    assert not page.all("form")


async def test_the_plate_leads_to_both(door: tuple[Room, Plate]) -> None:
    token = door[1].token
    async with visitor() as client:
        page = Page((await client.get(f"/q/{token}")).text)

    assert {f"/q/{token}/declare", f"/q/{token}/report"} <= {a["href"] for a in page.all("a")}


async def declared(outbox: Outbox, plate: Plate, **headers: str) -> httpx.Response:
    """The page that follows a declaration with two fields."""
    address = f"/q/{plate.token}/declare"
    async with visitor(**headers) as client:
        form = await come_in(client, address, outbox)
        return await client.post(address, data={**form, **agreed(number=make.document_number())})


def offer_on(answer: httpx.Response) -> str | None:
    """Where the page offers to draw a certificate."""
    found = [form["action"] for form in Page(answer.text).all("form")]
    return next((action for action in found if action.startswith("/certificates/of/")), None)


async def test_who_is_registered_draws_one_certificate_however_often_they_press(
    door: tuple[Room, Plate], outbox: Outbox
) -> None:
    done = await declared(outbox, door[1])
    assert "开具居住登记凭证" in Page(done.text).text
    offer = offer_on(done)
    assert offer is not None
    async with visitor() as client:
        led = [await client.post(offer) for _ in range(3)]
        files = [await client.get(answer.headers["location"]) for answer in led]
    assert {answer.status_code for answer in led} == {303}
    assert {(file.status_code, file.content[:5]) for file in files} == {(200, b"%PDF-")}
    certificate = await ResidenceCertificate.get()
    residence = await Residence.get(room_id=door[0].id, current=True)
    assert certificate.residence_id == residence.id
    assert not await Session.filter(ended_at=None).exists()


async def test_an_offer_is_soon_over_good_for_one_declaration_and_for_no_locked_account(
    door: tuple[Room, Plate], outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = offer_on(await declared(outbox, door[1]))
    assert offer is not None
    own = (await Declaration.get()).id
    async with visitor() as client:
        bad = (offer.replace(str(own), str(uuid7())), offer[:-3], offer.split("?")[0])
        assert {(await client.post(address)).status_code for address in bad} == {404}
        assert (await client.get(offer)).status_code == 405
        await Account.all().update(locked_at=now())
        assert (await client.post(offer)).status_code == 404
        await Account.all().update(locked_at=None)
        later = now() + GOOD_FOR + timedelta(seconds=1)
        monkeypatch.setattr(signed_addresses, "now", lambda: later)
        assert (await client.post(offer)).status_code == 404
    assert not await ResidenceCertificate.exists()


async def test_what_is_held_offers_no_certificate(door: tuple[Room, Plate], outbox: Outbox) -> None:
    await Room.filter(id=door[0].id).update(state=RoomState.OUT_OF_USE)
    done = await declared(outbox, door[1])
    assert (await Declaration.get()).state is DeclarationState.HELD
    assert offer_on(done) is None
