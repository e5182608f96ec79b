"""Numbered documents, and many hazards at once."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core.clock import now
from core.errors import NotFound, WrongState
from core.ids import uuid7
from identity.actor import Role
from management.hazards.bulk import accept_hazards, outcomes, pass_hazards
from management.hazards.documents.content import Statement
from management.hazards.documents.fetching import address_of, may_fetch, pdf_of
from management.hazards.documents.issuing import (
    Serving,
    documents_of,
    issue_document,
    serve_document,
)
from management.models import Hazard, HazardAction, HazardDocumentKind, HazardState
from tests import factories
from tests.management.hazards.acting import brought_to, posted, reported, warden
from tests.management.support import OTHER_GRID, TOWN, refused, refused_input, signed_in

pytestmark = pytest.mark.usefixtures("town")

S, K = HazardState, HazardDocumentKind
TO_DO = Statement(requirements="请清理楼梯通道")
BY_LAW = Statement(requirements="请清理楼梯通道", basis="《中华人民共和国消防法》")


async def test_orders_and_findings_are_a_departments_with_the_law_they_rest_on() -> None:
    who, fire = await warden(), await posted(Role.DEPARTMENT, TOWN, department="FIRE")
    hazard = await brought_to(S.ACCEPTED)
    for kind in (K.RECTIFICATION_ORDER, K.MAJOR_FINDING):
        attempt = issue_document(who, hazard_id=hazard.id, kind=kind, said=BY_LAW)
        await refused(NotFound, attempt)
        unfounded = issue_document(fire, hazard_id=hazard.id, kind=kind, said=TO_DO)
        await refused_input(unfounded, "input.basis")
    await refused(NotFound, issue_document(fire, hazard_id=hazard.id, kind=K.NOTICE, said=TO_DO))
    document = await issue_document(fire, hazard_id=hazard.id, kind=K.MAJOR_FINDING, said=BY_LAW)
    assert (await Hazard.get(id=hazard.id)).major
    assert document.content["department"] == "消防"
    past = Statement(requirements="请清理", deadline=now() - timedelta(hours=1))
    attempt = issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=past)
    await refused_input(attempt, "input.deadline")
    new = await reported()
    attempt = issue_document(who, hazard_id=new.id, kind=K.NOTICE, said=TO_DO)
    await refused(WrongState, attempt, reason="REPORTED")


async def test_numbers_follow_each_other_and_a_refusal_takes_none() -> None:
    who = await warden()
    hazard = await brought_to(S.ACCEPTED)
    first = await issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=TO_DO)
    attempt = issue_document(who, hazard_id=uuid7(), kind=K.NOTICE, said=TO_DO)
    await refused(NotFound, attempt)
    second = await issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=TO_DO)
    year = first.issued_at.year
    assert first.number.endswith("〕1号")
    assert second.number.endswith("〕2号")
    assert str(year) in first.number


async def test_the_pdf_is_drawn_from_what_was_said_and_fetched_by_a_signed_address() -> None:
    who = await warden()
    hazard = await brought_to(S.ACCEPTED, summary="楼梯口堵塞")
    long = Statement(requirements="请清理。" * 120, facts="堵塞\n" * 60)
    document = await issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=long)
    pdf = await pdf_of(document.id)
    assert pdf is not None
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") >= 2
    query = parse_qs(urlsplit(address_of(document.id)).query)
    expires, signature = query["expires"][0], query["signature"][0]
    assert may_fetch(document.id, expires, signature)
    assert not may_fetch(uuid7(), expires, signature)
    assert not may_fetch(document.id, "9" * 11, signature)
    assert await pdf_of(uuid7()) is None


async def test_numbers_of_people_are_masked_in_a_document() -> None:
    hazard = await brought_to(S.ACCEPTED)
    said = Statement(facts="租客 13800000001 所述", requirements="请 441900199001010015 清理")
    document = await issue_document(await warden(), hazard_id=hazard.id, kind=K.NOTICE, said=said)
    assert document.content["facts"] == "租客 138****0001 所述"
    assert document.content["requirements"] == "请 4419**********0015 清理"


async def test_staff_of_the_grid_and_who_runs_the_place_read_documents() -> None:
    who, reporter = await warden(), await factories.account()
    hazard = await brought_to(S.ACCEPTED, by=reporter)
    landlord = await factories.account()
    await factories.claim(landlord, await hazard.place)  # type: ignore[arg-type]
    document = await issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=TO_DO)
    for reader in (who, signed_in(landlord)):
        (row,) = (await documents_of(reader, [hazard.id]))[hazard.id]
        assert row["id"] == document.id
    for other in (signed_in(reporter), await posted(Role.WARDEN, OTHER_GRID)):
        assert await documents_of(other, [hazard.id]) == {}


async def test_handing_over_is_noted_once_and_not_before_it_was_issued() -> None:
    who, far = await warden(), await posted(Role.WARDEN, OTHER_GRID)
    hazard = await brought_to(S.ACCEPTED)
    document = await issue_document(who, hazard_id=hazard.id, kind=K.NOTICE, said=TO_DO)
    how = {"document_id": document.id, "how": Serving.OWNER}
    await refused(NotFound, serve_document(far, **how))  # type: ignore[arg-type]
    early = document.issued_at - timedelta(hours=1)
    attempt = serve_document(who, served_at=early, **how)  # type: ignore[arg-type]
    await refused_input(attempt, "input.servedAt")
    served = await serve_document(who, **how)  # type: ignore[arg-type]
    assert served.served_how == Serving.OWNER
    await refused(WrongState, serve_document(who, **how), reason="SERVED")  # type: ignore[arg-type]


async def test_each_of_many_is_done_or_refused_by_itself() -> None:
    who = await warden()
    new, done = await reported(), await brought_to(S.ACCEPTED)
    far = await reported(await factories.place(grid=OTHER_GRID.split("/")[-2]))
    asked = [new.id, done.id, far.id]
    batch = await accept_hazards(who, hazard_ids=asked)
    for _ in range(2):  # a repeat reads the same
        found = await outcomes(who, batch.id, HazardAction.ACCEPT, asked)
        assert [one.hazard_id for one in found] == asked
        codes = [one.refusal and one.refusal.code.value for one in found]
        assert codes == [None, "WRONG_STATE", "NOT_FOUND"]
    assert (await Hazard.get(id=new.id)).state is S.ACCEPTED
    assert (await Hazard.get(id=far.id)).state is S.REPORTED


async def test_a_batch_has_one_to_fifty_of_ones_own_each_once() -> None:
    who, hazard = await warden(), await brought_to(S.SUBMITTED)
    field = "input.hazardIds"
    await refused_input(pass_hazards(who, hazard_ids=[]), field, "COUNT")
    await refused_input(pass_hazards(who, hazard_ids=[uuid7() for _ in range(51)]), field, "COUNT")
    await refused_input(pass_hazards(who, hazard_ids=[hazard.id, hazard.id]), field, "TWICE")
    await refused(NotFound, pass_hazards(who, hazard_ids=[uuid7()]))
    nobody = signed_in(await factories.account())
    await refused(NotFound, pass_hazards(nobody, hazard_ids=[hazard.id]))
