"""Run the measurements and print ratios: ``python -m benchmarks [--size both|small|town]``.

Our API and the floor run as processes of their own on one core; PostgreSQL and the load share the
other. Rounds alternate, medians are compared. Differences under 25 % mean nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import hazard_lists, load, operations
from benchmarks.parts import Part, parts, told
from benchmarks.servers import Served, Town, api_server, floor_server, opened, prepared, use_core
from core.database import credentials
from landlord.search.words import literal

OURS, FLOOR = 8451, 8452
ROUNDS, SECONDS = 5, 3.0
HAZARDS = "Q2 hazards"
GROWTH = 1.3
SOUGHT = ("单间", "近地铁", "一房一厅", "单间 阳台")

console = Console(width=120)


@dataclass(frozen=True)
class Question:
    """One operation and what the floor is asked instead."""

    name: str
    goal: float
    ours: Sequence[bytes]
    floor: Sequence[bytes]


@dataclass(frozen=True)
class Result:
    """Medians over the rounds."""

    question: Question
    ours: float
    floor: float
    middle: float
    p99: float
    cpu: float

    @property
    def ratio(self) -> float:
        """Our throughput in that of the floor."""
        return self.ours / self.floor


@dataclass(frozen=True)
class Found:
    """What one town showed: operations, bytes that the API process held, parts on their own."""

    results: list[Result]
    memory: int
    parts: list[Part]


async def questions(url: str, token: str) -> list[Question]:
    """What is asked, about houses that the town really has."""
    raw = await asyncpg.connect(**credentials(url))
    await hazard_lists.picture(raw)
    grids = await hazard_lists.grids(raw)
    plates = await raw.fetch(
        "SELECT p.token FROM plate p JOIN listing l ON l.place_id = p.place_id"
        " WHERE p.state = 'ACTIVE' AND p.room_id IS NULL AND l.state = 'PUBLISHED'"
        " GROUP BY p.token ORDER BY count(*) DESC, p.token LIMIT 40"
    )
    town = await raw.fetchrow("SELECT code, path FROM grid WHERE level = 'TOWN'")
    await raw.close()
    tokens = [row["token"] for row in plates]
    kinds = ["RENTAL_HOUSE", "SMALL_SHOP"]  # at least 50 of either, in the small town too
    return [
        Question(
            "Q1 plate",
            0.06,
            [_graphql(operations.PLATE, {"token": one}) for one in tokens],
            [load.request(FLOOR, f"/plate/{one}") for one in tokens],
        ),
        Question(
            HAZARDS,
            0.08,
            [_graphql(operations.HAZARDS, {"grid": grid["code"]}, token) for grid in grids],
            [load.request(FLOOR, f"/hazards?path={grid['path']}") for grid in grids],
        ),
        Question(
            "Q3 places",
            0.10,
            [
                _graphql(operations.PLACES, {"grid": town["code"], "kind": kind}, token)
                for kind in kinds
            ],
            [load.request(FLOOR, f"/places?path={town['path']}&kind={kind}") for kind in kinds],
        ),
        Question(
            "Q4 search",
            0.06,
            [_graphql(operations.SEARCH, {"filter": _wanted(text)}) for text in SOUGHT],
            [load.request(FLOOR, _plainly(text)) for text in SOUGHT],
        ),
    ]


def _wanted(text: str) -> dict[str, Any]:
    return {"text": text, "facilities": ["HOT_WATER"], "rentTo": 1500}


def _plainly(text: str) -> str:
    words = str(literal(text))
    return "/listings?" + urlencode({"words": words, "with": "HOT_WATER", "to": 1500})


def _graphql(
    query: str, variables: dict[str, Any], token: str | None = None, port: int = OURS
) -> bytes:
    body = orjson.dumps({"query": query, "variables": variables})
    return load.request(port, "/graphql", body, token)


async def measure(question: Question, ours: Served) -> Result:
    """Alternate rounds of both servers; the first of each warms up and does not count."""
    await load.run(OURS, question.ours, seconds=1)
    await load.run(FLOOR, question.floor, seconds=1)
    mine, floor, cpu = [], [], []
    for _ in range(ROUNDS):
        before = ours.cpu_seconds()
        mine.append(await load.run(OURS, question.ours, seconds=SECONDS))
        cpu.append((ours.cpu_seconds() - before) / mine[-1].requests)
        floor.append(await load.run(FLOOR, question.floor, seconds=SECONDS))
    return Result(
        question,
        median(round_.per_second for round_ in mine),
        median(round_.per_second for round_ in floor),
        median(round_.middle for round_ in mine),
        median(round_.p99 for round_ in mine),
        median(cpu),
    )


def run_size(size: str) -> Found:
    """Measure one town."""
    with prepared(size) as town:
        with api_server(town, OURS) as ours, floor_server(town, FLOOR):
            results = []
            for question in asyncio.run(questions(town.url, town.token)):
                console.print(f"{size}: {question.name} …", style="dim")
                results.append(asyncio.run(measure(question, ours)))
            memory = ours.memory()
        console.print(f"{size}: parts …", style="dim")
        if size == "small":
            return Found(results, memory, list(told(town)))
        return Found(results, memory, [*parts(town), *among_a_million(town)])


def among_a_million(town: Town) -> Iterator[Part]:
    """A list of hazards and what is near, where the town has a million open ones.

    Both towns are served at once and asked in turn: what else the machine does hits both.
    """
    with hazard_lists.million() as url:
        large = opened(url)
        console.print(f"{hazard_lists.OPEN:,} open hazards …", style="dim")
        with api_server(large, OURS) as ours, api_server(town, FLOOR):
            result = asyncio.run(measure(asyncio.run(_compared(town, large)), ours))
        near = asyncio.run(hazard_lists.near(url))
    growth = 1 / result.ratio
    yield Part(
        f"{HAZARDS} among {hazard_lists.OPEN:,} open ones, to the town's time",
        f"{growth:.2f} ×",
        f"≤ {GROWTH}",
        growth <= GROWTH,
    )
    yield Part(
        f"what is reported nearby, among {hazard_lists.OPEN:,} open hazards, in the database",
        f"{near:.1f} ms",
        f"< {hazard_lists.NEAR_GOAL_MS:.0f} ms",
        near < hazard_lists.NEAR_GOAL_MS,
    )


async def _compared(town: Town, large: Town) -> Question:
    """The same lists of the same grids, of the large town and, as its floor, of the other."""
    raw = await asyncpg.connect(**credentials(town.url))
    grids = await hazard_lists.grids(raw)
    await raw.close()

    def asked(of: Town, port: int) -> list[bytes]:
        return [
            _graphql(operations.HAZARDS, {"grid": grid["code"]}, of.token, port) for grid in grids
        ]

    return Question(HAZARDS, 1 / GROWTH, asked(large, OURS), asked(town, FLOOR))


def report(found: dict[str, Found]) -> bool:
    """Print the tables; whether every goal is met."""
    table = Table(title="Ours against the raw floor (one core each; medians)")
    for heading in ("town", "operation", "ours /s", "floor /s", "ratio", "goal", "p50 ms", "p99 ms",
                    "CPU µs"):  # fmt: skip
        table.add_column(heading, justify="left" if heading in {"town", "operation"} else "right")
    good = True
    for size, town in found.items():
        for one in town.results:
            met = one.ratio >= one.question.goal
            good = good and met
            table.add_row(
                size, one.question.name, f"{one.ours:.0f}", f"{one.floor:.0f}",
                f"[{'green' if met else 'red'}]{one.ratio:.3f}[/]", f"≥ {one.question.goal}",
                f"{one.middle:.1f}", f"{one.p99:.1f}", f"{one.cpu * 1e6:.0f}",
            )  # fmt: skip
    console.print(table)
    return all([good, _report_size(found), _report_parts(found)])


def _report_parts(found: dict[str, Found]) -> bool:
    measured = [part for town in found.values() for part in town.parts]
    for part in measured:
        console.print(
            f"{part.name}: [{'green' if part.met else 'red'}]{part.found}[/] (goal {part.goal})"
        )
    return all(part.met for part in measured)


def _report_size(found: dict[str, Found]) -> bool:
    good = True
    for size, one in found.items():
        good = good and one.memory < 200_000_000
        console.print(f"memory of the API process, {size}: {one.memory / 1e6:.0f} MB (goal < 200)")
    if {"small", "town"} <= found.keys():
        for small, town in zip(found["small"].results, found["town"].results, strict=True):
            growth = town.cpu / small.cpu
            good = good and growth <= GROWTH
            console.print(
                f"{small.question.name}: town costs {growth:.2f} × small in CPU,"
                f" {town.middle / small.middle:.2f} × in median latency (goal ≤ {GROWTH})"
            )
    return good


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=["both", "small", "town"], default="both")
    parser.add_argument("--json", action="store_true", help="print figures for scripts")
    chosen = parser.parse_args()
    use_core(1)
    sizes = ["small", "town"] if chosen.size == "both" else [chosen.size]
    found = {size: run_size(size) for size in sizes}
    good = report(found)
    if chosen.json:
        print(
            json.dumps(
                {
                    size: {one.question.name: round(one.ratio, 4) for one in town.results}
                    for size, town in found.items()
                }
            )
        )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    os.environ.setdefault("LEYE_ENV", "development")
    main()
