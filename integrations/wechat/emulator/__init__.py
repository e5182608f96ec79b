"""A stand-in for WeChat's servers with their rules and a memory; never in production."""

from integrations.wechat.emulator.app import make_app
from integrations.wechat.emulator.personas import PERSONAS, Persona
from integrations.wechat.emulator.running import Running, running
from integrations.wechat.emulator.world import AES_KEY, APP_ID, APP_SECRET, PUSH_TOKEN, World

__all__ = [
    "AES_KEY",
    "APP_ID",
    "APP_SECRET",
    "PERSONAS",
    "PUSH_TOKEN",
    "Persona",
    "Running",
    "World",
    "make_app",
    "running",
]
