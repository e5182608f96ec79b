"""A house with everybody around it, and what each of them was told. Everybody is made up.

Whatever is private about anybody holds the word CANARY, which no notification may have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from core.clock import today
from core.crypto import ring, seal
from core.database import fetch
from core.events import Event, emit
from core.work import work
from identity.actor import ROLE_PERMISSIONS, Actor, ActorKind, Role, rights_from
from identity.models import Account, GridPost
from landlord.models import Listing, SavedListing
from management.models import Place, PlaceClaim, Room
from notifications.forms import FORMS, takes
from notifications.models import FollowedPlace, MessageTemplate, Notification
from notifications.rendering import render, render_form
from notifications.topics import RULES, Topic
from tests import factories
from tests.management.support import COMMUNITY, GRID, TOWN, employee, signed_in

CANARY = "金丝雀"
_phones = count(1)


async def person(what: str) -> Account:
    """Somebody with a name and a phone that must not get around."""
    number = f"1970000{next(_phones):04d}"
    made = Account(display_name=f"{CANARY}{what}")
    seal(made, "phone", number)
    made.phone_index = ring().index(number, table="account", column="phone_index")
    await made.save(force_create=True)
    return made


async def officer(role: Role, path: str = GRID, *, lead: bool = False, **post: Any) -> Actor:
    """A member of staff with a post in force."""
    row = await employee(f"{CANARY}{role}")
    values: dict[str, Any] = {"starts_on": today(), **post}
    await GridPost.create(
        staff_id=row.id,
        grid_code=path.split("/")[-2],
        grid_path=path,
        role=role,
        lead=lead,
        **values,
    )
    pairs = [(permission, path) for permission in ROLE_PERMISSIONS[role]]
    return Actor(kind=ActorKind.STAFF, id=row.id, rights=rights_from(pairs))


@dataclass
class World:
    """A house that lets, who runs it, who works there, who looks for a room."""

    place: Place
    room: Room
    claim: PlaceClaim
    landlord: Actor
    seeker: Actor
    saver: Actor
    follower: Actor
    warden: Actor
    supervisor: Actor
    above: Actor

    async def offer(self, number: str | None = None, **values: Any) -> Listing:
        """A room on offer: the house's first, or another."""
        room = self.room if number is None else await factories.room(self.place, number)
        return await factories.listing(room, await self.account(self.landlord), **values)

    async def save(self, listing: Listing, by: Actor | None = None) -> None:
        await SavedListing.create(account_id=(by or self.saver).id, listing_id=listing.id)

    @staticmethod
    async def account(actor: Actor) -> Account:
        return await Account.get(id=actor.id)


async def make_world() -> World:
    """In the grids of the fixture ``town``."""
    place = await factories.place(name="样例楼")
    room = await factories.room(place, "302")
    landlord, seeker, saver, follower = [
        await person(what) for what in ("房东", "租客", "收藏的人", "关注的人")
    ]
    claim = await factories.claim(landlord, place)
    await FollowedPlace.create(account_id=follower.id, place_id=place.id, radius=0)
    return World(
        place=place,
        room=room,
        claim=claim,
        landlord=signed_in(landlord),
        seeker=signed_in(seeker),
        saver=signed_in(saver),
        follower=signed_in(follower),
        warden=await officer(Role.WARDEN),
        supervisor=await officer(Role.SUPERVISOR, COMMUNITY),
        above=await officer(Role.SUPERVISOR, TOWN),
    )


async def news() -> list[Notification]:
    """Every notification there is, the oldest first; each is whole and names nobody."""
    rows = await Notification.all().order_by("id")
    texts = {one.id: one for one in await MessageTemplate.all()}
    for row in rows:
        _check(row, texts[row.template_id])  # type: ignore[index]
    return rows


def _check(row: Notification, text: MessageTemplate) -> None:
    rule = RULES[Topic(row.topic)]
    assert set(row.params) == set(rule.params), row.topic
    words = [*row.params.values(), row.dedup]
    for language in ("zh-CN", "en"):
        rendered = render(text, row.params, language)  # type: ignore[arg-type]
        words += [rendered.title, rendered.body]
    if rule.form is not None:
        values = render_form(text, row.params)
        assert all(takes(kind, values[slot].value) for slot, kind in FORMS[rule.form].items())
        words += [value.value for value in values.values()]
    assert not any(CANARY in word or "1970000" in word for word in words), row.topic


async def told() -> dict[Topic, set[UUID]]:
    """Topic → who was told of it."""
    answer: dict[Topic, set[UUID]] = {}
    for row in await news():
        who = row.account_id or row.staff_id
        assert who is not None
        assert who not in answer.setdefault(Topic(row.topic), set()), f"{row.topic} twice"
        answer[Topic(row.topic)].add(who)
    return answer


def ids(*actors: Actor) -> set[UUID]:
    return {actor.id for actor in actors if actor.id is not None}


async def params_of(topic: Topic) -> list[dict[str, str]]:
    return [row.params for row in await news() if row.topic == topic]


@asynccontextmanager
async def quiet() -> AsyncIterator[None]:
    """What happens inside tells nobody anything."""
    before = [row.id for row in await news()]
    yield
    assert [row.id for row in await news()] == before


async def again(actor: Actor, *events: Event) -> None:
    """The handlers of events run a second time."""
    async with work(actor):
        for event in events:
            await emit(event)


@asynccontextmanager
async def counted() -> AsyncIterator[list[str]]:
    """The jobs that bring news to people, sent inside."""
    before = {row["id"] for row in await _jobs()}
    found: list[str] = []
    yield found
    found += [row["args"] for row in await _jobs() if row["id"] not in before]


async def _jobs() -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, args::text AS args FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.dispatch' ORDER BY id"
    )
