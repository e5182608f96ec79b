"""Hazards of a synthetic town: in every state, each with its history, its report and its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from api.seed.cast import GRID, sample_phone
from api.seed.chance import Chance
from api.seed.people import Accounts
from api.seed.town import Row, Town
from core.crypto import ring
from identity.actor import ActorKind, Role
from management.hazards.categories import CATEGORIES, Category
from management.hazards.table import table
from management.hazards.tokens import hash_of, token_of
from management.models import (
    FollowReason,
    HazardAction,
    HazardClosure,
    HazardSource,
    HazardState,
    Lifecycle,
    PlaceBlockKind,
    Severity,
    TaskAction,
    TaskKind,
    TaskState,
)

_A, _S = HazardAction, HazardState

# How a hazard came to stand where it stands, and what share of all do.
_TO_RECTIFYING: Final = (
    (_A.ACCEPT, _S.ACCEPTED), (_A.DISPATCH, _S.DISPATCHED), (_A.START, _S.RECTIFYING),
)  # fmt: skip
_TO_FOLLOW_UP: Final = (*_TO_RECTIFYING, (_A.SUBMIT, _S.SUBMITTED), (_A.PASS, _S.FOLLOW_UP))
_WAYS: Final[Mapping[HazardState, Sequence[tuple[HazardAction, HazardState]]]] = {
    _S.REPORTED: (),
    _S.ACCEPTED: _TO_RECTIFYING[:1],
    _S.DISPATCHED: _TO_RECTIFYING[:2],
    _S.RECTIFYING: _TO_RECTIFYING,
    _S.SUBMITTED: _TO_FOLLOW_UP[:4],
    _S.FOLLOW_UP: _TO_FOLLOW_UP,
    _S.ENFORCEMENT: (*_TO_RECTIFYING, (_A.ASK_ENFORCEMENT, _S.ENFORCEMENT)),
    _S.CLOSED: (*_TO_FOLLOW_UP, (_A.CONFIRM_FIXED, _S.CLOSED)),
    _S.REJECTED: ((_A.REJECT, _S.REJECTED),),
    _S.DUPLICATE: ((_A.MARK_DUPLICATE, _S.DUPLICATE),),
}
_SHARES: Final[Mapping[HazardState, int]] = {
    _S.CLOSED: 60, _S.RECTIFYING: 10, _S.DISPATCHED: 6, _S.REPORTED: 6, _S.ACCEPTED: 4,
    _S.SUBMITTED: 4, _S.FOLLOW_UP: 4, _S.REJECTED: 3, _S.DUPLICATE: 2, _S.ENFORCEMENT: 1,
}  # fmt: skip
_SOURCES: Final = (
    HazardSource.RESIDENT, HazardSource.WARDEN, HazardSource.HOTLINE_12345, HazardSource.LANDLORD,
)  # fmt: skip
_BY_ASSIGNEE: Final = frozenset({_A.START, _A.SUBMIT, _A.ASK_ENFORCEMENT})
_OVER: Final = frozenset({_S.CLOSED, _S.REJECTED, _S.DUPLICATE})
_GRID: Final = ("grid_path", "community_code", "grid_code")
_WHERE: Final = (*_GRID, "longitude", "latitude")
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(slots=True)
class Found:
    """A hazard in the making."""

    row: Row
    category: Category
    state: HazardState
    reporter: UUID | None = None
    """The account that reported it."""
    taker: UUID | None = None
    """The member of staff who found it, or took it down for a caller."""


@dataclass
class Finder:
    """Finds hazards, one after the other."""

    town: Town
    accounts: Accounts
    chance: Chance

    def find(self) -> None:
        """What bars houses, then as many as wanted: a share of them where the demonstration is."""
        places = [row for row in self.town.rows["place"] if row["lifecycle"] is Lifecycle.ACTIVE]
        here = [row for row in places if row["grid_code"] == GRID]
        known = {row["id"]: row for row in places}
        rows, states = self.town.rows["hazard"], tuple(_SHARES)
        self._bar(known)
        wanted = self.town.size.hazards - len(rows)
        for serial in range(wanted):
            place = self.chance.one_of(here if serial % 8 == 0 else places)
            # Each state once before any comes again by its share.
            state = states[serial] if serial < len(states) else self._drawn(states)
            before = None
            if state is _S.DUPLICATE:
                before = self.chance.one_of([row for row in rows if row["state"] is not state])
                place = known[before["place_id"]]
            self._at(place, state, before=before)

    def _drawn(self, states: Sequence[HazardState]) -> HazardState:
        return self.chance.weighted(states, [_SHARES[state] for state in states])

    def _bar(self, known: Mapping[UUID, Row]) -> None:
        """Houses that may not let because of an urgent hazard have one, being put right."""
        for block in self.town.rows["place_block"]:
            place = known.get(block["place_id"])
            urgent = block["kind"] is PlaceBlockKind.URGENT_HAZARD and block["ends_at"] is None
            if urgent and place is not None:
                row = self._at(place, _S.RECTIFYING, urgent=True, accepted_at=block["starts_at"])
                block["source"] = f"hazard:{row['id']}"

    def _at(
        self,
        place: Row,
        state: HazardState,
        *,
        urgent: bool = False,
        accepted_at: datetime | None = None,
        before: Row | None = None,
    ) -> Row:
        category = self._category(before, urgent=urgent)
        severity = Severity.URGENT if urgent else category.severity
        if severity is Severity.URGENT and not urgent and state not in _OVER:
            severity = Severity.SERIOUS  # an urgent one would bar its place
        times = self._times(state, severity, accepted_at)
        row = self._row(place, category, severity, state, times, before)
        found = Found(row, category, state)
        self._report(found, times[0])
        self._steps(found, times)
        self._task(found, times[-1])
        return row

    def _category(self, before: Row | None, *, urgent: bool) -> Category:
        if before is not None:
            return CATEGORIES[before["category"]]
        fit = [one for one in CATEGORIES.values() if not urgent or one.severity is Severity.URGENT]
        return self.chance.one_of(fit)

    def _times(
        self, state: HazardState, severity: Severity, accepted_at: datetime | None
    ) -> list[datetime]:
        """When it was reported, and each step since. What is open stands within its limit."""
        steps = len(_WAYS[state])
        gaps = [timedelta(hours=self.chance.amount(0.5, 20)) for _ in range(steps)]
        limit = table().states[state].limit(severity) or timedelta(days=20)
        if state in _OVER:
            first = self.chance.moment(self.town.start + timedelta(days=60), self.town.end)
            last = min(first + sum(gaps, timedelta()), self.town.end)
        else:
            last = self.chance.moment(self.town.end - limit * 0.9, self.town.end)
        times = [last]
        for gap in gaps:
            times.append(times[-1] - gap)
        times.reverse()
        if accepted_at is not None:
            times[:2] = [accepted_at - timedelta(hours=1), accepted_at]
        return times

    def _row(
        self,
        place: Row,
        category: Category,
        severity: Severity,
        state: HazardState,
        times: Sequence[datetime],
        before: Row | None,
    ) -> Row:
        rule, steps = table().states[state], dict(zip(_states(state), times, strict=True))
        limit = rule.limit(severity)
        dispatched = steps.get(_S.DISPATCHED)
        closed = state is _S.CLOSED
        time_to_fix = table().states[_S.RECTIFYING].limit(severity) or timedelta(days=7)
        return self.town.add(
            "hazard",
            id=self.chance.uuid7(times[0]),
            code=f"{times[0]:%y%m%d}-" + "".join(self.chance.one_of(_LETTERS) for _ in range(8)),
            place_id=place["id"],
            room_id=None,
            **{name: place[name] for name in _WHERE},
            category=category.code,
            severity=severity,
            major=False,
            source=self.chance.weighted(_SOURCES, (60, 25, 10, 5)),
            external_no=None,
            state=state,
            open=state not in _OVER,
            state_since=times[-1],
            due_at=times[-1] + limit if limit else None,
            deadline=dispatched + time_to_fix if dispatched else None,
            department_id=self.town.department_ids[category.department] if dispatched else None,
            assignee_id=self._officer(category.department) if _S.RECTIFYING in steps else None,
            assistants=[],
            summary=f"{category.words.zh}，请整改。" if dispatched else "",
            duplicate_of_id=before["id"] if before else None,
            earlier_id=None,
            extended=False,
            enforced=state is _S.ENFORCEMENT,
            not_fixed=0,
            reopened=0,
            escalations=0,
            escalated_to="",
            closed_how=HazardClosure.CONFIRMED if closed else None,
            closed_at=times[-1] if closed else None,
            rating=self.chance.between(3, 5) if closed and self.chance.happens(0.3) else None,
            version=len(times),
            created_at=times[0],
            updated_at=times[-1],
        )

    def _officer(self, department: str) -> UUID:
        wanted = self.town.department_ids[department]
        return self.officers[wanted]

    def _report(self, found: Found, moment: datetime) -> None:
        source, hazard_id = found.row["source"], found.row["id"]
        settled = [row for row in self.accounts.seekers[:200] if row["created_at"] < moment]
        token = phone = None
        if source is HazardSource.RESIDENT and settled and self.chance.happens(0.6):
            found.reporter = self.chance.one_of(settled)["id"]
        elif source is HazardSource.RESIDENT:
            token = hash_of(token_of(hazard_id))
        elif source is HazardSource.LANDLORD:
            found.reporter = self.accounts.demo_landlord
        else:
            found.taker = self.town.wardens[found.row["grid_code"]]
        if source is HazardSource.HOTLINE_12345:
            found.row["external_no"] = f"样例{len(self.town.rows['hazard']):06d}"
            phone = sample_phone(90000 + self.chance.between(0, 999))
        report_id = self.chance.uuid7(moment)
        sealed = {"words": f"【样例】{found.category.words.zh}", "caller_phone": phone}
        self.town.add(
            "hazard_report",
            id=report_id,
            hazard_id=hazard_id,
            account_id=found.reporter,
            staff_id=found.taker,
            **{
                column: text
                and ring().encrypt(text, table="hazard_report", column=column, row=report_id)
                for column, text in sealed.items()
            },
            caller_index=phone
            and ring().index(phone, table="hazard_report", column="caller_index"),
            token_hash=token,
            seen_at=moment,
            received_at=moment,
        )
        if found.reporter is not None:
            self.town.add(
                "hazard_follower",
                id=self.chance.uuid7(moment),
                hazard_id=hazard_id,
                account_id=found.reporter,
                why=FollowReason.REPORTED,
                created_at=moment,
            )

    def _steps(self, found: Found, times: Sequence[datetime]) -> None:
        before: HazardState | None = None
        ways = ((_A.REPORT, _S.REPORTED), *_WAYS[found.state])
        for number, ((action, state), at) in enumerate(zip(ways, times, strict=True), start=1):
            by_kind, account_id, staff_id = self._by(found, action)
            self.town.add(
                "hazard_step",
                id=self.chance.uuid7(at),
                hazard_id=found.row["id"],
                number=number,
                at=at,
                by_kind=by_kind,
                account_id=account_id,
                staff_id=staff_id,
                action=action,
                from_state=before,
                to_state=state,
                details={},
            )
            before = state

    def _by(self, found: Found, action: HazardAction) -> tuple[ActorKind, UUID | None, UUID | None]:
        """Who took a step: the reporter at both ends, staff in between."""
        if (action is _A.REPORT and found.taker is None) or action is _A.CONFIRM_FIXED:
            if found.reporter is None:
                return ActorKind.ANONYMOUS, None, None
            return ActorKind.ACCOUNT, found.reporter, None
        if action in _BY_ASSIGNEE and found.row["assignee_id"] is not None:
            return ActorKind.STAFF, None, found.row["assignee_id"]
        return ActorKind.STAFF, None, found.taker or self.town.wardens[found.row["grid_code"]]

    def _task(self, found: Found, moment: datetime) -> None:
        """Whose turn it is."""
        rule, row = table().states[found.state], found.row
        role = Role.DEPARTMENT if rule.to_assignee else rule.pool
        if role is None or (found.state is _S.FOLLOW_UP and found.reporter is None):
            return
        assignee = row["assignee_id"] if rule.to_assignee else None
        task_id = self.chance.uuid7(moment)
        self.town.add(
            "task",
            id=task_id,
            kind=TaskKind.HAZARD,
            step=found.state.value,
            subject_id=row["id"],
            place_id=row["place_id"],
            **{name: row[name] for name in _GRID},
            role=role,
            department_id=row["department_id"] if rule.to_assignee else None,
            state=TaskState.TAKEN if assignee else TaskState.OPEN,
            assignee_id=assignee,
            not_for=row["assignee_id"] if found.state is _S.SUBMITTED else None,
            admission="",
            minutes=0,
            outcome="",
            due_at=row["due_at"],
            urges=0,
            returns=0,
            version=1,
            created_at=moment,
            taken_at=moment if assignee else None,
        )
        self.town.add(
            "task_step",
            id=self.chance.uuid7(moment),
            task_id=task_id,
            number=1,
            at=moment,
            by_kind=ActorKind.SYSTEM,
            action=TaskAction.RAISE,
        )

    @cached_property
    def officers(self) -> dict[UUID, UUID]:
        """Somebody of each department, by the department."""
        return {
            post["department_id"]: post["staff_id"]
            for post in self.town.rows["grid_post"]
            if post["role"] is Role.DEPARTMENT
        }


def find_hazards(town: Town, accounts: Accounts) -> None:
    """Every hazard of the town, with its history."""
    Finder(town, accounts, town.chance("hazards")).find()


def _states(state: HazardState) -> list[HazardState]:
    """The states in which a hazard has been, by now."""
    return [_S.REPORTED, *(after for _, after in _WAYS[state])]
