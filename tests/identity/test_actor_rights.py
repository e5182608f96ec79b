"""What an actor may do where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actor import (
    APP_SCOPES,
    ROLE_PERMISSIONS,
    SEPARATED_ROLES,
    SYSTEM,
    Actor,
    ActorKind,
    Permission,
    Role,
    anonymous,
    rights_from,
)

TOWN = "441900122/"
COMMUNITY = "441900122/441900122002/"
GRID = "441900122/441900122002/441900122002-01/"
OTHER = "441900122/441900122003/"


def actor(*paths: str, permission: Permission = Permission.PLACES_READ) -> Actor:
    return Actor(kind=ActorKind.STAFF, rights=rights_from((permission, path) for path in paths))


def test_a_right_holds_in_its_grid_and_beneath_and_nowhere_else() -> None:
    someone = actor(COMMUNITY)
    assert someone.may(Permission.PLACES_READ, COMMUNITY)
    assert someone.may(Permission.PLACES_READ, GRID)
    assert not someone.may(Permission.PLACES_READ, TOWN)
    assert not someone.may(Permission.PLACES_READ, OTHER)
    assert not someone.may(Permission.PLACES_WRITE, GRID)


def test_a_code_that_begins_like_another_is_another_grid() -> None:
    assert not actor("44/").may(Permission.PLACES_READ, "441/")


def test_paths_beneath_another_are_left_out() -> None:
    assert actor(GRID, COMMUNITY, OTHER, COMMUNITY).paths(Permission.PLACES_READ) == (
        COMMUNITY,
        OTHER,
    )


codes = st.lists(st.sampled_from(["1", "12", "2", "2-1"]), max_size=3)
a_path = codes.map(lambda parts: "".join(f"{part}/" for part in parts))


@given(st.lists(a_path, max_size=6), a_path)
def test_the_fewest_paths_allow_what_all_of_them_allow(held: list[str], asked: str) -> None:
    someone = actor(*held)
    assert someone.may(Permission.PLACES_READ, asked) == any(asked.startswith(p) for p in held)
    kept = someone.paths(Permission.PLACES_READ)
    assert not any(a != b and a.startswith(b) for a in kept for b in kept)


def test_nobody_may_nothing_and_the_system_everything() -> None:
    assert not any(anonymous().may(permission, TOWN) for permission in Permission)
    assert all(SYSTEM.may(permission, GRID) for permission in Permission)
    assert SYSTEM.paths(Permission.PLACES_READ) == ("",)


def test_every_role_has_its_permissions() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert all(ROLE_PERMISSIONS.values())


def test_the_administrator_of_sign_ins_sees_no_files() -> None:
    forbidden = {p for p in Permission if p.value.split(":")[0] in {"places", "claims", "listings"}}
    assert not ROLE_PERMISSIONS[Role.ADMIN] & forbidden
    assert Permission.AUDIT_READ not in ROLE_PERMISSIONS[Role.ADMIN]


def test_the_auditor_changes_nothing() -> None:
    assert all(p.value.endswith(":read") for p in ROLE_PERMISSIONS[Role.AUDITOR])
    others = set(Role) - {Role.AUDITOR}
    assert not any(Permission.AUDIT_READ in ROLE_PERMISSIONS[role] for role in others)
    assert {Role.AUDITOR, Role.ADMIN} == SEPARATED_ROLES


def test_only_administrators_manage_staff_and_apps() -> None:
    for permission in (Permission.STAFF_MANAGE, Permission.APPS_MANAGE, Permission.ACCOUNTS_LOCK):
        assert [role for role in Role if permission in ROLE_PERMISSIONS[role]] == [Role.ADMIN]


def test_apps_never_see_contacts_or_manage_anything() -> None:
    assert not any(scope.value.endswith((":manage", ":contact", ":decide")) for scope in APP_SCOPES)


def test_an_actor_keeps_names_and_addresses_out_of_what_is_printed() -> None:
    someone = Actor(kind=ActorKind.ACCOUNT, name="测试甲", address="a1b2")
    assert "测试甲" not in repr(someone)
    assert "a1b2" not in repr(someone)


def test_an_actor_does_not_change() -> None:
    with pytest.raises(AttributeError):
        anonymous().kind = ActorKind.SYSTEM  # type: ignore[misc]
    with pytest.raises(TypeError):
        SYSTEM.rights[Permission.PLACES_READ] = ()  # type: ignore[index]
