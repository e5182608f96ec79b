"""What is held about people who live in the town, declared for the register of personal data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tortoise import Model
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.clock import now
from core.crypto import reveal, seal
from core.errors import InvalidInput
from core.privacy import Basis, Holding, Retention, Words, condition, register
from identity.models import Account
from identity.phone_sign_in import mobile_number
from management.models import (
    Consent,
    Person,
    PersonLook,
    Residence,
    ResidenceCertificate,
    TenantDuty,
)
from management.people.persons import phone_indexes, read_name, same_name

AFTER_LEAVING: Final = timedelta(days=2 * 366)
"""How long a residence is kept after it ended; a town sets its own in ``docs/rules.md``."""

_RESIDENCE: Final = Retention(
    Words("居住登记在搬离后保留两年", "Two years after the residence ended"),
    AFTER_LEAVING,
    "ended_at",
)
_LOOKS: Final = Retention(
    Words("查阅记录保留三年", "Records of who looked: three years"), timedelta(days=3 * 366), "at"
)
_PROOF: Final = Retention(
    Words("同意记录在撤回后保留三年", "Three years after consent was withdrawn"),
    timedelta(days=3 * 366),
    "withdrawn_at",
)


def _alone(model: type[Model], *, but_for: set[str]) -> Q:
    """The condition that no row of any table refers to a row, but for what goes with it."""
    meta = model._meta  # noqa: SLF001 - Tortoise gives no other way to who refers to a model
    referring = (meta.backward_fk_fields | meta.backward_o2o_fields) - but_for
    return Q(*(condition(f"{name}__isnull", True) for name in sorted(referring)))


def nowhere() -> Q:
    """People of whom no residence and no declaration is kept any more."""
    return Q(_alone(Person, but_for={"looks", "consents", "certificates"}), erased_at=None)


async def blank(rows: QuerySet[Person]) -> None:
    """Keep the row, which the trail refers to, without the person.

    Whoever is declared again meanwhile stays: declaring locks the person too.
    """
    locked = rows.filter(erased_at=None).order_by("id").select_for_update()
    ids = [person.id for person in await locked.only("id")]
    still = await Person.filter(nowhere(), id__in=ids).values_list("id", flat=True)
    await Person.filter(id__in=still).update(
        number=None,
        number_index=None,
        name=None,
        born=None,
        phone=None,
        phone_index=None,
        permit_endorse_by=None,
        permit_reminded_for=None,
        account_id=None,
        erased_at=now(),
    )


async def _correct(row: Person, changes: Mapping[str, Any]) -> None:
    """Set how the same name is written, or the phone by which its holder signs in.

    A name that contradicts the one on record is a matter for a warden, not for this.

    Raises:
        InvalidInput: another name; a number that does not vouch for its holder; another field.
    """
    account = await Account.filter(persons__id=row.id).first()
    for column, value in changes.items():
        if column == "name" and same_name(reveal(row, "name") or "", value):
            seal(row, "name", read_name(value, field=column))
        elif column == "phone":
            number = mobile_number(value, field=column)
            if account is None or reveal(account, "phone") != number:
                raise InvalidInput(
                    field=column,
                    reason="PHONE_NOT_YOURS",
                    zh="请先用这个号码登录，再更正",
                    en="Sign in with this number first",
                )
            seal(row, "phone", number)
            row.phone_index = phone_indexes(number)[0]
        else:
            raise InvalidInput(field=column, reason="NOT_CORRECTABLE")
    row.version += 1
    await row.save(update_fields=["name", "phone", "phone_index", "version", "updated_at"])


class _People(Holding):
    """Who somebody is, for as long as a residence or declaration says where they live or lived."""

    def expired(self, at: datetime) -> Q:
        """Those of whom nothing else is kept, but for what is being declared just now."""
        return Q(nowhere(), created_at__lt=at - timedelta(days=1))

    def erasable(self, at: datetime) -> Q:
        """The same."""
        return self.expired(at)


async def _part(rows: QuerySet[Person]) -> None:
    """No account leads to the person any more."""
    await rows.update(account_id=None)


class _OwnPerson(Holding):
    """Which person an account is: undone when the account is closed, and not before."""

    def erasable(self, at: datetime) -> Q:
        """The registration stays, and no account leads to it."""
        return Q()


class _Residences(Holding):
    """Residences: after what was declared of them has gone."""

    def expired(self, at: datetime) -> Q:
        """Those ended long enough ago."""
        return Q(
            _alone(Residence, but_for={"certificates"}),
            ended_at__lt=at - AFTER_LEAVING,
        )

    def erasable(self, at: datetime) -> Q:
        """The same."""
        return self.expired(at)


register(
    _People(
        model=Person,
        kind="person",
        subject="id",
        title=Words("身份信息", "Identity"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words(
                "最后一次居住登记、申报的保留期满为止",
                "Until the last residence and declaration may be forgotten",
            )
        ),
        export=(
            "document_kind",
            "number",
            "name",
            "born",
            "phone",
            "permit_endorse_by",
            "created_at",
        ),
        correct=_correct,
        erase=blank,
    ),
    _OwnPerson(
        model=Person,
        kind="account",
        subject="account_id",
        title=Words("账号对应的本人", "The person behind the account"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("账号注销时解除对应关系", "Until the account is closed, which parts the two")
        ),
        export=("document_kind", "created_at"),
        erase=_part,
        needed=True,
    ),
    Holding(
        model=PersonLook,
        kind="person",
        subject="person_id",
        title=Words("谁查看过您的信息", "Who looked at your data"),
        basis=Basis.STATUTORY_DUTY,
        retention=_LOOKS,
        export=("at", "office", "reason", "what"),
        erase="delete",
    ),
    Holding(
        model=PersonLook,
        kind="staff",
        subject="staff_id",
        title=Words("查看过的个人信息", "Personal data read"),
        basis=Basis.STATUTORY_DUTY,
        retention=_LOOKS,
        export=("at", "office", "reason", "what"),
        erase="delete",
    ),
    _Residences(
        model=Residence,
        kind="person",
        subject="person_id",
        title=Words("居住登记", "Where you live and lived"),
        basis=Basis.STATUTORY_DUTY,
        retention=_RESIDENCE,
        export=(
            "place__name",
            "room__number",
            "source",
            "check_state",
            "starts_on",
            "ends_on",
            "end_reason",
            "confirmed_on",
        ),
        erase="delete",
    ),
    Holding(
        model=ResidenceCertificate,
        kind="person",
        subject="person_id",
        title=Words("居住登记凭证", "Residence certificates"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("签发后保留两年", "Two years after issue"), AFTER_LEAVING, "issued_at"
        ),
        export=("number", "issued_at", "valid_until", "revoked_at"),
        erase="delete",
    ),
    Holding(
        model=Consent,
        kind="person",
        subject="person_id",
        title=Words("为您作出的同意", "Consents given for you"),
        basis=Basis.STATUTORY_DUTY,
        retention=_PROOF,
        export=("purpose", "version", "given_at", "withdrawn_at"),
        erase="delete",
    ),
    Holding(
        model=Consent,
        kind="account",
        subject="account_id",
        title=Words("您作出的同意", "Consents that you gave"),
        basis=Basis.STATUTORY_DUTY,
        retention=_PROOF,
        export=("purpose", "version", "given_at", "withdrawn_at"),
        erase="delete",
    ),
    Holding(
        model=Consent,
        kind="staff",
        subject="staff_id",
        title=Words("代为记录的同意", "Consents noted for others"),
        basis=Basis.STATUTORY_DUTY,
        retention=_PROOF,
        export=("purpose", "version", "given_at"),
        erase="delete",
    ),
    Holding(
        model=TenantDuty,
        kind="account",
        subject="account_id",
        title=Words("登记租客的义务", "Duties to register tenants"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("履行后保留两年", "Two years after it was done"), AFTER_LEAVING, "ended_at"
        ),
        export=("place__name", "room__number", "signed_on", "due_on", "state", "ended_at"),
        erase="delete",
    ),
)
