"""Picture files: whole or not there, and only under names that pictures have."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings as settings_module
from core.embedded_postgres import state_folder
from media.storage import Patience, media_dir, remove_variants, store, stored, stored_names

KEY = "AbCdEf0123456789-_xyzQ"
STRANGE = (
    "", ".", "..", "../../etc/passwd", f"../{KEY}-360.jpg", f"{KEY}-360.jpg/..", f"/{KEY}-360.jpg",
    f"{KEY}-361.jpg", f"{KEY}-360.png", f"{KEY}-360.jpg\n", f"{KEY}-360.JPG", "kurz-360.jpg",
    f"{KEY}-360.jpg\0", f"{KEY}%2F-360.jpg", f"{'a' * 33}-360.jpg", f"房{KEY}-360.jpg",
    f"{KEY}-٣٦٠.jpg",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path / "media"))
    settings_module.settings.cache_clear()
    yield tmp_path / "media"
    monkeypatch.undo()
    settings_module.settings.cache_clear()


def test_what_was_stored_is_found_by_its_name(folder: Path) -> None:
    store(KEY, 360, "webp", b"picture")

    path = stored(f"{KEY}-360.webp")
    assert path is not None
    assert path.read_bytes() == b"picture"
    assert path.is_relative_to(folder)
    assert path.stat().st_mode & 0o777 == 0o644
    assert stored(f"{KEY}-720.webp") is None


def test_storing_again_replaces_the_file_and_leaves_nothing_else(folder: Path) -> None:
    store(KEY, 360, "jpg", b"first")
    store(KEY, 360, "jpg", b"second")

    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [b"second"]


@pytest.mark.parametrize("name", STRANGE)
def test_other_names_find_nothing(name: str) -> None:
    store(KEY, 360, "jpg", b"picture")

    assert stored(name) is None


def test_private_pictures_are_found_only_when_they_are_asked_for(folder: Path) -> None:
    store(KEY, 360, "webp", b"a paper", private=True)

    assert stored(f"{KEY}-360.webp") is None
    assert stored(f"private/{KEY}-360.webp") is None
    hidden = stored(f"{KEY}-360.webp", private=True)
    assert hidden is not None
    assert hidden.is_relative_to(folder / "private")
    # No other account of the machine, such as the web server's, comes as far as the file.
    assert (folder / "private").stat().st_mode & 0o077 == 0
    assert hidden.stat().st_mode & 0o077 == 0
    assert (stored_names(), stored_names(private=True)) == ([], [f"{KEY}-360.webp"])
    remove_variants(KEY)
    assert stored_names(private=True) == []


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    path = stored(name)

    assert path is None or path.is_relative_to(media_dir())


@pytest.mark.parametrize(
    ("key", "width", "file_format"),
    [("../x", 360, "jpg"), (KEY, 100, "jpg"), (KEY, 360, "svg"), ("", 360, "jpg")],
)
def test_what_could_not_be_found_again_is_not_stored(
    folder: Path, key: str, width: int, file_format: str
) -> None:
    with pytest.raises(ValueError, match="name of a picture"):
        store(key, width, file_format, b"picture")

    assert not folder.exists()


def test_a_full_disk_leaves_nothing_behind_and_keeps_what_was_there(folder: Path) -> None:
    store(KEY, 360, "jpg", b"whole")
    path = stored(f"{KEY}-360.jpg")
    assert path is not None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            store(KEY, 360, "jpg", os.urandom(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert path.read_bytes() == b"whole"
    assert [each for each in folder.rglob("*") if each.is_file()] == [path]


def test_without_a_setting_pictures_lie_beside_the_embedded_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LEYE_MEDIA_DIR")
    settings_module.settings.cache_clear()

    assert media_dir() == state_folder() / "media"


async def test_one_operation_waits_for_a_store_that_hangs_only_once() -> None:
    begun, over = time.monotonic(), threading.Event()
    patience = Patience(0.2)
    try:
        assert await patience.off_loop(lambda: "quick") == "quick"
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await patience.off_loop(over.wait, 20)
    finally:
        over.set()
    assert time.monotonic() - begun < 2
