"""One cluster's data and server: made, started and stopped, whatever was left behind.

Whether a server is at work is told by a lock that it inherits, not by its pid: the kernel drops
the lock with the last of its processes, and pids are used again.

Callers hold the cluster's gate, so that nobody else starts or stops it at the same time.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from core.embedded_postgres.errors import (
    EmbeddedPostgresError,
    FolderUnusable,
    IncompatibleData,
    ServerFailed,
    from_output,
)
from core.embedded_postgres.locks import FileLock
from core.embedded_postgres.places import give, server_folder, socket_folder
from core.embedded_postgres.programs import MAJOR, Programs

USER = DATABASE = "leye"
TCP = sys.platform == "win32"  # elsewhere a socket in a private folder
LOOPBACK = "127.0.0.1"
SOCKET_PORT = 5432  # only part of the socket's name

_INHERITS_LOCKS = sys.platform != "win32"
_START_SECONDS = 600  # recovery after a crash may take long and must not be cut short
_STOP_SECONDS = 30
_ORPHAN_SECONDS = 20
_CONNECT_SECONDS = 2
_LOOK_AGAIN_SECONDS = 0.005
_LOG_DAYS = 7
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # its length and its code in the protocol
_SHELL_SPECIAL = set('"$`\\\n')

_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One file per weekday, begun anew each week, beside the data even if the folder moves.
    "logging_collector": "on",
    "log_directory": "../log",
    "log_filename": "server-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_checkpoints": "off",
    # Statements and their errors quote people's data; they go to the client only.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers: a socket's folder or a host, a port, and the password for TCP."""

    host: str
    port: int
    password: str | None = field(default=None, repr=False)

    def url(self, database: str) -> str:
        """A URL that libpq, psycopg and asyncpg read alike."""
        name = quote(database, safe="")
        if self.password is not None:
            return f"postgresql://{USER}:{self.password}@{self.host}:{self.port}/{name}"
        return f"postgresql://{USER}@/{name}?host={quote(self.host, safe='')}&port={self.port}"

    def answers(self) -> bool:
        """Whether a server replies there, to the question whether it speaks TLS.

        That a connection opens is not enough: so it does for a moment on a server just killed.
        """
        try:
            with closing(self._connect()) as connection:
                connection.sendall(_SSL_REQUEST)
                return connection.recv(1) != b""
        except OSError:
            return False

    def _connect(self) -> socket.socket:
        if self.password is not None:
            return socket.create_connection((self.host, self.port), timeout=_CONNECT_SECONDS)
        connection = socket.socket(getattr(socket, "AF_UNIX", -1))
        try:
            connection.settimeout(_CONNECT_SECONDS)
            connection.connect(f"{self.host}/.s.PGSQL.{self.port}")
        except OSError:
            connection.close()
            raise
        return connection


@dataclass(frozen=True)
class Notice:
    """What a server writes about itself into ``postmaster.pid``, which may outlive it."""

    pid: int
    data: Path
    port: int
    sockets: str
    status: str

    @classmethod
    def read(cls, data: Path) -> Notice | None:
        """The notice in a data folder; None without one or before it is complete."""
        try:
            lines = os.fsdecode((data / "postmaster.pid").read_bytes()).split("\n")
            pid, folder, _, port, sockets, _, _, status = lines[:8]
            return cls(int(pid), Path(folder), int(port), sockets, status.strip())
        except (FileNotFoundError, ValueError):
            return None


