"""Accounts of the public: locked by staff. Closing one is in :mod:`schema.roots.my_data`."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from identity import accounts
from identity.access import access_account
from identity.actor import Permission
from schema.access import holds
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type
from schema.ids import global_id
from schema.once import HasId, Requested, run_once
from schema.types.administration import Account

_ACCOUNTS_LOCK = holds(Permission.ACCOUNTS_LOCK)


@gql_input
class LockAccountInput(Requested):
    """Whose account is locked, and why."""

    phone: str = given("The mobile number of the account.")
    reason: str = given("Why, for the audit trail: up to 200 characters.")


@gql_input
class UnlockAccountInput(Requested):
    """Whose account is unlocked."""

    phone: str = given("The mobile number of the account.")


@gql_type(access=_ACCOUNTS_LOCK)
class AccountPayload:
    """The account."""

    account: Account = attr("The account as it is now.")


@root_type
class AccountMutations:
    """Which accounts may come in, and which no longer."""

    @mutation(AccountPayload, access=_ACCOUNTS_LOCK)
    async def lock_account(
        self,
        info: Info,
        input: Annotated[LockAccountInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Lock the account of a number for abuse: its sessions end, it can't sign in."""
        actor = info.context.actor

        async def act() -> HasId:
            found = await accounts.account_by_phone(actor, phone=input.phone)
            return await accounts.lock_account(actor, account_id=found.id, reason=input.reason)

        return await _account_payload(info, await run_once(info, input, act))

    @mutation(AccountPayload, access=_ACCOUNTS_LOCK)
    async def unlock_account(
        self,
        info: Info,
        input: Annotated[UnlockAccountInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Let the holder of a locked account sign in again."""
        actor = info.context.actor

        async def act() -> HasId:
            found = await accounts.account_by_phone(actor, phone=input.phone)
            return await accounts.unlock_account(actor, account_id=found.id)

        return await _account_payload(info, await run_once(info, input, act))


async def _account_payload(info: Info, account_id: UUID) -> dict[str, Any]:
    found = await access_account(info.context.actor, account_id=account_id)
    return {"account": {"id": global_id("Account", found.id), "locked_at": found.locked_at}}
