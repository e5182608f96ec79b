"""Who comes in and who no longer does: staff, apps and accounts through the schema."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest

from core.clock import now, today
from core.database import fetch
from core.errors import Unauthenticated
from core.work import work
from identity.actor import SYSTEM, Actor, Role, anonymous
from identity.apps import app_token
from identity.authentication import actor_from_token, still_good
from identity.models import Account, App, GridPost, StaffMember
from identity.phone_sign_in import account_for_phone
from identity.sessions import OpenSession
from identity.staff_sign_in import sign_in_staff
from landlord.models import Listing, ListingState
from management.models import ClaimState, PlaceClaim
from schema.ids import global_id
from tests.schema.support import (
    COMMUNITIES,
    PATHS,
    TOWN,
    World,
    ask,
    data_of,
    everything,
    make_staff,
    new_id,
    refusal_of,
    token_of,
)

VISITOR = anonymous("a-test-address")
PASSWORD, OTHER_PASSWORD = "correct horse battery", "staple correct horse"
RESIDENT, LANDLORD, NOBODY = "13800000000", "13800000001", "13800000077"

STAFF_MEMBERS = """
query($userName: String, $first: Int, $after: String, $last: Int, $before: String) {
  staffMembers(userName: $userName, first: $first, after: $after, last: $last, before: $before) {
    nodes { id userName name posts { role gridCode } secondFactor leftAt lockedUntil }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
APPS = "{ apps { nodes { id clientId name scopes grid { code } ratePerMinute revokedAt } } }"
PAYLOADS = {
    "addStaffMember": "staffMember { id userName name posts { id } secondFactor leftAt }",
    "leaveStaffMember": "staffMember { id posts { id } leftAt }",
    "resetStaffPassword": "staffMember { id secondFactor lockedUntil }",
    "resetSecondFactor": "staffMember { id secondFactor }",
    "addApp": "app { id clientId scopes grid { code } } secret",
    "revokeApp": "app { id revokedAt }",
    "lockAccount": "account { id lockedAt }",
    "unlockAccount": "account { id lockedAt }",
    "closeAccount": "closed",
    "changePassword": "sessions",
    "postWarden": "gridPost { id }",
}


def document(name: str) -> str:
    kind = name[0].upper() + name[1:] + "Input"
    return f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {PAYLOADS[name]} }} }}"


async def do(actor: Actor, name: str, /, **given: Any) -> Any:
    """The payload of a mutation that must succeed."""
    if name != "changePassword":
        given = {"requestId": new_id(), **given}
    return (await data_of(document(name), actor, {"input": given}))[name]


async def refused(actor: Actor, name: str, /, **given: Any) -> tuple[str, str | None, str | None]:
    """Code, field and reason of a refusal that changed nothing and sent nothing."""
    if name != "changePassword":
        given = {"requestId": new_id(), **given}
    before = await everything()
    said = (await refusal_of(document(name), actor, {"input": given}))["extensions"]
    assert await everything() == before
    return said["code"], said.get("field"), said.get("params", {}).get("reason")


async def seen_by(actor: Actor, **given: Any) -> list[dict[str, Any]]:
    """The members of staff whom somebody sees."""
    nodes: list[dict[str, Any]] = (await data_of(STAFF_MEMBERS, actor, given))["staffMembers"][
        "nodes"
    ]
    return nodes


async def enter(user_name: str, password: str = PASSWORD, totp: str | None = None) -> OpenSession:
    return await sign_in_staff(VISITOR, user_name=user_name, password=password, totp=totp)


async def taken_on(admin: Actor, user_name: str = "new.warden") -> str:
    """The global id of a new member of staff."""
    added = await do(
        admin, "addStaffMember", userName=user_name, name="新测试员", password=PASSWORD
    )
    staff_id: str = added["staffMember"]["id"]
    return staff_id


async def is_over(token: str) -> bool:
    try:
        await actor_from_token(token)
    except Unauthenticated:
        return True
    return False


@pytest.fixture
def admin(world: World) -> Actor:
    """The administrator of the town."""
    return world.actors["admin"]


