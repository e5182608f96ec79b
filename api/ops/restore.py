"""Restoring: a backup becomes the database and the pictures, all of it or nothing.

The dump is loaded into a database of its own, brought to this version's schema and checked
there. Pictures that are missing are added, which nobody sees yet. Then two renames in one
transaction put the new database in the place of the old: before that moment nothing has changed,
after it everything has, whatever dies when.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncpg
from asyncpg.exceptions import InterfaceError, ObjectInUseError, PostgresError

from api.assembly import database_config
from api.ops.archive import LOCKED, PRIVATE, Archive, Manifest, Progress, opened
from api.ops.backup import picture_names, read_picture
from api.ops.database import (
    BOOKKEEPING,
    TABLES_SQL,
    fingerprints,
    identifier,
    known,
    row_counts,
)
from api.ops.errors import OperationRefused
from api.ops.programs import find_programs
from api.runtime import Ground
from core import audit_check
from core.database import CONNECT_SECONDS, connected, connection, credentials, execute, patient
from core.migrate import migrate
from core.settings import Settings
from media import storage
from notifications.templates import keep_shipped

_LOCK: Final = 0x52455354
_LEFT_BEHIND: Final = "_(restoring|replaced)_[0-9a-f]{8}"
_NAME_ROOM: Final = 63 - len("_restoring_01234567")


@dataclass
class Restored:
    """What was done: the manifest followed, migrations run, pictures written and removed.

    ``unfinished`` says what could not be tidied up after the databases had changed places.
    """

    manifest: Manifest
    migrations: list[str] = field(default_factory=list)
    audit_entries: int = 0
    pictures_written: int = 0
    pictures_removed: int = 0
    unfinished: str = ""


@dataclass(frozen=True)
class _Place:
    """The database to restore into, and the server's own database to work from."""

    name: str
    admin: asyncpg.Connection
    where: dict[str, Any]

    async def exists(self) -> bool:
        return bool(
            await self.admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", self.name)
        )


async def restore(
    here: Ground, source: Path, *, replace: bool, without_secret: bool, progress: Progress
) -> Restored:
    """Put a backup in the place of the database that the settings name.

    Nobody may be connected to it, and its role must be allowed to make databases. What was set on
    the old database itself (``ALTER DATABASE ... SET``, ``GRANT``) does not pass to the new one.

    Raises:
        OperationRefused: the archive is damaged, from a newer version or sealed with another
            secret (``without_secret`` lets that pass); the database is in use, or holds rows and
            ``replace`` is off; the restored rows or audit trail are not those of the manifest.
    """
    with opened(source, progress) as archive:
        manifest = archive.manifest
        _refuse_foreign(manifest, here.settings, without_secret=without_secret)
        async with _place(here) as place:
            await _refuse_server(place, manifest)
            await _refuse_contents(place, replace=replace)
            report = Restored(manifest)
            async with _fresh_database(place) as fresh:
                await _fill(here, fresh, archive, report, progress)
                with _Pictures(archive, progress) as pictures:
                    pictures.add_missing()
                    await _refuse_contents(place, replace=replace)
                    await _swap(place, fresh["database"])
                    pictures.keep()
            try:
                report.pictures_written, report.pictures_removed = pictures.settle(replace=replace)
                await _drop_left_behind(place)
            except (OSError, PostgresError) as error:
                report.unfinished = f"{type(error).__name__}: {error}"
    return report


def _refuse_foreign(manifest: Manifest, settings: Settings, *, without_secret: bool) -> None:
    newer = sorted(set(manifest.migrations) - known())
    if newer:
        raise OperationRefused(
            f"The backup was made by a newer version, or by one from before the first release "
            f"({manifest.version}): this one does not know {', '.join(newer[:3])}. Install that "
            "version first."
        )
    missing = [mark for mark in manifest.secrets if mark not in fingerprints(settings)]
    if missing and not without_secret:
        raise OperationRefused(
            "Data in the backup depends on secrets that are not set here, by fingerprint "
            f"{', '.join(missing)}. Set them in LEYE_SECRET (or add them to "
            "LEYE_PREVIOUS_SECRETS), LEYE_FIELD_KEYS and LEYE_INDEX_KEYS, or restore with "
            "--without-secret: telephone numbers, second factors and the like then stay unreadable."
        )


