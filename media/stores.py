"""Where picture files lie: in a folder, or in a bucket of an S3-compatible service.

A path is ``AREA/...``. Files are written whole or not at all and never changed afterwards.
Everything here waits for disks and networks: call it outside of the event loop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from core.settings import Settings

PUBLIC: Final = "public"
DRAFT: Final = ".draft-"
_TYPES: Final = {".webp": "image/webp", ".jpg": "image/jpeg"}
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_PAGE: Final = 500
_RETRIES: Final[Any] = {
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}


class Kept(NamedTuple):
    """A stored file."""

    path: str
    modified: datetime


class Draft(Protocol):
    """A file on its way in: nobody sees it until it is whole."""

    def write(self, data: bytes) -> None:
        """Add bytes. Raises ``OSError``; the caller then abandons the draft."""

    def finish(self) -> None:
        """Make it the file of its path, so that it lasts. Raises ``OSError``."""

    def abandon(self) -> None:
        """Leave nothing of it."""


class Store(Protocol):
    """Files by path. Each method raises ``OSError`` when the store can't be reached or is full."""

    def put(self, path: str, data: bytes) -> None:
        """Keep a file, in place of the one that is there."""

    def draft(self, path: str) -> Draft:
        """Begin a file whose bytes come one after the other."""

    def read(self, path: str) -> bytes | None:
        """The file; ``None`` when there is none."""

    def has(self, path: str) -> bool:
        """Whether there is such a file."""

    def remove(self, path: str) -> None:
        """Remove the file; nothing happens when there is none."""

    def kept(self, area: str) -> Iterator[Kept]:
        """Every file of an area, read in pages."""


class FolderStore:
    """Files below one folder. Public ones lie in it directly, where a web server finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, path: str) -> Path:
        """Where a path lies."""
        return self.folder / path.removeprefix(f"{PUBLIC}/")

    def put(self, path: str, data: bytes) -> None:
        """Others see the whole file or none, also after a power cut or on a full disk."""
        draft = self.draft(path)
        try:
            draft.write(data)
            draft.finish()
        except OSError:
            draft.abandon()
            raise

    def draft(self, path: str) -> Draft:
        """A file beside the one to be."""
        public = path.startswith(f"{PUBLIC}/")
        file = self.file(path)
        if not public:
            area = self.folder / path.partition("/")[0]
            area.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o777 if public else 0o700, parents=True, exist_ok=True)
        return _FileDraft(file, public=public)

    def read(self, path: str) -> bytes | None:
        """The file's bytes."""
        try:
            return self.file(path).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, path: str) -> bool:
        """Whether it is a file."""
        return self.file(path).is_file()

    def remove(self, path: str) -> None:
        """Unlink it."""
        self.file(path).unlink(missing_ok=True)

    def kept(self, area: str) -> Iterator[Kept]:
        """Folder by folder; what is deleted meanwhile is left out."""
        root = self.folder if area == PUBLIC else self.folder / area
        if not root.is_dir():
            return
        # The other areas stand beside the folders of public pictures, which have two characters.
        shelves = [
            each
            for each in sorted(root.iterdir())
            if each.is_dir() and (area != PUBLIC or len(each.name) == 2)
        ]
        for folder in (root, *shelves) if area != PUBLIC else shelves:
            for file in sorted(folder.iterdir()):
                with suppress(FileNotFoundError):
                    if file.is_file():
                        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                        yield Kept(f"{area}/{file.relative_to(root).as_posix()}", changed)


class _FileDraft:
    def __init__(self, path: Path, *, public: bool) -> None:
        self._path, self._public = path, public
        self._file = NamedTemporaryFile(  # noqa: SIM115 - closed by finish and abandon
            dir=path.parent, prefix=DRAFT, delete=False
        )

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        draft = Path(self._file.name)
        if self._public:  # drafts are closed to others; the web server may be another account
            draft.chmod(0o644)
        draft.replace(self._path)
        _sync_folder(self._path.parent)

    def abandon(self) -> None:
        with suppress(OSError):  # closing writes what is buffered, to a disk that may be full
            self._file.close()
        Path(self._file.name).unlink(missing_ok=True)


class BucketStore:
    """Files of a bucket. A store that hangs is given up after about nine seconds."""

    def __init__(self, settings: Settings) -> None:
        self._quick = _bucket(settings, seconds=4)
        self._patient = _bucket(settings, seconds=20)  # originals have up to 10 MB

    def put(self, path: str, data: bytes) -> None:
        """One request: the service keeps the whole or nothing."""
        self._put(self._quick, path, data)

    def draft(self, path: str) -> Draft:
        """A file of this machine, sent when it is whole."""
        return _BucketDraft(self, path)

    def send(self, path: str, data: bytes) -> None:
        """As :meth:`put`, with time for large files."""
        self._put(self._patient, path, data)

    def read(self, path: str) -> bytes | None:
        """The object's bytes."""
        try:
            return bytes(obstore.get(self._quick, path).bytes())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unreachable(error) from None

    def has(self, path: str) -> bool:
        """Whether it is an object."""
        try:
            obstore.head(self._quick, path)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise _unreachable(error) from None
        return True

    def remove(self, path: str) -> None:
        """Delete the object."""
        try:
            obstore.delete(self._quick, path)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unreachable(error) from None

    def kept(self, area: str) -> Iterator[Kept]:
        """Page by page, in the order of their names."""
        try:
            for page in obstore.list(self._quick, prefix=area, chunk_size=_PAGE):
                for found in page:
                    yield Kept(found["path"], found["last_modified"])
        except BaseError as error:
            raise _unreachable(error) from None

    def _put(self, bucket: S3Store, path: str, data: bytes) -> None:
        kind = _TYPES.get(Path(path).suffix, "application/octet-stream")
        cached = _IMMUTABLE if path.startswith(f"{PUBLIC}/") else "private, no-store"
        attributes: Any = {"Content-Type": kind, "Cache-Control": cached}
        try:
            obstore.put(bucket, path, data, attributes=attributes, use_multipart=False)
        except (BaseError, FileNotFoundError) as error:
            raise _unreachable(error) from None


class _BucketDraft:
    def __init__(self, store: BucketStore, path: str) -> None:
        self._store, self._path = store, path
        self._file = TemporaryFile()  # noqa: SIM115 - closed by finish and abandon

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> None:
        self._file.seek(0)
        self._store.send(self._path, self._file.read())
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()


def _bucket(settings: Settings, *, seconds: int) -> S3Store:
    where = urlsplit(settings.media_url or "")
    endpoint = settings.media_endpoint
    options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if settings.media_access_key and settings.media_secret_key:
        options["access_key_id"] = settings.media_access_key.get_secret_value()
        options["secret_access_key"] = settings.media_secret_key.get_secret_value()
    # Some services want the bucket in the name of the host, and then in the endpoint's.
    in_host = (urlsplit(endpoint or "").hostname or "").startswith(f"{where.hostname}.")
    return S3Store(
        where.netloc,
        prefix=where.path.strip("/") or None,
        region=settings.media_region,
        virtual_hosted_style_request=in_host,
        client_options={
            "allow_http": True,
            "connect_timeout": timedelta(seconds=2),
            "timeout": timedelta(seconds=seconds),
        },
        retry_config=_RETRIES,
        **options,
    )


def _unreachable(error: Exception) -> OSError:
    # The text of the library holds the whole exchange; its first line says enough.
    return OSError(f"the picture store: {str(error).partition(chr(10))[0]}")


def _sync_folder(folder: Path) -> None:
    """Make the new name last; systems that can't open a folder do so by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
