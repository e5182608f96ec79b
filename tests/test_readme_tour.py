"""The README's tour works when it is pasted line by line, and shows what it says it shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README, TWIN = ROOT / "README.md", ROOT / "README.zh-CN.md"
ADDRESS = "http://127.0.0.1:8000"
MARK = "-- end of block --"
START_SECONDS = 180  # a cluster and a town are made first, perhaps beside a busy suite

_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

Block = tuple[str, str]


def blocks(file: Path) -> list[Block]:
    """Fenced blocks as (what follows the fence, text)."""
    found = _BLOCK.finditer(file.read_text(encoding="utf-8"))
    return [(block["kind"].strip(), block["text"]) for block in found]


def tour() -> list[tuple[str, str]]:
    """Each block of the tour with the output shown for it; nothing where none is shown."""
    following = [*blocks(README), ("", "")]
    return [
        (text, shown if kind in {"json", "text"} else "")
        for (first, text), (kind, shown) in pairwise(following)
        if first == "bash tour"
    ]


def shows(shown: str, said: str) -> bool:
    """Whether the output is the one shown, ``…`` standing for anything within a line."""
    pattern = re.escape(shown.strip()).replace("…", ".*")
    return re.fullmatch(pattern, said.strip()) is not None


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder of state that the database's account can reach, also when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="houjie-tour-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def newcomer(home: Path) -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LEYE_") and name not in {"DATABASE_URL", "REDIS_URL"}
    }
    return {**ours, "LEYE_HOME": str(home)}


@contextmanager
def served(home: Path, port: int) -> Iterator[None]:
    """What ``make run`` starts, on another port."""
    leye = Path(sys.executable).with_name("leye")
    log = home / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [leye, "serve", "--town", "--port", str(port)],
            cwd=ROOT, env=newcomer(home), stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            assert ready(process, port), log.read_text(encoding="utf-8", errors="replace")
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def ready(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the service says that it is ready; ``False`` when it ended or never did."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.postgres_launcher
@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash, curl")
def test_the_tour_pasted_into_bash_shows_what_the_readme_shows(home: Path) -> None:
    steps, port = tour(), free_port()
    script = f"\necho '{MARK}'\n".join(text for text, _ in steps)
    assert script.count(ADDRESS) == 1
    script = script.replace(ADDRESS, f"http://127.0.0.1:{port}")
    script = script.replace(".venv/bin/leye", str(Path(sys.executable).with_name("leye")))
    with served(home, port):
        ended = subprocess.run(
            ["bash", "-u"], input=script, cwd=ROOT, env=newcomer(home), check=False,
            capture_output=True, text=True, encoding="utf-8", timeout=300,
        )  # fmt: skip
    said = ended.stdout.split(MARK)
    assert len(said) == len(steps), ended.stderr
    for (text, shown), output in zip(steps, said, strict=True):
        assert shows(shown, output), f"{text}\nshows\n{output}\nnot\n{shown}\n{ended.stderr}"


def test_the_tour_is_short_and_every_step_shows_something() -> None:
    helpers, *steps = tour()
    assert helpers[1] == ""
    assert 8 <= len(steps) <= 14
    assert all(shown for _, shown in steps)


def test_both_readmes_have_the_same_blocks() -> None:
    assert blocks(TWIN) == blocks(README)


def test_shown_output_is_compared_strictly_but_for_ellipses() -> None:
    assert shows('{"id":"…","n":1}', '{"id":"abc","n":1}\n')
    assert not shows('{"id":"…","n":1}', '{"id":"abc","n":2}')
    assert not shows("0", "10")
