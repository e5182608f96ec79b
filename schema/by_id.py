"""Things of several kinds by their ids, as `node(id)` finds them: one query for each kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from citizen.declarations.access import visible_declarations
from core.errors import NotFound, Unauthenticated
from landlord.access import visible_listings
from landlord.enquiry_lists import enquiries_by_ids
from management.access import visible_claims, visible_places
from management.people.residences import visible_residences
from management.tasks.access import own_posts, visible_tasks
from schema.context import Context
from schema.selection import Rows, Selection
from schema.types.claims import claim_columns, shape_claims
from schema.types.declarations import declaration_columns, shape_declarations
from schema.types.enquiries import enquiry_columns, shape_enquiries
from schema.types.listings import listing_columns, shape_listings
from schema.types.people import residence_columns, shape_residences
from schema.types.places import place_columns, shape_places
from schema.types.tasks import shape_tasks, task_columns

Shape = Callable[[Rows, Selection, Context], Awaitable[Rows]]
Thing = tuple[str, UUID]


async def _declarations(ids: list[UUID], want: Selection, context: Context) -> Rows:
    found = (await visible_declarations(context.actor)).filter(id__in=ids)
    return list(await found.values(*declaration_columns(want)))


async def _places(ids: list[UUID], want: Selection, context: Context) -> Rows:
    found = visible_places(context.actor).filter(id__in=ids)
    return list(await found.values(*place_columns(want)))


async def _listings(ids: list[UUID], want: Selection, context: Context) -> Rows:
    found = visible_listings(context.actor).filter(id__in=ids)
    return list(await found.values(*listing_columns(want)))


async def _claims(ids: list[UUID], want: Selection, context: Context) -> Rows:
    found = visible_claims(context.actor).filter(id__in=ids)
    return list(await found.values(*claim_columns(want)))


async def _residences(ids: list[UUID], want: Selection, context: Context) -> Rows:
    found = visible_residences(context.actor).filter(id__in=ids)
    return list(await found.values(*residence_columns(want)))


async def _enquiries(ids: list[UUID], want: Selection, context: Context) -> Rows:
    return await enquiries_by_ids(context.actor, ids, enquiry_columns(want))


async def _tasks(ids: list[UUID], want: Selection, context: Context) -> Rows:
    posts = await own_posts(context.actor)
    found = visible_tasks(context.actor, posts).filter(id__in=ids)
    return list(await found.values(*task_columns(want)))


_READ: Final[Mapping[str, tuple[Callable[..., Awaitable[Rows]], Shape]]] = {
    "Declaration": (_declarations, shape_declarations),
    "Enquiry": (_enquiries, shape_enquiries),
    "Listing": (_listings, shape_listings),
    "Place": (_places, shape_places),
    "PlaceClaim": (_claims, shape_claims),
    "Residence": (_residences, shape_residences),
    "Task": (_tasks, shape_tasks),
}


async def things_by_ids(
    things: set[Thing], want: Selection, context: Context
) -> dict[Thing, dict[str, Any]]:
    """Those of these things that the actor may see, ready for a field of type ``Node``."""
    answer: dict[Thing, dict[str, Any]] = {}
    for kind, (read, shape) in _READ.items():
        ids = [key for name, key in things if name == kind]
        if not ids:
            continue
        try:
            beneath = want.resume(kind, context.actor)
        except (NotFound, Unauthenticated):
            continue  # what is asked of this kind is not for the actor
        rows = [dict(row) for row in await read(ids, beneath, context)]
        keys = [row["id"] for row in rows]
        for key, row in zip(keys, await shape(rows, beneath, context), strict=True):
            answer[kind, key] = {**row, "__typename": kind}
    return answer
