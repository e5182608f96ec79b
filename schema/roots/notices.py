"""Notices, announcements and alerts; places that people follow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.datums import Point
from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from notifications.models import Audience, NoticeKind, NoticeState
from notifications.notices.drafting import Draft, change_notice, draft_notice
from notifications.notices.following import follow_place, followed_places, unfollow_place
from notifications.notices.preview import preview_notice
from notifications.notices.reading import (
    NoticeFilter,
    announcement,
    announcements,
    list_notices,
    notice_by_id,
    receipts,
)
from notifications.notices.sending import cancel_notice, send_notice
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once
from schema.types.common import PointInput
from schema.types.notices import (
    Announcement,
    AnnouncementConnection,
    FollowedPlace,
    Notice,
    NoticeConnection,
    NoticePreview,
    NoticeReceiptConnection,
    announcement_columns,
    notice_columns,
    shape_announcements,
    shape_followed,
    shape_notices,
    shape_preview,
    shape_receipts,
)

_SENDERS = holds(Permission.NOTICES_SEND)
_Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@gql_input_named("NoticeFilter")
class NoticeFilterInput:
    """Narrows the list; what is left out stays open."""

    state: NoticeState | None = given("In this state.", default=None)
    kind: NoticeKind | None = given("Of this kind.", default=None)
    grid_code: str | None = given("For this grid or one beneath it.", default=None)


async def _notice(info: Info, notice_id: UUID, *path: str) -> dict[str, Any] | None:
    want = selected(info).under(*path)
    row = await notice_by_id(info.context.actor, notice_id, notice_columns(want))
    return (await shape_notices([row], want, info.context))[0] if row else None


@root_type
class NoticeQueries:
    """What staff told many people."""

    @query(NoticeConnection, access=_SENDERS)
    async def notices(
        self,
        info: Info,
        filter: Annotated[
            NoticeFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Notices (通知公告) of the grids where you may send them, newest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_notices(
            info.context.actor,
            filter_by=NoticeFilter(**vars(filter)) if filter else NoticeFilter(),
            page=Page.of(first, after, last, before),
            columns=notice_columns(nodes),
        )
        await shape_notices(page.rows, nodes, info.context)
        return connection(page, want)

    @query(Notice | None, access=_SENDERS)
    async def notice(self, info: Info, id: _Id) -> dict[str, Any] | None:
        """One notice of the grids where you may send them."""
        return await _notice(info, row_id(id, "Notice", field="id"))

    @query(NoticePreview, access=_SENDERS, cost=50)
    async def preview_notice(self, info: Info, id: _Id) -> dict[str, Any]:
        """What a notice would say, and how many it would reach now (预览). Sends nothing."""
        notice_id = row_id(id, "Notice", field="id")
        return shape_preview(await preview_notice(info.context.actor, notice_id=notice_id))

    @query(NoticeReceiptConnection, access=_SENDERS)
    async def notice_receipts(
        self,
        info: Info,
        id: _Id,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Which of the staff have read a notice (已读回执). Of residents only numbers are told."""
        page = await receipts(
            info.context.actor,
            notice_id=row_id(id, "Notice", field="id"),
            page=Page.of(first, after, last, before),
        )
        page.rows[:] = shape_receipts(page.rows)
        return connection(page, selected(info))

    @query(AnnouncementConnection, access=PUBLIC)
    async def announcements(
        self,
        info: Info,
        grid_code: Annotated[
            str | None,
            strawberry.argument(
                description="Those that concern this grid: for it, beneath it, or above it."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What is announced to everybody now (公告), the latest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await announcements(
            grid_code=grid_code,
            page=Page.of(first, after, last, before),
            columns=announcement_columns(nodes),
        )
        await shape_announcements(page.rows, nodes, info.context)
        return connection(page, want)

    @query(Announcement | None, access=PUBLIC)
    async def announcement(self, info: Info, id: _Id) -> dict[str, Any] | None:
        """One announcement, as long as it is public."""
        want = selected(info)
        found = row_id(id, "Announcement", field="id")
        row = await announcement(found, announcement_columns(want))
        return (await shape_announcements([row], want, info.context))[0] if row else None


@gql_input
class DraftNoticeInput(Requested):
    """What a notice says, and whom it is for. Texts are plain: no HTML, no Markdown."""

    kind: NoticeKind = given("What kind.")
    grid_code: str = given("For which grid; you may send notices in all of it.")
    title_zh: str = given("In Chinese, 2 to 30 characters.")
    body_zh: str = given("In Chinese, 2 to 2000 characters; may have line breaks.")
    title_en: str = given(
        "In English, up to 60 characters; with `bodyEn` or not at all.", default=""
    )
    body_en: str = given("In English, up to 4000 characters.", default="")
    audience: list[Audience] = given(
        "Whom in the grid it is told; only an announcement may be told nobody.",
        default_factory=list,
    )
    point: PointInput | None = given(
        "Of an alert: around this point, which lies in the grid. Mind the datum.", default=None
    )
    radius: int | None = given("Of an alert: metres around the point, 50 to 5000.", default=None)
    emergency: bool = given(
        "Of an alert: told at night too. All landlords and residents there are told.",
        default=False,
    )
    reason: str = given("Why it is an emergency, for the record: 5 to 200 characters.", default="")
    shown_until: datetime | None = given(
        "Until when everybody can read it: an announcement needs it, an alert may have it.",
        default=None,
    )


@gql_input
class ChangeNoticeInput(DraftNoticeInput):
    """What a draft says from now on: all of it, also what stays as it was."""

    notice_id: strawberry.ID = given("The draft.")
    expected_version: int = given("The version that you saw.")


@gql_input
class SendNoticeInput(Requested):
    """Which notice goes out, and when."""

    notice_id: strawberry.ID = given("The draft.")
    expected_version: int = given("The version that you saw.")
    send_at: datetime | None = given("When; empty: now.", default=None)
    recipients: int | None = given(
        "How many people it reaches, as the preview told; an emergency needs it.", default=None
    )


@gql_input
class CancelNoticeInput(Requested):
    """Which notice is stopped."""

    notice_id: strawberry.ID = given("The notice.")


@gql_input
class FollowPlaceInput(Requested):
    """Which place to hear about: by its plate, or one that you run."""

    plate_token: str | None = given("Token of its plate, or of one of its rooms.", default=None)
    place_id: strawberry.ID | None = given("A place that you run.", default=None)
    radius: int = given("Metres around it, 0 to 2000; 0: the place itself.", default=300)


@gql_input
class UnfollowPlaceInput(Requested):
    """Which place to hear of no longer."""

    place_id: strawberry.ID = given("The place.")


@gql_type(access=_SENDERS)
class NoticePayload:
    """The notice."""

    notice: Notice = attr("The notice as it is now.")


@gql_type(access=ACCOUNT)
class FollowedPlacesPayload:
    """What you follow."""

    followed_places: list[FollowedPlace] = attr("All places that you follow now.", size=5)


async def _payload(info: Info, notice_id: UUID) -> dict[str, Any]:
    notice = await _notice(info, notice_id, "notice")
    if notice is None:
        raise NotFound
    return {"notice": notice}


async def _followed(info: Info) -> dict[str, Any]:
    return {"followed_places": shape_followed(await followed_places(info.context.actor))}


def _draft(given: DraftNoticeInput) -> Draft:
    point = given.point
    return Draft(
        kind=given.kind,
        grid_code=given.grid_code,
        title_zh=given.title_zh,
        body_zh=given.body_zh,
        title_en=given.title_en,
        body_en=given.body_en,
        audience=frozenset(given.audience),
        point=Point(point.longitude, point.latitude, point.datum) if point else None,
        radius=given.radius,
        emergency=given.emergency,
        reason=given.reason,
        shown_until=given.shown_until,
    )


@root_type
class NoticeMutations:
    """Notices are written, sent and stopped; places are followed."""

    @mutation(NoticePayload, access=_SENDERS)
    async def draft_notice(
        self,
        info: Info,
        input: Annotated[DraftNoticeInput, strawberry.argument(description="What it says.")],
    ) -> dict[str, Any]:
        """Write a notice, an announcement or an alert. Nobody hears of it before it is sent."""
        made = await run_once(info, input, lambda: draft_notice(info.context.actor, _draft(input)))
        return await _payload(info, made)

    @mutation(NoticePayload, access=_SENDERS)
    async def change_notice(
        self,
        info: Info,
        input: Annotated[ChangeNoticeInput, strawberry.argument(description="What it says.")],
    ) -> dict[str, Any]:
        """Write a draft anew."""
        notice_id = row_id(input.notice_id, "Notice", field="input.noticeId")
        await run_once(
            info,
            input,
            lambda: change_notice(
                info.context.actor,
                notice_id=notice_id,
                expected_version=input.expected_version,
                draft=_draft(input),
            ),
        )
        return await _payload(info, notice_id)

    @mutation(NoticePayload, access=_SENDERS, cost=50)
    async def send_notice(
        self,
        info: Info,
        input: Annotated[SendNoticeInput, strawberry.argument(description="Which, and when.")],
    ) -> dict[str, Any]:
        """Send a draft to everybody it is for, now or later. An emergency asks for the number of
        people whom it reaches."""
        notice_id = row_id(input.notice_id, "Notice", field="input.noticeId")
        await run_once(
            info,
            input,
            lambda: send_notice(
                info.context.actor,
                notice_id=notice_id,
                expected_version=input.expected_version,
                send_at=input.send_at,
                recipients=input.recipients,
            ),
        )
        return await _payload(info, notice_id)

    @mutation(NoticePayload, access=_SENDERS)
    async def cancel_notice(
        self,
        info: Info,
        input: Annotated[CancelNoticeInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Stop a notice: who was not told yet is not told. What is public goes out of sight."""
        notice_id = row_id(input.notice_id, "Notice", field="input.noticeId")
        await run_once(info, input, lambda: cancel_notice(info.context.actor, notice_id=notice_id))
        return await _payload(info, notice_id)

    @mutation(FollowedPlacesPayload, access=ACCOUNT)
    async def follow_place(
        self,
        info: Info,
        input: Annotated[FollowPlaceInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Hear of dangers at and around a place (关注), mostly your home. Nobody else sees it."""
        place_id = optional_row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: follow_place(
                info.context.actor,
                plate_token=input.plate_token,
                place_id=place_id,
                radius=input.radius,
            ),
        )
        return await _followed(info)

    @mutation(FollowedPlacesPayload, access=ACCOUNT)
    async def unfollow_place(
        self,
        info: Info,
        input: Annotated[UnfollowPlaceInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Hear no longer of a place."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(info, input, lambda: unfollow_place(info.context.actor, place_id=place_id))
        return await _followed(info)
