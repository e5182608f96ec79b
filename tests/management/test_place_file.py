"""The fields of a file: what each may hold, which a kind requires, what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import today
from core.errors import InvalidInput
from management.models import Place, PlaceKind
from management.place_file import FIELDS, checked, completeness, missing, size_limit
from management.rooms import capacity
from management.rules import Rules
from tests.management.support import BAD_NUMBERS, HOSTILE

TEXTS = {"name": 80, "street": 80, "door_number": 40, "operator_name": 60, "contact_name": 60}
COUNTS = {
    "floors": (1, 100),
    "staircases": (0, 50),
    "exits": (0, 100),
    "extinguishers": (0, 1000),
    "gas_bottles": (0, 1000),
    "wiring_year": (1950, today().year),
}
kinds = st.sampled_from(list(PlaceKind))
some_fields = st.sets(st.sampled_from(sorted(FIELDS)))


def refusal(name: str, value: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        checked({name: value})
    return caught.value


def test_every_field_of_the_file_is_a_column_of_the_place() -> None:
    assert FIELDS.keys() <= Place._meta.fields_map.keys()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", [*TEXTS, "contact_phone"])
def test_hostile_text_is_refused_with_the_path_of_its_field(name: str, text: str) -> None:
    error = refusal(name, text)
    head, *rest = name.split("_")
    assert error.field == "input." + head + "".join(part.title() for part in rest)
    assert error.reason in {"CONTROL_CHARACTER", "BIDI_CONTROL", "TOO_LONG"}


@pytest.mark.parametrize(("name", "longest"), TEXTS.items())
def test_texts_are_trimmed_and_end_at_their_length(name: str, longest: int) -> None:
    assert checked({name: " " + "字" * longest + "\t"}) == {name: "字" * longest}
    assert refusal(name, "字" * (longest + 1)).params == {"maximum": longest}


@given(st.sampled_from(sorted(TEXTS)), st.text(max_size=90))
def test_a_text_is_stored_clean_or_refused(name: str, text: str) -> None:
    try:
        value = checked({name: text})[name]
    except InvalidInput:
        return
    assert value == value.strip()
    assert "\0" not in value
    assert len(value) <= TEXTS[name]
    assert checked({name: value}) == {name: value}


@pytest.mark.parametrize(("name", "ends"), COUNTS.items())
def test_counts_lie_between_their_ends(name: str, ends: tuple[int, int]) -> None:
    low, high = ends
    assert checked({name: low}) == {name: low}
    assert checked({name: high}) == {name: high}
    for wrong in (low - 1, high + 1, 10**9, -(10**9)):
        assert refusal(name, wrong).params == {"minimum": str(low), "maximum": str(high)}


@pytest.mark.parametrize("area", [*BAD_NUMBERS, Decimal(0), Decimal("0.001"), Decimal(1_000_000)])
def test_an_area_is_a_finite_number_of_square_metres_above_nothing(area: Decimal) -> None:
    assert refusal("area", area).reason == "AREA"


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_an_area_is_kept_to_the_square_decimetre_or_refused(area: Decimal) -> None:
    try:
        kept = checked({"area": area})["area"]
    except InvalidInput:
        return
    assert 0 < kept < 1_000_000
    assert kept.as_tuple().exponent == -2
    assert abs(kept - area) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("longitude", float("nan")),
        ("latitude", float("nan")),
        ("longitude", float("inf")),
        ("longitude", 180.1),
        ("longitude", -1e9),
        ("latitude", 90.1),
        ("latitude", -90.1),
    ],
)
def test_a_coordinate_lies_on_the_globe(name: str, value: float) -> None:
    assert refusal(name, value).reason == "POINT"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("0769-8558 1234", "0769-85581234"), ("+86 13800000000", "+8613800000000"), ("", "")],
)
def test_a_phone_number_is_digits_and_hyphens(written: str, kept: str) -> None:
    assert checked({"contact_phone": written}) == {"contact_phone": kept}


@pytest.mark.parametrize("written", ["123456", "电话", "1380000000O", "١٣٨٠٠٠٠٠٠٠٠", "--------"])
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    assert refusal("contact_phone", written).reason == "PHONE"


def test_null_empties_a_field_but_a_place_keeps_a_name() -> None:
    emptied = checked(dict.fromkeys(FIELDS.keys() - {"name"}))
    assert {name for name, value in emptied.items() if value == ""} == {
        "street", "door_number", "operator_name", "contact_name", "contact_phone",
    }  # fmt: skip
    assert {value for value in emptied.values() if value != ""} == {None}
    for nothing in (None, "", "  "):
        assert refusal("name", nothing).reason == "EMPTY"


@given(kinds, some_fields)
def test_missing_are_the_required_fields_that_are_empty(kind: PlaceKind, filled: set[str]) -> None:
    absent = missing(kind, dict.fromkeys(filled, 0))
    required = [name for name, field in FIELDS.items() if kind in field.required]
    assert absent == [name for name in required if name not in filled]
    percent = completeness(kind, absent)
    assert percent == (len(required) - len(absent)) * 100 // len(required)
    assert (percent == 100) == (not absent)


@given(kinds, some_fields, st.sampled_from(sorted(FIELDS)))
def test_filling_a_field_never_lowers_completeness(
    kind: PlaceKind, filled: set[str], one: str
) -> None:
    before = completeness(kind, missing(kind, dict.fromkeys(filled, "x")))
    assert completeness(kind, missing(kind, dict.fromkeys(filled | {one}, "x"))) >= before


def test_zero_is_an_answer_and_empty_text_is_none() -> None:
    assert "gas_bottles" not in missing(PlaceKind.RENTAL_HOUSE, {"gas_bottles": 0})
    assert "street" in missing(PlaceKind.RENTAL_HOUSE, {"street": ""})


def test_a_house_answers_for_safety_and_a_business_for_its_operator() -> None:
    house, shop = missing(PlaceKind.RENTAL_HOUSE, {}), missing(PlaceKind.SMALL_SHOP, {})
    assert {"staircases", "e_bike_charging", "wiring_year"} <= set(house) - set(shop)
    assert set(shop) - set(house) == {"operator_name"}


@pytest.mark.parametrize(
    ("kind", "floors", "area", "broken"),
    [
        (PlaceKind.SMALL_SHOP, 3, "199.99", None),
        (PlaceKind.SMALL_SHOP, 3, "200", "area"),
        (PlaceKind.SMALL_ENTERTAINMENT, None, "199.99", None),
        (PlaceKind.SMALL_ENTERTAINMENT, None, "200", "area"),
        (PlaceKind.SMALL_WORKSHOP, 6, "400", None),
        (PlaceKind.SMALL_WORKSHOP, 7, "400", "floors"),
        (PlaceKind.SMALL_WORKSHOP, 6, "400.01", "area"),
        (PlaceKind.RENTAL_HOUSE, 7, "500", None),
        (PlaceKind.RENTAL_HOUSE, 8, None, "floors"),
        (PlaceKind.RENTAL_HOUSE, 7, "500.01", "area"),
        (PlaceKind.RENTAL_HOUSE, None, None, None),
        (PlaceKind.ENTERPRISE, 30, "99999", None),
    ],
)
def test_a_kind_ends_at_its_size(
    kind: PlaceKind, floors: int | None, area: str | None, broken: str | None
) -> None:
    assert size_limit(kind, floors, None if area is None else Decimal(area)) == broken


def test_a_deployment_sets_its_own_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEYE_RULE_RENTAL_FLOORS", "6")
    assert Rules().rental_floors == 6
    assert Rules().shop_area == 200


@pytest.mark.parametrize(
    ("area", "people"), [(None, None), ("4.99", 0), ("5", 1), ("18.50", 3), ("2000", 400)]
)
def test_a_room_holds_one_person_for_each_five_square_metres(
    area: str | None, people: int | None
) -> None:
    assert capacity(None if area is None else Decimal(area)) == people
