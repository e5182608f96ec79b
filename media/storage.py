"""Picture files: one folder, written whole or not at all, never changed afterwards."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from core.embedded_postgres import state_folder
from core.settings import settings
from media.photos import FORMATS, WIDTHS

_NAME = re.compile(
    rf"(?P<key>[A-Za-z0-9_-]{{8,32}})-(?:{'|'.join(map(str, WIDTHS))})\.(?:{'|'.join(FORMATS)})",
    re.ASCII,
)


def media_dir() -> Path:
    """The folder of all pictures: ``LEYE_MEDIA_DIR``, else beside the embedded database."""
    return settings().media_dir or state_folder() / "media"


def store(key: str, width: int, file_format: str, data: bytes) -> Path:
    """Keep one variant of a picture, and answer where.

    Others see the whole file or none, also after a power cut or on a full disk.

    Raises:
        ValueError: not a key, width or format that :func:`media.photos.photo_path` knows.
        OSError: the file can't be written; nothing is left behind.
    """
    path = _path(f"{key}-{width}.{file_format}")
    if path is None:
        raise ValueError("not the name of a picture")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _write_draft(path.parent, data)
    try:
        draft.chmod(0o644)  # drafts are closed to others; the web server may be another account
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return path


def stored(name: str) -> Path | None:
    """The file of ``KEY-WIDTH.FORMAT``; ``None`` when there is none or the name is no such name."""
    path = _path(name)
    return path if path is not None and path.is_file() else None


def _path(name: str) -> Path | None:
    match = _NAME.fullmatch(name)
    # Folders by the first two characters of the key: no folder grows with the town.
    return media_dir() / match["key"][:2] / name if match else None


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
