"""No marked value stands in clear anywhere that the service keeps, after all that residents do.

One story over HTTP, really committed, with its jobs: people are declared, doubted, objected to,
looked up and erased, hazards reported, put right, disputed and closed. Names, numbers, phones,
words, codes and tokens in it are marked; then the whole state is searched for them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from api.app import Service, make_service
from api.assembly import database_config
from core import redis
from core.clock import now
from core.crypto import reveal
from core.jobs import run_worker, worker_app
from core.logging import configure
from core.settings import settings
from integrations import sms
from management.models import ConsentPurpose
from management.people.consents import text_in_force
from notifications.models import ChannelPause, WebhookEndpoint
from notifications.webhooks.kinds import KINDS
from schema.ids import global_id
from tests import factories
from tests.logs import restored
from tests.media import samples
from tests.schema import canaries
from tests.schema.canaries import Canary, document, phone, secret
from tests.schema.case import input_of
from tests.schema.sealed import sealed_columns
from tests.schema.support import World, make_world, new_id

AGREED: Final = [
    {"purpose": purpose.value, "version": text_in_force(purpose).version}
    for purpose in (ConsentPurpose.DOCUMENT_NUMBER, ConsentPurpose.MINOR)
]


IN_A_REASON: Final = "number in "


class Outbox:
    """The telephones of the town."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.texts: list[str] = []

    async def send(self, phone: str, template: sms.Template, params: Mapping[str, str]) -> None:
        """Keep the code that was sent to a number, and what else carriers read."""
        if "code" in params:
            self.codes[phone] = params["code"]
        self.texts += [value for name, value in params.items() if name != "code"]


@dataclass
class Story:
    """A client of the whole service, and every canary that was let loose."""

    world: World
    service: Service
    client: httpx.AsyncClient
    database_url: str
    outbox: Outbox
    log: io.StringIO
    folder: Path
    birds: list[Canary] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def bird(self, bird: Canary) -> str:
        """Let a canary loose: its value."""
        self.birds.append(bird)
        return bird.value

    def rare(self) -> str:
        """Three characters that stand nowhere else."""
        number = next(self._numbers)
        return "".join(chr(0x3D00 + 3 * number + each) for each in range(3))

    def name(self, what: str) -> str:
        """A name."""
        return self.bird(canaries.name(what, self.rare()))

    def words(self, what: str) -> str:
        """A sentence."""
        marked = self.rare()
        self.bird(Canary(what, marked))
        return f"这是{marked}说的话"

    def reason(self, what: str) -> str:
        """Words that stand in clear on purpose, with a number that must not."""
        number = self.bird(Canary(IN_A_REASON + what, factories.document_number()))
        return f"{self.words(what)}，证件{number}"

    def number(self, what: str) -> str:
        """A number of a mainland card."""
        return self.bird(document(what, factories.document_number()))

    def phone(self, what: str) -> str:
        """A number of a telephone."""
        return self.bird(phone(what, f"1371{next(self._numbers):03d}{4567 + len(self.birds)}"))

    async def work(self) -> None:
        """Run every job that waits."""
        app = worker_app(self.database_url)
        async with app.open_async():
            await run_worker(app, wait=False)

    async def ask(self, text: str, who: str | None, variables: Any = None) -> Any:
        """The answer to a document."""
        sent = {"query": text, "variables": variables or {}}
        headers = {"Authorization": f"Bearer {self.world.tokens.get(who, who)}"} if who else {}
        answer = await self.client.post("/graphql", json=sent, headers=headers)
        return answer.json()

    async def do(self, name: str, who: str | None, selection: str, /, **given: Any) -> Any:
        """What a mutation answers that must not be refused."""
        kind = input_of(name)
        if "requestId" in kind.fields:
            given["requestId"] = new_id()
        text = f"mutation($input: {kind.name}!) {{ {name}(input: $input) {{ {selection} }} }}"
        answer = await self.ask(text, who, {"input": given})
        assert "errors" not in answer, (name, answer)
        return answer["data"][name]

    async def sign_in(self, what: str, number: str) -> str:
        """Somebody signs in by a code sent to their phone: their access token."""
        await self.do("requestSmsCode", None, "__typename", phone=number)
        await self.work()
        code = self.bird(secret(f"code of {what}", self.outbox.codes[number]))
        opened = await self.do(
            "signInWithSmsCode", None, "session { accessToken refreshToken }",
            phone=number, code=code,
        )  # fmt: skip
        self.bird(secret(f"refresh token of {what}", opened["session"]["refreshToken"]))
        return self.bird(secret(f"access token of {what}", opened["session"]["accessToken"]))

    async def picture(self, who: str, purpose: str) -> str:
        """A picture with metadata, uploaded: its id."""
        data = samples.telling("JPEG")
        asked = await self.do(
            "requestUpload", who, "uploadId url headers { name value }",
            purpose=purpose, contentType="image/jpeg", size=len(data),
        )  # fmt: skip
        headers = {each["name"]: each["value"] for each in asked["headers"]}
        self.bird(secret("ticket of an upload", headers["Authorization"].split()[1]))
        path = urlsplit(asked["url"]).path
        assert (await self.client.put(path, content=data, headers=headers)).status_code == 204
        kept = await self.do(
            "completeUpload", who, "photo { id }", uploadId=asked["uploadId"],
            alt=self.words("what is seen in a picture"),
        )  # fmt: skip
        photo: str = kept["photo"]["id"]
        return photo

    async def kept(self) -> dict[str, str]:
        """All that the service keeps or says of itself, by place."""
        return {
            **await canaries.columns(),
            **await canaries.keys_of_redis(),
            **canaries.files(self.folder),
            "log": self.log.getvalue(),
            "short messages": "\n".join(self.outbox.texts),
            "metrics": self.service.metrics.text().decode(),
        }


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, down to the libraries' smallest words."""
    stream = io.StringIO()
    with restored():
        configure(production=True, level=logging.DEBUG, stream=stream)
        yield stream


