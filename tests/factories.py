"""Rows for tests: small makers with sensible values, each overridable by keyword.

Everybody and everything in them is made up. They write rows as they would stand after the use
cases; what a use case does is tested through the use case.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from stdnum.cn.ric import calc_check_digit

from core.clock import now, today
from core.crypto import ring, seal
from core.ids import token, uuid7
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account, GridPost, StaffMember, WeChatUser
from integrations.wechat.emulator import APP_ID
from landlord.models import (
    CheckResult,
    ContentCheck,
    ContentKind,
    ContentState,
    Enquiry,
    EnquiryMessage,
    Listing,
    ListingPhoto,
    ListingReport,
    ListingSnapshot,
    ListingState,
    ReportReason,
    Reservation,
    SelfCheck,
    SelfCheckItem,
    SnapshotOccasion,
    ViewingState,
)
from landlord.snapshots import take_snapshot
from management.models import (
    ClaimRole,
    ClaimState,
    DocumentKind,
    EBikeCharging,
    Grid,
    Lifecycle,
    Person,
    Place,
    PlaceBlock,
    PlaceBlockKind,
    PlaceClaim,
    PlaceKind,
    Plate,
    PlateDoors,
    PlateSheet,
    PlateState,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    Room,
)
from management.models.territory import codes_of
from management.people.documents import read_document
from management.people.persons import bind_account, find_or_add, note_phone
from management.plate_sheets.sizes import PlateSize
from management.territory import bring_in_grids, town_data
from media.models import ContentType, Photo, Purpose, Redaction, Upload
from notifications.models import MessageTemplate, Notice, NoticeKind, NoticeState, Notification
from notifications.topics import Topic

GRID = "441900122002-01"
_numbers = count(1)


async def town() -> None:
    """The town's grids, as they come with the project."""
    await bring_in_grids(town_data())


async def place(*, grid: str = GRID, **values: Any) -> Place:
    """A filed rental house with a complete file, in a third-level grid of :func:`town`."""
    where = await Grid.get(code=grid)
    number = next(_numbers)
    lifecycle = values.get("lifecycle", Lifecycle.ACTIVE)
    ended = lifecycle in {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}
    defaults: dict[str, Any] = {
        "code": f"999999-{number:05d}",
        "kind": PlaceKind.RENTAL_HOUSE,
        "name": "测试公寓",
        "grid_id": where.id,
        "grid_path": where.path,
        "community_code": codes_of(where.path)[1],
        "grid_code": grid,
        "street": "测试路",
        "door_number": f"{number}号",
        "floors": 5,
        "area": Decimal(180),
        "staircases": 1,
        "exits": 2,
        "extinguishers": 6,
        "e_bike_charging": EBikeCharging.OUTDOOR,
        "completeness": 100,
        "missing": [],
        "filed_at": None if lifecycle is Lifecycle.PLANNED else now(),
        "ended_at": now() if ended else None,
    }
    return await Place.create(**{**defaults, **values})


async def room(of: Place, number: str = "302", **values: Any) -> Room:
    """A vacant room of a house."""
    defaults: dict[str, Any] = {
        "code": f"{of.code}-{number}",
        "floor": 3,
        "area": Decimal("18.50"),
        "escape_window": True,
        "rent": Decimal(850),
    }
    return await Room.create(place_id=of.id, number=number, **{**defaults, **values})


async def account(display_name: str = "测试房东", **values: Any) -> Account:
    """Somebody who can sign in, without a phone."""
    return await Account.create(display_name=display_name, **values)


async def claim(
    who: Account, of: Place, *, role: ClaimRole | None = None, **values: Any
) -> PlaceClaim:
    """The knowledge that somebody runs a place: as its owner, or as what is still free."""
    state = values.pop("state", ClaimState.VERIFIED)
    if role is None:
        known = await PlaceClaim.filter(place_id=of.id, state="VERIFIED").values_list(
            "role", flat=True
        )
        role = next(one for one in ClaimRole if one is ClaimRole.AGENT or one.value not in known)
    return await PlaceClaim.create(
        account_id=who.id, place_id=of.id, role=role, state=state, decided_at=now(), **values
    )


