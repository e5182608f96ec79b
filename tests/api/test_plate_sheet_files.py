"""Sheets of plates as they are fetched, and the commands that print without a job."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli.plates import _line, _print
from core import signed_addresses
from core.clock import now
from core.ids import uuid7
from core.settings import settings
from management.models import PlatePrint, PlateSheet, PlateSheetState
from management.plate_printing import PrintOrder
from management.plate_sheets import files
from media import storage
from tests import factories as make
from tests.api.visitor import visitor


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = settings().model_copy(update={"media_dir": tmp_path})
    monkeypatch.setattr(storage, "settings", lambda: here)
    return tmp_path


def path_of(address: str) -> str:
    return address.removeprefix(settings().public_url)


async def test_a_sheet_is_fetched_by_its_address_and_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet_id = uuid7()
    draft = files.draft(sheet_id, 1)
    draft.write_bytes(b"%PDF-not really")
    files.keep(draft, sheet_id)
    address = path_of(files.address(sheet_id))
    async with visitor() as client:
        good = await client.get(address)
        other = await client.get(address.replace(str(sheet_id), str(uuid7())))
        unsigned = await client.get(address.split("?")[0])
        forged = await client.get(address[:-2])
        later = now() + timedelta(minutes=11)
        monkeypatch.setattr(signed_addresses, "now", lambda: later)
        late = await client.get(address)
    assert (good.status_code, good.content) == (200, b"%PDF-not really")
    assert good.headers["content-type"] == "application/pdf"
    assert good.headers["cache-control"] == "private, no-store"
    assert "attachment" in good.headers["content-disposition"]
    for answer in (other, unsigned, forged, late):
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


async def test_the_command_prints_into_a_file_and_keeps_the_record(
    db: None, tmp_path: Path
) -> None:
    await make.town()
    place = await make.place()
    await make.room(place)
    out = tmp_path / "plates.pdf"
    report = await _print(PrintOrder(place_ids=(place.id,), issue_missing=True), out)
    assert (report["labels"], report["pages"]) == (2, 1)
    assert out.read_bytes().startswith(b"%PDF")
    (sheet,) = await PlateSheet.all()
    assert (sheet.state, sheet.done, sheet.requested_by) == (PlateSheetState.EXPIRED, 2, None)
    assert await PlatePrint.filter(printed_at__not_isnull=True).count() == 2
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".draft")]  # noqa: PTH208


def test_a_name_in_the_log_is_no_formula_for_a_spreadsheet() -> None:
    row = {
        "ended_at": now(), "place__code": "122002-00001", "place__name": "=HYPERLINK(1)",
        "room__number": None, "state": "REVOKED", "end_reason": None, "ended_by": None,
        "token": "-token", "replaced_by__token": None,
    }  # fmt: skip
    line = _line(row, {})
    assert line[2] == "'=HYPERLINK(1)"
    assert line[3] == line[5] == ""