@pytest.fixture
async def story(
    committed_db: None, database_url: str, folder: None, log: io.StringIO
) -> AsyncIterator[Story]:
    """The town of the tests, where short messages arrive and an app hears of everything."""
    world = await make_world()
    await ChannelPause.all().delete()
    await WebhookEndpoint.all().update(kinds=list(KINDS), paused_until=now() + timedelta(days=1))
    service = make_service(settings(), database_config(database_url, settings()))
    outbox = Outbox()
    before = sms.use(outbox)
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url=settings().public_url) as client:
        yield Story(world, service, client, database_url, outbox, log, Path(settings().media_dir))
    sms.use(before)


async def declared(story: Story) -> dict[str, str]:
    """People are declared: by themselves, by staff and by a landlord, and it is disputed."""
    house = story.world.tenants[0]
    free = await factories.room(house.place, "501", area=40)
    plate = await factories.plate(house.place, free)
    resident = await story.sign_in("the resident", story.phone("phone of the resident"))
    number = story.number("number of the resident")
    spouse = {
        "relation": "SPOUSE",
        "name": story.name("name of the spouse"),
        "documentNumber": story.number("number of the spouse"),
    }
    clean = await story.do(
        "declareResidence", resident, "declaration { id state }", plateToken=plate.token,
        name=story.name("name of the resident"), documentNumber=number, family=[spouse],
        consents=AGREED,
    )  # fmt: skip
    assert clean["declaration"]["state"] == "IN_FORCE"
    await story.do("drawResidenceCertificate", resident, "certificate { id }")
    await story.do(
        "answerTenant", "landlord A", "declaration { id }",
        declarationId=clean["declaration"]["id"], answer="DENIED",
        words=story.words("words of the landlord"),
    )  # fmt: skip

    doubted = await story.sign_in("who is doubted", story.phone("phone of who is doubted"))
    held = await story.do(
        "declareResidence", doubted, "declaration { id state }",
        plateToken=house.room_plate.token, name=story.name("name of who is doubted"),
        documentKind="PASSPORT",
        documentNumber=story.bird(document("number of a passport", "EK7391846")), consents=AGREED,
    )  # fmt: skip
    assert held["declaration"]["state"] == "HELD"
    await story.do(
        "supplementDeclaration", doubted, "declaration { id }",
        declarationId=held["declaration"]["id"],
        words=story.words("words of who is doubted"),
        photoIds=[await story.picture(doubted, "DECLARATION")],
    )  # fmt: skip
    await story.do(
        "revealDeclared", "warden 1", "__typename", declarationId=held["declaration"]["id"],
        reason=story.reason("why a declaration was read"),
    )  # fmt: skip
    refused = {
        "declarationId": held["declaration"]["id"], "confirm": False,
        "reason": story.words("reason of a refusal"),
    }  # fmt: skip
    await story.do("decideDeclarations", "warden 1", "results { decided }", items=[refused])

    await story.do(
        "declareFor", "warden 1", "declaration { id }", roomId=house.ids["emptyRoom"],
        onBehalf=story.words("on whose behalf"), name=story.name("name of who came to the desk"),
        documentNumber=story.number("number of who came to the desk"),
        phone=story.phone("phone of who came to the desk"), consents=AGREED,
    )  # fmt: skip
    tenant_phone = story.phone("phone of the tenant")
    more = await factories.room(house.place, "502", area=40)
    items = [
        {
            "roomId": global_id("Room", more.id), "name": story.name("name of the tenant"),
            "documentNumber": story.number("number of the tenant"), "phone": tenant_phone,
        },
        {
            "roomId": global_id("Room", more.id), "name": story.name("claimed name"),
            "documentNumber": number,
        },
    ]  # fmt: skip
    made = await story.do("declareTenants", "landlord A", "tenants { declarationId }", items=items)
    tenant = await story.sign_in("the tenant", tenant_phone)
    objected = await story.do(
        "objectToResidence", tenant, "declaration { objection { id } }",
        declarationId=made["tenants"][0]["declarationId"],
        words=story.words("words of an objection"),
    )  # fmt: skip
    await story.do(
        "decideObjection", "warden 1", "objection { state }", uphold=False,
        objectionId=objected["declaration"]["objection"]["id"],
        reason=story.words("reason of a decision"),
    )  # fmt: skip
    return {"resident": resident, "doubted": doubted, "tenant": tenant}