@pytest.fixture
async def community_admin(world: World) -> Actor:
    """An administrator of the first community only."""
    staff = await make_staff("staff.community")
    await GridPost.create(
        staff_id=staff.id,
        grid_code=COMMUNITIES[0],
        grid_path=f"{TOWN}/{COMMUNITIES[0]}/",
        role=Role.ADMIN,
        starts_on=today(),
    )
    return await actor_from_token(await token_of(staff))


# Lists


async def test_a_supervisor_finds_whom_she_may_post_and_posts_them(world: World) -> None:
    supervisor = world.actors["supervisor 1"]
    seen = {row["userName"]: row for row in await seen_by(supervisor)}
    assert set(seen) == {
        world.staff["warden 1"].user_name,
        world.staff["supervisor 1"].user_name,
        world.spare_staff.user_name,  # has no post yet
    }
    assert seen[world.staff["warden 1"].user_name]["posts"] == [
        {"role": "WARDEN", "gridCode": PATHS[0].split("/")[-2]}
    ]
    (found,) = await seen_by(supervisor, userName=" STAFF.Spare ")
    assert found == seen["staff.spare"]
    await do(
        supervisor, "postWarden", staffId=found["id"], gridCode=world.tenants[0].ids["gridCode"]
    )
    (found,) = await seen_by(supervisor, userName="staff.spare")
    assert [post["role"] for post in found["posts"]] == ["WARDEN"]


async def test_a_post_elsewhere_takes_somebody_off_the_list(world: World) -> None:
    supervisor = world.actors["supervisor 1"]
    await do(
        world.actors["admin"],
        "postWarden",
        staffId=global_id("StaffMember", world.staff["warden 1"].id),
        gridCode=world.tenants[1].ids["gridCode"],
    )
    assert await seen_by(supervisor, userName=world.staff["warden 1"].user_name) == []


@pytest.mark.parametrize(
    "name", ["", "nobody.here", "a\0b", "%", "x" * 10_000, "ｓｔａｆｆ.0", "\ud800"]
)
async def test_a_name_of_nobody_is_an_empty_list(world: World, name: str) -> None:
    assert await seen_by(world.actors["admin"], userName=name) == []


