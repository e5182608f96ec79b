"""From a template to an answer: escaped, in the reader's language, with an ETag."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.pages.reader import Reader
from api.pages.words import Words, day, money, number
from core.settings import settings
from media.photos import photo_path, photo_url

_FOLDER: Final = Path(__file__).parent / "templates"

# Asked again every time, answered by 304: a room that was let is gone from the next look.
REVALIDATE: Final = "public, no-cache"
NOT_KEPT: Final = "no-store"
VARY: Final = "Accept-Language, Cookie"


def _style() -> Markup:
    text = (_FOLDER / "style.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return Markup(re.sub(r"\s*\n\s*", "", text))  # noqa: S704 - our own file


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
    made.globals.update(style=_style(), photo_path=photo_path, photo_url=photo_url)
    return made


_TEMPLATES: Final = _environment()


def page(
    request: Request,
    reader: Reader,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Render a template. Answers 304 to those who have the very page already.

    Only pages with status 200 may be kept by anybody.
    """
    text = _TEMPLATES.get_template(template).render(
        reader=reader,
        status=status,
        t=Words(reader.language),
        public_url=settings().public_url,
        address=settings().public_url + request.url.path,
        **values,
    )
    body = re.sub(r"\n\s*", "\n", text).encode()
    answer = Response(body, status, {"Content-Language": reader.language, "Vary": VARY})
    answer.headers["Content-Type"] = "text/html; charset=utf-8"
    if status == 200:
        tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if knows(request, tag):
            answer = Response(status_code=304, headers={"Vary": VARY})
        answer.headers.update({"ETag": tag, "Cache-Control": REVALIDATE})
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
