"""Who reads what is sealed: everything the schema answers to each role, searched for the values.

Every sealed value of a small town is marked (tests/schema/sealed.py). Then everybody asks for
everything: every query with all that hangs on its answer, every node, every mutation of the
residents' part. What is found in the text of the answers has to be in the table below, and all
that the table allows has to be found.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pytest
from graphql import GraphQLObjectType, get_named_type

from api.graphql.execution import Schema
from api.graphql.limits import Limits
from api.pages.addresses import short
from api.pages.routes import routes
from core import redis
from core.crypto import reveal
from core.privacy_columns import meta_of
from core.work import work
from identity import authentication
from identity.actor import APP_SCOPES, SYSTEM, ActorKind
from identity.models import App
from identity.phone_sign_in import account_for_phone
from identity.tokens import Claims, issue
from management.models import Hazard, HazardReport, Person, Residence, ResidenceCertificate
from media.formats import WIDTHS
from schema.build import build
from schema.ids import parse_id
from tests import factories
from tests.api.visitor import visitor
from tests.schema.case import Case
from tests.schema.mutation_cases import input_for, names_of
from tests.schema.parts import PARTS
from tests.schema.role_ways import FIELDS, filled
from tests.schema.sealed import UNMARKED, Mark, mark_everything, sealed_columns
from tests.schema.selecting import everything_of
from tests.schema.support import SCHEMA, World, ask, token_of, undone
from tests.schema.worlds.hazards import HAZARD_PICTURES

WIDE = build(Schema, limits=Limits(cost=10**9, depth=30), seconds=60)
OBJECTS = {
    name: kind
    for name, kind in SCHEMA._schema.type_map.items()
    if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
}
NODES = {name for name, kind in OBJECTS.items() if "Node" in {i.name for i in kind.interfaces}}

EVERYBODY = (
    "anonymous", "neighbour", "fellow tenant", "resident", "landlord A", "warden 1", "warden 2",
    "department", "service desk", "auditor", "app",
)  # fmt: skip
"""The resident lives in house 1, which landlord A runs, and reported hazards in both houses; the
fellow tenant has another room of house 1, the neighbour nothing to do with either. Warden 1 has
the grid of house 1, warden 2 the next, the app all scopes that apps can have in the first."""
ACCOUNTS = ("neighbour", "fellow tenant", "resident", "landlord A")
DESK = "service desk"


@dataclass(frozen=True)
class Cell:
    """Values of some columns that some roles read, and why they may.

    ``of``: whose values: ``own``; ``told``, of people whom the reader declared; ``family``, of
    those with whom the resident lived; of house ``1`` or ``2``, or of somebody who is ``held``
    there; an account by its name; ``token``, of whoever holds the code of a hazard. ``only``: the
    one answer in which it may stand.
    """

    columns: tuple[str, ...]
    readers: tuple[str, ...]
    of: tuple[str, ...]
    level: str
    why: str
    only: str = ""


_IDENTITY = ("person.name", "person.number")
_OPINIONS = (
    "declaration.on_behalf", "declaration.reason", "declaration_step.words",
    "residence_objection.words", "residence_objection.reason",
)  # fmt: skip
_TASKS = ("task.words", "task.feedback", "task_step.words")
_CALLER = ("hazard_report.caller_name", "hazard_report.caller_phone")
_HAZARDS = ("hazard_report.words", "hazard_step.words")
_CONTACT = ("place.contact_name", "place.contact_phone")
_ACCOUNT = ("account.phone", "account.display_name")


def _for_staff(reader: str, house: str) -> tuple[Cell, ...]:
    """What who registers the people of a grid reads of a house in it."""
    return (
        Cell((*_IDENTITY, "person.phone"), (reader,), (house,), "masked",
             "the register of the grid, masked until revealed with a reason"),
        Cell(_IDENTITY, (reader,), (f"{house} held",), "masked",
             "what is declared and doubted, so that it can be verified"),
        Cell(("declaration.claimed_name",), (reader,), (house,), "masked",
             "which name was given against the one that is known"),
        Cell(_OPINIONS, (reader,), (house,), "clear", "what was said for and against"),
    )  # fmt: skip


def _for_workers(reader: str, house: str) -> tuple[Cell, ...]:
    """What who acts on hazards reads of those at a house."""
    return (
        Cell(_HAZARDS, (reader,), (house,), "clear", "what is wrong, in the reporter's words"),
        Cell(_CALLER, (reader,), (house,), "masked", "somebody called, and can be called back"),
    )


_WORK = "what is to be done and what came of it"
_OWN = "one's own data (PIPL article 45)"
TABLE: Final = (
    Cell(_ACCOUNT, ACCOUNTS, ("own",), "clear", _OWN),
    Cell((*_IDENTITY, "person.born", "person.phone"), ("fellow tenant", "resident"), ("own",),
         "clear", _OWN),
    Cell((*_HAZARDS, "declaration_step.words", "wechat_user.openid", "declaration.reason"),
         ("resident", "landlord A"), ("own",), "clear", _OWN),
    Cell(("residence_objection.words", "residence_objection.reason"), ("resident",), ("own",),
         "clear", _OWN),
    Cell(("hazard_report.words",), EVERYBODY, ("token",), "clear",
         "who holds the code of a report is who made it", only="hazardFollowUp"),
    Cell(_IDENTITY, ("resident", "landlord A"), ("told",), "masked", "whom they declared"),
    Cell(("person.phone",), ("landlord A",), ("told",), "masked", "whom they declared"),
    Cell(("person.name",), ("resident",), ("family",), "masked",
         "with whom they lived, to declare them again", only="declarationDraft"),
    Cell((*_IDENTITY, "person.phone"), ("landlord A",), ("1",), "masked",
         "landlords answer for who lives in their house"),
    Cell(_CONTACT, ("landlord A",), ("1",), "clear", "whom the town reaches about their house"),
    Cell(("account.display_name",), EVERYBODY, ("landlord A", "landlord B"), "clear",
         "what they chose to go by on their public offers"),
    Cell(("enquiry_message.words",), ("resident",), ("1", "2"), "clear", "their conversations"),
    Cell(("enquiry_message.words",), ("landlord A",), ("1",), "clear", "their conversations"),
    Cell(("account.phone",), ("resident",), ("landlord A", "landlord B"), "clear",
         "shared by the landlord in a conversation"),
    Cell(_ACCOUNT, ("landlord A",), ("resident",), "clear", "shared by who asked about an offer"),
    *_for_staff("warden 1", "1"), *_for_staff("warden 2", "2"),
    *_for_staff(DESK, "1"), *_for_staff(DESK, "2"),
    *_for_workers("warden 1", "1"), *_for_workers("warden 2", "2"),
    *_for_workers("department", "1"), *_for_workers("department", "2"),
    *_for_workers(DESK, "1"), *_for_workers(DESK, "2"),
    Cell(_TASKS, ("warden 1", "department"), ("1",), "clear", _WORK),
    Cell(_TASKS, ("warden 2", "department"), ("2",), "clear", _WORK),
    Cell(_ACCOUNT, ("warden 1", "warden 2", "department", DESK), ("resident",), "masked",
         "who reported a hazard"),
    Cell(("account.phone",), ("warden 1", "department", DESK), ("landlord A",), "masked",
         "who reported a hazard, or runs a house"),
    Cell(("account.phone",), ("warden 2", "department", DESK), ("landlord B",), "masked",
         "who reported a hazard, or runs a house"),
    Cell(("account.display_name",), ("warden 1", "warden 2"), ("somebody",), "clear",
         "who claims to run a house, in words of their own"),
    Cell(_CONTACT, ("warden 1", DESK), ("1",), "masked", "the file of the place"),
    Cell(_CONTACT, ("warden 2", DESK), ("2",), "masked", "the file of the place"),
    Cell(("listing_report.words",), (DESK,), ("1", "2"), "clear", "decides about offers"),
    Cell((*_IDENTITY, "person.born", "person.phone"), ("warden 1", DESK), ("resident",),
         "clear", "with a reason, on record, and shown to the person", only="revealPerson"),
    Cell((*_IDENTITY, "person.born"), ("warden 1", DESK), ("1 held",), "clear",
         "to be compared with a document; as above", only="revealDeclared"),
    Cell(("declaration.claimed_name",), ("warden 1", DESK), ("1",), "clear",
         "to be compared with a document; as above", only="revealDeclared"),
    Cell(_CALLER, (DESK,), ("1",), "clear", "with a reason, on record", only="revealHazardCaller"),
)  # fmt: skip
"""What is read of what is sealed, and by whom; nothing else."""


def queries(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every query with everything that hangs on its answer."""
    for path, way in FIELDS.items():
        root, _, name = path.partition(".")
        if root == "Query" and name != "node":
            kind = get_named_type(OBJECTS[root].fields[name].type)
            yield name, "{ one: " + call_of(filled(way, names)) + whole(kind.name) + " }"


