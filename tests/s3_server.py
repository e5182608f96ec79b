"""An S3-speaking server on the loopback: moto, in an environment of its own (make s3-server)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

PYTHON = Path(__file__).parents[1] / ".venv" / "s3-server" / "bin" / "python"
BUCKET = "houjie-pictures"
_MOTO = "import sys; from moto.server import main; main(sys.argv[1:])"


class S3Server:
    """A process that can be stopped, killed and begun again at the same address."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, prefix: str) -> dict[str, str]:
        """The environment with which the service keeps pictures here, below a prefix."""
        return {
            "LEYE_MEDIA_URL": f"s3://{BUCKET}/{prefix}",
            "LEYE_MEDIA_ENDPOINT": self.url,
            "LEYE_MEDIA_ACCESS_KEY": "test",
            "LEYE_MEDIA_SECRET_KEY": "test-secret",
        }

    def begin(self) -> None:
        """Start it with an empty bucket: it keeps everything in memory."""
        self._process = subprocess.Popen(
            [str(PYTHON), "-c", _MOTO, "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        request = urllib.request.Request(f"{self.url}/{BUCKET}", method="PUT")
        for _ in range(300):
            with suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(request, timeout=5).close()
                return
            assert self._process.poll() is None, "the S3 server ended"
            time.sleep(0.1)
        raise AssertionError("the S3 server does not answer")

    def pause(self) -> None:
        """It hangs: connections are taken, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, with all that it held."""
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


def missing() -> str:
    """Why there is none, or nothing."""
    if PYTHON.exists():
        return ""
    if sys.platform == "win32":
        return "no environment for the S3 server here"
    return "no S3 server: make s3-server"
