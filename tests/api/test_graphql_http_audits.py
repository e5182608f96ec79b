"""All audits of the GraphQL-over-HTTP specification pass, run by its own package in Node."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from api.edge.stack import guard
from tests.api.live_server import serving
from tests.api.test_graphql_http import endpoint

HERE = Path(__file__).parent / "graphql_http_audits"
NUMBER_OF_AUDITS = 61
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")

node, npm = shutil.which("node"), shutil.which("npm")


async def run(*command: str, cwd: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def installed(cache: Path) -> Path:
    """The audits with their package, installed once for each lock file."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = cache / f"graphql-http-audits-{digest}"
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "audit.js"):
        shutil.copy(HERE / name, folder)
    assert npm
    code, output = await run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    if code and any(sign in output for sign in OFFLINE):
        pytest.skip("npm reaches no registry and the audits are not in its cache")
    assert code == 0, output
    (folder / "complete").touch()
    return folder


@pytest.mark.skipif(not (node and npm), reason="Node is not installed")
async def test_all_audits_pass(pytestconfig: pytest.Config) -> None:
    assert node
    cache = pytestconfig.rootpath / ".pytest_cache"
    folder = await installed(cache)
    app = guard(endpoint(), lifecycle=Lifecycle(), metrics=Metrics())
    async with serving(app) as live:
        code, output = await run(node, str(folder / "audit.js"), f"{live.url}/", cwd=folder)
    assert code == 0, output
    audits = [json.loads(line) for line in output.splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == NUMBER_OF_AUDITS
