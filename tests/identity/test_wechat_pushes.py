"""What WeChat pushes is one row and its event, once; nothing of the person lies open in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import now
from core.crypto import reveal, ring
from core.database import fetch
from core.privacy import registry
from core.privacy_jobs import enforce_retention
from identity.models import Account, WeChatPush, WeChatUser
from identity.wechat.pushes import pushed, take_push, verdicts_on
from integrations.wechat.emulator import APP_ID, PERSONAS
from integrations.wechat.push import MediaVerdict, PushEvent, SubscriptionNews
from integrations.wechat.results import Suggest
from tests import factories
from tests.management.support import jobs

OPENID = PERSONAS["tenant"].openid
MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
VERDICT = MediaVerdict("60f96f1d-3845297a-1976a3ae", Suggest.RISKY, 20002, 0)
CHECKED = PushEvent("wxa_media_check", "0" * 32, MOMENT, OPENID, VERDICT)
NEWS = (
    SubscriptionNews("template-a", True),
    SubscriptionNews("template-b", False),
)

pytestmark = pytest.mark.usefixtures("db")


async def known(openid: str = OPENID) -> Account:
    who = await factories.account()
    user = WeChatUser(account_id=who.id, app_id=APP_ID, last_seen_at=now())
    from_ring = ring()
    user.openid = from_ring.encrypt(openid, table="wechat_user", column="openid", row=user.id)
    user.openid_index = from_ring.index(openid, table="wechat_user", column="openid_index")
    await user.save(force_create=True)
    return who


async def test_a_push_is_kept_once_however_often_it_comes() -> None:
    assert await take_push(CHECKED) is True
    (before,) = await fetch("SELECT * FROM wechat_push")
    for _ in range(3):
        assert await take_push(CHECKED) is False
    assert await fetch("SELECT * FROM wechat_push") == [before]


async def test_its_row_holds_codes_and_a_sealed_openid() -> None:
    await take_push(CHECKED)
    push = await WeChatPush.get()
    assert (push.key, push.kind, push.happened_at) == ("0" * 32, "wxa_media_check", MOMENT)
    assert reveal(push, "openid") == OPENID
    assert push.content == {
        "media": {
            "trace_id": VERDICT.trace_id, "suggest": "risky", "label": 20002, "errcode": 0,
        }
    }  # fmt: skip
    (row,) = await fetch("SELECT p::text AS plain FROM wechat_push p")
    assert OPENID not in row["plain"]


@pytest.mark.parametrize(
    "kind",
    ["wxa_media_check", "subscribe_msg_sent_event", "new_in_2027", "text", "x" * 128],
)
async def test_every_kind_is_kept(kind: str) -> None:
    media = VERDICT if kind == "wxa_media_check" else None
    assert await take_push(replace(CHECKED, kind=kind, media=media)) is True
    assert (await WeChatPush.get()).kind == kind[:60]


async def test_a_kind_that_nobody_knows_does_nothing_else() -> None:
    await take_push(replace(CHECKED, kind="new_in_2027", media=None))
    assert await jobs() == []
    (push,) = await WeChatPush.all()
    assert push.content == {}


async def test_it_is_read_as_it_was_pushed_and_leads_to_the_account() -> None:
    who = await known()
    await take_push(replace(CHECKED, kind="subscribe_msg_popup_event", media=None,
                            subscriptions=NEWS))  # fmt: skip
    (push,) = await WeChatPush.all()
    found = await pushed(push.id)
    assert found is not None
    assert (found.account_id, found.subscriptions, found.media) == (who.id, NEWS, None)
    assert (found.kind, found.happened_at) == ("subscribe_msg_popup_event", MOMENT)


async def test_a_push_about_somebody_unknown_leads_nowhere() -> None:
    await known("o-somebody-else")
    await take_push(CHECKED)
    (push,) = await WeChatPush.all()
    found = await pushed(push.id)
    assert found is not None
    assert (found.account_id, found.media) == (None, VERDICT)


async def test_verdicts_are_found_by_their_trace() -> None:
    failed = MediaVerdict("failed", None, 0, -1008)
    await take_push(CHECKED)
    await take_push(replace(CHECKED, key="1" * 32, media=failed))
    assert await verdicts_on([VERDICT.trace_id, "failed", "other"]) == {
        VERDICT.trace_id: VERDICT,
        "failed": failed,
    }


async def test_pushes_go_after_thirty_days() -> None:
    await take_push(CHECKED)
    await take_push(replace(CHECKED, key="1" * 32))
    old = now() - timedelta(days=30, minutes=1)
    await WeChatPush.filter(key="0" * 32).update(received_at=old)
    recent = now() - timedelta(days=29, hours=23)
    await WeChatPush.filter(key="1" * 32).update(received_at=recent)
    await enforce_retention()
    assert await WeChatPush.all().values_list("key", flat=True) == ["1" * 32]


async def test_somebody_s_copy_of_their_data_has_what_was_pushed_about_them() -> None:
    who = await known()
    await take_push(CHECKED)
    found = {one.holding.name: one.rows for one in await registry.export("account", who.id)}
    (row,) = found["wechat_push.openid_index"]
    assert row["kind"] == "wxa_media_check"
