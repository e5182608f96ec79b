"""The people of a synthetic town: staff with their posts, accounts, and one program."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.seed import cast, words
from api.seed.cast import sample_phone
from api.seed.chance import Chance
from api.seed.town import Row, Town
from core.crypto import ring
from identity.actor import Role
from identity.departments import DEPARTMENTS
from identity.models import DutyGroup

# Phones of the cast come first.
_FIRST_PHONE: Final = 100
_DUTIES: Final = (DutyGroup.INSPECTION, DutyGroup.INFORMATION, DutyGroup.RECTIFICATION)


def take_on_staff(town: Town, password_hash: str) -> None:
    """Departments, staff and posts: two wardens or more for every third-level grid, a supervisor
    for every community, somebody for every department, and the fixed cast."""
    Staff(town, password_hash).take_on()


class Staff:
    """Takes people on, one after the other."""

    def __init__(self, town: Town, password_hash: str) -> None:
        self._town = town
        self._chance = town.chance("staff")
        self._password_hash = password_hash
        self._paths = {site.code: site.path for site in town.sites}
        self._paths |= {code: row["path"] for code, row in town.communities.items()}
        self._paths[cast.TOWN] = f"{cast.TOWN}/"

    def take_on(self) -> None:
        """Everybody."""
        self._departments()
        for clerk in cast.STAFF:
            staff_id = self._hire(clerk.user_name, clerk.name)
            lead = clerk.role is Role.WARDEN
            post = self._post(
                staff_id, clerk.grid_code, clerk.role, department=clerk.department, lead=lead
            )
            if lead:
                self._town.wardens[clerk.grid_code] = staff_id
                self._lead_posts = {clerk.grid_code: post["id"]}
        self._wardens()
        for serial, code in enumerate(self._town.communities, start=1):
            self._post(self._named("supervisor", serial), code, Role.SUPERVISOR)
        for serial, (department, _, _) in enumerate(DEPARTMENTS, start=1):
            member = self._named("department", serial)
            self._post(member, cast.TOWN, Role.DEPARTMENT, department=department)
        for serial, (department, _, _) in enumerate(DEPARTMENTS[:3], start=1):
            member = self._named("enforcement", serial)
            self._post(member, cast.TOWN, Role.ENFORCEMENT, department=department)
        self._post(self._named("desk", 1), cast.TOWN, Role.SERVICE_DESK)

    def _wardens(self) -> None:
        """Rounds over the grids: first a lead for each, then a deputy for each, then more."""
        sites, wanted = self._town.sites, self._town.size.wardens - 1
        serial = 0
        for turn in range(wanted + len(sites)):
            site = sites[turn % len(sites)]
            leading = turn < len(sites)
            if serial >= wanted or (leading and site.code in self._lead_posts):
                continue
            serial += 1
            staff_id = self._named("warden", serial)
            if leading:
                post = self._post(staff_id, site.code, Role.WARDEN, lead=True)
                self._lead_posts[site.code] = post["id"]
                self._town.wardens[site.code] = staff_id
            else:
                deputy_of = self._lead_posts[site.code] if turn < 2 * len(sites) else None
                self._post(staff_id, site.code, Role.WARDEN, deputy_of=deputy_of)

    def _departments(self) -> None:
        known = self._town.department_ids
        for code, name_zh, name_en in DEPARTMENTS:
            if code not in known:
                known[code] = Chance(0, f"department {code}").uuid7(self._town.start)
                self._town.add(
                    "department", id=known[code], code=code, name_zh=name_zh, name_en=name_en
                )

    def _named(self, kind: str, serial: int) -> UUID:
        return self._hire(f"{kind}.{serial:04d}", words.person(self._chance))

    def _hire(self, user_name: str, name: str) -> UUID:
        start = self._town.start
        joined = self._chance.moment(start, start + timedelta(days=14))
        staff_id = self._chance.uuid7(joined)
        self._town.add(
            "staff_member",
            id=staff_id,
            user_name=user_name,
            name=name,
            password_hash=self._password_hash,
            totp_last_step=0,
            second_factor_waived=True,  # has an effect in development only
            failures=0,
            joined_at=joined,
        )
        return staff_id

    def _post(
        self,
        staff_id: UUID,
        grid_code: str,
        role: Role,
        *,
        department: str | None = None,
        lead: bool = False,
        deputy_of: UUID | None = None,
    ) -> Row:
        start = self._town.start + timedelta(days=14)
        begins = self._chance.moment(start, start + timedelta(days=14))
        duty = None
        if role is Role.WARDEN:
            duty = _DUTIES[0] if lead else self._chance.one_of(_DUTIES)
        elif role is Role.SERVICE_DESK:
            duty = DutyGroup.SERVICE_DESK
        return self._town.add(
            "grid_post",
            id=self._chance.uuid7(begins),
            staff_id=staff_id,
            grid_code=grid_code,
            grid_path=self._paths[grid_code],
            role=role,
            duty_group=duty,
            department_id=self._town.department_ids[department] if department else None,
            lead=lead,
            deputy_of_id=deputy_of,
            starts_on=begins.date(),
            created_at=begins,
        )


class Accounts:
    """Accounts of residents and landlords, each with a sample number of its own."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._chance = town.chance("accounts")
        self._serial = _FIRST_PHONE
        self.demo_landlord = self.open("演示房东", town.start, phone=cast.LANDLORD_PHONE)
        self.demo_resident = self.open("演示租客", town.start, phone=cast.RESIDENT_PHONE)
        self._landlords: list[UUID] = []
        self.seekers: list[Row] = []

    def open(self, name: str, moment: datetime, *, phone: str | None = None) -> UUID:
        """Another account, its number sealed and indexed as the app does it."""
        account_id = self._chance.uuid7(moment)
        if phone is None:
            phone = sample_phone(self._serial)
            self._serial += 1
        self._town.add(
            "account",
            id=account_id,
            phone=ring().encrypt(phone, table="account", column="phone", row=account_id),
            phone_index=ring().index(phone, table="account", column="phone_index"),
            display_name=name,
            created_at=moment,
        )
        return account_id

    def landlord(self, before: datetime) -> UUID:
        """Somebody who runs a house since then: most run one or two."""
        if self._landlords and self._chance.happens(0.4):
            return self._chance.one_of(self._landlords[-50:])
        opened = self._chance.moment(before - timedelta(days=20), before)
        account_id = self.open(f"演示房东{len(self._landlords) + 1:04d}", opened)
        self._landlords.append(account_id)
        return account_id

    def residents(self) -> None:
        """Those who only look for a room."""
        for serial in range(1, self._town.size.residents):
            moment = self._chance.moment(self._town.start, self._town.end)
            self.open(f"演示租客{serial:04d}", moment)
            self.seekers.append(self._town.rows["account"][-1])


def let_an_app_in(town: Town) -> None:
    """The program of a third party, reading everything that apps may read."""
    chance = town.chance("apps")
    moment = chance.moment(town.start, town.end)
    app_id = chance.uuid7(moment)
    contact = "样例单位，app@example.com"
    town.add(
        "app",
        id=app_id,
        client_id=cast.CLIENT_ID,
        name="样例第三方应用",
        secret_hash=hashlib.sha256(cast.CLIENT_SECRET.encode()).hexdigest(),
        scopes=sorted(cast.CLIENT_SCOPES),
        grid_path=f"{cast.TOWN}/",
        contact=ring().encrypt(contact, table="app", column="contact", row=app_id),
        rate_per_minute=600,
        created_at=moment,
        # A demonstration should not break on a day of its own: longer than real apps may live.
        expires_at=town.end + timedelta(days=3653),
    )
