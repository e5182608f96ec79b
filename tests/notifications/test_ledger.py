"""The quota of accepts: notifications/ledger.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from core.clock import now
from core.ids import uuid7
from identity.models import WeChatUser
from notifications import ledger
from notifications.ledger import SAME_TAP, Account, Entry, balance_of
from notifications.models import (
    SubscriptionBalance,
    SubscriptionChange,
    SubscriptionEntry,
    SubscriptionSource,
    WeChatForm,
    WeChatTemplate,
)
from tests.notifications.support import TEMPLATE_ID, somebody

T = TEMPLATE_ID
CLIENT, PUSH, SENDING = SubscriptionSource
AT = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
async def user(committed_db: None) -> AsyncIterator[WeChatUser]:
    await somebody()
    return await WeChatUser.get()


async def remaining() -> int:
    row = await SubscriptionBalance.get_or_none(template_id=T)
    return row.remaining if row else 0


async def accept(user: WeChatUser, source: SubscriptionSource, key: str, at: datetime) -> None:
    await ledger.record_accepts(user.id, [(T, True)], source=source, key=key, at=at)


async def test_one_accept_is_one_message(user: WeChatUser) -> None:
    await accept(user, CLIENT, "a", now())
    async with in_transaction():
        wants = [(uuid7(), Account(user.id, T)) for _ in range(3)]
        assert await ledger.spend(wants) == {wants[0][0]}
    assert await remaining() == 0
    changes = await SubscriptionEntry.all().order_by("at").values_list("change", flat=True)
    assert changes == ["ACCEPTED", "SPENT"]


async def test_the_same_news_again_changes_nothing(user: WeChatUser) -> None:
    at = now()
    for _ in range(3):
        await accept(user, CLIENT, "a", at)
    assert await remaining() == 1
    assert await SubscriptionEntry.all().count() == 1


async def test_a_tap_that_both_sides_tell_of_counts_once(user: WeChatUser) -> None:
    at = now()
    await accept(user, PUSH, "p", at + timedelta(seconds=3))
    await accept(user, CLIENT, "c", at)
    assert await remaining() == 1
    told = {entry.key: entry.paired_key for entry in await SubscriptionEntry.all()}
    assert len(told) == 2
    assert all(told[other or ""] == key for key, other in told.items())


async def test_two_taps_apart_count_twice(user: WeChatUser) -> None:
    at = now()
    await accept(user, PUSH, "p", at + SAME_TAP + timedelta(seconds=1))
    await accept(user, CLIENT, "c", at)
    assert await remaining() == 2


async def test_a_no_in_the_dialogue_takes_nothing_away(user: WeChatUser) -> None:
    await accept(user, CLIENT, "a", now())
    await ledger.record_accepts(user.id, [(T, False)], source=CLIENT, key="b", at=now())
    assert await remaining() == 1


async def test_a_no_in_the_settings_takes_back_everything(user: WeChatUser) -> None:
    at = now()
    await accept(user, CLIENT, "a", at)
    await ledger.record_settings(user.id, [(T, False)], key="s", at=at + timedelta(hours=1))
    assert await remaining() == 0
    await accept(user, CLIENT, "b", at + timedelta(hours=2))
    assert await remaining() == 1


async def test_a_long_term_yes_is_good_until_it_is_taken_back(user: WeChatUser) -> None:
    await WeChatTemplate.create(form=WeChatForm.SAFETY, template_id=T, keys={}, long_term=True)
    at = now() - timedelta(hours=3)
    await accept(user, PUSH, "a", at)
    async with in_transaction():
        wants = [(uuid7(), Account(user.id, T)) for _ in range(9)]
        assert len(await ledger.spend(wants)) == 9
    await ledger.record_settings(user.id, [(T, False)], key="no", at=at + timedelta(hours=1))
    async with in_transaction():
        assert await ledger.spend([(uuid7(), Account(user.id, T))]) == set()
    await ledger.record_settings(user.id, [(T, True)], key="yes", at=at + timedelta(hours=2))
    assert (await SubscriptionBalance.get()).always


async def test_a_yes_in_the_settings_is_no_accept_of_a_single_message(user: WeChatUser) -> None:
    await ledger.record_settings(user.id, [(T, True)], key="yes", at=now())
    assert await remaining() == 0


async def test_what_came_back_can_be_spent_again(user: WeChatUser) -> None:
    await accept(user, CLIENT, "a", now())
    delivery = uuid7()
    for _ in range(3):
        async with in_transaction():
            assert await ledger.spend([(delivery, Account(user.id, T))]) == {delivery}
        async with in_transaction():
            await ledger.give_back({delivery: Account(user.id, T)})
    assert await remaining() == 1
    await accept(user, CLIENT, "b", now())
    assert await remaining() == 2, "counting anew comes to the same"


async def test_a_refusal_uses_up_what_was_accepted_before_it_and_nothing_after(
    user: WeChatUser,
) -> None:
    at = now()
    await accept(user, CLIENT, "a", at - timedelta(minutes=1))
    await accept(user, CLIENT, "b", at + timedelta(minutes=1))
    await ledger.record_used_up(Account(user.id, T), key="attempt", at=at)
    assert await remaining() == 1


async def test_a_hundred_at_once_never_spend_more_than_five(user: WeChatUser) -> None:
    for number in range(5):
        await accept(user, CLIENT, str(number), now())

    async def one() -> int:
        async with in_transaction():
            return len(await ledger.spend([(uuid7(), Account(user.id, T))]))

    assert sum(await asyncio.gather(*(one() for _ in range(100)))) == 5
    assert await remaining() == 0
    assert await SubscriptionEntry.filter(change="SPENT").count() == 5


async def test_the_balance_of_nobody_is_nothing(user: WeChatUser) -> None:
    async with in_transaction():
        assert await ledger.spend([(uuid7(), Account(uuid7(), T))]) == set()


# What the entries come to


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                (SubscriptionChange.ACCEPTED, CLIENT),
                (SubscriptionChange.ACCEPTED, PUSH),
                (SubscriptionChange.REJECTED, PUSH),
                (SubscriptionChange.SPENT, SENDING),
                (SubscriptionChange.RETURNED, SENDING),
                (SubscriptionChange.USED_UP, SENDING),
            ]
        ),
        st.integers(0, 60),
    ),
    max_size=25,
)


@given(ENTRIES, st.booleans(), st.randoms())
@settings(max_examples=1000)
@example([((SubscriptionChange.ACCEPTED, CLIENT), 0)] * 3, False, __import__("random").Random(1))
def test_the_order_in_which_news_arrives_makes_no_difference(
    drawn: Any, long_term: bool, random: Any
) -> None:
    entries = [
        Entry(f"key {number}", change, source, AT + timedelta(minutes=minute))
        for number, ((change, source), minute) in enumerate(drawn)
    ]
    expected = balance_of(entries, long_term=long_term)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert balance_of(shuffled, long_term=long_term) == expected
    balance, pairs = expected
    accepts = [one for one in entries if one.change is SubscriptionChange.ACCEPTED]
    returned = sum(one.change is SubscriptionChange.RETURNED for one in entries)
    assert 0 <= balance.remaining <= len(accepts) - len(pairs) // 2 + returned
    at = {one.key: one for one in accepts}
    for key, other in pairs.items():
        assert pairs[other] == key
        assert {at[key].source, at[other].source} == {CLIENT, PUSH}
        assert abs(at[key].at - at[other].at) <= SAME_TAP


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 9)), min_size=1, max_size=8))
def test_taps_told_by_both_sides_count_as_often_as_somebody_tapped(
    taps: list[tuple[int, int]],
) -> None:
    entries = []
    for number, (minute, late) in enumerate(taps):
        at = AT + timedelta(minutes=minute)
        accepted = SubscriptionChange.ACCEPTED
        entries.append(Entry(f"c{number}", accepted, CLIENT, at))
        entries.append(Entry(f"p{number}", accepted, PUSH, at + timedelta(minutes=late)))
    balance, _ = balance_of(entries, long_term=False)
    assert balance.remaining == len(taps)


@pytest.mark.parametrize("seed", range(5))
async def test_callbacks_in_any_order_and_thrice_come_to_the_same_rows(
    user: WeChatUser, seed: int
) -> None:
    import random

    at = now() - timedelta(hours=5)
    taps = [at + timedelta(minutes=7 * number) for number in range(6)]
    news = [("c", CLIENT, tap) for tap in taps]
    news += [("p", PUSH, tap + timedelta(seconds=20)) for tap in taps]
    callbacks = [(f"{kind} {when}", source, when) for kind, source, when in news] * 3
    random.Random(seed).shuffle(callbacks)
    for number, (key, source, when) in enumerate(callbacks):
        await accept(user, source, key, when)
        if number % 6 == 0:
            no = at + timedelta(minutes=15)
            await ledger.record_settings(user.id, [(T, False)], key="no", at=no)
    assert await remaining() == 3, f"seed {seed}"
    assert await SubscriptionEntry.all().count() == 13
