"""The raw floor: Starlette, one SQL statement by asyncpg, orjson. No schema, no rights, no ORM.

It answers the same questions with JSON of the same size as the GraphQL operations in
:mod:`benchmarks.operations`, so that what we add has a price.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.edge.server import server_options
from core.database import Connection, credentials

PLATE = """
SELECT p.token, p.state, pl.code, pl.name, pl.kind, pl.street, pl.door_number, pl.risk_class,
       pl.longitude, pl.latitude, g.code AS community_code, g.name_zh AS community,
       (SELECT json_agg(l) FROM (
          SELECT l.id, l.title, l.rent, l.deposit, l.area, l.state, l.available_from,
                 l.description, r.number, r.floor, r.area AS room_area, a.display_name,
                 (SELECT json_agg(json_build_object('key', ph.key, 'width', ph.width,
                                                    'height', ph.height, 'alt', ph.alt_zh)
                                  ORDER BY lp.position)
                    FROM listing_photo lp JOIN photo ph ON ph.id = lp.photo_id
                   WHERE lp.listing_id = l.id) AS photos
            FROM listing l JOIN room r ON r.id = l.room_id JOIN account a ON a.id = l.landlord_id
           WHERE l.place_id = pl.id AND l.state = 'PUBLISHED' ORDER BY l.id LIMIT 21) l)::text
         AS listings
FROM plate p JOIN place pl ON pl.id = p.place_id JOIN grid g ON g.code = pl.community_code
WHERE p.token = $1
"""

HAZARDS = """
SELECT h.id, h.code, h.state, h.severity, h.category, h.created_at, h.due_at, h.source,
       pl.name, pl.street, pl.door_number, s.name AS assignee,
       (SELECT json_build_object('role', hp.role, 'key', ph.key, 'width', ph.width,
                                 'height', ph.height)
          FROM hazard_photo hp JOIN photo ph ON ph.id = hp.photo_id
         WHERE hp.hazard_id = h.id ORDER BY hp.role DESC, hp.position LIMIT 1)::text AS photo
FROM hazard h LEFT JOIN place pl ON pl.id = h.place_id
LEFT JOIN staff_member s ON s.id = h.assignee_id
WHERE h.grid_path >= $1 AND h.grid_path < $2 ORDER BY h.id DESC LIMIT 51
"""

PLACES = """
SELECT pl.id, pl.code, pl.kind, pl.name, pl.street, pl.door_number, pl.risk_class, pl.lifecycle,
       pl.completeness, pl.filed_at, pl.floors, pl.area, pl.exits, pl.extinguishers, pl.version,
       g.code AS grid_code, g.name_zh AS grid, c.name_zh AS community
FROM place pl JOIN grid g ON g.code = pl.grid_code JOIN grid c ON c.code = pl.community_code
WHERE pl.grid_path >= $1 AND pl.grid_path < $2 AND pl.kind = $3 ORDER BY pl.id DESC LIMIT 51
"""


SEARCH = """
SELECT l.id, l.title, l.rent, l.deposit, l.area, l.state, l.available_from, l.description,
       r.number, r.floor, r.area AS room_area, a.display_name,
       (SELECT json_agg(json_build_object('key', ph.key, 'width', ph.width,
                                          'height', ph.height, 'alt', ph.alt_zh)
                        ORDER BY lp.position)
          FROM listing_photo lp JOIN photo ph ON ph.id = lp.photo_id
         WHERE lp.listing_id = l.id)::text AS photos
FROM (SELECT listing_id, rank FROM listing_search
       WHERE words @@ $1::tsquery AND features @> $2::text[] AND rent <= $3
       ORDER BY rank DESC, listing_id DESC LIMIT 21) s
JOIN listing l ON l.id = s.listing_id
JOIN room r ON r.id = l.room_id JOIN account a ON a.id = l.landlord_id
ORDER BY s.rank DESC, s.listing_id DESC
"""


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        **credentials(os.environ["DATABASE_URL"]),
        min_size=10,
        max_size=10,
        connection_class=Connection,
    ) as pool:
        app.state.pool = pool
        yield


async def plate(request: Request) -> Response:
    """The plate page's data."""
    row = dict(await request.app.state.pool.fetchrow(PLATE, request.path_params["token"]))
    row["listings"] = orjson.Fragment(row["listings"] or "[]")
    return _json(row)


async def hazards(request: Request) -> Response:
    """Fifty hazards of a grid, newest first."""
    path = request.query_params["path"]
    found = [
        dict(row) for row in await request.app.state.pool.fetch(HAZARDS, path, path[:-1] + "0")
    ]
    for row in found:
        row["photo"] = orjson.Fragment(row["photo"] or "null")
    return _json(found)


async def places(request: Request) -> Response:
    """Fifty places of a grid and a kind, newest first."""
    parameters = request.query_params
    path = parameters["path"]
    upper = path[:-1] + "0"
    rows = await request.app.state.pool.fetch(PLACES, path, upper, parameters["kind"])
    return _json([dict(row) for row in rows])


async def listings(request: Request) -> Response:
    """Twenty rooms by a word, facilities and a rent; the word comes as a tsquery."""
    asked = request.query_params
    rows = await request.app.state.pool.fetch(
        SEARCH, asked["words"], asked.getlist("with"), Decimal(asked["to"])
    )
    found = [dict(row) for row in rows]
    for row in found:
        row["photos"] = orjson.Fragment(row["photos"] or "[]")
    return _json(found)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")


app = Starlette(
    routes=[
        Route("/plate/{token}", plate),
        Route("/hazards", hazards),
        Route("/places", places),
        Route("/listings", listings),
    ],
    lifespan=_lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, **server_options(port=int(os.environ["PORT"])))
