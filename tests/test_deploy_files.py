"""The files under deploy/ speak of settings and commands that exist, and of all of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from itertools import pairwise
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli import cli
from core.settings import DEVELOPMENT_SECRET, Settings, load
from media.formats import FORMATS, WIDTHS
from media.photos import photo_path

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
ENVIRONMENT = DEPLOY / "houjie.env.example"
NGINX = (DEPLOY / "nginx" / "houjie.conf").read_text(encoding="utf-8")

# Read where state is kept, before there are settings: core/embedded_postgres/places.py.
BEFORE_SETTINGS = {"LEYE_HOME"}
SETTINGS = {
    str(field.validation_alias or f"LEYE_{name.upper()}")
    for name, field in Settings.model_fields.items()
}
_VARIABLE = re.compile(r"\b(?:LEYE_[A-Z_]+|DATABASE_URL|REDIS_URL)\b")
_ASSIGNED = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)


def unit(path: Path) -> dict[str, list[str]]:
    """The lines of a unit's [Service] by name, in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_settings_that_exist_are_named(path: Path) -> None:
    named = set(_VARIABLE.findall(path.read_text(encoding="utf-8")))
    assert named <= SETTINGS | BEFORE_SETTINGS


def test_the_example_explains_every_setting() -> None:
    lines = ENVIRONMENT.read_text(encoding="utf-8").splitlines()
    explained = set()
    for before, line in pairwise(lines):
        if match := _ASSIGNED.match(line):
            assert before.startswith("# "), f"{match[1]} has no explanation above it"
            explained.add(match[1])
    assert explained == SETTINGS | BEFORE_SETTINGS


def test_the_example_is_accepted_once_it_has_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    text = ENVIRONMENT.read_text(encoding="utf-8")
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
    with pytest.raises(Exception, match="LEYE_SECRET: must be set"):
        load()
    monkeypatch.setenv("LEYE_SECRET", "4f1c92d07ab35e68" * 4)
    assert load().production


def test_the_example_s_defaults_are_the_code_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    default = load()
    text = ENVIRONMENT.read_text(encoding="utf-8")
    for name, value in re.findall(r"^#([A-Z_]+)=(.*)$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
        assert load() == default, name
        monkeypatch.delenv(name)


def test_no_file_holds_a_secret() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert DEVELOPMENT_SECRET not in text
        assert not re.search(r"LEYE_SECRET=\S", text)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_run_commands_and_options_that_exist(path: Path) -> None:
    (line,) = unit(path)["ExecStart"]
    program, name, *arguments = line.split()
    assert program == "/srv/houjie/.venv/bin/leye"
    command = get_command(cli).commands[name]  # type: ignore[attr-defined]  # a group of commands
    options = {option for parameter in command.params for option in parameter.opts}
    options |= {option for parameter in command.params for option in parameter.secondary_opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= options


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_give_the_service_no_more_than_it_needs(path: Path) -> None:
    service = unit(path)
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "PrivateDevices"):
        assert service[name] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["User"] == ["houjie"]
    assert service["StateDirectory"] == ["houjie"]
    assert service["EnvironmentFile"][0] == "/etc/houjie/houjie.env"
    writable = service.get("ReadWritePaths", [])
    assert writable == (["/var/backups/houjie"] if path.stem == "leye-backup" else [])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for path in DEPLOY.glob("systemd/*"):
        text = path.read_text(encoding="utf-8").replace("/srv/houjie/.venv/bin/leye", "/bin/true")
        (tmp_path / path.name.replace("@.", "@8000.")).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    ours = [line for line in done.stderr.splitlines() if "leye" in line]
    assert not ours, done.stderr


def test_nginx_serves_the_pictures_that_the_service_names() -> None:
    found = re.search(r'location ~ "(\^/media/.*)" \{', NGINX)
    assert found is not None
    pattern = re.compile(found[1].replace("(?<", "(?P<"))
    for width in WIDTHS:
        for file_format in FORMATS:
            match = pattern.fullmatch(photo_path("k" * 22, width, file_format))
            assert match is not None
            assert (match["shelf"], match["picture"]) == ("kk", f"{'k' * 22}-{width}.{file_format}")
    for path in (
        "/media/../secret-360.webp",
        "/media/a/b-360.webp",
        "/media/kkkkkkkk-360.php",
        "/media/private/kkkkkkkk-360.webp",
        "/media/originals/kkkkkkkk",
    ):
        assert pattern.fullmatch(path) is None


def test_nginx_logs_neither_queries_nor_tokens() -> None:
    found = re.search(r"log_format houjie (.*?);", NGINX, re.DOTALL)
    assert found is not None
    hidden = ("$request_uri", "$request ", '$request"', "$args", "$query_string", "$uri", "referer")
    assert not [name for name in hidden if name in found[1]]
    assert re.search(r'"~\^/q/"\s+/q/-;', NGINX)
    assert set(re.findall(r"access_log (.*?);", NGINX)) == {
        "off",
        "/var/log/nginx/houjie.access.log houjie",
    }
    assert all(level.endswith(" crit") for level in re.findall(r"error_log (.*?);", NGINX))


def test_nginx_hands_on_who_calls_and_sockets() -> None:
    for line in (
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $houjie_connection;",
    ):
        assert line in NGINX


def test_pgbouncer_lends_connections_for_a_transaction() -> None:
    parser = RawConfigParser(inline_comment_prefixes=None)
    parser.read_string((DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8"))
    assert parser["pgbouncer"]["pool_mode"] == "transaction"
