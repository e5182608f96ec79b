"""Which provider of short messages is used, and that codes are shown in development only."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from core.settings import Settings
from integrations.sms import SmsUnavailable, Template, available, development, sender, use
from integrations.sms.development import LOGGER, DevelopmentSender

PRODUCTION = Settings.model_construct(env="production", secret=SecretStr("x" * 40))


class Provider:
    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> None:
        """Do nothing."""


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.sms.providers.settings", lambda: PRODUCTION)
    monkeypatch.setattr(development, "settings", lambda: PRODUCTION)


async def test_development_shows_the_code_but_not_the_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, logger=LOGGER):
        await sender().send("13800138000", Template.SIGN_IN_CODE, {"code": "042137"})
    assert "code=042137" in caplog.text
    assert "138****8000" in caplog.text
    assert "13800138000" not in caplog.text


def test_production_never_shows_codes(production: None) -> None:
    assert not available()
    with pytest.raises(SmsUnavailable):
        sender()
    with pytest.raises(RuntimeError):
        DevelopmentSender()


def test_a_provider_that_was_set_is_used_in_production_too(production: None) -> None:
    provider = Provider()
    before = use(provider)
    try:
        assert available()
        assert sender() is provider
    finally:
        assert use(before) is provider
