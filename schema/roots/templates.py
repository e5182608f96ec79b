"""The words of notifications: tried out, put in force; and the templates at WeChat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from core.errors import InvalidInput
from core.keyset import Page
from notifications.models import WeChatForm
from notifications.shipped import Words
from notifications.template_editing import (
    preview_template,
    publish_template,
    restore_shipped_template,
    template_history,
    templates_in_force,
)
from notifications.topics import Topic
from notifications.wechat_set_up import set_wechat_template, wechat_templates
from schema.connections import After, First, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.once import Requested, run_once
from schema.selection import Selection
from schema.types.templates import (
    TEMPLATES,
    FormSetting,
    MessageTemplateConnection,
    TemplatePreview,
    TopicTemplate,
    form_setting,
    preview,
    shape_templates,
    template_columns,
    topic_template,
)

MOST_SLOTS = 10


@gql_input
class SlotTextInput:
    """The text for one slot of a WeChat message."""

    slot: str = given("Name of the slot, such as `note`.")
    text: str = given("Its text in Chinese, with params between braces: up to 200 characters.")


@gql_input
class SlotKeyInput:
    """Which key of WeChat's template takes a slot."""

    slot: str = given("Name of the slot.")
    key: str = given("The key as WeChat's console shows it, such as `thing1`.")


@gql_input
class PreviewTemplateInput:
    """Words to try out."""

    topic: Topic = given("What they are about.")
    title_zh: str = given("Title in Chinese: up to 20 characters.")
    body_zh: str = given("Text in Chinese: up to 500 characters.")
    title_en: str = given("Title in English: up to 60 characters.")
    body_en: str = given("Text in English: up to 1000 characters.")
    form_values: list[SlotTextInput] = given(
        "What WeChat shows; none for a topic without a form.", default_factory=list
    )


@gql_input
class PublishTemplateInput(Requested):
    """Words to put in force."""

    topic: Topic = given("What they are about.")
    title_zh: str = given("Title in Chinese: up to 20 characters.")
    body_zh: str = given("Text in Chinese: up to 500 characters.")
    title_en: str = given("Title in English: up to 60 characters.")
    body_en: str = given("Text in English: up to 1000 characters.")
    expected_version: int = given("The version in force that you saw.")
    form_values: list[SlotTextInput] = given(
        "What WeChat shows; none for a topic without a form.", default_factory=list
    )


@gql_input
class RestoreShippedTemplateInput(Requested):
    """Whose words are to be those of the program."""

    topic: Topic = given("The topic.")


@gql_input
class SetWechatTemplateInput(Requested):
    """By which template at WeChat a form is sent."""

    form: WeChatForm = given("The form.")
    template_id: str = given("Template id as WeChat's console shows it.")
    keys: list[SlotKeyInput] = given("Which key takes which slot.")
    leave_out: list[str] = given(
        "Slots that are knowingly not sent, as the template has no key for them.",
        default_factory=list,
    )
    long_term: bool = given("One accept holds for good (长期订阅).", default=False)


@gql_type(access=TEMPLATES)
class TopicTemplatePayload:
    """The topic with its words."""

    topic_template: TopicTemplate = attr("The topic with the words in force.")


@gql_type(access=TEMPLATES)
class FormSettingPayload:
    """The form."""

    form_setting: FormSetting = attr("The form as it is sent from now on.")


