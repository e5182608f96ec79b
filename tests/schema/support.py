"""A small town for tests of the schema: two tenants, somebody of every role, and how to ask.

Tenant 1 is a house in the first grid of one community, run by landlord A; tenant 2 a house in the
first grid of another, run by landlord B. Everybody and everything is made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import orjson
from shapely.geometry import shape
from tortoise.transactions import in_transaction

from api.graphql.execution import Schema
from core.clock import now, today
from core.crypto import ring, seal
from core.database import connection, fetch
from core.ids import uuid7
from core.work import work
from identity import authentication
from identity.actor import SYSTEM, Actor, ActorKind, Permission, Role, anonymous
from identity.models import (
    Account,
    AccountMerge,
    App,
    Department,
    GridPost,
    StaffMember,
    WeChatUser,
)
from identity.passwords import hash_password
from identity.phone_sign_in import account_for_phone
from identity.sessions import open_session
from identity.tokens import Claims, issue
from integrations.wechat.emulator import APP_ID, PERSONAS, Running
from landlord.models import (
    Enquiry,
    Facility,
    Listing,
    ListingReport,
    ListingState,
    SavedListing,
    SelfCheckItem,
)
from landlord.search.projection import reindex
from management.models import (
    ClaimPaper,
    ClaimPhoto,
    ClaimRole,
    ClaimState,
    Grid,
    LeaseFiling,
    Organisation,
    Place,
    PlaceBlock,
    PlaceBlockKind,
    PlaceClaim,
    Plate,
    PlateEndReason,
    PlateSheet,
    PlateSheetState,
    Room,
)
from management.territory import bring_in_grids, forget_territory, town_data
from media.models import Photo, Purpose, Redaction, Upload, UploadState
from notifications.models import (
    Channel,
    ChannelPause,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    FollowedPlace,
    Notice,
    Notification,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookState,
    WeChatForm,
    WeChatTemplate,
)
from notifications.topics import Topic
from notifications.webhooks.endpoints import DisabledReason
from notifications.webhooks.sending import Fault
from notifications.webhooks.signing import new_secret
from schema.build import build
from schema.context import Context
from schema.ids import global_id
from tests import factories
from tests.schema import furnishing

TOWN = "441900122"
COMMUNITIES = ("441900122002", "441900122003")
GRIDS = ("441900122002-01", "441900122003-01")
PATHS = tuple(f"{TOWN}/{grid[:-3]}/{grid}/" for grid in GRIDS)
PHONES = ("13900000001", "13900000002")
CREDIT_CODE = "91441900MA00000008"

PASSWORD = "correct horse battery staple"
HASH = asyncio.run(hash_password(PASSWORD))  # once: it takes its time on purpose

EMULATOR: list[Running] = []
"""WeChat, while the tests run."""

SCHEMA = build(Schema, seconds=60)


@dataclass
class Hooks:
    """An app in the grid of a tenant with two endpoints, one of them disabled, and a message."""

    app: App
    endpoint: WebhookEndpoint
    disabled: WebhookEndpoint
    message: WebhookMessage

    @property
    def ids(self) -> dict[str, str]:
        """Global ids."""
        return {
            "hookApp": global_id("App", self.app.id),
            "webhook": global_id("Webhook", self.endpoint.id),
            "offWebhook": global_id("Webhook", self.disabled.id),
            "hookMessage": global_id("WebhookMessage", self.message.id),
        }


@dataclass
class Tenant:
    """One house with everything that hangs on it."""

    place: Place
    rooms: list[Room]
    plate: Plate
    room_plate: Plate
    old_plate: Plate
    listing: Listing
    draft: Listing
    held: Listing
    unread: Listing
    over: Listing
    claim: PlaceClaim
    waiting: PlaceClaim
    block: PlaceBlock
    lead: GridPost
    grid: Grid
    upload: Upload
    photo: Photo
    sheet: PlateSheet
    enquiry: Enquiry
    report: ListingReport
    check_item: SelfCheckItem
    check_photo: Photo
    shown: Photo
    redaction: Redaction
    notification: Notification
    delivery: Delivery
    draft_notice: Notice
    alert: Notice
    other: Listing | None = None
    """The offer of the other tenant."""
    hooks: Hooks | None = None
    more: dict[str, str] = field(default_factory=dict)
    """Global ids and other names of what the parts add."""

    @property
    def ids(self) -> dict[str, str]:
        """Global ids and other names by which clients call these things."""
        return {
            "place": global_id("Place", self.place.id),
            "code": self.place.code,
            "room": global_id("Room", self.rooms[0].id),
            "emptyRoom": global_id("Room", self.rooms[2].id),
            "token": self.room_plate.token,
            "oldToken": self.old_plate.token,
            "plate": global_id("IssuedPlate", self.plate.id),
            "listing": global_id("Listing", self.listing.id),
            "draft": global_id("Listing", self.draft.id),
            "held": global_id("Listing", self.held.id),
            "unread": global_id("Listing", self.unread.id),
            "over": global_id("Listing", self.over.id),
            "operator": global_id("Operator", self.claim.id),
            "claim": global_id("PlaceClaim", self.claim.id),
            "waiting": global_id("PlaceClaim", self.waiting.id),
            "block": global_id("PlaceBlock", self.block.id),
            "upload": global_id("Upload", self.upload.id),
            "photo": global_id("Photo", self.photo.id),
            "sheet": global_id("PlateSheet", self.sheet.id),
            "batch": global_id("PlateBatch", self.plate.batch),
            "enquiry": global_id("Enquiry", self.enquiry.id),
            "report": global_id("ListingReport", self.report.id),
            "checkItem": global_id("SelfCheckItem", self.check_item.id),
            "checkPhoto": global_id("Photo", self.check_photo.id),
            "shown": global_id("Photo", self.shown.id),
            "redaction": global_id("PhotoRedaction", self.redaction.id),
            "notification": global_id("Notification", self.notification.id),
            "delivery": global_id("Delivery", self.delivery.id),
            "draftNotice": global_id("Notice", self.draft_notice.id),
            "notice": global_id("Notice", self.alert.id),
            "announcement": global_id("Announcement", self.alert.id),
            "otherListing": global_id("Listing", self.other.id if self.other else uuid7()),
            "post": global_id("GridPost", self.lead.id),
            "staff": global_id("StaffMember", self.lead.staff_id),
            "grid": global_id("Grid", self.grid.id),
            "gridCode": self.grid.code,
            "community": self.grid.code[:-3],
            **(self.hooks.ids if self.hooks else {}),
            **self.more,
        }


@dataclass
class World:
    """Both tenants, and everybody as whom one can ask."""

    tenants: tuple[Tenant, Tenant]
    actors: dict[str, Actor]
    tokens: dict[str, str]
    accounts: dict[str, Account]
    staff: dict[str, StaffMember]
    spare_staff: StaffMember
    papers: tuple[Photo, Photo]
    refresh_token: str
    merge: AccountMerge

    @property
    def absent(self) -> dict[str, str]:
        """Names of things that don't exist, in the form of those that do."""
        missing = {
            name: global_id(kind, uuid7())
            for name, kind in {
                "place": "Place",
                "room": "Room",
                "emptyRoom": "Room",
                "plate": "IssuedPlate",
                "listing": "Listing",
                "draft": "Listing",
                "held": "Listing",
                "unread": "Listing",
                "over": "Listing",
                "operator": "Operator",
                "claim": "PlaceClaim",
                "waiting": "PlaceClaim",
                "block": "PlaceBlock",
                "upload": "Upload",
                "photo": "Photo",
                "sheet": "PlateSheet",
                "batch": "PlateBatch",
                "enquiry": "Enquiry",
                "report": "ListingReport",
                "checkItem": "SelfCheckItem",
                "checkPhoto": "Photo",
                "shown": "Photo",
                "redaction": "PhotoRedaction",
                "notification": "Notification",
                "delivery": "Delivery",
                "draftNotice": "Notice",
                "notice": "Notice",
                "announcement": "Announcement",
                "otherListing": "Listing",
                "post": "GridPost",
                "staff": "StaffMember",
                "grid": "Grid",
                "hookApp": "App",
                "webhook": "Webhook",
                "offWebhook": "Webhook",
                "hookMessage": "WebhookMessage",
                **furnishing.KINDS,
            }.items()
        }
        return missing | {
            "code": "999999-99999",
            "token": "n0such0token0n0such0to",
            "oldToken": "n0such0token0n0such0to",
            "gridCode": "441900122999-01",
            "community": "441900122999",
        }


