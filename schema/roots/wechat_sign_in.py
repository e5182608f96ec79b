"""Coming in by WeChat."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from identity.wechat.sign_in import sign_in_with_wechat
from schema.access import PUBLIC
from schema.context import Info
from schema.fields import given, gql_input, mutation, root_type
from schema.roots.sessions import SessionPayload, session_payload


@gql_input
class SignInWithWechatInput:
    """What the mini-program got from `wx.login`."""

    code: str = given("The code; good once and for five minutes.")
    device: str | None = given(
        "A label by which the person recognises the device, up to 80 characters;"
        " left out, what the request itself says.",
        default=None,
    )


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
