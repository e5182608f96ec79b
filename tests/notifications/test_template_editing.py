"""Staff write words: what is wrong is named before anything is kept, and nothing is overwritten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.keyset import Page
from core.work import work
from identity.actor import Actor, Role
from notifications.models import MessageTemplate, Notification, WeChatForm, WeChatTemplate
from notifications.rendering import render
from notifications.samples import sample_params
from notifications.shipped import shipped
from notifications.telling import Recipient, tell
from notifications.template_editing import (
    checked,
    preview_template,
    publish_template,
    restore_shipped_template,
    template_history,
    templates_in_force,
)
from notifications.topics import Topic
from notifications.wechat_set_up import set_wechat_template, wechat_templates
from tests import factories
from tests.management.support import VISITOR, app, entries, outcomes, refused, staff

TOPIC = Topic.LISTING_APPROVED
OURS = shipped()[TOPIC]
NEW = replace(OURS, title_zh="您的房源上架啦", body_zh="{place} {rooms}上架了。")


@pytest.fixture
async def admin(db: None) -> Actor:
    return staff(Role.ADMIN)


async def in_force(topic: Topic = TOPIC) -> MessageTemplate:
    return await MessageTemplate.get(topic=topic, in_force=True)


async def rows() -> list[Any]:
    return await MessageTemplate.all().order_by("id").values()


async def test_what_staff_publish_is_told_from_then_on_and_earlier_news_keep_their_words(
    admin: Actor,
) -> None:
    reader = await factories.account()

    async def say(key: str) -> Any:
        async with work(admin):
            (one,) = await tell(
                TOPIC, [Recipient(account_id=reader.id)], key=key, params=sample_params(TOPIC)
            )
        return one

    before = await in_force()
    first = await say("a")
    made = await publish_template(admin, words=NEW, expected_version=before.version)
    second = await say("b")
    assert (made.version, made.shipped, made.in_force) == (before.version + 1, False, True)
    assert made.author_id == admin.id
    kept = {row.id: row.template_id for row in await Notification.all()}
    assert kept == {first: before.id, second: made.id}
    assert render(made, {"place": "样例楼", "rooms": "301"}, "zh-CN").body == "样例楼 301房上架了。"
    (entry,) = await entries(made.id)
    assert (entry.action, entry.details) == (
        "publishTemplate",
        {"topic": TOPIC.value, "version": made.version},
    )


async def test_who_does_not_manage_templates_is_refused_everything(admin: Actor) -> None:
    before = await rows()
    for actor, kind in (
        (VISITOR, Unauthenticated),
        (staff(Role.SUPERVISOR), NotFound),
        (staff(Role.AUDITOR), NotFound),
        (app(), NotFound),
    ):
        await refused(kind, publish_template(actor, words=NEW, expected_version=1))
        await refused(kind, restore_shipped_template(actor, topic=TOPIC))
        await refused(kind, templates_in_force(actor, ["id"]))
        await refused(kind, template_history(actor, topic=TOPIC, page=Page(5), columns=["id"]))
        await refused(kind, wechat_templates(actor))
        await refused(kind, setting(actor))
        with pytest.raises(kind):
            preview_template(actor, words=NEW)
    assert await rows() == before


BAD: list[tuple[Mapping[str, Any], str, str]] = [
    ({"title_zh": " "}, "input.titleZh", "EMPTY"),
    ({"title_zh": "字" * 21}, "input.titleZh", "TOO_LONG"),
    ({"title_en": "x" * 61}, "input.titleEn", "TOO_LONG"),
    ({"body_zh": "甲\0乙"}, "input.bodyZh", "CONTROL_CHARACTER"),
    ({"body_zh": "{phone}"}, "input.bodyZh", "UNKNOWN_PARAM"),
    ({"body_en": "{place"}, "input.bodyEn", "BRACES"),
    ({"body_en": "{place.__class__}"}, "input.bodyEn", "BRACES"),
    ({"body_en": "{place:>999999999}"}, "input.bodyEn", "BRACES"),
    ({"form_values": {}}, "input.formValues", "EMPTY"),
    ({"form_values": {"advice": "好"}}, "input.formValues.advice", "SLOT_UNKNOWN"),
    ({"form_values": {"at": "{at}左右"}}, "input.formValues.at", "DOES_NOT_FIT"),
    ({"form_values": {"note": "{landlord}"}}, "input.formValues.note", "UNKNOWN_PARAM"),
]


@pytest.mark.parametrize(("change", "field", "reason"), BAD)
async def test_words_that_can_not_be_used_are_refused_with_field_and_reason(
    admin: Actor, change: Mapping[str, Any], field: str, reason: str
) -> None:
    before = await rows()
    words = replace(OURS, **change)
    await refused(
        InvalidInput,
        publish_template(admin, words=words, expected_version=1),
        field=field,
        reason=reason,
    )
    assert await rows() == before
    assert reason in {problem.reason for problem in preview_template(admin, words=words).problems}


async def test_a_preview_names_every_problem_at_once_and_keeps_nothing(admin: Actor) -> None:
    before = await rows()
    words = replace(OURS, title_zh="", body_en="{who}", form_values={"note": "{x}", "no": "a"})
    preview = preview_template(admin, words=words)
    assert [(problem.field, problem.reason) for problem in preview.problems] == [
        ("input.titleZh", "EMPTY"),
        ("input.bodyEn", "UNKNOWN_PARAM"),
        ("input.formValues.note", "UNKNOWN_PARAM"),
        ("input.formValues.no", "SLOT_UNKNOWN"),
    ]
    assert (preview.zh, preview.en, preview.values) == (None, None, {})
    assert await rows() == before


async def test_a_preview_shows_what_people_read_and_what_wechat_cuts(admin: Actor) -> None:
    values = {**OURS.form_values, "note": "这句话实在是太长了，微信的一栏里放不下这么多字"}
    preview = preview_template(admin, words=replace(NEW, form_values=values))
    assert preview.problems == []
    assert preview.zh is not None
    assert preview.zh.title == "您的房源上架啦"
    assert "样例花园" in preview.zh.body
    assert preview.values["note"].cut
    assert len(preview.values["note"].value) == 20
    assert not preview.values["result"].cut


@pytest.mark.parametrize("topic", Topic)
def test_what_is_shipped_has_no_problem(topic: Topic) -> None:
    said, problems = checked(shipped()[topic])
    assert problems == []
    assert said == shipped()[topic]


async def test_what_was_changed_meanwhile_is_not_overwritten(admin: Actor) -> None:
    version = (await in_force()).version
    await publish_template(admin, words=NEW, expected_version=version)
    await refused(
        Conflict,
        publish_template(admin, words=NEW, expected_version=version),
        reason="STALE_VERSION",
    )


async def test_of_two_editors_at_once_one_is_told_of_the_other(committed_db: None) -> None:
    one, two = staff(Role.ADMIN), staff(Role.ADMIN)
    version = (await in_force()).version
    answers = await outcomes(
        *(publish_template(who, words=NEW, expected_version=version) for who in (one, two))
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "MessageTemplate"]
    assert await MessageTemplate.filter(topic=TOPIC.value, in_force=True).count() == 1


async def test_shipped_words_come_back_and_the_others_stay_in_the_history(admin: Actor) -> None:
    before = await in_force()
    await publish_template(admin, words=NEW, expected_version=before.version)
    back = await restore_shipped_template(admin, topic=TOPIC)
    assert (back.id, (await in_force()).id) == (before.id, before.id)
    await refused(
        WrongState, restore_shipped_template(admin, topic=TOPIC), reason="SHIPPED_IN_FORCE"
    )
    page = await template_history(
        admin, topic=TOPIC, page=Page(5), columns=["id", "version", "in_force"]
    )
    assert [(row["version"], row["in_force"]) for row in page.rows] == [(2, False), (1, True)]
    again = await publish_template(admin, words=NEW, expected_version=1)
    assert again.version == 3


# WeChat's side

KEYS = {"subject": "thing1", "result": "phrase2", "note": "thing3", "at": "time4"}
ID = "template-id-from-the-console"


async def setting(actor: Actor, **given: Any) -> WeChatTemplate:
    values = {"form": WeChatForm.RESULT, "template_id": ID, "keys": KEYS, **given}
    return await set_wechat_template(actor, **values)


async def test_a_template_at_wechat_replaces_the_one_before(admin: Actor) -> None:
    first = await setting(admin)
    second = await setting(admin, template_id=ID + "-2", long_term=True)
    assert (await wechat_templates(admin))[WeChatForm.RESULT].id == second.id
    assert (await WeChatTemplate.get(id=first.id)).replaced_at is not None
    assert second.author_id == admin.id
    (entry,) = await entries(second.id)
    assert (entry.action, entry.details) == ("setWechatTemplate", {"form": "RESULT"})


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"template_id": "short"}, "input.templateId", "TEMPLATE_ID"),
        ({"template_id": "with space in it"}, "input.templateId", "TEMPLATE_ID"),
        ({"keys": {}}, "input.keys", "EMPTY"),
        ({"keys": {**KEYS, "advice": "thing5"}}, "input.keys", "SLOT_UNKNOWN"),
        ({"keys": {**KEYS, "note": "phrase5"}}, "input.keys", "KEY_KIND"),
        ({"keys": {**KEYS, "at": "number4"}}, "input.keys", "KEY_KIND"),
        ({"keys": {**KEYS, "note": "thing1"}}, "input.keys", "TWICE"),
        ({"keys": {"subject": "thing1"}}, "input.keys", "SLOTS_MISSING"),
    ],
)
async def test_keys_that_do_not_suit_are_refused(
    admin: Actor, given: Mapping[str, Any], field: str, reason: str
) -> None:
    await refused(InvalidInput, setting(admin, **given), field=field, reason=reason)
    assert await WeChatTemplate.all().count() == 0


async def test_a_slot_can_be_left_out_knowingly(admin: Actor) -> None:
    keys = {"subject": "thing1", "at": "date2"}
    made = await setting(admin, keys=keys, leave_out=["result", "note"])
    assert made.keys == keys


async def test_of_two_who_set_one_up_at_once_one_is_in_use(committed_db: None) -> None:
    actors = staff(Role.ADMIN), staff(Role.ADMIN)
    await asyncio.gather(*(setting(actor) for actor in actors))
    assert await WeChatTemplate.filter(replaced_at=None).count() == 1
    assert await WeChatTemplate.all().count() == 2
