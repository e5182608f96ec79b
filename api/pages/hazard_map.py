"""``/map`` and ``/hazards.geojson``: hazards that everybody may know of, on the town's own map.

The map is drawn here from the town's outlines: no tiles, no scripts, nothing from outside.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import dist
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.pages.drawing import TownMap, town_map
from api.pages.errors import for_people
from api.pages.reader import Reader
from api.pages.rendering import A_MOMENT, knows, page
from api.pages.words import Words, day
from core.clock import SHANGHAI
from core.datums import from_gcj02, to_gcj02
from core.errors import InvalidInput
from core.keyset import Page
from core.settings import settings
from management.hazards.categories import CATEGORIES, public_categories
from management.hazards.public import (
    COLUMNS,
    LARGEST_MAP,
    Box,
    Progress,
    PublicFilter,
    list_public_hazards,
    mapped_hazards,
    spot,
)
from management.models import Severity
from management.territory import territory

PATH: Final = "/map"
PAGE_SIZE: Final = 20
CELLS: Final = 14
"""Hazards closer together than the map's longer side over this are drawn as one."""
APART: Final = 0.8
"""Circles whose middles are closer than this part of it, too."""
_NARROWED: Final = ("community", "group", "severity", "progress")
_LIST: Final = (
    *COLUMNS, "place__code", "place__name", "place__street", "place__door_number",
)  # fmt: skip
_GEOJSON: Final = "application/geo+json"
_A_MINUTE: Final = "public, max-age=60"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Hazards that are drawn as one circle: its middle, size, number, and the worst of them."""

    x: int
    y: int
    radius: int
    count: int
    worst: str


@for_people
async def map_page(request: Request) -> Response:
    """The map with a list beneath it, narrowed by the links of the page."""
    reader = Reader.of(request)
    given = {name: request.query_params.get(name, "") for name in _NARROWED}
    given = {name: text for name, text in given.items() if text}
    wanted, cursor = _filter(given), request.query_params.get("after")
    found = await list_public_hazards(filter_by=wanted, page=Page(PAGE_SIZE, cursor), columns=_LIST)
    rows, town = await mapped_hazards(filter_by=wanted), await town_map()
    grids = (await territory()).by_code
    t = Words(reader.language)
    counts = Counter(row["community_code"] for row in rows[:LARGEST_MAP])
    chosen = given.get("community")
    view = _view(town, chosen)
    return page(
        request,
        reader,
        "map.html",
        keep=A_MOMENT,
        canonical=PATH,
        here={**given, **({"after": cursor} if cursor else {})},
        given=given,
        community=chosen or "",
        cursor=cursor,
        capped=len(rows) > LARGEST_MAP,
        total=min(len(rows), LARGEST_MAP),
        town=town,
        view=view,
        clusters=_clusters(town, view, rows[:LARGEST_MAP]) if town and view else [],
        place_name=t.of(grids[chosen], "name") if chosen else None,
        sections=_sections(reader, given, counts, grids),
        said=[_said(row, reader, grids) for row in found.rows],
        onward=found.cursor(-1) if found.has_next else None,
        approval=settings().map_approval_no,
    )


@for_people
async def hazards_geojson(request: Request) -> Response:
    """Points of public hazards as GeoJSON in GCJ-02, as maps in China want them."""
    query = request.query_params
    given = {name: query.get(name, "") for name in (*_NARROWED, "category")}
    wanted = _filter({name: text for name, text in given.items() if text}, _box(query.get("bbox")))
    rows = await mapped_hazards(filter_by=wanted)
    features = [each for row in rows[:LARGEST_MAP] if (each := _feature(row)) is not None]
    body = orjson.dumps(
        {
            "type": "FeatureCollection",
            "datum": "GCJ-02",
            "mapApprovalNumber": settings().map_approval_no,
            "truncated": len(rows) > LARGEST_MAP,
            "features": features,
        }
    )
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": _A_MINUTE, "Access-Control-Allow-Origin": "*"}
    if knows(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=_GEOJSON, headers=headers)


def _filter(given: Mapping[str, str], box: Box | None = None) -> PublicFilter:
    """What an address narrows the map to.

    Raises:
        InvalidInput: a value that this page never wrote.
    """
    progress = given.get("progress", Progress.OPEN.value)
    try:
        return PublicFilter(
            grid_code=given.get("community"),
            group=given.get("group"),
            category_code=given.get("category"),
            severity=Severity(given["severity"]) if "severity" in given else None,
            progress=None if progress == "ALL" else Progress(progress),
            box=box,
        )
    except ValueError:
        raise InvalidInput(
            zh="网址里的筛选条件不对", en="The address asks for nothing known"
        ) from None


def _box(text: str | None) -> Box | None:
    """``west,south,east,north`` in GCJ-02 degrees.

    Raises:
        InvalidInput: it is not that.
    """
    if not text:
        return None
    if re.fullmatch(r"(-?\d{1,3}(\.\d{1,17})?,?){4}", text, re.ASCII) and text.count(",") == 3:
        west, south, east, north = map(float, text.split(","))
        if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
            west, south = from_gcj02(west, south)
            east, north = from_gcj02(east, north)
            return Box(west=west, south=south, east=east, north=north)
    raise InvalidInput(
        field="bbox", reason="BOX", zh="bbox 应为 西,南,东,北", en="bbox is west,south,east,north"
    )


def _feature(row: Mapping[str, Any]) -> dict[str, Any] | None:
    at = spot(dict(row))
    if at is None:
        return None
    kind = CATEGORIES[row["category"]]
    longitude, latitude = to_gcj02(*at)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(longitude, 6), round(latitude, 6)]},
        "properties": {
            "category": kind.code,
            "categoryZh": kind.words.zh,
            "categoryEn": kind.words.en,
            "severity": row["severity"],
            "state": row["state"],
            "placeCode": row["place__code"],
            "placeName": row["place__name"],
            "reportedOn": _on(row["created_at"]),
            "closedOn": _on(row["closed_at"]) if row["closed_at"] else None,
        },
    }


def _on(moment: Any) -> str:
    return str(moment.astimezone(SHANGHAI).date().isoformat())


@dataclass(frozen=True, slots=True)
class View:
    """The part of the drawing that is shown, in its units."""

    x: int
    y: int
    width: int
    height: int

    @property
    def cell(self) -> float:
        """The side of the square within which hazards are drawn as one."""
        return max(self.width, self.height) / CELLS


def _view(town: TownMap | None, community: str | None) -> View | None:
    if town is None:
        return None
    whole = View(0, 0, town.frame.width, town.frame.height)
    corners = list(_corners(town.paths.get(community, ""))) if community else []
    if not corners:
        return whole
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    edge = max(max(xs) - min(xs), max(ys) - min(ys)) // 10 + 1
    return View(
        min(xs) - edge, min(ys) - edge,
        max(xs) - min(xs) + 2 * edge, max(ys) - min(ys) + 2 * edge,
    )  # fmt: skip


def _corners(path: str) -> Iterable[tuple[int, int]]:
    """The corners of outlines drawn by :mod:`api.pages.drawing`."""
    for ring in path.split("M")[1:]:
        numbers = [int(text) for text in re.findall(r"-?\d+", ring)]
        x = y = 0
        for step_x, step_y in zip(numbers[::2], numbers[1::2], strict=False):
            x, y = x + step_x, y + step_y
            yield x, y


Drawn = tuple[int, int, str]
"""A hazard in the drawing: where, and how bad."""


def _clusters(town: TownMap, view: View, rows: list[dict[str, Any]]) -> list[Cluster]:
    """Circles, the largest first, so that small ones lie on top."""
    cells: dict[tuple[int, int], list[Drawn]] = defaultdict(list)
    for row in rows:
        at = spot(row)
        if at is None:
            continue
        point = town.point({"longitude": at[0], "latitude": at[1]})
        if point is not None:
            cell = (int(point[0] / view.cell), int(point[1] / view.cell))
            cells[cell].append((*point, row["severity"]))
    made = [_cluster(many, view) for many in _apart(cells.values(), view)]
    return sorted(made, key=lambda one: -one.count)


def _apart(cells: Iterable[list[Drawn]], view: View) -> list[list[Drawn]]:
    """Cells whose circles would hide each other's number are one."""
    kept: list[tuple[list[Drawn], tuple[int, int]]] = []
    for many in sorted(cells, key=len, reverse=True):
        middle = _middle(many)
        for index, (others, at) in enumerate(kept):
            if dist(middle, at) < view.cell * APART:
                together = [*others, *many]
                kept[index] = together, _middle(together)
                break
        else:
            kept.append((many, middle))
    return [many for many, _ in kept]


