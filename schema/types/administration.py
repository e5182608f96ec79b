"""Staff, apps and accounts, as those see them who manage them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from core.clock import now
from identity.actor import Permission
from management.posts import posts_of_staff_members
from management.territory import territory
from notifications.webhooks.lists import webhooks_of_apps
from schema.access import holds
from schema.connections import Connection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.territory import Grid, GridPost, grids_by_code, shape_posts
from schema.types.webhooks import Webhook, shape_webhooks


@gql_type(access=holds(Permission.POSTS_MANAGE))
class StaffMember(Node):
    """A member of staff (工作人员), for who manages posts where all of theirs lie."""

    user_name: str = attr("Name to sign in with.")
    name: str = attr("Name as colleagues know it.")
    posts: list[GridPost] = attr("Their posts today.", needs=(), size=3)
    second_factor: bool = attr(
        "Whether the second factor (动态码) is set up.", needs=("totp_confirmed_at",)
    )
    joined_at: datetime = attr("When they were taken on.")
    left_at: datetime | None = attr("When they left; only who manages staff sees those who did.")
    locked_until: datetime | None = attr(
        "Until when failed sign-ins keep them out. For who manages staff.",
        access=holds(Permission.STAFF_MANAGE),
    )


@strawberry.type(name="StaffMemberConnection", description="One page of members of staff.")
class StaffMemberConnection(Connection[StaffMember]):
    """One page of members of staff."""


@gql_type(access=holds(Permission.APPS_MANAGE))
class App:
    """A program of somebody else's (第三方应用) that uses this API on its own behalf."""

    id: strawberry.ID = attr("Global id, opaque.")
    client_id: str = attr("Its `client_id` at `/oauth/token`.")
    name: str = attr("What it is called.")
    scopes: list[str] = attr("What it may do, such as `places:read`.")
    grid: Grid = attr("Where it may: in this grid and beneath.", needs=("grid_path",))
    rate_per_minute: int = attr("How many requests a minute it may make.")
    created_at: datetime = attr("When it was let in.")
    expires_at: datetime = attr("Until when it is good.")
    revoked_at: datetime | None = attr("Since when it is kept out.")
    webhooks: list[Webhook] = attr("Its addresses for events, oldest first.", needs=(), size=2)


@strawberry.type(name="AppConnection", description="One page of apps.")
class AppConnection(Connection[App]):
    """One page of apps."""


@gql_type(access=holds(Permission.ACCOUNTS_LOCK))
class Account:
    """An account of the public, as far as those who may lock it need to know."""

    id: strawberry.ID = attr("Global id, opaque.")
    locked_at: datetime | None = attr("Since when it is locked; empty: its holder may sign in.")


def _needs(kind: Any) -> dict[str, tuple[str, ...]]:
    fields = kind.__strawberry_definition__.fields
    return {
        field.python_name: field.metadata["needs"] for field in fields if "needs" in field.metadata
    }


_STAFF_NEEDS, _APP_NEEDS = _needs(StaffMember), _needs(App)


def staff_columns(want: Selection) -> list[str]:
    """The columns of members of staff that a selection needs."""
    return want.columns(_STAFF_NEEDS, "id")


def app_columns(want: Selection) -> list[str]:
    """The columns of apps that a selection needs."""
    return want.columns(_APP_NEEDS, "id")


async def shape_staff(rows: Rows, want: Selection, context: Context) -> Rows:
    """Members of staff as read, ready for the schema; the posts of all come in one query."""
    if "posts" in want and rows:
        known = (await territory()).by_code
        posts = await posts_of_staff_members([row["id"] for row in rows])
        for row in rows:
            row["posts"] = shape_posts(posts[row["id"]], known, context.language)
    for row in rows:
        row["id"] = global_id("StaffMember", row["id"])
        if "second_factor" in want:
            row["second_factor"] = row["totp_confirmed_at"] is not None
        if "locked_until" in want:
            until = row["locked_until"]
            row["locked_until"] = until if until is not None and until > now() else None
    return rows


async def shape_apps(rows: Rows, want: Selection, context: Context) -> Rows:
    """Apps as read, ready for the schema."""
    if "grid" in want and rows:
        codes = {row["id"]: row["grid_path"].split("/")[-2] for row in rows}
        grids = await grids_by_code(set(codes.values()), want["grid"], context)
        for row in rows:
            row["grid"] = grids[codes[row["id"]]]
    if "webhooks" in want and rows:
        found = await webhooks_of_apps(context.actor, [row["id"] for row in rows])
        for row in rows:
            row["webhooks"] = shape_webhooks(found.get(row["id"], []), want["webhooks"])
    for row in rows:
        row["id"] = global_id("App", row["id"])
    return rows
