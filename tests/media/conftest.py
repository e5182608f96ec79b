"""A place for pictures of each test's own: a folder, and a bucket of an S3-speaking server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import settings as settings_module
from core.ids import token
from tests.s3_server import S3Server, missing


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One for all tests of a process; a test that kills it begins it again."""
    if why := missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    server = S3Server()
    server.begin()
    yield server
    server.kill()


@pytest.fixture(params=["folder", "bucket"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Pictures lie in the folder that it answers, and the second time in a bucket."""
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path / "media"))
    if request.param == "bucket":
        server: S3Server = request.getfixturevalue("s3_server")
        for name, value in server.settings(token()).items():
            monkeypatch.setenv(name, value)
    settings_module.settings.cache_clear()
    yield tmp_path / "media"
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """Pictures lie in a bucket of this server."""
    for name, value in s3_server.settings(token()).items():
        monkeypatch.setenv(name, value)
    settings_module.settings.cache_clear()
    yield s3_server
    monkeypatch.undo()
    settings_module.settings.cache_clear()