@asynccontextmanager
async def _place(here: Ground) -> AsyncIterator[_Place]:
    where = credentials(here.url)
    timeout = {"timeout": CONNECT_SECONDS}
    admin = await asyncpg.connect(**{**where, "database": "postgres"}, **timeout)
    try:
        place = _Place(where["database"], admin, where)
        if place.name == "postgres":
            raise OperationRefused("DATABASE_URL names the server's own database; name another.")
        if not await admin.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise OperationRefused("Another restore is at work on this server.")
        await _refuse_rights(admin)
        await _drop_left_behind(place)
        yield place
    finally:
        with suppress(PostgresError, InterfaceError, OSError):
            # Closing lets go of the lock too, but a moment after we are told that it is done.
            await admin.execute("SELECT pg_advisory_unlock_all()")
        await admin.close()


async def _refuse_rights(admin: asyncpg.Connection) -> None:
    may = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    if not await admin.fetchval(may):
        raise OperationRefused(
            "The role in DATABASE_URL may not make databases, which restoring needs. Allow it for "
            "as long as it takes: ALTER ROLE name CREATEDB, afterwards NOCREATEDB."
        )


async def _refuse_server(place: _Place, manifest: Manifest) -> None:
    major = place.admin.get_server_version().major
    if major < manifest.server_major:
        raise OperationRefused(
            f"The backup comes from PostgreSQL {manifest.server_major}; this server is {major}. "
            "Data can't move to an older PostgreSQL: upgrade the server."
        )


async def _refuse_contents(place: _Place, *, replace: bool) -> None:
    """Refuse a database in use, or one with rows unless they may go."""
    if not await place.exists():
        return
    users = await place.admin.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = $1 AND backend_type = 'client backend'",
        place.name,
    )
    if users:
        raise OperationRefused(
            f"{users} sessions are connected to the database {place.name}. Stop the API, the "
            "workers and whoever else uses it, then restore."
        )
    if replace:
        return
    inside = await asyncpg.connect(**place.where, timeout=CONNECT_SECONDS)
    try:
        for row in await inside.fetch(TABLES_SQL):
            some = f"SELECT EXISTS (SELECT FROM public.{identifier(row['name'])})"  # noqa: S608
            if row["name"] not in BOOKKEEPING and await inside.fetchval(some):
                raise OperationRefused(
                    f"The database {place.name} is not empty (table {row['name']}). --replace "
                    "restores in its place; what it holds now is then lost."
                )
    finally:
        await inside.close()


