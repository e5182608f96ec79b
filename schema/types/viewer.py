"""The signed-in actor's own world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry

from core.crypto import reveal
from core.keyset import NOTHING, Page
from identity.access import access_account, visible_wechat_users
from identity.actor import Actor, ActorKind, Permission, Role
from identity.models import Session as SessionModel
from identity.sessions import sessions_of
from landlord.enquiry_lists import enquiries_of_landlord, own_enquiries
from landlord.listings import own_listings
from landlord.reservations import own_reservations
from management.claims import count_own_claims, own_claims
from management.places import PlaceFilter, PlaceOrder, count_places, list_places
from management.posts import posts_of_staff
from management.territory import territory
from notifications.inbox import unread_count
from notifications.notices.following import followed_places
from notifications.subscriptions import forms_to_ask
from notifications.topics import Topic
from schema.access import ACCOUNT, PERSON, SIGNED_IN, STAFF, holds_or_account
from schema.connections import After, Before, First, Last, connection, counted, wanted_nodes
from schema.context import Context, Info
from schema.fields import attr, gql_type, row_field, selected_here
from schema.ids import global_id
from schema.selection import Selection
from schema.types.claims import PlaceClaimConnection, claim_columns, shape_claims
from schema.types.enquiries import EnquiryConnection, enquiry_connection
from schema.types.inbox import (
    InboxFilterGiven,
    NotificationConnection,
    NotificationSettings,
    SubscriptionForm,
    inbox_connection,
    settings_row,
)
from schema.types.listings import ListingConnection, listing_columns, shape_listings
from schema.types.notices import FollowedPlace, shape_followed
from schema.types.places import PlaceConnection, place_columns, shape_places
from schema.types.reservations import (
    ReservationConnection,
    reservation_columns,
    shape_reservations,
)
from schema.types.seeking import SavedListingConnection, saved_connection
from schema.types.territory import GridPost, shape_posts
from schema.types.viewer_resident import ResidentViewer

_Unanswered = Annotated[
    bool, strawberry.argument(description="Only those that wait for the landlord.")
]
_FILES = holds_or_account(Permission.PLACES_READ)


@gql_type(access=SIGNED_IN)
class SignedInDevice:
    """One sign-in on one device."""

    id: strawberry.ID = attr("Global id, opaque.")
    device: str = attr("A label to recognise it by.")
    created_at: datetime = attr("When it began.")
    last_seen_at: datetime = attr("When it was last used, to the minute.")
    current: bool = attr("Whether it is this one.")


@gql_type(access=SIGNED_IN)
class Viewer(ResidentViewer):
    """Who is signed in, and what is theirs."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: ActorKind = attr("What kind of actor.")
    name: str = attr("What they call themselves, or their name as staff.")
    role: Role | None = attr("Of staff: the role of their first post.")
    phone: str | None = attr("Of residents and landlords: their own number.")
    wechat_connected: bool = attr(
        "Of residents and landlords: whether they can sign in by WeChat (微信)."
    )
    permissions: list[str] = attr("Every permission held anywhere.")
    posts: list[GridPost] | None = attr("Of staff: their posts today.", access=STAFF, size=3)
    enrolling: bool = attr("Whether the second factor must be set up before anything else.")
    followed_places: list[FollowedPlace] | None = attr(
        "Places that you follow (关注的场所); nobody else sees them.", access=ACCOUNT, size=5
    )
    devices: list[SignedInDevice] = attr("Where they are signed in.", size=5)

    @row_field(PlaceConnection, access=_FILES, size=1)
    async def places(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Places that you run; for staff, those of your grids. Newest first."""
        context = info.context
        if not _FILES.actor(context.actor):
            return connection(NOTHING, Selection(), total_count=0)
        want = selected_here(info)
        nodes = wanted_nodes(want)
        page = await list_places(
            context.actor,
            filter_by=PlaceFilter(),
            order=PlaceOrder.NEWEST,
            page=Page.of(first, after, last, before),
            columns=place_columns(nodes),
        )
        await shape_places(page.rows, nodes, context)
        return await counted(
            page, want, lambda: count_places(context.actor, filter_by=PlaceFilter())
        )

    @row_field(ListingConnection, size=1)
    async def listings(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Listings that you put up, in whatever state. Newest first."""
        context = info.context
        want = selected_here(info)
        nodes = wanted_nodes(want)
        page = await own_listings(
            context.actor,
            page=Page.of(first, after, last, before),
            columns=listing_columns(nodes),
        )
        await shape_listings(page.rows, nodes, context)
        return connection(page, want)

    @row_field(ReservationConnection, access=ACCOUNT, size=1)
    async def reservations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Rooms that you reserved (预订), newest first."""
        context = info.context
        if not ACCOUNT.actor(context.actor):
            return connection(NOTHING, Selection())
        want = selected_here(info)
        nodes = wanted_nodes(want)
        page = await own_reservations(
            context.actor,
            page=Page.of(first, after, last, before),
            columns=reservation_columns(nodes),
        )
        await shape_reservations(page.rows, nodes, context)
        return connection(page, want)

    @row_field(EnquiryConnection, access=ACCOUNT, size=1)
    async def enquiries(
        self,
        info: Info,
        unanswered: _Unanswered = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What you asked about listings (咨询), newest words first."""
        page = Page.of(first, after, last, before)
        return await enquiry_connection(info, own_enquiries, page, unanswered=unanswered)

    @row_field(EnquiryConnection, access=ACCOUNT, size=1)
    async def listing_enquiries(
        self,
        info: Info,
        unanswered: _Unanswered = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What seekers asked about your listings, newest words first."""
        page = Page.of(first, after, last, before)
        return await enquiry_connection(info, enquiries_of_landlord, page, unanswered=unanswered)

    @row_field(NotificationConnection, access=PERSON, size=1)
    async def inbox(
        self,
        info: Info,
        filter: InboxFilterGiven = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What you were told (消息), newest first."""
        return await inbox_connection(info, Page.of(first, after, last, before), filter)

    @row_field(int | None, access=PERSON)
    async def unread_count(self, info: Info) -> int | None:
        """How many notifications wait to be read (未读消息), up to 1,000."""
        return await unread_count(info.context.actor)

    @row_field(NotificationSettings | None, access=PERSON)
    async def notification_settings(self, info: Info) -> dict[str, Any] | None:
        """How you want to be told (消息设置)."""
        return await settings_row(info.context.actor, info.context.language)

    @row_field(list[SubscriptionForm], access=ACCOUNT, size=3)
    async def subscription_forms(
        self,
        info: Info,
        topics: Annotated[
            list[Topic] | None,
            strawberry.argument(name="for", description="The news that would be told; all of it."),
        ] = None,
    ) -> list[dict[str, Any]]:
        """What the mini-program should ask you to accept next (订阅消息), at most 3."""
        return await forms_to_ask(info.context.actor, topics=topics or ())

    @row_field(SavedListingConnection, access=ACCOUNT, size=1)
    async def saved_listings(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Listings that you keep (收藏), the latest first; also those that are gone."""
        return await saved_connection(info, Page.of(first, after, last, before))

    @row_field(PlaceClaimConnection | None, access=ACCOUNT, size=1)
    async def claims(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any] | None:
        """Your claims in whatever state, and those of successors you named. Newest first."""
        context = info.context
        if not ACCOUNT.actor(context.actor):
            return None
        want = selected_here(info)
        nodes = wanted_nodes(want)
        page = await own_claims(
            context.actor, page=Page.of(first, after, last, before), columns=claim_columns(nodes)
        )
        await shape_claims(page.rows, nodes, context)
        return await counted(page, want, lambda: count_own_claims(context.actor))


async def viewer_row(actor: Actor, want: Selection, context: Context) -> dict[str, Any] | None:
    """The viewer, ready for the schema; ``None`` when nobody is signed in."""
    if not actor.signed_in or actor.id is None:
        return None
    row: dict[str, Any] = {
        "id": global_id(_TYPES[actor.kind], actor.id),
        "kind": actor.kind,
        "name": actor.name,
        "role": None,
        "phone": None,
        "wechat_connected": False,
        "permissions": sorted(map(str, actor.permissions)),
        "posts": None,
        "followed_places": None,
        "devices": [],
        "enrolling": actor.enrolling,
    }
    if actor.kind is ActorKind.STAFF and ("posts" in want or "role" in want):
        posts = await posts_of_staff(actor.id)
        row["role"] = posts[0]["role"] if posts else None
        row["posts"] = shape_posts(posts, (await territory()).by_code, context.language)
    if actor.kind is ActorKind.ACCOUNT and "phone" in want:
        row["phone"] = reveal(await access_account(actor, account_id=actor.id), "phone")
    if actor.kind is ActorKind.ACCOUNT and "wechat_connected" in want:
        row["wechat_connected"] = await visible_wechat_users(actor).exists()
    if "followed_places" in want and actor.kind is ActorKind.ACCOUNT:
        row["followed_places"] = shape_followed(await followed_places(actor))
    if "devices" in want and actor.kind is not ActorKind.APP:
        row["devices"] = [_device(session, actor) for session in await sessions_of(actor)]
    return row


_TYPES: Mapping[ActorKind, str] = {
    ActorKind.ACCOUNT: "Account",
    ActorKind.STAFF: "StaffMember",
    ActorKind.APP: "App",
}


def _device(session: SessionModel, actor: Actor) -> dict[str, Any]:
    return {
        "id": global_id("Session", session.id),
        "device": session.device,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "current": session.id == actor.session_id,
    }
