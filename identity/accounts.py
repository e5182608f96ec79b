"""Accounts of residents and landlords, found by their phone."""

from __future__ import annotations

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.crypto import ring, seal
from identity.models import Account


async def account_for_phone(number: str) -> Account:
    """The account of a checked mobile number, locked; made when there is none.

    Run it inside a unit of work. Two first sign-ins at once get the same account.
    """
    indexes = ring().indexes(number, table="account", column="phone_index")
    found = await _find(indexes)
    if found is not None:
        return found
    account = Account(phone_index=indexes[0])
    seal(account, "phone", number)
    try:
        async with in_transaction():
            await account.save(force_create=True)
    except IntegrityError:
        return await Account.filter(phone_index__in=indexes).select_for_update().get()
    return account


async def _find(indexes: list[str]) -> Account | None:
    return await Account.filter(phone_index__in=indexes).select_for_update().first()