async def listing(
    of: Room, who: Account, *, state: ListingState = ListingState.PUBLISHED, **values: Any
) -> Listing:
    """An offer of a room; public unless said otherwise."""
    house = await Place.get(id=of.place_id)
    defaults: dict[str, Any] = {
        "title": "采光好的单间",
        "rent": Decimal(850),
        "deposit": Decimal(850),
        "area": of.area,
        "published_at": None if state is ListingState.DRAFT else now(),
        "refreshed_at": None if state is ListingState.DRAFT else now(),
        "state_before": ListingState.PUBLISHED if state is ListingState.SUSPENDED else None,
    }
    return await Listing.create(
        room_id=of.id,
        place_id=of.place_id,
        landlord_id=who.id,
        community_code=house.community_code,
        state=state,
        **{**defaults, **values},
    )


async def reservation(of: Listing, who: Account, **values: Any) -> Reservation:
    """A seeker holds an offer for a day. It writes the row only: the listing stays as it is."""
    until = values.pop("until", now() + timedelta(days=1))
    return await Reservation.create(listing_id=of.id, seeker_id=who.id, until=until, **values)


async def snapshot(
    of: Listing, *, occasion: SnapshotOccasion = SnapshotOccasion.PUBLISHED
) -> ListingSnapshot:
    """What a listing shows, kept."""
    return await take_snapshot(of, occasion)


async def photo(
    of: Listing, *, position: int | None = None, key: str | None = None, **values: Any
) -> Photo:
    """A picture of a listing, after those it has. No files: :func:`media.storage.store` writes."""
    defaults = {"width": 720, "height": 540, "alt_zh": "测试图片", "alt_en": "A test picture"}
    made = await Photo.create(key=key or token(), **{**defaults, **values})
    if position is None:
        position = await ListingPhoto.filter(listing_id=of.id).count()
    await ListingPhoto.create(listing_id=of.id, photo_id=made.id, position=position)
    return made


async def content_check(of: Listing, photo_id: UUID, **values: Any) -> ContentCheck:
    """WeChat was unsure of a picture of a listing as it is now."""
    moment = now()
    defaults: dict[str, Any] = {
        "listing_version": of.version,
        "kind": ContentKind.PHOTO,
        "trace_id": str(uuid7()),
        "state": ContentState.REVIEW,
        "label": 21000,
        "created_at": moment,
        "asked_at": moment,
        "answered_at": moment,
    }
    return await ContentCheck.create(listing_id=of.id, photo_id=photo_id, **{**defaults, **values})


