"""Staff paint over parts of pictures, and look at them as they were."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from landlord.redaction import redact_photo, redaction_by_id, redactions_of, reveal_original
from media.models import Photo as PhotoRow
from media.models import Redaction
from media.photos import PHOTO_COLUMNS, original_url
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import row_id
from schema.once import Requested, run_once
from schema.types.listings import Photo, photo_row
from schema.types.redaction import (
    REDACT,
    PhotoAreaInput,
    PhotoRedaction,
    areas_of,
    redaction_columns,
    shape_redactions,
)


@gql_input
class RedactPhotoInput(Requested):
    """What is painted over, and why."""

    photo_id: strawberry.ID = given("The picture, of a listing or a place.")
    areas: list[PhotoAreaInput] = given("1 to 20 areas.")
    reason: str = given("Why: 2 to 200 characters; it goes on record.")


@gql_input
class RevealOriginalInput(Requested):
    """Which picture to see as it was, and why."""

    redaction_id: strawberry.ID = given("The redaction.")
    reason: str = given("Why: 2 to 200 characters; it goes on record.")


@gql_type(access=REDACT)
class RedactPhotoPayload:
    """The picture from now on."""

    photo: Photo = attr("The picture, under new addresses.")
    redaction: PhotoRedaction = attr("What was done.")


@gql_type(access=REDACT)
class RevealOriginalPayload:
    """A picture as it was."""

    url: str = attr("720 pixels wide, WebP; good for ten minutes; pass it on to nobody.")
    redaction: PhotoRedaction = attr("The redaction before which it looked so.")


async def _redaction(info: Info, redaction_id: UUID) -> dict[str, Any]:
    want = selected(info)
    columns = redaction_columns(want["redaction"]) if "redaction" in want else ["id"]
    row = await redaction_by_id(info.context.actor, redaction_id, columns)
    if row is None:
        raise NotFound
    return shape_redactions([row])[0]


@root_type
class RedactionQueries:
    """What was painted over."""

    @query(list[PhotoRedaction], access=REDACT, cost=5)
    async def photo_redactions(
        self,
        info: Info,
        photo_id: Annotated[strawberry.ID, strawberry.argument(description="The picture.")],
    ) -> list[dict[str, Any]]:
        """What was painted over in a picture while it hung in your grids, the newest first."""
        wanted = row_id(photo_id, "Photo", field="photoId")
        columns = redaction_columns(selected(info))
        return shape_redactions(await redactions_of(info.context.actor, wanted, columns))


@root_type
class RedactionMutations:
    """Pictures are painted over."""

    @mutation(RedactPhotoPayload, access=REDACT)
    async def redact_photo(
        self,
        info: Info,
        input: Annotated[RedactPhotoInput, strawberry.argument(description="What, and why.")],
    ) -> dict[str, Any]:
        """Paint over parts of a picture of a listing or place (遮盖), for everybody and for good.
        The picture as it was is kept under lock for a time."""
        photo_id = row_id(input.photo_id, "Photo", field="input.photoId")
        redaction_id = await run_once(
            info,
            input,
            lambda: redact_photo(
                info.context.actor,
                photo_id=photo_id,
                areas=areas_of(input.areas),
                reason=input.reason,
            ),
        )
        rows = await PhotoRow.filter(id=photo_id).values(*PHOTO_COLUMNS)
        if not rows:
            raise NotFound
        return {
            "photo": photo_row(rows[0], info.context.language),
            "redaction": await _redaction(info, redaction_id),
        }

    @mutation(RevealOriginalPayload, access=REDACT)
    async def reveal_original(
        self,
        info: Info,
        input: Annotated[RevealOriginalInput, strawberry.argument(description="Which, why.")],
    ) -> dict[str, Any]:
        """A picture as it was before it was redacted. Each look and its reason go on record."""
        redaction_id = row_id(input.redaction_id, "PhotoRedaction", field="input.redactionId")
        actor = info.context.actor
        seen: list[Redaction] = []

        async def disclose() -> Redaction:
            seen.append(
                await reveal_original(actor, redaction_id=redaction_id, reason=input.reason)
            )
            return seen[-1]

        await run_once(info, input, disclose)
        if not seen:  # a repeat looks once more, so it goes on record once more
            await disclose()
        return {
            "url": original_url(seen[-1].locked_key),
            "redaction": await _redaction(info, redaction_id),
        }
