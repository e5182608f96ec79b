"""Signatures and the schedule of webhooks, against the standard."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from core.clock import now
from notifications.webhooks.schedule import JITTER, LONGEST_PAUSE, WAITS, pause, wait
from notifications.webhooks.signing import headers, new_secret, signature

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
statuses = st.one_of(st.none(), st.integers(100, 599))


def test_a_signature_is_what_the_standard_says() -> None:
    # By `openssl dgst -sha256 -mac HMAC -macopt hexkey:…` over the standard's sample message.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=200), st.integers(1, 10**6))
def test_the_standards_own_library_signs_alike(body: bytes, number: int) -> None:
    secret, timestamp = new_secret(), int(now().timestamp())
    text = base64.b64encode(body).decode()
    sent = dict(headers([secret], message_id=f"m{number}", timestamp=timestamp, body=text.encode()))
    Webhook(secret).verify(text, sent, json_parse=False)


def test_a_secret_has_the_form_and_length_of_the_standard() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64


def test_both_keys_sign_the_same() -> None:
    one, two = new_secret(), new_secret()
    sent = dict(headers([one, two], message_id="m", timestamp=1, body=b"{}"))
    expected = []
    for secret in (one, two):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.new(key, b"m.1.{}", hashlib.sha256).digest()
        expected.append("v1," + base64.b64encode(digest).decode())
    assert sent["webhook-signature"].split(" ") == expected


def test_the_schedule_is_the_standards_example() -> None:
    minute = timedelta(minutes=1)
    assert (
        timedelta(0), 5 * minute / 60, 5 * minute, 30 * minute, 2 * HOUR, 5 * HOUR, 10 * HOUR,
        14 * HOUR, 20 * HOUR, 24 * HOUR,
    ) == WAITS  # fmt: skip
    assert sum(WAITS, timedelta(0)) == 75 * HOUR + 35 * minute + 5 * minute / 60


@given(st.integers(1, 20), st.floats(0, 1), st.none() | st.timedeltas(min_value=timedelta(0)))
def test_a_wait_is_never_shorter_than_the_schedule_nor_longer_than_a_day_and_a_bit(
    made: int, chance: float, asked: timedelta | None
) -> None:
    found = wait(made, chance=chance, pause=asked)
    if made >= len(WAITS):
        assert found is None
        return
    assert found is not None
    assert WAITS[made] <= found <= max(WAITS[made] * (1 + JITTER), LONGEST_PAUSE)
    if asked is not None:
        assert found >= min(asked, LONGEST_PAUSE)


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (429, "120", timedelta(seconds=120)),
        (503, " 7 ", timedelta(seconds=7)),
        (503, "Fri, 02 Jan 2026 04:04:05 GMT", HOUR),
        (503, "Fri, 02 Jan 2026 01:00:00 GMT", timedelta(0)),
        (503, "Fri, 02 Jan 2099 01:00:00 GMT", LONGEST_PAUSE),
        (429, "9" * 400, LONGEST_PAUSE),
        (429, "-5", None),
        (429, "1.5", None),
        (429, "soon", None),
        (429, "²", None),
        (429, "", None),
        (429, None, None),
        (500, "120", None),
        (None, "120", None),
    ],
)
def test_a_receiver_may_ask_for_patience(
    status: int | None, text: str | None, expected: timedelta | None
) -> None:
    assert pause(status, text, AT) == expected


@given(statuses, st.none() | st.text(max_size=60))
def test_whatever_a_receiver_writes_the_pause_has_bounds(
    status: int | None, text: str | None
) -> None:
    found = pause(status, text, AT)
    assert found is None or timedelta(0) <= found <= LONGEST_PAUSE
