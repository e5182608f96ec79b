"""The file of a backup: a tar of the dump, the pictures, a manifest, and the hashes of all that.

``tar xf FILE && sha256sum -c SHA256SUMS`` checks one without this program. The hashes stand last,
so that a file cut short has none. Nothing in it is a secret of the service.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from api.ops.errors import OperationRefused

FORMAT: Final = 1
DUMP: Final = "database.dump"
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
MEDIA: Final = "media/"
PRIVATE: Final = "private/"  # within media
LOCKED: Final = "locked/"  # within media; encrypted

_TAR: Final = tarfile.GNU_FORMAT  # its head has one length, whatever the size
_BLOCK: Final = 1 << 20
_SMALL: Final = 64 << 20  # more than the manifest or the sums of a city
_MEMBER_MODE: Final = 0o644

Progress = Callable[[str, int, int | None], None]
"""Hears the part at work, how much of it is done, and of how much (``None``: unknown)."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds, and what it takes to use it.

    ``tables`` are the rows of each table, ``audit_anchors`` the ends of the audit chains (as
    ``leye audit anchors`` prints them), ``secrets`` fingerprints of the secrets under which fields
    are sealed.
    """

    made_at: str
    version: str
    server_major: int
    dump_major: int
    migrations: list[str]
    tables: dict[str, int]
    audit_anchors: str
    secrets: list[str]
    pictures: int
    format: int = FORMAT

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Read :meth:`text`.

        Raises:
            OperationRefused: it is none, or of a format this version doesn't know.
        """
        try:
            values: Mapping[str, Any] = json.loads(text)
            if values["format"] != FORMAT:
                raise OperationRefused(
                    f"The backup has format {values['format']}; this version reads {FORMAT}. Use "
                    f"the version that made it ({values.get('version', 'unknown')}) or a newer one."
                )
            return cls(**{field.name: values[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError):
            raise OperationRefused("The manifest of the backup can't be read.") from None


class ArchiveWriter:
    """Writes the members one after the other into an open, seekable file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sums: list[str] = []

    @contextmanager
    def stream(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Write a member whose size is not known beforehand; its head is filled in afterwards."""
        head = self._file.tell()
        self._file.write(self._head(name, 0))
        digest, size = sha256(), 0

        def take(block: bytes) -> None:
            nonlocal size
            self._file.write(block)
            digest.update(block)
            size += len(block)

        yield take
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))
        end = self._file.tell()
        self._file.seek(head)
        self._file.write(self._head(name, size))
        self._file.seek(end)
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    def add(self, name: str, data: bytes) -> None:
        """Write a member that is at hand."""
        with self.stream(name) as take:
            take(data)

    def finish(self) -> None:
        """Write the hashes and the end of the archive."""
        self.add(SUMS, "".join(self._sums).encode())
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))

    @staticmethod
    def _head(name: str, size: int) -> bytes:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, _MEMBER_MODE
        return info.tobuf(_TAR)


class Archive:
    """An archive whose every byte was compared with its hashes."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest, sums: Mapping[str, str]) -> None:
        self._tar = tar
        self._members = {member.name: member for member in tar.getmembers()}
        self._sums = sums
        self.manifest = manifest

    def dump(self) -> IO[bytes]:
        """The dump of the database."""
        return self._open(DUMP)

    def pictures(self) -> Mapping[str, str]:
        """Hashes of the pictures by name."""
        return {
            name.removeprefix(MEDIA): digest
            for name, digest in self._sums.items()
            if name.startswith(MEDIA)
        }

    def picture(self, name: str) -> bytes:
        """One picture."""
        return self._open(MEDIA + name).read()

    def _open(self, name: str) -> IO[bytes]:
        opened = self._tar.extractfile(self._members[name])
        assert opened is not None, "only regular files pass the check"
        return opened


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[Archive]:
    """Open an archive after checking all of it.

    Raises:
        OperationRefused: it is not whole, was changed, or is no backup of this service.
    """
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            yield _checked(tar, os.fstat(file.fileno()).st_size, progress)
    except tarfile.TarError:
        raise OperationRefused(f"{path} is not a backup, or a damaged one.") from None


def _checked(tar: tarfile.TarFile, size: int, progress: Progress) -> Archive:
    found: dict[str, str] = {}
    for member in tar:
        if not member.isreg() or member.name in found:
            raise OperationRefused("The backup holds something that no backup holds.")
        found[member.name] = _digest(tar, member)
        progress("check", min(tar.offset, size), size)
    progress("check", size, size)
    missing = {DUMP, MANIFEST, SUMS} - found.keys()
    if missing:
        raise OperationRefused(
            f"The backup is not complete ({', '.join(sorted(missing))} missing): it was cut short, "
            "or is none. Take another copy of it, or an earlier one."
        )
    del found[SUMS]
    sums = _read_sums(_small(tar, SUMS))
    for name in sorted(sums.keys() | found.keys()):
        if sums.get(name) != found.get(name):
            raise OperationRefused(
                f"The backup was changed or damaged: {name} does not match its hash. Take another "
                "copy of it, or an earlier one."
            )
    return Archive(tar, Manifest.read(_small(tar, MANIFEST)), sums)


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    digest, left = sha256(), member.size
    opened = tar.extractfile(member)
    while opened is not None and (block := opened.read(_BLOCK)):
        digest.update(block)
        left -= len(block)
    if left:
        raise OperationRefused("The backup was cut short. Take another copy of it.")
    return digest.hexdigest()


def _small(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.getmember(name)
    opened = tar.extractfile(member) if member.size <= _SMALL else None
    return opened.read() if opened is not None else b""


def _read_sums(text: bytes) -> dict[str, str]:
    pairs = (line.partition("  ") for line in text.decode("utf-8", "replace").splitlines())
    return {name: digest for digest, _, name in pairs}
