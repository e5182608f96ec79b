"""Types that several subjects share."""

from __future__ import annotations

from typing import Any

import strawberry

from core.datums import Datum, to_gcj02
from schema.access import PUBLIC
from schema.fields import attr, given, gql_input, gql_type


@strawberry.interface(description="Anything that `node(id)` can fetch.")
class Node:
    """Anything that ``node(id)`` can fetch."""

    id: strawberry.ID = strawberry.field(
        description="Global id, opaque.", metadata={"access": PUBLIC}
    )


@gql_type(access=PUBLIC)
class Point:
    """A point on the map; always says its datum."""

    longitude: float = attr("Degrees east.")
    latitude: float = attr("Degrees north.")
    datum: Datum = attr("What the degrees refer to.")


@gql_input
class PointInput:
    """A point on the map."""

    longitude: float = given("Degrees east.")
    latitude: float = given("Degrees north.")
    datum: Datum = given("What the degrees refer to.", default=Datum.CGCS2000)


def surveyed_point(row: dict[str, Any]) -> dict[str, Any] | None:
    """The point as stored (CGCS2000): for staff and apps."""
    if row["longitude"] is None:
        return None
    return {
        "longitude": row["longitude"],
        "latitude": row["latitude"],
        "datum": Datum.CGCS2000,
    }


def public_point(row: dict[str, Any]) -> dict[str, Any] | None:
    """The point as public maps and WeChat want it (GCJ-02)."""
    if row["longitude"] is None:
        return None
    longitude, latitude = to_gcj02(row["longitude"], row["latitude"])
    return {"longitude": longitude, "latitude": latitude, "datum": Datum.GCJ02}
