"""Anybody reports a hazard and sees what became of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.clock import SHANGHAI
from core.errors import InvalidInput, NotFound
from core.keyset import Page
from identity.actor import ActorKind, Permission
from management.hazards.categories import category
from management.hazards.following import follow_hazard, unfollow_hazard
from management.hazards.nearby import Nearby, hazards_nearby, points_at_reporter
from management.hazards.own import (
    OwnHazards,
    by_token,
    count_my_hazards,
    my_hazards,
    supplement_hazard,
)
from management.hazards.reporting import report_hazard
from management.hazards.tokens import token_of
from management.hazards.whereabouts import place_at
from management.models import Hazard as HazardModel
from management.models import HazardState, HazardStep
from schema.access import ACCOUNT, PUBLIC, Access
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import global_id, optional_row_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.selection import Selection
from schema.types.common import PointInput
from schema.types.hazard_categories import HazardCategory, category_row, category_rows
from schema.types.hazard_inputs import ReportHazardInput, point_of, statement_of
from schema.types.hazards import (
    Hazard,
    HazardConnection,
    hazard_columns,
    hazard_row,
    shape_hazards,
)

REPORTERS = Access(
    "everybody but staff; apps with hazards:write",
    lambda actor: (
        actor.kind in {ActorKind.ANONYMOUS, ActorKind.ACCOUNT}
        or (actor.kind is ActorKind.APP and bool(actor.paths(Permission.HAZARDS_WRITE)))
    ),
)
UNNAMED_OR_ACCOUNT = Access(
    "somebody without a name, or an account",
    lambda actor: actor.kind in {ActorKind.ANONYMOUS, ActorKind.ACCOUNT},
)


@gql_type(access=PUBLIC)
class NearbyHazard:
    """A hazard that is reported already: follow it instead of reporting it again."""

    id: strawberry.ID = attr("Global id, opaque: for `followHazard`.")
    category: HazardCategory = attr("What kind of hazard it is.")
    state: HazardState = attr("Where it stands.")
    reported_on: date = attr("The day it was reported.")
    same_place: bool = attr("Whether it is at the place of the plate.")
    metres: float | None = attr("How far away, in whole metres.")


@gql_type(access=PUBLIC)
class HazardReportCheck:
    """What to know before a hazard is reported."""

    category: HazardCategory = attr("The kind of hazard, with what to do first.")
    points_at_you: bool = attr(
        "Whether you live there with so few that the report itself points at you. To everybody"
        " else say that others may guess who reported where few people live."
    )
    nearby: list[NearbyHazard] = attr("What is reported there already.", size=5)


@gql_type(access=PUBLIC)
class HazardFollowUp:
    """What became of a report, for who has its token."""

    reported: Hazard = attr("What you reported.")
    hazard: Hazard = attr(
        "Where it is dealt with: the same, or the hazard that yours was found to be the same as."
    )


@gql_type(access=PUBLIC)
class ReportHazardPayload:
    """What was reported."""

    hazard: Hazard = attr("The hazard.")
    first_steps: list[str] = attr("What to do now.", size=3)
    call: str | None = attr("A number to call at once.")
    follow_up_token: str | None = attr(
        "Without a sign-in: the way back to this report. Keep it; it is shown to nobody else."
    )
    points_at_you: bool = attr(
        "Whether you live there with so few that the report itself points at you."
    )


@gql_type(access=PUBLIC)
class HazardPayload:
    """The hazard."""

    hazard: Hazard = attr("The hazard as it is now.")


@gql_input
class SupplementHazardInput(Requested):
    """More about a hazard that you reported."""

    hazard_id: strawberry.ID | None = given("Signed in: the hazard.", default=None)
    token: str | None = given("Without a sign-in: the token of the report.", default=None)
    words: str = given("Up to 1,000 characters.", default="")
    photo_ids: list[strawberry.ID] = given(
        "Up to 6 pictures, uploaded for `HAZARD`.", default_factory=list
    )


@gql_input
class FollowHazardInput(Requested):
    """A hazard to hear of."""

    hazard_id: strawberry.ID = given("The hazard.")


@root_type
class HazardReportQueries:
    """Anybody reports a hazard and sees what became of it."""

    @query(list[HazardCategory], access=PUBLIC, cost=5)
    async def hazard_categories(self, info: Info) -> list[dict[str, Any]]:
        """Every kind of hazard (隐患类别), group by group, with what is asked of it."""
        return category_rows(info.context.language)

    @query(Hazard | None, access=PUBLIC)
    async def hazard(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> dict[str, Any] | None:
        """One hazard: for who reported or follows it, who runs its place, and staff of its grid."""
        return await hazard_row(info, selected(info), row_id(id, "Hazard", field="id"))

    @query(HazardReportCheck, access=PUBLIC, cost=10)
    async def hazard_report_check(
        self,
        info: Info,
        category_code: Annotated[
            str, strawberry.argument(description="What kind of hazard it is.")
        ],
        plate_token: Annotated[
            str | None, strawberry.argument(description="Token of the plate at the place.")
        ] = None,
        point: Annotated[
            PointInput | None, strawberry.argument(description="Where there is no plate.")
        ] = None,
    ) -> dict[str, Any]:
        """What to know before you report: what to do first, what is reported there already, and
        whether the report would point at you."""
        kind = category(category_code, field="categoryCode")
        near = await hazards_nearby(
            info.context.actor,
            category_code=kind.code,
            plate_token=plate_token,
            point=point_of(point),
        )
        place_id = (
            (await place_at(info.context.actor, plate_token))[0]
            if plate_token is not None
            else None
        )
        return {
            "category": category_row(kind.code, info.context.language),
            "points_at_you": await points_at_reporter(info.context.actor, place_id),
            "nearby": _nearby(info, near),
        }

    @query(list[NearbyHazard], access=PUBLIC, cost=10)
    async def hazards_nearby(
        self,
        info: Info,
        category_code: Annotated[
            str, strawberry.argument(description="What kind of hazard it is.")
        ],
        plate_token: Annotated[
            str | None, strawberry.argument(description="Token of the plate at the place.")
        ] = None,
        point: Annotated[
            PointInput | None, strawberry.argument(description="Where, without a plate.")
        ] = None,
    ) -> list[dict[str, Any]]:
        """Open hazards of a kind at the place, or within 50 m, the nearest first, 10 at most."""
        near = await hazards_nearby(
            info.context.actor,
            category_code=category_code,
            plate_token=plate_token,
            point=point_of(point),
        )
        return _nearby(info, near)

    @query(HazardConnection, access=ACCOUNT)
    async def my_hazards(
        self,
        info: Info,
        which: Annotated[
            OwnHazards, strawberry.argument(description="Which of them.")
        ] = OwnHazards.ALL,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Hazards that you reported or follow, the newest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await my_hazards(
            info.context.actor,
            which=which,
            page=Page.of(first, after, last, before),
            columns=hazard_columns(nodes),
        )
        await shape_hazards(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_my_hazards(info.context.actor, which=which))

    @query(HazardFollowUp, access=PUBLIC, cost=5)
    async def hazard_follow_up(
        self,
        info: Info,
        token: Annotated[str, strawberry.argument(description="The token you were given.")],
    ) -> dict[str, Any]:
        """What became of a report made without a sign-in. By POST only: addresses are logged."""
        if info.context.by_get:
            raise InvalidInput(
                field="token", reason="POST_ONLY", zh="请用 POST 提交", en="Send it by POST"
            )
        want = selected(info)
        reported, hazard = await by_token(info.context.actor, token)
        return {
            "reported": await _row(info, want["reported"], reported.id, own=True),
            "hazard": await _row(info, want["hazard"], hazard.id, own=hazard.id == reported.id),
        }


def _nearby(info: Info, found: list[Nearby]) -> list[dict[str, Any]]:
    return [
        {
            "id": global_id("Hazard", one.row["id"]),
            "category": category_row(one.row["category"], info.context.language),
            "state": one.row["state"],
            "reported_on": one.row["created_at"].astimezone(SHANGHAI).date(),
            "same_place": one.same_place,
            "metres": None if one.metres is None else float(round(one.metres)),
        }
        for one in found
    ]


async def _row(info: Info, want: Selection, hazard_id: UUID, *, own: bool) -> dict[str, Any]:
    """A hazard that is to be shown whoever asks; ``own``: they reported it."""
    rows: Any = await HazardModel.filter(id=hazard_id).values(*hazard_columns(want))
    shaped = await shape_hazards(list(rows), want, info.context, own=own)
    return shaped[0]


async def hazard_payload(info: Info, hazard_id: UUID) -> dict[str, Any]:
    """The payload with a hazard that the actor may see."""
    hazard = await hazard_row(info, selected(info)["hazard"], hazard_id)
    if hazard is None:
        raise NotFound
    return {"hazard": hazard}


@root_type
class HazardReportMutations:
    """Anybody reports a hazard and sees what became of it."""

    @mutation(ReportHazardPayload, access=REPORTERS)
    async def report_hazard(
        self,
        info: Info,
        input: Annotated[ReportHazardInput, strawberry.argument(description="The hazard.")],
    ) -> dict[str, Any]:
        """Report a hazard (上报隐患), signed in or without a name."""
        actor = info.context.actor
        said = statement_of(input, earlier_token=input.earlier_token)
        hazard_id = await run_once(info, input, lambda: report_hazard(actor, statement=said))
        row = await _row(info, selected(info)["hazard"], hazard_id, own=True)
        return {**await _told(info, hazard_id), "hazard": row}

    @mutation(HazardPayload, access=UNNAMED_OR_ACCOUNT)
    async def supplement_hazard(
        self,
        info: Info,
        input: Annotated[SupplementHazardInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Add words and pictures to a hazard that you reported, while it is open."""
        actor = info.context.actor
        step_id = await run_once(
            info,
            input,
            lambda: supplement_hazard(
                actor,
                hazard_id=optional_row_id(input.hazard_id, "Hazard", field="input.hazardId"),
                token=input.token,
                words=input.words,
                photo_ids=row_ids(input.photo_ids, "Photo", field="input.photoIds"),
            ),
        )
        step = await HazardStep.get(id=step_id)
        row = await _row(info, selected(info)["hazard"], step.hazard_id, own=True)
        return {"hazard": row}

    @mutation(HazardPayload, access=ACCOUNT)
    async def follow_hazard(
        self,
        info: Info,
        input: Annotated[FollowHazardInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Hear of a hazard that is reported already, instead of reporting it again."""
        hazard_id = row_id(input.hazard_id, "Hazard", field="input.hazardId")
        found = await run_once(
            info, input, lambda: follow_hazard(info.context.actor, hazard_id=hazard_id)
        )
        return await hazard_payload(info, found)

    @mutation(HazardPayload, access=ACCOUNT)
    async def unfollow_hazard(
        self,
        info: Info,
        input: Annotated[FollowHazardInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Hear no more of a hazard."""
        hazard_id = row_id(input.hazard_id, "Hazard", field="input.hazardId")
        found = await run_once(
            info, input, lambda: unfollow_hazard(info.context.actor, hazard_id=hazard_id)
        )
        return {"hazard": await _row(info, selected(info)["hazard"], found, own=False)}


async def _told(info: Info, hazard_id: UUID) -> dict[str, Any]:
    """What whoever reported is told beside the hazard."""
    actor = info.context.actor
    hazard = await HazardModel.get(id=hazard_id).only("id", "category", "place_id", "source")
    kind = category_row(hazard.category, info.context.language)
    resident = actor.kind in {ActorKind.ANONYMOUS, ActorKind.ACCOUNT}
    points = resident and hazard.source == "RESIDENT"
    return {
        "first_steps": kind["first_steps"],
        "call": kind["call"],
        "follow_up_token": token_of(hazard_id) if actor.kind is ActorKind.ANONYMOUS else None,
        "points_at_you": points and await points_at_reporter(actor, hazard.place_id),
    }
