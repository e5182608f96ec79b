"""The inbox through the schema: its owner's alone, in their language, and what it leads to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from core.database import fetch
from core.redis import client
from landlord.models import Listing
from management.territory import territory
from notifications.live import channel, show
from notifications.models import Notice, NoticeKind, Notification
from notifications.telling import Recipient
from notifications.topics import Topic
from schema.context import Context
from schema.ids import global_id
from tests import factories
from tests.schema.counting import statements
from tests.schema.mutation_cases import CASES, input_for, names_of
from tests.schema.support import (
    PATHS,
    SCHEMA,
    World,
    ask,
    data_of,
    everything,
    new_id,
    refusal_of,
    some_uuid,
)

LIST = (
    "query($filter: InboxFilterInput, $first: Int, $after: String) {"
    " viewer { unreadCount inbox(filter: $filter, first: $first, after: $after)"
    " { nodes { id topic group title body readAt } pageInfo { hasNextPage endCursor } } } }"
)
SUBJECTS = (
    "{ viewer { inbox(first: 50) { nodes { subjectId subject { __typename id"
    " ... on Listing { title place { name } } ... on Place { code } ... on PlaceClaim { role }"
    " ... on Enquiry { state } } } } } }"
)
WATCH = "subscription { inbox { id topic title subject { id } } }"


@pytest.fixture
async def world(world: World) -> World:
    """The resident has heard nothing yet."""
    await Notification.filter(account_id=world.accounts["resident"].id).delete()
    return world


async def listed(world: World, role: str, **variables: Any) -> list[dict[str, Any]]:
    data = await data_of(LIST, world.actors[role], variables)
    nodes: list[dict[str, Any]] = data["viewer"]["inbox"]["nodes"]
    return nodes


async def test_an_inbox_holds_what_its_owner_was_told_newest_first(world: World) -> None:
    mine = [await factories.notification(world.staff["warden 1"]) for _ in range(3)]
    found = await listed(world, "warden 1")
    assert [one["id"] for one in found] == [
        global_id("Notification", one.id) for one in reversed(mine)
    ]
    assert await listed(world, "warden 2") == []
    assert await listed(world, "resident") == []


async def test_it_is_read_in_the_language_that_was_set_or_else_asked_for(world: World) -> None:
    actor = world.actors["landlord A"]
    (zh,) = await listed(world, "landlord A")
    (en,) = (await data_of(LIST, actor, {}, language="en"))["viewer"]["inbox"]["nodes"]
    assert "测试公寓" in zh["body"]
    assert "测试公寓" in en["body"]
    assert zh["title"] != en["title"]
    document = (
        "mutation($input: SetLanguageInput!) { setLanguage(input: $input)"
        " { settings { language } } }"
    )
    for language, expected in (("EN", en), (None, zh)):
        given = {"requestId": new_id(), "language": language}
        answer = await data_of(document, actor, {"input": given})
        assert answer["setLanguage"]["settings"]["language"] == language
        assert await listed(world, "landlord A") == [expected]


async def test_a_notice_is_read_in_its_own_words(world: World) -> None:
    notice = await Notice.create(
        author_id=world.staff["warden 1"].id,
        kind=NoticeKind.NOTICE,
        title_zh="停水通知",
        body_zh="明天上午停水。",
        title_en="Water",
        body_en="No water tomorrow morning.",
        grid_code="441900122002-01",
        grid_path=PATHS[0],
        audience=["RESIDENTS"],
    )
    await factories.notification(
        world.accounts["resident"], Topic.NOTICE, notice_id=notice.id, params={}
    )
    (zh,) = await listed(world, "resident")
    assert (zh["title"], zh["body"], zh["group"]) == ("停水通知", "明天上午停水。", "NOTICES")
    answer = await data_of(LIST, world.actors["resident"], {}, language="en")
    assert answer["viewer"]["inbox"]["nodes"][0]["title"] == "Water"


async def test_filters_and_pages_show_each_once(world: World) -> None:
    who = world.accounts["resident"]
    for number in range(7):
        topic = Topic.ENQUIRY_ANSWERED if number % 2 else Topic.PHONE_SHARED
        await factories.notification(
            who, topic, params={"listing": "测试房源", "at": now().isoformat()},
            read_at=now() if number > 4 else None,
        )  # fmt: skip
    seen: list[str] = []
    after = None
    while True:
        data = await data_of(LIST, world.actors["resident"], {"first": 3, "after": after})
        page = data["viewer"]["inbox"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 7
    assert data["viewer"]["unreadCount"] == 5
    for given, expected in (
        ({"unread": True}, 5),
        ({"unread": False}, 2),
        ({"topic": "ENQUIRY_ANSWERED"}, 3),
        ({"group": "SEEKING"}, 7),
        ({"group": "SEEKING", "unread": True, "topic": "PHONE_SHARED"}, 3),
        ({"group": "SAFETY"}, 0),
    ):
        assert len(await listed(world, "resident", filter=given)) == expected, given


async def test_what_it_is_about_is_shown_while_its_reader_may_see_it(world: World) -> None:
    tenant = world.tenants[0]
    who = world.accounts["resident"]
    about = {
        "Listing": tenant.listing.id,
        "Enquiry": tenant.enquiry.id,
        "Place": tenant.place.id,  # not the resident's to see
        "PlaceClaim": tenant.claim.id,  # nor this
        "Session": tenant.claim.id,  # no Node
    }
    for kind, row in about.items():
        await factories.notification(who, subject_kind=kind, subject_id=row)
    await factories.notification(who)

    async def seen() -> dict[str, Any]:
        nodes = (await data_of(SUBJECTS, world.actors["resident"]))["viewer"]["inbox"]["nodes"]
        return {node["subjectId"]: node["subject"] for node in nodes}

    ids = {kind: global_id(kind, row) for kind, row in about.items()}
    first = await seen()
    assert first[ids["Listing"]]["title"] == tenant.listing.title
    assert first[ids["Listing"]]["__typename"] == "Listing"
    assert first[ids["Enquiry"]]["id"] == ids["Enquiry"]
    assert [first[ids[kind]] for kind in ("Place", "PlaceClaim", "Session")] == [None] * 3
    assert first[None] is None
    await Listing.filter(id=tenant.listing.id).update(state="WITHDRAWN")
    assert (await seen())[ids["Listing"]] is None


async def test_of_others_and_of_nothing_answer_alike(world: World) -> None:
    document = "query($id: ID!) { notification(id: $id) { id } node(id: $id) { id } }"
    theirs, nothing = world.tenants[0].ids["notification"], world.absent["notification"]
    for role in ("resident", "landlord B", "warden 1"):
        one = await ask(document, world.actors[role], {"id": theirs})
        assert one == await ask(document, world.actors[role], {"id": nothing})
        assert one == {"data": {"notification": None, "node": None}}
    assert (await data_of(document, world.actors["landlord A"], {"id": theirs}))["node"]


async def test_the_id_in_a_message_of_wechat_leads_to_the_notification(world: World) -> None:
    row = world.tenants[0].notification
    document = "query($id: ID!) { notification(id: $id) { id } }"
    found = await data_of(document, world.actors["landlord A"], {"id": str(row.id)})
    assert found["notification"]["id"] == global_id("Notification", row.id)
    refused = await ask(document, world.actors["landlord B"], {"id": str(row.id)})
    assert refused == {"data": {"notification": None}}


async def test_what_was_read_keeps_its_time_and_one_foreign_id_refuses_all(world: World) -> None:
    who, actor = world.accounts["resident"], world.actors["resident"]
    before = now() - timedelta(days=1)
    old = await factories.notification(who, read_at=before)
    new = await factories.notification(who)
    case = next(case for case in CASES if case.name == "markNotificationsRead")
    ids = [global_id("Notification", one.id) for one in (old, new)]
    state = await everything()
    foreign = world.tenants[0].ids["notification"]
    given = {"requestId": new_id(), "ids": [*ids, foreign]}
    refused = await refusal_of(case.document, actor, {"input": given})
    assert refused["extensions"] == {"code": "NOT_FOUND"}
    for count in (0, 101):
        many = [global_id("Notification", some_uuid()) for _ in range(count)]
        refused = await refusal_of(
            case.document, actor, {"input": {"requestId": new_id(), "ids": many}}
        )
        assert refused["extensions"]["params"] == {"reason": "COUNT", "maximum": 100}
    assert await everything() == state
    answer = await data_of(case.document, actor, {"input": {"requestId": new_id(), "ids": ids}})
    assert answer["markNotificationsRead"]["unreadCount"] == 0
    assert (await Notification.get(id=old.id)).read_at == before
    assert (await Notification.get(id=new.id)).read_at is not None


async def test_what_came_after_the_last_one_seen_stays_unread(world: World) -> None:
    who, actor = world.accounts["resident"], world.actors["resident"]
    told = [await factories.notification(who) for _ in range(3)]
    case = next(case for case in CASES if case.name == "markAllNotificationsRead")
    given = {"requestId": new_id(), "upTo": global_id("Notification", told[1].id)}
    answer = await data_of(case.document, actor, {"input": given})
    assert answer["markAllNotificationsRead"] == {"unreadCount": 1}
    (left,) = await listed(world, "resident", filter={"unread": True})
    assert left["id"] == global_id("Notification", told[2].id)
    given = {"requestId": new_id()}
    answer = await data_of(case.document, actor, {"input": given})
    assert answer["markAllNotificationsRead"] == {"unreadCount": 0}
    assert not (await Notification.get(id=world.tenants[0].notification.id)).read_at


async def test_an_inbox_is_as_many_statements_however_much_is_in_it(world: World) -> None:
    who, actor, tenant = world.accounts["landlord A"], world.actors["landlord A"], world.tenants[0]
    about = [
        ("Listing", tenant.listing.id),
        ("Enquiry", tenant.enquiry.id),
        ("Place", tenant.place.id),
        ("PlaceClaim", tenant.claim.id),
    ]
    counts = []
    await territory()
    for _ in range(2):
        for kind, row in about * 5:
            await factories.notification(who, subject_kind=kind, subject_id=row)
        async with statements() as seen:
            await data_of(SUBJECTS, actor)
        counts.append(len(seen))
    async with statements() as plain:
        await data_of(LIST, actor, {})
    # the list and one for each kind of subject; unread count, list, language
    assert (counts, len(plain)) == ([5, 5], 3)


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("true", "notification_of_account"),
        ("read_at IS NULL", "notification_unread_account"),
    ],
)
async def test_a_page_of_ten_thousand_is_read_by_its_index(
    world: World, where: str, index: str
) -> None:
    who = world.accounts["resident"]
    one = await factories.notification(who)
    await fetch(
        "INSERT INTO notification (id, account_id, topic, template_id, params, subject_kind,"
        " emergency, dedup, created_at, read_at)"
        " SELECT gen_random_uuid(), account_id, topic, template_id, params, '', false,"
        " 'many ' || n, created_at - n * interval '1 minute',"
        " CASE WHEN n % 100 > 0 THEN created_at END"
        " FROM notification, generate_series(1, 10000) n WHERE id = $1",
        one.id,
    )
    await fetch("ANALYZE notification")
    plan = await fetch(
        "EXPLAIN (ANALYZE, FORMAT TEXT) SELECT id FROM notification WHERE account_id = $1"
        f" AND {where} ORDER BY created_at DESC, id DESC LIMIT 21",
        who.id,
    )
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert f"using {index}" in text, text
    assert "Sort" not in text, text


class Watching:
    """An open subscription."""

    def __init__(self, events: Any) -> None:
        self._events = events
        self._next = asyncio.ensure_future(anext(events))

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            result = await self._next
        self._next = asyncio.ensure_future(anext(self._events))
        return result

    async def end(self) -> None:
        self._next.cancel()
        await asyncio.wait([self._next])
        await self._events.aclose()


@asynccontextmanager
async def watching(world: World, role: str) -> AsyncIterator[Watching]:
    opened = Watching(await SCHEMA.stream(WATCH, None, Context(actor=world.actors[role])))
    try:
        yield opened
    finally:
        await opened.end()


async def test_news_is_shown_live_to_whom_it_is_for(world: World) -> None:
    warden = world.staff["warden 1"]
    async with watching(world, "warden 1") as open_inbox:
        async with asyncio.timeout(10):
            where = channel(Recipient(staff_id=warden.id))
            while not (await client().pubsub_numsub(where))[0][1]:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)
        other = await factories.notification(world.staff["warden 2"])
        news = await factories.notification(warden)
        await show([other.id, news.id])
        shown = await open_inbox.next()
        assert shown.data["inbox"]["id"] == global_id("Notification", news.id)
        assert shown.data["inbox"]["title"]


@pytest.mark.parametrize(
    ("role", "code"), [("anonymous", "UNAUTHENTICATED"), ("app places 1", "NOT_FOUND")]
)
async def test_who_has_no_inbox_is_refused_live(world: World, role: str, code: str) -> None:
    async with watching(world, role) as refused:
        (error,) = (await refused.next()).errors
        assert error.extensions == {"code": code}


async def test_staff_before_their_second_factor_have_no_inbox(world: World) -> None:
    await factories.notification(world.staff["warden 1"])
    actor = replace(world.actors["warden 1"], enrolling=True)
    answer = await data_of(LIST, actor, {})
    assert answer["viewer"]["unreadCount"] is None
    assert answer["viewer"]["inbox"]["nodes"] == []


async def test_who_is_asked_for_a_viewing_finds_it_first_in_the_inbox(world: World) -> None:
    case = next(case for case in CASES if case.name == "sendEnquiry")
    given = input_for(
        case,
        names_of(world),
        viewingAt=(now() + timedelta(days=2)).strftime("%Y-%m-%dT07:00:00Z"),
    )
    await data_of(case.document, world.actors["resident"], {"input": given})
    document = "{ viewer { inbox(first: 1) { nodes { topic title subject { __typename } } } } }"
    assert (await data_of(document, world.actors["landlord A"]))["viewer"]["inbox"]["nodes"] == [
        {
            "topic": "VIEWING_PROPOSED",
            "title": "约您看房",
            "subject": {"__typename": "Enquiry"},
        }
    ]