@asynccontextmanager
async def _fresh_database(place: _Place) -> AsyncIterator[dict[str, Any]]:
    """A new database with the old one's order of letters; gone again unless it was renamed."""
    name = f"{place.name[:_NAME_ROOM]}_restoring_{secrets.token_hex(4)}"
    letters = await place.admin.fetchrow(
        "SELECT quote_literal(datcollate) AS collate, quote_literal(datctype) AS ctype"
        " FROM pg_database WHERE datname = $1",
        place.name,
    )
    kept = f" LC_COLLATE {letters['collate']} LC_CTYPE {letters['ctype']}" if letters else ""
    quoted = identifier(name)
    await place.admin.execute(f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8'{kept}")
    try:
        yield {**place.where, "database": name}
    finally:
        await place.admin.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


async def _fill(
    here: Ground, where: dict[str, Any], archive: Archive, report: Restored, progress: Progress
) -> None:
    """Load the dump, compare it with the manifest, bring it up to date, verify its audit trail."""
    manifest = archive.manifest
    embedded = here.cluster.binaries if here.cluster else None
    progress("database", 0, None)
    find_programs(manifest.dump_major, embedded=embedded).load(where, archive.dump())
    progress("database", 1, 1)
    config = patient(database_config(here.url, here.settings))
    config["connections"]["default"]["credentials"]["database"] = where["database"]
    async with connected(config):
        counts = await row_counts()
        differ = sorted(
            table
            for table in counts.keys() | manifest.tables.keys()
            if counts.get(table) != manifest.tables.get(table)
        )
        if differ:
            raise OperationRefused(
                f"The restored tables do not have the rows of the manifest: {', '.join(differ)}."
            )
        report.migrations = await migrate(config)
        await keep_shipped()
        audit = await audit_check.verify(
            connection(),
            anchored=manifest.audit_anchors,
            progress=lambda done, total: progress("audit trail", done, total),
        )
        if not audit.sound:
            raise OperationRefused(
                f"The restored audit trail has {audit.fault_count} faults, first: "
                f"{audit.faults[0]}. Take an earlier backup."
            )
        report.audit_entries = audit.entries
        await execute("ANALYZE")


async def _swap(place: _Place, fresh: str) -> None:
    """The moment: the new database takes the old one's name, or nothing happens."""
    name, new = identifier(place.name), identifier(fresh)
    aside = identifier(f"{place.name[:_NAME_ROOM]}_replaced_{secrets.token_hex(4)}")
    try:
        async with place.admin.transaction():
            if await place.exists():
                await place.admin.execute(f"ALTER DATABASE {name} RENAME TO {aside}")
            await place.admin.execute(f"ALTER DATABASE {new} RENAME TO {name}")
    except ObjectInUseError:
        raise OperationRefused(
            f"Somebody connected to the database {place.name} meanwhile. Stop the API and the "
            "workers, then restore."
        ) from None


async def _drop_left_behind(place: _Place) -> None:
    """Databases that this restore, or one that was killed, has no more use for."""
    pattern = f"^{re.escape(place.name[:_NAME_ROOM])}{_LEFT_BEHIND}$"
    rows = await place.admin.fetch("SELECT datname FROM pg_database WHERE datname ~ $1", pattern)
    for row in rows:
        await place.admin.execute(f"DROP DATABASE {identifier(row['datname'])} WITH (FORCE)")


class _Pictures:
    """The pictures of an archive on their way into the folder.

    Those that are missing may be written before the databases change places, because no row
    names them until then; they go again if it does not come to that.
    """

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self._archive = archive
        self._progress = progress
        self._written: list[str] = []
        self._kept = False

    def __enter__(self) -> _Pictures:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            for name in self._written:
                _remove(name)

    def add_missing(self) -> None:
        """Write those of which there is no file."""
        names = sorted(self._archive.pictures())
        for done, name in enumerate(names, start=1):
            if not _has(name):
                self._written.append(name)
                self._write(name)
            self._progress("pictures", done, len(names))

    def keep(self) -> None:
        """The database names them now."""
        self._kept = True

    def settle(self, *, replace: bool) -> tuple[int, int]:
        """Mend files that differ from the archive and, when replacing, remove all others.

        Answers how many were written altogether and how many removed.
        """
        pictures = self._archive.pictures()
        fresh = set(self._written)
        for name, digest in pictures.items():
            data = None if name in fresh else read_picture(name)
            if data is not None and sha256(data).hexdigest() != digest:
                self._write(name)
                self._written.append(name)
        surplus = set(picture_names()) - pictures.keys() if replace else set()
        for name in surplus:
            _remove(name)
        return len(self._written), len(surplus)

    def _write(self, name: str) -> None:
        private = name.startswith(PRIVATE)
        try:
            data = self._archive.picture(name)
            if name.startswith(LOCKED):
                storage.lock_away(name.removeprefix(LOCKED), data)
                return
            key, _, variant = name.removeprefix(PRIVATE).rpartition("-")
            width, _, file_format = variant.partition(".")
            storage.store(key, int(width), file_format, data, private=private)
        except ValueError:
            raise OperationRefused(
                f"The backup has a picture with an unknown name: {name}."
            ) from None


def _has(name: str) -> bool:
    if name.startswith(LOCKED):
        return storage.has_locked(name.removeprefix(LOCKED))
    return storage.has(name.removeprefix(PRIVATE), private=name.startswith(PRIVATE))


def _remove(name: str) -> None:
    if name.startswith(LOCKED):
        storage.remove_locked(name.removeprefix(LOCKED))
    else:
        storage.remove(name.removeprefix(PRIVATE), private=name.startswith(PRIVATE))