async def test_the_list_is_read_page_by_page_in_both_directions(world: World, admin: Actor) -> None:
    names = [row["userName"] for row in await seen_by(admin, first=100)]
    assert names == sorted(names)
    assert len(names) == len(world.staff) + 1
    forth: list[str] = []
    given: dict[str, Any] = {"first": 4}
    while True:
        page = (await data_of(STAFF_MEMBERS, admin, given))["staffMembers"]
        forth += [row["userName"] for row in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        given["after"] = page["pageInfo"]["endCursor"]
    assert forth == names
    back = {"last": 100, "before": page["pageInfo"]["startCursor"]}
    assert [row["userName"] for row in await seen_by(admin, **back)] == names[:8]


async def test_lock_outs_are_for_who_manages_staff(world: World, admin: Actor) -> None:
    until = now() + timedelta(minutes=15)
    warden = world.staff["warden 1"]
    await StaffMember.filter(id=warden.id).update(locked_until=until)
    (seen,) = await seen_by(admin, userName=warden.user_name)
    assert seen["lockedUntil"] is not None
    (seen,) = await seen_by(world.actors["supervisor 1"], userName=warden.user_name)
    assert seen["lockedUntil"] is None
    await StaffMember.filter(id=warden.id).update(locked_until=now() - timedelta(minutes=1))
    (seen,) = await seen_by(admin, userName=warden.user_name)
    assert seen["lockedUntil"] is None, "it is over"


async def test_an_administrator_of_a_community_manages_that_community(
    world: World, community_admin: Actor
) -> None:
    names = {row["userName"] for row in await seen_by(community_admin)}
    assert world.staff["warden 1"].user_name in names
    assert world.staff["warden 2"].user_name not in names
    other = world.tenants[1].ids
    for name, given in (
        ("leaveStaffMember", {"staffId": other["staff"]}),
        ("resetStaffPassword", {"staffId": other["staff"], "password": PASSWORD}),
        ("resetSecondFactor", {"staffId": other["staff"]}),
        ("addApp", app_of(gridCode=other["gridCode"])),
    ):
        code, _, _ = await refused(community_admin, name, **given)
        assert code == "NOT_FOUND", name
    found = await ask(
        "query($id: ID!) { node(id: $id) { id } }", community_admin, {"id": other["staff"]}
    )
    assert found == {"data": {"node": None}}


async def test_apps_are_listed_where_they_are_managed(
    world: World, admin: Actor, community_admin: Actor
) -> None:
    there = await do(admin, "addApp", **app_of(gridCode=COMMUNITIES[1]))
    names = lambda data: [app["id"] for app in data["apps"]["nodes"]]  # noqa: E731 - read twice
    town = await data_of(APPS, admin)
    assert names(town)[0] == there["app"]["id"], "the newest first"
    assert len(names(town)) == 4
    assert names(await data_of(APPS, community_admin)) == names(town)[2:]


# Staff


async def test_somebody_new_signs_in_and_must_set_up_the_second_factor(admin: Actor) -> None:
    added = await do(
        admin, "addStaffMember", userName=" New.Warden ", name=" 新测试员 ", password=PASSWORD
    )
    assert added["staffMember"] == {
        "id": added["staffMember"]["id"],
        "userName": "new.warden",
        "name": "新测试员",
        "posts": [],
        "secondFactor": False,
        "leftAt": None,
    }
    session = (await enter("new.warden")).session
    assert session.enrolling


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"userName": "x"}, ("INVALID_INPUT", "input.userName", "USER_NAME")),
        ({"userName": "王莉"}, ("INVALID_INPUT", "input.userName", "USER_NAME")),
        ({"userName": "staff.spare"}, ("CONFLICT", "input.userName", "USER_NAME_TAKEN")),
        ({"name": " "}, ("INVALID_INPUT", "input.name", "EMPTY")),
        ({"password": "short"}, ("INVALID_INPUT", "input.password", "PASSWORD_LENGTH")),
        ({"password": "aaaaaaaaaaaaaaaa"}, ("INVALID_INPUT", "input.password", "PASSWORD_WEAK")),
        ({"password": "my new.warden 12"}, ("INVALID_INPUT", "input.password", "PASSWORD_WEAK")),
    ],
    ids=lambda given: " ".join(map(str, given)),
)
async def test_nobody_is_taken_on_against_the_rules(
    admin: Actor, changes: dict[str, str], expected: tuple[str, str, str]
) -> None:
    given = {"userName": "new.warden", "name": "新测试员", "password": PASSWORD, **changes}
    assert await refused(admin, "addStaffMember", **given) == expected


async def test_the_same_request_with_another_password_is_refused(admin: Actor) -> None:
    given = {"requestId": new_id(), "userName": "new.one", "name": "测试", "password": PASSWORD}
    await do(admin, "addStaffMember", **given)
    code, field, _ = await refused(admin, "addStaffMember", **{**given, "password": OTHER_PASSWORD})
    assert (code, field) == ("REQUEST_ID_REUSED", "input.requestId")
    assert await enter("new.one")


async def test_who_left_has_no_posts_no_sessions_and_no_way_in(world: World, admin: Actor) -> None:
    warden = world.staff["warden 1"]
    token, actor = world.tokens["warden 1"], world.actors["warden 1"]
    left = await do(admin, "leaveStaffMember", staffId=world.tenants[0].ids["staff"], reason="调离")
    assert left["staffMember"]["posts"] == []
    assert left["staffMember"]["leftAt"] is not None
    assert not await still_good(actor)
    assert await is_over(token)
    assert (
        await fetch(
            "SELECT ends_on FROM grid_post WHERE staff_id = $1 AND ends_on > $2", warden.id, today()
        )
        == []
    )
    assert (
        await fetch("SELECT id FROM session WHERE staff_id = $1 AND ended_at IS NULL", warden.id)
        == []
    )
    posts = "query($code: String!) { grids(parentCode: $code) { nodes { posts { staffName } } } }"
    grids = await data_of(posts, admin, {"code": COMMUNITIES[0]})
    assert all(grid["posts"] == [] for grid in grids["grids"]["nodes"])
    # For the supervisor they are gone, for the administrator they stand there as gone.
    assert await seen_by(world.actors["supervisor 1"], userName=warden.user_name) == []
    assert len(await seen_by(admin, userName=warden.user_name)) == 1


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("leaveStaffMember", {}),
        ("resetStaffPassword", {"password": PASSWORD}),
        ("resetSecondFactor", {}),
    ],
)
async def test_nothing_is_done_to_oneself_or_to_who_has_left(
    world: World, admin: Actor, name: str, given: dict[str, str]
) -> None:
    own = global_id("StaffMember", world.staff["admin"].id)
    assert await refused(admin, name, staffId=own, **given) == ("WRONG_STATE", None, "YOURSELF")
    staff_id = world.tenants[0].ids["staff"]
    await do(admin, "leaveStaffMember", staffId=staff_id)
    assert await refused(admin, name, staffId=staff_id, **given) == (
        "WRONG_STATE",
        None,
        "HAS_LEFT",
    )