# Role → the post: as what, where.
STAFF: dict[str, tuple[Role, str]] = {
    "warden 1": (Role.WARDEN, PATHS[0]),
    "warden 2": (Role.WARDEN, PATHS[1]),
    "supervisor 1": (Role.SUPERVISOR, f"{TOWN}/{COMMUNITIES[0]}/"),
    "department": (Role.DEPARTMENT, f"{TOWN}/"),
    "enforcement": (Role.ENFORCEMENT, f"{TOWN}/"),
    "service desk": (Role.SERVICE_DESK, f"{TOWN}/"),
    "auditor": (Role.AUDITOR, f"{TOWN}/"),
    "admin": (Role.ADMIN, f"{TOWN}/"),
}
APPS: dict[str, Permission] = {
    "app places 1": Permission.PLACES_READ,
    "app grids 1": Permission.GRIDS_READ,
}
ACCOUNTS = ("resident", "landlord A", "landlord B")
ROLES = ("anonymous", *ACCOUNTS, *STAFF, *APPS)


async def small_town() -> None:
    """The town, two communities, and two grids of each."""
    wanted = {TOWN, *COMMUNITIES, *GRIDS, *(f"{code}-02" for code in COMMUNITIES)}
    await bring_in_grids([grid for grid in town_data() if grid["code"] in wanted])


