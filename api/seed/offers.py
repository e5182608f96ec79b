"""The listings of a synthetic town, in every state, with their photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, cycle, islice
from typing import Final
from uuid import UUID

from api.seed import words
from api.seed.cast import Part
from api.seed.chance import Chance
from api.seed.gallery import HEIGHT, WIDTH, Picture
from api.seed.houses import OFFERED_AFTER, House
from api.seed.pictures import Kind
from api.seed.sizes import PHOTOS_PER_LISTING
from api.seed.town import Row, Town
from landlord.models import Facility, LetBy, ListingState
from landlord.workflow import ON_OFFER_OR_HELD
from management.models import PlaceKind, RoomState
from management.rules import rules
from media.models import Purpose

Offer = tuple[House, Row, ListingState]

# Shares of all listings; the rest is what was let before.
_SHARES: Final = (
    (ListingState.PUBLISHED, 0.55),
    (ListingState.RESERVED, 0.04),
    (ListingState.DRAFT, 0.09),
    (ListingState.IN_REVIEW, 0.03),
    (ListingState.WITHDRAWN, 0.11),
)
# What the demonstration's houses show, room by room. A vacant room without an offer: None.
_STAGE: Final[Mapping[Part, Sequence[ListingState | None]]] = {
    Part.HOUSE: (
        ListingState.PUBLISHED, ListingState.PUBLISHED, ListingState.PUBLISHED,
        ListingState.DRAFT, None, ListingState.LET, ListingState.RESERVED,
    ),
    Part.BELOW_STANDARD: (ListingState.DRAFT, None),
    Part.FULL: (ListingState.LET, ListingState.LET),
    Part.SPARE: (ListingState.PUBLISHED, None),
}  # fmt: skip
_WITH_FRONT: Final = frozenset({PlaceKind.RENTAL_HOUSE, PlaceKind.SMALL_SHOP})
# Counted up by each step on the way there.
_VERSIONS: Final = {ListingState.DRAFT: 1, ListingState.IN_REVIEW: 2, ListingState.PUBLISHED: 2}
_PUBLIC_ONCE: Final = ON_OFFER_OR_HELD | {ListingState.LET, ListingState.WITHDRAWN}


def photograph(town: Town, gallery: Mapping[Kind, list[Picture]]) -> dict[UUID, Picture]:
    """A picture of the front of each house and shop; answers them by place."""
    chance = town.chance("fronts")
    fronts = {}
    for place in town.rows["place"]:
        if place["kind"] in _WITH_FRONT:
            picture = chance.one_of(gallery[Kind.HOUSE])
            place["photo_id"] = _photo(town, chance, picture, None, place["created_at"])
            fronts[place["id"]] = picture
    return fronts


def put_up(
    town: Town,
    houses: Sequence[House],
    gallery: Mapping[Kind, list[Picture]],
    fronts: Mapping[UUID, Picture],
) -> None:
    """Every listing with its photos; rooms on offer become vacant."""
    chance = town.chance("listings")
    staged = list(_staged(houses))
    suspended = [
        (house, room, ListingState.SUSPENDED)
        for house in houses
        if house.blocked
        for room in usable(house)[:2]
    ]
    rest = town.size.listings - len(staged) - len(suspended)
    offers = [*staged, *suspended, *_drawn(chance, houses, rest)]
    begin = town.end - timedelta(days=120)
    for house, room, state in offers:
        if state is not ListingState.LET and room["state"] is RoomState.LET:
            room["state"] = RoomState.VACANT
        last = house.blocked_at if state is ListingState.SUSPENDED else None
        last = last or town.end
        able = min(max(begin, house.built.created_at + OFFERED_AFTER), last - timedelta(days=1))
        opened = chance.moment(able, last - timedelta(days=1))
        listing = _listing(town, chance, (house, room, state), opened, last)
        _photos(town, chance, listing, gallery, fronts[house.row["id"]])


def usable(house: House) -> list[Row]:
    """Rooms that can be let at all."""
    return [room for room in house.rooms if room["state"] is not RoomState.OUT_OF_USE]


def _staged(houses: Sequence[House]) -> Iterable[Offer]:
    for house in houses:
        states = _STAGE.get(house.built.part, ()) if house.built.part else ()
        for room, state in zip(house.rooms, states, strict=False):
            if state is None:
                room["state"] = RoomState.VACANT
            else:
                yield house, room, state


def _drawn(chance: Chance, houses: Sequence[House], count: int) -> Iterable[Offer]:
    """So many offers: what is on offer where the standard is met, one for a room; what is not
    public anywhere; what is over also for rooms that are on offer again."""
    free = [house for house in houses if house.in_use and house.built.part is None]
    letting = chance.shuffled(
        [(h, room) for h in free if h.may_let and not h.full for room in usable(h)]
    )
    others = chance.shuffled(
        [(h, room) for h in free if not (h.may_let or h.full) for room in usable(h)]
    )
    wanted = {state: round(count * share) for state, share in _SHARES}
    rooms = iter(letting)
    for state in (ListingState.PUBLISHED, ListingState.RESERVED):
        for house, room in islice(rooms, wanted[state]):
            yield house, room, state
            count -= 1
    waiting = chain(others, rooms)
    for state in (ListingState.DRAFT, ListingState.IN_REVIEW):
        for house, room in islice(waiting, wanted[state]):
            yield house, room, state
            count -= 1
    past = cycle(chance.shuffled([(h, room) for h in free for room in usable(h)]))
    for index, (house, room) in enumerate(islice(past, count)):
        over = index < wanted[ListingState.WITHDRAWN] and not house.full
        yield house, room, ListingState.WITHDRAWN if over else ListingState.LET


def _listing(town: Town, chance: Chance, offer: Offer, opened: datetime, last: datetime) -> Row:
    house, room, state = offer
    area = float(room["area"])
    public = chance.moment(opened, last) if state in _PUBLIC_ONCE else None
    changed = chance.moment(public or opened, town.end)
    if state is ListingState.SUSPENDED:
        changed = last
    return town.add(
        "listing",
        id=chance.uuid7(opened),
        room_id=room["id"],
        place_id=house.row["id"],
        landlord_id=house.landlord,
        community_code=house.row["community_code"],
        state=state,
        title=words.title(chance, house.built.site.community, area),
        description=words.description(chance),
        rent=room["rent"],
        deposit=room["rent"] * chance.weighted((Decimal(0), Decimal(1), Decimal(2)), (1, 7, 2)),
        area=room["area"],
        available_from=chance.moment(opened, town.end + timedelta(days=30)).date(),
        published_at=public,
        refreshed_at=_refreshed(chance, public, last) if public else None,
        warned_at=None,
        review_reason="",
        state_before=ListingState.PUBLISHED if state is ListingState.SUSPENDED else None,
        let_by=LetBy.ROOM,
        beds=None,
        facilities=sorted(chance.some(tuple(Facility), chance.between(3, 9))),
        water_price=Decimal(chance.one_of((4, 5, 6))),
        electricity_price=Decimal(chance.one_of(("0.80", "1.00", "1.20"))),
        management_fee=Decimal(chance.one_of((0, 30, 50))),
        version=_VERSIONS.get(state, 3),
        created_at=opened,
        updated_at=changed,
    )


def _refreshed(chance: Chance, public: datetime, last: datetime) -> datetime:
    """When its landlord last said that it stands: some days before they would be warned."""
    limits = rules()
    quiet = timedelta(days=limits.listing_days - limits.listing_warn_days) * 0.8
    return chance.moment(max(public, last - quiet), last)


def _photos(
    town: Town,
    chance: Chance,
    listing: Row,
    gallery: Mapping[Kind, list[Picture]],
    front: Picture,
) -> None:
    """The room itself, where one cooks or washes, and the house or what one sees from it."""
    wet = Kind.KITCHEN if chance.happens(0.5) else Kind.BATHROOM
    outside = front if chance.happens(0.6) else chance.one_of(gallery[Kind.BALCONY])
    pictures = (chance.one_of(gallery[Kind.ROOM]), chance.one_of(gallery[wet]), outside)
    assert len(pictures) == PHOTOS_PER_LISTING
    moment = listing["created_at"]
    for position, picture in enumerate(pictures):
        photo_id = _photo(town, chance, picture, listing["landlord_id"], moment)
        town.add(
            "listing_photo",
            id=chance.uuid7(moment),
            listing_id=listing["id"],
            photo_id=photo_id,
            position=position,
        )


def _photo(
    town: Town, chance: Chance, picture: Picture, owner: UUID | None, moment: datetime
) -> UUID:
    photo_id = chance.uuid7(moment)
    town.add(
        "photo",
        id=photo_id,
        key=picture.key,
        owner_id=owner,
        purpose=Purpose.LISTING if owner else Purpose.PLACE,
        width=WIDTH,
        height=HEIGHT,
        alt_zh=picture.alt_zh,
        alt_en=picture.alt_en,
        created_at=moment,
    )
    return photo_id
