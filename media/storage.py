"""Picture files: one folder, written whole or not at all, never changed afterwards.

Private pictures lie in a folder of their own, which no web server in front may serve.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import product
from pathlib import Path
from tempfile import NamedTemporaryFile

from core.embedded_postgres import state_folder
from core.settings import settings
from media.formats import FORMATS, WIDTHS

# Beside the folders that pictures are served from, whose names have two characters.
_ORIGINALS = "originals"
_PRIVATE = "private"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,32}", re.ASCII)
_NAME = re.compile(
    rf"(?P<key>{_KEY.pattern})-(?:{'|'.join(map(str, WIDTHS))})\.(?:{'|'.join(FORMATS)})",
    re.ASCII,
)


def media_dir() -> Path:
    """The folder of all pictures: ``LEYE_MEDIA_DIR``, else beside the embedded database."""
    return settings().media_dir or state_folder() / "media"


def store(key: str, width: int, file_format: str, data: bytes, *, private: bool = False) -> Path:
    """Keep one variant of a picture, and answer where.

    Others see the whole file or none, also after a power cut or on a full disk.

    Raises:
        ValueError: not a key, width or format that :func:`media.photos.photo_path` knows.
        OSError: the file can't be written; nothing is left behind.
    """
    path = _path(f"{key}-{width}.{file_format}", private=private)
    if path is None:
        raise ValueError("not the name of a picture")
    if private:
        _private_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    draft = _write_draft(path.parent, data)
    try:
        if not private:  # drafts are closed to others; the web server may be another account
            draft.chmod(0o644)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return path


def stored(name: str, *, private: bool = False) -> Path | None:
    """The file of ``KEY-WIDTH.FORMAT``; ``None`` when there is none or the name is no such name.

    Private pictures are found only when they are asked for, and public ones only when not.
    """
    path = _path(name, private=private)
    return path if path is not None and path.is_file() else None


def remove_variants(key: str) -> None:
    """Remove every file that is served of a picture, to everybody or to some."""
    for width, file_format, private in product(WIDTHS, FORMATS, (False, True)):
        if path := stored(f"{key}-{width}.{file_format}", private=private):
            path.unlink(missing_ok=True)


def stored_names(*, private: bool = False) -> list[str]:
    """Names of all stored pictures; drafts and files that others put there are none."""
    folder = _private_folder() if private else media_dir()
    return sorted(
        file.name for file in folder.glob("*/*") if stored(file.name, private=private) == file
    )


class OriginalDraft:
    """An original on its way in: nobody sees it until it is whole."""

    def __init__(self, key: str) -> None:
        """Begin.

        Raises:
            ValueError: not a key.
            OSError: the file can't be made.
        """
        self._path = _original_path(key)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = NamedTemporaryFile(  # noqa: SIM115 - closed by finish and abandon
            dir=self._path.parent, prefix=".draft-", delete=False
        )

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            OSError: the disk is full; the caller abandons the draft.
        """
        self._file.write(data)

    def finish(self) -> None:
        """Make it the original of its key, so that it lasts.

        Raises:
            OSError: as :meth:`write`.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        Path(self._file.name).replace(self._path)
        _sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Leave nothing of it."""
        with suppress(OSError):  # closing writes what is buffered, to a disk that may be full
            self._file.close()
        Path(self._file.name).unlink(missing_ok=True)


def original(key: str) -> bytes | None:
    """The original as it came; ``None`` when there is none (any more)."""
    try:
        return _original_path(key).read_bytes()
    except FileNotFoundError:
        return None


def remove_original(key: str) -> None:
    """Remove the original; nothing happens when there is none."""
    _original_path(key).unlink(missing_ok=True)


def _original_path(key: str) -> Path:
    if _KEY.fullmatch(key) is None:
        raise ValueError("not the key of a picture")
    return media_dir() / _ORIGINALS / key


def _private_folder() -> Path:
    return media_dir() / _PRIVATE


def _path(name: str, *, private: bool = False) -> Path | None:
    match = _NAME.fullmatch(name)
    folder = _private_folder() if private else media_dir()
    # Folders by the first two characters of the key: no folder grows with the town.
    return folder / match["key"][:2] / name if match else None


def _write_draft(folder: Path, data: bytes) -> Path:
    with NamedTemporaryFile(dir=folder, prefix=".draft-", delete=False) as file:
        draft = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    return draft


def _sync_folder(folder: Path) -> None:
    """Make the new name last; systems that can't open a folder do so by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
