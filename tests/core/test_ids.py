"""Identifiers: UUID version 7 that sorts by time, tokens nobody can guess."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from core.ids import token, uuid7, uuid7_floor


def milliseconds(made: UUID) -> int:
    return made.int >> 80


def moment(made: UUID) -> int:
    """Milliseconds and their fraction, as far as the id tells time."""
    return (made.int >> 80) << 12 | (made.int >> 64) & 0xFFF


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)


def test_an_id_tells_the_time_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert before <= milliseconds(made) <= time.time_ns() // 1_000_000


def test_ids_of_one_process_sort_by_time() -> None:
    moments = [moment(uuid7()) for _ in range(10_000)]
    assert moments == sorted(moments)


def test_ids_made_within_a_millisecond_are_told_apart_by_its_fraction() -> None:
    made = [uuid7() for _ in range(2_000)]
    assert len({moment(one) for one in made}) > len({milliseconds(one) for one in made})


def test_no_two_ids_are_the_same() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_the_random_part_is_all_used() -> None:
    """Each of the 62 random bits is sometimes set and sometimes not."""
    mask = (1 << 62) - 1
    tails = [uuid7().int & mask for _ in range(200)]
    ever, always = 0, mask
    for tail in tails:
        ever, always = ever | tail, always & tail
    assert (ever, always) == (mask, 0)


def test_a_token_has_128_bits_and_fits_into_a_scene() -> None:
    tokens = {token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in tokens)


def test_ids_of_a_moment_and_later_begin_at_its_floor() -> None:
    before = datetime.now(UTC)
    made = uuid7()
    assert uuid7_floor(before - timedelta(milliseconds=2)) < made
    assert made < uuid7_floor(datetime.now(UTC) + timedelta(milliseconds=2))
    assert uuid7_floor(before).version == 7
