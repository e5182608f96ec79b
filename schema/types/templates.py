"""The words of notifications and WeChat's templates, as those see them who write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from core.errors import InvalidInput, Language
from identity.actor import Permission
from notifications.forms import FORMS, SUITS, Fitted
from notifications.models import Channel, WeChatForm
from notifications.models import WeChatTemplate as WeChatTemplateRow
from notifications.rendering import Rendered
from notifications.template_editing import Preview
from notifications.topics import RULES, Group, Topic
from schema.access import holds
from schema.connections import Connection
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection

TEMPLATES = holds(Permission.TEMPLATES_MANAGE)


@gql_type(access=TEMPLATES)
class SlotText:
    """The text for one slot of a WeChat message (订阅消息)."""

    slot: str = attr("Name of the slot, such as `note`.")
    text: str = attr("Its text in Chinese, with params between braces.")


@gql_type(access=TEMPLATES)
class MessageTemplate:
    """One version of the words of a topic (消息模板); it is never changed, only followed."""

    id: strawberry.ID = attr("Global id, opaque.")
    version: int = attr("Counted for each topic from 1.")
    shipped: bool = attr("Whether it came with the program; otherwise staff wrote it.")
    in_force: bool = attr("Whether news is told in it now.")
    title_zh: str = attr("Title in Chinese.")
    body_zh: str = attr("Text in Chinese.")
    title_en: str = attr("Title in English.")
    body_en: str = attr("Text in English.")
    form_values: list[SlotText] = attr("What WeChat shows.", size=4)
    created_at: datetime = attr("Since when there is this version.")


@strawberry.type(name="MessageTemplateConnection", description="One page of versions.")
class MessageTemplateConnection(Connection[MessageTemplate]):
    """One page of versions."""


@gql_type(access=TEMPLATES)
class TopicTemplate:
    """A topic with its rule and its words."""

    topic: Topic = attr("The topic.")
    group: Group = attr("The group that it belongs to.")
    channels: list[Channel] = attr("Channels in the order in which they are tried.", size=2)
    form: WeChatForm | None = attr("The subscribe message (订阅消息) it is sent as.")
    params: list[str] = attr("What its words may name between braces.", size=4)
    template: MessageTemplate = attr("The words in force.", needs=())


@gql_type(access=TEMPLATES)
class RenderedWords:
    """What somebody would read."""

    title: str = attr("Title.")
    body: str = attr("Text.")


@gql_type(access=TEMPLATES)
class SlotValue:
    """What WeChat would be sent for a slot."""

    slot: str = attr("Name of the slot.")
    value: str = attr("The value, cut to what WeChat takes.")
    cut: bool = attr("Whether it is less than what was said.")


@gql_type(access=TEMPLATES)
class TemplateProblem:
    """Why words can't be put in force."""

    field: str = attr("Path of the field at fault, as `publishTemplate` would name it.")
    reason: str = attr("Stable code.")
    message: str = attr("In your language.")


@gql_type(access=TEMPLATES)
class TemplatePreview:
    """Words filled with samples (预览); nothing is kept."""

    zh: RenderedWords | None = attr("In Chinese; nothing when the words are at fault.")
    en: RenderedWords | None = attr("In English.")
    values: list[SlotValue] = attr("In WeChat.", size=4)
    problems: list[TemplateProblem] = attr("Everything that is wrong.", size=4)


@gql_type(access=TEMPLATES)
class SlotKey:
    """Which key of WeChat's template takes a slot."""

    slot: str = attr("Name of the slot.")
    key: str = attr("The key as WeChat's console shows it, such as `thing1`.")


@gql_type(access=TEMPLATES)
class WeChatTemplate:
    """The template at WeChat by which a form is sent."""

    id: strawberry.ID = attr("Global id, opaque.")
    template_id: str = attr("Template id as WeChat's console shows it.")
    keys: list[SlotKey] = attr("Which key takes which slot.", size=4)
    long_term: bool = attr("One accept holds for good (长期订阅).")
    created_at: datetime = attr("When it was entered.")


@gql_type(access=TEMPLATES)
class FormSlot:
    """A slot of a form."""

    slot: str = attr("Its name.")
    kinds: list[str] = attr("Kinds of WeChat's keys that take it, such as `thing`.", size=2)


@gql_type(access=TEMPLATES)
class FormSetting:
    """A form of subscribe messages (订阅消息) and how it is sent."""

    form: WeChatForm = attr("The form.")
    slots: list[FormSlot] = attr("Its slots.", size=4)
    template: WeChatTemplate | None = attr("The template in use; without one nothing is sent.")


_COLUMNS = (
    "version", "shipped", "in_force", "title_zh", "body_zh", "title_en", "body_en",
    "form_values", "created_at",
)  # fmt: skip


def template_columns(want: Selection) -> list[str]:
    """The columns of templates that a selection needs."""
    return ["id", *(name for name in _COLUMNS if name in want)]


def shape_templates(rows: Rows) -> Rows:
    """Templates as read, ready for the schema."""
    for row in rows:
        row["id"] = global_id("MessageTemplate", row["id"])
        if "form_values" in row:
            values = row["form_values"].items()
            row["form_values"] = [{"slot": slot, "text": text} for slot, text in values]
    return rows


def topic_template(topic: Topic, row: dict[str, Any]) -> dict[str, Any]:
    """A topic with the template in force, shaped."""
    rule = RULES[topic]
    return {
        "topic": topic,
        "group": rule.group,
        "channels": list(rule.channels),
        "form": rule.form,
        "params": sorted(rule.params),
        "template": row,
    }


def preview(found: Preview, language: Language) -> dict[str, Any]:
    """A preview, ready for the schema."""
    return {
        "zh": _rendered(found.zh),
        "en": _rendered(found.en),
        "values": _values(found.values),
        "problems": [_problem(one, language) for one in found.problems],
    }


def _rendered(words: Rendered | None) -> dict[str, str] | None:
    return {"title": words.title, "body": words.body} if words else None


def _values(values: Mapping[str, Fitted]) -> list[dict[str, Any]]:
    return [
        {"slot": slot, "value": fitted.value, "cut": fitted.cut} for slot, fitted in values.items()
    ]


def _problem(problem: InvalidInput, language: Language) -> dict[str, str]:
    return {
        "field": problem.field or "",
        "reason": problem.reason or problem.code.value,
        "message": problem.message(language),
    }


def form_setting(form: WeChatForm, row: WeChatTemplateRow | None) -> dict[str, Any]:
    """A form, ready for the schema."""
    return {
        "form": form,
        "slots": [
            {"slot": slot, "kinds": sorted(SUITS[kind])} for slot, kind in FORMS[form].items()
        ],
        "template": _wechat_template(row) if row else None,
    }


def _wechat_template(row: WeChatTemplateRow) -> dict[str, Any]:
    return {
        "id": global_id("WeChatTemplate", row.id),
        "template_id": row.template_id,
        "keys": [{"slot": slot, "key": key} for slot, key in row.keys.items()],
        "long_term": row.long_term,
        "created_at": row.created_at,
    }
