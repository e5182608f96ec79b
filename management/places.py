"""Places and their files: filing, keeping, closing, finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.crypto import seal
from core.database import fetch
from core.errors import InvalidInput, WrongState, require_version
from core.events import emit
from core.ids import uuid7
from core.keyset import Order, Page, Slice, take
from core.numbers import within as between
from core.text import clean
from core.work import work
from identity.actor import Actor, Permission
from management import place_file
from management.access import access_grid, access_place, require_sign_in, visible_places, within
from management.contacts import CONTACT
from management.events import PlaceClosed, PlaceFiled, PlaceUpdated
from management.models import (
    ClaimState,
    Lifecycle,
    Place,
    PlaceClaim,
    PlaceKind,
    RiskClass,
)
from management.models.territory import codes_of
from management.organisations import organisation_by_credit_code
from management.territory import grid_by_code, grid_of_point
from media.access import require_photos
from media.models import Purpose


class PlaceOrder(StrEnum):
    """Orders in which places can be listed."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    CODE = "CODE"
    LEAST_COMPLETE = "LEAST_COMPLETE"


_ORDERS: Mapping[PlaceOrder, Order] = {
    PlaceOrder.NEWEST: Order("newest", "id", descending=True),
    PlaceOrder.OLDEST: Order("oldest", "id"),
    PlaceOrder.CODE: Order("code", "code"),
    PlaceOrder.LEAST_COMPLETE: Order("complete", "completeness"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFilter:
    """What a list of places is narrowed to; ``None`` leaves a point open."""

    grid_code: str | None = None
    kinds: Sequence[PlaceKind] | None = None
    risk_classes: Sequence[RiskClass] | None = None
    lifecycles: Sequence[Lifecycle] | None = None
    completeness_below: int | None = None
    code: str | None = None


async def list_places(
    actor: Actor, *, filter_by: PlaceFilter, order: PlaceOrder, page: Page, columns: Sequence[str]
) -> Slice:
    """Files of places that the actor may see, narrowed and ordered."""
    require_sign_in(actor)
    query = visible_places(actor).filter(await _condition(filter_by))
    return await take(query, _ORDERS[order], page, columns)


async def count_places(actor: Actor, *, filter_by: PlaceFilter) -> int:
    """How many places the same filter matches."""
    require_sign_in(actor)
    return await visible_places(actor).filter(await _condition(filter_by)).count()


async def _condition(wanted: PlaceFilter) -> Q:
    parts = []
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        parts.append(within(grid["path"]))
    if wanted.kinds is not None:
        parts.append(Q(kind__in=list(wanted.kinds)))
    if wanted.risk_classes is not None:
        parts.append(Q(risk_class__in=list(wanted.risk_classes)))
    if wanted.lifecycles is not None:
        parts.append(Q(lifecycle__in=list(wanted.lifecycles)))
    between(wanted.completeness_below, 0, 101, field="filter.completenessBelow")
    if wanted.completeness_below is not None:
        parts.append(Q(completeness__lt=wanted.completeness_below))
    if wanted.code is not None:
        parts.append(Q(code=clean(wanted.code, field="filter.code", longest=24)))
    return Q(*parts)


async def file_place(
    actor: Actor,
    *,
    kind: PlaceKind,
    values: Mapping[str, Any],
    grid_code: str | None = None,
    credit_code: str | None = None,
    organisation_name: str | None = None,
    planned: bool = False,
) -> Place:
    """Open the file of a place (建档).

    ``values`` are fields of :data:`management.place_file.FIELDS`, the name among them. The grid
    follows from the point; without a point the grid must be named. A place known before its
    opening is ``planned``.

    Raises:
        InvalidInput: no name; a field that can't be used; no grid; a point outside the town or
            outside the named grid; too large for its kind.
        NotFound: the grid is not in the actor's scope.
    """
    require_sign_in(actor)
    checked = place_file.checked({"name": None, **values})
    place_id = uuid7()
    async with work(actor) as unit:
        grid = await _grid_for(checked, grid_code)
        await access_grid(actor, code=grid["code"], permission=Permission.PLACES_WRITE)
        organisation = await organisation_by_credit_code(credit_code, organisation_name)
        place = Place(
            id=place_id,
            kind=kind,
            code=await _next_code(codes_of(grid["path"])[1]),
            lifecycle=Lifecycle.PLANNED if planned else Lifecycle.ACTIVE,
            filed_at=None if planned else now(),
            organisation_id=organisation.id if organisation else None,
        )
        _move_to(place, grid)
        _fill(place, checked)
        await place.save(force_create=True)
        unit.note("filePlace", "PLACE", place.id, kind=kind.value)
        await emit(PlaceFiled(place_id=place.id))
    return place


async def update_place(
    actor: Actor,
    *,
    place_id: UUID,
    expected_version: int,
    values: Mapping[str, Any],
    credit_code: str | None = None,
    organisation_name: str | None = None,
    opened: bool = False,
) -> Place:
    """Change fields of a file. A new point can move the place to another grid.

    ``opened``: a planned place has opened and is filed now. ``values`` may hold a ``photo_id`` too:
    of a picture for this purpose, uploaded by the actor or by somebody who runs the place; ``None``
    takes the picture away.

    Raises:
        Conflict: the file is no longer at ``expected_version``.
        WrongState: the place is demolished; or opened, but not planned.
        InvalidInput, NotFound: as in :func:`file_place`.
    """
    checked = place_file.checked({key: values[key] for key in values if key != "photo_id"})
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.PLACES_WRITE, lock=True
        )
        require_version(place.version, expected_version)
        if place.lifecycle is Lifecycle.DEMOLISHED:
            raise WrongState(reason="DEMOLISHED", zh="房屋已拆除", en="The place is demolished")
        if {"longitude", "latitude"} & checked.keys():
            point = {**_file_of(place), **checked}
            grid = await _grid_for(point, place.grid_code if point["longitude"] is None else None)
            await access_grid(actor, code=grid["code"], permission=Permission.PLACES_WRITE)
            _move_to(place, grid)
        if opened:
            if place.lifecycle is not Lifecycle.PLANNED:
                raise WrongState(reason="NOT_PLANNED")
            place.lifecycle, place.filed_at = Lifecycle.ACTIVE, now()
        if credit_code is not None:
            organisation = await organisation_by_credit_code(credit_code, organisation_name)
            place.organisation_id = organisation.id if organisation else None
        if "photo_id" in values:
            await _hang(actor, place, values["photo_id"])
        _fill(place, checked)
        place.version += 1
        await place.save()
        unit.note("updatePlace", "PLACE", place.id, fields=sorted({*checked, *values}))
        await emit(PlaceUpdated(place_id=place.id))
    return place


async def _hang(actor: Actor, place: Place, photo_id: UUID | None) -> None:
    """Show a picture of the place.

    Raises:
        NotFound: neither the actor's nor of who runs the place, or meant for something else.
    """
    if photo_id is not None:
        runs = PlaceClaim.filter(place_id=place.id, state=ClaimState.VERIFIED)
        await require_photos(
            actor,
            photo_ids=[photo_id],
            purpose=Purpose.PLACE,
            field="input.photoId",
            owners=[claim.account_id for claim in await runs.only("account_id")],
        )
    place.photo_id = photo_id


async def close_place(
    actor: Actor, *, place_id: UUID, expected_version: int, demolished: bool
) -> Place:
    """Close a place, or note that it was demolished: then its code is retired for ever.

    A plan that came to nothing is closed too.

    Raises:
        Conflict: the file is no longer at ``expected_version``.
        WrongState: closed already (a closed place can still be demolished).
    """
    target = Lifecycle.DEMOLISHED if demolished else Lifecycle.CLOSED
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.PLACES_WRITE, lock=True
        )
        require_version(place.version, expected_version)
        if place.lifecycle in {target, Lifecycle.DEMOLISHED}:
            raise WrongState(
                reason=place.lifecycle.value, zh="已经是关闭状态", en="It is closed already"
            )
        place.lifecycle, place.ended_at = target, now()
        place.version += 1
        await place.save()
        unit.note("closePlace", "PLACE", place.id, demolished=demolished)
        await emit(PlaceClosed(place_id=place.id))
    return place


