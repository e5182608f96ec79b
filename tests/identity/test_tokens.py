"""Access tokens: what is refused, whoever made it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from pydantic import SecretStr

from core.clock import now
from core.errors import Unauthenticated
from core.ids import uuid7
from core.settings import Settings
from identity import tokens
from identity.actor import ActorKind, Permission
from identity.tokens import LIFETIME, Claims, issue, read

FIRST = Settings(secret=SecretStr("the first secret of a town of the tests"))
SECOND = Settings(
    secret=SecretStr("the second secret of a town of the tests"),
    previous_secrets=(FIRST.secret.get_secret_value(),),
)
CLAIMS = Claims(ActorKind.ACCOUNT, uuid7(), uuid7())


@pytest.fixture(autouse=True)
def of_this_town(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tokens, "settings", lambda: FIRST)
    return None


def key(settings: Settings = FIRST) -> bytes:
    return settings.derived_key("access tokens")


def kid() -> str:
    return str(jwt.get_unverified_header(issue(CLAIMS).text)["kid"])


def content(**changes: Any) -> dict[str, Any]:
    whole = {
        "aud": "leye",
        "sub": str(CLAIMS.holder_id),
        "sid": str(CLAIMS.session_id),
        "kind": "ACCOUNT",
        "jti": "any",
        "iat": now(),
        "exp": now() + LIFETIME,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(algorithm: str = "HS256", with_key: Any = None, **changes: Any) -> str:
    return jwt.encode(
        content(**changes), with_key or key(), algorithm=algorithm, headers={"kid": kid()}
    )


def refused(text: str) -> bool:
    with pytest.raises(Unauthenticated) as refusal:
        read(text)
    return refusal.value.reason == "TOKEN_REFUSED"


def test_a_token_says_who_it_is_of() -> None:
    assert read(issue(CLAIMS).text) == CLAIMS
    assert read(signed()) == CLAIMS


def test_a_token_of_an_app_says_its_scopes() -> None:
    claims = Claims(ActorKind.APP, uuid7(), scopes=frozenset({Permission.PLACES_READ}))
    assert read(issue(claims).text) == claims


def test_a_token_is_good_for_fifteen_minutes() -> None:
    left = issue(CLAIMS).expires_at - now()
    assert timedelta(minutes=14, seconds=59) < left <= timedelta(minutes=15)


@pytest.mark.parametrize("claim", ["exp", "iat", "aud", "sub", "jti", "kind"])
def test_a_token_without_a_claim_is_refused(claim: str) -> None:
    assert refused(signed(**{claim: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"exp": timedelta(minutes=-1)},
        {"iat": timedelta(minutes=5)},
        {"nbf": timedelta(minutes=5)},
        {"sub": "no id"},
        {"sid": 7},
        {"kind": "SYSTEM OF ALL"},
        {"exp": "tomorrow"},
        {"scope": "everything:write"},
        {"scope": 7},
    ],
    ids=" ".join,
)
def test_a_token_with_a_bad_claim_is_refused(changes: dict[str, Any]) -> None:
    moment = now()  # not when the tests were collected
    claims = {
        name: moment + value if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    assert refused(signed(**claims))


def test_clocks_may_differ_by_a_few_seconds() -> None:
    assert read(signed(iat=now() + timedelta(seconds=5))) == CLAIMS
    assert read(signed(exp=now() - timedelta(seconds=5))) == CLAIMS


def test_an_unsigned_token_is_refused() -> None:
    assert refused(jwt.encode(content(), None, algorithm="none", headers={"kid": kid()}))
    head, body, _ = signed().split(".")
    assert refused(f"{head}.{body}.")
    nothing = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid()}).encode())
    assert refused(f"{nothing.decode().rstrip('=')}.{body}.")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key_is_refused(algorithm: str) -> None:
    assert refused(signed(algorithm))


def test_a_token_that_claims_a_public_key_is_refused() -> None:
    theirs = generate_private_key(public_exponent=65537, key_size=2048)
    assert refused(signed("RS256", theirs))
    # The header says RS256 while the bytes are signed as HS256 with our key's fingerprint.
    _, body, seal = signed().split(".")
    confused = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid()}).encode())
    assert refused(f"{confused.decode().rstrip('=')}.{body}.{seal}")


def test_a_key_we_do_not_know_is_refused() -> None:
    assert refused(jwt.encode(content(), key(), headers={"kid": "0123456789ab"}))
    assert refused(jwt.encode(content(), key()))
    assert refused(signed(with_key=b"another key of thirty-two bytes!"))


def test_a_changed_token_is_refused() -> None:
    head, _, seal = signed().split(".")
    other = jwt.encode(content(sub=str(uuid7())), key(), headers={"kid": kid()}).split(".")[1]
    assert refused(f"{head}.{other}.{seal}")


def test_a_header_that_never_ends_is_refused() -> None:
    nested = base64.urlsafe_b64encode(b"[" * 1500).decode().rstrip("=")
    assert refused(f"{nested}.e30.AA")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "\0", "秘密", "x" * 5000])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert refused(text)


def test_tokens_of_an_earlier_secret_stay_good_until_it_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = issue(CLAIMS).text
    monkeypatch.setattr(tokens, "settings", lambda: SECOND)
    assert read(before) == CLAIMS
    after = issue(CLAIMS).text
    assert jwt.get_unverified_header(after)["kid"] != jwt.get_unverified_header(before)["kid"]
    dropped = Settings(secret=SECOND.secret)
    monkeypatch.setattr(tokens, "settings", lambda: dropped)
    assert refused(before)
    assert read(after) == CLAIMS


def test_the_key_does_not_stand_in_the_header() -> None:
    assert kid() not in key().hex()


def test_a_printed_session_shows_no_token() -> None:
    access = issue(CLAIMS)
    assert access.text not in repr(access)
