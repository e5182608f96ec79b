"""Documents by hash: those registered beforehand, and those seen lately."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode

from api.graphql.cost import Plan
from core.errors import InvalidInput, NotFound

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def document_id(text: str) -> str:
    """The SHA-256 of the text in lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class TrustedDocuments:
    """Operations that clients may name by ``documentId`` or ``extensions.persistedQuery``.

    With ``only_trusted`` every other document is refused, also when its text is sent.
    """

    def __init__(self, texts: Iterable[str] = (), *, only_trusted: bool = False) -> None:
        self.texts: Mapping[str, str] = {document_id(text): text for text in texts}
        self._only_trusted = only_trusted

    @classmethod
    def from_folder(cls, folder: Path, *, only_trusted: bool = False) -> TrustedDocuments:
        """Register every ``*.graphql`` file under the folder, one document each."""
        files = sorted(folder.rglob("*.graphql"))
        return cls((f.read_text(encoding="utf-8") for f in files), only_trusted=only_trusted)

    def resolve(self, request: Mapping[str, Any]) -> str | None:
        """The text that a request (``query``, ``documentId``, ``extensions``) asks to run.

        None when it names no document at all.

        Raises:
            InvalidInput: the id is malformed or doesn't belong to the text sent with it.
            NotFound: no such document is registered, or only registered ones may run.
        """
        text: str | None = request.get("query")
        wanted = _wanted(request)
        if text is None and wanted is None:
            return None
        if wanted is not None and text is not None and document_id(text) != wanted:
            raise InvalidInput(field="documentId", reason="HASH_MISMATCH")
        if text is None or self._only_trusted:
            known = self.texts.get(wanted or document_id(text or ""))
            if known is None:
                # Clients that speak "automatic persisted queries" look for this reason.
                raise NotFound(field="documentId", reason="PERSISTED_QUERY_NOT_FOUND")
            return known
        return text


def _wanted(request: Mapping[str, Any]) -> str | None:
    wanted = request.get("documentId")
    if wanted is None:
        persisted = (request.get("extensions") or {}).get("persistedQuery")
        wanted = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if wanted is None:
        return None
    match = _SHA256.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        raise InvalidInput(field="documentId", reason="MALFORMED")
    return match[1]


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that was parsed, measured and found valid."""

    document: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    plan: Plan


class DocumentCache:
    """Checked documents by text, least recently used out first.

    Bounded by the sum of the texts' lengths, because a parsed document takes some 400 bytes for
    each character. Trusted documents stay for good, so strangers' documents can't push them out.
    """

    def __init__(self, characters: int, trusted: Iterable[str] = ()) -> None:
        self._room = characters
        self._trusted = frozenset(trusted)
        self._kept: dict[str, Checked] = {}
        self._recent: OrderedDict[str, Checked] = OrderedDict()

    def get(self, text: str) -> Checked | None:
        """The document of exactly this text, if it is remembered."""
        found = self._recent.get(text)
        if found is None:
            return self._kept.get(text)
        self._recent.move_to_end(text)
        return found

    def put(self, text: str, checked: Checked) -> None:
        """Remember a document."""
        if text in self._trusted:
            self._kept[text] = checked
            return
        self._recent[text] = checked
        self._room -= len(text)
        while self._room < 0:
            oldest, _ = self._recent.popitem(last=False)
            self._room += len(oldest)

    def __len__(self) -> int:
        return len(self._kept) + len(self._recent)
