"""Certificates and the page that checks them, copies of one's own data, hazards' documents.

Each is fetched without signing in: who may have it is given an address that is soon over, and for
everybody else there is nothing, whatever it is that they lack.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx
import orjson
import pypdfium2
import pytest
import zxingcpp

from api.pages.words import whole_day
from citizen.my_data import erasing, exporting
from citizen.my_data.models import DataExport
from core import redis, signed_addresses
from core.clock import now, today
from core.crypto import reveal, ring, seal
from core.ids import token, uuid7
from core.settings import settings
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind
from management.hazards.documents.content import Statement
from management.hazards.documents.fetching import address_of
from management.hazards.documents.issuing import issue_document
from management.models import (
    HazardDocumentKind,
    HazardState,
    Person,
    Residence,
    ResidenceCertificate,
    ResidenceEnd,
)
from management.people.certificates import download_address, draw_certificate
from management.people.residences import end_residence
from tests import factories as make
from tests.api.visitor import Page, visitor
from tests.management.hazards.acting import brought_to, warden
from tests.management.support import signed_in

pytestmark = pytest.mark.usefixtures("db")
NAME = "欧阳测试"
_numbers = count(1)


@pytest.fixture(autouse=True)
async def town(db: None) -> None:
    await make.town()


@dataclass
class Resident:
    """Somebody with a home and a certificate of it."""

    actor: Actor
    person: Person
    home: Residence
    certificate: ResidenceCertificate
    address: str

    @property
    def path(self) -> str:
        """The certificate's own, with its query."""
        return path_of(self.address)


async def resident() -> Resident:
    account, phone = await make.account(), f"1390000{next(_numbers):04d}"
    seal(account, "phone", phone)
    account.phone_index = ring().index(phone, table="account", column="phone_index")
    await account.save()
    person = await make.person(account, name=NAME, phone=phone)
    house = await make.place(name="幸福公寓", street="康乐南路", door_number="12号")
    home = await make.residence(person, await make.room(house, "5027"))
    async with redis.connected(None):
        certificate = await draw_certificate(signed_in(account))
    address = download_address(certificate)
    assert address is not None
    return Resident(signed_in(account), person, home, certificate, address)


def path_of(address: str) -> str:
    assert address.startswith(settings().public_url + "/")
    return address.removeprefix(settings().public_url)


async def get(path: str, **headers: str) -> httpx.Response:
    async with visitor(**headers) as client:
        return await client.get(path)


def words_of(pdf: bytes) -> str:
    """What a reader of the pages finds, without spaces."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return "".join(found.split())


def code_on(pdf: bytes) -> str:
    """The address in the code on the first page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        (code,) = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil().convert("L"))
    finally:
        document.close()
    return str(code.text)


def changed(path: str, *, at: str | None = None, **query: str) -> str:
    parts = urlsplit(path)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{at or parts.path}?{urlencode({**given, **query})}"


def is_nothing(answer: httpx.Response) -> bool:
    """The one answer for what is not there, and for what is somebody else's."""
    kept = answer.headers["Cache-Control"]
    return (answer.status_code, answer.text, kept) == (404, "404", "no-store")


# Certificates