async def make_world() -> World:
    """Both tenants with everything, and a sign-in for everybody."""
    authentication.forget()
    await small_town()
    department = await Department.get_or_none(code="test") or await Department.create(
        code="test", name_zh="测试部门", name_en="Test department"
    )
    accounts = {name: await _account(name, index) for index, name in enumerate(ACCOUNTS)}
    staff = {name: await make_staff(f"staff.{index}") for index, name in enumerate(STAFF)}
    posts = {
        name: await GridPost.create(
            staff_id=staff[name].id,
            department_id=department.id if role in {Role.DEPARTMENT, Role.ENFORCEMENT} else None,
            grid_code=path.split("/")[-2],
            grid_path=path,
            role=role,
            duty_group="INSPECTION",
            lead=role is Role.WARDEN,
            starts_on=today(),
            ends_on=today() + timedelta(days=300),
        )
        for name, (role, path) in STAFF.items()
    }
    tenants = (
        await _tenant(0, accounts["landlord A"], posts["warden 1"], accounts["resident"]),
        await _tenant(1, accounts["landlord B"], posts["warden 2"], accounts["resident"]),
    )
    for tenant, other in zip(tenants, reversed(tenants), strict=True):
        tenant.other = other.listing
        for account in accounts.values():
            await SavedListing.create(account_id=account.id, listing_id=tenant.listing.id)
            await FollowedPlace.create(account_id=account.id, place_id=tenant.place.id, radius=100)
    await WeChatTemplate.create(
        form=WeChatForm.RESULT, template_id="test-result", keys={"subject": "thing1"}
    )
    for account in accounts.values():
        await factories.wechat_user(account)
    tokens = {name: await token_of(holder) for name, holder in {**accounts, **staff}.items()}
    tokens |= {name: await _app(name, scope) for name, scope in APPS.items()}
    await _app("app of tenant 2", Permission.PLACES_READ, PATHS[1])
    for tenant, path in zip(tenants, PATHS, strict=True):
        tenant.hooks = await _hooks(await App.get(grid_path=path, scopes=["places:read"]))
    actors = {
        name: await authentication.actor_from_token(text, address=name)
        for name, text in tokens.items()
    }
    actors["anonymous"] = anonymous("anonymous")
    forget_territory()
    await ChannelPause.create(
        channel=Channel.SMS, reason="测试原因", paused_by=staff["admin"].id, paused_at=now()
    )
    async with work(SYSTEM):
        opened = await open_session(accounts["resident"], device="Other device")
    spare = await make_staff("staff.spare")
    for tenant in tenants:
        await factories.notification(
            spare, Topic.AREA_ALERT, notice_id=tenant.alert.id, read_at=now()
        )
    papers = (await make_paper(accounts["resident"]), await make_paper(accounts["resident"]))
    await _connected_to_wechat(accounts["resident"])
    world = World(
        tenants, actors, tokens, accounts, staff, spare, papers, opened.refresh_token,
        await _two_that_became_one(),
    )  # fmt: skip
    await furnishing.furnish(world)
    return world


