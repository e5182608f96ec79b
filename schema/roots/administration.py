"""Staff and apps: who works here, and which programs may come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from identity import apps, staff
from identity.actor import Permission
from identity.directory import app_row, list_apps, list_staff, staff_row
from identity.models import App as AppModel
from management.territory import grid_by_code
from schema.access import STAFF, holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import HasId, Requested, run_once
from schema.roots.sessions import SignOutPayload
from schema.selection import Selection
from schema.types.administration import (
    App,
    AppConnection,
    StaffMember,
    StaffMemberConnection,
    app_columns,
    shape_apps,
    shape_staff,
    staff_columns,
)

_STAFF_MANAGE = holds(Permission.STAFF_MANAGE)
_APPS_MANAGE = holds(Permission.APPS_MANAGE)

_REASON = "Why, for the audit trail: up to 200 characters."


async def staff_member_row(info: Info, want: Selection, staff_id: UUID) -> dict[str, Any] | None:
    """One member of staff, ready for the schema; ``None`` when not for the actor."""
    context = info.context
    found = await staff_row(context.actor, staff_id=staff_id, columns=staff_columns(want))
    return (await shape_staff([found], want, context))[0] if found else None


@root_type
class AdministrationQueries:
    """Staff and apps."""

    @query(StaffMemberConnection, access=holds(Permission.POSTS_MANAGE))
    async def staff_members(
        self,
        info: Info,
        user_name: Annotated[
            str | None, strawberry.argument(description="Only who signs in by this name.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Members of staff whose posts all lie where you manage posts, or who have none yet."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_staff(
            info.context.actor,
            user_name=user_name,
            page=Page.of(first, after, last, before),
            columns=staff_columns(nodes),
        )
        await shape_staff(page.rows, nodes, info.context)
        return connection(page, want)

    @query(AppConnection, access=_APPS_MANAGE)
    async def apps(self, info: Info, first: First = None, after: After = None) -> dict[str, Any]:
        """Apps of third parties whose grid lies where you manage apps, the newest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_apps(
            info.context.actor, page=Page.of(first, after), columns=app_columns(nodes)
        )
        await shape_apps(page.rows, nodes, info.context)
        return connection(page, want)


@gql_input
class AddStaffMemberInput(Requested):
    """Who is taken on."""

    user_name: str = given("Name to sign in with: 3 to 40 of a-z, digits, dot, dash.")
    name: str = given("Name as colleagues know it.")
    password: str = given("Password to begin with: 12 characters or more.")


@gql_input
class LeaveStaffMemberInput(Requested):
    """Who leaves."""

    staff_id: strawberry.ID = given("The member of staff.")
    reason: str | None = given(_REASON, default=None)


@gql_input
class ResetStaffPasswordInput(Requested):
    """Whose password is given anew."""

    staff_id: strawberry.ID = given("The member of staff.")
    password: str = given("The new password: 12 characters or more.")


@gql_input
class ResetSecondFactorInput(Requested):
    """Whose second factor is lost."""

    staff_id: strawberry.ID = given("The member of staff.")
    reason: str | None = given(_REASON, default=None)


@gql_input
class AddAppInput(Requested):
    """What is let in, where, and for how long."""

    name: str = given("What it is called.")
    scopes: list[str] = given("What it may do, such as `places:read`.")
    grid_code: str = given("The grid in which the scopes hold, and beneath.")
    contact: str = given("Whom to reach about it; kept sealed.")
    expires_at: datetime = given("Until when: a year ahead at most.")
    rate_per_minute: int = given("How many requests a minute, up to 6000.", default=60)


@gql_input
class RevokeAppInput(Requested):
    """What is kept out."""

    app_id: strawberry.ID = given("The app.")
    reason: str | None = given(_REASON, default=None)


@gql_input
class ChangePasswordInput:
    """The password as it was and as it shall be."""

    old: str = given("The present password.")
    new: str = given("The new password: 12 characters or more.")


@gql_type(access=_STAFF_MANAGE)
class StaffMemberPayload:
    """The member of staff."""

    staff_member: StaffMember = attr("The member of staff as they are now.")


@gql_type(access=_APPS_MANAGE)
class AppPayload:
    """The app."""

    app: App = attr("The app as it is now.")


@gql_type(access=_APPS_MANAGE)
class AddAppPayload:
    """The app, and its secret once."""

    app: App = attr("The app.")
    secret: str | None = attr(
        "Its `client_secret`, in this one answer: a repeat of the `requestId` answers `null`."
        " When it got lost, revoke the app and add another."
    )


