"""Staff write the words of notifications: tried out first, then a version that is never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.errors import InvalidInput, NotFound, WrongState, require_version
from core.keyset import Order, Page, Slice, take
from core.text import clean
from core.work import work
from identity.access import require
from identity.actor import Actor, ActorKind, Permission
from notifications.forms import FORMS, Fitted, takes, what_fits
from notifications.models import MessageTemplate
from notifications.rendering import Rendered, placeholders, render, render_form
from notifications.samples import sample_params
from notifications.shipped import Words
from notifications.templates import lock_templates
from notifications.topics import RULES, Topic

LONGEST: Final[Mapping[str, int]] = {
    "title_zh": 20,
    "body_zh": 500,
    "title_en": 60,
    "body_en": 1000,
}
"""Characters. A title stands in one line of a phone."""
LONGEST_VALUE: Final = 200

_FIELDS: Final = {
    "title_zh": "input.titleZh",
    "body_zh": "input.bodyZh",
    "title_en": "input.titleEn",
    "body_en": "input.bodyEn",
}
_VALUES: Final = "input.formValues"
_HISTORY: Final = Order("templates", "version", descending=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """A template filled with samples, and all that is wrong with it."""

    zh: Rendered | None
    en: Rendered | None
    values: Mapping[str, Fitted]
    problems: Sequence[InvalidInput]


async def publish_template(actor: Actor, *, words: Words, expected_version: int) -> MessageTemplate:
    """Put words in force for a topic: what is told from now on is told in them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
        InvalidInput: the first of the problems that a preview shows.
        Conflict: the version in force is no longer ``expected_version``.
    """
    require_editor(actor)
    said, problems = checked(words)
    if problems:
        raise problems[0]
    async with work(actor) as unit:
        await lock_templates()
        before = await MessageTemplate.get(topic=said.topic, in_force=True)
        require_version(before.version, expected_version)
        newest = await MessageTemplate.filter(topic=said.topic).order_by("-version").first()
        await MessageTemplate.filter(id=before.id).update(in_force=False)
        made = await MessageTemplate.create(
            topic=said.topic,
            version=(newest or before).version + 1,
            shipped=False,
            title_zh=said.title_zh,
            body_zh=said.body_zh,
            title_en=said.title_en,
            body_en=said.body_en,
            form_values=dict(said.form_values),
            in_force=True,
            author_id=actor.id,
        )
        unit.note(
            "publishTemplate", "MessageTemplate", made.id, topic=said.topic, version=made.version
        )
    return made


async def restore_shipped_template(actor: Actor, *, topic: Topic) -> MessageTemplate:
    """Put the words that came with the program in force again; later ones follow by themselves.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
        WrongState: they are in force.
    """
    require_editor(actor)
    async with work(actor) as unit:
        await lock_templates()
        ours = MessageTemplate.filter(topic=topic.value, shipped=True)
        found = await ours.order_by("-version").first()
        if found is None or found.in_force:
            raise WrongState(
                reason="SHIPPED_IN_FORCE",
                zh="现在用的就是系统自带的文字",
                en="The words that came with the program are in force",
            )
        await MessageTemplate.filter(topic=topic.value, in_force=True).update(in_force=False)
        found.in_force = True
        await found.save(update_fields=["in_force"])
        unit.note(
            "restoreShippedTemplate",
            "MessageTemplate",
            found.id,
            topic=topic.value,
            version=found.version,
        )
    return found


def preview_template(actor: Actor, *, words: Words) -> Preview:
    """What people would read, in both languages and in WeChat; nothing is saved.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
    """
    require_editor(actor)
    said, problems = checked(words)
    params = sample_params(Topic(said.topic))
    broken = {problem.field for problem in problems}
    texts = broken.isdisjoint(_FIELDS.values())
    return Preview(
        zh=render(said, params, "zh-CN") if texts else None,
        en=render(said, params, "en") if texts else None,
        values={} if _values_broken(problems) else render_form(said, params),
        problems=problems,
    )


async def templates_in_force(actor: Actor, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The template in force of each topic.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
    """
    require_editor(actor)
    rows = await MessageTemplate.filter(in_force=True).values("topic", *columns)
    return {row["topic"]: dict(row) for row in rows}


