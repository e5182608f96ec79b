"""Tenants from a spreadsheet (CSV): checked as a whole first, then written 500 rows at a time.

A file with a fault writes nothing and names each by line and column. Each 500 rows are written all
or none, so an import that was cut off is simply run again: what is known already stays as it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from citizen.declarations.batches import Entry, declare_many, lock_houses
from citizen.declarations.parties import Identity
from citizen.models import DeclarationState
from core.clock import today
from core.database import fetch
from core.errors import DomainError, InvalidInput
from core.text import clean, phone_number
from core.work import work
from identity.actor import SYSTEM
from management.models import DocumentKind, ResidenceSource
from management.people.documents import Document, read_document
from management.people.persons import indexes_of, read_name

T = TypeVar("T")

AT_ONCE: Final = 500
"""Rows in one transaction."""
LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a file."""
MOST_ROWS: Final = 100_000
_OLDEST: Final = date(1980, 1, 1)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "room_code": ("房间编码", "房间编号"),
    "name": ("姓名",),
    "document_kind": ("证件类型",),
    "document_number": ("证件号码", "身份证号", "身份证号码"),
    "phone": ("手机号", "手机号码", "联系电话"),
    "starts_on": ("入住日期",),
    "family": ("家庭", "家庭编号"),
}
"""Names of columns: each also as in Chinese."""
REQUIRED: Final = ("room_code", "name", "document_number", "starts_on")

_KINDS: Final[Mapping[str, DocumentKind]] = {
    **{kind.value: kind for kind in DocumentKind},
    "": DocumentKind.MAINLAND_ID,
    "身份证": DocumentKind.MAINLAND_ID,
    "居民身份证": DocumentKind.MAINLAND_ID,
    "港澳台居民居住证": DocumentKind.RESIDENCE_PERMIT_HMT,
    "外国人永久居留身份证": DocumentKind.PERMANENT_RESIDENCE,
    "护照": DocumentKind.PASSPORT,
}
_DAY: Final = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where: nothing of what the cell holds."""

    line: int
    column: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file, read."""

    line: int
    room_code: str
    identity: Identity = field(repr=False)
    phone: str | None = field(repr=False)
    starts_on: date
    family: str


@dataclass(slots=True)
class Report:
    """What an import did, or would do: rows by outcome, and what is wrong."""

    rows: int = 0
    registered: int = 0
    held: int = 0
    unchanged: int = 0
    later_known: int = 0
    faults: list[Fault] = field(default_factory=list)


async def import_tenants(data: bytes, *, given_by: str, dry_run: bool = False) -> Report:
    """Declare the tenants of a CSV file (UTF-8 or GB 18030, first line names the columns).

    ``given_by``: whose list it is, in words; it is kept sealed with each declaration. With
    ``dry_run`` everything is tried and nothing is kept. Rows whose person is known to live
    somewhere from the same day or a later one are left out and counted.

    Raises:
        InvalidInput: not such a file, too large, a column missing; nobody gave it.
    """
    asked = clean(given_by, field="from", longest=100, shortest=2)
    rows, faults = read_rows(data)
    report = Report(rows=len(rows) + len({fault.line for fault in faults}), faults=faults)
    rooms = await _rooms(rows)
    report.faults += [
        Fault(row.line, "room_code", "UNKNOWN_ROOM", "没有这个房间编码 no such room")
        for row in rows
        if row.room_code not in rooms
    ]
    report.faults.sort(key=lambda fault: fault.line)
    if report.faults:
        return report
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        try:
            async with work(SYSTEM) as unit:
                await _write(part, rooms, asked, report)
                unit.note("importTenants", "DECLARATION", None, rows=len(part))
                if dry_run:
                    raise _Tried
        except _Tried:
            continue
    return report


class _Tried(Exception):
    """Everything that was tried is taken back."""


def read_rows(data: bytes) -> tuple[list[Row], list[Fault]]:
    """The lines of a file and what is wrong with them; nothing is looked up.

    Raises:
        InvalidInput: it is no such file; a column is missing.
    """
    lines = list(csv.reader(io.StringIO(_text(data), newline="")))
    while lines and not any(cell.strip() for cell in lines[0]):
        del lines[0]
    if not lines or len(lines) - 1 > MOST_ROWS:
        raise _no_file("ROWS", f"需要 1 到 {MOST_ROWS} 行", f"It has 1 to {MOST_ROWS} rows")
    columns = _columns(lines[0])
    rows: list[Row] = []
    faults: list[Fault] = []
    documents: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        given = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        row = _read(number, given, faults)
        if row is None:
            continue
        document = row.identity.document
        first = documents.setdefault((document.kind.value, document.number), number)
        if first != number:
            words = f"与第 {first} 行证件号码相同 same document as line {first}"
            faults.append(Fault(number, "document_number", "DOCUMENT_TWICE", words))
            continue
        rows.append(row)
    return rows, faults


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _no_file("SIZE", "文件太大", "The file is too large")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _no_file("ENCODING", "文件须为 UTF-8 或 GB 18030 编码", "Not text in UTF-8 or GB 18030")


def _columns(header: Sequence[str]) -> dict[str, int]:
    names = {word: name for name, words in COLUMNS.items() for word in (name, *words)}
    found = {
        names[word]: at
        for at, cell in enumerate(header)
        if (word := cell.strip().lower().replace(" ", "_")) in names
    }
    for name in REQUIRED:
        if name not in found:
            zh = COLUMNS[name][0]
            raise _no_file("COLUMN", f"缺少“{zh}”一列", f"The column {name} is missing")
    return found


