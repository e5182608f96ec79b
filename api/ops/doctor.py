"""The examination of a deployment: every part it stands on, one after the other."""

from __future__ import annotations

import asyncio

from api.ops import checks_here, checks_inside, checks_servers
from api.ops.findings import Finding, State, Tell, failure, good, skipped
from api.runtime import Ground, ground
from core.database import connected
from core.embedded_postgres import EmbeddedPostgresError
from core.settings import Settings, SettingsError, settings

_DATABASE_SECONDS = 15


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


async def _examine_servers(here: Ground, tell: Tell) -> None:
    tell(await checks_servers.redis_server(_redis_url(here.settings)))
    async with connected(here.config):
        reached = await checks_servers.database(here)
        tell(reached)
        if reached.state is State.FAILURE:
            return
        for check in checks_servers.OF_DATABASE:
            tell(await check(here))
        for name, check in checks_inside.OF_CONTENTS:
            try:
                async with asyncio.timeout(_DATABASE_SECONDS):
                    tell(await check(here))
            except checks_inside.NOT_MIGRATED:
                tell(skipped(name, "waits for the migrations"))
            except TimeoutError:
                tell(skipped(name, f"took more than {_DATABASE_SECONDS} s"))


def _redis_url(configured: Settings) -> str | None:
    return configured.redis_url.get_secret_value() if configured.redis_url else None
