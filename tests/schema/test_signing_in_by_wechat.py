"""Sign-in with WeChat as clients use it, and nothing of a person where it does not belong."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from core import logging as our_logging
from core.database import fetch
from core.errors import Unauthenticated
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, anonymous
from identity.authentication import actor_from_token, still_good
from identity.models import Account, AccountMerge, WeChatUser
from identity.phone_sign_in import account_for_phone
from integrations.wechat.emulator import PERSONAS, Running
from landlord.models import SavedListing
from schema.ids import global_id
from tests.schema.support import World, ask, data_of, everything, new_id, refusal_of

VISITOR = anonymous("a-test-address")
LIN = PERSONAS["newcomer"]
SIGN_IN = """
mutation($code: String!, $device: String) {
  signInWithWechat(input: { code: $code, device: $device }) {
    session {
      accessToken refreshToken
      viewer { id name phone wechatConnected devices { device current } }
    }
  }
}
"""
BIND = """
mutation($input: BindWechatPhoneInput!) {
  bindWechatPhone(input: $input) {
    viewer { id phone wechatConnected devices { current } savedListings { nodes { id } } }
  }
}
"""


async def sign_in(emulator: Running, **given: Any) -> tuple[dict[str, Any], Actor]:
    variables = {"code": emulator.world.mint("login", LIN), **given}
    answer = await data_of(SIGN_IN, VISITOR, variables)
    session = answer["signInWithWechat"]["session"]
    return session, await actor_from_token(session["accessToken"])


def binding(emulator: Running) -> dict[str, Any]:
    return {"requestId": new_id(), "code": emulator.world.mint("phone", LIN)}


async def holder_of_the_number() -> Account:
    async with work(SYSTEM):
        return await account_for_phone(LIN.phone)


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """Every log line of this process, as production writes it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    out = io.StringIO()
    our_logging.configure(production=True, level=logging.DEBUG, stream=out)
    yield out
    structlog.reset_defaults()
    root.handlers[:], root.level = before


async def test_the_answer_to_a_sign_in_has_the_viewer(db: None, emulator: Running) -> None:
    session, actor = await sign_in(emulator, device="小林的手机")
    viewer = session["viewer"]
    assert viewer["id"] == global_id("Account", actor.id or uuid7())
    assert (viewer["phone"], viewer["wechatConnected"]) == (None, True)
    assert viewer["devices"] == [{"device": "小林的手机", "current": True}]
    session, _ = await sign_in(emulator)
    labels = {device["device"] for device in session["viewer"]["devices"]}
    assert labels == {"小林的手机", "Test device"}, "left out, the request says"


async def test_who_binds_the_number_of_another_account_is_that_one_now(
    world: World, emulator: Running
) -> None:
    landlord = await holder_of_the_number()
    _, actor = await sign_in(emulator)
    listing = world.tenants[0].listing
    await SavedListing.create(account_id=actor.id, listing_id=listing.id)
    answer = await data_of(BIND, actor, {"input": binding(emulator)})
    viewer = answer["bindWechatPhone"]["viewer"]
    assert viewer == {
        "id": global_id("Account", landlord.id),
        "phone": LIN.phone,
        "wechatConnected": True,
        "devices": [{"current": True}],
        "savedListings": {"nodes": [{"id": global_id("Listing", listing.id)}]},
    }


@pytest.mark.parametrize("taken", [True, False])
async def test_a_repeat_answers_the_same_and_asks_wechat_once(
    db: None, emulator: Running, taken: bool
) -> None:
    if taken:
        await holder_of_the_number()
    session, actor = await sign_in(emulator)
    given = {"input": binding(emulator)}
    first = await data_of(BIND, actor, given)
    asked = emulator.world.counts["/wxa/business/getuserphonenumber"]
    done = await everything()
    # The answer got lost: the client sends the same again, by the same token.
    again = await actor_from_token(session["accessToken"])
    assert await data_of(BIND, again, given) == first
    assert emulator.world.counts["/wxa/business/getuserphonenumber"] == asked
    assert await everything() == done
    assert await AccountMerge.all().count() == int(taken)
    error = await refusal_of(BIND, again, {"input": {**given["input"], "code": "another-code"}})
    assert error["extensions"]["code"] == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("taken", [True, False])
