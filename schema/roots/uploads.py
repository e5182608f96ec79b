"""Uploads of pictures: announced here, sent by ``PUT``, taken in here."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from core.errors import NotFound
from media.models import Photo as PhotoRow
from media.models import Purpose
from media.photos import PHOTO_COLUMNS
from media.uploads import (
    checked_alt,
    complete_upload,
    may_upload,
    prepare_upload,
    request_upload,
    ticket,
)
from schema.access import PUBLIC, Access
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type
from schema.ids import global_id, row_id
from schema.once import Requested, run_once
from schema.types.listings import Photo, photo_row

UPLOADER = Access("who may upload pictures for anything", may_upload)


@gql_input
class RequestUploadInput(Requested):
    """A picture to come."""

    purpose: Purpose = given("What it is for.")
    content_type: str = given("`image/jpeg`, `image/png` or `image/webp`.")
    size: int = given("Bytes, 10 MB at most.")


@gql_input
class CompleteUploadInput(Requested):
    """A picture that was sent."""

    upload_id: strawberry.ID = given("The upload.")
    alt: str = given(
        "What is seen, in words, up to 80 characters. Kept of pictures for everybody alone: offers"
        " and places.",
        default="",
    )


@gql_type(access=PUBLIC)
class UploadHeader:
    """A header of an HTTP request."""

    name: str = attr("Its name.")
    value: str = attr("Its value.")


@gql_type(access=PUBLIC)
class UploadPayload:
    """Where a picture is sent."""

    upload_id: strawberry.ID = attr("For `completeUpload`.")
    url: str = attr("`PUT` the file here, within 15 minutes.")
    headers: list[UploadHeader] = attr("Headers to send with it; they hold its secret.", size=1)


@gql_type(access=PUBLIC)
class PhotoPayload:
    """The picture."""

    photo: Photo = attr("The picture, drawn anew without metadata.")


@root_type
class UploadMutations:
    """Uploads."""

    @mutation(UploadPayload, access=UPLOADER)
    async def request_upload(
        self,
        info: Info,
        input: Annotated[RequestUploadInput, strawberry.argument(description="The picture.")],
    ) -> dict[str, Any]:
        """Announce a picture and learn where to send it."""
        upload_id = await run_once(
            info,
            input,
            lambda: request_upload(
                info.context.actor,
                purpose=input.purpose,
                content_type=input.content_type,
                size=input.size,
            ),
        )
        where = ticket(upload_id)
        return {
            "upload_id": global_id("Upload", upload_id),
            "url": where.url,
            "headers": [{"name": name, "value": value} for name, value in where.headers.items()],
        }

    @mutation(PhotoPayload, access=UPLOADER)
    async def complete_upload(
        self,
        info: Info,
        input: Annotated[CompleteUploadInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Make a picture of what was sent."""
        actor = info.context.actor
        upload_id = row_id(input.upload_id, "Upload", field="input.uploadId")
        checked_alt(input.alt)
        await prepare_upload(actor, upload_id=upload_id)
        photo_id = await run_once(
            info, input, lambda: complete_upload(actor, upload_id=upload_id, alt=input.alt)
        )
        rows = await PhotoRow.filter(id=photo_id).values(*PHOTO_COLUMNS)
        if not rows:
            raise NotFound
        return {"photo": photo_row(rows[0], info.context.language)}
