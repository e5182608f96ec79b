"""How people want to be told, and what they accept in WeChat, through the schema."""

from __future__ import annotations

import pytest

from identity.models import WeChatUser
from notifications.models import WeChatForm, WeChatTemplate
from notifications.topics import RULES
from tests.schema.mutation_cases import CASES, input_for, names_of
from tests.schema.support import World, data_of, everything, new_id, refusal_of

SETTINGS = (
    "{ viewer { notificationSettings { language quietHours { from until }"
    " groups { group title description always channels { channel wanted byDefault } } } } }"
)


async def test_settings_name_every_group_with_its_channels_and_what_always_comes(
    world: World,
) -> None:
    found = (await data_of(SETTINGS, world.actors["resident"]))["viewer"]["notificationSettings"]
    assert (found["language"], found["quietHours"]) == (None, {"from": "22:00", "until": "08:00"})
    groups = {one["group"]: one for one in found["groups"]}
    assert set(groups) == {rule.group for rule in RULES.values()} - {"WORK"}
    for name, group in groups.items():
        used = {c for rule in RULES.values() if rule.group == name for c in rule.channels}
        assert {one["channel"] for one in group["channels"]} == used
        assert all(one["wanted"] and one["byDefault"] for one in group["channels"])
        assert group["title"]
        assert group["description"]
    assert {name for name, group in groups.items() if group["always"]} == {"SAFETY", "HOUSES"}
    staff = (await data_of(SETTINGS, world.actors["warden 1"]))["viewer"]["notificationSettings"]
    assert [(one["group"], one["channels"]) for one in staff["groups"]] == [
        ("WORK", []),
        ("NOTICES", []),
    ]


async def test_a_switch_changes_one_channel_of_one_group_and_can_be_turned_back(
    world: World,
) -> None:
    case = next(case for case in CASES if case.name == "setNotificationPreference")
    actor = world.actors["landlord A"]
    for wanted in (False, True):
        given = input_for(case, names_of(world), wanted=wanted)
        answer = await data_of(case.document, actor, {"input": given})
        groups = answer["setNotificationPreference"]["settings"]["groups"]
        off = [
            (group["group"], one["channel"])
            for group in groups
            for one in group["channels"]
            if not one["wanted"]
        ]
        assert off == ([] if wanted else [("LETTING", "WECHAT")])


async def test_a_channel_that_a_group_does_not_use_is_no_choice(world: World) -> None:
    case = next(case for case in CASES if case.name == "setNotificationPreference")
    before = await everything()
    for changes in ({"channel": "SMS"}, {"group": "WORK"}):
        given = input_for(case, names_of(world), **changes)
        refused = await refusal_of(case.document, world.actors["landlord A"], {"input": given})
        assert refused["extensions"] == {
            "code": "INVALID_INPUT",
            "field": "input.channel",
            "params": {"reason": "CHANNEL_NOT_USED"},
        }
    assert await everything() == before


async def test_quiet_hours_are_kept_beside_the_language_and_equal_ones_are_none(
    world: World,
) -> None:
    actor = world.actors["warden 1"]
    for name, values in (
        ("setLanguage", {"language": "EN"}),
        ("setQuietHours", {"from": "12:30", "until": "12:30"}),
    ):
        document = next(case for case in CASES if case.name == name).document
        await data_of(document, actor, {"input": {"requestId": new_id(), **values}})
    found = (await data_of(SETTINGS, actor))["viewer"]["notificationSettings"]
    assert found["language"] == "EN"
    assert found["quietHours"] == {"from": "12:30", "until": "12:30"}
    assert found["groups"][0]["title"] == "Work"


FORMS = "query($for: [NotificationTopic!]) { viewer { subscriptionForms(for: $for) { form templateId remaining } } }"  # noqa: E501 - one document


async def test_what_was_accepted_is_counted_and_what_runs_short_is_asked_for_first(
    world: World,
) -> None:
    for form in (WeChatForm.MESSAGE, WeChatForm.SAFETY, WeChatForm.NOTICE):
        await WeChatTemplate.create(form=form, template_id=f"test-{form.lower()}", keys={})
    actor = world.actors["resident"]
    case = next(case for case in CASES if case.name == "recordSubscriptions")
    for answers in (
        [("test-result", True), ("test-message", False)],
        [("test-result", True), ("test-safety", True)],
    ):
        given = {
            "requestId": new_id(),
            "answers": [{"templateId": one, "accepted": yes} for one, yes in answers],
        }
        await data_of(case.document, actor, {"input": given})
    found = (await data_of(FORMS, actor, {}))["viewer"]["subscriptionForms"]
    assert [(one["templateId"], one["remaining"]) for one in found] == [
        ("test-message", 0),
        ("test-notice", 0),
        ("test-safety", 1),
    ]
    asked = {"for": ["CLAIM_VERIFIED", "CLAIM_REFUSED"]}
    (of_claims,) = (await data_of(FORMS, actor, asked))["viewer"]["subscriptionForms"]
    assert of_claims == {"form": "RESULT", "templateId": "test-result", "remaining": 2}
    assert (await data_of(FORMS, world.actors["warden 1"], {}))["viewer"] == {
        "subscriptionForms": []
    }


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], "COUNT"),
        (["a", "b", "c", "d"], "COUNT"),
        (["test-result", "test-result"], "TEMPLATE_TWICE"),
        (["test-result", "of nobody"], "UNKNOWN_TEMPLATE"),
    ],
)
async def test_answers_that_no_tap_can_give_are_refused(
    world: World, answers: list[str], reason: str
) -> None:
    case = next(case for case in CASES if case.name == "recordSubscriptions")
    given = {
        "requestId": new_id(),
        "answers": [{"templateId": one, "accepted": True} for one in answers],
    }
    before = await everything()
    refused = await refusal_of(case.document, world.actors["resident"], {"input": given})
    assert refused["extensions"]["code"] == "INVALID_INPUT"
    assert refused["extensions"]["params"]["reason"] == reason
    assert await everything() == before


async def test_an_account_that_is_not_on_wechat_has_nothing_to_accept(world: World) -> None:
    await WeChatUser.filter(account_id=world.accounts["resident"].id).delete()
    case = next(case for case in CASES if case.name == "recordSubscriptions")
    given = input_for(case, names_of(world))
    refused = await refusal_of(case.document, world.actors["resident"], {"input": given})
    assert refused["extensions"]["params"] == {"reason": "NO_WECHAT"}
    assert (await data_of(FORMS, world.actors["resident"], {}))["viewer"] == {
        "subscriptionForms": []
    }