@root_type
class AdministrationMutations:
    """Which staff and apps may come in, and which no longer."""

    @mutation(StaffMemberPayload, access=_STAFF_MANAGE)
    async def add_staff_member(
        self,
        info: Info,
        input: Annotated[AddStaffMemberInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Take a member of staff on. `postWarden` gives them rights."""
        return await _staff_payload(
            info,
            input,
            lambda: staff.add_staff(
                info.context.actor,
                user_name=input.user_name,
                name=input.name,
                password=input.password,
            ),
        )

    @mutation(StaffMemberPayload, access=_STAFF_MANAGE)
    async def leave_staff_member(
        self,
        info: Info,
        input: Annotated[LeaveStaffMemberInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """See a member of staff off (离职): posts and sessions end at once."""
        staff_id = row_id(input.staff_id, "StaffMember", field="input.staffId")
        return await _staff_payload(
            info,
            input,
            lambda: staff.leave(info.context.actor, staff_id=staff_id, reason=input.reason),
        )

    @mutation(StaffMemberPayload, access=_STAFF_MANAGE)
    async def reset_staff_password(
        self,
        info: Info,
        input: Annotated[ResetStaffPasswordInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Give a new password: sessions end, a lock-out is lifted, the second factor stays."""
        staff_id = row_id(input.staff_id, "StaffMember", field="input.staffId")
        return await _staff_payload(
            info,
            input,
            lambda: staff.reset_password(
                info.context.actor, staff_id=staff_id, password=input.password
            ),
        )

    @mutation(StaffMemberPayload, access=_STAFF_MANAGE)
    async def reset_second_factor(
        self,
        info: Info,
        input: Annotated[ResetSecondFactorInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Take a lost second factor away: sessions end, the next sign-in sets up a new one."""
        staff_id = row_id(input.staff_id, "StaffMember", field="input.staffId")
        return await _staff_payload(
            info,
            input,
            lambda: staff.reset_second_factor(
                info.context.actor, staff_id=staff_id, reason=input.reason
            ),
        )

    @mutation(AddAppPayload, access=_APPS_MANAGE)
    async def add_app(
        self,
        info: Info,
        input: Annotated[AddAppInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Let an app in, with scopes that hold in one grid. Its secret is shown once."""
        secret: str | None = None

        async def act() -> AppModel:
            nonlocal secret
            grid = await grid_by_code(input.grid_code)
            new = await apps.add_app(
                info.context.actor,
                name=input.name,
                scopes=input.scopes,
                grid_path=grid["path"],
                contact=input.contact,
                expires_at=input.expires_at,
                rate_per_minute=input.rate_per_minute,
            )
            secret = new.secret
            return new.app

        return {**await _app_payload(info, await run_once(info, input, act)), "secret": secret}

    @mutation(AppPayload, access=_APPS_MANAGE)
    async def revoke_app(
        self,
        info: Info,
        input: Annotated[RevokeAppInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Keep an app out for good: its tokens stop working within a second."""
        app_id = row_id(input.app_id, "App", field="input.appId")
        await run_once(
            info,
            input,
            lambda: apps.revoke_app(info.context.actor, app_id=app_id, reason=input.reason),
        )
        return await _app_payload(info, app_id)

    @mutation(SignOutPayload, access=STAFF)
    async def change_password(
        self,
        info: Info,
        input: Annotated[ChangePasswordInput, strawberry.argument(description="Both.")],
    ) -> dict[str, Any]:
        """Change your own password as staff: you are signed out everywhere. No `requestId`."""
        ended = await staff.change_password(info.context.actor, old=input.old, new=input.new)
        return {"sessions": ended}


async def _staff_payload(
    info: Info, given: Requested, act: Callable[[], Awaitable[HasId]]
) -> dict[str, Any]:
    staff_id = await run_once(info, given, act)
    found = await staff_member_row(info, selected(info)["staff_member"], staff_id)
    if found is None:  # a repeat, and meanwhile they were posted elsewhere
        raise NotFound
    return {"staff_member": found}


async def _app_payload(info: Info, app_id: UUID) -> dict[str, Any]:
    context, want = info.context, selected(info)["app"]
    found = await app_row(context.actor, app_id=app_id, columns=app_columns(want))
    if found is None:  # a repeat by somebody who lost their post
        raise NotFound
    return {"app": (await shape_apps([found], want, context))[0]}
