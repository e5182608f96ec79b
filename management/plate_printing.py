"""Printing plates: somebody orders a sheet, a job draws it, who may fetches the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from core.errors import DomainError, InvalidInput, NotFound, WrongState
from core.jobs import defer
from core.settings import settings
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from integrations import wechat
from management.access import access_grid, require_sign_in
from management.models import PlateDoors, PlateSheet, PlateSheetState
from management.plate_doors import (
    Doors,
    count_missing,
    count_plates,
    grid_paths_of_batch,
    grid_paths_of_places,
)
from management.plate_sheets import files
from management.plate_sheets.design import sizes_for
from management.plate_sheets.sizes import SHEETS, PlateSize
from management.rules import rules

_SAMPLE_TOKEN: Final = "A" * 22  # as long as every token


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """What to print. Exactly one of the first three says where."""

    grid_code: str | None = None
    place_ids: tuple[UUID, ...] | None = None
    batch: UUID | None = None
    size: PlateSize = PlateSize.SMALL
    doors: PlateDoors = PlateDoors.BOTH
    only_unprinted: bool = False
    issue_missing: bool = False


async def print_plates(actor: Actor, order: PrintOrder) -> PlateSheet:
    """Order a sheet of plates; a job draws it.

    Raises:
        InvalidInput: not exactly one place to look; nothing to print or too much; labels too small
            for the service's address.
        NotFound: the grid, a place or the batch is not in the actor's scope.
    """
    async with work(actor):
        sheet = await _ordered(actor, order)
        await defer(
            "management.draw_plate_sheet",
            {"version": 1, "sheet_id": sheet.id},
            lock=f"plate-sheet:{sheet.id}",
        )
    return sheet


async def order_now(actor: Actor, order: PrintOrder) -> PlateSheet:
    """As :func:`print_plates`, for who draws the sheet at once: it is running, without a job."""
    async with work(actor):
        sheet = await _ordered(actor, order)
        sheet.state = PlateSheetState.RUNNING
        await sheet.save(update_fields=["state"])
    return sheet


async def _ordered(actor: Actor, order: PrintOrder) -> PlateSheet:
    require_sign_in(actor)
    check_size(order.size)
    async with work(actor) as unit:
        doors, grid_paths = await _where(actor, order)
        sheet = await order_sheet(
            doors,
            grid_paths,
            size=order.size,
            issue_missing=order.issue_missing,
            requested_by=actor.id if actor.kind is ActorKind.STAFF else None,
        )
        unit.note("printPlates", "PLATE_SHEET", sheet.id, size=sheet.size.value, plates=sheet.total)
    return sheet


async def order_sheet(
    doors: Doors,
    grid_paths: list[str],
    *,
    size: PlateSize,
    issue_missing: bool,
    requested_by: UUID | None,
) -> PlateSheet:
    """The row of a new sheet.

    Raises:
        InvalidInput: nothing to print, or too much for one sheet.
    """
    total = await count_plates(doors)
    if issue_missing:
        total += await count_missing(doors)
    most = rules().plates_per_sheet
    if total == 0:
        raise InvalidInput(
            field="input",
            reason="NOTHING_TO_PRINT",
            zh="没有需要打印的门牌；尚未制作的门牌请勾选“补制缺少的门牌”",
            en="There is no plate to print; missing ones are issued when you ask for it",
        )
    if total > most:
        raise InvalidInput(
            field="input",
            reason="COUNT",
            params={"maximum": most, "count": total},
            zh="一次最多打印 {maximum} 块门牌，所选范围有 {count} 块",
            en="Print at most {maximum} plates at a time; these are {count}",
        )
    return await PlateSheet.create(
        requested_by=requested_by,
        grid_paths=grid_paths,
        selection=doors.selection(),
        size=size,
        doors=doors.doors,
        only_unprinted=doors.only_unprinted,
        issue_missing=issue_missing,
        total=total,
    )


def check_size(size: PlateSize) -> None:
    """Refuse labels on which the codes of this service would be too fine to read, or missing.

    Raises:
        InvalidInput: naming the sizes that would do; there is no mini-program whose code to print.
    """
    if SHEETS[size].companion and not wechat.available():
        raise InvalidInput(
            field="input.size",
            reason="NO_MINI_PROGRAM",
            zh="尚未配置小程序，无法打印带小程序码的门牌",
            en="No mini-program is configured, so its code can't be printed",
        )
    possible = sizes_for(f"{settings().public_url}/q/{_SAMPLE_TOKEN}")
    if size in possible:
        return
    raise InvalidInput(
        field="input.size",
        reason="CODE_TOO_FINE",
        params={"sizes": ", ".join(possible) or "-"},
        zh="本系统网址过长，该尺寸的二维码太密，手机难以识读；可用尺寸：{sizes}",
        en="The service's address is too long for a code of this size; possible: {sizes}",
    )


async def _where(actor: Actor, order: PrintOrder) -> tuple[Doors, list[str]]:
    """Where to print, and the grids in which the actor must hold the permission, and does."""
    given = [order.grid_code is not None, order.place_ids is not None, order.batch is not None]
    if sum(given) != 1:
        raise InvalidInput(
            field="input",
            reason="ONE_OF",
            zh="网格、房屋、批次只能选择一项",
            en="Name a grid, places or a batch: one of them",
        )
    doors = Doors(doors=order.doors, only_unprinted=order.only_unprinted)
    if order.grid_code is not None:
        grid = await access_grid(actor, code=order.grid_code, permission=Permission.PLATES_MANAGE)
        return replace(doors, grid_path=grid.path), [grid.path]
    if order.batch is not None:
        paths = await grid_paths_of_batch(order.batch)
        _check_scope(actor, paths)
        return replace(doors, batch=order.batch), paths
    ids = list(dict.fromkeys(order.place_ids or ()))
    if not 1 <= len(ids) <= rules().plates_per_request:
        raise InvalidInput(
            field="input.placeIds",
            reason="COUNT",
            params={"maximum": rules().plates_per_request},
            zh="一次可选择 1 到 {maximum} 处",
            en="Choose 1 to {maximum} places at a time",
        )
    found = await grid_paths_of_places(ids)
    _check_scope(actor, [found.get(place_id, "") for place_id in ids])
    return replace(doors, place_ids=tuple(ids)), sorted(set(found.values()))


def _check_scope(actor: Actor, paths: list[str]) -> None:
    """What is absent has no path, which nobody holds.

    Raises:
        NotFound: something is absent or out of scope.
    """
    if not paths or not all(path and actor.may(Permission.PLATES_MANAGE, path) for path in paths):
        raise NotFound


async def access_sheet(actor: Actor, *, sheet_id: UUID) -> PlateSheet:
    """One sheet, for who manages the plates of all the grids that it holds.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent or out of scope.
    """
    require_sign_in(actor)
    sheet = await PlateSheet.get_or_none(id=sheet_id)
    if sheet is None:
        raise NotFound
    _check_scope(actor, sheet.grid_paths)
    return sheet


def download_address(sheet: PlateSheet) -> str:
    """A short-lived address of the file; the caller has asked :func:`access_sheet`.

    Raises:
        WrongState: there is no file yet, or no longer.
    """
    if sheet.state is not PlateSheetState.READY:
        raise no_file(sheet)
    return files.address(sheet.id)


def no_file(sheet: PlateSheet) -> DomainError:
    """Why a sheet can't be fetched."""
    return WrongState(
        reason=sheet.state.value, zh="门牌文件尚未生成或已过期", en="There is no file to fetch"
    )