@pytest.mark.parametrize("name", ["leaveStaffMember", "resetSecondFactor"])
async def test_reasons_are_text_that_can_be_kept(world: World, admin: Actor, name: str) -> None:
    for reason in ("x" * 201, "a\0b"):
        code, field, _ = await refused(
            admin, name, staffId=world.tenants[0].ids["staff"], reason=reason
        )
        assert (code, field) == ("INVALID_INPUT", "input.reason")


async def test_a_new_password_lifts_the_lock_out_and_ends_the_sessions(admin: Actor) -> None:
    staff_id = await taken_on(admin)
    session = await enter("new.warden")
    await StaffMember.filter(user_name="new.warden").update(
        locked_until=now() + timedelta(minutes=15)
    )
    done = await do(admin, "resetStaffPassword", staffId=staff_id, password=OTHER_PASSWORD)
    assert done["staffMember"]["lockedUntil"] is None
    assert await is_over(session.access.text)
    with pytest.raises(Unauthenticated):
        await enter("new.warden")
    assert await enter("new.warden", OTHER_PASSWORD)
    assert await refused(admin, "resetStaffPassword", staffId=staff_id, password="short") == (
        "INVALID_INPUT",
        "input.password",
        "PASSWORD_LENGTH",
    )


async def test_a_lost_second_factor_is_set_up_anew(admin: Actor) -> None:
    staff_id = await taken_on(admin)
    opened = await enter("new.warden")
    actor = await actor_from_token(opened.access.text)
    enrol = "mutation($input: EnrolTotpInput!) { enrolTotp(input: $input) { otpauthUri } }"
    begun = await data_of(enrol, actor, {"input": {}})
    code = pyotp.parse_uri(begun["enrolTotp"]["otpauthUri"])
    assert isinstance(code, pyotp.TOTP)
    await data_of(enrol, actor, {"input": {"code": code.at(now())}})
    (seen,) = await seen_by(admin, userName="new.warden")
    assert seen["secondFactor"] is True
    with pytest.raises(Unauthenticated):
        await enter("new.warden")
    done = await do(admin, "resetSecondFactor", staffId=staff_id, reason="手机遗失")
    assert done["staffMember"]["secondFactor"] is False
    assert await is_over(opened.access.text)
    assert (await enter("new.warden")).session.enrolling


async def test_ones_own_password_is_changed_by_who_knows_the_old_one(admin: Actor) -> None:
    await taken_on(admin)
    # Without a second factor they could do nothing but set one up.
    await StaffMember.filter(user_name="new.warden").update(second_factor_waived=True)
    opened = [await enter("new.warden"), await enter("new.warden")]
    actor = await actor_from_token(opened[0].access.text)
    given = {"old": PASSWORD, "new": OTHER_PASSWORD}
    for changes, expected in (
        ({"new": "short"}, ("INVALID_INPUT", "input.new", "PASSWORD_LENGTH")),
        ({"old": "wrong"}, ("INVALID_INPUT", "input.old", "WRONG_PASSWORD")),
    ):
        assert await refused(actor, "changePassword", **{**given, **changes}) == expected
    assert await do(actor, "changePassword", **given) == {"sessions": 2}
    assert all([await is_over(session.access.text) for session in opened])
    with pytest.raises(Unauthenticated):
        await enter("new.warden")
    assert await enter("new.warden", OTHER_PASSWORD)


# Apps


