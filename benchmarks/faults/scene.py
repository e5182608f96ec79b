"""The processes that are broken: workers, WeChat's emulator, PostgreSQL, Redis.

Waiting is cut short: what is due in an hour is made due now, and a dead worker's claim runs out at
once. What happens then is what would happen later.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from redis import Redis

from benchmarks.recipients import Emulator
from benchmarks.servers import wechat_emulator
from core.database import execute, fetch
from integrations.wechat.emulator import APP_ID, APP_SECRET

WORKERS: Final = 2
POLL_SECONDS: Final = 0.1
STARTED: Final = "jobs.worker_started"

_SWEEP: Final = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('clock', 'notifications.sweep', 50, NULL, NULL,"
    " '{\"timestamp\": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1]) AS ids"
)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class RedisServer:
    """A Redis of our own; without the binary the workers have one inside each of them."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[RedisServer | None]:
        """A server while the block runs; nothing where there is no ``redis-server``."""
        if shutil.which("redis-server") is None:
            yield None
            return
        server = cls(free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()

    def start(self) -> None:
        """Start it, empty."""
        options = ["--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        wait_for(self._answers, 10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def flush(self) -> None:
        """Forget everything."""
        with Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Scene:
    """Everything that runs."""

    environment: Mapping[str, str]
    emulator: Emulator
    redis: RedisServer | None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0

    def start_workers(self) -> None:
        """Have as many as there should be."""
        while len(self.workers) < WORKERS:
            command = [sys.executable, "-m", "api", "worker"]
            quiet = subprocess.DEVNULL
            self.workers.append(
                subprocess.Popen(command, env=dict(self.environment), stdout=quiet, stderr=quiet)
            )

    def kill_workers(self) -> None:
        """``kill -9`` to all of them."""
        for worker in self.workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            self.kills += 1
        self.workers.clear()

    async def bury(self) -> None:
        """When no worker lives: their claims are over, and their jobs go back to the queue."""
        await execute(
            "UPDATE delivery SET claimed_until = now() - interval '1 second'"
            " WHERE state = 'SENDING'"
        )
        await execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")

    async def go_on(self) -> None:
        """Let time pass: what waits is due, the next day has a new quota, and the clock sweeps.

        An answer on its way may have told of the old quota after somebody saw that it was used up.
        """
        await execute("UPDATE channel_pause SET ended_at = now() WHERE ended_at IS NULL")
        await execute(
            "UPDATE delivery SET due_at = now() WHERE state = 'PLANNED' AND due_at > now()"
        )
        await fetch(_SWEEP)


@contextmanager
def scene(database_url: str) -> Iterator[Scene]:
    """Redis, the emulator and the workers over a database, while the block runs."""
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer.running())
        environment = {**os.environ, "DATABASE_URL": database_url, "LEYE_ENV": "development"}
        where = stack.enter_context(wechat_emulator(environment, free_port()))
        environment |= {
            "LEYE_WECHAT_API_URL": where,
            "LEYE_WECHAT_APP_ID": APP_ID,
            "LEYE_WECHAT_APP_SECRET": APP_SECRET,
        }
        if server is not None:
            environment["LEYE_REDIS_URL"] = server.url
        found = Scene(environment, Emulator(where), server)
        stack.callback(found.kill_workers)
        found.start_workers()
        yield found


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until the condition holds.

    Raises:
        TimeoutError: it does not in that time.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(POLL_SECONDS)
