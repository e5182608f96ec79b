"""``leye keys rotate``: a process of its own, which may be killed, and goes on when run again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.audit import AuditEntry
from core.crypto import UnknownKey, reveal, ring
from core.database import fetch
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account
from management.models import DocumentKind, Person
from management.people.documents import read_document
from management.people.persons import find_or_add
from tests import factories
from tests.commands import ROOT
from tests.commands import leye as run_leye
from tests.core.rotating import NEW, OLD, caller, joined, keys, under

PHONES = [f"1380000200{index}" for index in range(5)]
Rings = tuple[tuple[str, str], ...]


class Town:
    """Some people, sealed under the old keys, and the command beside them."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url, self._folder = database_url, folder
        self.numbers = [factories.document_number() for _ in PHONES]

    async def settle(self) -> Town:
        with keys(OLD):
            for phone, number in zip(PHONES, self.numbers, strict=True):
                await factories.person(await caller(phone), name="张三丰", number=number)
        return self

    def environment(self, *rings: tuple[str, str]) -> dict[str, str]:
        sealing, indexing = joined(*rings)
        return {
            **os.environ,
            "DATABASE_URL": self._database_url,
            "REDIS_URL": "",
            "LEYE_HOME": str(self._folder),
            "LEYE_FIELD_KEYS": sealing,
            "LEYE_INDEX_KEYS": indexing,
            "COLUMNS": "200",
        }

    async def rotate(self, *rings: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        environment = self.environment(*rings)
        return await asyncio.to_thread(run_leye, "keys", "rotate", environment=environment)

    async def opens_with(self, *rings: tuple[str, str]) -> None:
        """Everything is read, and found by its index, with these keys alone."""
        with keys(*rings):
            for phone, number in zip(PHONES, self.numbers, strict=True):
                indexes = ring().indexes(phone, table="account", column="phone_index")
                account = await Account.get(phone_index__in=indexes)
                assert reveal(account, "phone") == phone
                document = read_document(DocumentKind.MAINLAND_ID, number)
                async with work(SYSTEM):
                    known = await find_or_add(document, name="张三丰")
                assert (known.new, known.same_name) == (False, True)
                assert known.person.account_id == account.id
                assert reveal(known.person, "number") == number


@pytest.fixture
async def town(committed_db: None, database_url: str, tmp_path: Path) -> Town:
    return await Town(database_url, tmp_path).settle()


async def test_after_a_rotation_everything_opens_with_the_new_key_alone(town: Town) -> None:
    await town.opens_with(OLD)
    await town.opens_with(NEW, OLD)
    done = await town.rotate(NEW, OLD)
    assert done.returncode == 0, done.stderr
    assert f"person.number\t{len(PHONES)} again\t0 left" in done.stdout
    assert f"account.phone_index\t{len(PHONES)} again\t0 left" in done.stdout
    assert "None is left" in done.stderr
    assert await under("s1") == await under("i1") == 0
    await town.opens_with(NEW)
    with keys(OLD), pytest.raises(UnknownKey):
        reveal(await Person.all().order_by("id").first(), "name")  # type: ignore[arg-type]  # there are some
    again = await town.rotate(NEW)  # the old keys are off the list
    assert again.returncode == 0, again.stderr
    assert "0 values" in again.stderr
    noted = await AuditEntry.filter(action="rotateKeys").order_by("id")
    assert [entry.details["done"] for entry in noted] == [8 * len(PHONES), 0]
    for secret in (*OLD, *NEW, *PHONES, *town.numbers):
        assert secret.split(":")[-1] not in done.stdout + done.stderr


async def test_a_rotation_that_was_killed_goes_on_where_it_was(town: Town) -> None:
    last = await Person.all().order_by("-id").first()
    assert last is not None
    async with work(SYSTEM):
        await Person.filter(id=last.id).select_for_update().get()  # it comes as far as this
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api", "keys", "rotate",
            env=town.environment(NEW, OLD), cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        await _somebody_waits(process)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    # Accounts are done, people are not; whoever works with both keys notices nothing.
    assert await under("s1") > 0
    assert await under("s2") > 0
    await town.opens_with(NEW, OLD)
    done = await town.rotate(NEW, OLD)
    assert done.returncode == 0, done.stderr
    assert "account.phone\t" not in done.stdout  # what was done is not done again
    assert f"person.number\t{len(PHONES)} again\t0 left" in done.stdout
    assert await under("s1") == await under("i1") == 0
    await town.opens_with(NEW)


async def _somebody_waits(process: asyncio.subprocess.Process) -> None:
    """Until the process stands before a row that is locked in the transaction here."""
    waiting = (
        "SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
    )
    async with asyncio.timeout(60):
        while not await fetch(waiting):
            assert process.returncode is None


async def test_without_the_old_key_nothing_is_rotated_and_nothing_lost(town: Town) -> None:
    done = await town.rotate(NEW)
    assert done.returncode == 1
    assert "key s1" in done.stderr
    assert "put it back" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    await town.opens_with(OLD)
