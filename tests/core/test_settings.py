"""Settings: bad values are named and never shown; production refuses what is for trying out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from api.assembly import key_ring
from core.settings import (
    DEVELOPMENT_SECRET,
    MINIMUM_SECRET_LENGTH,
    Settings,
    SettingsError,
    load,
    settings,
)

GOOD_SECRET = "a secret of the tests that is long enough"
PRODUCTION = {
    "LEYE_ENV": "production",
    "LEYE_SECRET": GOOD_SECRET,
    "LEYE_PUBLIC_URL": "https://leye.example.cn",
    "DATABASE_URL": "postgresql://leye:canary-password@db.example.cn/leye",
    "REDIS_URL": "rediss://:canary-password@redis.example.cn:6379/0",
}


def variable(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or f"LEYE_{name.upper()}")


VARIABLES = {variable(name) for name in Settings.model_fields}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment without any of our variables."""
    for name in [name for name in os.environ if name in VARIABLES or name.startswith("LEYE_")]:
        monkeypatch.delenv(name)
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load()


def complaints(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        loaded(monkeypatch, **variables)
    return str(refusal.value).splitlines()


def test_an_empty_environment_is_a_development_set_up() -> None:
    found = load()
    assert (found.env, found.production) == ("development", False)
    assert found.database_url is found.redis_url is None


BAD = [
    ("LEYE_ENV", "canary"),
    ("DATABASE_URL", "mysql://root:canary@127.0.0.1/leye"),
    ("DATABASE_URL", "canary"),
    ("REDIS_URL", "http://canary"),
    ("LEYE_DATABASE_POOL", "canary"),
    ("LEYE_DATABASE_POOL", "0"),
    ("LEYE_DATABASE_POOL", "201"),
    ("LEYE_STATEMENT_CACHE", "-1"),
    ("LEYE_PUBLIC_URL", "canary.example.cn"),
    ("LEYE_PUBLIC_URL", "https://canary.example.cn/path"),
    ("LEYE_PUBLIC_URL", "https://canary.example.cn?query"),
    ("LEYE_PUBLIC_URL", "https://user@canary.example.cn"),
    ("LEYE_TRUSTED_PROXIES", "10.0.0.0/8, canary"),
    ("LEYE_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("LEYE_TRUSTED_PROXIES", "::canary/64"),
    ("LEYE_CORS_ORIGINS", "*"),
    ("LEYE_CORS_ORIGINS", "https://a.example.cn,canary"),
    ("LEYE_CORS_ORIGINS", "https://canary.example.cn/"),
    ("LEYE_STAFF_IDLE_MINUTES", "4"),
    ("LEYE_STAFF_IDLE_MINUTES", "canary"),
    ("LEYE_OPERATION_SECONDS", "0"),
    ("LEYE_OPERATION_SECONDS", "61"),
    ("LEYE_OPERATION_SECONDS", "nan"),
    ("LEYE_ONLY_TRUSTED_DOCUMENTS", "canary"),
    ("LEYE_WECHAT_APP_ID", "canary"),
    ("LEYE_WECHAT_PUSH_TOKEN", "canary canary"),
    ("LEYE_WECHAT_PUSH_AES_KEY", "canary"),
    ("LEYE_WECHAT_API_URL", "canary"),
    ("LEYE_WECHAT_VERSION", "canary"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (line,) = complaints(environment, **{name: value})
    assert line.startswith(f"{name}: ")
    assert "canary" not in line
    assert len(line) > len(name) + 10


def test_every_bad_value_has_a_line_of_its_own(environment: pytest.MonkeyPatch) -> None:
    lines = complaints(
        environment, LEYE_DATABASE_POOL="x", LEYE_PUBLIC_URL="x", DATABASE_URL="x", LEYE_ENV="x"
    )
    assert {line.split(":")[0] for line in lines} == {
        "LEYE_DATABASE_POOL",
        "LEYE_PUBLIC_URL",
        "DATABASE_URL",
        "LEYE_ENV",
    }


def test_an_empty_variable_is_as_good_as_none(environment: pytest.MonkeyPatch) -> None:
    found = loaded(environment, DATABASE_URL="", LEYE_SECRET="", LEYE_DATABASE_POOL="")
    assert found == Settings()
    assert found.secret.get_secret_value() == DEVELOPMENT_SECRET


def test_lists_are_comma_separated(environment: pytest.MonkeyPatch) -> None:
    found = loaded(
        environment,
        LEYE_TRUSTED_PROXIES=" 10.0.0.0/8, 127.0.0.1 ,fd00::/8,",
        LEYE_CORS_ORIGINS="https://a.example.cn,http://127.0.0.1:3000",
    )
    assert [ip_network(text).version for text in found.trusted_proxies] == [4, 4, 6]
    assert found.cors_origins == ("https://a.example.cn", "http://127.0.0.1:3000")


# What has to fit together


def test_field_and_index_keys_go_together(environment: pytest.MonkeyPatch) -> None:
    (line,) = complaints(environment, LEYE_FIELD_KEYS="k1:" + "ab" * 32)
    assert line.startswith("LEYE_INDEX_KEYS: ")
    environment.delenv("LEYE_FIELD_KEYS")
    (line,) = complaints(environment, LEYE_INDEX_KEYS="k1:" + "ab" * 32)
    assert line.startswith("LEYE_FIELD_KEYS: ")


def test_keys_that_are_no_keys_are_refused_at_the_start(environment: pytest.MonkeyPatch) -> None:
    found = loaded(environment, LEYE_FIELD_KEYS="canary", LEYE_INDEX_KEYS="canary")
    with pytest.raises(SettingsError) as refusal:
        key_ring(found)
    assert "LEYE_FIELD_KEYS" in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_app_id_and_secret_of_wechat_go_together(environment: pytest.MonkeyPatch) -> None:
    (line,) = complaints(environment, LEYE_WECHAT_APP_ID="wx0123456789abcdef")
    assert line.startswith("LEYE_WECHAT_APP_SECRET: ")
    environment.delenv("LEYE_WECHAT_APP_ID")
    (line,) = complaints(environment, LEYE_WECHAT_APP_SECRET="canary")
    assert line.startswith("LEYE_WECHAT_APP_ID: ")


def test_a_push_key_goes_with_a_token(environment: pytest.MonkeyPatch) -> None:
    (line,) = complaints(environment, LEYE_WECHAT_PUSH_AES_KEY="a" * 43)
    assert line.startswith("LEYE_WECHAT_PUSH_TOKEN: ")


def test_only_trusted_documents_needs_their_folder(environment: pytest.MonkeyPatch) -> None:
    (line,) = complaints(environment, LEYE_ONLY_TRUSTED_DOCUMENTS="true")
    assert line.startswith("LEYE_TRUSTED_DOCUMENTS: ")


# Production


def test_a_complete_production_set_up_is_accepted(environment: pytest.MonkeyPatch) -> None:
    assert loaded(environment, **PRODUCTION).production


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"LEYE_SECRET": ""}, "LEYE_SECRET"),
        ({"LEYE_SECRET": DEVELOPMENT_SECRET}, "LEYE_SECRET"),
        ({"LEYE_SECRET": "canary".ljust(MINIMUM_SECRET_LENGTH - 1, "x")}, "LEYE_SECRET"),
        ({"LEYE_PREVIOUS_SECRETS": DEVELOPMENT_SECRET}, "LEYE_PREVIOUS_SECRETS"),
        ({"LEYE_PREVIOUS_SECRETS": f"{GOOD_SECRET} too,canary"}, "LEYE_PREVIOUS_SECRETS"),
        ({"LEYE_PUBLIC_URL": "http://leye.example.cn"}, "LEYE_PUBLIC_URL"),
        ({"LEYE_PUBLIC_URL": ""}, "LEYE_PUBLIC_URL"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"LEYE_WECHAT_API_URL": "http://127.0.0.1:8010"}, "LEYE_WECHAT_API_URL"),
        ({"LEYE_WECHAT_API_URL": "http://api.weixin.qq.com"}, "LEYE_WECHAT_API_URL"),
        ({"LEYE_WECHAT_API_URL": "https://canary.weixin.qq.com"}, "LEYE_WECHAT_API_URL"),
        ({"LEYE_WECHAT_API_URL": "https://api.weixin.qq.com.canary.cn"}, "LEYE_WECHAT_API_URL"),
        ({"LEYE_WECHAT_PUSH_TOKEN": "canary"}, "LEYE_WECHAT_PUSH_AES_KEY"),
    ],
)
def test_production_refuses_what_is_for_trying_out(
    environment: pytest.MonkeyPatch, changes: dict[str, str], name: str
) -> None:
    (line,) = complaints(environment, **{**PRODUCTION, **changes})
    assert line.startswith(f"{name}: ")
    assert "canary" not in line


