"""What is given when a hazard is reported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from core.datums import Point
from management.hazards.answers import Answer
from management.hazards.reporting import Statement
from management.hazards.whereabouts import Spot
from schema.fields import given, gql_input
from schema.ids import optional_row_id, row_ids
from schema.once import Requested
from schema.types.common import PointInput


@gql_input
class HazardAnswerInput:
    """An answer to a question of the category: give the one value that its kind asks for."""

    question: str = given("Code of the question.")
    yes: bool | None = given("Of a `BOOL`.", default=None)
    number: float | None = given("Of a `NUMBER`, in its unit.", default=None)
    choice: str | None = given("Of a `CHOICE`: its code.", default=None)
    text: str | None = given("Of a `TEXT`, up to 200 characters.", default=None)


@gql_input
class ReportHazardInput(Requested):
    """A hazard that you saw. Without a sign-in, `requestId` is a random UUID of version 4."""

    category_code: str = given("What kind of hazard it is.")
    plate_token: str | None = given("Token of the plate, in use, at the place.", default=None)
    place_id: strawberry.ID | None = given(
        "In place of a plate: a place whose file you may see.", default=None
    )
    room_id: strawberry.ID | None = given("A room of the place.", default=None)
    point: PointInput | None = given("Where exactly; needed where there is no plate.", default=None)
    words: str = given(
        "What is wrong, up to 1,000 characters. Who runs the place never reads it.", default=""
    )
    photo_ids: list[strawberry.ID] = given(
        "Up to 6 pictures, uploaded for `HAZARD`, each used once.", default_factory=list
    )
    answers: list[HazardAnswerInput] = given(
        "Answers to questions of the category.", default_factory=list
    )
    seen_at: datetime | None = given(
        "When you saw it, when that was earlier: up to 30 days ago.", default=None
    )
    caller_name: str = given("Without a sign-in: how you want to be called.", default="")
    caller_phone: str = given("Without a sign-in: where you can be called.", default="")
    external_no: str | None = given("Of an app: its own number of the report.", default=None)
    earlier_id: strawberry.ID | None = given(
        "A closed hazard of yours that is there again.", default=None
    )
    earlier_token: str | None = given("The same, by the token of that report.", default=None)


def statement_of(input: Any, *, earlier_token: str | None = None) -> Statement:
    """What was said, as the use cases take it."""
    return Statement(
        category_code=input.category_code,
        spot=Spot(
            plate_token=input.plate_token,
            place_id=optional_row_id(input.place_id, "Place", field="input.placeId"),
            room_id=optional_row_id(input.room_id, "Room", field="input.roomId"),
            point=point_of(input.point),
        ),
        words=input.words,
        answers=_answers(input.answers),
        photo_ids=row_ids(input.photo_ids, "Photo", field="input.photoIds"),
        seen_at=input.seen_at,
        name=input.caller_name,
        phone=input.caller_phone,
        external_no=input.external_no,
        earlier_id=optional_row_id(input.earlier_id, "Hazard", field="input.earlierId"),
        earlier_token=earlier_token,
    )


def point_of(given_point: PointInput | None) -> Point | None:
    """A point as given.

    Raises:
        InvalidInput: it is not on the globe.
    """
    if given_point is None:
        return None
    return Point(given_point.longitude, given_point.latitude, given_point.datum)


def _answers(answers: Sequence[HazardAnswerInput]) -> list[Answer]:
    return [
        Answer(
            question=one.question,
            yes=one.yes,
            number=one.number,
            choice=one.choice,
            text=one.text,
        )
        for one in answers
    ]
