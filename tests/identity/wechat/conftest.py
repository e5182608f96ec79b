"""WeChat for the tests of identity: the emulator over HTTP, and made-up people at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from core import redis
from identity.actor import anonymous
from identity.sessions import OpenSession
from identity.wechat.sign_in import sign_in_with_wechat
from integrations import wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import Persona, Running, World, running
from tests.integrations.wechat.support import Helper, config_for

VISITOR = anonymous("a-test-address")
LOGIN = "/sns/jscode2session"
PHONE = "/wxa/business/getuserphonenumber"


def person(number: int, **values: Any) -> Persona:
    """Somebody made up; the number is of a range that is given to nobody."""
    known: dict[str, Any] = {
        "name": f"person{number}",
        "label": "A made-up person",
        "openid": f"oTestTestTestTestTestTes{number:04}",
        "unionid": f"uTestTestTestTestTestTes{number:04}",
        "phone": f"1990077{number:04}",
    }
    return Persona(**{**known, **values})


@dataclass
class Phone:
    """What people do with the mini-program in their hands."""

    emulator: Running
    control: Helper

    def code(self, of: Persona) -> str:
        """What ``wx.login`` gives."""
        return self.emulator.world.mint("login", of)

    def phone_code(self, of: Persona) -> str:
        """What ``getPhoneNumber`` gives."""
        return self.emulator.world.mint("phone", of)

    async def sign_in(self, who: Persona, *, device: str = "") -> OpenSession:
        """Sign somebody in."""
        return await sign_in_with_wechat(VISITOR, code=self.code(who), device=device)


@pytest.fixture
async def emulator() -> AsyncIterator[Running]:
    async with running() as found:
        yield found


@pytest.fixture
async def wechat_client(emulator: Running) -> AsyncIterator[Client]:
    """This process speaks to the emulator, and waits for nothing long."""
    await redis.client().flushall()
    found = Client(config_for(emulator, connect=1.0, read=0.5, total=4.0))
    before = wechat.use(found)
    yield found
    wechat.use(before)
    await found.close()


@pytest.fixture
async def phone(emulator: Running, wechat_client: Client) -> AsyncIterator[Phone]:
    async with Helper.at(emulator.url) as control:
        yield Phone(emulator, control)


@pytest.fixture
async def other_app(emulator: Running) -> AsyncIterator[Running]:
    """The emulator of another mini-program of the same owner."""
    async with running(World(app_id="wx0e000000e3012a71")) as found:
        yield found
