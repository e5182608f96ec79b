"""Printing plates: who may order, what is printed, and what a killed worker leaves."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from core import jobs, redis, signed_addresses
from core.clock import now
from core.database import execute, fetch
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Page
from core.settings import settings
from identity.actor import Actor, Permission, Role
from integrations import wechat
from integrations.wechat.client import Client, Config
from integrations.wechat.emulator import APP_ID, APP_SECRET, Running, running
from integrations.wechat.errors import PageUnknown
from management import plate_printing, plate_sheet_jobs
from management.models import (
    Lifecycle,
    Place,
    Plate,
    PlateDoors,
    PlateEndReason,
    PlatePrint,
    PlateSheet,
    PlateSheetState,
    PlateState,
    Room,
    RoomState,
)
from management.plate_log import ReplacementFilter, list_replacements, names_of_staff
from management.plate_printing import PrintOrder, access_sheet, download_address, print_plates
from management.plate_sheet_jobs import MOST_ATTEMPTS, draw_plate_sheet, sweep_plate_sheets
from management.plate_sheets import files
from management.plate_sheets.process import DrawingFailed, drawing
from management.plate_sheets.sizes import PlateSize
from management.plates import issue_plates, revoke_plate
from management.rules import rules
from media import storage
from tests import factories
from tests.management.sheets import all_codes, codes, page_image, page_text, pages
from tests.management.support import (
    COMMUNITY,
    GRID,
    OTHER_GRID,
    SIBLING,
    VISITOR,
    app,
    code_of,
    entries,
    refused,
    refused_input,
    signed_in,
    staff,
)

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = settings().model_copy(update={"media_dir": tmp_path})
    monkeypatch.setattr(storage, "settings", lambda: here)
    return tmp_path / "sheets"


async def house(rooms: int = 2, *, plates: bool = True, grid: str = GRID) -> Place:
    place = await factories.place(grid=code_of(grid))
    made = [await factories.room(place, str(101 + index)) for index in range(rooms)]
    if plates:
        await factories.plate(place)
        for room in made:
            await factories.plate(place, room)
    return place


def order(place: Place | None = None, **given: object) -> PrintOrder:
    where = {"place_ids": (place.id,)} if place else {}
    return PrintOrder(**{**where, **given})  # type: ignore[arg-type]


async def printed(actor: Actor, wanted: PrintOrder) -> PlateSheet:
    sheet = await print_plates(actor, wanted)
    await draw_plate_sheet(1, str(sheet.id))
    return await PlateSheet.get(id=sheet.id)


def read(sheet: PlateSheet) -> list[str]:
    path = files.stored(sheet.id)
    assert path is not None
    return [code.text for page in range(pages(path)) for code in codes(page_image(path, page), 150)]


async def addresses(place: Place) -> set[str]:
    active = await Plate.filter(place_id=place.id, state=PlateState.ACTIVE)
    return {f"{settings().public_url}/q/{plate.token}" for plate in active}


# Ordering


async def test_a_house_is_printed_with_its_rooms(town: None) -> None:
    place, warden = await house(3), staff()
    sheet = await print_plates(warden, order(place, size=PlateSize.DOOR))
    assert (sheet.state, sheet.total, sheet.requested_by) == (
        PlateSheetState.QUEUED, 4, warden.id,
    )  # fmt: skip
    (row,) = await fetch("SELECT task_name, args FROM procrastinate_jobs")
    assert row["task_name"] == "management.draw_plate_sheet"
    await draw_plate_sheet(1, str(sheet.id))
    sheet = await PlateSheet.get(id=sheet.id)
    assert (sheet.state, sheet.done, sheet.total, sheet.pages) == (PlateSheetState.READY, 4, 4, 1)
    assert sheet.expires_at is not None
    assert sheet.expires_at > now() + timedelta(days=rules().plate_sheet_days - 1)
    assert set(read(sheet)) == await addresses(place)
    path = files.stored(sheet.id)
    assert path is not None
    assert sheet.bytes == path.stat().st_size
    assert place.code in page_text(path)
    assert "厚街镇" in page_text(path)
    actions = [entry.action for entry in await entries(sheet.id)]
    assert actions == ["printPlates", "platesPrinted"]


async def test_a_grid_prints_what_lies_in_it_and_only_doors_in_use(town: None) -> None:
    inside, outside = await house(2), await house(2, grid=SIBLING)
    closed = await factories.place(lifecycle=Lifecycle.CLOSED)
    await factories.plate(closed)
    (first, _) = await Room.filter(place_id=inside.id).order_by("number")
    await Room.filter(id=first.id).update(state=RoomState.OUT_OF_USE)
    sheet = await printed(staff(), order(grid_code=code_of(GRID)))
    kept = await Plate.filter(place_id=inside.id).exclude(room_id=first.id)
    own = await Plate.filter(place_id=inside.id, room_id=None)
    wanted = {plate.id for plate in [*kept, *own]}
    assert set(await PlatePrint.filter(sheet_id=sheet.id).values_list("plate_id", flat=True)) == (
        wanted
    )
    both = await print_plates(
        staff(Role.SUPERVISOR, COMMUNITY), order(grid_code=code_of(COMMUNITY))
    )
    assert both.total == len(wanted) + len(await addresses(outside))


@pytest.mark.parametrize(
    ("doors", "count"), [(PlateDoors.HOUSES, 1), (PlateDoors.ROOMS, 2), (PlateDoors.BOTH, 3)]
)
async def test_houses_rooms_or_both(town: None, doors: PlateDoors, count: int) -> None:
    assert (await printed(staff(), order(await house(), doors=doors))).done == count


async def test_a_batch_prints_what_of_it_is_still_in_force(town: None) -> None:
    place = await house(2, plates=False)
    batch = await issue_plates(staff(), place_id=place.id)
    await revoke_plate(staff(), plate_id=batch.plates[0].id)
    assert (await printed(staff(), order(batch=batch.id))).done == 2
    await refused(NotFound, print_plates(staff(Role.WARDEN, SIBLING), order(batch=batch.id)))
    await refused(NotFound, print_plates(staff(), order(batch=uuid7())))


async def test_missing_plates_are_issued_and_those_that_hang_stay(town: None) -> None:
    place, warden = await house(3, plates=False), staff()
    kept = await factories.plate(place)
    await refused_input(
        print_plates(warden, order(place, doors=PlateDoors.ROOMS)), "input", "NOTHING_TO_PRINT"
    )
    sheet = await printed(warden, order(place, issue_missing=True))
    assert sheet.done == 4
    assert (await Plate.get(id=kept.id)).state is PlateState.ACTIVE
    new = await Plate.filter(place_id=place.id).exclude(id=kept.id)
    assert len(new) == 3
    for plate in new:
        (entry,) = await entries(plate.id)
        assert (entry.action, entry.actor_id) == ("issuePlates", warden.id)
    again = await printed(warden, order(place, issue_missing=True))
    assert again.done == 4
    assert await Plate.filter(place_id=place.id).count() == 4


async def test_what_was_printed_is_left_out_when_asked(town: None) -> None:
    place = await house(2)
    await printed(staff(), order(place, doors=PlateDoors.HOUSES))
    sheet = await printed(staff(), order(place, only_unprinted=True))
    assert sheet.done == 2
    await refused_input(
        print_plates(staff(), order(place, only_unprinted=True)), "input", "NOTHING_TO_PRINT"
    )
    assert (await printed(staff(), order(place))).done == 3


async def test_an_order_that_was_not_drawn_counts_as_not_printed(town: None) -> None:
    place = await house(2)
    await print_plates(staff(), order(place))
    assert (await printed(staff(), order(place, only_unprinted=True))).done == 3


async def test_exactly_one_place_to_look(town: None) -> None:
    place = await house()
    for wanted in (order(), order(place, grid_code=code_of(GRID)), order(place, batch=uuid7())):
        await refused_input(print_plates(staff(), wanted), "input", "ONE_OF")
    await refused_input(print_plates(staff(), order(place_ids=())), "input.placeIds", "COUNT")


async def test_too_much_for_one_sheet_is_refused(
    town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rules().model_copy(update={"plates_per_sheet": 2})
    monkeypatch.setattr(plate_printing, "rules", lambda: few)
    refusal = await refused(InvalidInput, print_plates(staff(), order(await house())))
    assert (refusal.reason, refusal.params) == ("COUNT", {"maximum": 2, "count": 3})


async def test_an_address_too_long_for_a_label_is_refused_with_those_that_do(
    town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = settings().model_copy(update={"public_url": "https://" + "a" * 150 + ".example"})
    monkeypatch.setattr(plate_printing, "settings", lambda: long)
    place = await house()
    refusal = await refused(InvalidInput, print_plates(staff(), order(place)))
    assert (refusal.reason, refusal.field) == ("CODE_TOO_FINE", "input.size")
    assert "LARGE" in str(refusal.params["sizes"])
    assert await print_plates(staff(), order(place, size=PlateSize.LARGE))


async def test_sheets_are_for_who_manages_plates_in_all_of_their_grids(town: None) -> None:
    place, other = await house(), await house(grid=OTHER_GRID)
    owner = await factories.account()
    await factories.claim(owner, place)
    sheet = await print_plates(staff(), order(place))
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR),
                  app(Permission.PLACES_WRITE), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, print_plates(actor, order(place)))
        absent = await refused(NotFound, print_plates(actor, order(place_ids=(uuid7(),))))
        assert there.extensions() == absent.extensions()
        await refused(NotFound, print_plates(actor, order(grid_code=code_of(GRID))))
        there = await refused(NotFound, access_sheet(actor, sheet_id=sheet.id))
        absent = await refused(NotFound, access_sheet(actor, sheet_id=uuid7()))
        assert there.extensions() == absent.extensions()
    await refused(NotFound, print_plates(staff(), order(place_ids=(place.id, other.id))))
    await refused(Unauthenticated, print_plates(VISITOR, order(place)))
    await refused(Unauthenticated, access_sheet(VISITOR, sheet_id=sheet.id))
    two = await print_plates(
        staff(Role.WARDEN, GRID, OTHER_GRID), order(place_ids=(place.id, other.id))
    )
    await refused(NotFound, access_sheet(staff(), sheet_id=two.id))
    assert (await access_sheet(staff(), sheet_id=sheet.id)).id == sheet.id


# Fetching


async def test_an_address_is_made_when_there_is_a_file_and_is_soon_over(
    town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = await print_plates(staff(), order(await house()))
    with pytest.raises(WrongState):
        download_address(sheet)
    await draw_plate_sheet(1, str(sheet.id))
    sheet = await PlateSheet.get(id=sheet.id)
    address = urlsplit(download_address(sheet))
    assert address.path == f"/plate-sheets/{sheet.id}.pdf"
    given = {name: value[0] for name, value in parse_qs(address.query).items()}
    assert files.may_fetch(sheet.id, **given)
    assert not files.may_fetch(uuid7(), **given)
    assert not files.may_fetch(sheet.id, str(int(given["expires"]) + 1), given["signature"])
    assert not files.may_fetch(sheet.id, "", given["signature"])
    assert not files.may_fetch(sheet.id, given["expires"], "签")
    later = now() + timedelta(minutes=11)
    monkeypatch.setattr(signed_addresses, "now", lambda: later)
    assert not files.may_fetch(sheet.id, **given)


async def test_files_go_after_their_time_and_the_record_stays(town: None, folder: Path) -> None:
    old, young = [await printed(staff(), order(await house())) for _ in range(2)]
    await PlateSheet.filter(id=old.id).update(expires_at=now() - timedelta(seconds=1))
    left = folder / f".draft-{uuid7()}-1.pdf"
    left.write_bytes(b"half")
    past = (now() - timedelta(days=2)).timestamp()
    os.utime(left, (past, past))
    await sweep_plate_sheets()
    assert files.stored(old.id) is None
    assert files.stored(young.id) is not None
    assert not left.exists()
    assert (await PlateSheet.get(id=old.id)).state is PlateSheetState.EXPIRED
    assert await PlatePrint.filter(sheet_id=old.id, printed_at__not_isnull=True).count() == 3
    await sweep_plate_sheets()


# Drawing


async def test_a_sheet_is_drawn_once_however_often_the_job_runs(town: None) -> None:
    sheet = await printed(staff(), order(await house()))
    path = files.stored(sheet.id)
    assert path is not None
    before = (path.stat().st_mtime_ns, sheet.finished_at)
    await draw_plate_sheet(1, str(sheet.id))
    await draw_plate_sheet(1, str(uuid7()))
    again = await PlateSheet.get(id=sheet.id)
    assert (path.stat().st_mtime_ns, again.finished_at) == before
    assert len(await entries(sheet.id)) == 2


async def test_a_drawing_that_fails_is_tried_again_and_given_up_in_the_end(
    town: None, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    sheet = await print_plates(staff(), order(await house()))

    async def breaks(*_: object, **__: object) -> None:
        raise DrawingFailed

    monkeypatch.setattr(plate_sheet_jobs, "plates_to_print", breaks)
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(DrawingFailed):
            await draw_plate_sheet(1, str(sheet.id))
        assert (await PlateSheet.get(id=sheet.id)).state is PlateSheetState.RUNNING
    await draw_plate_sheet(1, str(sheet.id))
    failed = await PlateSheet.get(id=sheet.id)
    assert (failed.state, failed.failure) == (PlateSheetState.FAILED, "DRAWING")
    assert os.listdir(folder) == []  # noqa: PTH208 - nothing waits for it
    monkeypatch.undo()
    await draw_plate_sheet(1, str(sheet.id))
    assert (await PlateSheet.get(id=sheet.id)).state is PlateSheetState.FAILED


async def test_a_sheet_that_keeps_killing_its_workers_is_given_up(town: None) -> None:
    sheet = await print_plates(staff(), order(await house()))
    await PlateSheet.filter(id=sheet.id).update(
        state=PlateSheetState.RUNNING, attempts=MOST_ATTEMPTS
    )
    await draw_plate_sheet(1, str(sheet.id))
    failed = await PlateSheet.get(id=sheet.id)
    assert (failed.state, failed.failure) == (PlateSheetState.FAILED, "INTERRUPTED")


# With the mini-program's codes


@pytest.fixture
async def mini_program() -> AsyncIterator[Running]:
    async with redis.connected(None), running() as emulator:
        client = Client(Config(APP_ID, APP_SECRET, emulator.url))
        before = wechat.use(client)
        yield emulator
        wechat.use(before)
        await client.close()


async def test_the_codes_of_the_mini_program_carry_the_plates_tokens(
    town: None, mini_program: Running
) -> None:
    place = await house(4)
    sheet = await printed(staff(), order(place, size=PlateSize.TWIN))
    assert (sheet.state, sheet.pages) == (PlateSheetState.READY, 2)
    path = files.stored(sheet.id)
    assert path is not None
    seen = [code.text for page in range(2) for code in all_codes(page_image(path, page), 150)]
    for plate in await Plate.filter(place_id=place.id):
        query = urlencode({"page": settings().wechat_scan_page, "scene": plate.token})
        assert f"{settings().public_url}/q/{plate.token}" in seen
        assert f"weixin-emulator:{APP_ID}?{query}" in seen
    assert len(seen) == 2 * sheet.total


async def test_without_a_mini_program_its_codes_are_not_ordered(town: None) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await print_plates(staff(), order(await house(), size=PlateSize.TWIN))
    assert (refusal.value.reason, refusal.value.field) == ("NO_MINI_PROGRAM", "input.size")
    assert await PlateSheet.all().count() == 0


async def test_a_sheet_waits_for_a_wechat_that_is_down(town: None, mini_program: Running) -> None:
    mini_program.world.pages = set()  # the page is not published: every code is refused
    sheet = await print_plates(staff(), order(await house(), size=PlateSize.TWIN))
    with pytest.raises(PageUnknown):
        await draw_plate_sheet(1, str(sheet.id))
    assert (await PlateSheet.get(id=sheet.id)).state is PlateSheetState.RUNNING
    mini_program.world.pages = None
    await draw_plate_sheet(1, str(sheet.id))
    assert (await PlateSheet.get(id=sheet.id)).state is PlateSheetState.READY


async def test_a_process_without_an_end_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "draft.pdf"
    async with drawing(path, PlateSize.SMALL, title="门牌", note="") as sheet:
        await sheet.add([])
    assert not path.exists()
    async with drawing(path, PlateSize.SMALL, title="门牌", note="") as sheet:
        sheet._process.kill()
        await sheet._process.wait()
        with pytest.raises(DrawingFailed):
            await sheet.finish()
    assert not path.exists()


async def test_a_killed_worker_leaves_no_half_file_and_another_begins_again(
    committed_town: None, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plate_sheet_jobs, "_PORTION", 5)
    place = await factories.place()
    for index in range(205):
        await factories.plate(place, await factories.room(place, str(1000 + index)))
    sheet = await print_plates(staff(), order(place))
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.management.sheet_worker", database_url),
        stdout=PIPE,
        cwd=ROOT,
        env={"PATH": "", "LEYE_MEDIA_DIR": str(tmp_path)},
    )
    assert worker.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            assert (await worker.stdout.readline()).strip() == b"drawing"
    finally:
        worker.kill()
        await worker.wait()
    half = await PlateSheet.get(id=sheet.id)
    assert (half.state, half.done, half.attempts) == (PlateSheetState.RUNNING, 200, 1)
    assert files.stored(sheet.id) is None
    assert await PlatePrint.filter(printed_at__not_isnull=True).count() == 0
    chosen = await PlatePrint.filter(sheet_id=sheet.id).values_list("plate_id", flat=True)
    application = jobs.worker_app(database_url)
    async with application.open_async():
        await execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        assert await jobs.rescue(application) == 1
        await jobs.run_worker(application, wait=False)
    whole = await PlateSheet.get(id=sheet.id)
    assert (whole.state, whole.done, whole.attempts) == (PlateSheetState.READY, 205, 2)
    assert len(chosen) == 205
    path = files.stored(sheet.id)
    assert path is not None
    assert pages(path) == 14
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# The log


async def test_the_log_says_what_was_replaced_when_by_whom_and_why(town: None) -> None:
    place, warden = await house(1, plates=False), staff()
    old = (await issue_plates(warden, place_id=place.id)).plates
    new = await issue_plates(warden, place_id=place.id, room_ids=[], reason=PlateEndReason.DAMAGED)
    room_plate = next(plate for plate in old if plate.room_id)
    await revoke_plate(warden, plate_id=room_plate.id, reason=PlateEndReason.STOLEN)
    page = await list_replacements(warden, filter_by=ReplacementFilter(), page=Page())
    stolen, damaged = page.rows
    assert (stolen["id"], stolen["end_reason"], stolen["room__number"]) == (
        room_plate.id, "STOLEN", "101",
    )  # fmt: skip
    assert stolen["replaced_by_id"] is None
    assert (damaged["end_reason"], damaged["replaced_by_id"]) == ("DAMAGED", new.plates[0].id)
    assert {row["ended_by"] for row in page.rows} == {warden.id}
    assert {row["place__code"] for row in page.rows} == {place.code}
    assert await names_of_staff([uuid7()]) == {}


async def test_the_log_is_narrowed_and_cut_to_the_grids_of_who_asks(town: None) -> None:
    here, there = await house(0), await house(0, grid=SIBLING)
    for place, reason in ((here, PlateEndReason.LOST), (there, PlateEndReason.MOVED)):
        (plate,) = await Plate.filter(place_id=place.id)
        actor = staff(Role.WARDEN, place.grid_path)
        await revoke_plate(actor, plate_id=plate.id, reason=reason)

    async def found(actor: Actor, **narrowed: object) -> set[str]:
        wanted = ReplacementFilter(**narrowed)  # type: ignore[arg-type]
        page = await list_replacements(actor, filter_by=wanted, page=Page())
        return {row["place__code"] for row in page.rows}

    supervisor = staff(Role.SUPERVISOR, COMMUNITY)
    assert await found(staff()) == {here.code}
    assert await found(supervisor) == {here.code, there.code}
    assert await found(supervisor, grid_code=code_of(SIBLING)) == {there.code}
    assert await found(supervisor, reasons=[PlateEndReason.LOST]) == {here.code}
    assert await found(supervisor, since=now() + timedelta(days=1)) == set()
    assert await found(signed_in(await factories.account())) == set()
    await refused(NotFound, found(staff(), grid_code=code_of(SIBLING)))
    await refused(Unauthenticated, found(VISITOR))
