"""The quota of WeChat's subscribe messages: one accept, one message.

What we know comes from three sides: the client tells the answers of its dialogue, WeChat pushes
the same answers and what changes in the settings, and sending uses up or proves us wrong. Each
piece of news is an entry. The balance is what the entries come to in the order of their time, so
neither the order of arrival nor a repeat changes it. An accept counts for as long as entries are
kept (:data:`notifications.personal_data.LEDGER_KEPT`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tortoise.transactions import in_transaction

from core.clock import now
from core.database import execute, fetch
from core.ids import uuid7
from notifications.models import SubscriptionChange, SubscriptionSource
from notifications.personal_data import LEDGER_KEPT

SAME_TAP: Final = timedelta(minutes=10)
"""Client and WeChat tell of one tap at most so far apart."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news on one template of one person."""

    key: str
    change: SubscriptionChange
    source: SubscriptionSource
    at: datetime
    paired_key: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What may still be sent: so many messages, or any number (``always``)."""

    remaining: int = 0
    always: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """Whose messages of which template."""

    wechat_user_id: UUID
    template_id: str


async def record_accepts(
    wechat_user_id: UUID,
    answers: Iterable[tuple[str, bool]],
    *,
    source: SubscriptionSource,
    key: str,
    at: datetime,
) -> None:
    """Write down the answers of one tap: template and whether it was accepted.

    ``key`` names the tap as its source does; the same again changes nothing. A no in the dialogue
    takes nothing away of what was accepted before, so it leaves no entry.
    """
    accepted = [template for template, yes in answers if yes]
    for template in sorted(set(accepted)):
        of = Account(wechat_user_id, template)
        await _record(of, Entry(_key(source, key, of), SubscriptionChange.ACCEPTED, source, at))


async def record_settings(
    wechat_user_id: UUID, answers: Iterable[tuple[str, bool]], *, key: str, at: datetime
) -> None:
    """Write down what somebody changed in the mini-program's settings, as WeChat pushed it.

    A no takes back everything. A yes there is good for long-term templates only.
    """
    long_term = await _long_term({template for template, _ in answers})
    for template, yes in sorted(set(answers)):
        if yes and template not in long_term:
            continue
        change = SubscriptionChange.ACCEPTED if yes else SubscriptionChange.REJECTED
        of, source = Account(wechat_user_id, template), SubscriptionSource.PUSH
        await _record(of, Entry(_key(source, key, of), change, source, at))


async def record_used_up(of: Account, *, key: str, at: datetime) -> None:
    """WeChat refused a message sent ``at`` that time: whatever was left before then is gone."""
    change, source = SubscriptionChange.USED_UP, SubscriptionSource.SENDING
    await _record(of, Entry(_key(source, key, of), change, source, at))


async def spend(wants: Sequence[tuple[UUID, Account]]) -> set[UUID]:
    """Set one accept aside for each delivery, as far as there are any; answers which got one.

    Needs a running transaction. Whoever spends of the same balance waits for its end.
    """
    left = await _locked({account for _, account in wants})
    got: dict[UUID, Account] = {}
    spent: dict[Account, int] = defaultdict(int)
    for delivery_id, account in wants:
        balance = left.get(account, Balance())
        if balance.always:
            got[delivery_id] = account
        elif balance.remaining > 0:
            left[account] = replace(balance, remaining=balance.remaining - 1)
            got[delivery_id] = account
            spent[account] += 1
    await _add({account: -count for account, count in spent.items()})
    await _write(SubscriptionChange.SPENT, got)
    return set(got)


async def give_back(unused: dict[UUID, Account]) -> None:
    """Put accepts back that WeChat certainly did not take: delivery → whose. In a transaction."""
    left = await _locked(set(unused.values()))
    counts: dict[Account, int] = defaultdict(int)
    for account in unused.values():
        if account in left:
            counts[account] += not left[account].always
    await _add(counts)
    await _write(SubscriptionChange.RETURNED, unused)


def balance_of(entries: Iterable[Entry], *, long_term: bool) -> tuple[Balance, dict[str, str]]:
    """What the entries come to, and which two keys tell of the same accept."""
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.key))
    pairs = _pairs(ordered)
    seen: set[str] = set()
    remaining, always = 0, False
    for entry in ordered:
        match entry.change:
            case SubscriptionChange.ACCEPTED:
                remaining += pairs.get(entry.key) not in seen
                always = long_term
                seen.add(entry.key)
            case SubscriptionChange.SPENT:
                remaining = max(0, remaining - 1)
            case SubscriptionChange.RETURNED:
                remaining += 1
            case SubscriptionChange.REJECTED | SubscriptionChange.USED_UP:
                remaining, always = 0, False
    return Balance(0 if long_term else remaining, always), pairs


def _pairs(ordered: Sequence[Entry]) -> dict[str, str]:
    """Accepts told by both sides, each with the other: the earliest that fit, so the most."""
    waiting: dict[SubscriptionSource, deque[Entry]] = {
        SubscriptionSource.CLIENT: deque(),
        SubscriptionSource.PUSH: deque(),
    }
    pairs: dict[str, str] = {}
    for entry in ordered:
        if entry.change is not SubscriptionChange.ACCEPTED:
            continue
        mine = entry.source
        others = waiting[_OTHER[mine]]
        while others and entry.at - others[0].at > SAME_TAP:
            others.popleft()
        if others:
            other = others.popleft()
            pairs |= {entry.key: other.key, other.key: entry.key}
        else:
            waiting[mine].append(entry)
    return pairs


_OTHER: Final = {
    SubscriptionSource.CLIENT: SubscriptionSource.PUSH,
    SubscriptionSource.PUSH: SubscriptionSource.CLIENT,
}


def _key(source: SubscriptionSource, key: str, of: Account) -> str:
    """Unique over all people and templates, whatever names a source gives."""
    text = f"{of.wechat_user_id}:{of.template_id}:{key}"
    return f"{source}:{hashlib.blake2s(text.encode(), digest_size=16).hexdigest()}"


async def _record(of: Account, entry: Entry) -> None:
    """Add an entry and count anew; nothing if it is there already."""
    async with in_transaction():
        await _open(of)
        new = await fetch(
            _ENTRY, uuid7(), of.wechat_user_id, of.template_id,
            entry.change.value, entry.source.value, entry.key, entry.at,
        )  # fmt: skip
        if new:
            await _count_anew(of)


async def _open(of: Account) -> None:
    """Lock the balance, which is made if need be."""
    await execute(
        "INSERT INTO subscription_balance"
        " (id, wechat_user_id, template_id, remaining, always, updated_at)"
        " VALUES ($1, $2, $3, 0, FALSE, $4)"
        " ON CONFLICT (wechat_user_id, template_id) DO UPDATE SET updated_at = excluded.updated_at",
        uuid7(),
        of.wechat_user_id,
        of.template_id,
        now(),
    )


async def _count_anew(of: Account) -> None:
    rows = await fetch(
        "SELECT key, change, source, at, paired_key FROM subscription_entry"
        " WHERE wechat_user_id = $1 AND template_id = $2 AND at > $3",
        of.wechat_user_id,
        of.template_id,
        now() - LEDGER_KEPT,
    )
    entries = [
        Entry(
            row["key"],
            SubscriptionChange(row["change"]),
            SubscriptionSource(row["source"]),
            row["at"],
            row["paired_key"],
        )
        for row in rows
    ]
    long_term = bool(await _long_term({of.template_id}))
    balance, pairs = balance_of(entries, long_term=long_term)
    await execute(
        "UPDATE subscription_balance SET remaining = $3, always = $4"
        " WHERE wechat_user_id = $1 AND template_id = $2",
        of.wechat_user_id,
        of.template_id,
        balance.remaining,
        balance.always,
    )
    changed = [entry.key for entry in entries if entry.paired_key != pairs.get(entry.key)]
    if changed:
        await execute(
            "UPDATE subscription_entry e SET paired_key = p.other"
            " FROM unnest($1::text[], $2::text[]) AS p (key, other) WHERE e.key = p.key",
            changed,
            [pairs.get(key) for key in changed],
        )


async def _long_term(templates: Iterable[str]) -> set[str]:
    rows = await fetch(
        "SELECT DISTINCT template_id FROM wechat_template"
        " WHERE template_id = ANY($1::text[]) AND long_term",
        list(templates),
    )
    return {row["template_id"] for row in rows}


async def _locked(accounts: Iterable[Account]) -> dict[Account, Balance]:
    wanted = sorted(accounts)
    if not wanted:
        return {}
    rows = await fetch(
        "SELECT b.wechat_user_id, b.template_id, b.remaining, b.always"
        " FROM subscription_balance b JOIN unnest($1::uuid[], $2::text[]) AS w (user_id, template)"
        " ON b.wechat_user_id = w.user_id AND b.template_id = w.template"
        " ORDER BY b.wechat_user_id, b.template_id FOR UPDATE OF b",
        [account.wechat_user_id for account in wanted],
        [account.template_id for account in wanted],
    )
    return {
        Account(row["wechat_user_id"], row["template_id"]): Balance(row["remaining"], row["always"])
        for row in rows
    }


async def _add(counts: dict[Account, int]) -> None:
    changed = {account: count for account, count in counts.items() if count}
    if changed:
        await execute(
            "UPDATE subscription_balance b SET remaining = b.remaining + c.count, updated_at = $4"
            " FROM unnest($1::uuid[], $2::text[], $3::int[]) AS c (user_id, template, count)"
            " WHERE b.wechat_user_id = c.user_id AND b.template_id = c.template",
            [account.wechat_user_id for account in changed],
            [account.template_id for account in changed],
            list(changed.values()),
            now(),
        )


async def _write(change: SubscriptionChange, of: dict[UUID, Account]) -> None:
    """Entries of our own doing; the time in the key keeps one attempt apart from the next."""
    if not of:
        return
    at = now()
    await execute(
        _ENTRIES,
        [uuid7() for _ in of],
        [account.wechat_user_id for account in of.values()],
        [account.template_id for account in of.values()],
        change.value,
        SubscriptionSource.SENDING.value,
        [f"{change}:{delivery_id}:{at:%Y%m%d%H%M%S%f}" for delivery_id in of],
        at,
    )


_ENTRY: Final = """
INSERT INTO subscription_entry (id, wechat_user_id, template_id, change, source, key, at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING RETURNING id
"""

_ENTRIES: Final = """
INSERT INTO subscription_entry (id, wechat_user_id, template_id, change, source, key, at)
SELECT r.id, r.user_id, r.template, $4, $5, r.key, $7
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $6::text[]) AS r (id, user_id, template, key)
"""