@dataclass(frozen=True)
class Server:
    """The server of the cluster in ``folder``; not ``durable``: a crash may lose its data."""

    folder: Path
    programs: Programs
    durable: bool

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    def ensure(self) -> Endpoint:
        """Make the data if there is none, start the server if it is not at work.

        Raises:
            EmbeddedPostgresError: it can't be, for the reason given.
            OSError: the system refuses something in the cluster's folder.
        """
        self._refuse_odd_paths()
        if not self.data.exists():
            self._make()
        self._check_version()
        with FileLock(self.folder / "alive") as alive:
            for _ in _until(_ORPHAN_SECONDS, unless=self._starting):
                idle = alive.try_alone()
                endpoint = self._answering()
                if endpoint is not None and not (idle and _INHERITS_LOCKS):
                    return endpoint
                if endpoint is not None:
                    raise ServerFailed(
                        f"A PostgreSQL that this service did not start works on {self.data}. "
                        "Stop it, or set DATABASE_URL to use it as it is."
                    )
                if idle:
                    return self._start(alive)
        raise ServerFailed(
            f"Processes of an earlier server still hold {self.data} and neither answer nor end. "
            "End the postgres processes of this folder and start again."
        )

    def stop(self) -> None:
        """Stop the server if it is at work: sessions are ended, transactions rolled back.

        Raises:
            ServerFailed: some of its processes go on.
        """
        if not self.folder.exists():  # deleted or moved: the server notices within a minute
            return
        with FileLock(self.folder / "alive") as alive:
            for _ in _until(_ORPHAN_SECONDS):
                if self._gone(alive):
                    return
                if self._signalable():
                    self._ask_to_stop()
                    break
            for _ in _until(_ORPHAN_SECONDS):
                if self._gone(alive):
                    return
        raise ServerFailed(f"The PostgreSQL on {self.data} did not stop; end its processes.")

    def _gone(self, alive: FileLock) -> bool:
        return alive.try_alone() if _INHERITS_LOCKS else self._answering() is None

    def _signalable(self) -> bool:
        """Whether the pid in the notice is the server's and not one that was used again."""
        notice = Notice.read(self.data)
        return notice is not None and (notice.status != "ready" or self._answering() is not None)

    def _ask_to_stop(self) -> None:
        for mode in ("fast", "immediate"):
            order = ("stop", "-D", str(self.data), "-m", mode, "-t", str(_STOP_SECONDS))
            status, _ = self.programs.run("pg_ctl", order)
            if status == 0:
                return

    def _make(self) -> None:
        """Make the data folder, complete with our database, or leave none."""
        for leftover in self.folder.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = self.folder / f"new-{secrets.token_hex(4)}"
        try:
            server_folder(fresh, self.programs.account)
            sync = () if self.durable else ("--no-sync",)
            own = ("-U", USER, "--no-locale", "-E", "UTF8", "--no-instructions", *sync)
            self._expect("make its data", "initdb", "-D", str(fresh), *own, *self._sign_in())
            # Ends at the first error instead of with success.
            alone = ("--single", "-D", str(fresh), "-c", "exit_on_error=on", "postgres")
            create = f"CREATE DATABASE {DATABASE}\n"
            self._expect("make its database", "postgres", *alone, typed=create)
            fresh.rename(self.data)
            _sync(self.folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise

    def _sign_in(self) -> tuple[str, ...]:
        if not TCP:  # who may open the socket's folder may be any user
            return "--auth-local=trust", "--auth-host=reject"
        if not self._password_file.exists():
            self._password_file.touch(0o600)
            self._password_file.write_text(secrets.token_urlsafe(32))
            give(self._password_file, self.programs.account)
        method = ("--auth-local=scram-sha-256", "--auth-host=scram-sha-256")
        return *method, f"--pwfile={self._password_file}"

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise IncompatibleData(
                f"{self.data} is not a PostgreSQL data folder, or a damaged one. Restore it from "
                "a backup, or move it away to begin with an empty database."
            ) from None
        if found != str(MAJOR):
            raise IncompatibleData(
                f"{self.data} was made by PostgreSQL {found}; this service brings {MAJOR}. Back "
                "it up with the earlier version of the service, move the folder away and restore."
            )

    def _refuse_odd_paths(self) -> None:
        # pg_ctl puts both paths between double quotes of a shell line without escaping them.
        for path in (self.folder, self.programs.folder):
            if not TCP and _SHELL_SPECIAL & set(str(path)):
                raise FolderUnusable(
                    f"PostgreSQL can't be started with a path that has one of \" $ ` \\: {path}. "
                    "Rename the folder, or set LEYE_HOME to another."
                )

    def _start(self, alive: FileLock) -> Endpoint:
        """Start the server, which from then on holds ``alive`` too."""
        self._sweep()
        options = self._options()
        line = subprocess.list2cmdline(options) if TCP else shlex.join(options)
        wait = ["-w", "-t", str(_START_SECONDS), "-o", line]
        inherit = (alive.descriptor,) if _INHERITS_LOCKS else ()
        begun = time.time()
        order = ("start", "-D", str(self.data), *wait)
        status, output = self.programs.run("pg_ctl", order, inherit=inherit)
        endpoint = self._answering() if status == 0 else None
        if endpoint is None:
            raise self._failure("start", output + self._logged_since(begun))
        return endpoint

    def _sweep(self) -> None:
        """Remove what an ended server left behind and make the folders of the next."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        sockets = [] if TCP else [self._sockets()]
        for old in {*sockets, *self.folder.glob("run-*")}:
            shutil.rmtree(old, ignore_errors=True)
        log = self.folder / "log"
        for folder in (log, *sockets):
            server_folder(folder, self.programs.account)
        oldest = time.time() - (_LOG_DAYS - 1) * 86400
        for file in log.iterdir():
            if file.stat().st_mtime < oldest:
                file.unlink()

    def _sockets(self) -> Path:
        # The first eight bytes of pg_control are the cluster's system identifier.
        with (self.data / "global" / "pg_control").open("rb") as control:
            return socket_folder(self.folder, control.read(8)[:4].hex())

    def _options(self) -> list[str]:
        place = {
            "listen_addresses": LOOPBACK if TCP else "",
            "port": str(_free_port() if TCP else SOCKET_PORT),
            "unix_socket_directories": "" if TCP else f'"{self._sockets()}"',
        }
        settings = {**_SETTINGS, **place, **({} if self.durable else _FORGETFUL)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answering(self) -> Endpoint | None:
        """Where the server of this data answers, if it does."""
        notice = Notice.read(self.data)
        if notice is None or notice.status != "ready":
            return None
        places = (self._endpoint(place, notice) for place in self._places(notice))
        return next((place for place in places if place.answers()), None)

    def _places(self, notice: Notice) -> Iterator[str]:
        if not TCP:
            yield str(self._sockets())  # also after the folder was moved under a running server
        # A copied folder brings along the notice of the server of the original.
        if notice.data.exists() and notice.data.samefile(self.data):
            yield LOOPBACK if TCP else notice.sockets

    def _endpoint(self, place: str, notice: Notice) -> Endpoint:
        return Endpoint(place, notice.port, self._password_file.read_text() if TCP else None)

    def _starting(self) -> bool:
        notice = Notice.read(self.data)
        return notice is not None and notice.status == "starting"

    def _expect(self, doing: str, program: str, *order: str, typed: str = "") -> None:
        status, output = self.programs.run(program, order, typed=typed)
        if status != 0:
            raise self._failure(doing, output)

    def _failure(self, doing: str, output: str) -> EmbeddedPostgresError:
        room = shutil.disk_usage(self.folder).free
        return from_output(doing, output, self.folder, room=room)

    def _logged_since(self, begun: float) -> str:
        logs = [file for file in self.folder.glob("log/*") if file.stat().st_mtime >= begun]
        return "".join(file.read_text(errors="replace")[-2000:] for file in logs)


def _until(seconds: float, *, unless: Callable[[], bool] | None = None) -> Iterator[None]:
    """Come round every few milliseconds for so long; time in which ``unless`` holds is free."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(_LOOK_AGAIN_SECONDS)
        if unless is not None and unless():
            end = time.monotonic() + seconds


def _sync(folder: Path) -> None:
    """See that names in a folder outlast a power cut."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
