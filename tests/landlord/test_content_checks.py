"""What WeChat says decides what becomes public; what it leaves open staff decide."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from core.clock import now
from core.database import fetch
from core.ids import uuid7
from identity.actor import SYSTEM, Actor, Role
from identity.models import Account, WeChatUser
from identity.wechat.recent import recent_openid
from integrations.wechat.limits import LONGEST_TEXT
from landlord.batches import publish_listings
from landlord.content_checks.asking import pieces
from landlord.content_checks.labels import LABELS, refusal_words
from landlord.content_checks.rows import content_checks_of
from landlord.listings import update_listing
from landlord.models import (
    ContentCheck,
    ContentKind,
    ContentState,
    Listing,
    ListingSnapshot,
    ListingState,
    SnapshotOccasion,
)
from landlord.publishing import decide_listing, publish_listing
from management.blocks import block_place, end_block
from management.models import Place, Room
from media.models import Photo
from tests import factories
from tests.landlord.content_support import (
    Beside,
    later_jobs,
    sent_to_staff,
    time_passes,
    wechat_beside,
    wechat_user,
    work_off,
)
from tests.management.support import OTHER_COMMUNITY, entries, signed_in, staff
from tests.schema.counting import statements

DRAFT, IN_REVIEW = ListingState.DRAFT, ListingState.IN_REVIEW
PUBLISHED = ListingState.PUBLISHED
WAITING, PASS = ContentState.WAITING, ContentState.PASS
HALF_AN_HOUR = timedelta(minutes=30)
SUPERVISOR = staff(Role.SUPERVISOR)


class Offer(NamedTuple):
    """A draft, who wrote it, and WeChat that is asked about it."""

    wechat: Beside
    listing: Listing
    owner: Account
    landlord: Actor
    place: Place
    room: Room

    async def state(self) -> ListingState:
        await self.listing.refresh_from_db()
        return self.listing.state

    async def publish(self) -> None:
        await publish_listing(self.landlord, listing_id=self.listing.id)
        await work_off()
        await self.listing.refresh_from_db()

    async def checks(self) -> list[ContentCheck]:
        await self.listing.refresh_from_db()
        return await ContentCheck.filter(listing_id=self.listing.id).order_by("id")

    async def states(self) -> list[ContentState]:
        return [check.state for check in await self.checks()]

    async def photos(self, *keys: str) -> list[Photo]:
        return [
            await factories.photo(self.listing, key=key, owner_id=self.owner.id) for key in keys
        ]


@pytest.fixture
async def beside(town: None) -> AsyncIterator[Beside]:
    sent_to_staff.clear()
    async with wechat_beside() as found:
        yield found


@pytest.fixture
async def offer(beside: Beside) -> Offer:
    owner, place = await factories.account(), await factories.place()
    await factories.claim(owner, place)
    room = await factories.room(place)
    listing = await factories.listing(room, owner, state=DRAFT)
    await wechat_user(owner)
    beside.visit()
    return Offer(beside, listing, owner, signed_in(owner), place, room)


# Words


async def test_words_that_pass_are_public_as_if_staff_had_approved_them(offer: Offer) -> None:
    await publish_listing(offer.landlord, listing_id=offer.listing.id)
    assert await offer.state() is IN_REVIEW
    assert sent_to_staff == []
    await work_off()
    assert await offer.state() is PUBLISHED
    assert offer.listing.published_at == offer.listing.refreshed_at is not None
    (kept,) = await ListingSnapshot.filter(listing_id=offer.listing.id)
    assert (kept.version, kept.occasion) == (offer.listing.version, SnapshotOccasion.PUBLISHED)
    *_, decided = await entries(offer.listing.id)
    assert (decided.action, decided.actor_kind) == ("decideListing", SYSTEM.kind)
    assert sent_to_staff == []


async def test_words_against_the_rules_come_back_with_a_reason(offer: Offer) -> None:
    await Listing.filter(id=offer.listing.id).update(description="一个违规样本")
    await offer.publish()
    assert offer.listing.state is DRAFT
    assert "标题或介绍（时政内容）" in offer.listing.review_reason
    assert "the words (politics)" in offer.listing.review_reason
    assert not await ListingSnapshot.filter(listing_id=offer.listing.id).exists()
    assert sent_to_staff == []


async def test_words_that_wechat_is_unsure_of_are_read_by_staff(offer: Offer) -> None:
    await Listing.filter(id=offer.listing.id).update(title="疑似样本")
    await offer.publish()
    assert offer.listing.state is IN_REVIEW
    assert sent_to_staff == [offer.listing.id]
    (row,) = (await content_checks_of(SUPERVISOR, [offer.listing.id]))[offer.listing.id]
    assert (row["kind"], row["state"], row["label"]) == ("TEXT", "REVIEW", 21000)
    await time_passes(HALF_AN_HOUR)
    assert sent_to_staff == [offer.listing.id]


async def test_what_our_own_rule_finds_is_read_by_staff_whatever_wechat_says(offer: Offer) -> None:
    await Listing.filter(id=offer.listing.id).update(description="看房加微信")
    await offer.publish()
    assert await offer.states() == [PASS]
    assert offer.listing.state is IN_REVIEW
    await time_passes(HALF_AN_HOUR)
    assert sent_to_staff == [offer.listing.id]


def test_long_texts_are_asked_about_in_pieces() -> None:
    text = "长" * (2 * LONGEST_TEXT + 1)
    assert [len(piece) for piece in pieces(text)] == [LONGEST_TEXT, LONGEST_TEXT, 1]
    assert "".join(pieces(text)) == text


# Pictures


async def test_a_listing_waits_for_the_verdict_on_each_picture(offer: Offer) -> None:
    await offer.photos("a" * 12, "b" * 12)
    await offer.publish()
    assert await offer.states() == [PASS, WAITING, WAITING]
    first, second = offer.wechat.events
    await offer.wechat.deliver(second)
    assert await offer.state() is IN_REVIEW
    await offer.wechat.deliver(first)
    assert await offer.state() is PUBLISHED
    assert await offer.states() == [PASS, PASS, PASS]


async def test_wechat_fetches_the_picture_at_its_public_address(offer: Offer) -> None:
    await offer.photos("risky-picture")
    await offer.publish()
    await offer.wechat.deliver()  # the emulator judges by the address
    assert await offer.state() is DRAFT


async def test_a_picture_against_the_rules_is_named_by_its_number(offer: Offer) -> None:
    await offer.photos("a" * 12, "b" * 12)
    offer.wechat.verdicts("pass", "risky")
    await offer.publish()
    await offer.wechat.deliver()
    assert await offer.state() is DRAFT
    assert "第 2 张图片（色情内容）" in offer.listing.review_reason
    assert "picture 2 (sexual content)" in offer.listing.review_reason
    assert sent_to_staff == []


async def test_a_check_that_wechat_could_not_make_is_left_to_staff(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.publish()
    (event,) = offer.wechat.events
    await offer.wechat.deliver({**event, "errcode": -1008, "result": {}})
    assert await offer.state() is IN_REVIEW
    assert await offer.states() == [PASS, ContentState.UNKNOWN]
    assert sent_to_staff == [offer.listing.id]


async def test_a_picture_that_passed_is_not_asked_about_again(offer: Offer) -> None:
    (photo,) = await offer.photos("a" * 12)
    await offer.publish()
    await offer.wechat.deliver()
    assert await offer.state() is PUBLISHED
    await update_listing(
        offer.landlord,
        listing_id=offer.listing.id,
        expected_version=offer.listing.version,
        values={"title": "朝南单间"},
        photo_ids=[photo.id],
    )
    assert await offer.state() is IN_REVIEW
    await work_off()
    assert await offer.state() is PUBLISHED
    assert (offer.wechat.asked("text"), offer.wechat.asked("media")) == (2, 1)


async def test_a_new_picture_takes_a_public_listing_to_the_check(offer: Offer) -> None:
    (old,) = await offer.photos("a" * 12)
    await offer.publish()
    await offer.wechat.deliver()
    new = await Photo.create(key="c" * 12, width=720, height=540, owner_id=offer.owner.id)
    for photos, state in (([old.id], PUBLISHED), ([new.id, old.id], IN_REVIEW)):
        await offer.listing.refresh_from_db()
        await update_listing(
            offer.landlord,
            listing_id=offer.listing.id,
            expected_version=offer.listing.version,
            values={"rent": 900},
            photo_ids=photos,
        )
        assert await offer.state() is state
    await work_off()
    await offer.wechat.deliver()
    assert await offer.state() is PUBLISHED
    assert offer.wechat.asked("media") == 2


async def test_the_same_words_once_more_are_no_new_words(offer: Offer) -> None:
    await offer.publish()
    await update_listing(
        offer.landlord,
        listing_id=offer.listing.id,
        expected_version=offer.listing.version,
        values={"title": offer.listing.title, "rent": 900},
    )
    assert await offer.state() is PUBLISHED
    assert offer.wechat.asked("text") == 1


# Late, twice, early, for another version


async def test_a_verdict_that_comes_before_its_trace_is_written_still_counts(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.publish()
    picture = (await offer.checks())[1]
    # As if the process had died between WeChat's answer and the commit of the trace.
    await ContentCheck.filter(id=picture.id).update(trace_id=None)
    await offer.wechat.deliver()
    assert await offer.states() == [PASS, WAITING]
    await ContentCheck.filter(id=picture.id).update(trace_id=picture.trace_id)
    await time_passes(HALF_AN_HOUR)
    assert await offer.states() == [PASS, PASS]
    assert await offer.state() is PUBLISHED


async def test_a_verdict_that_comes_twice_changes_nothing(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.publish()
    (event,) = offer.wechat.events
    await offer.wechat.deliver(event)
    before = await fetch("SELECT c::text FROM content_check c UNION SELECT l::text FROM listing l")
    await offer.wechat.deliver(event)
    await offer.wechat.deliver({**event, "CreateTime": 1795279999})
    after = await fetch("SELECT c::text FROM content_check c UNION SELECT l::text FROM listing l")
    assert after == before


async def test_without_an_answer_in_half_an_hour_staff_are_told_once(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.publish()
    await time_passes(timedelta(minutes=29))
    assert sent_to_staff == []
    await time_passes(timedelta(minutes=1))
    await time_passes(HALF_AN_HOUR)
    assert sent_to_staff == [offer.listing.id]
    assert await offer.state() is IN_REVIEW
    assert await offer.states() == [PASS, WAITING]


@pytest.mark.parametrize(("verdict", "state"), [("pass", PUBLISHED), ("risky", DRAFT)])
async def test_a_late_verdict_settles_what_nobody_decided(
    offer: Offer, verdict: str, state: ListingState
) -> None:
    await offer.photos("a" * 12)
    offer.wechat.verdicts(verdict)
    await offer.publish()
    await time_passes(2 * HALF_AN_HOUR)
    await offer.wechat.deliver()
    assert await offer.state() is state


@pytest.mark.parametrize("approve", [True, False])
async def test_staff_may_decide_at_any_time_and_late_verdicts_change_nothing(
    offer: Offer, approve: bool
) -> None:
    await offer.photos("a" * 12)
    offer.wechat.verdicts("risky" if approve else "pass")
    await offer.publish()
    reason = "" if approve else "请换一张照片"
    await decide_listing(SUPERVISOR, listing_id=offer.listing.id, approve=approve, reason=reason)
    state = await offer.state()
    version = offer.listing.version
    await offer.wechat.deliver()
    await time_passes(HALF_AN_HOUR)
    assert (await offer.state(), offer.listing.version) == (state, version)
    assert state is (PUBLISHED if approve else DRAFT)
    assert sent_to_staff == []


async def test_verdicts_on_an_older_version_do_not_count(offer: Offer) -> None:
    (old,) = await offer.photos("a" * 12)
    offer.wechat.verdicts("risky", "pass")
    await offer.publish()
    await decide_listing(SUPERVISOR, listing_id=offer.listing.id, approve=False, reason="换照片")
    await offer.listing.refresh_from_db()
    new = await Photo.create(key="c" * 12, width=720, height=540, owner_id=offer.owner.id)
    await update_listing(
        offer.landlord,
        listing_id=offer.listing.id,
        expected_version=offer.listing.version,
        values={},
        photo_ids=[new.id],
    )
    await offer.publish()
    about_old, about_new = offer.wechat.events
    await offer.wechat.deliver(about_old)
    assert await offer.state() is IN_REVIEW
    await offer.wechat.deliver(about_new)
    assert await offer.state() is PUBLISHED
    assert {check.photo_id for check in await offer.checks()} == {None, old.id, new.id}


async def test_what_happened_to_the_house_meanwhile_holds(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.publish()
    await block_place(SUPERVISOR, place_id=offer.place.id, reason="测试")
    await offer.wechat.deliver()
    assert await offer.state() is IN_REVIEW
    assert sent_to_staff == [offer.listing.id]
    (block,) = await offer.place.blocks
    await end_block(SUPERVISOR, block_id=block.id)
    await decide_listing(SUPERVISOR, listing_id=offer.listing.id, approve=True)
    assert await offer.state() is PUBLISHED


# WeChat can't be asked


async def test_who_has_not_used_the_mini_program_lately_waits_for_staff(offer: Offer) -> None:
    old = now() - timedelta(hours=2, minutes=1)
    await WeChatUser.filter(account_id=offer.owner.id).update(last_seen_at=old)
    await offer.photos("a" * 12)
    await offer.publish()
    assert await offer.states() == [ContentState.UNKNOWN] * 2
    assert offer.listing.state is IN_REVIEW
    assert sent_to_staff == [offer.listing.id]
    assert offer.wechat.asked("text") == 0


async def test_the_openid_is_the_latest_of_this_mini_program(offer: Offer) -> None:
    assert await recent_openid(offer.owner.id) is not None
    await WeChatUser.filter(account_id=offer.owner.id).update(app_id="wx0000000000000000")
    assert await recent_openid(offer.owner.id) is None
    assert await recent_openid(uuid7()) is None


async def test_who_wechat_has_not_seen_lately_waits_for_staff(offer: Offer) -> None:
    offer.wechat.emulator.world._seen.clear()  # 61010, whatever we believe
    await offer.publish()
    assert await offer.states() == [ContentState.UNKNOWN]
    assert sent_to_staff == [offer.listing.id]


async def test_wechat_being_away_is_waited_out_longer_each_time(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.wechat.fault(kind="http", status=502, times=0)
    await offer.publish()
    waits = []
    for attempt in range(1, 5):
        ((at, number),) = [job for job in await later_jobs() if job[1] is not None]
        assert number == attempt
        waits.append(round((at - now()).total_seconds()))
        await time_passes(at - now() + timedelta(seconds=1))
        assert offer.wechat.asked("text") == 0
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0] > 0
    assert await offer.states() == [WAITING, WAITING]
    assert await offer.state() is IN_REVIEW
    assert sent_to_staff == []


async def test_after_an_outage_the_listing_is_public_without_staff(offer: Offer) -> None:
    await offer.photos("a" * 12)
    await offer.wechat.fault("/wxa/msg_sec_check", kind="http", status=502, times=1)
    await offer.publish()
    await time_passes(timedelta(minutes=1))
    await offer.wechat.deliver()
    assert await offer.state() is PUBLISHED
    assert sent_to_staff == []


async def test_an_outage_of_half_an_hour_leaves_the_listing_to_staff(offer: Offer) -> None:
    await offer.wechat.fault(kind="http", status=502, times=0)
    await offer.publish()
    await time_passes(HALF_AN_HOUR)
    assert sent_to_staff == [offer.listing.id]
    assert await offer.state() is IN_REVIEW


async def test_a_used_up_quota_waits_for_midnight_in_shanghai(offer: Offer) -> None:
    await offer.wechat.fault(
        kind="errcode", errcode=45009, errmsg="reach max api daily quota limit", times=0
    )
    await offer.publish()
    (at,) = [at for at, attempt in await later_jobs() if attempt == 1]
    assert (at.hour, at.minute, at > now()) == (16, 0, True)  # UTC


async def test_a_call_that_is_refused_for_good_is_not_made_again(offer: Offer) -> None:
    await offer.wechat.fault(kind="errcode", errcode=48001, errmsg="api unauthorized", times=0)
    await offer.publish()
    assert await offer.states() == [ContentState.UNKNOWN]
    assert [attempt for _, attempt in await later_jobs()] == [None]
    assert sent_to_staff == [offer.listing.id]


async def test_after_a_day_nobody_is_asked_any_more(offer: Offer) -> None:
    await offer.wechat.fault(kind="http", status=502, times=0)
    await offer.publish()
    await time_passes(timedelta(days=1))
    assert await offer.states() == [ContentState.UNKNOWN]
    assert [attempt for _, attempt in await later_jobs()] == []


# Many at once, and who sees what


async def test_a_batch_waits_for_its_checks_by_one_job(offer: Offer) -> None:
    drafts = [offer.listing]
    for number in range(20):
        room = await factories.room(offer.place, str(401 + number))
        drafts.append(await factories.listing(room, offer.owner, state=DRAFT))
    costs = []
    for part in (drafts[:1], drafts[1:]):
        async with statements() as seen:
            await publish_listings(offer.landlord, listing_ids=[draft.id for draft in part])
        costs.append(len(seen))
    assert costs[0] == costs[1]
    jobs = await fetch(
        "SELECT 1 AS one FROM procrastinate_jobs WHERE task_name = 'landlord.check_listings'"
    )
    assert len(jobs) == 2
    await work_off()
    assert {draft.state for draft in await Listing.filter(place_id=offer.place.id)} == {PUBLISHED}


async def test_only_staff_who_review_the_grid_see_what_was_found(offer: Offer) -> None:
    await Listing.filter(id=offer.listing.id).update(title="疑似样本")
    await offer.publish()
    ids = [offer.listing.id]
    assert list(await content_checks_of(SUPERVISOR, ids)) == ids
    for other in (
        staff(Role.SUPERVISOR, OTHER_COMMUNITY), staff(Role.WARDEN), offer.landlord, SYSTEM,
    ):  # fmt: skip
        assert await content_checks_of(other, ids) == {}


def test_a_reason_always_fits_and_says_what_the_landlord_can_do() -> None:
    photos = [uuid7() for _ in range(9)]
    for label in [*LABELS, 99999, None]:
        rows = [
            ContentCheck(kind=ContentKind.PHOTO, photo_id=photo, state=ContentState.RISKY,
                         label=label)
            for photo in photos
        ]  # fmt: skip
        rows.append(ContentCheck(kind=ContentKind.TEXT, state=ContentState.RISKY, label=label))
        words = refusal_words(rows, photos)
        assert len(words) <= 200, words
        assert words.startswith("内容安全检查未通过：标题或介绍")