async def _connected_to_wechat(account: Account) -> None:
    """The account is known to the mini-program by a made-up openid."""
    user = WeChatUser(account_id=account.id, app_id=APP_ID, last_seen_at=now())
    seal(user, "openid", "oTestTestTestTestTestTest01")
    indexes = ring().indexes(
        "oTestTestTestTestTestTest01", table="wechat_user", column="openid_index"
    )
    user.openid_index = indexes[0]
    await user.save(force_create=True)


async def _two_that_became_one() -> AccountMerge:
    kept, merged = await factories.account(), await factories.account(closed_at=now())
    return await AccountMerge.create(
        kept_id=kept.id, merged_id=merged.id, moved={}, merged_at=now()
    )


def phone_code() -> str:
    """What ``getPhoneNumber`` gives somebody whose number no account has."""
    return EMULATOR[0].world.mint("phone", PERSONAS["newcomer"])


async def token_of(holder: Account | StaffMember) -> str:
    """An access token, as a sign-in gives it."""
    async with work(SYSTEM):
        return (await open_session(holder, device="Test device")).access.text


async def make_paper(of: Account) -> Photo:
    """A picture that somebody uploaded to prove a claim."""
    return await Photo.create(
        owner_id=of.id, purpose=Purpose.CLAIM, width=720, height=540, alt_zh="证", alt_en="Paper"
    )


async def make_staff(user_name: str) -> StaffMember:
    """A member of staff who has set up no second factor."""
    return await StaffMember.create(user_name=user_name, name="测试人员", password_hash=HASH)


async def _account(name: str, index: int) -> Account:
    async with work(SYSTEM):
        account = await account_for_phone(f"1380000000{index}")
    account.display_name = name
    await account.save(update_fields=["display_name"])
    return account


async def _app(name: str, scope: Permission, path: str = PATHS[0]) -> str:
    app = App(
        client_id=f"client-{scope.name}-{path[-8:-1]}",
        name=name,
        secret_hash="0" * 64,
        scopes=[scope.value],
        grid_path=path,
        rate_per_minute=6000,
        expires_at=now() + timedelta(days=30),
    )
    seal(app, "contact", "nobody@example.test")
    await app.save(force_create=True)
    return issue(Claims(ActorKind.APP, app.id, scopes=frozenset({scope}))).text


async def _hooks(app: App) -> Hooks:
    moment = now()
    # A kind that only the clock brings about: no test of a mutation is to send messages.
    told = {"app_id": app.id, "kinds": ["listing.expired"], "failing_since": moment}
    endpoint = WebhookEndpoint(
        **told,
        url="https://hooks.example.test/in",
        paused_until=moment - timedelta(hours=1),
        earlier_until=moment + timedelta(hours=1),
    )
    disabled = WebhookEndpoint(
        **told,
        url="https://hooks.example.test/off",
        disabled_at=moment,
        disabled_reason=DisabledReason.GONE.value,
    )
    seal(endpoint, "earlier_secret", new_secret())
    for each in (endpoint, disabled):
        seal(each, "secret", new_secret())
        await each.save(force_create=True)
    message = await WebhookMessage.create(
        endpoint_id=endpoint.id,
        kind="listing.expired",
        payload={"listingIds": []},
        test=True,
        state=WebhookState.DELIVERED,
        attempts=2,
        due_at=moment,
        delivered_at=moment,
    )
    given: tuple[dict[str, Any], ...] = ({"error": Fault.TIMEOUT.value}, {"status": 204})
    for number, more in enumerate(given, 1):
        await WebhookAttempt.create(
            message_id=message.id, number=number, at=moment, milliseconds=12, **more
        )
    return Hooks(app, endpoint, disabled, message)


