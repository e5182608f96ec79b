"""A landlord's duty to register a tenant: within three working days of signing.

A duty hangs on a room. It begins when the room is noted as let, or a lease of it is put on record;
whoever registers a tenant there fulfils it, the tenant too. Once its last day is over, the place is
blocked until it is fulfilled.

Everything here runs in a unit of work with the place locked, but for the jobs, which lock it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now, today
from core.database import fetch
from core.events import emit, on, together
from core.ids import uuid7
from core.jobs import periodic
from core.work import current, work
from identity.actor import SYSTEM
from management.blocks import impose, lift
from management.claims import Responsibility, responsible_for
from management.events import (
    HouseHandedOver,
    LandlordEnded,
    LeaseFiled,
    PlaceClosed,
    ResidenceBegan,
    RoomsVacated,
    TenantDutyBegan,
    TenantDutyDue,
    TenantDutyOverdue,
)
from management.models import (
    ClaimEnd,
    ClaimRole,
    ClaimState,
    DutyState,
    LeaseFiling,
    Place,
    PlaceBlock,
    PlaceBlockKind,
    PlaceClaim,
    Room,
    RoomState,
    TenantDuty,
)
from management.rules import rules
from management.working_days import after_working_days

_BATCH: Final = 200
_KIND: Final = PlaceBlockKind.TENANT_REGISTRATION_OVERDUE


@dataclass(frozen=True, slots=True)
class Said:
    """That somebody has said who lives in a room: since which day, and whether it is doubted.

    A doubtful statement is looked at by wardens; the landlord has done their part meanwhile.
    """

    on: date
    waits: bool


Hearing = Callable[[Mapping[UUID, date]], Awaitable[Mapping[UUID, Said]]]

_hearings: Final[list[Hearing]] = []


def hears(hearing: Hearing) -> Hearing:
    """Ask this, too, what was said of rooms since a day: the packages above keep statements."""
    _hearings.append(hearing)
    return hearing


async def signed_by(place_id: UUID, account_id: UUID) -> UUID:
    """Whose duty it is when this account lets a room: their own, or of whom they act for."""
    claim = (
        await PlaceClaim.filter(place_id=place_id, account_id=account_id, state=ClaimState.VERIFIED)
        .select_related("acts_for")
        .first()
    )
    if claim is None or claim.role is not ClaimRole.AGENT or claim.acts_for is None:
        return account_id
    return claim.acts_for.account_id


async def begin_duties(
    rooms: Sequence[Room], *, account_id: UUID, signed_on: date, unless_lived_in: bool = False
) -> list[TenantDuty]:
    """Note that who runs the house signed with tenants of rooms (all of one house) on a day.

    A room with an open duty keeps it, with its earlier day, and the same day counts once. Where a
    tenant of this lease is registered already the duty is on record as done; with
    ``unless_lived_in`` it is enough that anybody lives there, and nothing is put on record.
    """
    ids = [room.id for room in rooms]
    standing = TenantDuty.filter(
        Q(state=DutyState.OPEN) | Q(signed_on=signed_on, state__not=DutyState.CANCELLED),
        room_id__in=ids,
    )
    known = {row["room_id"] for row in await standing.values("room_id")}
    lived_in = await _registered(ids)
    known_from = signed_on - timedelta(days=rules().tenant_early_days)
    due_on = after_working_days(signed_on, rules().tenant_registration_days)
    begun = []
    for room in rooms:
        seen = lived_in.get(room.id)
        if room.id in known or (seen is not None and unless_lived_in):
            continue
        done = seen is not None and seen >= known_from
        state = _done(due_on, today()) if done else DutyState.OPEN
        begun.append(
            TenantDuty(
                id=uuid7(),
                place_id=room.place_id,
                room_id=room.id,
                account_id=account_id,
                signed_on=signed_on,
                due_on=due_on,
                state=state,
                ended_at=now() if done else None,
            )
        )
    await TenantDuty.bulk_create(begun)
    for duty in begun:
        if duty.state is DutyState.OPEN:
            await emit(TenantDutyBegan(duty_id=duty.id, place_id=duty.place_id))
    return begun


async def moved_in(room: Room) -> bool:
    """Whether a room is let because a tenant was registered in it, before its landlord said so."""
    return room.state is RoomState.LET and bool(await _registered([room.id]))


async def settle_duties(room_ids: Collection[UUID]) -> list[UUID]:
    """End the open duties of rooms where a tenant is registered by now; answers which.

    Late is what was said after the last day; a statement that wardens looked at for long counts
    from the day on which it was made.
    """
    due = await TenantDuty.filter(room_id__in=list(room_ids), state=DutyState.OPEN).order_by("id")
    lived_in = await _registered([duty.room_id for duty in due]) if due else {}
    early = timedelta(days=rules().tenant_early_days)
    done = [
        duty
        for duty in due
        if duty.room_id in lived_in and lived_in[duty.room_id] >= duty.signed_on - early
    ]
    said = await _said(done)
    for duty in done:
        when = said[duty.room_id].on if duty.room_id in said else today()
        duty.state = _done(duty.due_on, min(when, today()))
    await _end(done)
    return [duty.id for duty in done]


async def cancel_duties(**where: Any) -> list[UUID]:
    """End open duties without a tenant: nobody has to be registered any more; answers which."""
    gone = await TenantDuty.filter(state=DutyState.OPEN, **where).order_by("id")
    for duty in gone:
        duty.state = DutyState.CANCELLED
    await _end(gone)
    return [duty.id for duty in gone]


@on(LeaseFiled)
async def begin_duty_of_lease(event: LeaseFiled) -> None:
    """A lease of a room in force: a tenant has moved in, whom who answers for the use registers.

    A lease of long ago is history, which staff complete a file with; one that has ended too.
    """
    lease = await LeaseFiling.get(id=event.lease_id)
    history = today() - timedelta(days=rules().tenant_early_days)
    over = lease.until is not None and lease.until < today()
    if lease.room_id is None or over or lease.filed_on < history:
        return
    room = await Room.get(id=lease.room_id)
    holder = (await responsible_for(event.place_id)).get(Responsibility.USE)
    if holder is not None and room.state is not RoomState.OUT_OF_USE:
        await begin_duties([room], account_id=holder.account_id, signed_on=lease.filed_on)


@together(ResidenceBegan)
async def settle_duties_of_residences(events: list[ResidenceBegan]) -> None:
    """Somebody is registered in a room: whoever did that, the landlord's duty is done."""
    await settle_duties({event.room_id for event in events})