async def put_right(story: Story, resident: str) -> None:
    """Hazards are reported, in three ways, and one goes through all that can happen to it."""
    house = story.world.tenants[0]
    token = house.plate.token
    hazard = {"categoryCode": "EXIT_BLOCKED", "plateToken": token}
    photo = await story.picture(resident, "HAZARD")
    mine = await story.do(
        "reportHazard", resident, "hazard { id }", **hazard,
        words=story.words("words of a reporter"),
        photoIds=[photo],
    )  # fmt: skip
    taken = await story.do(
        "reportHazardFor", "service desk", "hazard { id }", source="HOTLINE_12345",
        externalNo="12345-9", categoryCode="MANHOLE", plateToken=token,
        words=story.words("words of a caller"),
        callerName=story.name("name of a caller"), callerPhone=story.phone("phone of a caller"),
    )  # fmt: skip
    await story.do(
        "revealHazardCaller", "service desk", "caller { name phone }",
        hazardId=taken["hazard"]["id"], reason=story.reason("why a caller was read"),
    )  # fmt: skip
    await story.do("rejectHazard", "warden 1", "hazard { id }", hazardId=taken["hazard"]["id"],
                   reason=story.words("why a hazard was rejected"))  # fmt: skip

    reported = await story.do(
        "reportHazard", None, "followUpToken hazard { id }", categoryCode="OVERLOAD",
        answers=[{"question": "DEVICES", "text": story.words("answer to a question")}],
        plateToken=token, words=story.words("words without a name"),
        callerName=story.name("name of who can be reached"),
        callerPhone=story.phone("phone of who can be reached"),
    )  # fmt: skip
    back = story.bird(secret("code of a report", reported["followUpToken"]))
    one = {"hazardId": reported["hazard"]["id"]}
    evidence = {"photoIds": [await story.picture("warden 1", "HAZARD")]}
    by_token = {"followUpToken": back}
    done = "hazard { id }"

    def say(what: str) -> dict[str, str]:
        return {"words": story.words(f"words when it was {what}")}

    def why(what: str) -> dict[str, str]:
        return {"reason": story.words(f"why it was {what}")}

    lead = {"staffId": house.ids["leadStaff"]}
    department = {"departmentCode": "test"}
    later = {"deadline": (now() + timedelta(days=5)).isoformat()}
    for name, who, given in (
        ("supplementHazard", None, {"token": back, **say("added to")}),
        ("acceptHazard", "warden 1", {**one, "summary": story.reason("summary for everybody")}),
        ("changeHazardSeverity", "supervisor 1", {**one, "severity": "SERIOUS", **why("changed")}),
        ("dispatchHazard", "supervisor 1", {**one, **department, **say("dispatched")}),
        ("returnHazard", "department", {**one, "departmentCode": "FIRE", **why("returned")}),
        ("dispatchHazard", "supervisor 1", {**one, **lead, **say("dispatched again")}),
        ("startHazard", "warden 1", one),
        ("extendHazard", "warden 1", {**one, **later, **why("extended")}),
        ("submitHazard", "warden 1", {**one, **evidence, **say("submitted")}),
        ("failHazard", "supervisor 1", {**one, **evidence, **why("failed")}),
        ("submitHazard", "warden 1", {**one, **evidence}),
        ("passHazard", "supervisor 1", {**one, **evidence, **say("passed")}),
        ("sayHazardNotFixed", None, {**by_token, **say("not fixed")}),
        ("submitHazard", "warden 1", {**one, **evidence}),
        ("passHazard", "supervisor 1", {**one, **evidence}),
        ("confirmHazardFixed", None, {**by_token, **say("fixed")}),
        ("rateHazard", None, {**by_token, "rating": 2, **say("rated")}),
        ("reopenHazard", None, {**by_token, **why("reopened")}),
    ):
        if "photoIds" in given and name != "submitHazard":
            given = {**given, "photoIds": [await story.picture("supervisor 1", "HAZARD")]}
        elif "photoIds" in given:
            given = {**given, "photoIds": [await story.picture("warden 1", "HAZARD")]}
        await story.do(name, who, done, **given)
    await story.do("acceptHazard", "warden 1", done, hazardId=mine["hazard"]["id"])
    face = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
    await story.do("redactHazardPhoto", "supervisor 1", "photo { id }", photoId=photo, areas=[face],
                   reason=story.reason("why a picture was redacted"))  # fmt: skip
    await story.do(
        "moderateHazard", "supervisor 1", done, hazardId=mine["hazard"]["id"],
        shownPhotoIds=[photo], summary=story.reason("summary for everybody"),
    )  # fmt: skip


