"""A backup is whole or refused, a restore done or undone, and the doctor sees what is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from api.ops import checks_here, checks_servers
from api.ops.archive import DUMP, MANIFEST, MEDIA, ArchiveWriter, opened
from api.ops.database import fingerprints
from api.ops.errors import OperationRefused
from api.ops.findings import Finding, State
from api.ops.programs import Programs, find_programs
from core.database import credentials
from core.settings import Settings
from tests.commands import leye

ROOT = Path(__file__).parents[2]
_ALONE = 0x0B5
SECRET = "a-master-secret-of-the-sample-town-0123456789"
OTHER_SECRET = "another-master-secret-of-that-town-9876543210"
PICTURES = {
    f"{key}-360.webp": f"picture {key}".encode() for key in ("aa111111", "bb222222", "ee444444")
}
PRIVATE = {"ee444444-360.webp", "ff555555-720.jpg"}
LOCKED = {"0" * 31 + "1", "0" * 31 + "2"}


@dataclass(frozen=True)
class Town:
    """A deployment of its own: database, folders, secret."""

    url: str
    folder: Path
    secret: str = SECRET

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def archive(self) -> Path:
        return self.folder / "town.tar"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from api.cli import main; main()", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        ours = {
            "DATABASE_URL": self.url,
            "REDIS_URL": "",
            "LEYE_SECRET": self.secret,
            "LEYE_HOME": str(self.folder),
            "LEYE_MEDIA_DIR": str(self.media),
            "COLUMNS": "200",
        }
        return {**os.environ, **ours, **more}

    def leye(self, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return leye(*arguments, environment=self.environment(**more))

    def must(self, *arguments: str | Path, **more: str) -> str:
        done = self.leye(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *arguments: str | Path, **more: str) -> str:
        done = self.leye(*arguments, **more)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def do(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self) -> dict[str, str]:
        """A digest of the rows of each table."""
        digest = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
        with psycopg.connect(self.url) as connection:
            names = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r'"
            ).fetchall()
            found = {}
            for (name,) in names:
                row = connection.execute(sql.SQL(digest).format(sql.Identifier(name))).fetchone()
                assert row is not None
                found[name] = row[0]
            return found

    def pictures(self) -> dict[str, bytes]:
        found = (file for file in self.media.rglob("*") if file.is_file())
        return {file.name: file.read_bytes() for file in found}

    def keep(self, name: str, data: bytes) -> None:
        path = self.media / ("private" if name in PRIVATE else "") / name[:2] / name
        if name in LOCKED:
            path = self.media / "locked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def state(self) -> object:
        """Everything that a refused restore must leave as it was."""
        return self.rows(), self.pictures(), neighbours(self.url)

    def found(self, **more: str) -> dict[str, str]:
        """The doctor's states by name; failures must set the exit status."""
        done = self.leye("doctor", "--json", **more)
        told = json.loads(done.stdout)
        states = {check["name"]: check["state"] for check in told["checks"]}
        assert all(check["remedy"] for check in told["checks"] if check["state"] == "FAILURE")
        assert done.returncode == int("FAILURE" in states.values()) == int(not told["ok"])
        return states


def named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def neighbours(url: str) -> list[str]:
    """Databases of the server whose names begin like ours."""
    name = credentials(url)["database"]
    with psycopg.connect(named(url, "postgres")) as admin:
        found = admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [name]
        )
        return [row[0] for row in found]


