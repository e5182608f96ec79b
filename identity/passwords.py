"""Passwords of staff: argon2id, checked away from the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from core.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 128
_FEWEST_DIFFERENT: Final = 6

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. The pool bounds
# how much of that a flood of sign-ins can take at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_pool = ThreadPoolExecutor(2, thread_name_prefix="password")


def check_strength(password: str, *, user_name: str, field: str) -> None:
    """Refuse what is easily guessed.

    Raises:
        InvalidInput: under 12 characters, over 128, fewer than 6 different ones, or the user
            name in it.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidInput(
            field=field,
            reason="PASSWORD_LENGTH",
            params={"minimum": SHORTEST, "maximum": LONGEST},
            zh="密码须有 {minimum} 至 {maximum} 个字符",
            en="A password has {minimum} to {maximum} characters",
        )
    if len(set(text)) < _FEWEST_DIFFERENT or user_name.lower() in text.lower():
        raise InvalidInput(
            field=field,
            reason="PASSWORD_WEAK",
            zh="密码太容易猜到，且不能包含用户名",
            en="The password is too easy to guess, or holds the user name",
        )


async def hash_password(password: str) -> str:
    """The argon2id hash in PHC form."""
    return await _in_pool(_hasher.hash, _normal(password))


async def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; without a hash (nobody by that name) it takes as long."""
    return await _in_pool(_verify, password_hash, _normal(password)[: LONGEST + 1])


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str | None, password: str) -> bool:
    stand_in = _hash_of_nobody()
    try:
        _hasher.verify(password_hash or stand_in, password)
    except VerificationError:
        return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _normal(password: str) -> str:
    # Keyboards differ in how they put accents and wide letters together (RFC 8265 § 4.2).
    return unicodedata.normalize("NFKC", password).encode(errors="replace").decode()


async def _in_pool(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(
        _pool, partial(function, *arguments, **options)
    )
