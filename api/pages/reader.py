"""How somebody wants to read: their language and size of type, remembered by cookies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.language import preferred_language
from core.errors import Language
from core.settings import settings

_LANGUAGES: Final[Mapping[str, Language]] = {"zh": "zh-CN", "en": "en"}
_SIZES: Final = {"1": True, "0": False}
_CHOICES: Final[Mapping[str, Mapping[str, object]]] = {"lang": _LANGUAGES, "large": _SIZES}
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Reader:
    """What a page is written for.

    ``chosen`` are the switches in this very address (``?lang=en&large=1``); they go on into the
    page's own links, so that they work without cookies too.
    """

    language: Language
    large: bool
    chosen: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> Reader:
        """From the address, else from cookies, else from ``Accept-Language``."""
        given = request.query_params
        chosen = {
            name: given[name]
            for name, known in _CHOICES.items()
            if name in given and given[name] in known
        }
        kept = {**request.cookies, **chosen}
        language = _LANGUAGES.get(kept.get("lang", "")) or preferred_language(
            request.headers.get("accept-language")
        )
        return cls(language, _SIZES.get(kept.get("large", ""), False), chosen)

    @property
    def english(self) -> bool:
        """Whether the page is in English."""
        return self.language == "en"

    def link(self, **query: str) -> str:
        """A link to this page, with the switches chosen so far and ``query`` over them."""
        return "?" + urlencode({**self.chosen, **query})

    def onward(self) -> str:
        """What to append to links to other pages."""
        return self.link() if self.chosen else ""

    def remember(self, response: Response) -> None:
        """Keep the switches of this address for a year."""
        for name, value in self.chosen.items():
            response.set_cookie(
                name,
                value,
                max_age=_YEAR,
                secure=settings().public_url.startswith("https://"),
                httponly=True,
                samesite="lax",
            )