@on(RoomsVacated)
async def cancel_duties_of_vacated_rooms(event: RoomsVacated) -> None:
    """Who signed did not move in, or has left."""
    await cancel_duties(room_id__in=list(event.room_ids))


@on(PlaceClosed)
async def cancel_duties_of_closed_place(event: PlaceClosed) -> None:
    """Nobody lives there any more."""
    await cancel_duties(place_id=event.place_id)


@on(LandlordEnded)
async def cancel_duties_of_former_landlord(event: LandlordEnded) -> None:
    """Who no longer runs a house registers nobody there; a successor takes the duties over."""
    claim = await PlaceClaim.get(id=event.claim_id)
    if claim.reason != ClaimEnd.TAKEN_OVER:
        await cancel_duties(place_id=claim.place_id, account_id=claim.account_id)


@on(HouseHandedOver)
async def hand_duties_over(event: HouseHandedOver) -> None:
    """Tenants go with the house, and so does the duty to register them, with its day."""
    await TenantDuty.filter(
        place_id=event.place_id, account_id=event.from_account_id, state=DutyState.OPEN
    ).update(account_id=event.to_account_id)


@periodic("management.remind_of_tenant_duties", cron="11 1 * * *")
async def remind_of_tenant_duties() -> None:
    """Each morning: duties whose last day is tomorrow, or today if nobody was told before."""
    while True:
        async with work(SYSTEM):
            rows = await fetch(_REMIND, today(), today() + timedelta(days=1), now(), _BATCH)
            for row in rows:
                await emit(TenantDutyDue(duty_id=row["id"], place_id=row["place_id"]))
        if len(rows) < _BATCH:
            return


@periodic("management.block_for_tenant_duties", cron="23 16 * * *")
async def block_for_tenant_duties() -> None:
    """Just after midnight in the town: places whose landlord let a term pass are blocked."""
    after = UUID(int=0)
    while places := await fetch(_OVERDUE_PLACES, today(), after, _BATCH):
        for row in places:
            await block_for_duties_of(row["place_id"])
        after = places[-1]["place_id"]


