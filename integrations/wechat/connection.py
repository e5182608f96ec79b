"""The client of this process, and in development the emulator behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from core.settings import Settings
from integrations.wechat import emulator
from integrations.wechat.client import Client, Config
from integrations.wechat.emulator.pushes import PushTarget
from integrations.wechat.errors import NotConfigured
from integrations.wechat.push import PushKeys
from integrations.wechat.results import Version

_client: Client | None = None
_keys: PushKeys | None = None
_emulator: emulator.Running | None = None


def available() -> bool:
    """Whether there is a mini-program to speak for."""
    return _client is not None


def client() -> Client:
    """The client of this process.

    Raises:
        NotConfigured: none; in production without a mini-program, for one.
    """
    if _client is None:
        raise NotConfigured("any")
    return _client


def push_keys() -> PushKeys:
    """What messages pushed to this service are proven with.

    Raises:
        NotConfigured: no messages are taken.
    """
    if _keys is None:
        raise NotConfigured("push")
    return _keys


def running_emulator() -> emulator.Running | None:
    """The emulator inside this process, if there is one."""
    return _emulator


def use(new: Client | None, keys: PushKeys | None = None) -> Client | None:
    """Set the client of this process; answers the one before. For tests and for the start."""
    global _client, _keys
    before, _client, _keys = _client, new, keys
    return before


@asynccontextmanager
async def connected(
    settings: Settings, *, with_emulator: bool = False, push_to: str | None = None
) -> AsyncIterator[None]:
    """A client at hand while the block runs, as far as the settings name a mini-program.

    Without one, development has an emulator on a free loopback port if asked to; it pushes its
    events to the address ``push_to``.

    Opens no connection yet: WeChat being down does not keep the service from starting.
    """
    global _emulator
    async with AsyncExitStack() as stack:
        config, keys = Config.of(settings), PushKeys.of(settings)
        if config is None and with_emulator and not settings.production:
            _emulator = await stack.enter_async_context(emulator.running())
            config = Config(
                emulator.APP_ID,
                emulator.APP_SECRET,
                _emulator.url,
                Version(settings.wechat_version),
            )
            keys = PushKeys(emulator.APP_ID, emulator.PUSH_TOKEN, emulator.AES_KEY)
            if push_to is not None:
                _emulator.pushes.target = PushTarget(push_to, keys)
        if config is None:
            yield
            return
        opened = Client(config)
        before_keys = _keys
        before = use(opened, keys)
        try:
            yield
        finally:
            use(before, before_keys)
            _emulator = None
            await opened.close()