def on_server(url: str, statement: str, *names: str) -> None:
    with psycopg.connect(named(url, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def database(server_url: str, *, template: str = "template0", options: str = "") -> Iterator[str]:
    name = f"leye_ops_{secrets.token_hex(4)}"
    on_server(server_url, f"CREATE DATABASE {{}} TEMPLATE {{}} {options}", name, template)
    url = named(server_url, name)
    try:
        yield url
    finally:
        for leftover in neighbours(url):
            on_server(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", leftover)


@pytest.fixture
def alone(server_url: str) -> Iterator[None]:
    """One test after the other, in all processes: a server bears one restore at a time."""
    with psycopg.connect(named(server_url, "postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_ALONE])
        yield


@pytest.fixture(scope="module")
def model(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A small deployment that the commands themselves set up; tests work on copies of it."""
    with database(server_url) as url:
        town = Town(url, tmp_path_factory.mktemp("model"))
        town.must("migrate")
        town.must("grids", "load")
        post = ("--role", "SUPERVISOR", "--grid", "441900122", "--password", "sample-Password-2015")
        town.must("staff", "add", "supervisor1", "--name", "样例主管", *post)
        yield town


@pytest.fixture
def town(model: Town, alone: None, server_url: str, tmp_path: Path) -> Iterator[Town]:
    with database(server_url, template=credentials(model.url)["database"]) as url:
        made = Town(url, tmp_path)
        for name, data in PICTURES.items():
            made.keep(name, data)
        yield made


@pytest.fixture(scope="module")
def made(model: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the model with its pictures: what a backup of any copy would hold."""
    source = replace(model, folder=tmp_path_factory.mktemp("made"))
    for name, data in PICTURES.items():
        source.keep(name, data)
    source.must("backup", source.archive)
    return source.archive


@pytest.fixture
def empty(alone: None, server_url: str, tmp_path: Path) -> Iterator[Town]:
    """Another deployment with nothing in it."""
    with database(server_url) as url:
        folder = tmp_path / "empty"
        folder.mkdir()
        yield Town(url, folder)


def rewritten(
    source: Path,
    target: Path,
    change: Callable[[str, bytes], bytes],
    more: Mapping[str, bytes] | None = None,
) -> None:
    """A copy whose hashes fit, but whose members were changed, or with more of them."""
    with tarfile.open(source) as old, target.open("w+b") as file:
        writer = ArchiveWriter(file)
        for member in old:
            file_in = old.extractfile(member)
            if member.name != "SHA256SUMS" and file_in is not None:
                writer.add(member.name, change(member.name, file_in.read()))
        for name, data in (more or {}).items():
            writer.add(name, data)
        writer.finish()


def with_manifest(source: Path, target: Path, **values: Any) -> None:
    def change(name: str, data: bytes) -> bytes:
        return json.dumps({**json.loads(data), **values}).encode() if name == MANIFEST else data

    rewritten(source, target, change)


def manifest_of(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as tar:
        file = tar.extractfile(MANIFEST)
        assert file is not None
        found: dict[str, Any] = json.load(file)
        return found


def test_what_is_restored_equals_what_was_backed_up(town: Town) -> None:
    town.keep(min(LOCKED), b"locked")
    before = town.rows(), town.pictures()
    town.must("backup", town.archive)
    town.do("UPDATE grid SET name_en = 'changed'", "DELETE FROM grid_post")
    (town.media / "aa" / "aa111111-360.webp").unlink()
    town.keep("bb222222-360.webp", b"damaged")
    (town.media / "private" / "ee" / "ee444444-360.webp").unlink()
    town.keep("cc333333-720.jpg", b"added since")
    town.keep("ff555555-720.jpg", b"private, added since")
    (town.media / "locked" / min(LOCKED)).unlink()
    town.keep(max(LOCKED), b"locked, added since")
    assert (town.rows(), town.pictures()) != before
    town.must("restore", town.archive, "--replace")
    assert (town.rows(), town.pictures()) == before
    assert len(neighbours(town.url)) == 1


def test_a_backup_moves_into_a_missing_database(model: Town, made: Path, empty: Town) -> None:
    on_server(empty.url, "DROP DATABASE {} WITH (FORCE)", credentials(empty.url)["database"])
    empty.must("restore", made)
    assert (empty.rows(), empty.pictures()) == (model.rows(), PICTURES)


def test_a_database_that_was_only_migrated_counts_as_empty(
    model: Town, made: Path, empty: Town
) -> None:
    empty.must("migrate")
    empty.must("restore", made)
    assert (empty.rows(), empty.pictures()) == (model.rows(), PICTURES)


def test_a_database_with_rows_is_not_replaced_unasked(town: Town, made: Path) -> None:
    town.do("UPDATE grid SET name_en = 'changed'")
    before = town.state()
    assert "not empty" in town.refuses("restore", made)
    assert town.state() == before


def test_a_database_in_use_is_not_replaced(town: Town, made: Path) -> None:
    with psycopg.connect(town.url):
        assert "sessions are connected" in town.refuses("restore", made, "--replace")
    assert len(neighbours(town.url)) == 1


def damaged(source: Path, target: Path, part: str) -> Path:
    """A copy with one flipped bit in a part, cut in half, or something else altogether."""
    data = bytearray(source.read_bytes())
    if part == "cut":
        del data[len(data) // 2 :]
    elif part in {"empty", "text"}:
        data = bytearray(b"" if part == "empty" else b"not an archive\n" * 1000)
    else:
        with tarfile.open(source) as tar:
            member = next(found for found in tar if found.name.startswith(part))
        data[member.offset_data + member.size // 2] ^= 1
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("part", [DUMP, MEDIA, MANIFEST, "SHA256SUMS", "cut", "empty", "text"])
def test_a_damaged_archive_is_not_opened(made: Path, tmp_path: Path, part: str) -> None:
    path = damaged(made, tmp_path / "damaged.tar", part)
    with pytest.raises(OperationRefused, match="backup"), opened(path, lambda *_: None):
        pass


def test_a_damaged_archive_changes_nothing(town: Town, made: Path) -> None:
    path = damaged(made, town.archive, DUMP)
    town.do("UPDATE grid SET name_en = 'changed'")
    before = town.state()
    assert "does not match its hash" in town.refuses("restore", path, "--replace")
    assert town.state() == before


@pytest.mark.parametrize("lie", ["tables", "audit_anchors", "dump", "picture"])
def test_what_shows_only_after_loading_changes_nothing(made: Path, empty: Town, lie: str) -> None:
    told, forged = manifest_of(made), empty.folder / "forged.tar"
    if lie == "tables":
        with_manifest(made, forged, tables={**told["tables"], "grid": 1})
    elif lie == "audit_anchors":
        zeros = "\n".join(line[:-64] + "0" * 64 for line in told["audit_anchors"].splitlines())
        with_manifest(made, forged, audit_anchors=zeros)
    elif lie == "dump":
        rewritten(made, forged, lambda name, data: data[:-4000] if name == DUMP else data)
    else:
        rewritten(made, forged, lambda _, data: data, {f"{MEDIA}zz999999-360.exe": b"no picture"})
    before = empty.state()
    empty.refuses("restore", forged)
    assert empty.state() == before


def test_a_restore_that_is_killed_has_changed_nothing(town: Town, made: Path) -> None:
    town.do("UPDATE grid SET name_en = 'changed'")
    before = town.rows(), town.pictures()
    process = subprocess.Popen(
        town.command("restore", str(made), "--replace"),
        env=town.environment(),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while len(neighbours(town.url)) == 1:
        assert time.monotonic() < end
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (town.rows(), town.pictures()) == before
    town.must("restore", made, "--replace")
    assert len(neighbours(town.url)) == 1


def test_another_secret_is_refused_unless_the_loss_is_accepted(
    model: Town, made: Path, empty: Town
) -> None:
    (mark,) = manifest_of(made)["secrets"]
    stranger = replace(empty, secret=OTHER_SECRET)
    before = stranger.state()
    assert mark in stranger.refuses("restore", made)
    assert stranger.state() == before
    stranger.must("restore", made, LEYE_PREVIOUS_SECRETS=SECRET)
    stranger.must("restore", made, "--replace", "--without-secret")
    assert stranger.rows() == model.rows()


def test_every_key_that_data_depends_on_has_a_fingerprint() -> None:
    key, other = "0f" * 32, "1e" * 32
    keys = {"field_keys": f"k2:{key},a1:k1:{other}", "index_keys": f"i1:{other}"}
    marks = fingerprints(configured(secret=SECRET, previous_secrets=OTHER_SECRET, **keys))
    kinds = [mark.rpartition(":")[0] for mark in marks]
    assert kinds == ["secret", "secret", "field:k2", "field:a1:k1", "index:i1"]
    assert marks[0] == fingerprints(configured(secret=SECRET))[0]
    assert marks[0] != marks[1]
    assert not [mark for mark in marks if key in mark or other in mark]


def test_no_secret_is_in_a_backup(town: Town) -> None:
    keys = {"LEYE_FIELD_KEYS": f"k1:{'0f' * 32}", "LEYE_INDEX_KEYS": f"k1:{'1e' * 32}"}
    town.must("backup", town.archive, LEYE_PREVIOUS_SECRETS=OTHER_SECRET, **keys)
    with tarfile.open(town.archive) as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            data = file.read()
            for secret in (SECRET, OTHER_SECRET, "0f" * 32, "1e" * 32):
                assert secret.encode() not in data


def test_a_newer_version_s_backup_is_refused(made: Path, empty: Town) -> None:
    newer = empty.folder / "newer.tar"
    steps = [*manifest_of(made)["migrations"], "core.9999_from_the_future"]
    with_manifest(made, newer, migrations=steps)
    assert "newer version" in empty.refuses("restore", newer)
    with_manifest(made, newer, server_major=99)
    assert "older PostgreSQL" in empty.refuses("restore", newer)
    with_manifest(made, newer, format=2)
    with pytest.raises(OperationRefused, match="format 2"), opened(newer, lambda *_: None):
        pass


def test_a_file_is_overwritten_only_when_told(town: Town) -> None:
    town.archive.write_text("precious")
    assert "exists" in town.refuses("backup", town.archive)
    assert town.archive.read_text() == "precious"
    town.must("backup", town.archive, "--force")
    assert tarfile.is_tarfile(town.archive)
    assert town.archive.stat().st_mode & 0o077 == 0


def test_a_backup_into_a_folder_names_its_file_for_the_moment(town: Town) -> None:
    kept = town.folder / "kept"
    kept.mkdir()
    path = Path(town.must("backup", kept).strip())
    assert path.parent == kept
    at = datetime.strptime(path.name, "houjie-%Y%m%dT%H%M%SZ.tar").replace(tzinfo=UTC)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=10)
    assert list(kept.iterdir()) == [path]


def test_a_backup_that_fails_leaves_no_file(empty: Town) -> None:
    assert "nothing to back up" in empty.refuses("backup", empty.archive)
    assert not list(empty.folder.glob("*.tar"))
    assert not list(empty.folder.glob(".backup-*"))
    gone = replace(empty, url=named(empty.url, "leye_ops_not_there"))
    gone.refuses("backup", gone.archive)
    assert not list(empty.folder.glob(".backup-*"))


def test_a_newer_client_s_dump_goes_back_into_an_older_server(town: Town, empty: Town) -> None:
    newest = find_programs(18)
    with psycopg.connect(town.url) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = holder.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        dump = BytesIO()
        newest.dump(credentials(town.url), row[0], dump.write)
    dump.seek(0)
    newest.load(credentials(empty.url), dump)
    assert empty.rows() == town.rows()


def test_programs_are_the_lowest_version_that_will_do() -> None:
    lowest, newest = find_programs(1), find_programs(18)
    assert isinstance(lowest, Programs)
    assert lowest.major <= newest.major
    with pytest.raises(Exception, match="version 99 or newer"):
        find_programs(99)


def test_the_doctor_finds_a_sound_town_sound(town: Town) -> None:
    states = town.found()
    assert "FAILURE" not in states.values()
    assert states["wardens"] == "WARNING"
    assert states["backup"] == "SKIPPED"
    town.must("backup", town.archive)
    assert town.found()["backup"] == "GOOD"
    town.archive.unlink()
    assert town.found()["backup"] == "WARNING"


def test_the_doctor_finds_what_is_wrong_inside(town: Town) -> None:
    town.do(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')",
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)"
        " SELECT 'default', 'sample', 'doing', id FROM procrastinate_workers",
        "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
        " VALUES ('default', 'sample', now() - interval '1 hour')",
        """UPDATE grid SET boundary = '{"type": "Polygon", "coordinates":"""
        """ [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}' WHERE code ="""
        " (SELECT min(code) FROM grid WHERE level = 'GRID')",
        "DELETE FROM tortoise_migrations WHERE app = 'landlord'",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "UPDATE audit_entry SET payload = payload || ' '",
        "UPDATE audit_entry SET hash = sha256('nonsense') WHERE seq ="
        " (SELECT max(seq) FROM audit_entry)",
    )
    states = town.found()
    for name in ("workers", "jobs", "grids", "migrations", "audit trail"):
        assert states[name] == "FAILURE", name


@pytest.mark.parametrize(
    ("app", "ran"), [("core", "0003_audit_trail"), ("notifications", "0001_letters")]
)
def test_a_database_from_before_the_first_release_is_refused_with_what_to_do(
    town: Town, app: str, ran: str
) -> None:
    town.do(
        f"INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('{app}', '{ran}', now())",
        # What would be brought up to date if the history were taken for ours.
        "DELETE FROM tortoise_migrations WHERE app = 'landlord'",
        "DELETE FROM job_schema",
    )
    before = town.rows()
    said = town.refuses("migrate")
    assert "made by a development version" in said
    assert "drop the database, create it, run `leye migrate`" in said
    assert town.rows() == before
    assert town.found()["migrations"] == "FAILURE"


def test_the_doctor_warns_of_jobs_that_were_given_up(town: Town) -> None:
    town.do(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ('default', 'sample', 'failed')",
        "DELETE FROM grid_post",
        "DELETE FROM grid",
    )
    states = town.found()
    assert (states["jobs"], states["grids"]) == ("WARNING", "FAILURE")


def test_the_doctor_says_which_server_does_not_answer(town: Town) -> None:
    states = town.found(
        DATABASE_URL="postgresql://leye@127.0.0.1:1/leye", REDIS_URL="redis://127.0.0.1:1"
    )
    assert (states["database"], states["redis"]) == ("FAILURE", "FAILURE")


def test_the_doctor_names_a_setting_that_can_t_be_used(town: Town) -> None:
    done = town.leye("doctor", LEYE_DATABASE_POOL="many")
    assert done.returncode == 1
    assert "✗ settings" in done.stdout
    assert "LEYE_DATABASE_POOL" in done.stdout


def test_the_doctor_refuses_another_encoding(server_url: str, tmp_path: Path) -> None:
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
    with database(server_url, options=options) as url:
        states = Town(url, tmp_path).found()
    assert states["encoding"] == "FAILURE"
    assert states["migrations"] == "FAILURE"
    assert states["grids"] == "SKIPPED"


def configured(**values: Any) -> Settings:
    return Settings(**values)


def in_production(**values: Any) -> Settings:
    good: dict[str, Any] = {
        "env": "production",
        "DATABASE_URL": "postgresql://leye@db.test/leye",
        "REDIS_URL": "redis://redis.test",
        "public_url": "https://houjie.test",
        "secret": "4f1c92d07ab35e68" * 4,
        "trusted_proxies": "127.0.0.1",
    }
    return configured(**{**good, **values})


@pytest.mark.parametrize(
    ("check", "settings", "state"),
    [
        (checks_here.secret, configured(), State.GOOD),
        (checks_here.secret, configured(public_url="http://houjie.test"), State.FAILURE),
        (checks_here.secret, configured(secret="short"), State.WARNING),
        (checks_here.secret, in_production(), State.GOOD),
        (checks_here.secret, in_production(secret="ab" * 20), State.FAILURE),
        (checks_here.public_url, in_production(), State.GOOD),
        (checks_here.public_url, in_production(public_url="https://localhost"), State.FAILURE),
        (checks_here.public_url, in_production(public_url="https://127.0.0.1"), State.FAILURE),
        (checks_here.public_url, configured(public_url="http://10.1.2.3"), State.WARNING),
        (checks_here.trusted_proxies, in_production(), State.GOOD),
        (checks_here.trusted_proxies, in_production(trusted_proxies=""), State.FAILURE),
        (checks_here.trusted_proxies, in_production(trusted_proxies="0.0.0.0/0"), State.FAILURE),
        (checks_here.trusted_proxies, in_production(trusted_proxies="::/0"), State.FAILURE),
        (checks_here.trusted_proxies, configured(public_url="https://a.test"), State.WARNING),
        (checks_here.trusted_proxies, configured(), State.GOOD),
        (checks_here.certificate, configured(), State.SKIPPED),
        (checks_here.certificate, configured(public_url="https://127.0.0.1:1"), State.WARNING),
    ],
)
def test_settings_are_judged(
    check: Callable[[Settings], Finding], settings: Settings, state: State
) -> None:
    found = check(settings)
    assert found.state is state
    assert bool(found.remedy) == (state in {State.WARNING, State.FAILURE})


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), State.FAILURE), ((3, 11), State.GOOD), ((3, 14), State.GOOD), ((3, 15), "FAILURE")],
)
def test_python_is_of_a_version_that_is_tested(version: tuple[int, int], state: str) -> None:
    assert checks_here.python(version).state == state


def test_clocks_may_be_five_seconds_apart() -> None:
    noon = datetime(2015, 5, 1, 12, tzinfo=UTC)
    for seconds, state in ((0, "GOOD"), (4.9, "GOOD"), (-4.9, "GOOD"), (5, "FAILURE")):
        found = checks_servers.judge_clock(noon + timedelta(seconds=seconds), noon)
        assert found.state == state


def test_a_media_folder_that_is_a_file_can_t_be_written(town: Town) -> None:
    shutil.rmtree(town.media)
    town.media.write_text("in the way")
    assert town.found()["media folder"] == "FAILURE"


@asynccontextmanager
async def redis_that_says(info: str) -> AsyncIterator[str]:
    """Enough of a Redis to be asked who it is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].upper())
            if words[0] == b"INFO":
                writer.write(f"${len(info)}\r\n{info}\r\n".encode())
            else:
                writer.write(b"%1\r\n+proto\r\n:3\r\n" if words[0] == b"HELLO" else b"+OK\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("version", "memory", "policy", "state"),
    [
        ("7.2.4", 0, "allkeys-lru", "GOOD"),
        ("7.2.4", 100, "noeviction", "GOOD"),
        ("8.0.0", 100, "allkeys-lru", "WARNING"),
        ("6.2.0", 0, "noeviction", "FAILURE"),
    ],
)
async def test_redis_is_new_enough_and_keeps_its_keys(
    version: str, memory: int, policy: str, state: str
) -> None:
    info = f"redis_version:{version}\r\nmaxmemory:{memory}\r\nmaxmemory_policy:{policy}\r\n"
    async with redis_that_says(info) as url:
        found = await checks_servers.redis_server(url)
    assert found.state == state
