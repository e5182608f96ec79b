"""Which template at WeChat stands for which form: entered once by staff, from WeChat's console."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from core.clock import now
from core.errors import InvalidInput
from core.work import work
from identity.actor import Actor
from notifications.forms import FORMS, SUITS, suits
from notifications.models import MessageTemplate, WeChatForm, WeChatTemplate
from notifications.template_editing import require_editor
from notifications.templates import lock_templates
from notifications.topics import RULES

TEMPLATE_ID: Final = re.compile(r"[0-9A-Za-z_-]{8,64}")
_KEYS: Final = "input.keys"


async def set_wechat_template(
    actor: Actor,
    *,
    form: WeChatForm,
    template_id: str,
    keys: Mapping[str, str],
    leave_out: Collection[str] = (),
    long_term: bool = False,
) -> WeChatTemplate:
    """Say by which template a form is sent, and which of its keys takes which slot.

    ``leave_out`` names the slots that are knowingly not sent. Accepts belong to a template id: with
    another id people are asked anew.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
        InvalidInput: not a template id; a slot that the form has not, or a key whose kind does not
            take it; a key twice; a slot that words in force fill is neither mapped nor left out.
    """
    require_editor(actor)
    if not TEMPLATE_ID.fullmatch(template_id):
        raise InvalidInput(
            field="input.templateId",
            reason="TEMPLATE_ID",
            zh="请填写微信后台显示的模板 ID",
            en="The template id as WeChat's console shows it",
        )
    _check_keys(form, keys, leave_out)
    async with work(actor) as unit:
        await lock_templates()
        await _check_all_said(form, {*keys, *leave_out})
        current = WeChatTemplate.filter(form=form, replaced_at=None)
        await current.update(replaced_at=now())
        made = await WeChatTemplate.create(
            form=form,
            template_id=template_id,
            keys=dict(keys),
            long_term=long_term,
            author_id=actor.id,
        )
        unit.note("setWechatTemplate", "WeChatTemplate", made.id, form=form.value)
    return made


async def wechat_templates(actor: Actor) -> dict[WeChatForm, WeChatTemplate]:
    """The templates in use; forms without one are left out.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not manage templates.
    """
    require_editor(actor)
    return {one.form: one for one in await WeChatTemplate.filter(replaced_at=None)}


def _check_keys(form: WeChatForm, keys: Mapping[str, str], leave_out: Collection[str]) -> None:
    slots = FORMS[form]
    for slot in (*keys, *leave_out):
        if slot not in slots:
            raise InvalidInput(
                field=_KEYS,
                reason="SLOT_UNKNOWN",
                params={"slots": "、".join(slots)},
                zh="没有这一栏；可用：{slots}",
                en="The form has no such slot; it has {slots}",
            )
    for slot, key in keys.items():
        if not suits(slots[slot], key):
            raise InvalidInput(
                field=_KEYS,
                reason="KEY_KIND",
                params={"slot": slot, "kinds": "、".join(sorted(SUITS[slots[slot]]))},
                zh="“{slot}”一栏要用这几种关键词：{kinds}",
                en="Slot {slot} needs a key of these kinds: {kinds}",
            )
    if not keys or len(set(keys.values())) < len(keys):
        raise InvalidInput(
            field=_KEYS,
            reason="TWICE" if keys else "EMPTY",
            zh="每个关键词只能用一次，至少填一个",
            en="Each key is used once, and there is one at least",
        )


async def _check_all_said(form: WeChatForm, decided: Collection[str]) -> None:
    """Refuse when words in force fill a slot that was not thought of."""
    topics = [topic.value for topic, rule in RULES.items() if rule.form is form]
    rows = await MessageTemplate.filter(topic__in=topics, in_force=True).values("form_values")
    missing = sorted({slot for row in rows for slot in row["form_values"]} - set(decided))
    if missing:
        raise InvalidInput(
            field=_KEYS,
            reason="SLOTS_MISSING",
            params={"slots": "、".join(missing)},
            zh="这些栏目还没有对应的关键词：{slots}；不需要的请注明",
            en="No key takes {slots}; say so where that is wanted",
        )
