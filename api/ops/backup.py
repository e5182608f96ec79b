"""Backups: the database and the pictures of one moment in one file, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from tortoise.transactions import in_transaction

from api.ops.archive import (
    DUMP,
    LOCKED,
    MANIFEST,
    MEDIA,
    PRIVATE,
    ArchiveWriter,
    Manifest,
    Progress,
)
from api.ops.database import applied, fingerprints, row_counts
from api.ops.errors import OperationRefused
from api.ops.programs import Programs, Where, find_programs
from api.runtime import Ground
from core import audit_check
from core.clock import now
from core.database import connected, connection, credentials, execute, fetch, patient
from core.embedded_postgres import EmbeddedPostgresError, state_folder
from media.storage import in_folder, locked, locked_keys, read, stored_names


@dataclass(frozen=True)
class Made:
    """A backup: where it lies, how large it is in bytes, what it holds."""

    path: Path
    size: int
    manifest: Manifest


@dataclass(frozen=True)
class _Moment:
    """What the database holds as one transaction sees it; ``snapshot`` lets others see the same."""

    snapshot: str
    server_major: int
    tables: dict[str, int]
    migrations: list[str]
    audit_anchors: str


async def back_up(here: Ground, target: Path, *, force: bool, progress: Progress) -> Made:
    """Write a backup; the service may go on working meanwhile.

    ``target`` is a file, or a folder in which the file is named for the moment (UTC). Pictures
    are stored before the rows that name them and never changed, so those found after the
    database was read include every one that it names.

    Raises:
        OperationRefused: the file exists and ``force`` is off, the database holds no tables, or
            PostgreSQL's programs are missing or fail.
        OSError: the file can't be written; nothing is left behind.
    """
    moment = now()
    path = _named(target, moment)
    _refuse_overwriting(path, force=force)
    with _draft(path) as file:
        async with connected(patient(here.config)), in_transaction():
            seen = await _look()
            embedded = here.cluster.binaries if here.cluster else None
            programs = find_programs(seen.server_major, embedded=embedded)
            writer = ArchiveWriter(file)
            _dump(writer, programs, credentials(here.url), seen.snapshot, progress)
        pictures = _add_pictures(writer, progress)
        manifest = Manifest(
            made_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            version=version("houjie"),
            server_major=seen.server_major,
            dump_major=programs.major,
            migrations=seen.migrations,
            tables=seen.tables,
            audit_anchors=seen.audit_anchors,
            secrets=fingerprints(here.settings),
            pictures=pictures,
        )
        writer.add(MANIFEST, manifest.text().encode())
        writer.finish()
        _refuse_overwriting(path, force=force)
    _note(path, moment)
    return Made(path, path.stat().st_size, manifest)


def _named(target: Path, moment: datetime) -> Path:
    return target / f"houjie-{moment:%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target


async def _look() -> _Moment:
    await execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    await execute("SET LOCAL statement_timeout = 0")
    made = await fetch("SELECT to_regclass('public.tortoise_migrations') IS NOT NULL AS ours")
    if not made[0]["ours"]:
        raise OperationRefused("The database has no tables of this service: nothing to back up.")
    server = await fetch("SELECT current_setting('server_version_num')::int / 10000 AS major")
    snapshot = await fetch("SELECT pg_export_snapshot() AS name")
    return _Moment(
        snapshot=snapshot[0]["name"],
        server_major=server[0]["major"],
        tables=await row_counts(),
        migrations=await applied(),
        audit_anchors=await audit_check.anchors(connection()),
    )


def _dump(
    writer: ArchiveWriter, programs: Programs, where: Where, snapshot: str, progress: Progress
) -> None:
    done = 0
    with writer.stream(DUMP) as take:

        def counted(block: bytes) -> None:
            nonlocal done
            take(block)
            done += len(block)
            progress("database", done, None)

        programs.dump(where, snapshot, counted)
    progress("database", done, done)


def _add_pictures(writer: ArchiveWriter, progress: Progress) -> int:
    names = picture_names()
    kept = 0
    for done, name in enumerate(names, start=1):
        data = read_picture(name)
        # One that is deleted at this moment is named by no row any more.
        if data is not None:
            writer.add(MEDIA + name, data)
            kept += 1
        progress("pictures", done, len(names))
    return kept


def read_picture(name: str) -> bytes | None:
    """A stored picture by the name that an archive gives it; ``None`` when there is none."""
    if name.startswith(LOCKED):
        return locked(name.removeprefix(LOCKED))
    return read(name.removeprefix(PRIVATE), private=name.startswith(PRIVATE))


def picture_names() -> list[str]:
    """Names of all stored pictures as an archive has them: private and locked ones in folders.

    None of a bucket, which has copies of its own.
    """
    if not in_folder():
        return []
    return [
        *stored_names(),
        *(PRIVATE + name for name in stored_names(private=True)),
        *(LOCKED + key for key in locked_keys()),
    ]


def _refuse_overwriting(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise OperationRefused(f"{path} exists. Name another file, or overwrite it with --force.")


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    """A file beside ``path`` that takes its name when the block ends well, else goes."""
    with NamedTemporaryFile(dir=path.parent, prefix=".backup-", delete=False) as file:
        draft = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    with suppress(OSError):  # systems that can't open a folder keep names by themselves
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _note(path: Path, moment: datetime) -> None:
    # Read-only state costs the examination a hint, not the operator the backup.
    with suppress(OSError, EmbeddedPostgresError):
        text = json.dumps({"at": moment.isoformat(), "path": str(path.resolve())})
        note_file().parent.mkdir(parents=True, exist_ok=True)
        note_file().write_text(text, encoding="utf-8")


def note_file() -> Path:
    """Where the last backup of this machine is noted."""
    return state_folder() / "last-backup.json"