def app_of(**changes: Any) -> dict[str, Any]:
    return {
        "name": "测试地图",
        "scopes": ["places:read", "grids:read"],
        "gridCode": COMMUNITIES[0],
        "contact": "nobody@example.test",
        "expiresAt": (now() + timedelta(days=30)).isoformat(),
        **changes,
    }


async def test_an_app_is_let_in_and_kept_out(admin: Actor) -> None:
    given = app_of(requestId=new_id())
    added = await do(admin, "addApp", **given)
    app, secret = added["app"], added["secret"]
    assert app["scopes"] == ["grids:read", "places:read"]
    assert app["grid"] == {"code": COMMUNITIES[0]}
    credentials = {"client_id": app["clientId"], "secret": secret}
    token = (await app_token(VISITOR, **credentials)).access.text
    asker = await actor_from_token(token)
    assert (await data_of("{ places { nodes { code } } }", asker))["places"]["nodes"]

    # The secret is in the first answer only; a repeat makes no second app.
    apps = await App.all().count()
    assert await do(admin, "addApp", **given) == {"app": app, "secret": None}
    assert await App.all().count() == apps
    assert await fetch("SELECT id FROM app WHERE app::text LIKE '%' || $1 || '%'", secret) == []
    assert await fetch("SELECT id FROM request_claim t WHERE t::text LIKE '%' || $1 || '%'",
                       secret) == []  # fmt: skip

    out = await do(admin, "revokeApp", appId=app["id"], reason="滥用")
    assert out["app"]["revokedAt"] is not None
    assert not await still_good(asker)
    assert await is_over(token)
    with pytest.raises(Unauthenticated):
        await app_token(VISITOR, **credentials)
    assert await refused(admin, "revokeApp", appId=app["id"]) == (
        "WRONG_STATE",
        None,
        "REVOKED_ALREADY",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scopes": []}, ("INVALID_INPUT", "input.scopes", "SCOPES")),
        ({"scopes": ["staff:manage"]}, ("INVALID_INPUT", "input.scopes", "SCOPES")),
        ({"gridCode": "nowhere"}, ("INVALID_INPUT", "input.gridCode", "UNKNOWN_GRID")),
        ({"name": ""}, ("INVALID_INPUT", "input.name", "EMPTY")),
        ({"contact": "x"}, ("INVALID_INPUT", "input.contact", "TOO_SHORT")),
        ({"expiresAt": "2020-01-01T00:00+08:00"}, ("INVALID_INPUT", "input.expiresAt", "EXPIRY")),
        ({"expiresAt": "9999-12-31T23:59-12:00"}, ("INVALID_INPUT", "input.expiresAt", "EXPIRY")),
        ({"expiresAt": "0001-01-01T00:00+12:00"}, ("INVALID_INPUT", "input.expiresAt", "EXPIRY")),
        ({"ratePerMinute": 6001}, ("INVALID_INPUT", "input.ratePerMinute", "RATE")),
    ],
    ids=lambda given: " ".join(map(str, given)),
)  # fmt: skip
async def test_no_app_is_let_in_against_the_rules(
    admin: Actor, changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert await refused(admin, "addApp", **app_of(**changes)) == expected


@pytest.mark.parametrize("moment", ["2027-01-01T00:00:00", "tomorrow", "", 7, "2027-02-30T00:00Z"])
async def test_a_moment_without_an_offset_is_none(admin: Actor, moment: Any) -> None:
    code, _, _ = await refused(admin, "addApp", **app_of(expiresAt=moment))
    assert code == "INVALID_INPUT"


# Accounts


async def test_a_locked_account_is_out_until_it_is_unlocked(world: World, admin: Actor) -> None:
    actor, token = world.actors["resident"], world.tokens["resident"]
    locked = await do(admin, "lockAccount", phone="+86 138-0000-0000", reason="骚扰他人")
    assert locked["account"]["id"] == global_id("Account", world.accounts["resident"].id)
    assert locked["account"]["lockedAt"] is not None
    assert not await still_good(actor)
    assert await is_over(token)
    given = {"phone": RESIDENT, "reason": "再次"}
    assert await refused(admin, "lockAccount", **given) == ("WRONG_STATE", None, "LOCKED_ALREADY")

    unlocked = await do(admin, "unlockAccount", phone=RESIDENT)
    assert unlocked["account"] == {"id": locked["account"]["id"], "lockedAt": None}
    assert await is_over(token), "a session that ended stays ended"
    assert not await is_over(await token_of(world.accounts["resident"]))
    assert await refused(admin, "unlockAccount", phone=RESIDENT) == (
        "WRONG_STATE",
        None,
        "NOT_LOCKED",
    )


async def test_the_reason_of_a_lock_is_on_record_and_the_number_is_not(admin: Actor) -> None:
    await do(admin, "lockAccount", phone=RESIDENT, reason="骚扰他人")
    (entry,) = await fetch(
        "SELECT reason, t::text AS text FROM audit_entry t WHERE action = 'lockAccount'"
    )
    assert entry["reason"] == "骚扰他人"
    assert RESIDENT not in entry["text"]


async def test_a_lock_makes_no_account_and_needs_a_reason(admin: Actor) -> None:
    for name, more in (("lockAccount", {"reason": "测试"}), ("unlockAccount", {})):
        assert await refused(admin, name, phone=NOBODY, **more) == (
            "NOT_FOUND",
            "input.phone",
            None,
        )
        assert await refused(admin, name, phone="12345", **more) == (
            "INVALID_INPUT",
            "input.phone",
            "PHONE_NUMBER",
        )
    assert await refused(admin, "lockAccount", phone=RESIDENT, reason=" ") == (
        "INVALID_INPUT",
        "input.reason",
        "EMPTY",
    )


async def test_who_closes_their_account_runs_and_lets_nothing_any_more(world: World) -> None:
    actor, tenant = world.actors["landlord A"], world.tenants[0]
    request_id = new_id()
    own = PlaceClaim.filter(place_id=tenant.place.id, account_id=actor.id)
    before = await own.count()
    assert await do(actor, "closeAccount", requestId=request_id) == {"closed": True}
    assert await is_over(world.tokens["landlord A"])
    account = await Account.get(id=world.accounts["landlord A"].id)
    assert (account.phone, account.phone_index, account.display_name) == (None, None, "")
    assert account.closed_at is not None
    assert [claim.state for claim in await own] == [ClaimState.ENDED] * before
    assert before
    mine = await Listing.filter(landlord_id=account.id)
    assert {listing.state for listing in mine} == {ListingState.WITHDRAWN}
    others = await Listing.filter(landlord_id=world.accounts["landlord B"].id).exclude(
        id=world.tenants[1].over.id
    )
    assert ListingState.WITHDRAWN not in {listing.state for listing in others}
    async with work(SYSTEM):
        assert (await account_for_phone(LANDLORD)).id != account.id

    # What was under way when the session ended: the repeat answers, nothing else is let through.
    assert await do(actor, "closeAccount", requestId=request_id) == {"closed": True}
    code, _, _ = await refused(actor, "closeAccount")
    assert code == "NOT_FOUND"
    answer = await ask(
        "mutation($input: SetDisplayNameInput!) { setDisplayName(input: $input) {"
        " viewer { name } } }",
        actor,
        {"input": {"requestId": new_id(), "displayName": "还在"}},
    )
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await Account.get(id=account.id)).display_name == ""


async def test_a_closed_account_can_be_neither_found_nor_locked(world: World, admin: Actor) -> None:
    await do(world.actors["resident"], "closeAccount")
    code, field, _ = await refused(admin, "lockAccount", phone=RESIDENT, reason="测试")
    assert (code, field) == ("NOT_FOUND", "input.phone")


async def test_a_repeat_by_somebody_who_may_no_longer_see_it_is_refused(
    world: World, admin: Actor, community_admin: Actor
) -> None:
    given = {
        "requestId": new_id(),
        "staffId": world.tenants[0].ids["staff"],
        "password": PASSWORD,
    }
    await do(community_admin, "resetStaffPassword", **given)
    await do(
        admin,
        "postWarden",
        staffId=given["staffId"],
        gridCode=world.tenants[1].ids["gridCode"],
    )
    code, _, _ = await refused(community_admin, "resetStaffPassword", **given)
    assert code == "NOT_FOUND"