def _middle(many: list[Drawn]) -> tuple[int, int]:
    return sum(x for x, _, _ in many) // len(many), sum(y for _, y, _ in many) // len(many)


def _cluster(many: list[Drawn], view: View) -> Cluster:
    order = [severity.value for severity in Severity]
    x, y = _middle(many)
    return Cluster(
        x=x,
        y=y,
        radius=round(view.cell * min(0.62, 0.34 + 0.08 * (len(many) - 1) ** 0.5)),
        count=len(many),
        worst=max((severity for *_, severity in many), key=order.index),
    )


@dataclass(frozen=True, slots=True)
class Chip:
    """A link that narrows the map: its words, how many it leads to, whether it is chosen."""

    link: str
    words: str
    count: int | None
    chosen: bool


def _sections(
    reader: Reader, given: Mapping[str, str], counts: Counter[str], grids: Mapping[str, Any]
) -> list[tuple[str, list[Chip]]]:
    """What can be chosen, each under its heading; the empty value leaves a point open."""
    t = Words(reader.language)
    kinds = [CATEGORIES[code] for code in public_categories()]
    groups = {kind.group.code: kind.group.words.of(reader.language) for kind in kinds}
    codes = dict.fromkeys([code for code, _ in counts.most_common()])
    if chosen := given.get("community"):
        codes.setdefault(chosen)
    choices: dict[str, dict[str, str]] = {
        "progress": {
            "": t("progress_OPEN"), "CLOSED": t("progress_CLOSED"), "ALL": t("map_all"),
        },
        "severity": {"": t("map_all"), **{each: t(f"severity_{each}") for each in Severity}},
        "group": {"": t("map_all"), **groups},
        "community": {"": t("map_all"), **{code: t.of(grids[code], "name") for code in codes}},
    }  # fmt: skip
    return [
        (
            t(f"map_by_{name}"),
            [
                Chip(
                    _link(reader, given, name, value),
                    words,
                    counts[value] if name == "community" and value else None,
                    given.get(name, "") == value,
                )
                for value, words in values.items()
            ],
        )
        for name, values in choices.items()
    ]


def _link(reader: Reader, given: Mapping[str, str], name: str, value: str) -> str:
    rest = {key: text for key, text in given.items() if key != name}
    return (
        reader.link(**rest, **({name: value} if value else {}))
        if rest or value
        else (reader.onward() or PATH)
    )


def _said(row: Mapping[str, Any], reader: Reader, grids: Mapping[str, Any]) -> dict[str, Any]:
    t = Words(reader.language)
    street = f"{row['place__street']}{row['place__door_number']}" if row["place_id"] else ""
    return {
        "kind": CATEGORIES[row["category"]].words.of(reader.language),
        "severity": row["severity"],
        "open": row["open"],
        "summary": row["summary"],
        "code": row["place__code"],
        "place": row["place__name"],
        "street": street if street not in (row["place__name"] or "") else "",
        "community": t.of(grids[row["community_code"]], "name"),
        "reported": day(row["created_at"].astimezone(SHANGHAI).date(), reader.language),
        "closed": row["closed_at"]
        and day(row["closed_at"].astimezone(SHANGHAI).date(), reader.language),
    }
