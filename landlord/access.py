"""Who may see and change listings: the only way to load them by id."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.errors import InvalidInput, NotFound
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission
from landlord.models import Enquiry, Listing, ListingState, Reservation
from management.access import access_room, in_scope, require_sign_in, visible_places
from management.claims import runs
from management.models import Place, Room

# What a listing that was public may have become, as everybody may know.
ONCE_PUBLIC = (
    ListingState.RESERVED,
    ListingState.SUSPENDED,
    ListingState.LET,
    ListingState.WITHDRAWN,
)


def on_offer() -> Q:
    """The condition for listings that anybody may see."""
    return Q(state=ListingState.PUBLISHED)


def once_public() -> Q:
    """The condition for listings of which everybody may know that they are or were on offer."""
    return Q(state__in=[ListingState.PUBLISHED, *ONCE_PUBLIC], published_at__isnull=False)


def visible_listings(actor: Actor) -> QuerySet[Listing]:
    """Everybody: what is on offer. Landlords: their own too. Seekers: what they reserved too.
    Staff: those of their grids too.
    """
    seen = on_offer()
    reviewed = actor.paths(Permission.LISTINGS_REVIEW)
    if actor.kind is ActorKind.ACCOUNT:
        reserved = Reservation.filter(seeker_id=actor.id).values("listing_id")
        seen |= Q(landlord_id=actor.id) | Q(id__in=Subquery(reserved))
    elif EVERYWHERE in reviewed:
        return Listing.all()
    elif reviewed:
        seen |= in_scope(actor, Permission.LISTINGS_REVIEW, "place__")
    return Listing.filter(seen)


async def access_own_listing(actor: Actor, *, listing_id: UUID, lock: bool = True) -> Listing:
    """A landlord's own listing, locked unless told otherwise.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or somebody else's.
    """
    require_sign_in(actor)
    query = Listing.filter(id=listing_id, landlord_id=actor.id)
    listing = await (query.select_for_update() if lock else query).first()
    if actor.kind is not ActorKind.ACCOUNT or listing is None:
        raise NotFound
    return listing


async def access_place_of_own_listing(actor: Actor, *, listing_id: UUID) -> Place:
    """The place of a landlord's own listing, locked: it comes before its listings.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or somebody else's.
    """
    require_sign_in(actor)
    own = Listing.filter(id=listing_id, landlord_id=actor.id).values("place_id")
    place = await Place.filter(id__in=Subquery(own)).select_for_update().first()
    if actor.kind is not ActorKind.ACCOUNT or place is None:
        raise NotFound
    return place


async def access_own_listings(
    actor: Actor, *, listing_ids: Collection[UUID], lock: bool = True
) -> list[Listing]:
    """Several of a landlord's own listings, by id; locked in that order unless told otherwise.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is absent, or somebody else's.
    """
    require_sign_in(actor)
    query = Listing.filter(id__in=list(listing_ids), landlord_id=actor.id).order_by("id")
    listings = await (query.select_for_update() if lock else query)
    if actor.kind is not ActorKind.ACCOUNT or len(listings) < len(set(listing_ids)):
        raise NotFound
    return listings


async def access_reviewed_listing(actor: Actor, *, listing_id: UUID, lock: bool = True) -> Listing:
    """A listing that the actor may decide about, locked unless told otherwise.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's scope.
    """
    require_sign_in(actor)
    where = in_scope(actor, Permission.LISTINGS_REVIEW, "place__")
    if not await Listing.filter(where, id=listing_id).exists():
        raise NotFound
    # By id alone: the lock must not reach the place through the join.
    query = Listing.filter(id=listing_id)
    return await (query.select_for_update() if lock else query).get()


async def is_own(account_id: UUID, listing: Listing) -> bool:
    """Whether an account put a listing up, or runs the house that it is of."""
    return listing.landlord_id == account_id or await runs(account_id, listing.place_id)


async def require_of_others(account_id: UUID, listing: Listing) -> None:
    """Refuse who would ask about, or report, what is their own.

    Raises:
        InvalidInput: it is, as :func:`is_own` says.
    """
    if await is_own(account_id, listing):
        raise InvalidInput(
            field="input.listingId",
            reason="OWN_LISTING",
            zh="这是您自己管理的房屋",
            en="It is of a house that you run",
        )


async def access_own_room(actor: Actor, *, room_id: UUID) -> Room:
    """A room of a house that the landlord is known to run.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of a house of somebody else.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    return await access_room(actor, room_id=room_id)


async def access_own_room_to_draft(actor: Actor, *, room_id: UUID) -> tuple[Place, Room]:
    """As :func:`access_own_room`, with its house locked: it comes before its listings.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of a house of somebody else.
    """
    seen = await access_own_room(actor, room_id=room_id)
    place = await Place.filter(id=seen.place_id).select_for_update().get()
    # As it is now that nobody can change it.
    return place, await access_own_room(actor, room_id=room_id)


async def access_own_rooms(actor: Actor, *, room_ids: Collection[UUID]) -> list[Room]:
    """Rooms of houses that the landlord is known to run, by id.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is absent, or of a house of somebody else.
    """
    require_sign_in(actor)
    own = Subquery(visible_places(actor).values("id"))
    rooms = await Room.filter(id__in=list(room_ids), place_id__in=own).order_by("id")
    if actor.kind is not ActorKind.ACCOUNT or len(rooms) < len(set(room_ids)):
        raise NotFound
    return rooms


async def access_enquiry(actor: Actor, *, enquiry_id: UUID) -> tuple[Enquiry, bool]:
    """A conversation of the actor's, locked, and whether they are the landlord in it.

    Nobody but the two who talk has it: staff neither.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of others.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    found = (
        await Enquiry.filter(of_party(actor.id), id=enquiry_id)
        .select_related("listing")
        .select_for_update(of=("enquiry",))
        .first()
    )
    if found is None:
        raise NotFound
    return found, found.listing.landlord_id == actor.id


def of_party(account_id: UUID | None) -> Q:
    """The condition for conversations of an account, whichever side it is on."""
    return Q(seeker_id=account_id) | Q(listing__landlord_id=account_id)
