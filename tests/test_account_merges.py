"""Two accounts of one person become one, and are parted again: nothing is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, time, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise import Model, Tortoise
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core import redis
from core.audit import AuditEntry
from core.clock import now
from core.crypto import ring, seal
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.ids import uuid7
from core.keyset import Page
from core.models import RequestClaim
from core.privacy import registry
from core.work import work
from identity import belongings as module
from identity.accounts import blank
from identity.actor import EVERYWHERE, SYSTEM, Actor, ActorKind, Permission, rights_from
from identity.authentication import actor_from_token
from identity.belongings import belongings, columns, table, undeclared
from identity.models import Account, AccountMerge, Session, SessionEnd, WeChatUser
from identity.sessions import open_session
from identity.wechat import merging
from identity.wechat.merging import account_merges, undo_account_merge
from landlord.models import (
    EnquiryState,
    Listing,
    ListingState,
    ReservationState,
    SavedListing,
    ViewingState,
)
from management.claims import runs
from management.models import ClaimRole, ClaimState, PlaceClaim
from media.models import Photo
from notifications.models import (
    Channel,
    FollowedPlace,
    Preference,
    RecipientSettings,
)
from notifications.topics import Topic
from tests import factories as make
from tests.citizen import residents

DESK = Actor(
    kind=ActorKind.STAFF,
    id=uuid7(),
    rights=rights_from([(Permission.ACCOUNTS_LOCK, EVERYWHERE)]),
)
OWNER, SUBLANDLORD, AGENT = ClaimRole
PENDING, VERIFIED, REFUSED, ENDED = ClaimState


@pytest.fixture(autouse=True)
async def limits() -> Any:
    async with redis.connected(None):
        yield


def every_model() -> list[type[Model]]:
    return [model for app in Tortoise.apps.values() for model in app.values()]


async def two() -> tuple[Account, Account]:
    """An account with a phone, and one that came by WeChat."""
    return await make.account("测试甲"), await make.account("测试乙")


async def merge(kept: Account, merged: Account) -> AccountMerge:
    async with work(SYSTEM):
        return await merging.merge(*await merging.locked([kept.id, merged.id]))


async def undo(done: AccountMerge) -> AccountMerge:
    return await undo_account_merge(DESK, merge_id=done.id, reason="不是同一个人")


async def user_of(
    account: Account, *, app_id: str = "wx-test", unionid: str | None = None
) -> WeChatUser:
    user = WeChatUser(account_id=account.id, app_id=app_id, last_seen_at=now())
    seal(user, "openid", str(user.id))
    user.openid_index = index_of("openid", str(user.id))
    if unionid is not None:
        seal(user, "unionid", unionid)
        user.unionid_index = index_of("unionid", unionid)
    await user.save(force_create=True)
    return user


def index_of(name: str, value: str) -> str:
    return ring().indexes(value, table="wechat_user", column=f"{name}_index")[0]


# Declarations


async def test_every_column_that_names_an_account_is_declared(tortoise: None) -> None:
    assert undeclared(every_model()) == []


async def test_what_is_declared_is_there_and_what_stays_says_why(tortoise: None) -> None:
    models = every_model()
    for one in belongings():
        assert one.model in models
        assert one.column in columns(one.model), one.name
    stays = {one.name for one in belongings() if one.why}
    assert stays == {
        "audit_entry.actor_id",
        "account_merge.kept_id",
        "account_merge.merged_id",
        "declaration.answered_by_id",
        "data_erasure.account_id",
        "data_export.account_id",
        "declaration_step.account_id",
        "hazard_step.account_id",
    }


async def test_a_column_that_nobody_declared_is_found(tortoise: None) -> None:
    kept = module._belongings.pop("listing.landlord_id")
    try:
        assert undeclared(every_model()) == ["listing.landlord_id"]
    finally:
        module._belongings[kept.name] = kept


async def test_whatever_is_registered_as_an_accounts_goes_with_it(tortoise: None) -> None:
    declared = {one.name for one in belongings()}
    for holding in registry.holdings("account"):
        if (
            holding.subject != "id"
            and "__" not in holding.subject
            and "index" not in holding.subject
        ):
            assert f"{table(holding.model)}.{holding.subject}" in declared


# What clashes


async def test_a_listing_that_both_saved_is_saved_once(db: None) -> None:
    await make.town()
    kept, merged = await two()
    offer = await make.listing(await make.room(await make.place()), await make.account())
    for account in (kept, merged):
        await SavedListing.create(account_id=account.id, listing_id=offer.id)
    done = await merge(kept, merged)
    assert await SavedListing.filter(account_id=kept.id).count() == 1
    assert "saved_listing.account_id" not in done.moved
    # Given up meanwhile: the other one's is there all the same when they part.
    await SavedListing.filter(account_id=kept.id).delete()
    await undo(done)
    assert await SavedListing.filter(account_id=merged.id).count() == 1
    assert await SavedListing.all().count() == 1


@pytest.mark.parametrize(
    ("of_kept", "of_merged", "stands"),
    [
        ((OWNER, VERIFIED), (AGENT, VERIFIED), "kept"),
        ((AGENT, VERIFIED), (OWNER, VERIFIED), "merged"),
        ((OWNER, PENDING), (AGENT, VERIFIED), "merged"),
        ((SUBLANDLORD, PENDING), (OWNER, PENDING), "merged"),
        ((AGENT, VERIFIED), (AGENT, VERIFIED), "kept"),
    ],
)
async def test_one_person_has_one_live_claim_on_a_house_the_stronger_one(
    db: None, of_kept: Any, of_merged: Any, stands: str
) -> None:
    await make.town()
    kept, merged = await two()
    house = await make.place()
    claims = {}
    for name, account, (role, state) in (
        ("kept", kept, of_kept),
        ("merged", merged, of_merged),
    ):
        claims[name] = await make.claim(account, house, role=role, state=state)
    before = {claim.id: claim.state for claim in claims.values()}
    done = await merge(kept, merged)
    live = await PlaceClaim.filter(account_id=kept.id, state__in=[PENDING, VERIFIED])
    assert [claim.id for claim in live] == [claims[stands].id]
    assert live[0].state is before[live[0].id]
    assert await PlaceClaim.filter(account_id=kept.id, state=ENDED, reason="MERGED").count() == 1
    await undo(done)
    for name, account in (("kept", kept), ("merged", merged)):
        claim = await PlaceClaim.get(id=claims[name].id)
        assert (claim.account_id, claim.state, claim.reason) == (
            account.id,
            before[claim.id],
            "",
        )


async def test_who_acted_for_a_claim_that_ends_acts_for_the_one_that_stands(db: None) -> None:
    await make.town()
    kept, merged = await two()
    agent = await make.account("测试代管")
    house = await make.place()
    owner = await make.claim(kept, house, role=OWNER)
    lets = await make.claim(merged, house, role=SUBLANDLORD)
    acting = await make.claim(agent, house, role=AGENT, acts_for_id=lets.id)
    done = await merge(kept, merged)
    await acting.refresh_from_db()
    assert acting.acts_for_id == owner.id
    await undo(done)
    await acting.refresh_from_db()
    assert acting.acts_for_id == lets.id


async def test_a_role_that_somebody_else_got_meanwhile_is_not_given_back(db: None) -> None:
    await make.town()
    kept, merged = await two()
    house = await make.place()
    await make.claim(kept, house, role=OWNER)
    was = await make.claim(merged, house, role=SUBLANDLORD)
    done = await merge(kept, merged)
    other = await make.claim(await make.account("测试丙"), house, role=SUBLANDLORD)
    await undo(done)
    await was.refresh_from_db()
    assert (was.account_id, was.state) == (merged.id, ENDED)
    await other.refresh_from_db()
    assert other.state is VERIFIED
    (entry,) = await AuditEntry.filter(action="undoAccountMerge")
    assert entry.details["lost"] == 1


async def test_nobody_talks_with_themselves(db: None) -> None:
    await make.town()
    kept, merged = await two()
    offer = await make.listing(await make.room(await make.place()), kept)
    asked = await make.enquiry(offer, merged)
    held = await make.reservation(offer, merged)
    done = await merge(kept, merged)
    await asked.refresh_from_db()
    assert (asked.seeker_id, asked.state, asked.viewing_state) == (
        kept.id,
        EnquiryState.CLOSED,
        ViewingState.CANCELLED,
    )
    await held.refresh_from_db()
    assert (held.seeker_id, held.state) == (kept.id, ReservationState.HELD)
    await undo(done)
    await asked.refresh_from_db()
    assert (asked.seeker_id, asked.state, asked.viewing_state) == (
        merged.id,
        EnquiryState.OPEN,
        ViewingState.PROPOSED,
    )


async def test_two_conversations_about_one_listing_leave_that_of_the_kept_account(
    db: None,
) -> None:
    await make.town()
    kept, merged = await two()
    offer = await make.listing(await make.room(await make.place()), await make.account())
    goes_on, ends = await make.enquiry(offer, kept), await make.enquiry(offer, merged)
    done = await merge(kept, merged)
    for enquiry in (goes_on, ends):
        await enquiry.refresh_from_db()
    assert (goes_on.seeker_id, goes_on.state) == (kept.id, EnquiryState.OPEN)
    assert (ends.seeker_id, ends.state) == (merged.id, EnquiryState.CLOSED)
    await undo(done)
    await ends.refresh_from_db()
    assert (ends.state, ends.viewing_state) == (EnquiryState.OPEN, ViewingState.PROPOSED)


async def test_how_the_kept_account_wants_to_be_told_stands(db: None) -> None:
    kept, merged = await two()
    for account, wanted in ((kept, True), (merged, False)):
        await Preference.create(
            account_id=account.id, group="LETTING", channel=Channel.SMS, wanted=wanted
        )
    await Preference.create(
        account_id=merged.id, group="LETTING", channel=Channel.WECHAT, wanted=False
    )
    await merge(kept, merged)
    found = await Preference.filter(account_id=kept.id).values_list("channel", "wanted")
    assert set(found) == {(Channel.SMS, True), (Channel.WECHAT, False)}


async def test_accounts_of_two_people_do_not_become_one(db: None) -> None:
    kept, merged = await two()
    theirs, others = await residents.person(kept), await residents.person(merged)
    with pytest.raises(Conflict) as refusal:
        await merge(kept, merged)
    assert refusal.value.reason == "TWO_PEOPLE"
    for row, account in ((theirs, kept), (others, merged)):
        await row.refresh_from_db()
        assert row.account_id == account.id


async def test_who_somebody_is_goes_with_them_and_comes_back(db: None) -> None:
    kept, merged = await two()
    who = await residents.person(merged)
    done = await merge(kept, merged)
    await who.refresh_from_db()
    assert who.account_id == kept.id
    await undo(done)
    await who.refresh_from_db()
    assert who.account_id == merged.id


# What happens beside


async def test_houses_and_offers_are_run_by_the_kept_account(db: None) -> None:
    await make.town()
    kept, merged = await two()
    house = await make.place()
    await make.claim(merged, house, role=OWNER)
    offer = await make.listing(await make.room(house), merged)
    await merge(kept, merged)
    assert await runs(kept.id, house.id)
    assert not await runs(merged.id, house.id)
    await offer.refresh_from_db()
    assert (offer.landlord_id, offer.state) == (kept.id, ListingState.PUBLISHED)


async def test_a_merge_says_ids_and_counts_and_is_told_of(db: None) -> None:
    kept, merged = await two()
    await user_of(merged)
    done = await merge(kept, merged)
    (entry,) = await AuditEntry.filter(action="mergeAccounts")
    assert entry.subject_id == kept.id
    assert entry.details == {"merge": str(done.id), "merged": str(merged.id), "rows": 1}


async def test_parting_ends_every_session_and_gives_back_wechat(db: None) -> None:
    kept, merged = await two()
    theirs = await user_of(merged, unionid="u-made-up")
    opened = []
    for account in (kept, merged):
        async with work(SYSTEM):
            opened.append(await open_session(account))
    done = await merge(kept, merged)
    since = await user_of(kept, app_id="wx-other", unionid="u-made-up")
    assert await Session.filter(account_id=kept.id, ended_at=None).count() == 2
    await undo(done)
    assert not await Session.filter(ended_at=None).exists()
    reasons = await Session.all().values_list("end_reason", flat=True)
    assert set(reasons) == {SessionEnd.PARTED}
    for one in opened:
        with pytest.raises(Exception, match="over"):
            await actor_from_token(one.access.text)
    for user in (theirs, since):
        await user.refresh_from_db()
        assert user.account_id == merged.id
    await merged.refresh_from_db()
    assert merged.closed_at is None


async def test_what_came_after_the_merge_stays(db: None) -> None:
    await make.town()
    kept, merged = await two()
    done = await merge(kept, merged)
    offer = await make.listing(await make.room(await make.place()), await make.account())
    saved = await SavedListing.create(account_id=kept.id, listing_id=offer.id)
    await undo(done)
    await saved.refresh_from_db()
    assert saved.account_id == kept.id


async def test_only_who_may_lock_accounts_parts_them_and_with_a_reason(db: None) -> None:
    kept, merged = await two()
    done = await merge(kept, merged)
    warden = Actor(
        kind=ActorKind.STAFF, id=uuid7(),
        rights=rights_from([(Permission.PLACES_READ, EVERYWHERE)]),
    )  # fmt: skip
    holder = Actor(kind=ActorKind.ACCOUNT, id=kept.id)
    for actor in (warden, holder):
        with pytest.raises(NotFound):
            await undo_account_merge(actor, merge_id=done.id, reason="不是同一个人")
        with pytest.raises(NotFound):
            await account_merges(actor, page=Page.of(), columns=["id"])
    with pytest.raises(InvalidInput):
        await undo_account_merge(DESK, merge_id=done.id, reason=" ")
    with pytest.raises(NotFound):
        await undo_account_merge(DESK, merge_id=uuid7(), reason="不是同一个人")
    await done.refresh_from_db()
    assert done.undone_at is None
    page = await account_merges(DESK, page=Page.of(), columns=["id", "merged_id"])
    assert [row["merged_id"] for row in page.rows] == [merged.id]


async def test_a_merge_is_undone_once_and_the_later_one_first(db: None) -> None:
    first, second = await two()
    third = await make.account("测试丙")
    one = await merge(second, first)
    two_ = await merge(third, second)
    with pytest.raises(WrongState) as refusal:
        await undo(one)
    assert refusal.value.reason == "ACCOUNT_CLOSED"
    await undo(two_)
    await undo(one)
    with pytest.raises(WrongState) as again:
        await undo(one)
    assert again.value.reason == "UNDONE_ALREADY"
    assert await Account.filter(closed_at=None).count() == 3
    assert await merge(second, first), "and can be again"


async def test_closing_the_kept_account_forgets_the_other_ones_name_too(db: None) -> None:
    first, second = await two()
    third = await make.account("测试丙")
    await merge(second, first)
    await merge(third, second)
    await blank(Account.filter(id=third.id))
    assert set(await Account.all().values_list("display_name", flat=True)) == {""}


# Whatever there is

CLAIMS = st.tuples(st.sampled_from(list(ClaimRole)), st.sampled_from(list(ClaimState)))
Maker = Callable[[Account, int, Any], Awaitable[object]]


class Town:
    """Two houses with an offer each, a third person, and how to make what belongs to somebody."""

    async def build(self) -> None:
        await make.town()
        self.other = await make.account("测试丙")
        self.houses = [await make.place(), await make.place()]
        self.rooms = [await make.room(house) for house in self.houses]
        self.offers = [await make.listing(room, self.other) for room in self.rooms]
        self.requests = [uuid7(), uuid7()]
        self.keys = [f"key:{uuid7()}", f"key:{uuid7()}"]

    async def claim(self, who: Account, at: int, how: Any) -> None:
        role, state = how
        claim = await make.claim(who, self.houses[at], role=role, state=state)
        if role is not AGENT and state is VERIFIED:
            agent = await make.account("测试代管")
            await make.claim(agent, self.houses[at], role=AGENT, acts_for_id=claim.id)

    async def draft(self, who: Account, at: int, how: Any) -> None:
        await make.listing(self.rooms[at], who, state=ListingState.DRAFT)

    async def save(self, who: Account, at: int, how: Any) -> None:
        await SavedListing.create(account_id=who.id, listing_id=self.offers[at].id)

    async def ask(self, who: Account, at: int, how: Any) -> None:
        state = EnquiryState.CLOSED if how[1] is ENDED else EnquiryState.OPEN
        viewing = ViewingState.PROPOSED if how[0] is OWNER else ViewingState.DECLINED
        await make.enquiry(self.offers[at], who, state=state, viewing_state=viewing)

    async def ask_own(self, who: Account, at: int, how: Any) -> None:
        """The offers become the landlord's who asks; the other one may have asked."""
        await Listing.filter(id=self.offers[at].id).update(landlord_id=who.id)

    async def report(self, who: Account, at: int, how: Any) -> None:
        await make.report(self.offers[at], who)

    async def reserve(self, who: Account, at: int, how: Any) -> None:
        await make.reservation(self.offers[at], who)

    async def tell(self, who: Account, at: int, how: Any) -> None:
        await make.notification(who, dedup=self.keys[at])

    async def prefer(self, who: Account, at: int, how: Any) -> None:
        await Preference.create(
            account_id=who.id, group="G", channel=list(Channel)[at], wanted=how[0] is OWNER
        )

    async def quiet(self, who: Account, at: int, how: Any) -> None:
        await RecipientSettings.create(
            account_id=who.id, quiet_from=time(20 + at), quiet_until=time(7)
        )

    async def follow(self, who: Account, at: int, how: Any) -> None:
        await FollowedPlace.create(account_id=who.id, place_id=self.houses[at].id, radius=100)

    async def picture(self, who: Account, at: int, how: Any) -> None:
        await make.upload(who)
        await Photo.create(owner_id=who.id, width=10, height=10)

    async def check(self, who: Account, at: int, how: Any) -> None:
        await make.self_check(self.houses[at], who, date(2026, 1 + at, 1))

    async def request(self, who: Account, at: int, how: Any) -> None:
        await RequestClaim.create(
            actor_id=who.id, request_id=self.requests[at], mutation="m", payload_hash=b"h"
        )

    async def sign_in(self, who: Account, at: int, how: Any) -> None:
        await user_of(who)
        async with work(SYSTEM):
            await open_session(who)