def test_production_names_everything_at_once(environment: pytest.MonkeyPatch) -> None:
    lines = complaints(environment, LEYE_ENV="production")
    assert [line.split(":")[0] for line in lines] == [
        "LEYE_SECRET",
        "LEYE_PUBLIC_URL",
        "DATABASE_URL",
        "REDIS_URL",
    ]


def test_development_takes_short_secrets(environment: pytest.MonkeyPatch) -> None:
    assert loaded(environment, LEYE_SECRET="short").secret.get_secret_value() == "short"


# Secrets stay secret


def test_no_secret_shows_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    secrets: dict[str, Any] = {
        **PRODUCTION,
        "LEYE_SECRET": "canary-1 " + GOOD_SECRET,
        "LEYE_PREVIOUS_SECRETS": "canary-2 " + GOOD_SECRET,
        "LEYE_METRICS_TOKEN": "canary-3",
        "LEYE_FIELD_KEYS": "k1:canary",
        "LEYE_INDEX_KEYS": "k1:canary",
        "LEYE_WECHAT_APP_ID": "wx0123456789abcdef",
        "LEYE_WECHAT_APP_SECRET": "canary-4",
        "LEYE_WECHAT_PUSH_TOKEN": "canary5",
        "LEYE_WECHAT_PUSH_AES_KEY": "canary6".ljust(43, "x"),
    }
    found = loaded(environment, **secrets)
    assert "canary" not in repr(found)
    assert "canary" not in str(found)


def test_settings_never_change(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().database_pool = 5  # type: ignore[misc]  # what is refused here


def test_every_purpose_and_every_secret_has_a_key_of_its_own() -> None:
    found = Settings()
    keys = {
        found.derived_key("tokens"),
        found.derived_key("cursors"),
        found.derived_key("tokens", secret="another"),
    }
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert found.derived_key("tokens") == Settings().derived_key("tokens")
