"""Consents (单独同意): what somebody agreed to, in which words, and that they may take it back.

The texts are data (``consents.toml``). Withdrawing touches only what rests on consent: a residence
is registered by statutory duty and stays.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import UUID

from core.clock import now
from core.errors import InvalidInput, NotFound, WrongState
from core.privacy import Basis
from core.work import current, work
from identity.actor import Actor, ActorKind
from identity.models import Account
from management.access import require_sign_in
from management.models import Consent, ConsentPurpose

GUARDIAN_UNDER: Final = 14
"""Years: below, a guardian agrees (PIPL article 31)."""

_FILE: Final = Path(__file__).parent / "consents.toml"
_FOR_ONESELF: Final = frozenset({ConsentPurpose.DOCUMENT_NUMBER, ConsentPurpose.LOCATION})


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What is asked, in words. ``basis``: what the processing itself rests on."""

    purpose: ConsentPurpose
    version: str
    basis: Basis
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str


@dataclass(frozen=True, slots=True)
class Given:
    """That the text of this version was shown and agreed to."""

    purpose: ConsentPurpose
    version: str


@cache
def texts() -> Mapping[ConsentPurpose, tuple[ConsentText, ...]]:
    """Every text of each purpose, the one in force first."""
    written = tomllib.loads(_FILE.read_text("utf-8"))
    return MappingProxyType(
        {
            purpose: tuple(
                ConsentText(
                    purpose,
                    row["version"],
                    Basis(row["basis"]),
                    row["title_zh"],
                    row["title_en"],
                    row["body_zh"].strip(),
                    row["body_en"].strip(),
                )
                for row in written[purpose.value]
            )
            for purpose in ConsentPurpose
        }
    )


def text_in_force(purpose: ConsentPurpose) -> ConsentText:
    """The text that is shown now."""
    return texts()[purpose][0]


async def missing(
    purposes: Collection[ConsentPurpose], *, account_id: UUID, person_id: UUID | None = None
) -> list[ConsentText]:
    """The texts in force that an account has not agreed to yet: what to show before going on.

    ``person_id``: the child that a guardian agrees for; consents of a guardian are per child.
    """
    given = await _in_force(account_id, person_id)
    wanted = [text_in_force(purpose) for purpose in ConsentPurpose if purpose in purposes]
    return [text for text in wanted if (text.purpose, text.version) not in given]


async def agreed(
    account_id: UUID, purpose: ConsentPurpose, *, person_id: UUID | None = None
) -> bool:
    """Whether an account's consent is in force, to whichever version of the text."""
    found = Consent.filter(account_id=account_id, purpose=purpose, withdrawn_at=None)
    if purpose is ConsentPurpose.MINOR:
        found = found.filter(person_id=person_id)
    return await found.exists()


async def note_consents(
    given: Sequence[Given],
    *,
    account_id: UUID | None,
    person_id: UUID | None = None,
    staff_id: UUID | None = None,
    field: str = "input.consents",
) -> None:
    """Keep what was agreed to, in a running unit of work; what is in force is not kept twice.

    ``person_id``: of a guardian's consent the child, of staff's note the one who agreed.

    Raises:
        InvalidInput: ``CONSENT_VERSION``, not the text in force: show that one.
    """
    known = await _in_force(account_id, person_id) if account_id is not None else set()
    for one in dict.fromkeys(given):
        shown = text_in_force(one.purpose).version
        if one.version != shown:
            raise InvalidInput(
                field=field,
                reason="CONSENT_VERSION",
                params={
                    "purpose": one.purpose.value,
                    "version": text_in_force(one.purpose).version,
                },
                zh="同意书已更新，请重新阅读后再同意",
                en="The text has changed; read it again before you agree",
            )
        if (one.purpose, one.version) in known:
            continue
        row = await Consent.create(
            account_id=account_id,
            person_id=None if account_id and one.purpose in _FOR_ONESELF else person_id,
            staff_id=staff_id,
            purpose=one.purpose,
            version=one.version,
            given_at=now(),
        )
        current().note("giveConsent", "CONSENT", row.id, purpose=one.purpose.value)


async def give_consent(actor: Actor, *, purpose: ConsentPurpose, version: str) -> Account:
    """Agree to a text for oneself; a guardian's consent is given where the child is declared.

    Raises:
        NotFound: not an account.
        InvalidInput: ``MINOR``, or a version that is no longer shown.
    """
    account_id = _account(actor)
    if purpose not in _FOR_ONESELF:
        raise InvalidInput(
            field="input.purpose",
            reason="GUARDIAN",
            zh="监护人的同意在申报孩子时填写",
            en="A guardian agrees where the child is declared",
        )
    async with work(actor):
        account = await Account.filter(id=account_id).select_for_update().get()
        await note_consents([Given(purpose, version)], account_id=account_id, field="input.version")
    return account


async def withdraw_consent(actor: Actor, *, purpose: ConsentPurpose) -> Account:
    """Take a consent back, whatever version it was given to; what rests on it ends from now on.

    Raises:
        NotFound: not an account.
        WrongState: none is in force.
    """
    account_id = _account(actor)
    async with work(actor) as unit:
        account = await Account.filter(id=account_id).select_for_update().get()
        moment = now()
        ended = await Consent.filter(
            account_id=account_id, purpose=purpose, withdrawn_at=None
        ).update(withdrawn_at=moment)
        if not ended:
            raise WrongState(reason="NOT_GIVEN", zh="没有生效中的同意", en="No consent is in force")
        unit.note("withdrawConsent", "ACCOUNT", account_id, purpose=purpose.value, count=ended)
    return account


async def own_consents(actor: Actor) -> list[Consent]:
    """What the account agreed to, in force or withdrawn, the newest first."""
    if actor.kind is not ActorKind.ACCOUNT:
        return []
    return await Consent.filter(account_id=actor.id).order_by("-id").limit(_MOST)


_MOST: Final = 100


def _account(actor: Actor) -> UUID:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    return actor.id


async def _in_force(account_id: UUID, person_id: UUID | None) -> set[tuple[ConsentPurpose, str]]:
    rows = await Consent.filter(account_id=account_id, withdrawn_at=None).values_list(
        "purpose", "version", "person_id"
    )
    return {
        (ConsentPurpose(purpose), version)
        for purpose, version, of in rows
        if ConsentPurpose(purpose) in _FOR_ONESELF or of == person_id
    }
