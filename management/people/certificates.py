"""Residence certificates (居住登记凭证): drawn by the resident, checked by anybody who holds one.

The code on a certificate is a keyed hash of its id, so that it can be drawn again; only its SHA-256
is stored. A certificate ends with its residence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.clock import SHANGHAI, now, today
from core.errors import NotFound, RateLimited, WrongState
from core.ids import uuid7
from core.masking import mask_document, mask_name
from core.rates import allow
from core.settings import settings
from core.signed_addresses import signed_query, still_good
from core.work import work
from identity.actor import Actor
from management.access import require_sign_in
from management.models import (
    DocumentKind,
    Person,
    Place,
    Residence,
    ResidenceCertificate,
    ResidenceCheck,
)
from management.people.numbering import next_number
from management.people.persons import own_person, shown
from management.rules import rules

SERIES: Final = "RESIDENCE_CERTIFICATE"

_SIGNED: Final = "residence certificates"
_CODES: Final = "codes of residence certificates"
_TOKEN: Final = 22
_MISSES: Final = timedelta(minutes=1)
_MOST: Final = 50


class CertificateState(StrEnum):
    """Whether a certificate holds."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What stands on a certificate."""

    number: str
    name: str = field(repr=False)
    document_kind: DocumentKind
    document: str = field(repr=False)
    place: str
    address: str
    room: str
    place_code: str
    since: date
    issued_on: date
    valid_until: date
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What anybody learns who holds the code. ``name`` and on only while it is valid."""

    state: CertificateState
    number: str
    valid_until: date
    name: str | None = None
    address: str | None = None
    since: date | None = None


async def draw_certificate(actor: Actor) -> ResidenceCertificate:
    """A new numbered certificate of where the actor lives now.

    Raises:
        NotFound: not an account, or nobody is known behind it.
        WrongState: ``NO_RESIDENCE``, none is in force; ``DOUBTED``, somebody looks at it first.
        RateLimited: enough for a day.
    """
    require_sign_in(actor)
    person = await own_person(actor)
    if person is None:
        raise NotFound
    async with work(actor) as unit:
        residence = await _locked_residence(person)
        if residence.check_state is ResidenceCheck.DOUBTED:
            raise WrongState(
                reason="DOUBTED",
                zh="居住登记正在核实，核实后再开具凭证",
                en="Your residence is being looked at; draw a certificate after that",
            )
        await _refuse_too_many(person)
        certificate_id, year = uuid7(), today().year
        certificate = await ResidenceCertificate.create(
            id=certificate_id,
            number=f"JZ{year}-{await next_number(SERIES, year):06d}",
            person_id=person.id,
            residence_id=residence.id,
            token_hash=_hash(_token(certificate_id)),
            issued_at=now(),
            valid_until=today() + timedelta(days=rules().certificate_days),
        )
        unit.note(
            "drawResidenceCertificate", "PERSON", person.id, certificate=certificate.id,
            residence=residence.id,
        )  # fmt: skip
    return certificate


async def own_certificates(actor: Actor) -> list[ResidenceCertificate]:
    """The actor's certificates, the newest first, at most 50."""
    person = await own_person(actor)
    if person is None:
        return []
    return await ResidenceCertificate.filter(person_id=person.id).order_by("-id").limit(_MOST)


def state_of(certificate: ResidenceCertificate) -> CertificateState:
    """Whether a certificate holds today."""
    if certificate.revoked_at is not None:
        return CertificateState.REVOKED
    expired = certificate.valid_until < today()
    return CertificateState.EXPIRED if expired else CertificateState.VALID


def download_address(certificate: ResidenceCertificate) -> str | None:
    """A signed address of the PDF, good for ten minutes; only for the person. None: not valid."""
    if state_of(certificate) is not CertificateState.VALID:
        return None
    name = str(certificate.id)
    return f"{settings().public_url}/certificates/{name}.pdf?{signed_query(_SIGNED, name)}"


async def printed(certificate_id: UUID, expires: str, signature: str) -> Printed | None:
    """What is drawn for a signed address; None when that or the certificate is not good."""
    if not still_good(_SIGNED, str(certificate_id), expires, signature):
        return None
    certificate = await _whole(id=certificate_id)
    token = _token(certificate_id)
    # After a change of the master secret the code would be another: draw a new certificate.
    if certificate is None or certificate.token_hash != _hash(token):
        return None
    if state_of(certificate) is not CertificateState.VALID:
        return None
    person, residence = certificate.person, certificate.residence
    known, place = shown(person, clear=True), residence.place
    if known["name"] is None:  # erased: the page that checks it says that it holds no more
        return None
    return Printed(
        number=certificate.number,
        name=known["name"],
        document_kind=person.document_kind,
        document=mask_document(known["number"] or ""),
        place=place.name,
        address=place.street + place.door_number,
        room=residence.room.number,
        place_code=place.code,
        since=residence.starts_on,
        issued_on=certificate.issued_at.astimezone(SHANGHAI).date(),
        valid_until=certificate.valid_until,
        url=f"{settings().public_url}/v/{token}",
    )


async def check_certificate(actor: Actor, token: str) -> Checked | None:
    """What a code says, for anybody; None when no certificate bears it.

    Raises:
        RateLimited: this address has tried too many codes that don't exist.
    """
    found = None
    if len(token) == _TOKEN and token.isascii():
        found = await _whole(token_hash=_hash(token))
    if found is None:
        await allow("certificate misses", actor.address, limit=10, window=_MISSES, fail_open=True)
        return None
    state = state_of(found)
    name = shown(found.person, clear=True)["name"]
    if state is not CertificateState.VALID or name is None:
        return Checked(
            state=CertificateState.REVOKED if name is None else state,
            number=found.number,
            valid_until=found.valid_until,
        )
    place = found.residence.place
    return Checked(
        state=state,
        number=found.number,
        valid_until=found.valid_until,
        name=mask_name(name),
        address=f"{place.street}{place.door_number} {place.name}",
        since=found.residence.starts_on,
    )


async def _whole(**which: Any) -> ResidenceCertificate | None:
    found: Sequence[ResidenceCertificate] = await ResidenceCertificate.filter(
        **which
    ).select_related("person", "residence__place", "residence__room")
    return found[0] if found else None


async def _locked_residence(person: Person) -> Residence:
    seen = await Residence.filter(person_id=person.id, current=True).first()
    if seen is not None:
        # The place first, as by everything that ends residences and their certificates.
        await Place.filter(id=seen.place_id).select_for_update().only("id").get()
        found = await Residence.filter(id=seen.id, current=True).select_for_update().first()
        if found is not None and found.starts_on <= today():
            return found
    raise WrongState(
        reason="NO_RESIDENCE",
        zh="您现在没有生效的居住登记，请先扫码申报",
        en="You are not registered anywhere now; scan a plate and declare first",
    )


async def _refuse_too_many(person: Person) -> None:
    midnight = datetime.combine(today(), time(), SHANGHAI)
    drawn = await ResidenceCertificate.filter(person_id=person.id, issued_at__gte=midnight).count()
    if drawn >= rules().certificates_per_day:
        until = midnight + timedelta(days=1) - now()
        raise RateLimited(params={"retryAfter": int(until.total_seconds()) + 1})


def _token(certificate_id: UUID) -> str:
    key = settings().derived_key(_CODES)
    digest = hmac.digest(key, certificate_id.bytes, hashlib.sha256)[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
