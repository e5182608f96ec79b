"""The words of the pages: each there, each used, readable; colours with enough contrast."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

import api.pages
from api.pages.hazard_follow_up import ERRANDS, QUIET
from api.pages.rendering import _style
from api.pages.rent import ORDERS
from api.pages.words import WORDS, Words, day, money, number
from citizen.models import Doubt, Relation
from core.clock import today
from landlord.access import ONCE_PUBLIC
from landlord.models import Facility, ReportReason
from management.models import (
    DocumentKind,
    EBikeCharging,
    HazardAction,
    HazardState,
    Lifecycle,
    PlaceKind,
    RiskClass,
    Severity,
)

FOLDER = Path(api.pages.__file__).parent
# Keys that are put together from a row's value.
MADE = {
    *RiskClass,
    *(f"{risk}_means" for risk in RiskClass),
    *PlaceKind,
    *(state for state in Lifecycle if state is not Lifecycle.ACTIVE),
    *(f"{state}_next" for state in Lifecycle if state is not Lifecycle.ACTIVE),
    *(f"charging_{where}" for where in EBikeCharging),
    *(f"step_{n}{says}" for n in (1, 2, 3) for says in ("", "_says")),
    "staircases", "exits", "extinguishers", "water_price", "electricity_price",
    *(f"has_{facility}" for facility in Facility),
    *(f"gone_{state}{says}" for state in ONCE_PUBLIC for says in ("", "_next")),
    *(f"wrong_{reason}" for reason in ReportReason),
    *(f"{errand}_{part}" for errand in ("ask", "report") for part in ("title", "phone_says")),
    "report_done",
    *(f"map_by_{point}" for point in ("progress", "severity", "group", "community")),
    *(f"severity_{severity}" for severity in Severity),
    *(f"order_{order.lower()}" for order in ORDERS),
    *(f"{what}_{state}" for state in HazardState for what in ("hazard", "next")),
    *(f"step_{action}" for action in HazardAction if action not in QUIET),
    *(f"follow_up_said_{errand}" for errand in ERRANDS),
    *(f"follow_up_rate_{n}" for n in range(1, 6)),
    *(f"document_{kind}" for kind in DocumentKind), *(f"doubt_{doubt}" for doubt in Doubt),
    *(f"relation_{relation}" for relation in Relation), "too_large", "too_slow",
    *(
        f"certificate_{standing}{says}"
        for standing in ("VALID", "EXPIRED", "REVOKED", "UNKNOWN")
        for says in ("", "_next")
    ),
}  # fmt: skip


def params(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same_things(key: str) -> None:
    chinese, english = WORDS[key]

    assert params(chinese) == params(english)
    assert not re.search("[一-鿿]", english) or key == "other_language"
    foreign = re.search(r"[a-z]{3}", re.sub(r"\{.*?\}|GraphQL", "", chinese))
    assert not foreign or key == "other_language"


def test_every_value_that_a_row_can_hold_has_words() -> None:
    assert WORDS.keys() >= MADE


def test_no_words_are_left_over() -> None:
    sources = [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.html")]
    text = "\n".join(
        source.read_text(encoding="utf-8")
        for source in sources
        if not source.name.startswith("words")
    )
    used = {key for key in WORDS if re.search(rf"""["']{key}["']""", text)}
    used |= {f"{key}_next" for key in used if f"{key}_next" in WORDS}

    assert WORDS.keys() - used - MADE == set()


@pytest.mark.parametrize(
    ("value", "said"),
    [("18.50", "18.5"), ("100.00", "100"), ("1200", "1,200"), ("0.25", "0.25"), ("20", "20")],
)
def test_numbers_have_no_idle_zeros(value: str, said: str) -> None:
    assert number(Decimal(value)) == said


@pytest.mark.parametrize(("value", "said"), [("850.00", "850"), ("1250.5", "1,250.50")])
def test_money_shows_fen_only_where_there_are_any(value: str, said: str) -> None:
    assert money(Decimal(value)) == said


def test_a_date_names_its_year_only_when_it_is_another() -> None:
    this, other = date(today().year, 2, 3), today() + timedelta(days=400)

    assert (day(this, "zh-CN"), day(this, "en")) == ("2月3日", "3 Feb")
    assert str(other.year) in day(other, "zh-CN")
    assert str(other.year) in day(other, "en")


def test_a_missing_param_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        Words("en")("floor")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = "".join(2 * each for each in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper", "least"),
    [
        *((ink, paper, 4.5) for ink in ("ink", "soft", "accent") for paper in ("paper", "ground")),
        ("on", "accent", 4.5), ("warn", "warnbg", 4.5), ("ink", "warnbg", 4.5),
        ("danger", "paper", 4.5), ("mark", "danger", 4.5), ("accent", "tint", 4.5),
        ("safe", "paper", 4.5),
        ("assured", "paper", 4.5), ("key", "paper", 4.5),
        ("mark", "safe", 4.5), ("mark", "assured", 4.5), ("mark", "key", 4.5),
    ],
)  # fmt: skip
def test_everything_that_is_read_stands_out(
    scheme: str, ink: str, paper: str, least: float
) -> None:
    blocks = re.findall(r":root\{(.*?)\}", str(_style()))
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", blocks[1]))

    assert contrast(colours[ink], colours[paper]) >= least
