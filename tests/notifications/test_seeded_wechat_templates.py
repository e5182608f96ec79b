"""In development messages leave out of the box: each form has a template at the emulator."""

from __future__ import annotations

import asyncpg

from api.seed.wechat import name_wechat_templates
from identity.actor import Role
from notifications.forms import FORMS, suits
from notifications.models import WeChatForm, WeChatTemplate
from notifications.wechat_set_up import set_wechat_template
from tests.management.support import staff


async def test_every_form_has_one_and_what_staff_entered_stays(
    committed_db: None, database_url: str
) -> None:
    keys = {slot: f"{kind}{at}" for at, (slot, kind) in enumerate(FORMS[WeChatForm.NOTICE].items())}
    theirs = await set_wechat_template(
        staff(Role.ADMIN), form=WeChatForm.NOTICE, template_id="entered-by-staff", keys=keys
    )
    raw = await asyncpg.connect(database_url)
    try:
        for _ in range(2):
            await name_wechat_templates(raw)
    finally:
        await raw.close()
    found = {one.form: one for one in await WeChatTemplate.filter(replaced_at=None)}
    assert set(found) == set(WeChatForm)
    assert found[WeChatForm.NOTICE].id == theirs.id
    for form, slots in FORMS.items():
        assert all(suits(slots[slot], key) for slot, key in found[form].keys.items())