async def sent_about(story: Story) -> None:
    """Tasks with words, given back, finished and called off."""
    house = story.world.tenants[0]
    due = (now() + timedelta(days=3)).isoformat()
    for what in ("finished", "called off"):
        sent = await story.do(
            "sendTask", "supervisor 1", "task { id }", placeId=house.ids["place"], dueAt=due,
            words=story.words(f"what is to be {what}"),
        )  # fmt: skip
        one = {"taskId": sent["task"]["id"]}
        await story.do("takeTask", "warden 1", "task { id }", **one)
        if what == "called off":
            await story.do("returnTask", "warden 1", "task { id }", **one,
                           reason=story.words("why a task was given back"))  # fmt: skip
            await story.do("cancelTask", "supervisor 1", "task { id }", **one,
                           reason=story.words("why a task was called off"))  # fmt: skip
        else:
            await story.do("finishTask", "warden 1", "task { id }", **one, outcome="DONE",
                           feedback=story.words("what came of a task"))  # fmt: skip


async def looked_at(story: Story, resident: str) -> None:
    """What is held is read in clear, copied, and corrected."""
    found = await story.ask("{ viewer { person { id } } }", resident)
    person = found["data"]["viewer"]["person"]["id"]
    await story.do(
        "revealPerson",
        "warden 1",
        "name number",
        personId=person,
        reason=story.reason("why a person was read"),
    )
    row = next(
        row["id"]
        for section in (await story.ask(
            "{ myData { sections { name rows { id } } } }", resident
        ))["data"]["myData"]["sections"]
        if section["name"] == "person.id"
        for row in section["rows"]
    )  # fmt: skip
    await story.do(
        "correctMyData", resident, "corrected", section="person.id", rowId=row,
        items=[{"field": "name", "value": story.name("corrected name")}],
    )  # fmt: skip
    asked = await story.do("requestDataExport", resident, "dataExport { id }")
    await story.work()
    made = await story.ask(
        "query($id: ID!) { dataExport(id: $id) { jsonUrl pdfUrl } }", resident,
        {"id": asked["dataExport"]["id"]},
    )  # fmt: skip
    for address in made["data"]["dataExport"].values():
        story.bird(secret("signature of an address", address.rpartition("=")[2]))
        assert (await story.client.get(address)).status_code == 200


async def mistaken(story: Story, resident: str) -> None:
    """What is refused, malformed or misplaced holds canaries, too."""
    name, words = story.name("name in a refusal"), story.words("words in a broken document")
    answer = await story.ask(f'mutation {{ moveOut(input: {{ {words}: "{name}" }}) }}', resident)
    assert "errors" in answer
    answer = await story.ask(f"{{ viewer {{ {words} ", resident)
    assert "errors" in answer
    answer = await story.ask(
        "mutation($input: DeclareResidenceInput!) { declareResidence(input: $input)"
        " { declaration { id } } }",
        resident,
        {"input": {"requestId": new_id(), "plateToken": name, "name": name,
                   "documentNumber": story.bird(document("wrong number", "44190019880230173X"))}},
    )  # fmt: skip
    assert "errors" in answer
    page = await story.client.post("/h", data={"token": story.bird(secret("no code", "Qz" * 11))})
    assert page.status_code in {200, 404}
    wrong = {"phone": story.phone("phone of nobody"), "code": "000000"}
    answer = await story.ask(
        "mutation($input: SignInWithSmsCodeInput!) { signInWithSmsCode(input: $input)"
        " { session { accessToken } } }", None, {"input": wrong},
    )  # fmt: skip
    assert "errors" in answer


