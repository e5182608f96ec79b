"""What WeChat posts to the service: when it is due, in the form agreed, up to four times."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from integrations.wechat.emulator.world import World
from integrations.wechat.push import ANSWER, PushKeys
from integrations.wechat.push_xml import write_xml

ANSWER_SECONDS: Final = 5.0
RETRIES: Final = 3

_WRAPPED: Final = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


@dataclass
class PushTarget:
    """Where to, and how: what a mini-program's owner enters on WeChat's page."""

    url: str
    keys: PushKeys
    form: str = "json"
    """``json`` or ``xml``."""
    original_id: str = "gh_0e3012a70"


@dataclass
class Pushes:
    """Sends the events of one world."""

    world: World
    target: PushTarget | None = None
    answer_seconds: float = ANSWER_SECONDS
    retry_seconds: float = 1.0
    delivered: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._due: list[tuple[float, int, dict[str, Any]]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self.world.on_event = self.later

    def later(self, event: dict[str, Any], delay: float) -> None:
        """Send the event after so many seconds of the emulator's clock."""
        event = {"MsgType": "event", "CreateTime": int(self.world.now() + delay), **event}
        heapq.heappush(self._due, (self.world.now() + delay, next(self._order), event))
        self._changed.set()

    def clock_moved(self) -> None:
        """Look again at what is due."""
        self._changed.set()

    @property
    def waiting(self) -> int:
        """Events that are not yet delivered or given up."""
        return len(self._due) + len(self._under_way)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send what gets due while the block runs."""
        async with httpx.AsyncClient(trust_env=False) as http:
            task = asyncio.create_task(self._send_due(http))
            try:
                yield
            finally:
                for one in (task, *self._under_way):
                    one.cancel()
                    with suppress(asyncio.CancelledError):
                        await one

    async def _send_due(self, http: httpx.AsyncClient) -> None:
        while True:
            while self._due and self._due[0][0] <= self.world.now():
                _, _, event = heapq.heappop(self._due)
                if self.target is not None:
                    task = asyncio.create_task(self._deliver(http, self.target, event))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
            wait = self._due[0][0] - self.world.now() if self._due else None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
            self._changed.clear()

    async def _deliver(
        self, http: httpx.AsyncClient, target: PushTarget, event: dict[str, Any]
    ) -> None:
        answers: list[str] = []
        self.delivered.append({"event": event, "answers": answers})
        for attempt in range(1 + RETRIES):
            if attempt:
                await asyncio.sleep(self.retry_seconds)
            answer = await self._post(http, target, event)
            answers.append(answer)
            if answer == "ok":
                return

    async def _post(
        self, http: httpx.AsyncClient, target: PushTarget, event: dict[str, Any]
    ) -> str:
        url, body = envelope(target, event, now=self.world.now())
        try:
            async with asyncio.timeout(self.answer_seconds):
                answer = await http.post(
                    url, content=body, headers={"content-type": f"text/{target.form}"}
                )
        except TimeoutError:
            return "late"
        except httpx.HTTPError:
            return "unreachable"
        good = answer.status_code == httpx.codes.OK and answer.text in {ANSWER, ""}
        return "ok" if good else f"status {answer.status_code}"

    async def echo(self) -> bool:
        """Try the address out, as when it is entered on WeChat's page."""
        if self.target is None:
            return False
        query, text = _signed(self.target.keys, self.world.now()), secrets.token_hex(10)
        async with httpx.AsyncClient(trust_env=False, timeout=self.answer_seconds) as http:
            try:
                answer = await http.get(
                    httpx.URL(self.target.url).copy_merge_params({**query, "echostr": text})
                )
            except httpx.HTTPError:
                return False
        return answer.status_code == httpx.codes.OK and answer.text == text


def _signed(keys: PushKeys, now: float) -> dict[str, str]:
    stamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
    return {"signature": keys.sign(stamp, nonce), "timestamp": stamp, "nonce": nonce}


def envelope(target: PushTarget, event: dict[str, Any], *, now: float) -> tuple[str, bytes]:
    """Address and body of one POST: plain without a key, encrypted with one."""
    message: dict[str, Any] = {"ToUserName": target.original_id, **event}
    query = _signed(target.keys, now)
    if target.form == "xml" and (outer := _WRAPPED.get(str(event.get("Event")))):
        message[outer] = {"List": message.pop("List")}
    text = _text(target, message)
    if target.keys.aes_key is not None:
        sealed, signature = target.keys.encrypt(text, query["timestamp"], query["nonce"])
        query |= {
            "encrypt_type": "aes", "msg_signature": signature,
            "openid": str(event["FromUserName"]),
        }  # fmt: skip
        text = _text(target, {"ToUserName": target.original_id, "Encrypt": sealed})
    return str(httpx.URL(target.url).copy_merge_params(query)), text.encode()


def _text(target: PushTarget, fields: dict[str, Any]) -> str:
    return write_xml(fields) if target.form == "xml" else orjson.dumps(fields).decode()
