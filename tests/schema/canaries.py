"""Marked values, and a search for them in everything that a copy of the service's state holds.

A value is searched for as it is and as it could hide: masked, with its digits apart, as a plain
hash, in hexadecimal, base64 and escapes, and in the pieces of an index of words.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from core import redis
from core.database import fetch
from core.masking import mask_document, mask_name, mask_phone
from tests.schema.sealed import RARE

_SHORT: Final = 8
_TABLES: Final = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm') ORDER BY 1
"""


@dataclass(frozen=True)
class Canary:
    """A value that must stand nowhere in clear; ``mask`` shortens it as answers do.

    ``secret``: a token or code, of which the service may keep a hash.
    """

    what: str
    value: str
    mask: Callable[[str], str] | None = None
    secret: bool = False

    @cached_property
    def forms(self) -> Mapping[str, str]:
        """Every form in which it could stand somewhere, with the form's name."""
        value, data = self.value, self.value.encode()
        forms = {
            data.hex(): "hexadecimal",
            value.encode("utf-16-be").hex(): "hexadecimal of UTF-16",
            quote(value, safe=""): "escaped for an address",
            value.encode("unicode_escape").decode(): "escaped for JSON",
        }
        for offset in range(3):
            # Whole groups of three bytes: the rest of base64 hangs on what stands beside.
            part = data[offset : offset + (len(data) - offset) // 3 * 3]
            if len(part) >= 6:
                forms[base64.b64encode(part).decode()] = "base64"
                forms[base64.urlsafe_b64encode(part).decode()] = "base64"
        for one, other in pairwise(re.findall(RARE, value)):
            forms[one + other] = "two characters"
        if not self.secret:
            for name in ("md5", "sha1", "sha256"):
                forms[hashlib.new(name, data).hexdigest()] = name
        if self.mask:
            forms[self.mask(value)] = "masked"
        if self.mask in {mask_document, mask_phone}:
            forms[f"*{value[-4:]}"] = "last four"
            forms[" ".join((value[:3], value[3:7], value[7:]))] = "in groups"
            forms[" ".join((value[:6], value[6:14], value[14:]))] = "in groups"
        return {**forms, value.lower(): "clear", value: "clear"}

    def found_in(self, text: str) -> set[str]:
        """The forms in which it stands in a text."""
        return {name for form, name in self.forms.items() if form in text and _alone(form, text)}


def _alone(form: str, text: str) -> bool:
    """Whether a few digits stand by themselves: within other numbers they stand by chance."""
    if len(form) >= _SHORT or not form.isdigit():
        return True
    return re.search(rf"(?<![\w.:+-]){form}(?![\w.:+-])", text) is not None


def name(what: str, value: str) -> Canary:
    """Somebody's name."""
    return Canary(what, value, mask_name)


def document(what: str, value: str) -> Canary:
    """The number of a document."""
    return Canary(what, value, mask_document)


def phone(what: str, value: str) -> Canary:
    """A number of a telephone."""
    return Canary(what, value, mask_phone)


def secret(what: str, value: str) -> Canary:
    """A token or code."""
    return Canary(what, value, secret=True)


Found = dict[str, set[tuple[str, str]]]
"""Place → which canaries stand there, and in which forms."""


def search(places: Mapping[str, str], birds: Iterable[Canary]) -> Found:
    """Where canaries stand: ``places`` are texts by name."""
    found = {}
    for place, text in places.items():
        once = text.replace("\\\\", "\\")  # escapes in a text within JSON are escaped again
        found[place] = {(bird.what, form) for bird in birds for form in bird.found_in(once)}
    return {place: what for place, what in found.items() if what}


async def columns() -> dict[str, str]:
    """The text of every column of every table, whatever its type: ``table.column`` → text."""
    texts: dict[str, list[str]] = {}
    for table in await fetch(_TABLES):
        for row in await fetch(f'SELECT to_jsonb(t)::text AS row FROM "{table["name"]}" t'):
            for column, value in orjson.loads(row["row"]).items():
                if value is not None:
                    # Numbers and names of JSON apart from each other, escapes as they are kept.
                    said = value if isinstance(value, str) else orjson.dumps(value).decode()
                    texts.setdefault(f"{table['name']}.{column}", []).append(said)
    return {column: "\n".join(said) for column, said in texts.items()}


async def keys_of_redis() -> dict[str, str]:
    """Everything that Redis holds: keys and their values."""
    client: Any = redis.client()
    said = []
    for key in await client.keys("*"):
        kind = await client.type(key)
        values = {
            b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
        }.get(kind if isinstance(kind, bytes) else kind.encode())  # fmt: skip
        rest = await values(key) if values else await client.zrange(key, 0, -1)
        said.append(f"{key!r} {rest!r}")
    return {"Redis": "\n".join(said)}


def files(folder: Path) -> dict[str, str]:
    """Every file beneath a folder, byte by byte."""
    return {
        f"file {path.suffix}": path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file()
    }
