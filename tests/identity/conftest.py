"""People and means for the tests of identity. Every person is made up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from uuid import UUID

import orjson
import pytest

from core import redis
from core.database import fetch
from identity import authentication, pace
from identity.actor import SYSTEM, Actor, Role, anonymous
from identity.authentication import actor_from_token
from identity.events import SmsCodeRequested
from identity.models import StaffMember
from identity.passwords import hash_password
from identity.phone_sign_in import deliver, request_sms_code, sign_in_with_sms_code
from identity.posts import post
from identity.sessions import OpenSession
from identity.staff_sign_in import sign_in_staff
from integrations import sms

PASSWORD = "correct horse battery staple"
GRID = "441900122/441900122002/441900122002-01/"
VISITOR = anonymous("a-test-address")


class Outbox:
    """A provider that keeps what it was given, or refuses as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.fails_with: Exception | None = None

    async def send(self, phone: str, template: str, params: Mapping[str, str]) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        self.sent.append((phone, template, dict(params)))


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    """Limits of their own for every test."""
    async with redis.connected(None):
        yield


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing remembered from the test before, and no time lost on refusals."""
    authentication.forget()
    monkeypatch.setattr(pace, "REFUSAL_SECONDS", 0.0)


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    """What was sent by short message."""
    box = Outbox()
    before = sms.use(box)
    yield box
    sms.use(before)


@pytest.fixture
async def make_staff() -> Callable[..., Awaitable[StaffMember]]:
    """Make a member of staff, with a post if a role is given."""
    # Hashed once: the tests of the use case that hashes are elsewhere.
    hashed = await hash_password(PASSWORD)

    async def make(
        user_name: str = "warden.one",
        *,
        role: Role | None = None,
        path: str = GRID,
        waived: bool = True,
    ) -> StaffMember:
        staff = await StaffMember.create(
            user_name=user_name,
            name="测试人员",
            password_hash=hashed,
            second_factor_waived=waived,
        )
        if role is not None:
            await post(
                SYSTEM,
                staff_id=staff.id,
                grid_code=path.split("/")[-2],
                grid_path=path,
                role=role,
            )
        return staff

    return make


@pytest.fixture
def sign_in() -> Callable[[StaffMember], Awaitable[Actor]]:
    """Sign a member of staff in and answer the actor behind the access token."""

    async def enter(staff: StaffMember) -> Actor:
        opened = await sign_in_staff(VISITOR, user_name=staff.user_name, password=PASSWORD)
        return await actor_from_token(opened.access.text)

    return enter


@pytest.fixture
def waiting() -> Callable[[str], Awaitable[list[dict[str, str]]]]:
    """The events that wait in jobs of a name."""

    async def look(name: str) -> list[dict[str, str]]:
        rows = await fetch(
            "SELECT args FROM procrastinate_jobs WHERE task_name = $1 ORDER BY id", name
        )
        return [orjson.loads(row["args"])["data"] for row in rows]

    return look


@pytest.fixture
def send_code(
    outbox: Outbox, waiting: Callable[[str], Awaitable[list[dict[str, str]]]]
) -> Callable[[str], Awaitable[str]]:
    """Have a one-time code sent to a number and answer it, as its owner reads it."""

    async def send(phone: str) -> str:
        await redis.client().flushall()  # one a minute would be a long wait
        await request_sms_code(VISITOR, phone=phone)
        event = (await waiting("identity.send_sms_code"))[-1]
        await deliver(SmsCodeRequested(code_id=UUID(event["code_id"])))
        return outbox.sent[-1][2]["code"]

    return send


@pytest.fixture
def sign_in_account(
    send_code: Callable[[str], Awaitable[str]],
) -> Callable[..., Awaitable[OpenSession]]:
    """Sign in whoever holds a number."""

    async def enter(phone: str = "13800000001", *, device: str = "") -> OpenSession:
        code = await send_code(phone)
        return await sign_in_with_sms_code(VISITOR, phone=phone, code=code, device=device)

    return enter


@pytest.fixture
def noted() -> Callable[[], Awaitable[list[str]]]:
    """The actions in the audit trail, in the order they were written."""

    async def look() -> list[str]:
        return [row["action"] for row in await fetch("SELECT action FROM audit_entry ORDER BY id")]

    return look
