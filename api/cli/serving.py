"""``leye serve`` and ``leye worker``."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Any

import structlog
import typer
import uvicorn

from api import wechat_push
from api.app import Parts, make_service
from api.cli.terminal import say
from api.demo import demo
from api.edge.server import Server, server_options
from api.runtime import Ground, at_work, forget_address, ground, migrate_now, note_address
from core import jobs, logging
from core.database import fetch
from core.settings import Settings, settings
from integrations import sms, wechat
from integrations.wechat import emulator

log = structlog.get_logger("api.serving")

Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    town: Annotated[
        bool, typer.Option("--town", help="Migrate, fill an empty database with a sample town.")
    ] = False,
    worker: Annotated[bool, typer.Option(help="Run background jobs in this process too.")] = True,
) -> None:
    """Serve the API, the pages and the console; runs the jobs too unless told not to."""
    os.environ.setdefault("LEYE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    signal.signal(signal.SIGTERM, _stop)
    with ground(settings(), quiet=town) as here:
        if not here.settings.production and not _is_loopback(host):
            say.print(
                "[bold red]Everybody who reaches this address can sign in as anybody:[/bold red]"
                " this is a development server with well-known keys. Real data needs"
                " LEYE_ENV=production (see deploy/README.md)."
            )
        asyncio.run(_prepare(here, town=town))
        parts: list[Parts] = [
            partial(sms.connected, here.settings),
            partial(
                wechat.connected,
                here.settings,
                with_emulator=True,
                push_to=f"http://{_reached_at(host)}:{port}{wechat_push.PATH}",
            ),
        ]
        parts += [partial(_working, here)] if worker else []
        service = make_service(here.settings, here.config, *parts)
        config = uvicorn.Config(service.app, **server_options(host=host, port=port))
        server = (_TellingServer if town else Server)(config, service.lifecycle)
        if isinstance(server, _TellingServer):
            server.settings = here.settings
        note_address(here.settings.public_url)
        try:
            _run(server.serve())
        finally:
            forget_address()


def work(
    concurrency: Annotated[int, typer.Option(help="Jobs at a time.", min=1, max=100)] = 10,
) -> None:
    """Run background jobs until told to stop."""
    with ground(settings()) as here:
        _run(_work(here, concurrency))


def wechat_emulator(
    port: Port = 8010,
) -> None:
    """Run the stand-in for WeChat alone, for a service of several processes. Not in production."""
    if settings().production:
        say.print("[red]The emulator signs in anybody as anybody: never with production.[/red]")
        raise typer.Exit(1)
    logging.configure(production=False)
    _run(_emulate(port))


async def _emulate(port: int) -> None:
    async with emulator.running(port=port) as found:
        say.print(
            f"[bold]微信模拟器 WeChat emulator[/bold]  {found.url}  (docs/wechat.md)\n"
            f"  LEYE_WECHAT_API_URL={found.url}\n"
            f"  LEYE_WECHAT_APP_ID={emulator.APP_ID}\n"
            f"  LEYE_WECHAT_APP_SECRET={emulator.APP_SECRET}",
            highlight=False,
            soft_wrap=True,
        )
        await asyncio.Event().wait()


async def _prepare(here: Ground, *, town: bool) -> None:
    if here.cluster is not None or town:
        await migrate_now(here)
    if town and not here.settings.production:
        async with at_work(here):
            if not await fetch("SELECT 1 AS one FROM place LIMIT 1"):
                # Drawing and geometry libraries: only the first start loads them.
                from api.seed.filling import seed_when_empty

                await seed_when_empty(here.url)


class _TellingServer(Server):
    """Says where to look, once it listens."""

    settings: Settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started and not self.settings.production:
            tell_demo(await demo(self.settings))


def tell_demo(found: dict[str, Any] | None) -> None:
    """Print where to look and as whom to come in."""
    if found is None:
        return
    url = found["url"]
    lines = [
        f"\n[bold]厚街 Houjie[/bold]  {url}",
        f"  console 控制台  {url}/console/",
        f"  GraphQL        {url}/graphql\n",
        *(f"  plate 门牌  {plate['url']}  {plate['label']}" for plate in found["plates"]),
        f"\n  demo sign-ins 演示账号 (password 密码 {found['password']};"
        " SMS codes 短信验证码 appear here):",
    ]
    for person in found["signIns"]:
        name = person.get("userName") or person.get("phone") or person.get("clientId", "")
        lines.append(f"    {person['role']:<13} {name:<24} {person['label']}")
    if (stand_in := wechat.running_emulator()) is not None:
        lines += [
            f"\n  WeChat 微信模拟器  {stand_in.url}/_ctl/personas  (docs/wechat.md)",
            "  a code for signInWithWechat 微信登录用的 code:",
            f"    curl -s {stand_in.url}/_ctl/codes -H 'content-type: application/json'"
            """ -d '{"persona": "tenant"}'""",
        ]
    lines.append("\n  [dim]Ctrl-C stops it; the data stays.[/dim]\n")
    say.print("\n".join(lines), highlight=False, soft_wrap=True)


@asynccontextmanager
async def _working(here: Ground, concurrency: int = 10) -> AsyncIterator[asyncio.Task[None]]:
    """The job worker, beside the API or alone."""
    app = jobs.worker_app(here.url)
    async with app.open_async():
        task = asyncio.create_task(jobs.run_worker(app, concurrency=concurrency))
        task.add_done_callback(_note_end)
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("jobs.worker_ended", exc_info=error)


async def _work(here: Ground, concurrency: int) -> None:
    if here.cluster is not None:
        await migrate_now(here)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no handlers on the loop
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        at_work(here),
        sms.connected(here.settings),
        wechat.connected(here.settings),
        _working(here, concurrency) as working,
    ):
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            await working  # raises what ended it: better to be started anew than to idle


def _stop(number: int, frame: object) -> None:
    """SIGTERM unwinds like Ctrl-C: the embedded PostgreSQL is left in order too.

    uvicorn puts its own handler in this one's place and, done, raises the signal once more.
    """
    raise KeyboardInterrupt


def _run(main: Coroutine[Any, Any, None]) -> None:
    """Run on the quickest loop there is; Ctrl-C is a way to stop, not an error."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner, suppress(KeyboardInterrupt):
        runner.run(main)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reached_at(host: str) -> str:
    """How this machine itself reaches a server that listens there."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it exists: not on Windows."""
    if find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(serve)
    cli.command("worker")(work)
    cli.command("wechat-emulator")(wechat_emulator)
