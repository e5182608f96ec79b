"""``leye import tenants``: a list with a fault changes nothing, a good one is taken in once."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from management.models import Residence, Room
from tests import factories
from tests.commands import leye
from tests.management.support import some_grids

Done = subprocess.CompletedProcess[str]


@pytest.fixture
async def room(committed_db: None) -> Room:
    await some_grids()
    return await factories.room(await factories.place(name="样例楼"))


async def test_a_list_is_checked_tried_and_taken_in(
    room: Room, database_url: str, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "LEYE_HOME": str(tmp_path),
        "COLUMNS": "200",
    }
    number = factories.document_number()
    file = tmp_path / "tenants.csv"

    async def taken_in(*more: str) -> Done:
        return await asyncio.to_thread(
            leye, "import", "tenants", file, "--from", "样例公寓", *more, environment=environment
        )

    header = "房间编码,姓名,证件号码,入住日期"
    file.write_text(f"{header}\n{room.code},样例租客,{number},某天\n", "gb18030")
    wrong = await taken_in()
    assert wrong.returncode == 1
    assert "starts_on" in wrong.stdout
    assert number not in wrong.stdout + wrong.stderr
    assert "nothing was written" in wrong.stderr

    file.write_text(f"{header}\n{room.code},样例租客,{number},2026-01-05\n", "gb18030")
    tried = await taken_in("--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "1 registered" in tried.stdout
    assert not await Residence.exists()

    assert "1 registered" in (await taken_in()).stdout
    assert "1 known already" in (await taken_in()).stdout
    assert await Residence.all().count() == 1
