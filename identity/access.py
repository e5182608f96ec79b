"""Who may see and manage what identity holds: the only way to load its rows by id.

What is absent and what is not for the actor answer alike.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.clock import today
from core.errors import NotFound, Unauthenticated
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission
from identity.models import Account, AccountMerge, App, GridPost, Session, StaffMember, WeChatUser

_NOTHING = Q(id__isnull=True)
_EVERYTHING = Q(id__isnull=False)  # an empty Q would vanish from an OR


def require(actor: Actor, permission: Permission) -> tuple[str, ...]:
    """The paths in which the actor holds the permission, at least one.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: they hold it nowhere.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    paths = actor.paths(permission)
    if not paths:
        raise NotFound
    return paths


def in_force(day: date | None = None) -> Q:
    """The condition "this post is in force" on a day, today by default."""
    on = day or today()
    return Q(starts_on__lte=on) & (Q(ends_on=None) | Q(ends_on__gt=on))


def visible_staff(
    actor: Actor, permission: Permission = Permission.STAFF_MANAGE
) -> QuerySet[StaffMember]:
    """Members of staff whom the actor manages: all of their posts lie where the actor may.

    Who has no post yet is managed by everybody who holds the permission at all.
    """
    paths = actor.paths(permission)
    if not paths:
        own = Q(id=actor.id) if actor.kind is ActorKind.STAFF else _NOTHING
        return StaffMember.filter(own)
    beyond = GridPost.filter(Q(ends_on=None) | Q(ends_on__gt=today())).exclude(_beneath(paths))
    return StaffMember.exclude(id__in=Subquery(beyond.values("staff_id")))


def visible_posts(actor: Actor) -> QuerySet[GridPost]:
    """Posts in grids that the actor may read, and the actor's own."""
    own = Q(staff_id=actor.id) if actor.kind is ActorKind.STAFF else _NOTHING
    paths = actor.paths(Permission.GRIDS_READ) if actor.kind is not ActorKind.APP else ()
    return GridPost.filter(Q(_beneath(paths), own, join_type=Q.OR))


def visible_apps(actor: Actor) -> QuerySet[App]:
    """Apps whose grid lies where the actor manages apps."""
    paths = actor.paths(Permission.APPS_MANAGE)
    return App.filter(_beneath(paths))


def visible_sessions(actor: Actor) -> QuerySet[Session]:
    """The actor's own sessions."""
    if actor.kind is ActorKind.STAFF:
        return Session.filter(staff_id=actor.id)
    if actor.kind is ActorKind.ACCOUNT:
        return Session.filter(account_id=actor.id)
    return Session.filter(_NOTHING)


def visible_wechat_users(actor: Actor) -> QuerySet[WeChatUser]:
    """How the actor's own account is known to mini-programs."""
    if actor.kind is ActorKind.ACCOUNT:
        return WeChatUser.filter(account_id=actor.id)
    return WeChatUser.filter(_NOTHING)


async def access_staff(actor: Actor, *, staff_id: UUID, lock: bool = False) -> StaffMember:
    """One member of staff, for who manages them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's to manage.
    """
    require(actor, Permission.STAFF_MANAGE)
    query = visible_staff(actor).filter(id=staff_id)
    staff = await (query.select_for_update() if lock else query).first()
    if staff is None:
        raise NotFound
    return staff


async def access_post(
    actor: Actor, *, post_id: UUID, permission: Permission = Permission.GRIDS_READ
) -> GridPost:
    """One post, for who holds the permission in its grid, or whose own it is, to read.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's reach.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    post = await GridPost.filter(id=post_id).select_related("staff", "department").first()
    if post is None:
        raise NotFound
    own = permission is Permission.GRIDS_READ and actor.kind is ActorKind.STAFF
    if not actor.may(permission, post.grid_path) and not (own and post.staff_id == actor.id):
        raise NotFound
    return post


async def access_app(actor: Actor, *, app_id: UUID) -> App:
    """One app, for who manages apps in its grid.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's reach.
    """
    require(actor, Permission.APPS_MANAGE)
    app = await visible_apps(actor).filter(id=app_id).first()
    if app is None:
        raise NotFound
    return app


async def access_account(actor: Actor, *, account_id: UUID, lock: bool = False) -> Account:
    """One account, for its holder and for who may lock accounts.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's to see.
    """
    own = actor.kind is ActorKind.ACCOUNT and actor.id == account_id
    if not own:
        require(actor, Permission.ACCOUNTS_LOCK)
    query = Account.filter(id=account_id)
    account = await (query.select_for_update() if lock else query).first()
    if account is None:
        raise NotFound
    return account


async def access_merge(actor: Actor, *, merge_id: UUID, lock: bool = False) -> AccountMerge:
    """How two accounts became one, for who may lock accounts.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor may not lock accounts.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    query = AccountMerge.filter(id=merge_id)
    found = await (query.select_for_update() if lock else query).first()
    if found is None:
        raise NotFound
    return found


def _beneath(paths: tuple[str, ...]) -> Q:
    """The condition "lies in one of these grids" on ``grid_path`` (``COLLATE "C"``).

    A range of the path, because an index serves that: "0" follows "/".
    """
    if EVERYWHERE in paths:
        return _EVERYTHING
    ranges = [Q(grid_path__gte=path, grid_path__lt=path[:-1] + "0") for path in paths]
    return Q(*ranges, join_type=Q.OR) if ranges else _NOTHING
