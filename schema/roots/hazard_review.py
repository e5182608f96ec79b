"""Staff take reports down, link duplicates, and say what others see of a hazard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from core.errors import NotFound
from identity.actor import ActorKind, Permission
from management.hazards.following import mark_hazard_duplicate
from management.hazards.moderation import (
    Caller,
    moderate_hazard,
    redact_hazard_photo,
    reveal_hazard_caller,
)
from management.hazards.reporting import report_hazard_for
from management.models import HazardSource
from media.models import Photo as PhotoRow
from media.models import Redaction
from media.photos import PHOTO_COLUMNS
from schema.access import Access
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type
from schema.ids import global_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.roots.hazard_reports import HazardPayload, hazard_payload
from schema.types.common import PointInput
from schema.types.hazard_inputs import HazardAnswerInput, statement_of
from schema.types.listings import Photo, photo_row
from schema.types.redaction import PhotoAreaInput, areas_of


def _staff_with(permission: Permission) -> Access:
    return Access(
        f"staff with {permission.value}",
        lambda actor: actor.kind is ActorKind.STAFF and bool(actor.paths(permission)),
    )


_TAKE_DOWN = _staff_with(Permission.HAZARDS_WRITE)
_ACCEPT = _staff_with(Permission.HAZARDS_ACCEPT)
_MODERATE = _staff_with(Permission.HAZARDS_MODERATE)
_CALL = _staff_with(Permission.HAZARDS_FOLLOW_UP)


@gql_input
class ReportHazardForInput(Requested):
    """A hazard that you found, or that a caller told you of."""

    source: HazardSource = given(
        "`WARDEN` what you found yourself, `HOTLINE_12345`, `RESIDENT` a caller, or `SAMPLING`."
    )
    category_code: str = given("What kind of hazard it is.")
    plate_token: str | None = given("Token of the plate at the place.", default=None)
    place_id: strawberry.ID | None = given("In place of a plate: the place.", default=None)
    room_id: strawberry.ID | None = given("A room of the place.", default=None)
    point: PointInput | None = given("Where exactly; needed without a place.", default=None)
    words: str = given("What was said or seen, up to 1,000 characters.", default="")
    photo_ids: list[strawberry.ID] = given(
        "Up to 6 pictures, uploaded for `HAZARD`.", default_factory=list
    )
    answers: list[HazardAnswerInput] = given(
        "Answers to questions of the category.", default_factory=list
    )
    seen_at: datetime | None = given("When it was seen: up to 30 days ago.", default=None)
    caller_name: str = given("Of a caller: their name.", default="")
    caller_phone: str = given("Of a caller: their number.", default="")
    external_no: str | None = given("Of the hotline: its number.", default=None)
    earlier_id: strawberry.ID | None = given("A closed hazard that is there again.", default=None)


@gql_input
class MarkHazardDuplicateInput(Requested):
    """Two hazards that are one."""

    hazard_id: strawberry.ID = given("The one that is ended as a duplicate.")
    original_id: strawberry.ID = given("The one that stays; of a duplicate its original.")


@gql_input
class ModerateHazardInput(Requested):
    """What others than staff read and see of a hazard."""

    hazard_id: strawberry.ID = given("The hazard.")
    summary: str = given(
        "What it is, up to 200 characters: nothing that says who reported it.", default=""
    )
    shown_photo_ids: list[strawberry.ID] = given(
        "Its pictures that others may see; all others are not shown.", default_factory=list
    )


@gql_input
class RedactHazardPhotoInput(Requested):
    """What is painted over in a picture of a hazard, and why."""

    photo_id: strawberry.ID = given("The picture.")
    areas: list[PhotoAreaInput] = given("1 to 20 areas.")
    reason: str = given("Why: 2 to 200 characters; it goes on record.")


@gql_input
class RevealHazardCallerInput(Requested):
    """Whom you call, and why."""

    hazard_id: strawberry.ID = given("The hazard.")
    reason: str = given("Why: 2 to 200 characters; it goes on record.")


@gql_type(access=_CALL)
class HazardCaller:
    """Who reported a hazard, in clear."""

    name: str | None = attr("Their name.")
    phone: str | None = attr("Their number.")


@gql_type(access=_CALL)
class RevealHazardCallerPayload:
    """Whom to call."""

    caller: HazardCaller = attr("Who reported it.")


@gql_type(access=_MODERATE)
class RedactHazardPhotoPayload:
    """The picture from now on."""

    photo: Photo = attr("The picture, under new addresses.")
    redaction_id: strawberry.ID = attr("For `revealOriginal`.")


@root_type
class HazardReviewMutations:
    """Staff take reports down, link duplicates, and say what others see of a hazard."""

    @mutation(HazardPayload, access=_TAKE_DOWN)
    async def report_hazard_for(
        self,
        info: Info,
        input: Annotated[ReportHazardForInput, strawberry.argument(description="The hazard.")],
    ) -> dict[str, Any]:
        """Take a hazard down that you found, or that a caller told you of (代为上报)."""
        said = statement_of(input)
        hazard_id = await run_once(
            info,
            input,
            lambda: report_hazard_for(info.context.actor, source=input.source, statement=said),
        )
        return await hazard_payload(info, hazard_id)

    @mutation(HazardPayload, access=_ACCEPT)
    async def mark_hazard_duplicate(
        self,
        info: Info,
        input: Annotated[MarkHazardDuplicateInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """End a hazard as the same as another; who heard of it hears of that one."""
        hazard_id = row_id(input.hazard_id, "Hazard", field="input.hazardId")
        original_id = row_id(input.original_id, "Hazard", field="input.originalId")
        found = await run_once(
            info,
            input,
            lambda: mark_hazard_duplicate(
                info.context.actor, hazard_id=hazard_id, original_id=original_id
            ),
        )
        return await hazard_payload(info, found)

    @mutation(HazardPayload, access=_MODERATE)
    async def moderate_hazard(
        self,
        info: Info,
        input: Annotated[ModerateHazardInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Write what others read of a hazard, and say which pictures they see."""
        hazard_id = row_id(input.hazard_id, "Hazard", field="input.hazardId")
        shown = row_ids(input.shown_photo_ids, "Photo", field="input.shownPhotoIds")
        found = await run_once(
            info,
            input,
            lambda: moderate_hazard(
                info.context.actor,
                hazard_id=hazard_id,
                summary=input.summary,
                shown_photo_ids=shown,
            ),
        )
        return await hazard_payload(info, found)

    @mutation(RedactHazardPhotoPayload, access=_MODERATE)
    async def redact_hazard_photo(
        self,
        info: Info,
        input: Annotated[RedactHazardPhotoInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Paint over parts of a picture of a hazard, for good."""
        photo_id = row_id(input.photo_id, "Photo", field="input.photoId")
        redaction_id = await run_once(
            info,
            input,
            lambda: redact_hazard_photo(
                info.context.actor,
                photo_id=photo_id,
                areas=areas_of(input.areas),
                reason=input.reason,
            ),
        )
        made = await Redaction.get(id=redaction_id)
        if not info.context.actor.may(Permission.HAZARDS_MODERATE, made.grid_path):
            raise NotFound  # a repeat by who moderates there no longer
        rows = await PhotoRow.filter(id=made.photo_id).values(*PHOTO_COLUMNS)
        return {
            "photo": photo_row(rows[0], info.context.language),
            "redaction_id": global_id("PhotoRedaction", redaction_id),
        }

    @mutation(RevealHazardCallerPayload, access=_CALL)
    async def reveal_hazard_caller(
        self,
        info: Info,
        input: Annotated[RevealHazardCallerInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """See who reported a hazard, to call them back; the reading and its reason go on record."""
        hazard_id = row_id(input.hazard_id, "Hazard", field="input.hazardId")
        actor = info.context.actor
        seen: list[Caller] = []

        async def disclose() -> Caller:
            seen.append(await reveal_hazard_caller(actor, hazard_id=hazard_id, reason=input.reason))
            return seen[-1]

        await run_once(info, input, disclose)
        if not seen:  # a repeat reads once more, so it goes on record once more
            await disclose()
        return {"caller": seen[-1]}
