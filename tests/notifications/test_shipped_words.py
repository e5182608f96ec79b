"""Words that come with the program: whole, short, and only of what their topic knows."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.clock import SHANGHAI
from identity.actor import Role
from integrations.wechat.limits import FIELDS, fits
from landlord.models import ReportState
from management.models import ClaimEnd, PlaceBlockKind
from notifications.forms import FORMS, SUITS, SlotKind, fit, suits, takes
from notifications.models import Channel, MessageTemplate, WeChatForm
from notifications.rendering import placeholders, render, render_form, wechat_data
from notifications.shipped import Words, codes, shipped
from notifications.topics import RULES, Group, ParamKind, Topic

LONGEST_TITLE = 20
AT = datetime(2026, 11, 22, 15, 4, tzinfo=SHANGHAI)

SAMPLES = {
    ParamKind.NAME: "样例大道一百二十八号之三后座出租屋东侧",
    ParamKind.GRID: "样例社区第一网格|Sample Community, grid 1",
    ParamKind.ROOMS: "301,302,303,+4",
    ParamKind.MOMENT: AT.isoformat(),
    ParamKind.DAY: "2026-11-22",
    ParamKind.MONTH: "2026-11",
}

WITH_FORM = {topic: rule.form for topic, rule in RULES.items() if rule.form is not None}
MOST_CODES = max(len(words) for words in codes().values())


def params_of(topic: Topic, pick: int = 0) -> dict[str, str]:
    return {
        name: SAMPLES.get(kind) or list(codes()[kind])[pick % len(codes()[kind])]
        for name, kind in RULES[topic].params.items()
    }


def texts_of(words: Words) -> list[str]:
    return [words.title_zh, words.body_zh, words.title_en, words.body_en]


def test_every_topic_has_a_rule_and_words() -> None:
    assert set(RULES) == set(Topic) == set(shipped())


@pytest.mark.parametrize("topic", Topic)
def test_words_use_only_what_their_topic_knows(topic: Topic) -> None:
    words = shipped()[topic]
    for text in [*texts_of(words), *words.form_values.values()]:
        assert set(placeholders(text)) <= set(RULES[topic].params)


@pytest.mark.parametrize("topic", Topic)
def test_both_languages_say_the_same_things(topic: Topic) -> None:
    words = shipped()[topic]
    for zh, en in ((words.title_zh, words.title_en), (words.body_zh, words.body_en)):
        assert set(placeholders(zh)) == set(placeholders(en))


@pytest.mark.parametrize("topic", Topic)
def test_words_fit_the_table_and_titles_are_short(topic: Topic) -> None:
    words = shipped()[topic]
    columns = MessageTemplate._meta.fields_map
    for name in ("title_zh", "body_zh", "title_en", "body_en"):
        assert 0 < len(getattr(words, name)) <= columns[name].max_length
    assert len(words.title_zh) <= LONGEST_TITLE


@pytest.mark.parametrize("topic", Topic)
def test_a_topic_with_a_form_fills_its_slots_and_others_none(topic: Topic) -> None:
    form = RULES[topic].form
    assert set(shipped()[topic].form_values) == (set(FORMS[form]) if form else set())


def test_wechat_takes_every_value_however_long_the_names() -> None:
    for topic, form in WITH_FORM.items():
        for pick in range(MOST_CODES):
            values = render_form(shipped()[topic], params_of(topic, pick))
            for slot, kind in FORMS[form].items():
                assert takes(kind, values[slot].value), (topic, slot, values[slot])


def test_nothing_but_long_names_is_ever_cut_from_what_is_shipped() -> None:
    short = {ParamKind.NAME: "样例楼", ParamKind.ROOMS: "301"}
    for topic in WITH_FORM:
        for pick in range(MOST_CODES):
            params = {
                name: short.get(RULES[topic].params[name], value)
                for name, value in params_of(topic, pick).items()
            }
            values = render_form(shipped()[topic], params)
            assert {slot for slot, value in values.items() if value.cut} == set(), topic


@pytest.mark.parametrize("topic", Topic)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_nothing_raw_is_left_when_filled(topic: Topic, language: str) -> None:
    rendered = render(shipped()[topic], params_of(topic), language)  # type: ignore[arg-type]
    for text in (rendered.title, rendered.body):
        assert "{" not in text
        assert AT.isoformat() not in text
        assert not any(code in text for words in codes().values() for code in words)


def test_every_code_has_words_in_both_languages() -> None:
    assert {kind for rule in RULES.values() for kind in rule.params.values()} - set(codes()) == set(
        SAMPLES
    )
    assert set(codes()[ParamKind.BLOCK]) == set(PlaceBlockKind)
    assert set(codes()[ParamKind.BLOCK_SEEN]) == set(PlaceBlockKind)
    assert set(codes()[ParamKind.ROLE]) == set(Role)
    assert set(codes()[ParamKind.CLAIM_END]) == {*ClaimEnd, "STAFF_DECISION"}
    assert set(codes()[ParamKind.REPORT]) == set(ReportState) - {ReportState.OPEN}
    assert all(zh and en for words in codes().values() for zh, en in words.values())


def test_times_are_those_of_the_town_in_the_readers_language() -> None:
    words = shipped()[Topic.VIEWING_CONFIRMED]
    params = {"listing": "样例单间", "place": "样例楼", "viewing_at": "2026-11-22T07:04:00+00:00"}
    assert "11月22日（周日）15:04" in render(words, params, "zh-CN").body
    assert "Sun 22 November, 15:04" in render(words, params, "en").body
    assert render_form(words, params)["at"].value == "2026年11月22日 15:04"


@pytest.mark.parametrize(
    ("kept", "zh", "en"),
    [
        ("301", "301房", "room 301"),
        ("301,302", "301、302房", "rooms 301, 302"),
        ("301,302,303,+4", "301、302、303等7间房", "rooms 301, 302, 303 and 4 more"),
    ],
)
def test_rooms_are_named_and_the_rest_counted(kept: str, zh: str, en: str) -> None:
    params = {"place": "样例楼", "rooms": kept}
    words = shipped()[Topic.LISTING_TO_REVIEW]
    assert zh in render(words, params, "zh-CN").body
    assert en in render(words, params, "en").body


def test_a_grid_has_its_name_in_the_readers_language() -> None:
    params = {"grid": "样例社区|Sample Community", "role": "WARDEN", "since": "2026-11-22"}
    words = shipped()[Topic.POSTED]
    assert render(words, params, "zh-CN").body == "您从11月22日起在样例社区任网格管理员。"
    assert "Sample Community" in render(words, params, "en").body


def test_a_key_that_is_not_mapped_is_left_out_of_what_wechat_gets() -> None:
    params = params_of(Topic.ENQUIRY_RECEIVED)
    keys = {"subject": "thing1", "at": "time3"}
    data = wechat_data(shipped()[Topic.ENQUIRY_RECEIVED], keys, params)
    assert set(data) == {"thing1", "time3"}
    assert all(fits(key, value) for key, value in data.items())


def test_a_text_is_cut_by_kind_and_the_cut_is_told() -> None:
    thing = fit(SlotKind.THING, "一" * 21)
    assert (len(thing.value), thing.value[-1], thing.cut) == (20, "…", True)
    assert fit(SlotKind.THING, "两行\n文字").value == "两行 文字"
    phrase = fit(SlotKind.PHRASE, "已通过 OK 很顺利啊")
    assert (phrase.value, phrase.cut) == ("已通过很顺", True)
    assert fit(SlotKind.PHRASE, "OK").value == "-"
    assert fit(SlotKind.THING, "") == fit(SlotKind.THING, "  ")


def test_keys_suit_slots_by_kind_alone() -> None:
    assert suits(SlotKind.THING, "thing12")
    assert suits(SlotKind.TIME, "date3")
    assert not suits(SlotKind.THING, "phrase1")
    assert not suits(SlotKind.TIME, "number1")
    assert not suits(SlotKind.THING, "nonsense")
    assert {kind for kinds in SUITS.values() for kind in kinds} <= set(FIELDS)


@pytest.mark.parametrize(
    "text", ["{", "}", "{a", "{a.b}", "{a!r}", "{a:>9}", "{}", "{a b}", "{a[0]}"]
)
def test_only_names_stand_between_braces(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(placeholders(text))


def test_staff_have_an_inbox_only() -> None:
    work = {topic for topic, rule in RULES.items() if rule.group is Group.WORK}
    assert work
    assert all(not RULES[topic].channels and not RULES[topic].form for topic in work)


def test_wechat_needs_a_form_and_short_messages_are_few() -> None:
    for rule in RULES.values():
        assert (Channel.WECHAT in rule.channels) == (rule.form is not None)
        assert rule.channels in {(), (Channel.WECHAT,), (Channel.WECHAT, Channel.SMS)}
    short = {topic for topic, rule in RULES.items() if Channel.SMS in rule.channels}
    assert short == {
        Topic.SIGN_IN_NEW_DEVICE,
        Topic.ACCOUNTS_MERGED,
        Topic.LETTING_SUSPENDED,
        Topic.TENANT_DUTY_OVERDUE,
        Topic.VIEWING_CANCELLED,
        Topic.RESERVATION_RELEASED,
        Topic.RESERVED_ROOM_SUSPENDED,
        Topic.HAZARD_AT_YOUR_PLACE,
        Topic.HAZARD_IN_YOUR_BUILDING,
        Topic.AREA_ALERT,
    }


def test_every_form_is_used() -> None:
    assert {rule.form for rule in RULES.values()} - {None} == set(WeChatForm) == set(FORMS)


def test_what_was_told_long_ago_stays_readable_without_what_its_words_ask_for() -> None:
    words = shipped()[Topic.POSTED]
    rendered = render(words, {"role": "A_ROLE_THAT_IS_NO_MORE", "since": "2026-11-22"}, "zh-CN")
    assert rendered.body == "您从11月22日起在…任…。"
