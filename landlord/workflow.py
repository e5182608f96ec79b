"""The life of a listing as one table: state × action → next state, and who may.

Nothing else changes the state of a listing: use cases call :func:`move`, handlers and jobs that
change several at once call :func:`move_all`. docs/rules.md shows the table; a test compares them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.database import fetch
from core.errors import WrongState
from core.work import current
from landlord.models import Listing, ListingState

DRAFT, IN_REVIEW = ListingState.DRAFT, ListingState.IN_REVIEW
PUBLISHED, RESERVED = ListingState.PUBLISHED, ListingState.RESERVED
SUSPENDED = ListingState.SUSPENDED
LET, WITHDRAWN = ListingState.LET, ListingState.WITHDRAWN

ON_OFFER_OR_HELD: Final = frozenset({PUBLISHED, RESERVED, SUSPENDED})
WAITING: Final = frozenset({DRAFT, IN_REVIEW})
"""Not public yet."""
MOVED: Final = ("state", "state_before", "version", "updated_at")
"""The columns that :func:`move` changes, for who saves them."""


class ListingAction(StrEnum):
    """What can be done with a listing, or happens to it."""

    UPDATE = "UPDATE"
    PUBLISH = "PUBLISH"
    APPROVE = "APPROVE"
    REFUSE = "REFUSE"
    REFRESH = "REFRESH"
    RESERVE = "RESERVE"
    RELEASE = "RELEASE"
    EXPIRE = "EXPIRE"
    MARK_LET = "MARK_LET"
    WITHDRAW = "WITHDRAW"
    RELIST = "RELIST"
    LAPSE = "LAPSE"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    TAKE_DOWN = "TAKE_DOWN"
    END = "END"


class Who(StrEnum):
    """By whom an action is taken."""

    LANDLORD = "LANDLORD"
    SEEKER = "SEEKER"
    HOLDER = "HOLDER"
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Move:
    """One row. ``to``: the states that may follow; ``before``: what a suspended one was."""

    state: ListingState
    action: ListingAction
    to: tuple[ListingState, ...]
    who: tuple[Who, ...]
    before: ListingState | None = None

    @property
    def copies(self) -> bool:
        """Whether the next state is that of a new listing, while this one stays as it is."""
        return self.action is ListingAction.RELIST


_A = ListingAction
_LANDLORD, _STAFF, _SYSTEM = (Who.LANDLORD,), (Who.STAFF,), (Who.SYSTEM,)
_EITHER_SIDE = (Who.LANDLORD, Who.HOLDER)
_STAFF_OR_CHECK = (Who.STAFF, Who.SYSTEM)

TABLE: Final = (
    Move(DRAFT, _A.UPDATE, (DRAFT,), _LANDLORD),
    Move(DRAFT, _A.PUBLISH, (PUBLISHED, IN_REVIEW), _LANDLORD),
    Move(DRAFT, _A.TAKE_DOWN, (WITHDRAWN,), _STAFF),
    Move(DRAFT, _A.END, (WITHDRAWN,), _SYSTEM),
    Move(IN_REVIEW, _A.APPROVE, (PUBLISHED,), _STAFF_OR_CHECK),
    Move(IN_REVIEW, _A.REFUSE, (DRAFT,), _STAFF_OR_CHECK),
    Move(IN_REVIEW, _A.TAKE_DOWN, (WITHDRAWN,), _STAFF),
    Move(IN_REVIEW, _A.END, (WITHDRAWN,), _SYSTEM),
    Move(PUBLISHED, _A.UPDATE, (PUBLISHED, IN_REVIEW), _LANDLORD),
    Move(PUBLISHED, _A.RESERVE, (RESERVED,), (Who.SEEKER,)),
    Move(PUBLISHED, _A.REFRESH, (PUBLISHED,), _LANDLORD),
    Move(PUBLISHED, _A.WITHDRAW, (WITHDRAWN,), _LANDLORD),
    Move(PUBLISHED, _A.MARK_LET, (LET,), _LANDLORD),
    Move(PUBLISHED, _A.BLOCK, (SUSPENDED,), _SYSTEM),
    Move(PUBLISHED, _A.LAPSE, (WITHDRAWN,), _SYSTEM),
    Move(PUBLISHED, _A.TAKE_DOWN, (WITHDRAWN,), _STAFF),
    Move(PUBLISHED, _A.END, (WITHDRAWN,), _SYSTEM),
    Move(RESERVED, _A.MARK_LET, (LET,), _LANDLORD),
    Move(RESERVED, _A.RELEASE, (PUBLISHED,), _EITHER_SIDE),
    Move(RESERVED, _A.EXPIRE, (PUBLISHED,), _SYSTEM),
    Move(RESERVED, _A.BLOCK, (SUSPENDED,), _SYSTEM),
    Move(RESERVED, _A.TAKE_DOWN, (WITHDRAWN,), _STAFF),
    Move(RESERVED, _A.END, (WITHDRAWN,), _SYSTEM),
    Move(SUSPENDED, _A.UPDATE, (SUSPENDED, IN_REVIEW), _LANDLORD, PUBLISHED),
    Move(SUSPENDED, _A.WITHDRAW, (WITHDRAWN,), _LANDLORD),
    Move(SUSPENDED, _A.RELEASE, (SUSPENDED,), _EITHER_SIDE, RESERVED),
    Move(SUSPENDED, _A.EXPIRE, (SUSPENDED,), _SYSTEM, RESERVED),
    Move(SUSPENDED, _A.UNBLOCK, (PUBLISHED,), _SYSTEM, PUBLISHED),
    Move(SUSPENDED, _A.UNBLOCK, (RESERVED,), _SYSTEM, RESERVED),
    Move(SUSPENDED, _A.TAKE_DOWN, (WITHDRAWN,), _STAFF),
    Move(SUSPENDED, _A.END, (WITHDRAWN,), _SYSTEM),
    Move(LET, _A.RELIST, (DRAFT,), _LANDLORD),
    Move(WITHDRAWN, _A.RELIST, (DRAFT,), _LANDLORD),
)

# What the trail calls the moves that several listings make at once.
_NOTED: Final = {
    _A.BLOCK: "suspendListing",
    _A.UNBLOCK: "restoreListing",
    _A.LAPSE: "expireListing",
    _A.END: "endListing",
}


def find(state: ListingState, before: ListingState | None, action: ListingAction) -> Move | None:
    """The row for an action in a state, if it can be taken there."""
    for row in TABLE:
        if (row.state, row.action) == (state, action) and row.before in {None, before}:
            return row
    return None


def require(listing: Listing, action: ListingAction) -> Move:
    """The row for an action on a listing that is locked.

    Raises:
        WrongState: its state does not allow that; the reason is the state, of a suspended one
            that somebody holds ``RESERVED``.
    """
    row = find(listing.state, listing.state_before, action)
    if row is None:
        held = action is ListingAction.UPDATE and listing.state_before is RESERVED
        raise WrongState(reason=(RESERVED if held else listing.state).value)
    return row


def move(listing: Listing, action: ListingAction, to: ListingState | None = None) -> None:
    """Take a locked listing to the next state and count its version up; the caller saves it.

    ``to`` is needed where the table leaves a choice.

    Raises:
        WrongState: its state does not allow the action.
    """
    row = require(listing, action)
    following = row.to[0] if to is None else to
    if following not in row.to or row.copies or action in _NOTED:
        raise ValueError(f"{action} does not lead from {listing.state} to {following}")
    stays = following is SUSPENDED
    listing.state, listing.state_before = following, PUBLISHED if stays else None
    listing.version += 1


def actions_open(
    state: ListingState, before: ListingState | None, whos: Collection[Who]
) -> Iterator[ListingAction]:
    """What somebody may do with a listing now, in the order of the table.

    Not ``TAKE_DOWN``: that needs a report beside it.
    """
    for row in TABLE:
        if row.action is ListingAction.TAKE_DOWN:
            continue
        if row.state is state and row.before in {None, before} and set(row.who) & set(whos):
            yield row.action


async def move_all(
    action: ListingAction,
    where: str,
    *values: Any,
) -> list[dict[str, Any]]:
    """Take every listing that a condition names and the action applies to its next state.

    ``where`` is SQL over ``listing l`` with ``$1``, ``$2`` … for ``values``. In a running unit of
    work, with the place locked. Answers id, place_id, landlord_id and was_held of each; each has
    its entry in the audit trail.
    """
    rows = [row for row in TABLE if row.action is action]
    first = len(values)
    to = "state_before" if action is ListingAction.UNBLOCK else f"'{rows[0].to[0].value}'"
    before = "state" if action is ListingAction.BLOCK else "NULL"
    moved = await fetch(
        # Only states of the table and the callers' own conditions are put into the text.
        "WITH old AS (SELECT l.id, coalesce(l.state_before, l.state) AS stood FROM listing l"  # noqa: S608
        f" WHERE l.state = ANY(${first + 1}::text[]) AND ({where}) ORDER BY l.id FOR UPDATE)"
        f" UPDATE listing SET state = {to}, state_before = {before}, version = version + 1,"
        " updated_at = now() FROM old WHERE listing.id = old.id"
        " RETURNING listing.id, place_id, landlord_id, stood",
        *values,
        sorted({row.state.value for row in rows}),
    )
    for row in moved:
        row["was_held"] = row["stood"] == RESERVED
        current().note(_NOTED[action], "LISTING", row["id"])
    return moved