KINDS = [
    Town.claim, Town.draft, Town.save, Town.ask, Town.ask_own, Town.report, Town.reserve,
    Town.tell, Town.prefer, Town.quiet, Town.follow, Town.picture, Town.check, Town.request,
    Town.sign_in,
]  # fmt: skip
THINGS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 1), CLAIMS), max_size=30
)


async def everything() -> dict[str, Any]:
    """Every row that names an account or hangs on one, but for how sessions ended.

    And but for the news of the merge itself, which stays: it did happen.
    """
    tables = {table(one.model) for one in belongings()} - {"audit_entry", "account_merge"}
    dump = {}
    for name in sorted(tables | {"account", "enquiry_message", "room", "place", "refresh_token"}):
        rows = await fetch(f"SELECT to_jsonb(t)::text AS row FROM {name} t ORDER BY id")
        parsed = [orjson.loads(row["row"]) for row in rows]
        parsed = [row for row in parsed if row.get("topic") != Topic.ACCOUNTS_MERGED]
        for row in parsed:
            if name == "session":
                row.pop("ended_at")
                row.pop("end_reason")
        dump[name] = parsed
    return dump


async def merged_and_parted(town: Town, things: list[Any]) -> None:
    async with in_transaction() as transaction:
        both = await two()
        for kind, who, at, how in things:
            with suppress(IntegrityError):
                async with in_transaction():
                    await kind(town, both[who], at, how)
        before = await everything()
        done = await merge(*both)
        await holds_after(before, *both)
        await undo(done)
        assert await everything() == before
        await transaction.rollback()