def call_of(way: str) -> str:
    """The field and its arguments, without the selection."""
    depth = 0
    for position, character in enumerate(way):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "{" and not depth:
            return way[:position]
    return way


def whole(kind: str) -> str:
    """A selection of all there is."""
    return "{ " + everything_of(kind) + " }"


def nodes(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every thing that has a name and is a node, with everything that hangs on it."""
    for name, text in names.items():
        if len(text) > 20 and not name.endswith(("oken", "ode")) and parse_id(text)[0] in NODES:
            kind = parse_id(text)[0]
            yield f"node {kind}", f'{{ one: node(id: "{text}") {{ ... on {kind} {whole(kind)} }} }}'


def with_all(case: Case) -> str:
    """A mutation that answers all it can."""
    payload = get_named_type(OBJECTS["Mutation"].fields[case.name].type)
    head = case.document.removesuffix("{ " + case.selection + " } }")
    assert head != case.document
    return head + whole(payload.name) + " }"


async def everybody_else(world: World) -> None:
    """A neighbour, a fellow tenant, and an app with every scope."""
    async with work(SYSTEM):
        for name, phone in (("neighbour", "13800000071"), ("fellow tenant", "13800000072")):
            account = await account_for_phone(phone)
            account.display_name = name
            await account.save(update_fields=["display_name"])
            world.accounts[name] = account
    fellow = await factories.person(world.accounts["fellow tenant"])
    await factories.residence(fellow, world.tenants[0].rooms[0])
    app = await App.get(id=world.actors["app grids 1"].id)
    app.scopes = sorted(scope.value for scope in APP_SCOPES)
    await app.save(update_fields=["scopes"])
    tokens = {name: await token_of(world.accounts[name]) for name in ("neighbour", "fellow tenant")}
    tokens["app"] = issue(Claims(ActorKind.APP, app.id, scopes=APP_SCOPES)).text
    for name, text in tokens.items():
        world.actors[name] = await authentication.actor_from_token(text, address=name)


@dataclass
class Scene:
    """The town with its marks, and what they are to whom."""

    world: World
    marks: list[Mark]
    names: dict[Any, str]
    by_token: set[Any]
    family: set[Any]

    def labels(self, mark: Mark, reader: str) -> set[str]:
        """What a value is to a reader."""
        account = self.world.accounts.get(reader)
        labels = {*mark.houses, *(self.names.get(one, "somebody") for one in mark.accounts)}
        if account and account.id in mark.accounts:
            labels.add("own")
        if account and account.id in mark.told_by:
            labels.add("told")
        if mark.row in self.by_token:
            labels.add("token")
        if reader == "resident" and mark.row in self.family:
            labels.add("family")
        return labels


@pytest.fixture
async def scene(world: World) -> Scene:
    """Everything is marked."""
    await everybody_else(world)
    houses = {tenant.place.id: str(number) for number, tenant in enumerate(world.tenants, 1)}
    marks = await mark_everything(houses)
    return Scene(
        world,
        marks,
        {account.id: name for name, account in world.accounts.items()},
        set(await HazardReport.filter(token_hash__isnull=False).values_list("id", flat=True)),
        set(await Residence.filter(family__isnull=False).values_list("person_id", flat=True)),
    )


async def answers(world: World, reader: str) -> Iterator[tuple[str, str]]:
    """All that somebody is told: what was asked, and the answer as it goes over the wire."""
    actor = world.actors[reader]
    asked: dict[str, str] = {}
    for tenant in world.tenants:
        asked |= {document: name for name, document in queries(tenant.ids)}
        asked |= {document: name for name, document in nodes(tenant.ids)}
    found = []
    for document, name in asked.items():
        await redis.client().flushall()  # unknown tokens are counted
        found.append((name, await ask(document, actor, schema=WIDE)))
    for part in PARTS:
        for case in part.CASES:
            async with undone():
                if before := getattr(part, "PREPARE", {}).get(case.name):
                    await before(world)
                given = {"input": input_for(case, names_of(world))}
                found.append((case.name, await ask(with_all(case), actor, given, schema=WIDE)))
    return ((name, orjson.dumps(answer).decode()) for name, answer in found)


@pytest.mark.parametrize("reader", EVERYBODY)
async def test_sealed_values_reach_only_whom_the_table_names(reader: str, scene: Scene) -> None:
    cells = [cell for cell in TABLE if reader in cell.readers]
    used: set[tuple[Cell, str, str]] = set()
    leaks: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, text in await answers(scene.world, reader):
        for mark in scene.marks:
            if not (level := mark.level_in(text)):
                continue
            labels = scene.labels(mark, reader)
            fitting = [
                (cell, mark.column, label)
                for cell in cells
                if mark.column in cell.columns and cell.level in {level, "clear"}
                and cell.only in {"", name}
                for label in labels.intersection(cell.of)
            ]  # fmt: skip
            used.update(one for one in fitting if one[0].level == level)
            if not fitting:
                leaks[(mark.column, level, *sorted(labels))].add(name)
    assert not leaks
    expected = {(cell, column, of) for cell in cells for column in cell.columns for of in cell.of}
    assert used == expected, "what the table allows is read by nobody"


async def test_the_town_holds_something_in_every_sealed_column_of_the_residents_part(
    scene: Scene,
) -> None:
    tables = {
        "person", "declaration", "declaration_step", "residence_objection", "hazard_report",
        "hazard_step", "task", "task_step", "data_export", "account",
    }  # fmt: skip
    columns = {
        f"{table}.{column}"
        for model, column in sealed_columns()
        if (table := meta_of(model).db_table) in tables
    }
    assert columns - UNMARKED <= {mark.column for mark in scene.marks}
    assert len({mark.clear for mark in scene.marks}) == len(scene.marks)


async def test_a_value_where_it_does_not_belong_would_be_found(scene: Scene) -> None:
    number = next(mark for mark in scene.marks if mark.column == "person.number")
    phone = next(mark for mark in scene.marks if mark.column == "person.phone")
    hazard = parse_id(scene.world.tenants[0].ids["hazard"])[1]
    await Hazard.filter(id=hazard).update(summary=f"{number.clear} {phone.masked}")
    listed = await answers(scene.world, "anonymous")
    for told in (
        "".join(text for name, text in listed if name == "publicHazards"),
        "".join(await pages(scene.world)),
    ):
        assert (number.level_in(told), phone.level_in(told)) == ("clear", "masked")


# Route parameter → what stands there for a tenant.
PARAMETERS: Final[dict[str, Callable[[dict[str, str]], str]]] = {
    "token": lambda names: names["token"],
    "name": lambda names: HAZARD_PICTURES[0] + f"-{WIDTHS[-1]}.webp",
    "hazard": lambda names: short(parse_id(names["hazard"])[1]),
    "listing": lambda names: short(parse_id(names["listing"])[1]),
    "listing_id": lambda names: str(parse_id(names["listing"])[1]),
    "announcement": lambda names: short(parse_id(names["announcement"])[1]),
    "code": lambda names: names["code"],
    "certificate_id": lambda names: names["certificate"],
    "sheet_id": lambda names: str(parse_id(names["sheet"])[1]),
    "document_id": lambda names: str(parse_id(names["hazardDocument"])[1]),
    "declaration_id": lambda names: str(parse_id(names["heldDeclaration"])[1]),
    "export_id": lambda names: str(parse_id(names["dataExport"])[1]),
    "form": lambda names: "json",
}


async def pages(world: World) -> list[str]:
    """What every address of the pages says to somebody without a signature or a sign-in."""
    told = []
    certificate = await ResidenceCertificate.get()
    async with visitor() as client:
        for tenant in world.tenants:
            names = {**tenant.ids, "certificate": str(certificate.id)}
            for route in routes:
                filled_in = {
                    name: PARAMETERS[name](names) for name in route.param_convertors
                }  # fmt: skip
                address = re.sub(r":uuid}", "}", route.path).format(**filled_in)
                await redis.client().flushall()
                how = "GET" if "GET" in (route.methods or ()) else "POST"
                answer = await client.request(how, address)
                assert answer.status_code in {200, 301, 308, 404}, address
                told.append(answer.text)
    assert sum("html" in text for text in told) > len(routes) // 2
    return told


async def test_pages_for_everybody_hold_none_of_it(scene: Scene) -> None:
    told = "".join(await pages(scene.world))
    assert "楼梯口有杂物" in told  # a hazard is on the map, without its reporter
    chosen = {"account.display_name"}  # by landlords, for their offers
    assert {m.column for m in scene.marks if m.level_in(told)} <= chosen


async def test_auditors_read_that_it_was_done_and_not_who_said_what(scene: Scene) -> None:
    names = scene.world.tenants[0].ids
    document = (
        "query($id: ID!) { hazard(id: $id) { report { words name phone anonymous }"
        " steps { action at staffName words } } }"
    )
    told = await ask(document, scene.world.actors["auditor"], {"id": names["hazard"]})
    assert told["data"]["hazard"]["report"] is None
    assert [step["words"] for step in told["data"]["hazard"]["steps"]] == [None]
    heard = await ask(document, scene.world.actors["warden 1"], {"id": names["hazard"]})
    assert heard["data"]["hazard"]["report"]["words"]
    assert heard["data"]["hazard"]["steps"][0]["words"]


async def test_the_code_of_a_report_opens_its_own_words_alone(scene: Scene) -> None:
    names = scene.world.tenants[0].ids
    async with visitor() as client:
        told = (await client.post("/h", data={"token": names["hazardToken"]})).text
    found = [mark for mark in scene.marks if mark.level_in(told)]
    assert {(mark.column, mark.row in scene.by_token) for mark in found} <= {
        ("hazard_report.words", True)
    }


async def test_a_certificate_shows_a_masked_name_and_nothing_else_of_the_person(
    scene: Scene,
) -> None:
    code = "c" * 22
    hashed = hashlib.sha256(code.encode()).hexdigest()
    await ResidenceCertificate.all().update(token_hash=hashed)
    async with visitor() as client:
        told = (await client.get(f"/v/{code}")).text
    found = {(mark.column, mark.level_in(told)) for mark in scene.marks if mark.level_in(told)}
    assert found == {("person.name", "masked")}


@pytest.mark.parametrize("reader", ["neighbour", "landlord A", "warden 1"])
async def test_a_known_number_with_another_name_does_not_tell_the_name(
    reader: str, scene: Scene
) -> None:
    known = await Person.filter(residences__place_id=scene.world.tenants[1].place.id).first()
    assert known is not None
    number = reveal(known, "number")
    case = {case.name: case for part in PARTS for case in part.CASES}[
        {"neighbour": "declareResidence", "landlord A": "declareTenant"}.get(reader, "declareFor")
    ]
    given = input_for(case, names_of(scene.world))
    given.pop("family", None)
    said = given.get("tenant", given)
    said |= {"name": "测试旁人", "documentNumber": number}
    answer = await ask(with_all(case), scene.world.actors[reader], {"input": given}, schema=WIDE)
    assert "errors" not in answer
    told = orjson.dumps(answer).decode()
    of_them = [mark for mark in scene.marks if mark.row == known.id]
    assert {"person.name", "person.number"} <= {mark.column for mark in of_them}
    # The number is what they typed; masked, as everything they declare is shown to them.
    assert {m.column for m in of_them if m.level_in(told)} <= {"person.number"}
    assert number not in told
