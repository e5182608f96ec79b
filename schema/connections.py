"""Relay connections over keyset slices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from core.keyset import Slice
from schema.access import PUBLIC
from schema.fields import attr, gql_type
from schema.selection import Selection

N = TypeVar("N")

First = Annotated[
    int | None, strawberry.argument(description="How many from the start, 1 to 100; 20 by default.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]


@gql_type(access=PUBLIC)
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = attr("More follows.")
    has_previous_page: bool = attr("Something comes before.")
    start_cursor: str | None = attr("Cursor of the first item here.")
    end_cursor: str | None = attr("Cursor of the last item here.")


@gql_type(access=PUBLIC)
class Edge(Generic[N]):
    """An item and its cursor."""

    cursor: str = attr("Where the item lies: for `after` and `before`.")
    node: N = attr("The item itself.")


@gql_type(access=PUBLIC)
class Connection(Generic[N]):
    """One page of a list."""

    edges: list[Edge[N]] = attr("Items with cursors.", size=1)
    nodes: list[N] = attr("Items alone.", size=1)
    page_info: PageInfo = attr("Where this page lies in the list.")


@gql_type(access=PUBLIC)
class CountedConnection(Connection[N]):
    """One page of a list that can be counted."""

    total_count: int = attr("How many the filter matches in all; counted only when asked.", cost=20)


def connection(page: Slice, want: Selection, **more: Any) -> dict[str, Any]:
    """The connection over a slice whose rows have been shaped; cursors are made when wanted."""
    edges = (
        [{"cursor": page.cursor(index), "node": row} for index, row in enumerate(page.rows)]
        if "edges" in want
        else []
    )
    ends = (page.cursor(0), page.cursor(-1)) if page.rows and "page_info" in want else (None, None)
    return {
        "edges": edges,
        "nodes": page.rows,
        "page_info": {
            "has_next_page": page.has_next,
            "has_previous_page": page.has_previous,
            "start_cursor": ends[0],
            "end_cursor": ends[1],
        },
        **more,
    }


async def counted(
    page: Slice, want: Selection, count: Callable[[], Awaitable[int]]
) -> dict[str, Any]:
    """The connection, with how many there are in all where that is asked for."""
    if "total_count" not in want:
        return connection(page, want)
    return connection(page, want, total_count=await count())


def wanted_nodes(selection: Selection) -> Selection:
    """What is asked of the items, whether through ``nodes`` or ``edges { node }``."""
    by_edges, direct = selection.under("edges", "node"), selection["nodes"]
    if not by_edges.fields:
        return direct
    return merged(by_edges, direct)


def merged(one: Selection, other: Selection) -> Selection:
    """Both selections in one."""
    for name, beneath in other.fields.items():
        if name in one.fields:
            merged(one.fields[name], beneath)
        else:
            one.fields[name] = beneath
    return one