async def block_for_duties_of(place_id: UUID) -> bool:
    """Block one place for its overdue duties; whether there were any.

    One block stands for all of them. What waits for wardens is not the landlord's delay. A block
    that staff lifted is not put up again for the same duty.
    """
    async with work(SYSTEM) as unit:
        await Place.filter(id=place_id).select_for_update().only("id").get()
        late = await TenantDuty.filter(
            place_id=place_id, state=DutyState.OPEN, due_on__lt=today(), block_id=None
        ).order_by("id")
        said = await _said(late)
        late = [duty for duty in late if not _waits(said.get(duty.room_id))]
        if not late:
            return False
        block_id = await _standing_block(place_id)
        if block_id is None:
            block = await impose(place_id, kind=_KIND, source=f"duty:{late[0].id}")
            block_id = block.id if block else None
        await TenantDuty.filter(id__in=[duty.id for duty in late]).update(block_id=block_id)
        for duty in late:
            unit.note("tenantDutyOverdue", "PLACE", place_id, duty=duty.id)
            await emit(TenantDutyOverdue(duty_id=duty.id, place_id=place_id))
    return True


async def _standing_block(place_id: UUID) -> UUID | None:
    """The block that stands for other duties of the place already."""
    block = await PlaceBlock.filter(
        place_id=place_id,
        kind=_KIND,
        ends_at=None,
        source__startswith="duty:",
    ).first()
    return block.id if block else None


async def _registered(room_ids: Collection[UUID]) -> dict[UUID, date]:
    """The last day on which somebody was said to live in a room, of those where anybody does."""
    rows = await fetch(_REGISTERED, list(room_ids))
    return {row["room_id"]: row["seen_on"] for row in rows}


async def _said(duties: Iterable[TenantDuty]) -> dict[UUID, Said]:
    early = timedelta(days=rules().tenant_early_days)
    since = {duty.room_id: duty.signed_on - early for duty in duties}
    answer: dict[UUID, Said] = {}
    if since:
        for hearing in _hearings:
            answer.update(await hearing(since))
    return answer


def _waits(said: Said | None) -> bool:
    return said is not None and said.waits


def _done(due_on: date, when: date) -> DutyState:
    return DutyState.DONE if when <= due_on else DutyState.DONE_LATE


async def _end(duties: Sequence[TenantDuty]) -> None:
    """Write the new states; a block ends with the last duty for which it stands."""
    if not duties:
        return
    ended = {row["id"] for row in await fetch(
        _END, [duty.id for duty in duties], [duty.state.value for duty in duties], now()
    )}  # fmt: skip
    for duty in duties:
        if duty.id in ended:
            current().note(
                "endTenantDuty", "PLACE", duty.place_id, duty=duty.id, state=duty.state.value
            )
    ids = {duty.block_id for duty in duties if duty.block_id is not None}
    for block in await PlaceBlock.filter(id__in=list(ids), ends_at=None).order_by("id"):
        if not await TenantDuty.exists(block_id=block.id, state=DutyState.OPEN):
            await lift(block.place_id, kind=block.kind, source=block.source)


_REGISTERED: Final = """
SELECT room_id, max(greatest(starts_on, confirmed_on)) AS seen_on FROM residence
WHERE current AND room_id = ANY($1::uuid[]) GROUP BY room_id
"""
_END: Final = """
UPDATE tenant_duty SET state = v.state, ended_at = $3
FROM unnest($1::uuid[], $2::text[]) AS v (id, state)
WHERE tenant_duty.id = v.id AND tenant_duty.state = 'OPEN' RETURNING tenant_duty.id
"""
_REMIND: Final = """
UPDATE tenant_duty SET reminded_at = $3
WHERE id IN (SELECT id FROM tenant_duty WHERE state = 'OPEN' AND reminded_at IS NULL
             AND due_on BETWEEN $1 AND $2 ORDER BY due_on, id LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING id, place_id
"""
_OVERDUE_PLACES: Final = """
SELECT DISTINCT place_id FROM tenant_duty
WHERE state = 'OPEN' AND due_on < $1 AND block_id IS NULL AND place_id > $2
ORDER BY place_id LIMIT $3
"""