async def holds_after(before: dict[str, Any], kept: Account, merged: Account) -> None:
    """No row was lost or made, and what is still the merged one's the kept one has too."""
    after = await everything()
    assert {name: [row["id"] for row in rows] for name, rows in after.items()} == {
        name: [row["id"] for row in rows] for name, rows in before.items()
    }
    left = [
        (one.name, row)
        for one in belongings()
        if not one.why
        for row in after[table(one.model)]
        if row[one.column] == str(merged.id)
    ]
    twice = {
        "saved_listing", "enquiry", "listing_report", "notification", "notification_preference",
        "recipient_settings", "followed_place", "request_claim",
    }  # fmt: skip
    assert {name.split(".")[0] for name, _ in left} <= twice
    live = [
        row["place_id"]
        for row in after["place_claim"]
        if row["account_id"] == str(kept.id) and row["state"] in {"PENDING", "VERIFIED"}
    ]
    assert len(live) == len(set(live))


async def test_whatever_there_is_a_merge_and_its_undo_leave_it_as_it_was(
    committed_db: None,
) -> None:
    loop = asyncio.get_running_loop()
    town = Town()
    await town.build()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(things=THINGS)
    def merge_and_part(things: list[Any]) -> None:
        asyncio.run_coroutine_threadsafe(merged_and_parted(town, things), loop).result(60)

    await asyncio.to_thread(merge_and_part)


async def test_after_six_months_the_merged_account_has_no_name(committed_db: None) -> None:
    kept, merged = await two()
    done = await merge(kept, merged)
    await registry.enforce_retention()
    assert (await Account.get(id=merged.id)).display_name == "测试乙"
    await AccountMerge.filter(id=done.id).update(merged_at=now() - timedelta(days=185))
    await registry.enforce_retention()
    assert not await AccountMerge.exists()
    names = await Account.all().order_by("id").values_list("display_name", flat=True)
    assert list(names) == ["测试甲", ""]