def _read(line: int, given: Mapping[str, str], faults: list[Fault]) -> Row | None:
    """One line; what is wrong with it is added to ``faults``."""
    before = len(faults)
    empty = (column for column in REQUIRED if not given[column])
    faults.extend(Fault(line, column, "EMPTY", "不能为空 it must not be empty") for column in empty)
    kind = _KINDS.get(given.get("document_kind", ""))
    if kind is None:
        words = "不认识的证件类型 not a kind of document"
        faults.append(Fault(line, "document_kind", "DOCUMENT_KIND", words))
    cell = _Cells(line, given, faults)
    name = cell.read("name", read_name)
    document = (
        cell.read("document_number", lambda text: read_document(kind, text)) if kind else None
    )
    phone = cell.read("phone", lambda text: phone_number(text, field="phone"))
    starts_on = cell.read("starts_on", _day)
    if len(faults) > before or name is None or document is None or starts_on is None:
        return None
    return Row(
        line=line,
        room_code=given["room_code"].upper(),
        identity=Identity(name=name, document=document),
        phone=phone,
        starts_on=starts_on,
        family=given.get("family", ""),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one line, read one by one."""

    line: int
    given: Mapping[str, str]
    faults: list[Fault]

    def read(self, column: str, way: Callable[[str], T]) -> T | None:
        """What a cell holds; None where it is empty, or wrong, which is noted."""
        text = self.given.get(column, "")
        if not text:
            return None
        try:
            return way(text)
        except DomainError as error:
            words = f"{error.message()} {error.message('en')}"
            self.faults.append(Fault(self.line, column, error.reason or "WRONG", words))
            return None


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or not _OLDEST <= day <= today():
        raise InvalidInput(
            field="starts_on",
            reason="DATE",
            zh="日期不正确，例如 2026-01-05",
            en="Not a day such as 2026-01-05, or one to come",
        )
    return day


async def _rooms(rows: Sequence[Row]) -> dict[str, UUID]:
    codes = sorted({row.room_code for row in rows if row.room_code.isascii()})
    found: dict[str, UUID] = {}
    for part in _parts(codes):
        answer = await fetch("SELECT id, code FROM room WHERE code = ANY($1::text[])", part)
        found |= {row["code"]: row["id"] for row in answer}
    return found


def _parts(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), AT_ONCE):
        yield list(items[start : start + AT_ONCE])


async def _write(
    rows: Sequence[Row], rooms: Mapping[str, UUID], given_by: str, report: Report
) -> None:
    """One transaction: rows that say something new are declared."""
    houses = await lock_houses([rooms[row.room_code] for row in rows])
    known = await _known([row.identity.document for row in rows])
    families: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        families[row.room_code].add(row.family)
    entries = []
    for row in rows:
        room_id = rooms[row.room_code]
        before = known[row.identity.document.number, row.identity.document.kind]
        if before.says(room_id, row.starts_on):
            report.unchanged += 1
        elif before.since is not None and before.since >= row.starts_on:
            report.later_known += 1
        else:
            family = families[row.room_code]
            entries.append(
                Entry(
                    room_id=room_id,
                    identity=row.identity,
                    phone=row.phone,
                    starts_on=row.starts_on,
                    household=len(family) == 1 and "" not in family,
                )
            )
    if not entries:
        return
    made = await declare_many(
        SYSTEM, entries, houses, source=ResidenceSource.DESK, on_behalf=given_by
    )
    states = Counter(declaration.state for declaration in made)
    report.registered += states[DeclarationState.IN_FORCE]
    report.held += states[DeclarationState.HELD]


@dataclass(slots=True)
class _Known:
    """What is on record of a person: where they live, what was declared, since when."""

    lives_in: UUID | None = None
    since: date | None = None
    declared: set[tuple[UUID, date]] = field(default_factory=set)

    def says(self, room_id: UUID, starts_on: date) -> bool:
        """Whether the same is on record already."""
        return self.lives_in == room_id or (room_id, starts_on) in self.declared


async def _known(documents: Sequence[Document]) -> dict[tuple[str, DocumentKind], _Known]:
    by_index = {index: one for one in documents for index in indexes_of(one)}
    answer = {(one.number, one.kind): _Known() for one in documents}
    for row in await fetch(_ON_RECORD, list(by_index)):
        one = by_index[row["number_index"]]
        known = answer[one.number, one.kind]
        known.lives_in, known.since = row["lives_in"], row["since"]
        known.declared = set(zip(row["rooms"], row["days"], strict=True))
    return answer


def _no_file(reason: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(field="file", reason=reason, zh=zh, en=en)


_ON_RECORD: Final = """
SELECT p.number_index, r.lives_in, r.since, d.rooms, d.days
FROM person p
LEFT JOIN LATERAL (
    SELECT max(starts_on) AS since, (array_agg(room_id) FILTER (WHERE current))[1] AS lives_in
    FROM residence WHERE person_id = p.id) AS r ON true
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(room_id), '{}') AS rooms, coalesce(array_agg(starts_on), '{}') AS days
    FROM declaration WHERE person_id = p.id) AS d ON true
WHERE p.number_index = ANY($1::text[])
"""