async def test_a_certificate_is_read_and_its_code_leads_to_the_page_that_confirms_it() -> None:
    of = await resident()
    answer = await get(of.path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert of.certificate.number in answer.headers["Content-Disposition"]
    number = reveal(of.person, "number")
    assert number is not None
    said = words_of(answer.content)
    for words in (
        "居住登记凭证", of.certificate.number, NAME, "居民身份证", "康乐南路12号", "幸福公寓",
        "5027", of.home.starts_on.isoformat(), of.certificate.valid_until.isoformat(),
    ):  # fmt: skip
        assert words in said, words
    assert number not in said
    address = code_on(answer.content)
    checked = Page((await get(path_of(address))).text)
    assert "凭证有效" in checked.text
    assert of.certificate.number in checked.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_of_a_valid_certificate_tells_no_more_than_it_must(language: str) -> None:
    of = await resident()
    code = urlsplit(code_on((await get(of.path)).content)).path
    answer = await get(code, Cookie=f"lang={language}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Language"] == {"zh": "zh-CN", "en": "en"}[language]
    page = Page(answer.text)
    expected = {"zh": "凭证有效", "en": "The certificate is valid"}[language]
    since = whole_day(of.home.starts_on, language)  # type: ignore[arg-type]  # a literal
    for words in (expected, "欧***", "康乐南路12号", of.certificate.number, since):
        assert words in page.text, words
    number, phone = reveal(of.person, "number"), reveal(of.person, "phone")
    assert number is not None
    assert phone is not None
    hidden = (
        NAME, NAME[1:], number, number[:4] + "*", number[6:14], phone, "5027", "1990",
        *(str(one) for one in (of.person.id, of.home.id, of.certificate.id, of.actor.id)),
        of.certificate.token_hash,
    )  # fmt: skip
    for words in hidden:
        assert words not in answer.text, words


async def test_what_holds_no_more_says_so_and_nothing_about_the_person() -> None:
    for state, said in (("expired", "凭证已过期"), ("revoked", "凭证已失效")):
        of = await resident()
        code = urlsplit(code_on((await get(of.path)).content)).path
        if state == "expired":
            of.certificate.valid_until = today() - timedelta(days=1)
            await of.certificate.save(update_fields=["valid_until"])
        else:
            async with work(SYSTEM):
                await end_residence(of.home, ends_on=today(), reason=ResidenceEnd.MOVED_OUT)
        answer = await get(code)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (410, "no-store")
        assert said in answer.text
        assert of.certificate.number in answer.text
        for words in ("欧", "康乐南路", "幸福公寓", of.home.starts_on.isoformat()):
            assert words not in answer.text, (state, words)
        assert is_nothing(await get(of.path))  # an address that was given before


async def test_a_person_who_was_erased_is_on_no_certificate() -> None:
    of = await resident()
    code = urlsplit(code_on((await get(of.path)).content)).path
    await Person.filter(id=of.person.id).update(
        name=None, number=None, number_index=None, phone=None, phone_index=None, born=None,
        account_id=None, erased_at=now(),
    )  # fmt: skip
    assert (await get(code)).status_code == 410
    assert is_nothing(await get(of.path))


HOSTILE_CODES = (
    "x", "x" * 22, "x" * 4000, "张" * 22, "%00" * 22, "%ff" * 22, "' OR 1=1 --aaaaaaaaaaa",
    "<script>alert(1)</script>", "{{ settings().secret }}", "..%2F..%2Fetc%2Fpasswd",
)  # fmt: skip


@pytest.mark.parametrize("code", HOSTILE_CODES, ids=range(len(HOSTILE_CODES)))
async def test_a_code_that_was_never_given_finds_nothing_and_is_not_repeated(code: str) -> None:
    answer = await get(f"/v/{code}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert "没有" in answer.text
    assert "<script>alert" not in answer.text
    assert "secret" not in Page(answer.text).text


async def test_who_tries_codes_is_stopped_and_a_real_code_is_answered_all_the_same() -> None:
    of = await resident()
    code = urlsplit(code_on((await get(of.path)).content)).path
    async with visitor() as client:
        for _ in range(10):
            assert (await client.get(f"/v/{token()}")).status_code == 404
        refused = await client.get(f"/v/{token()}")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert (await client.get(code)).status_code == 200


# Copies of one's own data


@pytest.fixture
async def copy() -> DataExport:
    of = await resident()
    ordered = await exporting.request_export(of.actor)
    await exporting.make_data_export(1, str(ordered.id))
    return await exporting.access_export(of.actor, export_id=ordered.id)


def address_of_copy(copy: DataExport, form: str) -> str:
    return path_of(exporting.address(copy, form))


async def test_a_copy_is_fetched_in_both_forms_as_often_as_its_address_holds(
    copy: DataExport,
) -> None:
    for form, media_type in (("json", "application/json"), ("pdf", "application/pdf")):
        for _ in range(2):  # a phone asks twice where a download was broken off
            answer = await get(address_of_copy(copy, form))
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == media_type
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "attachment" in answer.headers["Content-Disposition"]
            if form == "json":
                names = {one["name"] for one in orjson.loads(answer.content)["sections"]}
                assert {"account.id", "person.id", "residence.person_id"} <= names
                assert NAME in answer.text
            else:
                said = words_of(answer.content)
                for words in ("我的个人信息副本", NAME, "1390000", "幸福公寓"):
                    assert words in said, words


async def test_a_copy_is_gone_with_its_week_and_with_its_account(copy: DataExport) -> None:
    path = address_of_copy(copy, "json")
    assert (await get(path)).status_code == 200
    await DataExport.filter(id=copy.id).update(expires_at=now() - timedelta(seconds=1))
    assert is_nothing(await get(path))
    await DataExport.filter(id=copy.id).update(expires_at=now() + timedelta(days=1))
    assert (await get(path)).status_code == 200
    await erasing.close_account(Actor(kind=ActorKind.ACCOUNT, id=copy.account_id))
    assert is_nothing(await get(path))


# Documents about hazards


async def document_path() -> tuple[UUID, str]:
    who = await warden()
    hazard = await brought_to(HazardState.ACCEPTED, summary="楼梯口堵塞")
    said = Statement(requirements="请清理楼梯通道", facts="堆放杂物")
    document = await issue_document(
        who, hazard_id=hazard.id, kind=HazardDocumentKind.NOTICE, said=said
    )
    return document.id, address_of(document.id)


async def test_a_document_says_what_is_wrong_what_to_do_and_who_said_so() -> None:
    _, path = await document_path()
    answer = await get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    said = words_of(answer.content)
    for words in ("隐患告知书", "请清理楼梯通道", "堆放杂物", "测试公寓", "签发日期", "签收"):
        assert words in said, words


# Of all of them


async def every_path(copy: DataExport) -> dict[str, str]:
    return {
        "certificate": (await resident()).path,
        "json": address_of_copy(copy, "json"),
        "pdf": address_of_copy(copy, "pdf"),
        "document": (await document_path())[1],
    }


async def test_an_address_is_good_for_what_it_names_and_for_nothing_else(copy: DataExport) -> None:
    given = await every_path(copy)
    bare = {name: urlsplit(path).path for name, path in given.items()}
    other = {
        "certificate": f"/certificates/{(await resident()).certificate.id}.pdf",
        "document": f"/hazard-documents/{(await document_path())[0]}.pdf",
        "json": f"/my-data/{uuid7()}.json",
        "pdf": f"/my-data/{copy.id}.exe",
    }
    for name, path in given.items():
        assert (await get(path)).status_code == 200, name
        forged = [
            bare[name],
            changed(path, signature=""),
            changed(path, signature="签名"),
            changed(path, expires="9" * 12),
            changed(path, expires="9" * 400),
            changed(path, expires="-1"),
            *(changed(path, at=at) for which, at in bare.items() if which != name),
            *(changed(path, at=at) for at in other.values()),
        ]
        for wrong in forged:
            assert is_nothing(await get(wrong)), wrong


async def test_every_address_is_over_after_ten_minutes(
    copy: DataExport, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, made = await every_path(copy), now()
    for after, status in ((timedelta(minutes=9), 200), (timedelta(minutes=10, seconds=1), 404)):
        moment = made + after
        monkeypatch.setattr(signed_addresses, "now", lambda moment=moment: moment)
        for name, path in given.items():
            assert (await get(path)).status_code == status, name


async def test_an_id_in_the_same_words_signed_for_another_use_finds_nothing() -> None:
    """The name of what is signed is not enough: the use is in the key."""
    document, path = await document_path()
    for at in (f"/certificates/{document}.pdf", f"/my-data/{document}.pdf"):
        assert is_nothing(await get(changed(path, at=at)))