def point_in(code: str) -> tuple[float, float]:
    """A point in a grid, CGCS2000."""
    (found,) = [grid for grid in town_data() if grid["code"] == code]
    point = shape(found["boundary"]).representative_point()
    return point.x, point.y


async def _tenant(index: int, landlord: Account, lead: GridPost, seeker: Account) -> Tenant:
    grid = await Grid.get(code=GRIDS[index])
    await Grid.filter(id=grid.id).update(office_phone="0769-00000000")
    organisation = await Organisation.create(credit_code=f"TEST{index:014d}", name="测试公司")
    longitude, latitude = point_in(grid.code)
    place_id = uuid7()
    sealed = Place(id=place_id)
    seal(sealed, "contact_name", "测试联系人")
    seal(sealed, "contact_phone", PHONES[index])
    place = await factories.place(
        grid=grid.code,
        id=place_id,
        longitude=longitude,
        latitude=latitude,
        operator_name="测试经营者",
        contact_name=sealed.contact_name,
        contact_phone=sealed.contact_phone,
        organisation_id=organisation.id,
        gas_bottles=0,
        wiring_year=2015,
        completeness=96,
        missing=["wiring_year"],
    )
    rooms = [await factories.room(place, number) for number in ("101", "102", "103")]
    await LeaseFiling.create(
        place_id=place.id,
        room_id=rooms[0].id,
        number=f"TEST-{index}",
        filed_on=today(),
        until=today() + timedelta(days=300),
    )
    claim = await factories.claim(landlord, place)
    paper = await make_paper(landlord)
    await ClaimPhoto.create(
        claim_id=claim.id, photo_id=paper.id, paper=ClaimPaper.PROOF, position=0
    )
    waiting = await factories.claim(
        await factories.account(),
        place,
        role=ClaimRole.SUBLANDLORD,
        state=ClaimState.PENDING,
        lease_from=today(),
        lease_until=today() + timedelta(days=300),
    )
    offer = await factories.listing(
        rooms[0], landlord, available_from=today(), facilities=[Facility.INTERNET]
    )
    draft = await factories.listing(rooms[1], landlord, state=ListingState.DRAFT)
    more = [await factories.room(place, number) for number in ("201", "202", "203")]
    held = await factories.listing(more[0], landlord, state=ListingState.RESERVED)
    await factories.reservation(held, seeker)
    await factories.snapshot(held)
    await factories.snapshot(offer)
    unread = await factories.listing(
        more[1], landlord, state=ListingState.IN_REVIEW, published_at=None, refreshed_at=None
    )
    over = await factories.listing(
        more[2], landlord, state=ListingState.WITHDRAWN, review_reason="测试原因"
    )
    shown = await factories.photo(offer)
    for checked in (offer, unread):
        await factories.content_check(checked, shown.id)
    redaction = await factories.redaction(shown, lead, grid_path=PATHS[index])
    await reindex(listing_ids=[offer.id])
    old = await factories.plate(place, rooms[0], state="REVOKED")
    room_plate = await factories.plate(place, rooms[0])
    await Plate.filter(id=old.id).update(
        state="REPLACED",
        replaced_by_id=room_plate.id,
        ended_by=lead.staff_id,
        end_reason=PlateEndReason.DAMAGED,
    )
    sheet = await factories.plate_sheet(
        grid_paths=[place.grid_path],
        state=PlateSheetState.READY,
        pages=1,
        bytes=1000,
        done=1,
        finished_at=now(),
        expires_at=now() + timedelta(days=7),
        report={"missing": {"𬇹": [place.code]}, "cut": [place.code]},
    )
    block = await factories.block(
        place, kind=PlaceBlockKind.MEASURE, ends_at=now() - timedelta(hours=1), reason="测试原因"
    )
    news = await factories.notification(
        landlord,
        Topic.LISTING_APPROVED,
        params={"place": "测试公寓", "rooms": "101", "at": now().isoformat()},
        subject_kind="Listing",
        subject_id=offer.id,
    )
    author = await StaffMember.get(id=lead.staff_id)
    alert = await factories.public_alert(author, grid.code, recipients=1)
    return Tenant(
        place,
        rooms,
        await factories.plate(place),
        room_plate,
        old,
        offer,
        draft,
        held,
        unread,
        over,
        claim,
        waiting,
        block,
        lead,
        grid,
        await factories.upload(landlord, state=UploadState.READY, width=720, height=540),
        await Photo.create(owner_id=landlord.id, width=720, height=540),
        sheet,
        await factories.enquiry(offer, seeker),
        await factories.report(offer, await factories.account()),
        await factories.self_check(place, landlord),
        await factories.check_photo(landlord),
        shown,
        redaction,
        news,
        await _delivery(news),
        await factories.notice(author, grid.code),
        alert,
    )