async def gone(story: Story, people: Mapping[str, str]) -> None:
    """Some erase what is held about them, and leave."""
    await story.do("eraseMyData", people["doubted"], "erasure { id }")
    await story.do("closeAccount", people["tenant"], "__typename")
    await story.work()


WORDS_ON_PURPOSE: Final[Mapping[str, set[str]]] = {
    # Why somebody read what is sealed: shown to the person, kept with the trail.
    "person_look.reason": {"why a declaration was read", "why a person was read"},
    "audit_entry.reason": {"why a caller was read", "why a picture was redacted"},
    "audit_entry.payload": {"why a caller was read", "why a picture was redacted"},
    "photo_redaction.reason": {"why a picture was redacted"},
    # Staff's words for landlord and public.
    "hazard.summary": {"summary for everybody"},
    "hazard_document.content": {"summary for everybody"},
}
"""Columns in which words of staff stand in clear, which they were told: numbers are masked."""
NOT_KEPT: Final = frozenset(
    {
        "name in a refusal", "words in a broken document", "wrong number", "phone of nobody",
        "what is seen in a picture",
    }
)  # fmt: skip
"""What was refused, and what was said of pictures that not everybody sees."""


async def test_nothing_that_residents_said_or_are_stands_in_clear_anywhere(story: Story) -> None:
    people = await declared(story)
    await put_right(story, people["resident"])
    await sent_about(story)
    await looked_at(story, people["resident"])
    await mistaken(story, people["resident"])
    await story.work()
    before = await story.kept()
    sealed, in_clear = await opened(), set().union(*WORDS_ON_PURPOSE.values())
    lost = {
        bird.what
        for bird in story.birds
        if not bird.secret
        and bird.value not in sealed
        and bird.what.removeprefix(IN_A_REASON) not in in_clear
    }
    await gone(story, people)
    after = await story.kept()
    assert all(after[place] for place in ("log", "metrics", "Redis", "short messages"))
    for kept in (before, after):
        found = canaries.search(kept, story.birds)
        assert {place: {what for what, _ in told} for place, told in found.items()} == (
            WORDS_ON_PURPOSE
        )
    # The canaries did fly: what is kept is there, sealed.
    assert lost == NOT_KEPT


async def opened() -> str:
    """Everything that is sealed, opened."""
    texts = []
    for model, column in sealed_columns():
        texts += [reveal(row, column) or "" for row in await model.all()]
    return "\n".join(texts)


async def test_a_canary_would_be_found_in_whatever_form_and_place(
    world: World, tmp_path: Path
) -> None:
    birds = [
        canaries.name("name", "㿀㿁㿂"),
        document("document", factories.document_number()),
        phone("phone", "13719876543"),
        secret("token", "Zx9-canary_Qm4TtPw7aLk2"),
        secret("code", "481516"),
        Canary("words", "㿃㿄㿅"),
    ]
    flown = {(bird.what, form) for bird in birds for form in bird.forms.values()}
    text = " ".join(form for bird in birds for form in bird.forms)
    assert canaries.search({"nowhere": "㿀 13719 876 0481516 Zx9"}, birds) == {}

    await factories.notice(world.staff["admin"], world.tenants[0].grid.code, body_zh=text)
    await factories.plate_sheet(selection={"deep": [{"inside": text}]})
    await redis.client().set(f"limit:{birds[2].value}", 1)
    await redis.client().hset("kept", mapping={"who": birds[1].value})
    (tmp_path / "kept.bin").write_bytes(b"\xff" + text.encode("ascii", "ignore"))
    kept = {
        **await canaries.columns(), **await canaries.keys_of_redis(), **canaries.files(tmp_path),
    }  # fmt: skip
    found = canaries.search(kept, birds)
    assert found.keys() == {"notice.body_zh", "plate_sheet.selection", "Redis", "file .bin"}
    assert found["notice.body_zh"] == found["plate_sheet.selection"] == flown
    assert {what for what, _ in found["Redis"]} == {"phone", "document"}
    assert {what for what, _ in found["file .bin"]} == {bird.what for bird in birds}
