"""The examination of a deployment: every part it stands on, one after the other."""

from __future__ import annotations

import asyncio

import structlog
from asyncpg.exceptions import UndefinedColumnError, UndefinedFunctionError, UndefinedTableError
from tortoise.exceptions import OperationalError

from api.ops import checks_here, checks_inside, checks_servers, wechat
from api.ops.findings import Finding, State, Tell, failure, good, skipped
from api.runtime import Ground, ground
from core import redis
from core.database import connected
from core.embedded_postgres import EmbeddedPostgresError
from core.settings import Settings, SettingsError, settings

_DATABASE_SECONDS = 15
_NOT_MIGRATED = (UndefinedTableError, UndefinedColumnError, UndefinedFunctionError)

log = structlog.get_logger("api.ops")


def examine(tell: Tell) -> bool:
    """Check everything; whether nothing failed. Changes nothing, but starts the embedded server."""
    findings: list[Finding] = []

    def heard(finding: Finding) -> None:
        findings.append(finding)
        tell(finding)

    heard(checks_here.python())
    try:
        configured = settings()
    except SettingsError as refusal:
        heard(failure("settings", str(refusal), "Correct these variables; the rest waits for it."))
        return False
    heard(good("settings", f"{configured.env}, every variable can be used"))
    for check in checks_here.OF_SETTINGS:
        heard(check(configured))
    try:
        with ground(configured, quiet=True) as here:
            asyncio.run(_examine_servers(here, heard))
    except SettingsError as refusal:
        heard(failure("settings", str(refusal), "Correct these variables."))
    except EmbeddedPostgresError as refusal:
        heard(failure("database", str(refusal), "Do as it says, or set DATABASE_URL."))
    return all(finding.state is not State.FAILURE for finding in findings)


def examine_wechat(tell: Tell) -> bool:
    """Check each step of setting WeChat up; whether none failed. Sends nothing to anybody."""
    findings: list[Finding] = []

    def heard(finding: Finding) -> None:
        findings.append(finding)
        tell(finding)

    try:
        with ground(settings(), quiet=True) as here:
            asyncio.run(_examine_wechat(here, heard))
    except SettingsError as refusal:
        heard(failure("settings", str(refusal), "Correct these variables."))
    except EmbeddedPostgresError as refusal:
        heard(failure("database", str(refusal), "Do as it says, or set DATABASE_URL."))
    return all(finding.state is not State.FAILURE for finding in findings)


async def _examine_wechat(here: Ground, tell: Tell) -> None:
    async with redis.connected(_redis_url(here.settings)), connected(here.config):
        await wechat.examine(here.settings, tell)


async def _examine_servers(here: Ground, tell: Tell) -> None:
    tell(await checks_servers.redis_server(_redis_url(here.settings)))
    async with connected(here.config):
        reached = await checks_servers.database(here)
        tell(reached)
        if reached.state is State.FAILURE:
            return
        for name, check in (*checks_servers.OF_DATABASE, *checks_inside.OF_CONTENTS):
            tell(await _checked(name, check, here))


async def _checked(name: str, check: checks_servers.Check, here: Ground) -> Finding:
    """One check, which ends in a finding whatever happens: the next ones are wanted too."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            return await check(here)
    except TimeoutError:
        return skipped(name, f"took more than {_DATABASE_SECONDS} s")
    except Exception as error:  # a fault nobody thought of is a finding as well
        if isinstance(error, OperationalError) and isinstance(error.args[0], _NOT_MIGRATED):
            return skipped(name, "waits for the migrations")
        log.warning("doctor.check_failed", check=name, exc_info=error)
        return failure(name, f"could not be checked ({type(error).__name__})", "See the log.")


def _redis_url(configured: Settings) -> str | None:
    return configured.redis_url.get_secret_value() if configured.redis_url else None
