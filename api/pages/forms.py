"""What all forms share: what was typed, how much of it, who may send it, how a refusal is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.context import hashed_address
from core.clock import SHANGHAI
from core.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    RateLimited,
    RequestIdReused,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from core.rates import allow
from core.settings import settings

T = TypeVar("T")
OWN_REFERRER: Final = {"Referrer-Policy": "same-origin"}
"""For pages with a form: browsers that know no ``Sec-Fetch-Site`` then say where it came from."""
REQUEST_ID: Final = "request_id"
SAID: Final = (
    InvalidInput,
    Unauthenticated,
    RateLimited,
    RequestIdReused,
    Unavailable,
    Conflict,
    WrongState,
)
"""Refusals that are told beside what was typed, which stays."""

_LONGEST_FIELD: Final = 2500  # the longest words, each character in several code points
_MOST_FIELDS: Final = 120
_MOST_FILES: Final = 12  # twice what is taken: who chooses too many is told, not turned away
_POSTS: Final = (60, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with a form: texts by name, some names several times, and files."""

    texts: dict[str, list[str]] = field(default_factory=dict, repr=False)
    files: tuple[UploadFile, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every text of this name."""
        return self.texts.get(name, [])

    def request_id(self) -> UUID:
        """The id that makes a repeated submit harmless; a new one where there is none."""
        try:
            found = UUID(self[REQUEST_ID])
        except ValueError:
            return uuid4()
        return found if found.version == 4 else uuid4()


async def with_form(request: Request, then: Callable[[Typed], Awaitable[T]]) -> T:
    """Read a form, give it to ``then``, and let its files go.

    Raises:
        HTTPException: 403 for a form on another site, 400 for what is no form, 413.
        RateLimited: this address sends far more forms than people do.
    """
    refuse_other_sites(request)
    limit, window = _POSTS
    address = hashed_address(request)
    await allow("forms by address", address, limit=limit, window=window, fail_open=True)
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
        texts: dict[str, list[str]] = {}
        files = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.size:  # a field for files without any sends an empty one
                    files.append(value)
            else:
                texts.setdefault(name, []).append(value[:_LONGEST_FIELD].strip())
        return await then(Typed(texts, tuple(files)))


def refuse_other_sites(request: Request) -> None:
    """Forms are ours; browsers say where a post comes from.

    A page without referrers posts with the origin ``null``: then ``Sec-Fetch-Site`` alone tells,
    and where that is missing too nothing does. So pages with forms let the origin be said
    (:data:`OWN_REFERRER`).
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    own = {urlsplit(settings().public_url).netloc, request.headers.get("host", "")}
    elsewhere = bool(origin) and urlsplit(origin).netloc not in own
    if elsewhere and origin == "null" and site == "same-origin":
        elsewhere = False
    if site not in {"", "same-origin", "none"} or elsewhere:
        raise HTTPException(403)


def status_of(refusal: DomainError) -> int:
    """The status of a page that tells of a refusal."""
    match refusal:
        case RateLimited():
            return 429
        case Unavailable():
            return 503
    return 400


def ids_of(texts: Collection[str]) -> list[UUID]:
    """Ids that a form carried along, each once; what is none is left out."""
    found: dict[UUID, None] = {}
    for text in texts:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)


def typed_moment(text: str, *, field: str) -> datetime | None:
    """A time as ``datetime-local`` writes it, in the town's own time."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise InvalidInput(
            field=field,
            zh="时间请写成 2026-12-01 18:30 这样",
            en="Write the time like 2026-12-01 18:30",
        ) from None
