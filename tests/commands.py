"""``leye`` for tests: a process for each command, which does not load everything once more.

To load what ``leye`` needs takes a second and a half of a processor. A server beside the tests
does it once and forks for each command; that goes through the ``main`` of the installed script.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from api.cli import main
from api.cli.terminal import say, show

ROOT = Path(__file__).parents[1]


def leye(*arguments: str | Path, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run a command to its end, with nothing on its standard input."""
    words = [str(argument) for argument in arguments]
    with TemporaryDirectory(prefix="leye-command-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _server().Process(target=_command, args=(words, dict(environment), out, err))
        process.start()
        process.join()
        assert process.exitcode is not None
        return CompletedProcess(words, process.exitcode, out.read_text(), err.read_text())


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.commands"])
    return context


def _command(words: list[str], environment: dict[str, str], out: Path, err: Path) -> None:
    for path, stream in ((out, 1), (err, 2)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    if columns := environment.get("COLUMNS"):
        say.width = show.width = int(columns)  # they asked when they were loaded
    sys.argv = ["leye", *words]
    main()
