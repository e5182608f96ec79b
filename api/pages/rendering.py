"""From a template to an answer: escaped, in the reader's language, with an ETag."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.pages.addresses import house_path, listing_path
from api.pages.reader import Reader
from api.pages.words import Words, day, money, number
from core.settings import settings
from media.photos import photo_path, photo_url

_FOLDER: Final = Path(__file__).parent / "templates"

# Asked again every time, answered by 304: a room that was let is gone from the next look.
REVALIDATE: Final = "public, no-cache"
# For pages that many share the link of; what they show may be half a minute old.
A_MOMENT: Final = "public, max-age=30, must-revalidate"
NOT_KEPT: Final = "no-store"
VARY: Final = "Accept-Language, Cookie"


def _style(name: str = "style.css") -> Markup:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return Markup(re.sub(r"\s*\n\s*", "", text))  # noqa: S704 - our own file


def _source(text: Markup) -> str:
    """How a policy names what stands inside a page: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_STYLE: Final = _style()
# What only forms need: other pages are read on a slow line.
_FORMS: Final = _style("forms.css")
_MAP: Final = _style("map.css")
_SCRIPTS: Final = {
    name: Markup((_FOLDER / f"{name}.js").read_text(encoding="utf-8"))  # noqa: S704 - our own
    for name in ("report", "follow_up")
}


def _policy(script: Markup | None = None) -> str:
    """Stricter than what the edge gives to pages: what is inside, known by its hash, and no more.

    Only pages with a script of their own allow one, and only that one.
    """
    scripts = f" script-src {_source(script)};" if script else ""
    return (
        f"default-src 'none'; img-src 'self'; style-src {_source(_STYLE)} {_source(_FORMS)}"
        f" {_source(_MAP)};{scripts} form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


POLICY: Final = _policy()
_POLICIES: Final = {name: _policy(script) for name, script in _SCRIPTS.items()}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(money=money, number=number, day=day)
    made.globals.update(
        style=_STYLE,
        map_style=_MAP,
        forms_style=_FORMS,
        photo_path=photo_path,
        photo_url=photo_url,
        listing_path=listing_path,
        house_path=house_path,
    )
    return made


_TEMPLATES: Final = _environment()


def page(
    request: Request,
    reader: Reader,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    keep: str = REVALIDATE,
    canonical: str | None = None,
    here: Mapping[str, str] | None = None,
    script: str | None = None,
    **values: Any,
) -> Response:
    """Render a template. Answers 304 to those who have the very page already.

    Only pages with status 200 may be kept by anybody, for as long as ``keep`` says. ``canonical``
    is the path under which search engines shall know the page, ``here`` the query that its own
    switches (language, size of type) carry on, ``script`` the one that the page has.
    """
    text = _TEMPLATES.get_template(template).render(
        reader=reader,
        status=status,
        t=Words(reader.language),
        public_url=settings().public_url,
        address=settings().public_url + (canonical or request.url.path),
        canonical=canonical,
        here=here or {},
        script=_SCRIPTS[script] if script else None,
        **values,
    )
    body = re.sub(r"\n\s*", "\n", text).encode()
    answer = Response(body, status, {"Content-Language": reader.language, "Vary": VARY})
    answer.headers["Content-Security-Policy"] = _POLICIES[script] if script else POLICY
    answer.headers["Content-Type"] = "text/html; charset=utf-8"
    if status == 200:
        tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if knows(request, tag):
            answer = Response(status_code=304, headers={"Vary": VARY})
        answer.headers.update({"ETag": tag, "Cache-Control": keep})
    else:
        answer.headers["Cache-Control"] = NOT_KEPT
    answer.headers.update(headers or {})
    if reader.chosen:
        reader.remember(answer)
        answer.headers["Cache-Control"] = NOT_KEPT
    return answer


def knows(request: Request, tag: str) -> bool:
    """Whether the caller has what this tag stands for (``If-None-Match``, RFC 9110 § 13.1.2)."""
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    return "*" in known or tag in [each.removeprefix("W/") for each in known]