async def redaction(of: Photo, by: GridPost, **values: Any) -> Redaction:
    """Somebody painted over a part of a picture an hour ago. No files."""
    defaults: dict[str, Any] = {
        "original_key": token(),
        "areas": [{"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.25}],
        "reason": "测试原因",
        "grid_path": by.grid_path,
        "kept_until": now() + timedelta(days=180),
    }
    return await Redaction.create(photo_id=of.id, staff_id=by.staff_id, **{**defaults, **values})


async def upload(of: Account, **values: Any) -> Upload:
    """A picture of somebody on its way in, announced a moment ago. No files."""
    defaults: dict[str, Any] = {
        "purpose": Purpose.LISTING,
        "content_type": ContentType.JPEG,
        "size": 1000,
        "expires_at": now() + timedelta(minutes=15),
    }
    return await Upload.create(owner_id=of.id, **{**defaults, **values})


async def plate(
    of: Place, at: Room | None = None, *, successor: Plate | None = None, **values: Any
) -> Plate:
    """A plate of a place or of a room; replaced when it has a successor."""
    state = values.pop("state", PlateState.REPLACED if successor else PlateState.ACTIVE)
    return await Plate.create(
        place_id=of.id,
        room_id=at.id if at else None,
        batch=uuid7(),
        state=state,
        ended_at=None if state is PlateState.ACTIVE else now(),
        replaced_by_id=successor.id if successor else None,
        **values,
    )


async def plate_sheet(**values: Any) -> PlateSheet:
    """A sheet of one plate that was ordered. No file."""
    defaults: dict[str, Any] = {
        "grid_paths": [],
        "selection": {"grid_path": None, "place_ids": [], "batch": str(uuid7())},
        "size": PlateSize.SMALL,
        "doors": PlateDoors.BOTH,
        "only_unprinted": False,
        "issue_missing": False,
        "total": 1,
    }
    return await PlateSheet.create(**{**defaults, **values})


async def block(
    of: Place, *, kind: PlaceBlockKind = PlaceBlockKind.STAFF_DECISION, **values: Any
) -> PlaceBlock:
    """A block in force since yesterday. It writes the row only: listings stay as they are."""
    return await PlaceBlock.create(
        place_id=of.id,
        kind=kind,
        source=f"test:{uuid7()}",
        **{"reason": "测试", "starts_at": now() - timedelta(days=1), **values},
    )


async def enquiry(about: Listing, seeker: Account, **values: Any) -> Enquiry:
    """A conversation: asked and answered, a viewing open, both numbers shared."""
    moment = now()
    defaults: dict[str, Any] = {
        "last_words_at": moment,
        "viewing_at": moment + timedelta(days=3),
        "viewing_state": ViewingState.PROPOSED,
        "viewing_from_landlord": False,
        "phone_shared_at": moment,
        "seeker_phone_shared_at": moment,
    }
    made = await Enquiry.create(listing_id=about.id, seeker_id=seeker.id, **{**defaults, **values})
    for words, from_landlord in (("还在出租吗", False), ("在的", True)):
        message = EnquiryMessage(id=uuid7(), enquiry_id=made.id, from_landlord=from_landlord)
        seal(message, "words", words)
        await message.save(force_create=True)
    return made


async def report(of: Listing, who: Account, **values: Any) -> ListingReport:
    """A report that waits for staff."""
    made = ListingReport(
        id=uuid7(), listing_id=of.id, reporter_id=who.id,
        **{"reason": ReportReason.WRONG_PRICE, **values},
    )  # fmt: skip
    seal(made, "words", "要价更高")
    await made.save(force_create=True)
    return made


async def check_photo(of: Account) -> Photo:
    """A picture for a self-check."""
    return await Photo.create(owner_id=of.id, purpose=Purpose.SELF_CHECK, width=720, height=540)


async def self_check(of: Place, who: Account, month: date = date(2026, 1, 1)) -> SelfCheckItem:
    """A self-check of a month with one thing found, which is answered, and one put right."""
    check = await SelfCheck.create(
        place_id=of.id, account_id=who.id, month=month, checklist="2026-1", made_at=now()
    )
    fixed, found = await check_photo(who), await check_photo(who)
    await SelfCheckItem.create(
        check_id=check.id,
        point="LOCKS",
        result=CheckResult.FIXED,
        photo_id=found.id,
        fixed_photo_id=fixed.id,
        fixed_at=now(),
    )
    return await SelfCheckItem.create(
        check_id=check.id, point="WIRING", result=CheckResult.FOUND, photo_id=found.id
    )


async def house_with_offers(
    offers: int = 1, *, photos: int = 0, **values: Any
) -> tuple[Place, Plate, list[UUID]]:
    """A house, its plate, and so many rooms on offer, from 101 upwards and ever dearer."""
    house = await place(**values)
    landlord = await account()
    await claim(landlord, house)
    ids = []
    for index in range(offers):
        floor, along = divmod(index, 8)
        of = await room(house, f"{floor + 1}{along + 1:02d}", floor=floor + 1)
        offer = await listing(of, landlord, rent=Decimal(600 + 50 * index))
        for _ in range(photos):
            await photo(offer)
        ids.append(offer.id)
    return house, await plate(house), ids


async def wechat_user(of: Account, **values: Any) -> WeChatUser:
    """An account as a mini-program knows it."""
    user = WeChatUser(account_id=of.id, **{"app_id": APP_ID, "last_seen_at": now(), **values})
    openid = f"o-test-{next(_numbers):06d}"
    seal(user, "openid", openid)
    user.openid_index = ring().index(openid, table="wechat_user", column="openid_index")
    await user.save(force_create=True)
    return user


async def message_template(topic: Topic, **values: Any) -> MessageTemplate:
    """The words of a topic that are in force."""
    known = await MessageTemplate.filter(topic=topic, in_force=True).first()
    if known is not None and not values:
        return known
    await MessageTemplate.filter(topic=topic).update(in_force=False)
    defaults: dict[str, Any] = {
        "version": 1 + await MessageTemplate.filter(topic=topic).count(),
        "shipped": True,
        "in_force": True,
        "title_zh": "测试消息",
        "body_zh": "{place}有新消息。",
        "title_en": "Test message",
        "body_en": "There is news of {place}.",
        "form_values": {},
    }
    return await MessageTemplate.create(topic=topic, **{**defaults, **values})


async def notification(
    to: Account | StaffMember, topic: Topic = Topic.LETTING_RESTORED, **values: Any
) -> Notification:
    """Something that somebody was told, as :func:`notifications.telling.tell` writes it."""
    defaults: dict[str, Any] = {
        "template_id": None if "notice_id" in values else (await message_template(topic)).id,
        "params": {"place": "测试公寓", "at": now().isoformat()},
        "dedup": f"test:{next(_numbers)}",
        "account_id": to.id if isinstance(to, Account) else None,
        "staff_id": to.id if isinstance(to, StaffMember) else None,
    }
    return await Notification.create(topic=topic, **{**defaults, **values})


async def notice(by: StaffMember, grid: str = GRID, **values: Any) -> Notice:
    """A notice to landlords that is being written; in English too."""
    where = await Grid.get(code=grid)
    defaults: dict[str, Any] = {
        "kind": NoticeKind.NOTICE,
        "title_zh": "测试通知",
        "body_zh": "请留意。",
        "title_en": "A test notice",
        "body_en": "Please mind.",
        "audience": ["LANDLORDS"],
    }
    return await Notice.create(
        author_id=by.id, grid_code=where.code, grid_path=where.path, **{**defaults, **values}
    )


async def public_alert(by: StaffMember, grid: str = GRID, **values: Any) -> Notice:
    """An emergency that is out with everybody, and public for a day."""
    defaults: dict[str, Any] = {
        "kind": NoticeKind.AREA_ALERT,
        "state": NoticeState.SENT,
        "sender_id": by.id,
        "send_at": now(),
        "sent_at": now(),
        "shown_until": now() + timedelta(days=1),
        "longitude": 113.68,
        "latitude": 22.94,
        "radius": 300,
        "emergency": True,
        "reason": "测试原因说明",
    }
    return await notice(by, grid, **{**defaults, **values})


def document_number(*, born: date = date(1990, 5, 17), prefix: str = "441900") -> str:
    """A mainland number of nobody, unlike any before."""
    number = next(_numbers)
    body = f"{prefix}{born:%Y%m%d}{number % 1000:03d}"
    if number >= 1000:
        body = f"{prefix}{born + timedelta(days=number // 1000):%Y%m%d}{number % 1000:03d}"
    return body + calc_check_digit(body + "0")


async def person(
    who: Account | None = None,
    *,
    name: str = "测试租客",
    number: str | None = None,
    phone: str | None = None,
    kind: DocumentKind = DocumentKind.MAINLAND_ID,
) -> Person:
    """A natural person, behind an account when one is given."""
    document = read_document(kind, number or document_number())
    async with work(SYSTEM):
        known = await find_or_add(document, name=name, phone=phone)
        if phone is not None:
            await note_phone(known, phone)
        if who is not None:
            await bind_account(known.person, who.id)
    return known.person


async def residence(of: Person, at: Room, **values: Any) -> Residence:
    """A person lives in a room since a month ago. It writes the row only."""
    since = values.get("starts_on", today() - timedelta(days=30))
    ended = values.get("ends_on") is not None
    defaults: dict[str, Any] = {
        "source": ResidenceSource.SELF,
        "starts_on": since,
        "confirmed_on": since,
        "current": not ended,
        "ended_at": now() if ended else None,
        "end_reason": ResidenceEnd.MOVED_OUT if ended else None,
    }
    return await Residence.create(
        person_id=of.id, place_id=at.place_id, room_id=at.id, **{**defaults, **values}
    )
