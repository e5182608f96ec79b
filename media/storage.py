"""Picture files by the names that pictures have, in the store that the settings name.

Private pictures, originals and what is under lock lie in folders of their own, which no web
server in front may serve.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeVar

from core.embedded_postgres import state_folder
from core.settings import Settings, settings
from media.formats import FORMATS, WIDTHS
from media.stores import DRAFT, PUBLIC, BucketStore, Draft, FolderStore, Kept, Store

_Result = TypeVar("_Result")

PRIVATE: Final = "private"
ORIGINALS: Final = "originals"
LOCKED: Final = "locked"
AREAS: Final = (PUBLIC, PRIVATE, ORIGINALS, LOCKED)
# Seconds that one operation waits for the store in all: with what else it does, less than the
# ten after which it is stopped.
PATIENCE: Final = 6.0
_KEY = re.compile(r"[A-Za-z0-9_-]{8,32}", re.ASCII)
_NAME = re.compile(
    rf"(?P<key>{_KEY.pattern})-(?:{'|'.join(map(str, WIDTHS))})\.(?:{'|'.join(FORMATS)})",
    re.ASCII,
)
# Of its own: when the store hangs, everything else that waits in threads goes on.
_threads: Final = ThreadPoolExecutor(16, thread_name_prefix="pictures")


async def off_loop(function: Callable[..., _Result], *args: Any, **options: Any) -> _Result:
    """Call a function of this module in a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(function, *args, **options))


class Patience:
    """How long one operation waits for the store in all, whatever the number of files.

    A call of a store that hangs goes on in its thread, and nobody waits for it.
    """

    def __init__(self, seconds: float = PATIENCE) -> None:
        self._until = asyncio.get_running_loop().time() + seconds

    async def off_loop(
        self, function: Callable[..., _Result], *args: Any, **options: Any
    ) -> _Result:
        """As :func:`off_loop`. Raises ``TimeoutError``, an ``OSError``, when patience ends."""
        async with asyncio.timeout_at(self._until):
            return await off_loop(function, *args, **options)


def media_dir() -> Path:
    """The folder of all pictures: ``LEYE_MEDIA_DIR``, else beside the embedded database."""
    return settings().media_dir or state_folder() / "media"


def in_folder() -> bool:
    """Whether pictures lie in a folder of this machine, not in a bucket."""
    return settings().media_url is None


def chosen() -> Store:
    """The store that the settings name."""
    return FolderStore(media_dir()) if in_folder() else _bucket_store(settings())


def store(key: str, width: int, file_format: str, data: bytes, *, private: bool = False) -> None:
    """Keep one variant of a picture.

    Others see the whole file or none, also after a power cut or on a full disk.

    Raises:
        ValueError: not a key, width or format that :func:`media.photos.photo_path` knows.
        OSError: the file can't be written; nothing is left behind.
    """
    path = _path(f"{key}-{width}.{file_format}", private=private)
    if path is None:
        raise ValueError("not the name of a picture")
    chosen().put(path, data)


def stored(name: str, *, private: bool = False) -> Path | None:
    """The file of ``KEY-WIDTH.FORMAT`` on this machine.

    ``None`` when there is none, the name is no such name, or pictures lie in a bucket. Private
    pictures are found only when they are asked for, and public ones only when not.
    """
    path = _path(name, private=private)
    if path is None or not in_folder():
        return None
    file = FolderStore(media_dir()).file(path)
    return file if file.is_file() else None


def has(name: str, *, private: bool = False) -> bool:
    """Whether there is such a picture. Raises ``OSError``."""
    path = _path(name, private=private)
    return path is not None and chosen().has(path)


def read(name: str, *, private: bool = False) -> bytes | None:
    """The picture of this name; ``None`` as in :func:`stored`. Raises ``OSError``."""
    path = _path(name, private=private)
    return chosen().read(path) if path is not None else None


def remove(name: str, *, private: bool = False) -> None:
    """Remove the picture of this name. Raises ``OSError``."""
    path = _path(name, private=private)
    if path is not None:
        chosen().remove(path)


def remove_variants(key: str) -> None:
    """Remove every file that is served of a picture, to everybody or to some."""
    for width, file_format, private in product(WIDTHS, FORMATS, (False, True)):
        remove(f"{key}-{width}.{file_format}", private=private)


def stored_names(*, private: bool = False) -> list[str]:
    """Names of all stored pictures; drafts and files that others put there are none."""
    found = ((kept.path, kept.path.rpartition("/")[2]) for kept in files(_area(private)))
    return sorted(name for path, name in found if path == _path(name, private=private))


def files(area: str) -> Iterator[Kept]:
    """Every file of an area, whatever its name."""
    return chosen().kept(area)


def key_of(path: str) -> str | None:
    """The key of the picture that a stored file belongs to; ``""`` for a draft of some file.

    ``None``: the name is none that is given here.
    """
    area, _, _ = path.partition("/")
    name = path.rpartition("/")[2]
    if name.startswith(DRAFT):
        return ""
    if area in {ORIGINALS, LOCKED}:
        return name if _KEY.fullmatch(name) else None
    match = _NAME.fullmatch(name)
    return match["key"] if match and path == _path(name, private=area == PRIVATE) else None


def draft_original(key: str) -> Draft:
    """Begin an original: nobody sees it until it is whole.

    Raises:
        ValueError: not a key.
        OSError: the file can't be made.
    """
    return chosen().draft(_path_in(ORIGINALS, key))


def original(key: str) -> bytes | None:
    """The original as it came; ``None`` when there is none (any more). Raises ``OSError``."""
    return chosen().read(_path_in(ORIGINALS, key))


def remove_original(key: str) -> None:
    """Remove the original; nothing happens when there is none. Raises ``OSError``."""
    chosen().remove(_path_in(ORIGINALS, key))


def lock_away(key: str, data: bytes) -> None:
    """Keep something that is encrypted. Raises ``ValueError``, ``OSError``."""
    chosen().put(_path_in(LOCKED, key), data)


def locked(key: str) -> bytes | None:
    """What is kept under lock, still encrypted; ``None`` when there is none."""
    return chosen().read(_path_in(LOCKED, key))


def has_locked(key: str) -> bool:
    """Whether there is such a thing under lock."""
    return chosen().has(_path_in(LOCKED, key))


def remove_locked(key: str) -> None:
    """Remove what is under lock; nothing happens when there is none. Raises ``OSError``."""
    chosen().remove(_path_in(LOCKED, key))


def locked_keys() -> list[str]:
    """The keys of everything that is under lock."""
    names = (kept.path.rpartition("/")[2] for kept in files(LOCKED))
    return sorted(name for name in names if _KEY.fullmatch(name))


@lru_cache(1)
def _bucket_store(of: Settings) -> BucketStore:
    return BucketStore(of)


def _path_in(area: str, key: str) -> str:
    if _KEY.fullmatch(key) is None:
        raise ValueError("not the key of a picture")
    return f"{area}/{key}"


def _area(private: bool) -> str:
    return PRIVATE if private else PUBLIC


def _path(name: str, *, private: bool = False) -> str | None:
    match = _NAME.fullmatch(name)
    # Folders by the first two characters of the key: no folder grows with the town.
    return f"{_area(private)}/{match['key'][:2]}/{name}" if match else None
