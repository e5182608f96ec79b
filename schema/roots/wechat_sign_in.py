"""Coming in by WeChat, the phone it vouches for, and two accounts that became one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.keyset import Page
from identity.actor import Permission
from identity.authentication import present
from identity.models import Account
from identity.wechat.merging import account_merges, undo_account_merge
from identity.wechat.phones import bind_phone, disconnect_wechat, vouched_number
from identity.wechat.sign_in import sign_in_with_wechat
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import row_id
from schema.once import Requested, run_once, run_once_asking
from schema.roots.sessions import SessionPayload, ViewerPayload, session_payload
from schema.types.account_merges import (
    AccountMerge,
    AccountMergeConnection,
    merge_columns,
    merge_row,
    shape_merges,
)
from schema.types.viewer import viewer_row

_ACCOUNTS_LOCK = holds(Permission.ACCOUNTS_LOCK)


@gql_input
class SignInWithWechatInput:
    """What the mini-program got from `wx.login`."""

    code: str = given("The code; good once and for five minutes.")
    device: str | None = given(
        "A label by which the person recognises the device, up to 80 characters;"
        " left out, what the request itself says.",
        default=None,
    )


@gql_input
class BindWechatPhoneInput(Requested):
    """What the mini-program got from `getPhoneNumber`."""

    code: str = given("The code; good once and for five minutes.")


@gql_input
class DisconnectWechatInput(Requested):
    """Nothing but the request itself."""


@gql_input
class UndoAccountMergeInput(Requested):
    """Which merge is undone, and why."""

    merge_id: strawberry.ID = given("The merge.")
    reason: str = given("Why, for the audit trail: up to 200 characters.")


@gql_type(access=_ACCOUNTS_LOCK)
class AccountMergePayload:
    """The merge."""

    merge: AccountMerge = attr("The merge as it is now.")


@root_type
class WeChatQueries:
    """Which accounts became one."""

    @query(AccountMergeConnection, access=_ACCOUNTS_LOCK)
    async def account_merges(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Accounts of one person that became one (账号合并), the latest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await account_merges(
            info.context.actor,
            page=Page.of(first, after, last, before),
            columns=merge_columns(nodes),
        )
        shape_merges(page.rows, nodes)
        return connection(page, want)


@root_type
class WeChatMutations:
    """Coming in by WeChat (微信)."""

    @mutation(SessionPayload, access=PUBLIC)
    async def sign_in_with_wechat(
        self,
        info: Info,
        input: Annotated[SignInWithWechatInput, strawberry.argument(description="The code.")],
    ) -> dict[str, Any]:
        """Sign in by WeChat (微信登录); the first time makes the account. No `requestId`."""
        context = info.context
        opened = await sign_in_with_wechat(
            context.actor, code=input.code, device=input.device or context.device
        )
        return await session_payload(info, opened)

    @mutation(ViewerPayload, access=ACCOUNT)
    async def bind_wechat_phone(
        self,
        info: Info,
        input: Annotated[BindWechatPhoneInput, strawberry.argument(description="The code.")],
    ) -> dict[str, Any]:
        """Add the phone that WeChat vouches for (绑定手机号).

        If another account has that phone, the two become one: yours goes into it with all that it
        has, and you stay signed in. The same `requestId` answers the same, and asks WeChat once.
        """
        context = info.context

        async def act(number: str) -> Account:
            return await bind_phone(context.actor, number=number)

        await run_once_asking(
            info, input, lambda: vouched_number(context.actor, code=input.code), act
        )
        return await _viewer(info)

    @mutation(ViewerPayload, access=ACCOUNT)
    async def disconnect_wechat(
        self,
        info: Info,
        input: Annotated[DisconnectWechatInput, strawberry.argument(description="The request.")],
    ) -> dict[str, Any]:
        """Take WeChat off your account (解绑微信), when a phone is left to sign in with."""
        await run_once(info, input, lambda: disconnect_wechat(info.context.actor))
        return await _viewer(info)

    @mutation(AccountMergePayload, access=_ACCOUNTS_LOCK)
    async def undo_account_merge(
        self,
        info: Info,
        input: Annotated[UndoAccountMergeInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Part two accounts that became one: each has again what it had; all its sessions end.

        What came after the merge stays with the account that was kept.
        """
        actor = info.context.actor
        merge_id = row_id(input.merge_id, "AccountMerge", field="input.mergeId")
        await run_once(
            info,
            input,
            lambda: undo_account_merge(actor, merge_id=merge_id, reason=input.reason),
        )
        return {"merge": await _merge(info, merge_id)}


async def _viewer(info: Info) -> dict[str, Any]:
    """The viewer as they are by now: it may be another account."""
    context = info.context
    context.actor = await present(context.actor)
    return {"viewer": await viewer_row(context.actor, selected(info)["viewer"], context)}


async def _merge(info: Info, merge_id: UUID) -> dict[str, Any]:
    return await merge_row(info.context.actor, merge_id, selected(info)["merge"])