async def template_history(
    actor: Actor, *, topic: Topic, page: Page, columns: Sequence[str]
) -> Slice:
    """Every version of a topic's words, the newest first.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
    """
    require_editor(actor)
    return await take(MessageTemplate.filter(topic=topic.value), _HISTORY, page, columns)


def require_editor(actor: Actor) -> None:
    """Refuse who does not manage templates: members of staff do.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not this actor.
    """
    require(actor, Permission.TEMPLATES_MANAGE)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound


def checked(words: Words) -> tuple[Words, list[InvalidInput]]:
    """The words as they would be kept, and everything that is wrong with them."""
    problems: list[InvalidInput] = []
    known = frozenset(RULES[Topic(words.topic)].params)

    def text(value: str, field: str, longest: int, *, multiline: bool) -> str:
        try:
            said = clean(value, field=field, longest=longest, shortest=1, multiline=multiline)
            _require_known(said, known, field)
        except InvalidInput as problem:
            problems.append(problem)
            return value
        return said

    texts = {
        name: text(getattr(words, name), field, LONGEST[name], multiline=name.startswith("body"))
        for name, field in _FIELDS.items()
    }
    values = {
        slot: text(value, f"{_VALUES}.{slot}", LONGEST_VALUE, multiline=False)
        for slot, value in words.form_values.items()
    }
    said = replace(words, form_values=values, **texts)
    problems += _slot_problems(said)
    if not _values_broken(problems):
        problems += _unfit(said)
    return said, problems


def _values_broken(problems: Sequence[InvalidInput]) -> bool:
    return any((problem.field or "").startswith(_VALUES) for problem in problems)


def _require_known(text: str, known: frozenset[str], field: str) -> None:
    try:
        unknown = sorted(set(placeholders(text)) - known)
    except ValueError:
        raise InvalidInput(
            field=field,
            reason="BRACES",
            zh="花括号里只能是一个名称，且要成对",
            en="Braces come in pairs, with one name between them",
        ) from None
    if unknown:
        raise InvalidInput(
            field=field,
            reason="UNKNOWN_PARAM",
            params={"names": "、".join(unknown), "known": "、".join(sorted(known))},
            zh="这类消息没有：{names}；可用：{known}",
            en="This topic does not know {names}; it knows {known}",
        )


def _slot_problems(words: Words) -> Iterator[InvalidInput]:
    form = RULES[Topic(words.topic)].form
    slots = FORMS[form] if form else {}
    for slot in words.form_values:
        if slot not in slots:
            yield InvalidInput(
                field=f"{_VALUES}.{slot}"[:60],
                reason="SLOT_UNKNOWN",
                params={"slots": "、".join(slots)},
                zh="微信消息没有这一栏；可用：{slots}",
                en="The form has no such slot; it has {slots}",
            )
    if form and not words.form_values:
        yield InvalidInput(
            field=_VALUES, reason="EMPTY", zh="请填写微信消息的内容", en="Fill the WeChat message"
        )


def _unfit(words: Words) -> Iterator[InvalidInput]:
    """Values that no cutting makes fit: what is no time where a time is wanted."""
    topic = Topic(words.topic)
    form = RULES[topic].form
    for slot, value in render_form(words, sample_params(topic)).items():
        if form and not takes(FORMS[form][slot], value.value):
            yield InvalidInput(
                field=f"{_VALUES}.{slot}",
                reason="DOES_NOT_FIT",
                params={"takes": what_fits(FORMS[form][slot])},
                zh="微信不接受这样的内容",
                en="WeChat takes {takes} here",
            )
