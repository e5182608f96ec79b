"""What the emulator remembers, and WeChat's rules on it. No HTTP here."""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from core.clock import SHANGHAI
from integrations.wechat.emulator.personas import HIGH_RISK, PERSONAS, Persona

APP_ID: Final = "wx0e000000e3012a70"
APP_SECRET: Final = "emulator-secret-for-development"  # noqa: S105 - opens nothing but this
PUSH_TOKEN: Final = "emulatorpushtoken"  # noqa: S105 - the same
AES_KEY: Final = "EmulatorEmulatorEmulatorEmulatorEmulatorEmu"

TOKEN_SECONDS: Final = 7200
OLD_TOKEN_SECONDS: Final = 300
CODE_SECONDS: Final = 300
RECENT_SECONDS: Final = 2 * 3600
MEDIA_SECONDS: Final = 2.0
FORCED_A_DAY: Final = 20
FORCED_APART: Final = 30

LOGINS_A_MINUTE: Final = 100
CODES_A_MINUTE: Final = 5000


class Refusal(Exception):
    """An answer with an ``errcode``."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        self.errcode, self.errmsg = errcode, errmsg
        super().__init__(f"{errcode} {errmsg}")


CodeKind = Literal["login", "phone"]


@dataclass
class _Code:
    kind: CodeKind
    persona: Persona
    until: float
    used: bool = False


@dataclass
class World:
    """One mini-program, its users, and everything that happened to it."""

    app_id: str = APP_ID
    secret: str = APP_SECRET
    pages: set[str] | None = None
    """Published pages; None: every page is."""
    templates: dict[str, list[str]] = field(default_factory=dict)
    """Template id → keys of its fields; an empty table takes every template and field."""
    quota: int | None = None
    """Calls a day of each endpoint; None: no end."""
    token_length: int = 136
    media_seconds: float = MEDIA_SECONDS
    risky_words: list[str] = field(default_factory=lambda: ["违规样本"])
    review_words: list[str] = field(default_factory=lambda: ["疑似样本"])
    allow_address: bool = True
    on_event: Callable[[dict[str, Any], float], None] = lambda event, delay: None
    """Where events to be pushed go, with the seconds until they are."""

    def __post_init__(self) -> None:
        self.offset = 0.0
        self.token = ""
        self._tokens: dict[str, float] = {}
        self._forced: deque[float] = deque(maxlen=FORCED_A_DAY)
        self._codes: dict[str, _Code] = {}
        self._seen: dict[str, float] = {}
        self._calls: Counter[tuple[str, str]] = Counter()
        self._windows: dict[str, deque[float]] = defaultdict(deque)
        self.counts: Counter[str] = Counter()
        self.ledger: Counter[tuple[str, str]] = Counter()
        self.long_term: set[tuple[str, str]] = set()
        self.sent: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.links: dict[str, dict[str, Any]] = {}
        self.media_verdicts: deque[str] = deque()

    # Time and tokens

    def now(self) -> float:
        """Seconds since 1970 by the emulator's clock."""
        return time.time() + self.offset

    def stable_token(self, app_id: str, secret: str, *, force: bool) -> tuple[str, int]:
        """The token and its seconds; the same one until five minutes before its end."""
        self._check_app(app_id, secret)
        left = self._tokens.get(self.token, 0) - self.now()
        if force:
            self._count_forced()
            self.revoke()
        elif left > OLD_TOKEN_SECONDS:
            return self.token, int(left)
        self.token = self._new_token()
        return self.token, TOKEN_SECONDS

    def plain_token(self, app_id: str, secret: str) -> tuple[str, int]:
        """The older call: every time another token, the one before good for five minutes."""
        self._check_app(app_id, secret)
        for token in self._tokens:
            self._tokens[token] = min(self._tokens[token], self.now() + OLD_TOKEN_SECONDS)
        return self._new_token(), TOKEN_SECONDS

    def _new_token(self) -> str:
        token = secrets.token_urlsafe(self.token_length)[: self.token_length]
        self._tokens[token] = self.now() + TOKEN_SECONDS
        return token

    def _check_app(self, app_id: str, secret: str) -> None:
        if not self.allow_address:
            raise Refusal(40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")
        if app_id != self.app_id:
            raise Refusal(40013, "invalid appid")
        if secret != self.secret:
            raise Refusal(40125, "invalid appsecret")

    def _count_forced(self) -> None:
        now, forced = self.now(), self._forced
        if forced and now - forced[-1] < FORCED_APART:
            raise Refusal(45011, "api minute-quota reach limit, must slower, retry next minute")
        if len(forced) == FORCED_A_DAY and now - forced[0] < 24 * 3600:
            raise Refusal(45009, "reach max api daily quota limit")
        forced.append(now)

    def revoke(self) -> None:
        """Make every token invalid, as somebody else's forced refresh does."""
        self._tokens.clear()
        self.token = ""

    def check_token(self, token: str | None) -> None:
        """Refuse a call without a good token."""
        if not token:
            raise Refusal(41001, "access_token missing")
        until = self._tokens.get(token)
        if until is None:
            raise Refusal(40001, "invalid credential, access_token is invalid or not latest")
        if until <= self.now():
            raise Refusal(42001, "access_token expired")

    # Counting

    def count(self, path: str) -> None:
        """Count a call; the day's quota ends at midnight in Shanghai."""
        self.counts[path] += 1
        day = datetime.fromtimestamp(self.now(), UTC).astimezone(SHANGHAI).date().isoformat()
        self._calls[path, day] += 1
        if self.quota is not None and self._calls[path, day] > self.quota:
            raise Refusal(45009, "reach max api daily quota limit")

    def per_minute(self, what: str, limit: int, errcode: int) -> None:
        """Refuse when it happened too often within the last minute."""
        moments, now = self._windows[what], self.now()
        while moments and moments[0] <= now - 60:
            moments.popleft()
        if len(moments) >= limit:
            raise Refusal(errcode, "api minute-quota reach limit, must slower, retry next minute")
        moments.append(now)

    # People

    def persona(self, name: str) -> Persona:
        """The persona of that name.

        Raises:
            KeyError: there is none.
        """
        return PERSONAS[name]

    def mint(self, kind: CodeKind, persona: Persona) -> str:
        """A code as the client would get it, good once and for five minutes."""
        code = ("0" if kind == "login" else "f") + secrets.token_hex(15)
        self._codes[code] = _Code(kind, persona, self.now() + CODE_SECONDS)
        if kind == "login":
            self._seen[persona.openid] = self.now()
        return code

    def visit(self, persona: Persona) -> None:
        """The person uses the mini-program now."""
        self._seen[persona.openid] = self.now()

    def redeem(self, kind: CodeKind, code: Any) -> Persona:
        """Who a code stands for; it is used up."""
        found = self._codes.get(code) if isinstance(code, str) else None
        if found is None or found.kind != kind or found.until <= self.now():
            raise Refusal(40029, "invalid code")
        if found.used:
            raise Refusal(40163, "code been used")
        found.used = True
        if kind == "login":
            self.per_minute(f"login {found.persona.name}", LOGINS_A_MINUTE, 45011)
            if found.persona.name == HIGH_RISK:
                raise Refusal(40226, "code blocked")
        return found.persona

    def check_openid(self, openid: Any, *, recent: bool = False) -> str:
        """The openid, when it is a user's, and of one who came within two hours if asked."""
        if not any(persona.openid == openid for persona in PERSONAS.values()):
            raise Refusal(40003, "invalid openid")
        if recent and self._seen.get(openid, 0) <= self.now() - RECENT_SECONDS:
            raise Refusal(61010, "code is expired")
        return str(openid)

    # Subscriptions

    def grant(self, persona: Persona, template: str, *, count: int, long_term: bool) -> None:
        """The person accepts; each yes is good for one message, a long-term one for all."""
        if long_term:
            self.long_term.add((persona.openid, template))
        else:
            self.ledger[persona.openid, template] += count

    def reject(self, persona: Persona, template: str) -> None:
        """The person takes everything back in the mini-program's settings."""
        self.ledger.pop((persona.openid, template), None)
        self.long_term.discard((persona.openid, template))

    def spend(self, openid: str, template: str) -> None:
        """Use up one yes."""
        if (openid, template) in self.long_term:
            return
        if self.ledger[openid, template] < 1:
            raise Refusal(43101, "user refuse to accept the msg")
        self.ledger[openid, template] -= 1

    # Pages and links

    def check_page(self, page: Any, errcode: int) -> None:
        """Refuse pages that are not published."""
        path = urlsplit(page).path if isinstance(page, str) else ""
        if not re.fullmatch(r"[\w-]+(/[\w-]+)*", path, re.ASCII) or (
            self.pages is not None and path not in self.pages
        ):
            raise Refusal(errcode, "invalid page")
