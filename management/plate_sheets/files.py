"""Where printed sheets lie until they expire, and the addresses under which they are fetched.

Beside the pictures, in a folder that no web server in front serves. Backups leave it out: a sheet
can be printed again.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from core.clock import now
from core.settings import settings
from core.signed_addresses import signed_query, still_good
from media.storage import media_dir

DRAFTS_FOR: Final = timedelta(days=1)

_SIGNED: Final = "plate sheets"


def _folder() -> Path:
    folder = media_dir() / "sheets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def draft(sheet_id: UUID, attempt: int) -> Path:
    """Where a sheet is drawn."""
    return _folder() / f".draft-{sheet_id}-{attempt}.pdf"


def keep(drawn: Path, sheet_id: UUID) -> int:
    """Make a drawn file that of a sheet: whole or not at all. Answers its bytes.

    Raises:
        OSError: it can't be kept; the draft is where it was.
    """
    with drawn.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    drawn.replace(_folder() / f"{sheet_id}.pdf")
    return size


def stored(sheet_id: UUID) -> Path | None:
    """The file of a sheet; ``None`` when there is none (any more)."""
    path = _folder() / f"{sheet_id}.pdf"
    return path if path.is_file() else None


def remove(sheet_id: UUID) -> None:
    """Remove the file of a sheet; nothing happens when there is none."""
    (_folder() / f"{sheet_id}.pdf").unlink(missing_ok=True)


def remove_old_drafts() -> None:
    """Remove what killed workers left behind."""
    oldest = (now() - DRAFTS_FOR).timestamp()
    for path in _folder().glob(".draft-*.pdf"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def address(sheet_id: UUID) -> str:
    """A signed address of the file, good for ten minutes. Only for who may have it."""
    name = str(sheet_id)
    return f"{settings().public_url}/plate-sheets/{name}.pdf?{signed_query(_SIGNED, name)}"


def may_fetch(sheet_id: UUID, expires: str, signature: str) -> bool:
    """Whether an address was made here and is still good."""
    return still_good(_SIGNED, str(sheet_id), expires, signature)
