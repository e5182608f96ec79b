"""Where the embedded database lies, and whose it is."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from core.embedded_postgres.errors import FolderUnusable

CHECKOUT = Path(__file__).resolve().parents[2]
ROOT_STATE = Path("/var/lib/leye")
SERVER_ACCOUNT = "nobody"

# The address of a Unix socket has room for 104 bytes on macOS and 108 on Linux, of which the
# file's name takes the rest.
_SOCKET_FOLDER_BYTES = 104 - len("/.s.PGSQL.5432\0")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Account:
    """The account that PostgreSQL runs under when we are root, which it refuses to run as."""

    uid: int
    gid: int


if sys.platform == "win32":  # nobody is root there, and folders of a user are the user's

    def is_root() -> bool:
        """Whether this process may do everything, so that the server needs its own account."""
        return False

    def _account(name: str) -> Account:
        raise KeyError(name)

    def _give(path: Path, account: Account) -> None:
        raise NotImplementedError

    def _runs_as(account: Account, command: list[str]) -> bool:
        raise NotImplementedError

    def _ours_alone(folder: Path) -> bool:
        return folder.is_dir()

else:
    import pwd

    def is_root() -> bool:
        """Whether this process may do everything, so that the server needs its own account."""
        return os.geteuid() == 0

    def _account(name: str) -> Account:
        entry = pwd.getpwnam(name)
        return Account(entry.pw_uid, entry.pw_gid)

    def _give(path: Path, account: Account) -> None:
        if path.lstat().st_uid != account.uid:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def _runs_as(account: Account, command: list[str]) -> bool:
        ended = subprocess.run(
            command, cwd="/", check=False, user=account.uid, group=account.gid, extra_groups=[]
        )
        return ended.returncode == 0

    def _ours_alone(folder: Path) -> bool:
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        return ours and not found.st_mode & _OTHERS_WRITE


def server_account() -> Account | None:
    """``nobody`` for root; None where the server runs as ourselves.

    Raises:
        FolderUnusable: we are root and the system has no such account.
    """
    if not is_root():
        return None
    try:
        return _account(SERVER_ACCOUNT)
    except KeyError:
        raise FolderUnusable(
            f"PostgreSQL does not run as root and this system has no account {SERVER_ACCOUNT}. "
            "Start the service as an ordinary user, or set DATABASE_URL."
        ) from None


def state_folder() -> Path:
    """The folder of this checkout's state; it need not exist yet.

    ``LEYE_HOME`` decides; otherwise ``var`` inside the checkout if it can be written (and, for
    root, reached by the server's account), otherwise a folder of the system's (root) or of the
    user's that is named after the checkout's path.
    """
    if chosen := os.environ.get("LEYE_HOME"):
        return Path(chosen).expanduser().resolve()
    inside = CHECKOUT / "var"
    if (CHECKOUT / "pyproject.toml").is_file() and _usable(inside):
        return inside.resolve()
    return outside() / digest(CHECKOUT)


def _usable(inside: Path) -> bool:
    nearest = inside if inside.exists() else inside.parent
    return os.access(nearest, os.W_OK | os.X_OK) and reachable(nearest, server_account())


def outside() -> Path:
    """Where state goes that can't lie beside the code: the system's place or the user's."""
    if is_root():
        return ROOT_STATE
    try:
        if sys.platform == "win32":
            state = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        else:
            base = os.environ.get("XDG_STATE_HOME", "")
            state = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    except RuntimeError:
        raise FolderUnusable(
            "This account has no home folder. Set LEYE_HOME to a folder that it may write."
        ) from None
    return state / "leye"


def digest(path: Path) -> str:
    """A short name for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def reachable(folder: Path, account: Account | None) -> bool:
    """Whether the server's account can get at what lies in ``folder``.

    Asked of the system itself, because modes alone don't tell (access lists, mounts of one user).
    """
    ask = ["/bin/sh", "-c", 'test -x "$0"', os.fspath(folder)]
    return account is None or _runs_as(account, ask)


def own_folder(folder: Path) -> None:
    """Make a folder that only we can put files into, or check that it is one.

    Root lets the server's account pass through it. Folders that exist keep their modes.

    Raises:
        FolderUnusable: it is somebody else's, or others may write to it.
    """
    make_folders(folder, 0o711 if is_root() else 0o700)
    if not _ours_alone(folder):
        raise FolderUnusable(
            f"{folder} belongs to another account or can be written by others, so what lies "
            "there can't be trusted. Run as its owner, move it away, or set LEYE_HOME."
        )


def make_folders(folder: Path, mode: int) -> None:
    """Make a folder and those above it that are missing, with ``mode`` whatever the umask."""
    if folder.is_dir():
        return
    make_folders(folder.parent, mode)
    try:
        folder.mkdir(mode)
    except FileExistsError:  # another process was quicker
        return
    folder.chmod(mode)


def server_folder(folder: Path, account: Account | None) -> None:
    """Make a folder that the server alone can use, inside one of ours."""
    folder.mkdir(0o700, exist_ok=True)
    give(folder, account)


def give(path: Path, account: Account | None) -> None:
    """Make the server's account the owner of a file or folder inside one of ours."""
    if account is not None:
        _give(path, account)


def socket_folder(cluster: Path, identity: str) -> Path:
    """Where a cluster's socket lies: with the cluster, or elsewhere if that path does not fit.

    ``identity`` sets apart clusters that follow each other in one place: a server whose files
    were deleted under it removes its socket's path when it notices, up to a minute later.

    Raises:
        FolderUnusable: no place has a path that fits.
    """
    inside = cluster / f"run-{identity}"
    if _fits(inside):
        return inside
    elsewhere = outside() / "run" / f"{digest(cluster)}-{identity}"
    if _fits(elsewhere):
        own_folder(elsewhere.parent)
        return elsewhere
    raise FolderUnusable(
        f"The path {cluster} is too long for PostgreSQL's socket (or has a comma in it). Set "
        f"LEYE_HOME to a folder with a path of less than {_SOCKET_FOLDER_BYTES - 40} bytes."
    )


def _fits(folder: Path) -> bool:
    # In a URL a comma separates hosts.
    return "," not in str(folder) and len(os.fsencode(folder)) <= _SOCKET_FOLDER_BYTES
