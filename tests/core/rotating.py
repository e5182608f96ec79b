"""Two rings of keys, the old and the new, and what is under which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core import crypto
from core.crypto import KeyRing, ring, seal
from core.database import fetch
from core.key_rotation import columns
from identity.models import Account

OLD = ("s1:" + "aa" * 32, "i1:" + "cc" * 32)
NEW = ("s2:" + "bb" * 32, "i2:" + "dd" * 32)


def joined(*rings: tuple[str, str]) -> tuple[str, str]:
    """Rings as settings: keys that seal, and keys of indexes, the active ones first."""
    sealing, indexing = (",".join(one[part] for one in rings) for part in (0, 1))
    return sealing, indexing


@contextmanager
def keys(*rings: tuple[str, str]) -> Iterator[None]:
    """Work with these keys, the first ones active."""
    sealing, indexing = joined(*rings)
    before = crypto.configure(KeyRing.parse(sealing, indexing))
    try:
        yield
    finally:
        crypto.configure(before)


async def caller(phone: str) -> Account:
    """Somebody who signs in with a phone."""
    account = Account(display_name="测试")
    seal(account, "phone", phone)
    account.phone_index = ring().index(phone, table="account", column="phone_index")
    await account.save(force_create=True)
    return account


async def under(key: str) -> int:
    """How many values of any column are under a key."""
    count = 0
    for model, column, _ in columns():
        table = model._meta.db_table
        (row,) = await fetch(
            f'SELECT count(*) AS n FROM "{table}" WHERE "{column}" LIKE $1', f"%:{key}:%"
        )
        count += row["n"]
    return count
