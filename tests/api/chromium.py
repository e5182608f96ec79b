"""A real Chromium for tests, driven by the DevTools protocol: open, measure, picture."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--no-first-run", "--no-default-browser-check", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--force-color-profile=srgb", "--remote-debugging-port=0",
)  # fmt: skip
_SECONDS = 30
# WCAG 2.2, levels A and AA.
_AUDIT = """axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'],
  iframes: false,
}).then(found => found.violations.flatMap(rule => rule.nodes.map(
  node => `${rule.id}: ${node.target} ${(node.any[0] || node.all[0] || node.none[0]).message}`)))"""
# What must go on within the page: no wider than the screen, nothing that sticks out of it, tap
# targets high enough. Inline links in running text are exempt (WCAG 2.2, 2.5.8).
_MEASURE = """(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = e => e && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
    || scrolls(e.parentElement));
  const all = [...document.querySelectorAll('body *')];
  const name = e => `${e.tagName}.${e.className.baseVal ?? e.className}`;
  return {
    width, scrollWidth: document.documentElement.scrollWidth,
    outside: all.filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e)).map(name),
    low: [...document.querySelectorAll('a,button,input:not([type=hidden]),select,textarea')]
      .filter(e => getComputedStyle(e).display != 'inline'
      && e.getBoundingClientRect().height < 47.5).map(name),
    broken: [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),
    text: document.body.innerText,
  };
})()"""


@dataclass
class Tab:
    """One open page."""

    socket: ClientConnection
    session: str
    requests: list[str] = field(default_factory=list)
    _ids: int = 0
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Sort what the browser says, as long as it speaks."""
        async for message in self.socket:
            said = orjson.loads(message)
            if (future := self._waiting.pop(said.get("id"), None)) is not None:
                future.set_result(said)
            elif said.get("method") == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            elif said.get("method") == "Page.loadEventFired":
                self._loaded.set()

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and answer its result."""
        self._ids += 1
        future = self._waiting[self._ids] = asyncio.get_running_loop().create_future()
        await self.socket.send(
            orjson.dumps(
                {
                    "id": self._ids,
                    "method": method,
                    "params": params,
                    **({"sessionId": self.session} if self.session else {}),
                }
            ).decode()
        )
        async with asyncio.timeout(_SECONDS):
            said = await future
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']}")
        result: dict[str, Any] = said["result"]
        return result

    async def open(
        self, url: str, *, width: int, language: str = "zh-CN", dark: bool = False
    ) -> dict[str, Any]:
        """Load a page as a screen of that width would, scroll it through, and measure it."""
        await self._screen(width, dark=dark)
        agent = (await self.do("Browser.getVersion"))["userAgent"]
        await self.do("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.requests.clear()
        self._loaded.clear()
        await self.do("Page.navigate", url=url)
        async with asyncio.timeout(_SECONDS):
            await self._loaded.wait()
        return await self._shown()

    async def press(self, script: str) -> dict[str, Any]:
        """Do what leads to another page, such as sending a form, and measure that."""
        self._loaded.clear()
        # The page may be gone before the answer comes.
        await self.run(f"setTimeout(() => {{ {script} }}, 0)")
        async with asyncio.timeout(_SECONDS):
            await self._loaded.wait()
        return await self._shown()

    async def _screen(self, width: int, *, dark: bool) -> None:
        await self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=2 if width < 600 else 1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.do("Emulation.setEmulatedMedia", features=[scheme])

    async def _shown(self) -> dict[str, Any]:
        """The measures once every picture has come, for this screen."""
        await self.run(
            "Promise.all([...document.images].map(i => (i.loading = 'eager', i.decode())))"
            ".catch(() => 0).then(() => 1)"
        )
        return await self.measure()

    async def measure(self) -> dict[str, Any]:
        """How the open page lies on the screen."""
        measured: dict[str, Any] = await self.run(_MEASURE)
        return measured

    async def audit(self) -> list[str]:
        """What axe finds wrong with the open page."""
        if not await self.run("typeof axe === 'object'"):
            await self.run(f"{axe()};0")
        found: list[str] = await self.run(_AUDIT)
        return found

    async def look(self, *, width: int, dark: bool = False) -> dict[str, Any]:
        """Show the open page on another screen, and measure it there."""
        await self._screen(width, dark=dark)
        await self.run("new Promise(done => requestAnimationFrame(() => done(0)))")
        return await self._shown()

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = await self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def picture(self, path: Path, *, longest: int = 1600) -> None:
        """Save the whole page, down to ``longest`` CSS pixels, as PNG of 256 colours."""
        size = (await self.do("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {
            "x": 0, "y": 0, "scale": 1,
            "width": size["width"], "height": min(size["height"], longest),
        }  # fmt: skip
        shot = await self.do(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        await asyncio.to_thread(_save, base64.b64decode(shot["data"]), path)


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser with an empty profile and one open tab."""
    assert PROGRAM, "no Chromium on PATH"
    with TemporaryDirectory(prefix="leye-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr
        try:
            async with asyncio.timeout(_SECONDS):
                address = await _devtools(process.stderr)
            draining = asyncio.create_task(_drain(process.stderr))
            async with connect(address, max_size=None, proxy=None) as socket:
                tab = Tab(socket, session="")
                listening = asyncio.create_task(tab.listen())
                target = await tab.do("Target.createTarget", url="about:blank")
                attached = await tab.do(
                    "Target.attachToTarget", targetId=target["targetId"], flatten=True
                )
                tab.session = attached["sessionId"]
                await tab.do("Page.enable")
                await tab.do("Network.enable")
                yield tab
                listening.cancel()
            draining.cancel()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@cache
def axe() -> str:
    """The script that audits pages, as a package for another driver of browsers carries it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def _save(png: bytes, path: Path) -> None:
    Image.open(BytesIO(png)).convert("RGB").quantize(256).save(path, optimize=True)


async def _devtools(stream: asyncio.StreamReader) -> str:
    while line := await stream.readline():
        if match := re.search(rb"DevTools listening on (ws://\S+)", line):
            return match[1].decode()
    raise RuntimeError("Chromium ended before it listened")


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
