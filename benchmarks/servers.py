"""The processes that are measured, and the towns they serve."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from core.database import credentials
from core.embedded_postgres import running, state_folder

READY_SECONDS = 30.0
LEYE = [sys.executable, "-m", "api"]
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Town:
    """A seeded database and a supervisor's access token."""

    url: str
    token: str
    environment: Mapping[str, str]


def peak_memory(pid: int | str = "self") -> int:
    """The most bytes that a process has held. (``getrusage`` would count its parent's too.)"""
    return _memory(pid, "VmHWM")


def _memory(pid: int | str, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {name} in /proc")


@dataclass(frozen=True)
class Served:
    """A server process."""

    pid: int

    def cpu_seconds(self) -> float:
        """CPU time it has used, in its own code and in the kernel for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Resident bytes."""
        return _memory(self.pid, "VmRSS")


def use_core(number: int) -> None:
    """Keep this process, and what it starts from now on, to one core, where that is possible."""
    if hasattr(os, "sched_setaffinity") and number in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {number})


@contextmanager
def prepared(size: str) -> Iterator[Town]:
    """A town of that size, made when it is not there yet, in an embedded cluster of its own."""
    with running("bench") as cluster:
        url = cluster.url_of(f"bench_{size}")
        environment = _environment(url)
        if not asyncio.run(_exists(cluster.url, f"bench_{size}")):
            cluster.create_database(f"bench_{size}")
        if subprocess.run([*LEYE, "demo"], env=environment, capture_output=True).returncode:
            subprocess.run(
                [*LEYE, "seed", "--size", size, "--replace"], env=environment, check=True
            )
        yield opened(url)


def opened(url: str) -> Town:
    """A seeded database, with its supervisor signed in."""
    environment = _environment(url)
    demo = subprocess.run(
        [*LEYE, "demo", "--json"], env=environment, check=True, capture_output=True
    )
    people = json.loads(demo.stdout)["signIns"]
    (token,) = (one["accessToken"] for one in people if one["role"] == "supervisor")
    return Town(url, token, environment)


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "LEYE_MEDIA_DIR": str(state_folder() / "bench-media"),
        "LEYE_PUBLIC_URL": "http://127.0.0.1:8451",
    }


async def _exists(url: str, name: str) -> bool:
    raw = await asyncpg.connect(**credentials(url))
    try:
        return bool(await raw.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name))
    finally:
        await raw.close()


@contextmanager
def api_server(town: Town, port: int) -> Iterator[Served]:
    """Our API, without a worker, on the first core."""
    command = [*LEYE, "serve", "--port", str(port), "--no-worker"]
    with _process(command, town.environment, port) as served:
        yield served


@contextmanager
def floor_server(town: Town, port: int) -> Iterator[Served]:
    """The raw floor, on the first core."""
    environment = {**town.environment, "PORT": str(port)}
    with _process([sys.executable, "-m", "benchmarks.floor"], environment, port) as served:
        yield served


@contextmanager
def _process(command: list[str], environment: Mapping[str, str], port: int) -> Iterator[Served]:
    child = subprocess.Popen(command, env=dict(environment), stderr=subprocess.DEVNULL)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(child.pid, {0})
    try:
        _wait_for(port, child)
        yield Served(child.pid)
    finally:
        child.terminate()
        child.wait(15)


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            raise RuntimeError(f"the server on port {port} ended with {child.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def wechat_emulator(environment: Mapping[str, str], port: int) -> Iterator[str]:
    """WeChat's stand-in in a process of its own; answers where it is."""
    command = [*LEYE, "wechat-emulator", "--port", str(port)]
    with _process(command, environment, port):
        yield f"http://127.0.0.1:{port}"
