"""PostgreSQL's own programs: found in the version that suits a server, and run against it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any, Final

from api.ops.errors import OperationRefused
from core.embedded_postgres import BinariesMissing, state_folder
from core.embedded_postgres.programs import programs as packaged

Where = Mapping[str, Any]
"""Host, port, user, password, database and ssl, as :func:`core.database.credentials` reads them."""

_BLOCK: Final = 1 << 20
_NEEDED: Final = ("pg_dump", "pg_restore", "psql")
_TELLS_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
# Each major version lies beside the others here on Debian and on Red Hat.
_SYSTEM: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_LINES_SHOWN: Final = 5

# pg_restore 17 and newer say this to every server, and servers before 17 refuse it.
_NEWER_SETTING: Final = b"SET transaction_timeout = 0;\n"
_HEADER_LINES: Final = 30


@dataclass(frozen=True)
class Programs:
    """``pg_dump``, ``pg_restore`` and ``psql`` of one major version."""

    folder: Path
    major: int

    def dump(self, where: Where, snapshot: str, take: Callable[[bytes], object]) -> None:
        """Hand the dump of a database, in custom format, to ``take`` block by block.

        ``snapshot`` is the name of an exported snapshot: what that transaction sees is dumped.

        Raises:
            OperationRefused: pg_dump failed, for the reason it gave.
        """
        options = ("-Fc", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s")
        command = [self._path("pg_dump"), *options, f"--snapshot={snapshot}"]
        with TemporaryFile() as said:
            dumping = _begin(command, where, stdout=subprocess.PIPE, stderr=said)
            with dumping, _ended(dumping):
                assert dumping.stdout is not None
                while block := dumping.stdout.read(_BLOCK):
                    take(block)
            _expect(dumping, said)

    def load(self, where: Where, dump: IO[bytes]) -> None:
        """Load a dump into an empty database, in one transaction.

        Raises:
            OperationRefused: it can't be loaded, for the reason PostgreSQL gave.
        """
        read = [self._path("pg_restore"), "--no-owner", "--no-privileges", "-f", "-"]
        write = [self._path("psql"), "-X", "-q", "-1", "-o", os.devnull, "-v", "ON_ERROR_STOP=1"]
        with TemporaryFile() as read_said, TemporaryFile() as write_said:
            pipe = subprocess.PIPE
            reading = _begin(read, None, stdin=pipe, stdout=pipe, stderr=read_said)
            writing = _begin(write, where, stdin=pipe, stderr=write_said)
            with reading, writing, _ended(reading), _ended(writing):
                feeding = Thread(target=_feed, args=(iter(lambda: dump.read(_BLOCK), b""), reading))
                feeding.start()
                assert reading.stdout is not None
                _feed(_for_any_server(reading.stdout), writing)
                reading.stdout.close()
                feeding.join()
            _expect(writing, write_said)
            _expect(reading, read_said)

    def _path(self, program: str) -> str:
        return os.fspath(self.folder / program)


def find_programs(least: int, *, embedded: Path | None = None) -> Programs:
    """The programs of the lowest major version that is ``least`` or more.

    Looks at the embedded server's folder, the system's, ``PATH`` and the wheel's.

    Raises:
        OperationRefused: there are none.
    """
    found = [
        Programs(folder, major)
        for folder in _folders(embedded)
        if (major := _major(folder)) is not None and major >= least
    ]
    if not found:
        raise OperationRefused(
            f"No pg_dump, pg_restore and psql of version {least} or newer were found. Install "
            f"PostgreSQL's client programs (on Debian: apt-get install postgresql-client-{least}) "
            "or put their folder on PATH."
        )
    return min(found, key=lambda programs: programs.major)


def _folders(embedded: Path | None) -> Iterator[Path]:
    if embedded is not None:
        yield embedded
    for pattern in _SYSTEM:
        yield from sorted(Path("/").glob(pattern.removeprefix("/")))
    if path := shutil.which("pg_dump"):
        yield Path(path).parent
    try:
        yield packaged(state_folder(), None).folder
    except BinariesMissing:
        return


def _major(folder: Path) -> int | None:
    suffix = ".exe" if os.name == "nt" else ""
    if not all((folder / f"{name}{suffix}").exists() for name in _NEEDED):
        return None
    try:
        told = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, check=False, text=True
        )
    except OSError:
        return None
    version = _TELLS_VERSION.search(told.stdout)
    return int(version[1]) if version else None


def _begin(
    command: list[str],
    where: Where | None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    environment = _environment(where) if where is not None else None
    try:
        return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment)
    except OSError as refusal:
        raise OperationRefused(f"{command[0]} can't be run ({refusal.strerror})") from refusal


def _environment(where: Where) -> Mapping[str, str]:
    """Where the server is, as variables: a password on the command line shows in ``ps``."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "database": "DATABASE"}
    names |= {"password": "PASSWORD", "ssl": "SSLMODE"}
    given = {
        f"PG{names[key]}": str(value)
        for key, value in where.items()
        if key in names and value is not None
    }
    return {**os.environ, **given, "LC_ALL": "C", "PGOPTIONS": "-c statement_timeout=0"}


class _ended:  # noqa: N801 - reads as a clause of `with`
    """See that a program ends with the block that uses it, however the block ends."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        self._program = program

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._program.kill()


def _feed(blocks: Iterator[bytes], program: subprocess.Popen[bytes]) -> None:
    """Write blocks to a program; one that stops reading says why by itself."""
    assert program.stdin is not None
    try:
        with program.stdin as pipe:
            for block in blocks:
                pipe.write(block)
    except BrokenPipeError:
        return


def _for_any_server(script: IO[bytes]) -> Iterator[bytes]:
    header = (script.readline() for _ in range(_HEADER_LINES))
    rest = iter(lambda: script.read(_BLOCK), b"")
    return chain((line for line in header if line != _NEWER_SETTING), rest)


def _expect(program: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if program.wait() == 0:
        return
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    # What follows "DETAIL" and "CONTEXT" quotes rows, and rows hold personal data.
    kept = [line for line in lines if not line.startswith(("DETAIL", "CONTEXT", "LINE"))]
    name = Path(os.fspath(program.args[0])).name if isinstance(program.args, list) else "PostgreSQL"
    raise OperationRefused(f"{name} failed. It says:\n" + "\n".join(kept[:_LINES_SHOWN]))
