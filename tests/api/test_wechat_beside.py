"""The emulator runs inside a development server and as a command; never in production."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys

import httpx
import pytest
import typer

from api.app import make_service
from api.cli import serving
from api.seed.cast import LANDLORD_PHONE, RESIDENT_PHONE
from core.settings import Settings, settings
from integrations import wechat
from integrations.wechat.emulator import PERSONAS


def test_two_personas_are_the_sample_town_s_tenant_and_landlord() -> None:
    phones = [persona.phone for persona in PERSONAS.values()]
    assert PERSONAS["tenant"].phone == RESIDENT_PHONE
    assert PERSONAS["landlord"].phone == LANDLORD_PHONE
    assert len(set(phones)) == len(phones)
    assert all(re.fullmatch(r"199000\d{5}", phone) for phone in phones)


def test_production_has_no_emulator_command(monkeypatch: pytest.MonkeyPatch) -> None:
    production = Settings.model_construct(env="production")
    monkeypatch.setattr(serving, "settings", lambda: production)
    with pytest.raises(typer.Exit):
        serving.wechat_emulator()


async def test_calls_to_wechat_are_among_the_metrics(tortoise: None) -> None:
    service = make_service(settings(), {})
    assert b"leye_wechat_calls" in service.metrics.text()


async def test_the_command_serves_the_personas_and_ends_when_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from api.cli import main; main()"),
        *("wechat-emulator", "--port", str(port)),
        env={**os.environ, "LEYE_ENV": "development"},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
            assert process.stderr is not None
            while f"LEYE_WECHAT_API_URL=http://127.0.0.1:{port}" not in (
                (await process.stderr.readline()).decode()
            ):
                assert not process.stderr.at_eof()
            answer = await http.get(f"http://127.0.0.1:{port}/_ctl/personas")
        assert [one["name"] for one in answer.json()] == list(PERSONAS)
    finally:
        process.terminate()
        await process.wait()
    assert not wechat.available()
