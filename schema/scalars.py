"""How scalars are written. Decimals are yuan or m² as text, times carry an offset."""

from __future__ import annotations

import re
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NewType
from uuid import UUID

import strawberry

from core.clock import SHANGHAI
from core.errors import InvalidInput

_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")

Json = NewType("Json", object)

_LONGEST = 24  # digits and more than enough of them for any sum of yuan


def read_decimal(value: Any) -> Decimal:
    """A decimal number from text or from a JSON integer; never from a binary fraction's tail."""
    text = str(value)
    try:
        number = Decimal(text if len(text) <= _LONGEST else "NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    # 1e999999999 is short to write and a gigabyte to store.
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        raise InvalidInput(reason="DECIMAL", zh="不是数字", en="Not a decimal number")
    return number


def read_uuid(value: Any) -> UUID:
    """A UUID from text.

    Raises:
        InvalidInput: anything else.
    """
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(reason="UUID", zh="不是 UUID", en="Not a UUID") from None


def read_time(value: Any) -> datetime:
    """A moment from text.

    Raises:
        InvalidInput: anything else, or a local time that could be one of many moments.
    """
    moment: datetime | None
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise InvalidInput(reason="TIME", zh="不是带时区的时间", en="Not a moment with an offset")
    return moment


def read_time_of_day(value: Any) -> time:
    """A time of day from text, to the minute.

    Raises:
        InvalidInput: anything else.
    """
    if not (isinstance(value, str) and _TIME_OF_DAY.fullmatch(value)):
        raise InvalidInput(
            reason="TIME_OF_DAY", zh="时间应为“时:分”", en="A time of day is hours and minutes"
        )
    return time.fromisoformat(value)


def write_time(value: datetime) -> str:
    """RFC 3339 with the town's offset."""
    return value.astimezone(SHANGHAI).isoformat()


SCALARS: dict[object, Any] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='A decimal number as text, such as "850.00". Money is in yuan.',
        serialize=lambda value: format(value, "f"),
        parse_value=read_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, RFC 3339 with an offset.",
        serialize=write_time,
        parse_value=read_time,
    ),
    time: strawberry.scalar(
        name="TimeOfDay",
        description='A time of day where the town is (Asia/Shanghai), such as "22:00".',
        serialize=lambda value: value.isoformat("minutes"),
        parse_value=read_time_of_day,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A UUID (RFC 9562). Make a new random one for each request.",
        serialize=str,
        parse_value=read_uuid,
    ),
    Json: strawberry.scalar(
        name="GeoJSON",
        description="A GeoJSON geometry (RFC 7946) in CGCS2000.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
