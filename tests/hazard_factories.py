"""Rows of hazards for tests, as they would stand after the use cases; everything is made up."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.crypto import seal
from core.ids import token, uuid7
from identity.actor import ActorKind
from management.models import (
    FollowReason,
    Hazard,
    HazardAction,
    HazardClosure,
    HazardFollower,
    HazardPhoto,
    HazardPhotoRole,
    HazardReport,
    HazardSource,
    HazardState,
    HazardStep,
    Place,
    Severity,
)
from media.models import Photo, Purpose

OVER = frozenset({HazardState.CLOSED, HazardState.REJECTED, HazardState.DUPLICATE})


async def hazard(
    at: Place, *, state: HazardState = HazardState.REPORTED, reporter: Any = None, **values: Any
) -> Hazard:
    """A hazard at a place with its report and first step; without ``reporter`` (an account)
    nobody's."""
    moment, hazard_id = now(), uuid7()
    words = values.pop("words", "楼梯口堆满了杂物")
    told: dict[str, Any] = values.pop("report", {})
    closed = state is HazardState.CLOSED
    defaults: dict[str, Any] = {
        "code": f"2601{hazard_id.hex[-10:].upper()}",
        "place_id": at.id,
        "grid_path": at.grid_path,
        "community_code": at.community_code,
        "grid_code": at.grid_code,
        "longitude": at.longitude,
        "latitude": at.latitude,
        "category": "EXIT_BLOCKED",
        "severity": Severity.SERIOUS,
        "source": HazardSource.RESIDENT,
        "open": state not in OVER,
        "state_since": moment,
        "due_at": None if state in OVER else moment,
        "closed_at": moment if closed else None,
        "closed_how": HazardClosure.CONFIRMED if closed else None,
    }
    made = await Hazard.create(id=hazard_id, state=state, **{**defaults, **values})
    account_id = reporter.id if reporter else None
    report = HazardReport(
        hazard_id=made.id, account_id=account_id, seen_at=moment, received_at=moment, **told
    )
    seal(report, "words", words)
    seal(report, "answers", '{"PASSABLE": true}')
    await report.save(force_create=True)
    if reporter:
        await HazardFollower.create(
            hazard_id=made.id, account_id=reporter.id, why=FollowReason.REPORTED
        )
    await HazardStep.create(
        hazard_id=made.id,
        number=1,
        at=moment,
        by_kind=ActorKind.ACCOUNT if reporter else ActorKind.ANONYMOUS,
        account_id=account_id,
        action=HazardAction.REPORT,
        to_state=state,
    )
    return made


async def picture(of: Hazard, *, owner: Any = None, key: str | None = None, **values: Any) -> Photo:
    """A picture of a hazard as it was found, which staff let others see. No files."""
    made = await Photo.create(
        key=key or token(),
        purpose=Purpose.HAZARD,
        owner_id=owner.id if owner else None,
        width=720,
        height=540,
        alt_zh="测试图片",
        alt_en="A test picture",
    )
    position = await HazardPhoto.filter(hazard_id=of.id).count()
    defaults: dict[str, Any] = {"role": HazardPhotoRole.FOUND, "shown": True}
    await HazardPhoto.create(
        hazard_id=of.id, photo_id=made.id, position=position, **{**defaults, **values}
    )
    return made
