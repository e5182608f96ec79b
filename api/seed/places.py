"""The places of a synthetic town and the legal entities behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from api.seed import cast, words
from api.seed.cast import Part, sample_phone
from api.seed.chance import Chance
from api.seed.progress import Reporter
from api.seed.town import Row, Site, Town, point_in
from core.crypto import ring
from management import place_file
from management.contacts import CONTACT
from management.models import EBikeCharging, Lifecycle, PlaceKind, RiskClass
from management.organisations import check_character

HOUSE: Final = PlaceKind.RENTAL_HOUSE

# How many places miss 0, 1, 2, 3, 4 of the fields that their kind requires: the town's samples
# found files 93.4 % complete for houses and 88.9 % for three-small places (信息完整率).
_GAPS: Final[Mapping[PlaceKind, tuple[float, ...]]] = {
    PlaceKind.RENTAL_HOUSE: (0.42, 0.36, 0.13, 0.06, 0.03),
    PlaceKind.SMALL_SHOP: (0.28, 0.30, 0.23, 0.12, 0.07),
    PlaceKind.SMALL_WORKSHOP: (0.28, 0.30, 0.23, 0.12, 0.07),
    PlaceKind.SMALL_ENTERTAINMENT: (0.32, 0.33, 0.21, 0.10, 0.04),
    PlaceKind.ENTERPRISE: (0.60, 0.28, 0.09, 0.02, 0.01),
}
_FIXED_GAPS: Final = {Part.BELOW_STANDARD: 3, Part.PLANNED: 4}
_NEVER_MISSING: Final = frozenset({"name", "longitude", "latitude"})
_NEVER_NULL: Final = frozenset({"street", "door_number", "operator_name"})
_NO_POINT: Final = 0.03  # of the places whose file has gaps

_KINDS: Final[Mapping[Part, PlaceKind]] = {
    Part.SHOP: PlaceKind.SMALL_SHOP,
    Part.PLANNED: PlaceKind.SMALL_SHOP,
}
_STAGE: Final = (
    Part.HOUSE, Part.BELOW_STANDARD, Part.FULL, Part.BLOCKED, Part.SPARE, Part.SPARE, Part.SPARE,
    Part.SHOP, Part.PLANNED, Part.CLOSED,
)  # fmt: skip

# Shares of all places, each of them found in the smallest town too.
_ENDED: Final = (
    (Lifecycle.PLANNED, 0.01),
    (Lifecycle.CLOSED, 0.015),
    (Lifecycle.DEMOLISHED, 0.003),
)
_WITH_ORGANISATION: Final = 0.4  # of shops, workshops and venues

_REPORT_EVERY: Final = 500


@dataclass(slots=True)
class Draft:
    """A place before its file is written."""

    kind: PlaceKind
    site: Site
    part: Part | None = None
    lifecycle: Lifecycle = Lifecycle.ACTIVE


@dataclass(frozen=True, slots=True)
class Built:
    """A place with what its file may not tell: the storeys it really has."""

    row: Row
    site: Site
    part: Part | None
    floors: int
    created_at: datetime


def file_places(town: Town, report: Reporter) -> list[Built]:
    """Every place with its file, in the order in which they were filed."""
    chance = town.chance("places")
    drafts = _drafts(town, chance)
    last = town.end - timedelta(days=7)
    moments = sorted(chance.moment(town.start + timedelta(days=30), last) for _ in drafts)
    organisations = _Organisations(town)
    places = []
    for draft, moment in zip(drafts, moments, strict=True):
        places.append(_built(town, chance, organisations, draft, moment))
        if len(places) % _REPORT_EVERY == 0:
            report("places", len(places), len(drafts))
    report("places", len(drafts), len(drafts))
    return places


def _drafts(town: Town, chance: Chance) -> list[Draft]:
    """Kinds in the wanted numbers over all grids, each grid with one place at least."""
    stage = next(site for site in town.sites if site.code == cast.GRID)
    drafts = [Draft(_KINDS.get(part, HOUSE), stage, part) for part in _STAGE]
    kinds = [kind for kind, count in town.size.places.items() for _ in range(count)]
    for draft in drafts:
        kinds.remove(draft.kind)
    weights = [chance.amount(0.4, 1.6) for _ in town.sites]
    for index, kind in enumerate(chance.shuffled(kinds)):
        if index < len(town.sites):
            site = town.sites[index]
        else:
            site = chance.weighted(town.sites, weights)
        drafts.append(Draft(kind, site))
    free = chance.shuffled([draft for draft in drafts if draft.part is None])
    for lifecycle, share in _ENDED:
        for _ in range(max(1, round(len(drafts) * share))):
            free.pop().lifecycle = lifecycle
    for draft in drafts:
        if draft.part in (Part.PLANNED, Part.CLOSED):
            draft.lifecycle = Lifecycle(draft.part.value)
    return chance.shuffled(drafts)


def _built(
    town: Town, chance: Chance, organisations: _Organisations, draft: Draft, moment: datetime
) -> Built:
    site, kind = draft.site, draft.kind
    place_id = chance.uuid7(moment)
    community = town.communities[site.community_code]
    number = community["next_place_number"]
    community["next_place_number"] += 1
    facts = _facts(town, chance, draft)
    floors: int = facts["floors"]
    business: str = facts["operator_name"]
    _forget(chance, draft, facts)
    absent = place_file.missing(kind, facts)
    for column in CONTACT:
        if facts[column] is not None:
            facts[column] = ring().encrypt(
                facts[column], table="place", column=column, row=place_id
            )
    ended = draft.lifecycle in (Lifecycle.CLOSED, Lifecycle.DEMOLISHED)
    filed = draft.lifecycle is not Lifecycle.PLANNED
    changed = chance.moment(moment + timedelta(days=5), town.end)
    row = town.add(
        "place",
        id=place_id,
        code=f"{site.community_code[-6:]}-{number:05d}",
        kind=kind,
        grid_id=site.id,
        photo_id=None,
        grid_path=site.path,
        community_code=site.community_code,
        grid_code=site.code,
        organisation_id=organisations.of(kind, business, moment),
        risk_class=_risk(chance, draft),
        lifecycle=draft.lifecycle,
        filed_at=moment if filed else None,
        completeness=place_file.completeness(kind, absent),
        missing=absent,
        version=1,
        created_at=moment,
        updated_at=changed,
        ended_at=changed if ended else None,
        **facts,
    )
    return Built(row, site, draft.part, floors, moment)


def _risk(chance: Chance, draft: Draft) -> RiskClass:
    if draft.part is Part.HOUSE:
        return RiskClass.SAFE
    if draft.part is Part.BLOCKED:
        return RiskClass.KEY
    return chance.weighted((RiskClass.SAFE, RiskClass.ASSURED, RiskClass.KEY), (32, 57, 11))


def _facts(town: Town, chance: Chance, draft: Draft) -> dict[str, Any]:
    """Every field of the file, filled."""
    kind, site = draft.kind, draft.site
    street = words.street(chance, site.community)
    door = f"{chance.between(1, 180)}号"
    longitude, latitude = point_in(town, site, chance)
    name = f"{street}{door}"
    operator = ""
    if kind is not HOUSE:
        name = operator = words.business(chance, kind)
        if kind is PlaceKind.ENTERPRISE:
            name = f"{operator}（{words.base(site.community)}厂区）"
    return {
        "name": name,
        "street": street,
        "door_number": door,
        "longitude": longitude,
        "latitude": latitude,
        "operator_name": operator,
        "contact_name": words.person(chance),
        "contact_phone": sample_phone(chance.between(0, 99_999)),
        **_building(town, chance, kind),
    }


def _building(town: Town, chance: Chance, kind: PlaceKind) -> dict[str, Any]:
    """Within the sizes that the rules allow each kind."""
    floors, area = {
        PlaceKind.RENTAL_HOUSE: (chance.between(3, 7), chance.amount(70, 260)),
        PlaceKind.SMALL_SHOP: (chance.weighted((1, 2), (8, 2)), chance.amount(12, 160)),
        PlaceKind.SMALL_WORKSHOP: (chance.between(1, 4), chance.amount(60, 380)),
        PlaceKind.SMALL_ENTERTAINMENT: (chance.between(1, 2), chance.amount(40, 190)),
        PlaceKind.ENTERPRISE: (chance.between(1, 6), chance.amount(400, 6000)),
    }[kind]
    large = kind in (HOUSE, PlaceKind.SMALL_WORKSHOP, PlaceKind.ENTERPRISE)
    staircases = chance.weighted((1, 2, 3), (7, 2, 1)) if large else None
    charging = (EBikeCharging.NONE, EBikeCharging.OUTDOOR, EBikeCharging.INDOOR)
    return {
        "floors": floors,
        "area": round(Decimal(area), 2),
        "staircases": staircases,
        "exits": chance.weighted((1, 2, 3), (6, 3, 1)),
        "extinguishers": floors * chance.between(1, 3),
        "e_bike_charging": chance.weighted(charging, (30, 55, 15)) if kind is HOUSE else None,
        "gas_bottles": chance.weighted((0, 1, 2, 4), (5, 2, 2, 1))
        if not large or kind is HOUSE
        else None,
        "wiring_year": chance.between(1992, town.base.year - 1) if kind is HOUSE else None,
    }


def _forget(chance: Chance, draft: Draft, facts: dict[str, Any]) -> None:
    """Leave fields empty, as files of a town are."""
    kind = draft.kind
    if draft.part in _FIXED_GAPS:
        gaps = _FIXED_GAPS[draft.part]
    elif draft.part is not None:
        gaps = 0
    else:
        gaps = chance.weighted((0, 1, 2, 3, 4), _GAPS[kind])
    if gaps > 1 and draft.part is None and chance.happens(_NO_POINT):
        facts["longitude"] = facts["latitude"] = None
        gaps -= 2
    required = [
        name
        for name, field in place_file.FIELDS.items()
        if kind in field.required and name not in _NEVER_MISSING
    ]
    for name in chance.some(required, gaps):
        facts[name] = "" if name in _NEVER_NULL else None


class _Organisations:
    """Legal entities with codes that check, in a division that does not exist."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._chance = town.chance("organisations")
        self._codes = self._credit_codes()

    def of(self, kind: PlaceKind, name: str, moment: datetime) -> UUID | None:
        """The id of the legal entity behind a place; none behind houses and some businesses."""
        wanted = kind is PlaceKind.ENTERPRISE or self._chance.happens(_WITH_ORGANISATION)
        if kind is HOUSE or not name or not wanted:
            return None
        organisation_id = self._chance.uuid7(moment)
        register = "91" if kind is PlaceKind.ENTERPRISE else "92"
        first = f"{register}{next(self._codes)}"
        self._town.add(
            "organisation",
            id=organisation_id,
            credit_code=first + check_character(first),
            name=name,
            created_at=moment,
        )
        return organisation_id

    def _credit_codes(self) -> Iterator[str]:
        # 441999 is no division of the statistics: these codes can't be anybody's.
        serial = 0
        while True:
            serial += 1
            yield f"441999MA{serial:07d}"
