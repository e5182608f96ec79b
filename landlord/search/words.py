"""Text into tokens, the same way for listings and for queries.

PostgreSQL cannot cut Chinese into words without an extension. A run of Chinese characters becomes
its pairs of neighbours (bigrams); two characters, the most common length of a Chinese word, are
one pair, and a longer run is found where all its pairs are. Titles and addresses also give their
single characters. Runs of letters and digits stay whole and are given once more with the counter
that follows: 38号, 3房. Tokens hold letters and digits only, so no text can break a query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from landlord.search.vocabulary import (
    CONCEPT_OF,
    CONCEPTS,
    EMPTY_WORDS,
    FACILITIES,
    PLAIN_WORDS,
)

NAMED: Final = "n-"
"""Stands before tokens of what a room is called: its title and its community."""

_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_COUNTERS: Final = "号楼房室厅卫居栋幢座层巷街路元平间个"
_RUN: Final = re.compile(f"(?P<plain>[^\\W_{_HAN}]+)(?P<counter>[{_COUNTERS}]?)|(?P<han>[{_HAN}]+)")
_NUMERAL: Final = re.compile(f"([一二两三四五六七八九十]+)(?=[{_COUNTERS}])")
_AREA: Final = re.compile(r"(?<=\d)\s*(?:平方米|平方|平米|m2)")
_GAP: Final = re.compile(f"(?<=[0-9a-z])[ \t]+(?=[{_COUNTERS}])")
_DIGITS: Final = {**{c: n for n, c in enumerate("一二三四五六七八九", 1)}, "两": 2}
# Not what there is none of: 无电梯, 没空调, 没有阳台.
_SPOKEN: Final = [
    (code, re.compile(rf"(?<![\d无没])(?<!没有)(?:{'|'.join(w for w in words if len(w) > 1)})"))
    for code, words in CONCEPTS.items()
]
_LACKING: Final = [
    (code, re.compile(rf"(?:没有|[无没])(?:{'|'.join(w for w in words if len(w) > 1)})"))
    for code, words in CONCEPTS.items()
    if code in FACILITIES
]
_LONGEST_WORD: Final = max(map(len, {*CONCEPT_OF, *PLAIN_WORDS, *EMPTY_WORDS}))


def canonical(text: str) -> str:
    """One spelling for what is read alike: width (NFKC), case, numerals, units of area."""
    text = unicodedata.normalize("NFKC", text).lower().replace("wi-fi", "wifi")
    text = _NUMERAL.sub(_number, text)
    return _GAP.sub("", _AREA.sub("平 ", text))


def _number(found: re.Match[str]) -> str:
    """Chinese numerals up to 99 as digits; anything stranger stays as it is."""
    numeral = found.group(1)
    tens, ten, ones = numeral.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return numeral
    if not ten:
        return str(_DIGITS[ones])
    if tens == "十":
        return numeral
    return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of a canonical text, and whether they are Chinese; 38号 is one that is not."""
    for found in _RUN.finditer(text):
        if han := found["han"]:
            yield han, True
        else:
            yield found["plain"] + found["counter"], False


def _pairs(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)]


def tokens(text: str, *, singles: bool = False) -> set[str]:
    """Every token of a text of a listing; ``singles``: single characters too."""
    found: set[str] = set()
    for run, chinese in _runs(canonical(text)):
        if chinese:
            found.update(_pairs(run))
            if singles or len(run) == 1:
                found.update(run)
        else:
            found.add(run[:64])
            if run[-1] in _COUNTERS and len(run) > 1:
                found.add(run[:-1][:64])
                if singles:
                    found.add(run[-1])
    return found


def spoken(title: str) -> list[str]:
    """What a title speaks of, as codes: the kind of room, facilities."""
    text = canonical(title)
    return [code for code, pattern in _SPOKEN if pattern.search(text)]


def lacking(text: str) -> list[str]:
    """Which facilities a text denies, as codes of their own: 无电梯, 没有阳台."""
    plain = canonical(text)
    return [_lack(code) for code, pattern in _LACKING if pattern.search(plain)]


def _lack(code: str) -> str:
    return f"LACKS_{code}"


@dataclass(frozen=True, slots=True)
class Term:
    """What must be found: all of the tokens, where nothing says that there is none; or the code.

    ``named``: the tokens in what the room is called, and no code instead.
    """

    tokens: tuple[str, ...]
    code: str | None = None
    named: bool = False

    def __str__(self) -> str:
        every = " & ".join(f"'{token}'" for token in self.tokens)
        if self.code is None:
            return f"({every})"
        if self.code in FACILITIES:
            every = f"{every} & !'{_lack(self.code)}'"
        return f"({every})" if self.named else f"({every} | '{self.code}')"


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, as terms that must all be found."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As a tsquery."""
        return " & ".join(map(str, self.terms))

    def named(self) -> Query:
        """The same, found in what a room is called."""
        return Query(
            tuple(
                Term(tuple(NAMED + token for token in term.tokens), term.code, named=True)
                for term in self.terms
            )
        )


def literal(text: str, names: Collection[str] = ()) -> Query:
    """The query as it stands: each run must be found whole.

    Only what is nothing but words that are known, one of them of facilities or layouts, is cut:
    单间带阳台 means every 单间 with an 阳台. ``names``: of communities.
    """
    return _query(
        [
            word
            for run, chinese in _runs(canonical(text))
            for word in (_known_words(run, names) if chinese else [run])
        ]
    )


def _known_words(run: str, names: Collection[str]) -> list[str]:
    words = _cut(run, names)
    saying = [word for word in words if word not in EMPTY_WORDS]
    known = all(_is_known(word, names) for word in words)
    return saying if known and any(word in CONCEPT_OF for word in saying) else [run]


def loose(text: str, names: Collection[str] = ()) -> Query:
    """The query cut at words that are known, without those that say nothing.

    For ``厚街单间`` and ``便宜的单间``, which stand in no title. ``names``: of communities.
    """
    words = [
        word
        for run, chinese in _runs(canonical(text))
        for word in (_cut(run, names) if chinese else [run])
    ]
    return _query([word for word in words if word not in EMPTY_WORDS] or words)


def _cut(run: str, names: Collection[str]) -> list[str]:
    """Longest known words first, from the left; what lies between them stays whole."""
    words, rest, at = [], "", 0
    while at < len(run):
        for length in range(min(_LONGEST_WORD, len(run) - at), 0, -1):
            word = run[at : at + length]
            if _is_known(word, names):
                words += [rest, word] if rest else [word]
                rest, at = "", at + length
                break
        else:
            rest, at = rest + run[at], at + 1
    return [*words, rest] if rest else words


def _is_known(word: str, names: Collection[str]) -> bool:
    return word in CONCEPT_OF or word in PLAIN_WORDS or word in EMPTY_WORDS or word in names


def _query(runs: list[str]) -> Query:
    terms = (
        Term(tuple(_pairs(run)) if _is_chinese(run) and len(run) > 1 else (run[:64],),
             CONCEPT_OF.get(run))
        for run in runs
    )  # fmt: skip
    return Query(tuple(dict.fromkeys(terms)))


def _is_chinese(run: str) -> bool:
    return re.fullmatch(f"[{_HAN}]+", run) is not None
