"""Who may see a field: predicates that every field of the schema declares.

``actor`` is asked before anything is loaded; ``row``, where there is one, for each row that was.
What an actor may not see is absent for them: a root field refuses (``UNAUTHENTICATED`` when nobody
is signed in, else ``NOT_FOUND``), a narrowed field of a row answers ``null``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import NotFound, Unauthenticated
from identity.actor import Actor, ActorKind, Permission

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """A named rule of access."""

    name: str
    actor: Callable[[Actor], bool]
    row: Callable[[Actor, Row], bool] | None = None

    def require(self, actor: Actor) -> None:
        """Refuse an actor for whom there is nothing here.

        Raises:
            Unauthenticated: nobody is signed in.
            NotFound: somebody is, without the right.
        """
        if not self.actor(actor):
            raise Unauthenticated if actor.kind is ActorKind.ANONYMOUS else NotFound

    def allows(self, actor: Actor, row: Row) -> bool:
        """Whether the actor may see this field of this row."""
        return self.actor(actor) and (self.row is None or self.row(actor, row))


PUBLIC = Access("public", lambda actor: True)
SIGNED_IN = Access("signed in", lambda actor: actor.signed_in)
PERSON = Access(
    "a person's session", lambda actor: actor.kind in {ActorKind.ACCOUNT, ActorKind.STAFF}
)
ACCOUNT = Access("resident or landlord", lambda actor: actor.kind is ActorKind.ACCOUNT)
STAFF = Access("staff", lambda actor: actor.kind is ActorKind.STAFF)


def staff_here(permission: Permission) -> Access:
    """Staff, not apps, with the permission in the grid of the row (its ``grid_path``)."""
    return Access(
        f"staff with {permission.value} in the grid of the row",
        lambda actor: actor.kind is ActorKind.STAFF and bool(actor.paths(permission)),
        lambda actor, row: actor.may(permission, row["grid_path"]),
    )


def holds(permission: Permission) -> Access:
    """Staff and apps with the permission somewhere; rows are cut to their grids when loaded."""
    return Access(permission.value, lambda actor: bool(actor.paths(permission)))


def holds_or_account(permission: Permission) -> Access:
    """As :func:`holds`, and accounts, for whom the rows are cut to their own."""
    return Access(
        f"{permission.value} or own",
        lambda actor: actor.kind is ActorKind.ACCOUNT or bool(actor.paths(permission)),
    )


def holds_here_or_account(permission: Permission) -> Access:
    """Staff and apps with the permission in the grid of the row, and accounts.

    For accounts the row is theirs, or it would not have been loaded.
    """
    return Access(
        f"{permission.value} in the grid of the row, or own",
        lambda actor: actor.kind is ActorKind.ACCOUNT or bool(actor.paths(permission)),
        lambda actor, row: (
            actor.kind is ActorKind.ACCOUNT or actor.may(permission, row["grid_path"])
        ),
    )
