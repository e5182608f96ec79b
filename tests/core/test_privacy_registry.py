from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tortoise import Model, Tortoise, fields
from tortoise.queryset import QuerySet

from core import crypto
from core.clock import now
from core.crypto import BlindIndexField, EncryptedField, KeyRing, reveal, ring, seal
from core.database import connection
from core.errors import InvalidInput, NotFound
from core.ids import uuid7
from core.privacy import Basis, Erased, Holding, Registry, Retention, Words

YEAR = timedelta(days=365)
TITLE = Words("样例", "Sample")
AS_LONG_AS_NEEDED = Retention(Words("用到为止", "As long as it is needed"))
A_YEAR = Retention(Words("一年", "One year"), YEAR)


class Member(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = EncryptedField(null=True)
    name_index = BlindIndexField(null=True)
    nickname = fields.CharField(10, default="")

    class Meta:
        table = "sample_member"


class Loan(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    member: Any = fields.ForeignKeyField("sample.Member")
    title = fields.CharField(40)
    fee = fields.DecimalField(8, 2, default=Decimal("1.50"))
    created_at = fields.DatetimeField()
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "sample_loan"


class Remark(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    loan: Any = fields.ForeignKeyField("sample.Loan")
    text = fields.TextField()

    class Meta:
        table = "sample_remark"


class Visit(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    seen_by_member_id = fields.UUIDField()

    class Meta:
        table = "sample_visit"


class Vault(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    secret = EncryptedField()

    class Meta:
        table = "sample_vault"


MODELS = [Member, Loan, Remark, Visit, Vault]

TABLES = """
CREATE TABLE sample_member (id uuid PRIMARY KEY, name text, name_index varchar(64),
                            nickname varchar(10) NOT NULL);
CREATE TABLE sample_loan (id uuid PRIMARY KEY, member_id uuid NOT NULL REFERENCES sample_member,
                          title varchar(40) NOT NULL, fee numeric(8, 2) NOT NULL,
                          created_at timestamptz NOT NULL, ended_on date);
CREATE TABLE sample_remark (id uuid PRIMARY KEY, loan_id uuid NOT NULL REFERENCES sample_loan,
                            text text NOT NULL);
CREATE TABLE sample_visit (id uuid PRIMARY KEY, seen_by_member_id uuid NOT NULL);
CREATE TABLE sample_vault (id uuid PRIMARY KEY, secret text NOT NULL)
"""


def member(**changes: Any) -> Holding:
    return Holding(
        **{
            "model": Member,
            "kind": "member",
            "subject": "id",
            "title": TITLE,
            "basis": Basis.CONTRACT,
            "retention": AS_LONG_AS_NEEDED,
            "export": ("name", "nickname"),
            "correct": ("nickname",),
            "erase": {"name": None, "name_index": None, "nickname": ""},
            **changes,
        }
    )


def loan(**changes: Any) -> Holding:
    return Holding(
        **{
            "model": Loan,
            "kind": "member",
            "subject": "member_id",
            "title": TITLE,
            "basis": Basis.STATUTORY_DUTY,
            "retention": A_YEAR,
            "export": ("id", "title", "fee", "created_at", "ended_on"),
            "erase": "delete",
            **changes,
        }
    )


def remark(**changes: Any) -> Holding:
    return Holding(
        **{
            "model": Remark,
            "kind": "member",
            "subject": "loan__member_id",
            "title": TITLE,
            "basis": Basis.CONSENT,
            "retention": AS_LONG_AS_NEEDED,
            "export": ("text",),
            "erase": "delete",
            **changes,
        }
    )


def visit(**changes: Any) -> Holding:
    return Holding(
        **{
            "model": Visit,
            "kind": "member",
            "subject": "seen_by_member_id",
            "title": TITLE,
            "basis": Basis.STATUTORY_DUTY,
            "retention": AS_LONG_AS_NEEDED,
            "export": (),
            "erase": "keep",
            **changes,
        }
    )


def registered(*holdings: Holding) -> Registry:
    registry = Registry()
    registry.register(*holdings)
    return registry


@pytest.fixture
def keys() -> Iterator[None]:
    before = crypto.configure(KeyRing.derived("a secret of a sample"))
    yield
    crypto.configure(before)


@pytest.fixture
async def sample(db: None, keys: None) -> AsyncIterator[None]:
    """The sample's models and tables, beside the program's own."""
    await connection().execute_script(TABLES)
    apps = Tortoise.apps
    assert apps is not None
    for model in MODELS:
        model._meta.default_connection = "default"
    apps.init_app("sample", [sys.modules[__name__]])
    apps._build_initial_querysets()
    yield
    del apps.apps["sample"]


async def join(nickname: str = "三") -> Member:
    row = Member(nickname=nickname)
    seal(row, "name", "张三")
    row.name_index = ring().index("张三", table="sample_member", column="name_index")
    await row.save()
    return row


async def lend(who: Member, *, days_ago: int, remarks: int = 0, **changes: Any) -> Loan:
    made = await Loan.create(
        member=who, title="书", created_at=now() - timedelta(days=days_ago), **changes
    )
    for _ in range(remarks):
        await Remark.create(loan=made, text="好看")
    return made


def told(erased: list[Erased]) -> dict[str, tuple[int, int]]:
    return {one.holding.name: (one.erased, one.kept) for one in erased}


@pytest.mark.usefixtures("sample")
async def test_a_copy_opens_sealed_columns_and_is_plain_json() -> None:
    who, other = await join(), await join("四")
    made = await lend(who, days_ago=1, remarks=1, ended_on=now().date())
    await lend(other, days_ago=1, remarks=2)
    copy = await registered(member(), loan(), remark()).export("member", who.id)
    assert {part.holding.name: part.rows for part in copy} == {
        "sample_member.id": [{"name": "张三", "nickname": "三"}],
        "sample_loan.member_id": [
            {
                "id": str(made.id),
                "title": "书",
                "fee": "1.50",
                "created_at": made.created_at.isoformat(),
                "ended_on": now().date().isoformat(),
            }
        ],
        "sample_remark.loan__member_id": [{"text": "好看"}],
    }
    json.dumps([part.rows for part in copy])


@pytest.mark.usefixtures("sample")
async def test_a_function_may_make_the_copy() -> None:
    async def count(rows: QuerySet[Any]) -> list[dict[str, Any]]:
        return [{"loans": await rows.count()}]

    who = await join()
    await lend(who, days_ago=1)
    [part] = await registered(loan(export=count)).export("member", who.id)
    assert part.rows == [{"loans": 1}]


@pytest.mark.usefixtures("sample")
async def test_erasing_takes_what_may_go_and_says_what_stays_and_why() -> None:
    who, other = await join(), await join("四")
    old = await lend(who, days_ago=400, remarks=2)
    young = await lend(who, days_ago=10, remarks=1)
    await lend(other, days_ago=400, remarks=1)
    await Visit.create(seen_by_member_id=who.id)

    erased = await registered(member(), loan(), remark(), visit()).erase("member", who.id)

    assert told(erased) == {
        "sample_visit.seen_by_member_id": (0, 1),
        "sample_remark.loan__member_id": (3, 0),
        "sample_loan.member_id": (1, 1),
        "sample_member.id": (1, 0),
    }
    kept = {one.holding.name: one for one in erased}["sample_loan.member_id"]
    assert kept.why == A_YEAR.rule
    assert kept.until == young.created_at + YEAR
    assert not await Loan.exists(id=old.id)
    assert await Loan.exists(id=young.id)
    row = await Member.get(id=who.id)
    assert (row.name, row.name_index, row.nickname) == (None, None, "")
    untouched = await Member.get(id=other.id)
    assert (reveal(untouched, "name"), untouched.nickname) == ("张三", "四")
    assert await Remark.all().count() == 1


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("basis", "retention", "left"),
    [
        (Basis.CONSENT, A_YEAR, 0),
        (Basis.CONTRACT, A_YEAR, 1),
        (Basis.STATUTORY_DUTY, A_YEAR, 1),
        (Basis.CONSENT, AS_LONG_AS_NEEDED, 0),
        (Basis.CONTRACT, AS_LONG_AS_NEEDED, 0),
        (Basis.STATUTORY_DUTY, AS_LONG_AS_NEEDED, 1),
    ],
)
async def test_what_may_go_at_once_follows_from_the_basis(
    basis: Basis, retention: Retention, left: int
) -> None:
    who = await join()
    await lend(who, days_ago=10)
    await registered(loan(basis=basis, retention=retention)).erase("member", who.id)
    assert await Loan.all().count() == left


@pytest.mark.usefixtures("sample")
async def test_a_row_that_has_not_ended_has_not_begun_to_age() -> None:
    who = await join()
    retention = Retention(A_YEAR.rule, YEAR, since="ended_on")
    await lend(who, days_ago=900)
    await lend(who, days_ago=900, ended_on=(now() - YEAR / 2).date())
    await lend(who, days_ago=900, ended_on=(now() - 2 * YEAR).date())
    registry = registered(loan(retention=retention))
    [erased] = await registry.erase("member", who.id)
    assert (erased.erased, erased.kept, erased.until) == (1, 2, None)
    assert registry.problems([]) == []

    await Loan.filter(ended_on=None).delete()
    [later] = await registry.erase("member", who.id)
    assert later.until is not None
    assert later.until.date() == ((now() - YEAR / 2).date() + YEAR)


@pytest.mark.usefixtures("sample")
async def test_a_function_may_erase() -> None:
    async def retitle(rows: QuerySet[Any]) -> None:
        await rows.update(title="")

    who = await join()
    await lend(who, days_ago=400)
    await registered(loan(erase=retitle)).erase("member", who.id)
    assert [row.title for row in await Loan.all()] == [""]


@pytest.mark.usefixtures("sample")
async def test_what_is_over_its_time_goes_unasked_and_only_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.privacy._BATCH", 2)
    who = await join()
    for days_ago in (10, 300, 400, 500, 600, 700, 800):
        await lend(who, days_ago=days_ago)
    registry = registered(member(), loan(basis=Basis.CONSENT), visit())
    assert await registry.enforce_retention() == {
        "sample_member.id": 0,
        "sample_loan.member_id": 5,
        "sample_visit.seen_by_member_id": 0,
    }
    assert await Loan.all().count() == 2
    assert reveal(await Member.get(id=who.id), "name") == "张三"


@pytest.mark.usefixtures("sample")
async def test_what_is_blanked_already_is_left_alone() -> None:
    who = await join()
    for days_ago in (10, 400, 500):
        await lend(who, days_ago=days_ago, ended_on=now().date())
    registry = registered(loan(erase={"title": "", "ended_on": None}))
    assert await registry.enforce_retention() == {"sample_loan.member_id": 2}
    assert await registry.enforce_retention() == {"sample_loan.member_id": 0}
    assert await Loan.filter(title="书").count() == 1


@pytest.mark.usefixtures("sample")
async def test_a_person_corrects_their_own_row_and_the_declared_fields_only() -> None:
    who, other = await join(), await join("四")
    registry = registered(member())
    await registry.correct("sample_member.id", who.id, who.id, {"nickname": "小三"})
    assert (await Member.get(id=who.id)).nickname == "小三"

    refusals: list[tuple[str, UUID, dict[str, Any], type[Exception]]] = [
        ("sample_member.id", other.id, {"nickname": "x"}, NotFound),
        ("sample_other.id", who.id, {"nickname": "x"}, NotFound),
        ("sample_member.id", who.id, {"name": "x"}, InvalidInput),
        ("sample_member.id", who.id, {"nickname": "x" * 11}, InvalidInput),
        ("sample_member.id", who.id, {"nickname": None}, InvalidInput),
    ]
    for name, row_id, changes, refusal in refusals:
        with pytest.raises(refusal) as raised:
            await registry.correct(name, who.id, row_id, changes)
        assert "xxx" not in str(raised.value)
    assert (await Member.get(id=other.id)).nickname == "四"


@pytest.mark.usefixtures("sample")
async def test_a_function_may_correct() -> None:
    async def rename(row: Member, changes: dict[str, Any]) -> None:
        seal(row, "name", changes["name"])
        await row.save()

    who = await join()
    registry = registered(member(correct=rename))
    await registry.correct("sample_member.id", who.id, who.id, {"name": "李四"})
    assert reveal(await Member.get(id=who.id), "name") == "李四"


@pytest.mark.usefixtures("sample")
async def test_a_model_that_refers_to_a_person_must_be_registered() -> None:
    assert registered(member(), loan(), remark(), visit()).problems(MODELS) == [
        "sample_vault has sealed columns and no holding"
    ]
    assert registered(member()).problems(MODELS) == [
        "sample_loan.member_id refers to a person and no holding says so",
        "sample_visit.seen_by_member_id refers to a person and no holding says so",
        "sample_vault has sealed columns and no holding",
    ]
    assert registered(member(), loan(subject="member"), visit()).problems(MODELS[:4]) == []


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("holding", "problem"),
    [
        (loan(export=("title", "colour")), "the model has no column colour"),
        (loan(erase={"text": ""}), "the model has no column text"),
        (loan(erase={"title": None}), "title can't be NULL"),
        (member(correct=("name",)), "name can be corrected by a function only"),
        (member(erase={"name": None}), "erasing leaves the sealed column name_index"),
        (member(retention=A_YEAR), "retention counts from created_at, which is no date"),
    ],
)
async def test_a_declaration_its_model_can_not_keep_is_found(
    holding: Holding, problem: str
) -> None:
    assert registered(holding).problems([]) == [f"{holding.name}: {problem}"]


def test_one_column_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered already"):
        registered(loan(), loan())


def test_holdings_are_told_by_kind_in_their_order() -> None:
    registry = registered(member(), loan(kind="guest"), remark())
    assert [one.name for one in registry.holdings()] == [
        "sample_member.id",
        "sample_loan.member_id",
        "sample_remark.loan__member_id",
    ]
    assert [one.model for one in registry.holdings("guest")] == [Loan]