def _file_of(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in place_file.FIELDS}


def _fill(place: Place, checked: Mapping[str, Any]) -> None:
    """Write fields, seal the personal ones, compute completeness.

    Raises:
        InvalidInput: too large for its kind.
    """
    for name, value in checked.items():
        if name in CONTACT:
            seal(place, name, value or None)
        else:
            setattr(place, name, value)
    if broken := place_file.size_limit(place.kind, place.floors, place.area):
        raise InvalidInput(
            field=f"input.{broken}",
            reason="SIZE_LIMIT",
            zh="超过该类场所的规模上限，请按其他类别建档",
            en="Larger than its kind may be; file it under another kind",
        )
    place.missing = place_file.missing(place.kind, _file_of(place))
    place.completeness = place_file.completeness(place.kind, place.missing)


async def _grid_for(values: Mapping[str, Any], grid_code: str | None) -> Mapping[str, Any]:
    longitude, latitude = values.get("longitude"), values.get("latitude")
    if (longitude is None) != (latitude is None):
        raise InvalidInput(field="input.point", reason="POINT", zh="坐标不完整", en="Half a point")
    named = await grid_by_code(grid_code) if grid_code is not None else None
    if named is not None and named["level"] != "GRID":
        raise InvalidInput(
            field="input.gridCode",
            reason="NOT_THIRD_LEVEL",
            zh="请选择第三级网格",
            en="Name a third-level grid",
        )
    if longitude is None or latitude is None:
        if named is None:
            raise InvalidInput(
                field="input.gridCode",
                reason="GRID_NEEDED",
                zh="没有坐标时必须选择网格",
                en="Without a point the grid must be named",
            )
        return named
    found = await grid_of_point(longitude, latitude)
    if found is None:
        raise InvalidInput(
            field="input.point",
            reason="OUTSIDE",
            zh="坐标不在本镇范围内",
            en="The point lies outside the town",
        )
    if named is not None and named["code"] != found["code"]:
        raise InvalidInput(
            field="input.gridCode",
            reason="GRID_MISMATCH",
            params={"found": found["code"]},
            zh="坐标位于网格 {found}，与所选网格不符",
            en="The point lies in grid {found}, not in the named one",
        )
    return found


def _move_to(place: Place, grid: Mapping[str, Any]) -> None:
    place.grid_id, place.grid_path = grid["id"], grid["path"]
    place.community_code, place.grid_code = codes_of(grid["path"])[1:]


async def _next_code(community_code: str) -> str:
    """A new place code: six digits of town and community, then a number, to be read aloud."""
    (row,) = await fetch(
        "UPDATE grid SET next_place_number = next_place_number + 1 WHERE code = $1"
        " RETURNING next_place_number - 1 AS number",
        community_code,
    )
    return f"{community_code[-6:]}-{row['number']:05d}"