@root_type
class TemplateQueries:
    """The words of notifications."""

    @query(list[TopicTemplate], access=TEMPLATES, cost=20)
    async def templates(self, info: Info) -> list[dict[str, Any]]:
        """Every topic (消息类型) with its rule and the words in force."""
        return await _topics(info, selected(info)["template"])

    @query(MessageTemplateConnection, access=TEMPLATES)
    async def template_history(
        self,
        info: Info,
        topic: Annotated[Topic, strawberry.argument(description="Of which topic.")],
        first: First = None,
        after: After = None,
    ) -> dict[str, Any]:
        """Every version of a topic's words, the newest first."""
        want = selected(info)
        page = await template_history(
            info.context.actor,
            topic=topic,
            page=Page.of(first, after),
            columns=template_columns(wanted_nodes(want)),
        )
        shape_templates(page.rows)
        return connection(page, want)

    @query(TemplatePreview, access=TEMPLATES)
    async def preview_template(
        self,
        info: Info,
        input: Annotated[PreviewTemplateInput, strawberry.argument(description="The words.")],
    ) -> dict[str, Any]:
        """Words filled with samples, as people and WeChat would get them; nothing is kept."""
        found = preview_template(info.context.actor, words=_words(input))
        return preview(found, info.context.language)

    @query(list[FormSetting], access=TEMPLATES)
    async def wechat_templates(self, info: Info) -> list[dict[str, Any]]:
        """The forms of subscribe messages (订阅消息) and the templates by which they are sent."""
        found = await wechat_templates(info.context.actor)
        return [form_setting(form, found.get(form)) for form in WeChatForm]


@root_type
class TemplateMutations:
    """What people are told, in which words."""

    @mutation(TopicTemplatePayload, access=TEMPLATES)
    async def publish_template(
        self,
        info: Info,
        input: Annotated[PublishTemplateInput, strawberry.argument(description="The words.")],
    ) -> dict[str, Any]:
        """Put words in force for a topic. What was told before keeps its words."""
        await run_once(
            info,
            input,
            lambda: publish_template(
                info.context.actor, words=_words(input), expected_version=input.expected_version
            ),
        )
        return await _payload(info, input.topic)

    @mutation(TopicTemplatePayload, access=TEMPLATES)
    async def restore_shipped_template(
        self,
        info: Info,
        input: Annotated[RestoreShippedTemplateInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Go back to the words that came with the program; later versions of them follow."""
        await run_once(
            info, input, lambda: restore_shipped_template(info.context.actor, topic=input.topic)
        )
        return await _payload(info, input.topic)

    @mutation(FormSettingPayload, access=TEMPLATES)
    async def set_wechat_template(
        self,
        info: Info,
        input: Annotated[SetWechatTemplateInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say by which template at WeChat a form is sent, and which key takes which slot."""
        keys = _pairs([(one.slot, one.key) for one in input.keys], "input.keys")
        await run_once(
            info,
            input,
            lambda: set_wechat_template(
                info.context.actor,
                form=input.form,
                template_id=input.template_id,
                keys=keys,
                leave_out=input.leave_out,
                long_term=input.long_term,
            ),
        )
        found = await wechat_templates(info.context.actor)
        return {"form_setting": form_setting(input.form, found.get(input.form))}


def _words(given: PreviewTemplateInput | PublishTemplateInput) -> Words:
    pairs = [(one.slot, one.text) for one in given.form_values]
    return Words(
        topic=given.topic.value,
        title_zh=given.title_zh,
        body_zh=given.body_zh,
        title_en=given.title_en,
        body_en=given.body_en,
        form_values=_pairs(pairs, "input.formValues"),
    )


def _pairs(pairs: Sequence[tuple[str, str]], field: str) -> dict[str, str]:
    """By slot.

    Raises:
        InvalidInput: a slot comes twice, or there are too many.
    """
    if len(pairs) > MOST_SLOTS or len(dict(pairs)) < len(pairs):
        raise InvalidInput(
            field=field, reason="TWICE", zh="同一栏只能填一次", en="A slot comes once"
        )
    return dict(pairs)


async def _topics(info: Info, want: Selection) -> list[dict[str, Any]]:
    rows = await templates_in_force(info.context.actor, template_columns(want))
    shape_templates(list(rows.values()))
    return [topic_template(topic, rows[topic.value]) for topic in Topic]


async def _payload(info: Info, topic: Topic) -> dict[str, Any]:
    topics = await _topics(info, selected(info).under("topic_template", "template"))
    (found,) = [one for one in topics if one["topic"] is topic]
    return {"topic_template": found}