async def test_a_double_tap_binds_once_and_a_third_is_answered_the_same(
    committed_db: None, emulator: Running, taken: bool
) -> None:
    if taken:
        await holder_of_the_number()
    session, actor = await sign_in(emulator)
    given = {"input": binding(emulator)}
    both = await asyncio.gather(*(ask(BIND, actor, given) for _ in range(2)))
    good = [answer["data"] for answer in both if "errors" not in answer]
    assert good
    for answer in both:  # the other one came before the first was through
        for error in answer.get("errors", ()):
            assert error["extensions"]["params"] == {"reason": "WECHAT_CODE"}
    again = await actor_from_token(session["accessToken"])
    assert await data_of(BIND, again, given) == good[0]
    assert await AccountMerge.all().count() == int(taken)


async def test_a_socket_of_the_merged_account_is_to_be_opened_anew(
    db: None, emulator: Running
) -> None:
    await holder_of_the_number()
    session, actor = await sign_in(emulator)
    assert await still_good(actor)
    await data_of(BIND, actor, {"input": binding(emulator)})
    assert not await still_good(actor)
    assert await still_good(await actor_from_token(session["accessToken"]))


async def test_staff_see_merges_and_part_them(world: World, emulator: Running) -> None:
    landlord = await holder_of_the_number()
    session, actor = await sign_in(emulator)
    await data_of(BIND, actor, {"input": binding(emulator)})
    admin = world.actors["admin"]
    document = "{ accountMerges(first: 1) { nodes { id keptId mergedId rows undoneAt } } }"
    (node,) = (await data_of(document, admin))["accountMerges"]["nodes"]
    assert node["keptId"] == global_id("Account", landlord.id)
    assert node["mergedId"] == global_id("Account", actor.id or uuid7())
    assert node["rows"] == 3, "sign-in, session and request"
    given = {"requestId": new_id(), "mergeId": node["id"], "reason": "号码换了主人"}
    undo = "mutation($input: UndoAccountMergeInput!) { undoAccountMerge(input: $input) {"
    done = await data_of(undo + " merge { id undoneAt } } }", admin, {"input": given})
    assert done["undoAccountMerge"]["merge"]["undoneAt"]
    with pytest.raises(Unauthenticated):
        await actor_from_token(session["accessToken"])
    _, back = await sign_in(emulator)
    assert back.id == actor.id


async def test_nothing_of_the_person_is_in_logs_trail_events_or_jobs(
    committed_db: None, emulator: Running, heard: io.StringIO
) -> None:
    await holder_of_the_number()
    session, actor = await sign_in(emulator)
    given = binding(emulator)
    await data_of(BIND, actor, {"input": given})
    risky = emulator.world.mint("login", PERSONAS["risky"])
    await refusal_of(SIGN_IN, VISITOR, {"code": risky})
    codes = [given["code"], risky]
    assert "wechat.call_failed" in heard.getvalue(), "something was logged"
    tables = ("audit_entry", "procrastinate_jobs", "account_merge", "request_claim", "session")
    stored = "".join(
        [str(await fetch(f"SELECT to_jsonb(t)::text AS row FROM {name} t")) for name in tables]
    )
    clear = str(await fetch("SELECT to_jsonb(t)::text AS row FROM wechat_user t"))
    clear += str(await fetch("SELECT to_jsonb(t)::text AS row FROM account t"))
    for secret in (LIN.openid, LIN.unionid, LIN.phone, PERSONAS["risky"].openid, *codes):
        assert secret not in heard.getvalue()
        assert secret not in stored
        assert secret not in clear
    assert session["refreshToken"] not in stored
    assert await WeChatUser.all().count() == 1
