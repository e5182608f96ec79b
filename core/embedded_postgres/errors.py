"""Why the embedded database can't run, in words that tell an operator what to do."""

from __future__ import annotations

import errno
from pathlib import Path


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL can't be used; the text says why and what to do."""


class BinariesMissing(EmbeddedPostgresError):
    """PostgreSQL's programs are not installed, or can't be run on this machine."""


class FolderUnusable(EmbeddedPostgresError):
    """The folder of state can't be written, reached by the server's account, or trusted."""


class DiskFull(EmbeddedPostgresError):
    """There is no room left where the data lies."""


class IncompatibleData(EmbeddedPostgresError):
    """The data folder is not one that this version of PostgreSQL can open."""


class ServerFailed(EmbeddedPostgresError):
    """PostgreSQL refused to start or to stop, for the reason it gave."""


_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_FULL_WORDS = ("No space left on device", "Disk quota exceeded")
_LINES_SHOWN = 12


def disk_full(folder: Path) -> DiskFull:
    """What to say when ``folder`` has no room left."""
    return DiskFull(
        f"The disk (or quota) that holds {folder} is full. Make room, or set LEYE_HOME to a "
        "folder on another disk, and start again; what is stored already is safe."
    )


def from_system(refusal: OSError, folder: Path) -> EmbeddedPostgresError:
    """Translate an operating system's refusal that concerns ``folder``."""
    if refusal.errno in _FULL_ERRORS:
        return disk_full(folder)
    return FolderUnusable(
        f"{refusal.filename or folder}: {refusal.strerror}. Run as the account that the folder "
        "belongs to, or set LEYE_HOME to a folder that this account may write, or DATABASE_URL "
        "to a PostgreSQL of yours."
    )


def from_output(doing: str, output: str, folder: Path, *, room: int) -> EmbeddedPostgresError:
    """Translate what PostgreSQL's programs printed.

    ``room`` is the free space in bytes: a server on a full disk may be unable to log the reason.
    """
    if room == 0 or any(words in output for words in _FULL_WORDS):
        return disk_full(folder)
    shown = "\n".join(output.strip().splitlines()[-_LINES_SHOWN:])
    return ServerFailed(f"PostgreSQL could not {doing} in {folder}. It says:\n{shown}")
