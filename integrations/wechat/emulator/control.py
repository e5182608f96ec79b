"""``/_ctl/...``: what tests and demonstrations do in the place of people and of time.

Bodies are JSON objects, and must say so: a page of another origin can't send that unasked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.wechat.emulator.faults import KINDS, Fault, Faults
from integrations.wechat.emulator.personas import PERSONAS, Persona
from integrations.wechat.emulator.pushes import Pushes, PushTarget
from integrations.wechat.emulator.world import World
from integrations.wechat.push import PushKeys

Body = dict[str, Any]


class Misuse(Exception):
    """The control route was called in a way that makes no sense; the text says how."""


class Control:
    """The control routes of one emulator."""

    def __init__(self, world: World, faults: Faults, pushes: Pushes) -> None:
        self._world, self._faults, self._pushes = world, faults, pushes

    def routes(self) -> list[Route]:
        """Every route."""
        posts: dict[str, Callable[[Body], Awaitable[Any]]] = {
            "codes": self._mint,
            "visits": self._visit,
            "subscriptions": self._subscriptions,
            "tokens/revoke": self._revoke,
            "clock": self._clock,
            "faults": self._fault,
            "verdicts": self._verdicts,
            "settings": self._settings,
            "push/target": self._target,
            "push/echo": self._echo,
            "push/event": self._event,
        }
        gets: dict[str, Callable[[], Any]] = {
            "personas": lambda: [vars(persona) for persona in PERSONAS.values()],
            "sent": lambda: self._world.sent,
            "checks": lambda: self._world.checks,
            "links": lambda: self._world.links,
            "pushes": self._delivered,
            "state": self._state,
        }
        return [
            *(
                Route(f"/_ctl/{path}", _posting(run), methods=["POST"])
                for path, run in posts.items()
            ),
            *(Route(f"/_ctl/{path}", _getting(run), methods=["GET"]) for path, run in gets.items()),
        ]

    async def _mint(self, body: Body) -> Any:
        kind = body.get("kind", "login")
        if kind not in {"login", "phone"}:
            raise Misuse("kind: login or phone")
        return {"code": self._world.mint(kind, _persona(body))}

    async def _visit(self, body: Body) -> Any:
        self._world.visit(_persona(body))
        return {}

    async def _subscriptions(self, body: Body) -> Any:
        """The person's answer to the subscription dialogue, or a change in the settings."""
        persona, answer = _persona(body), body.get("answer", "accept")
        templates = body.get("templates")
        if not isinstance(templates, list) or not 1 <= len(templates) <= 3:
            raise Misuse("templates: a list of one to three, as in one tap")
        if answer not in {"accept", "reject"}:
            raise Misuse("answer: accept or reject")
        for template in map(str, templates):
            if answer == "reject":
                self._world.reject(persona, template)
                continue
            self._world.grant(
                persona, template,
                count=int(body.get("count", 1)), long_term=body.get("long_term") is True,
            )  # fmt: skip
        news = [{"TemplateId": str(one), "SubscribeStatusString": answer} for one in templates]
        if body.get("settings") is True:
            event = "subscribe_msg_change_event"
        else:
            event = "subscribe_msg_popup_event"
            news = [{**one, "PopupScene": "1"} for one in news]
        if self._pushes.target is not None:
            self._pushes.later({"FromUserName": persona.openid, "Event": event, "List": news}, 0.0)
        return {}

    async def _revoke(self, _: Body) -> Any:
        self._world.revoke()
        return {}

    async def _clock(self, body: Body) -> Any:
        self._world.offset += _number(body, "forward")
        self._pushes.clock_moved()
        return {"now": self._world.now()}

    async def _fault(self, body: Body) -> Any:
        if body.get("clear") is True:
            self._faults.clear()
            return {}
        if body.get("kind") not in KINDS:
            raise Misuse("kind: one of " + ", ".join(KINDS))
        try:
            fault = Fault(**{name: value for name, value in body.items() if name != "path"})
        except TypeError:
            raise Misuse("only path, kind, errcode, errmsg, status, seconds, times") from None
        self._faults.add(str(body.get("path", "*")), fault)
        return {}

    async def _verdicts(self, body: Body) -> Any:
        found = body.get("media")
        if not isinstance(found, list) or not set(found) <= {"pass", "review", "risky"}:
            raise Misuse("media: a list of pass, review, risky")
        self._world.media_verdicts.extend(found)
        return {}

    async def _settings(self, body: Body) -> Any:
        """Set what a mini-program's owner sets, and numbers that differ from WeChat's."""
        known = {
            "pages", "templates", "quota", "token_length", "media_seconds", "risky_words",
            "review_words", "allow_address", "answer_seconds", "retry_seconds",
        }  # fmt: skip
        if unknown := set(body) - known:
            raise Misuse(f"unknown: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            owner = self._pushes if name in {"answer_seconds", "retry_seconds"} else self._world
            setattr(owner, name, set(value) if name == "pages" and value is not None else value)
        return {}

    async def _target(self, body: Body) -> Any:
        if body.get("url") is None:
            self._pushes.target = None
            return {}
        if body.get("form", "json") not in {"json", "xml"}:
            raise Misuse("form: json or xml")
        keys = PushKeys(self._world.app_id, str(body.get("token", "")), body.get("aes_key"))
        self._pushes.target = PushTarget(str(body["url"]), keys, body.get("form", "json"))
        return {}

    async def _echo(self, _: Body) -> Any:
        return {"ok": await self._pushes.echo()}

    async def _event(self, body: Body) -> Any:
        """Push any event: ``event`` with its fields, ``times`` for repeats."""
        event = body.get("event")
        if not isinstance(event, dict) or "FromUserName" not in event:
            raise Misuse("event: its fields, with FromUserName")
        stamped = {"CreateTime": int(self._world.now()), **event}
        for _ in range(int(body.get("times", 1))):
            self._pushes.later(stamped, float(body.get("delay", 0)))
        return {}

    def _delivered(self) -> Any:
        return {"delivered": self._pushes.delivered, "waiting": self._pushes.waiting}

    def _state(self) -> Any:
        world = self._world
        return {
            "app_id": world.app_id,
            "now": world.now(),
            "calls": dict(world.counts),
            "ledger": [
                {"openid": openid, "template": template, "left": left}
                for (openid, template), left in world.ledger.items()
            ],
            "faults": self._faults.listing(),
        }


def _posting(run: Callable[[Body], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                raise Misuse("content-type: application/json")
            body = orjson.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise Misuse("the body: a JSON object")
            return JSONResponse(await run(body))
        except (Misuse, orjson.JSONDecodeError) as misuse:
            return JSONResponse({"error": str(misuse)}, 400)

    return endpoint


def _getting(run: Callable[[], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        return JSONResponse(run())

    return endpoint


def _persona(body: Body) -> Persona:
    try:
        return PERSONAS[str(body.get("persona"))]
    except KeyError:
        raise Misuse("persona: one of " + ", ".join(PERSONAS)) from None


def _number(body: Body, name: str) -> float:
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Misuse(f"{name}: seconds")
    return float(value)
