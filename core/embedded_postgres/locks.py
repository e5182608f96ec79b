"""Locks between processes that end with their holder, however it ends."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_SLOTS = 1 << 30  # Windows knows no shared locks: sharing is holding one byte of so many
_WINDOWS_RETRY_SECONDS = 0.02


class FileLock:
    """An advisory lock on a file, held by an open descriptor.

    Each instance is a holder of its own, within one process too. The kernel releases the lock
    when the last copy of the descriptor is closed, so a killed process leaves nothing behind; a
    child process that inherits ``descriptor`` goes on holding the lock (not on Windows).
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        self.descriptor = os.open(path, flags, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. A child that inherited the descriptor keeps the lock."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock exclusively, waiting for it as long as it takes."""
        self._wait()
        try:
            yield
        finally:
            self.release()

    if sys.platform == "win32":

        def share(self) -> None:
            """Hold the lock together with others; nobody may hold it exclusively meanwhile."""
            while not self._take(secrets.randbelow(_SLOTS), 1):
                pass

        def try_alone(self) -> bool:
            """Hold the lock exclusively if nobody else holds it."""
            return self._take(0, _SLOTS)

        def release(self) -> None:
            """Stop holding the lock."""
            start, length = self._held
            os.lseek(self.descriptor, start, os.SEEK_SET)
            msvcrt.locking(self.descriptor, msvcrt.LK_UNLCK, length)

        def _take(self, start: int, length: int) -> bool:
            os.lseek(self.descriptor, start, os.SEEK_SET)
            try:
                msvcrt.locking(self.descriptor, msvcrt.LK_NBLCK, length)
            except OSError:
                return False
            self._held = start, length
            return True

        def _wait(self) -> None:
            while not self.try_alone():
                time.sleep(_WINDOWS_RETRY_SECONDS)

    else:

        def share(self) -> None:
            """Hold the lock together with others; nobody may hold it exclusively meanwhile."""
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)

        def try_alone(self) -> bool:
            """Hold the lock exclusively if nobody else holds it."""
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def release(self) -> None:
            """Stop holding the lock."""
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)

        def _wait(self) -> None:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
