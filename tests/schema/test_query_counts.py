"""How many statements a document costs: a fixed number, whatever the number of rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.clock import now
from identity.models import AccountMerge, StaffMember
from landlord.models import Listing, ListingState, SavedListing
from landlord.search.frequencies import frequencies
from management.models import LeaseFiling, PlaceClaim
from management.territory import territory
from notifications.models import WebhookAttempt, WebhookMessage
from notifications.topics import Topic
from notifications.webhooks.endpoints import MOST
from tests import factories
from tests.notifications.webhook_support import endpoint_at, make_app
from tests.schema.counting import count
from tests.schema.mutation_cases import filled_in
from tests.schema.selecting import everything_of
from tests.schema.support import World


async def more_rows(world: World) -> None:
    """Ten more houses in the grid of tenant 1, each with all that hangs on a house."""
    tenant = world.tenants[0]
    landlord = world.accounts["landlord A"]
    for number in range(10):
        house = await factories.place(organisation_id=tenant.place.organisation_id)
        rooms = [await factories.room(house, str(901 + index)) for index in range(2)]
        await factories.claim(landlord, house)
        await factories.block(house)
        await factories.plate(house)
        await LeaseFiling.create(
            place_id=house.id, number=f"MORE-{number}", filed_on=tenant.lead.starts_on
        )
        for room in rooms:
            offer = await factories.listing(room, landlord)
            shown = await factories.photo(offer)
            unread = await factories.listing(room, landlord, state=ListingState.IN_REVIEW)
            for checked in (offer, unread):
                await factories.content_check(checked, shown.id)
            await factories.enquiry(offer, world.accounts["resident"])
            await SavedListing.create(account_id=landlord.id, listing_id=offer.id)
            await factories.report(offer, await factories.account())
    for number in range(10):
        await more_webhooks(world, number)
    author = await StaffMember.create(user_name="author", name="测试人员", password_hash="x")
    for _ in range(10):
        said = await factories.public_alert(author)
        await factories.notification(author, Topic.AREA_ALERT, notice_id=said.id, read_at=now())
        await factories.notification(
            await factories.account(), Topic.AREA_ALERT, notice_id=tenant.alert.id
        )
    for month in range(2, 8):
        await factories.self_check(tenant.place, landlord, date(2026, month, 1))
    for number in range(5):
        room = await factories.room(tenant.place, str(801 + number))
        await factories.photo(await factories.listing(room, landlord))
        await factories.claim(await factories.account(f"More {number}"), tenant.place)
        pair = [await factories.account(), await factories.account(closed_at=now())]
        await AccountMerge.create(
            kept_id=pair[0].id, merged_id=pair[1].id, moved={}, merged_at=now()
        )


async def more_webhooks(world: World, number: int) -> None:
    """Another app with an endpoint, another endpoint of the first app, another message."""
    hooks = world.tenants[0].hooks
    assert hooks is not None
    await endpoint_at(f"https://hooks.example.test/{number}", app=await make_app())
    if number < MOST - 2:
        await endpoint_at(f"https://hooks.example.test/{number}", app=hooks.app)
    message = await WebhookMessage.create(
        endpoint_id=hooks.endpoint.id, kind="place.filed", payload={}, due_at=now()
    )
    await WebhookAttempt.create(message_id=message.id, number=1, at=now())


IN_REVIEW = (
    "query($n: Int!) { listingsInReview(first: $n) { " + everything_of("ListingConnection") + " } }"
)
PLATE = "query($token: String!) { plate(token: $token) { " + everything_of("Plate") + " } }"
PLACES = "query($n: Int!) { places(first: $n) { " + everything_of("PlaceConnection") + " } }"
LISTINGS = "query($n: Int!) { listings(first: $n) { " + everything_of("ListingConnection") + " } }"
GRIDS_ALL = "query($n: Int!) { grids(first: $n) { " + everything_of("GridConnection") + " } }"
REPORTS = (
    "query($n: Int!) { listingReports(first: $n) { "
    + everything_of("ListingReportConnection")
    + " } }"
)
CHECKS = (
    "query($id: ID!) { selfChecks(placeId: $id) { " + everything_of("SelfCheckConnection") + " } }"
)
BOARD = "query($id: ID!) { roomBoard(placeId: $id) { " + everything_of("RoomBoard") + " } }"
COMPARED = (
    "query($ids: [ID!]!) { compareListings(ids: $ids) { " + everything_of("Comparison") + " } }"
)
CLAIMS = (
    "query($n: Int!) { claims(first: $n, filter: { state: null }) { "
    + everything_of("PlaceClaimConnection")
    + " } }"
)
SEARCH = (
    '{ listings(filter: { text: "单间", safety: [TWO_EXITS] }) '
    "{ nodes { title place { name community { name } } %s } } }"
)
MAP = (
    "{ listingMap(box: { west: 113, south: 22, east: 114.5, north: 24 })"
    " { spots { count lowestRent } } }"
)
APPS = "{ apps { " + everything_of("AppConnection") + " } }"
WEBHOOKS = "query($id: ID!) { webhooks(appId: $id) { " + everything_of("Webhook") + " } }"
SENT = (
    "query($id: ID!) { webhookMessages(webhookId: $id) { "
    + everything_of("WebhookMessageConnection")
    + " } }"
)
NOTICES = "query($n: Int!) { notices(first: $n) { " + everything_of("NoticeConnection") + " } }"
RECEIPTS = (
    "query($id: ID!) { noticeReceipts(id: $id) { "
    + everything_of("NoticeReceiptConnection")
    + " } }"
)
PREVIEW = "query($id: ID!) { previewNotice(id: $id) { " + everything_of("NoticePreview") + " } }"
ANNOUNCED = (
    "query($n: Int!) { announcements(first: $n) { "
    + everything_of("AnnouncementConnection")
    + " } }"
)
VIEWER = "{ viewer { " + everything_of("Viewer") + " } }"
NODE = "query($id: ID!) { node(id: $id) { id ... on Place { " + everything_of("Place") + " } } }"


@pytest.mark.parametrize(
    ("document", "role", "variables", "expected"),
    [
        # plate, blocks, self-checks; outline and posts of the community; listings, pictures,
        # outlines, posts; open hazards of the house, and of the houses of the listings
        (PLATE, "anonymous", {"token": "$token"}, 9),
        (PLATE, "warden 1", {"token": "$token"}, 11),
        # places, count; outlines and posts of grids and communities; six kinds that hang on them
        (PLACES, "warden 1", {"n": 50}, 12),
        # listings, pictures, outlines of communities, open hazards
        (LISTINGS, "anonymous", {"n": 20}, 4),
        (GRIDS_ALL, "warden 1", {"n": 50}, 3),
        # as before, and conversations with their messages, on both sides; kept listings, pictures;
        # the inbox, its subjects, the language; unread ones; settings, switches; WeChat's forms;
        # open hazards of the houses of claims, conversations and kept listings
        (VIEWER, "landlord A", {}, 55),
        # claims, count, papers; outline and posts of the community; open hazards
        (CLAIMS, "warden 1", {"n": 50}, 6),
        (VIEWER, "warden 1", {}, 17),
        # reports; listings, pictures, content checks, outlines of communities, posts, hazards
        (REPORTS, "supervisor 1", {"n": 50}, 9),
        # listings, count; pictures, content checks, outlines of communities, snapshots, hazards
        (IN_REVIEW, "supervisor 1", {"n": 50}, 8),
        (COMPARED, "anonymous", {"ids": ["$listing", "$otherListing"]}, 5),
        # the place, its self-checks, their points
        (CHECKS, "warden 1", {"id": "$place"}, 3),
        (BOARD, "landlord A", {"id": "$place"}, 2),
        ("{ accountMerges { nodes { id keptId rows } } }", "admin", {}, 1),
        (NODE, "warden 1", {"id": "$place"}, 11),
        # apps, their endpoints; outlines and posts of grids and those above
        (APPS, "admin", {}, 4),
        # the app, its endpoints
        (WEBHOOKS, "app places 1", {"id": "$hookApp"}, 2),
        # the endpoint, its messages, their attempts
        (SENT, "admin", {"id": "$webhook"}, 3),
        # notices, who read them; outlines and posts of grids
        (NOTICES, "service desk", {"n": 50}, 4),
        # the notice, its staff
        (RECEIPTS, "service desk", {"id": "$notice"}, 2),
        # the notice, its people, its frame
        (PREVIEW, "service desk", {"id": "$draftNotice"}, 3),
        (ANNOUNCED, "anonymous", {"n": 50}, 2),
    ],
    ids=[
        "plate",
        "plate of staff",
        "places",
        "listings",
        "grids",
        "landlord",
        "claims",
        "warden",
        "reports",
        "in review",
        "compared",
        "self-checks",
        "room board",
        "account merges",
        "node",
        "apps",
        "webhooks",
        "webhook messages",
        "notices",
        "receipts",
        "preview",
        "announcements",
    ],
)
async def test_the_number_of_statements_is_fixed(
    document: str, role: str, variables: dict[str, Any], expected: int, world: World
) -> None:
    names = world.tenants[0].ids
    filled = filled_in(variables, names)
    actor = world.actors[role]
    few = await count(document, actor, filled)
    await more_rows(world)
    assert await Listing.filter(state="PUBLISHED").count() > 20
    assert await PlaceClaim.filter(place_id=world.tenants[0].place.id).count() > 5
    assert (few, await count(document, actor, filled)) == (expected, expected)


async def test_what_is_not_asked_for_is_not_read(world: World) -> None:
    """The plain uses of every day: one statement, two with pictures."""
    warden, nobody = world.actors["warden 1"], world.actors["anonymous"]
    desk = world.actors["service desk"]
    token = {"token": world.tenants[0].ids["token"]}
    await territory()
    await frequencies()
    for document, actor, variables, expected in (
        ("query($token: String!) { plate(token: $token) { state } }", nobody, token, 1),
        (
            "query($token: String!) { plate(token: $token) {"
            " place { name address community { name } } room { number }"
            " listings { nodes { title rent photos { url } } } } }",
            nobody,
            token,
            3,
        ),
        ("{ places(first: 50) { nodes { code name kind grid { name } } } }", warden, {}, 1),
        ("{ places { totalCount } }", warden, {}, 2),
        ("{ listings { nodes { title place { name community { name } } } } }", nobody, {}, 1),
        (SEARCH % "photos { url }", nobody, {}, 3),
        (SEARCH % "rent", nobody, {}, 2),
        ('{ listingFacets(filter: { text: "单间" }) { total rents { count } } }', nobody, {}, 1),
        (MAP, nobody, {}, 1),
        ("{ grids { nodes { name parent { name } } } }", nobody, {}, 1),
        ("{ viewer { name kind permissions } }", warden, {}, 0),
        (
            "query($id: ID!) { photoRedactions(photoId: $id) { id areas { x } reason } }",
            world.actors["supervisor 1"],
            {"id": world.tenants[0].ids["shown"]},
            1,
        ),
        ("{ deliveries { nodes { id topic channel state reason } } }", desk, {}, 1),
        ("{ deliveries { totalCount nodes { attempts { outcome } } } }", desk, {}, 3),
        ("{ channelPauses { nodes { channel until } } }", desk, {}, 1),
    ):
        assert await count(document, actor, variables) == expected, document
