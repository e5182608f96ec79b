"""Who acts, and what they may do where.

Every right is a pair (permission, grid path): a post or an app brings permissions that hold in
one grid and in everything beneath it. A grid path is the grids' codes from the top down, each
followed by ``/`` ("441900122/441900122002/"), so "beneath" is a prefix test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

EVERYWHERE: Final = ""


class ActorKind(StrEnum):
    """What kind of actor: decides which world of the schema they see."""

    ANONYMOUS = "ANONYMOUS"
    ACCOUNT = "ACCOUNT"
    STAFF = "STAFF"
    APP = "APP"
    SYSTEM = "SYSTEM"


class Role(StrEnum):
    """What a member of staff is posted as."""

    WARDEN = "WARDEN"
    SUPERVISOR = "SUPERVISOR"
    DEPARTMENT = "DEPARTMENT"
    ENFORCEMENT = "ENFORCEMENT"
    SERVICE_DESK = "SERVICE_DESK"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


class Permission(StrEnum):
    """What may be done in a grid. The values are the names of OAuth scopes too."""

    GRIDS_READ = "grids:read"
    PLACES_READ = "places:read"
    PLACES_WRITE = "places:write"
    PLACES_CONTACT = "places:contact"
    PLACES_BLOCK = "places:block"
    PLATES_MANAGE = "plates:manage"
    POSTS_MANAGE = "posts:manage"
    CLAIMS_DECIDE = "claims:decide"
    LISTINGS_REVIEW = "listings:review"
    PHOTOS_REDACT = "photos:redact"
    PEOPLE_READ = "people:read"
    PEOPLE_REVEAL = "people:reveal"
    DECLARATIONS_FILE = "declarations:file"
    DECLARATIONS_DECIDE = "declarations:decide"
    HAZARDS_READ = "hazards:read"
    HAZARDS_WRITE = "hazards:write"
    HAZARDS_ACCEPT = "hazards:accept"
    HAZARDS_DISPATCH = "hazards:dispatch"
    HAZARDS_RECTIFY = "hazards:rectify"
    HAZARDS_RECHECK = "hazards:recheck"
    HAZARDS_FOLLOW_UP = "hazards:follow-up"
    HAZARDS_ENFORCE = "hazards:enforce"
    HAZARDS_MODERATE = "hazards:moderate"
    HAZARDS_NOTICE = "hazards:notice"
    HAZARDS_ORDER = "hazards:order"
    TASKS_WORK = "tasks:work"
    TASKS_SEND = "tasks:send"
    ACTIVITY_READ = "activity:read"
    NOTICES_SEND = "notices:send"
    ACCOUNTS_LOCK = "accounts:lock"
    STAFF_MANAGE = "staff:manage"
    APPS_MANAGE = "apps:manage"
    TEMPLATES_MANAGE = "templates:manage"
    AUDIT_READ = "audit:read"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_MANAGE = "deliveries:manage"


_READ: Final = frozenset(
    {
        Permission.GRIDS_READ,
        Permission.PLACES_READ,
        Permission.ACTIVITY_READ,
        Permission.HAZARDS_READ,
        Permission.HAZARDS_WRITE,
        Permission.TASKS_WORK,
    }
)
_WARDEN: Final = _READ | {
    Permission.PLACES_WRITE,
    Permission.PLACES_CONTACT,
    Permission.PLATES_MANAGE,
    Permission.CLAIMS_DECIDE,
    Permission.PEOPLE_READ,
    Permission.PEOPLE_REVEAL,
    Permission.DECLARATIONS_FILE,
    Permission.DECLARATIONS_DECIDE,
    Permission.HAZARDS_ACCEPT,
    Permission.HAZARDS_RECTIFY,
    Permission.HAZARDS_RECHECK,
    Permission.HAZARDS_NOTICE,
}

ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.WARDEN: _WARDEN,
        Role.SUPERVISOR: _WARDEN
        | {
            Permission.PLACES_BLOCK,
            Permission.POSTS_MANAGE,
            Permission.LISTINGS_REVIEW,
            Permission.PHOTOS_REDACT,
            Permission.NOTICES_SEND,
            Permission.HAZARDS_DISPATCH,
            Permission.HAZARDS_MODERATE,
            Permission.TASKS_SEND,
        },
        Role.DEPARTMENT: _READ
        | {Permission.HAZARDS_RECTIFY, Permission.HAZARDS_ORDER, Permission.TASKS_SEND},
        Role.ENFORCEMENT: _READ
        | {
            Permission.PLACES_CONTACT,
            Permission.PLACES_BLOCK,
            Permission.HAZARDS_ENFORCE,
            Permission.HAZARDS_ORDER,
        },
        Role.SERVICE_DESK: _READ
        | {
            Permission.PLACES_CONTACT,
            Permission.LISTINGS_REVIEW,
            Permission.PHOTOS_REDACT,
            Permission.DELIVERIES_READ,
            Permission.NOTICES_SEND,
            Permission.PEOPLE_READ,
            Permission.PEOPLE_REVEAL,
            Permission.DECLARATIONS_FILE,
            Permission.HAZARDS_FOLLOW_UP,
            Permission.HAZARDS_MODERATE,
        },
        # Two administrators, apart (GB/T 22239 level 3): the one who manages sign-ins sees no
        # files of places, the one who reads the trail changes nothing.
        Role.AUDITOR: frozenset(
            {
                Permission.GRIDS_READ,
                Permission.PLACES_READ,
                Permission.AUDIT_READ,
                Permission.HAZARDS_READ,
            }
        ),
        Role.ADMIN: frozenset(
            {
                Permission.GRIDS_READ,
                Permission.POSTS_MANAGE,
                Permission.STAFF_MANAGE,
                Permission.APPS_MANAGE,
                Permission.TEMPLATES_MANAGE,
                Permission.ACCOUNTS_LOCK,
                Permission.DELIVERIES_READ,
                Permission.DELIVERIES_MANAGE,
            }
        ),
    }
)

# A member of staff with one of these may hold no other role beside it.
SEPARATED_ROLES: Final = frozenset({Role.AUDITOR, Role.ADMIN})

APP_SCOPES: Final = frozenset(
    {
        Permission.GRIDS_READ,
        Permission.PLACES_READ,
        Permission.PLACES_WRITE,
        Permission.ACTIVITY_READ,
        Permission.HAZARDS_READ,
        Permission.HAZARDS_WRITE,
    }
)

Rights = Mapping[Permission, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks for something: satisfies :class:`core.work.Principal`.

    ``address`` is a keyed hash of the network address, for limits; the address itself goes no
    further than the edge. ``enrolling`` marks a staff session that may do nothing but set up its
    second factor.
    """

    kind: ActorKind
    id: UUID | None = None
    session_id: UUID | None = None
    name: str = field(default="", repr=False)
    rights: Rights = field(default_factory=lambda: MappingProxyType({}), hash=False)
    address: str = field(default="", repr=False, compare=False)
    enrolling: bool = False

    def may(self, permission: Permission, grid_path: str) -> bool:
        """Whether the permission holds in the grid with this path."""
        return grid_path.startswith(self.paths(permission) or "\0")

    def paths(self, permission: Permission) -> tuple[str, ...]:
        """The grids in which the permission holds, as path prefixes, none beneath another.

        ``("",)`` is everywhere, ``()`` nowhere.
        """
        return self.rights.get(permission, ())

    @property
    def permissions(self) -> frozenset[Permission]:
        """Every permission held anywhere."""
        return frozenset(self.rights)

    @property
    def signed_in(self) -> bool:
        """Whether a person or an app is behind this actor."""
        return self.kind in {ActorKind.ACCOUNT, ActorKind.STAFF, ActorKind.APP}


def rights_from(pairs: Iterable[tuple[Permission, str]]) -> Rights:
    """Put (permission, grid path) pairs together, leaving out paths beneath another."""
    paths: dict[Permission, list[str]] = {}
    for permission, path in sorted(set(pairs)):
        kept = paths.setdefault(permission, [])
        # Sorted, a path comes right after those that it lies beneath.
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return MappingProxyType({permission: tuple(kept) for permission, kept in paths.items()})


SYSTEM: Final = Actor(
    kind=ActorKind.SYSTEM,
    rights=rights_from((permission, EVERYWHERE) for permission in Permission),
)
"""Jobs, seeds and the command line: may do everything, is named in the audit trail."""


def anonymous(address: str = "") -> Actor:
    """Somebody who is not signed in; ``address`` as :attr:`Actor.address`."""
    return Actor(kind=ActorKind.ANONYMOUS, address=address)
