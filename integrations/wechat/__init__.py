"""WeChat: the mini-program's server calls, the events it pushes, and an emulator of it all."""

from integrations.wechat.client import Client, Config
from integrations.wechat.connection import (
    available,
    client,
    connected,
    push_keys,
    running_emulator,
    use,
)
from integrations.wechat.push import PushEvent, PushKeys, PushRefused

__all__ = [
    "Client",
    "Config",
    "PushEvent",
    "PushKeys",
    "PushRefused",
    "available",
    "client",
    "connected",
    "push_keys",
    "running_emulator",
    "use",
]
