"""Two accounts of one person become one, and are parted again.

What belongs to an account is declared by each package (:mod:`identity.belongings`). Both accounts
stay locked meanwhile: nobody writes a row in the name of either until it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tortoise.expressions import Q, Subquery

from core.clock import now
from core.errors import WrongState
from core.events import emit
from core.keyset import Order, Page, Slice, take
from core.work import current, work
from identity.access import access_merge, require
from identity.actor import Actor, Permission
from identity.authentication import forget
from identity.belongings import Ledger, Moved, give_back
from identity.events import AccountsMerged, AccountsParted
from identity.models import Account, AccountMerge, SessionEnd, WeChatUser
from identity.reasons import clean_reason
from identity.sessions import end_sessions

_NEWEST: Final = Order("merges", "merged_at", descending=True)
_SESSIONS: Final = "session.account_id"
_USERS: Final = "wechat_user.account_id"


async def merge(kept: Account, merged: Account) -> AccountMerge:
    """Give ``kept`` what ``merged`` has, sessions too, and close ``merged``.

    Needs a running unit of work in which both rows are locked.
    """
    ledger = Ledger(kept.id, merged.id)
    await ledger.hand_over()
    moment = now()
    done = await AccountMerge.create(
        kept_id=kept.id, merged_id=merged.id, moved=ledger.moved, merged_at=moment
    )
    merged.closed_at = moment
    await merged.save(update_fields=["closed_at"])
    current().note(
        "mergeAccounts", "Account", kept.id, merge=done.id, merged=merged.id,
        rows=_count(ledger.moved),
    )  # fmt: skip
    await emit(AccountsMerged(merge_id=done.id, kept_id=kept.id, merged_id=merged.id))
    forget([UUID(one) for one in ledger.moved.get(_SESSIONS, [])])
    return done


async def undo_account_merge(actor: Actor, *, merge_id: UUID, reason: str) -> AccountMerge:
    """Part two accounts: each has again what it had, as far as it is still there.

    What came after the merge stays with the account that was kept. Every session of the two ends:
    nobody can say who opened one. The reason goes into the trail.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor may not lock accounts.
        InvalidInput: no reason, or too long.
        WrongState: ``UNDONE_ALREADY``; or ``ACCOUNT_CLOSED``: the account that was kept has been
            closed since, or became part of another one, which is to be undone first.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    why = clean_reason(reason, shortest=1)
    async with work(actor) as unit:
        done = await access_merge(actor, merge_id=merge_id, lock=True)
        if done.undone_at is not None:
            raise WrongState(
                reason="UNDONE_ALREADY", zh="已经撤销过", en="It has been undone already"
            )
        kept, merged = await locked([done.kept_id, done.merged_id])
        if kept.closed_at is not None:
            raise WrongState(
                reason="ACCOUNT_CLOSED",
                zh="保留的账号已注销或又并入别的账号，不能撤销",
                en="The account that was kept is closed or part of another one by now",
            )
        ended = await end_sessions(Q(account_id__in=[kept.id, merged.id]), SessionEnd.PARTED)
        await _give_back_later_apps(done)
        lost = await give_back(done.moved, kept_id=kept.id, merged_id=merged.id)
        merged.closed_at = None
        await merged.save(update_fields=["closed_at"])
        done.undone_at = now()
        await done.save(update_fields=["undone_at"])
        unit.note(
            "undoAccountMerge", "Account", kept.id, reason=why, merge=done.id, merged=merged.id,
            rows=_count(done.moved) - lost, lost=lost, sessions=len(ended),
        )  # fmt: skip
        await emit(AccountsParted(merge_id=done.id, kept_id=kept.id, merged_id=merged.id))
    forget(ended)
    return done


async def account_merges(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """Which accounts became one, the latest first, for who may lock accounts.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor may not lock accounts.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    return await take(AccountMerge.all(), _NEWEST, page, columns)


async def locked(ids: Sequence[UUID]) -> list[Account]:
    """Accounts in the order asked for, locked in the order of their ids."""
    found = await Account.filter(id__in=ids).order_by("id").select_for_update()
    by_id = {account.id: account for account in found}
    return [by_id[one] for one in ids]


def _count(moved: Moved) -> int:
    return sum(map(len, moved.values()))


async def _give_back_later_apps(done: AccountMerge) -> None:
    """Who came in by another app since, by the unionid of what goes back, goes back with it."""
    theirs = WeChatUser.filter(
        id__in=done.moved.get(_USERS, []), account_id=done.kept_id, unionid_index__isnull=False
    )
    later = WeChatUser.filter(
        account_id=done.kept_id, unionid_index__in=Subquery(theirs.values("unionid_index"))
    )
    await later.exclude(id__in=done.moved.get(_USERS, [])).update(account_id=done.merged_id)
