"""Residence certificates: drawn by who lives there, checked by anybody, over with the residence."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core import redis
from core.clock import today
from core.errors import NotFound, RateLimited, Unauthenticated, WrongState
from core.ids import token
from core.settings import settings
from core.work import work
from identity.actor import SYSTEM, Actor
from management.models import (
    DocumentKind,
    Residence,
    ResidenceCertificate,
    ResidenceCheck,
    ResidenceEnd,
)
from management.people.certificate_drawing import BESIDE, certificate_pdf, runs
from management.people.certificates import (
    CertificateState,
    Printed,
    check_certificate,
    download_address,
    draw_certificate,
    own_certificates,
    printed,
)
from management.people.residences import end_residence
from management.plate_sheets.drawing import FONT
from tests import factories
from tests.management.support import VISITOR, outcomes, refused, signed_in, staff


@pytest.fixture
async def limits() -> AsyncIterator[None]:
    async with redis.connected(None):
        yield


async def resident(**values: object) -> tuple[Actor, Residence]:
    account = await factories.account()
    person = await factories.person(account, name="张三丰")
    room = await factories.room(await factories.place())
    return signed_in(account), await factories.residence(person, room, **values)


async def paper(certificate: ResidenceCertificate) -> Printed:
    address = download_address(certificate)
    assert address is not None
    found = re.fullmatch(r".*/certificates/(.*)\.pdf\?expires=(\d+)&signature=(.*)", address)
    assert found is not None
    answer = await printed(certificate.id, found[2], found[3])
    assert answer is not None
    return answer


def code_of(drawn: Printed) -> str:
    return drawn.url.rsplit("/", 1)[1]


async def test_a_certificate_says_where_somebody_lives_and_the_code_says_it_masked(
    town: None, limits: None
) -> None:
    actor, residence = await resident()
    certificate = await draw_certificate(actor)
    assert certificate.number == f"JZ{today().year}-000001"
    assert certificate.valid_until == today() + timedelta(days=90)
    drawn = await paper(certificate)
    assert (drawn.name, drawn.room, drawn.since) == ("张三丰", "302", residence.starts_on)
    assert re.fullmatch(r"\d{4}\*{10}[\dX]{4}", drawn.document)
    assert drawn.url.startswith(f"{settings().public_url}/v/")
    checked = await check_certificate(VISITOR, code_of(drawn))
    assert checked is not None
    assert (checked.state, checked.name) == (CertificateState.VALID, "张**")
    assert checked.number == certificate.number
    assert "302" not in str(checked.address)


async def test_the_code_is_nowhere_in_the_database(town: None, limits: None) -> None:
    actor, _ = await resident()
    drawn = await paper(await draw_certificate(actor))
    assert code_of(drawn) not in str(await ResidenceCertificate.all().values())


async def test_it_is_revoked_when_the_residence_ends(town: None, limits: None) -> None:
    actor, residence = await resident()
    certificate = await draw_certificate(actor)
    drawn = await paper(certificate)
    async with work(SYSTEM):
        await end_residence(residence, ends_on=today(), reason=ResidenceEnd.MOVED_OUT)
    checked = await check_certificate(VISITOR, code_of(drawn))
    assert checked is not None
    assert checked.state is CertificateState.REVOKED
    assert (checked.name, checked.address, checked.since) == (None, None, None)
    await certificate.refresh_from_db()
    assert download_address(certificate) is None
    await refused(WrongState, draw_certificate(actor), reason="NO_RESIDENCE")


async def test_it_expires_and_then_says_nothing_more(town: None, limits: None) -> None:
    actor, _ = await resident()
    certificate = await draw_certificate(actor)
    drawn = await paper(certificate)
    await ResidenceCertificate.all().update(valid_until=today() - timedelta(days=1))
    checked = await check_certificate(VISITOR, code_of(drawn))
    assert checked is not None
    assert (checked.state, checked.name) == (CertificateState.EXPIRED, None)
    await certificate.refresh_from_db()
    assert download_address(certificate) is None


async def test_codes_that_do_not_exist_are_counted(town: None, limits: None) -> None:
    for wrong in ("", "x" * 22, "张" * 22, "../etc", *(token() for _ in range(6))):
        assert await check_certificate(VISITOR, wrong) is None
    with pytest.raises(RateLimited):
        await check_certificate(VISITOR, token())


async def test_a_forged_or_old_address_gives_nothing(town: None, limits: None) -> None:
    actor, _ = await resident()
    one, other = await draw_certificate(actor), await draw_certificate(actor)
    address = download_address(one)
    assert address is not None
    expires, signature = address.split("expires=")[1].split("&signature=")
    assert await printed(other.id, expires, signature) is None
    assert await printed(one.id, str(int(expires) + 1), signature) is None
    assert await printed(one.id, "", "") is None


async def test_a_doubted_residence_gives_none(town: None) -> None:
    actor, _ = await resident(check_state=ResidenceCheck.DOUBTED)
    await refused(WrongState, draw_certificate(actor), reason="DOUBTED")
    later, _ = await resident(starts_on=today() + timedelta(days=2))
    await refused(WrongState, draw_certificate(later), reason="NO_RESIDENCE")


async def test_five_a_day_are_enough(town: None) -> None:
    actor, _ = await resident()
    for _ in range(5):
        await draw_certificate(actor)
    refusal = await refused(RateLimited, draw_certificate(actor))
    assert 0 < refusal.params["retryAfter"] <= 86_400


async def test_only_who_is_registered_draws_and_sees_their_own(town: None) -> None:
    actor, _ = await resident()
    await draw_certificate(actor)
    stranger = signed_in(await factories.account())
    await refused(Unauthenticated, draw_certificate(VISITOR))
    await refused(NotFound, draw_certificate(stranger))
    await refused(NotFound, draw_certificate(staff()))
    assert len(await own_certificates(actor)) == 1
    assert await own_certificates(stranger) == await own_certificates(staff()) == []


async def test_drawn_while_moving_out_is_never_left_valid(committed_town: None) -> None:
    actor, residence = await resident()

    async def move_out() -> None:
        async with work(SYSTEM):
            await end_residence(residence, ends_on=today(), reason=ResidenceEnd.MOVED_OUT)

    await outcomes(*(draw_certificate(actor) for _ in range(4)), move_out())
    assert await ResidenceCertificate.filter(revoked_at=None).count() == 0


def sheet(name: str) -> Printed:
    return Printed(
        number="JZ2026-000001", name=name, document_kind=DocumentKind.MAINLAND_ID,
        document="4419**********1234", place="测试公寓", address="测试路1号" * 9, room="302",
        place_code="999999-00001", since=today(), issued_on=today(), valid_until=today(),
        url="https://town.example.test/v/n0such0token0n0such0to",
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["张三丰", "Ana Lima", "买买提·艾力", "张㛃", "张𠮷", "" + "张" * 60]
)
def test_every_name_can_be_drawn(name: str) -> None:
    pdf = certificate_pdf(sheet(name))
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) < 300_000


def test_characters_that_the_font_lacks_are_drawn_in_another_or_as_a_box() -> None:
    assert runs("张三") == [(FONT, "张三")]
    assert runs("张㛃") == [(FONT, "张"), (BESIDE, "㛃")]
    assert runs("张𠮷") == [(FONT, "张□")]