async def _delivery(of: Notification) -> Delivery:
    """A message that WeChat took and could not bring to the telephone."""
    delivery = await Delivery.create(
        notification_id=of.id, channel=Channel.WECHAT, state=DeliveryState.FAILED,
        reason="NOT_ARRIVED", due_at=now(), sent_at=now(), arrived_at=now(), attempts=1,
    )  # fmt: skip
    await DeliveryAttempt.create(
        delivery_id=delivery.id, number=1, at=now(), ended_at=now(), outcome="SENT", code="0"
    )
    return delivery


class _Undo(Exception):
    """Take back what was done."""


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """What is written in here is taken back at the end."""
    with suppress(_Undo):
        async with in_transaction():
            yield
            raise _Undo
    authentication.forget()
    forget_territory()


async def ask(
    document: str,
    actor: Actor,
    variables: dict[str, Any] | None = None,
    *,
    language: str = "zh-CN",
    schema: Schema = SCHEMA,
) -> dict[str, Any]:
    """Run an operation and answer it as it goes over the wire."""
    context = Context(actor=actor, language=language, device="Test device")  # type: ignore[arg-type]  # a literal
    result = await schema.execute(document, variables, context)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    answer: dict[str, Any] = orjson.loads(orjson.dumps(body))
    return answer


async def data_of(document: str, actor: Actor, variables: Any = None, **options: Any) -> Any:
    """The data of an operation that must not fail."""
    answer = await ask(document, actor, variables, **options)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def refusal_of(document: str, actor: Actor, variables: Any = None, **options: Any) -> Any:
    """The one error of an operation that must be refused as a whole."""
    answer = await ask(document, actor, variables, **options)
    assert not answer["data"] or not any(answer["data"].values()), answer
    (error,) = answer["errors"]
    return error


async def everything() -> dict[str, Any]:
    """A fingerprint of every table: two are equal when nothing was written, sent or noted."""
    tables = [
        row["name"]
        for row in await fetch(
            "SELECT quote_ident(relname) AS name FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
    ]
    parts = [
        f"SELECT '{name}' AS name, count(*) AS rows,"
        f" md5(string_agg(t::text, '|' ORDER BY t::text)) AS mark FROM {name} t"
        for name in tables
    ]
    rows = await connection().execute_query_dict(" UNION ALL ".join(parts))
    return {row["name"]: (row["rows"], row["mark"]) for row in rows}


def rows_in(state: dict[str, Any], table: str) -> int:
    """How many rows a table has in a fingerprint."""
    rows: int = state[table][0]
    return rows


def new_id() -> str:
    """A request id: random, as who is not signed in has to make it."""
    return str(uuid4())


def some_uuid() -> UUID:
    """An id of nothing."""
    return uuid7()


def money(text: str) -> Decimal:
    """Yuan."""
    return Decimal(text)
