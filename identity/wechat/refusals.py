"""What a caller is told when WeChat refuses or can't be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import DomainError, InvalidInput, RateLimited, Unauthenticated, Unavailable
from integrations.wechat import errors


@asynccontextmanager
async def told_apart() -> AsyncIterator[None]:
    """Turn WeChat's failures into refusals; what is wrong is in the log of the call itself.

    Raises:
        InvalidInput: ``WECHAT_CODE``: WeChat does not know the code, or it was used already.
        Unauthenticated: ``WECHAT_HIGH_RISK``.
        RateLimited: this person has asked WeChat too often within a minute.
        Unavailable: ``WECHAT_NOT_CONFIGURED`` or ``WECHAT_UNAVAILABLE``.
    """
    try:
        yield
    except errors.WeChatError as error:
        raise refusal(error) from None  # the chain would lead a log to what was sent


def refusal(error: errors.WeChatError) -> DomainError:
    """The refusal for a failure of a call that was given a code by the client."""
    match error:
        case errors.CodeRefused() | errors.UnfitInput():
            return InvalidInput(
                field="input.code",
                reason="WECHAT_CODE",
                zh="微信授权已失效，请重试",
                en="WeChat does not take this code; get a new one",
            )
        case errors.HighRiskUser():
            return Unauthenticated(
                reason="WECHAT_HIGH_RISK",
                zh="微信提示该账号存在风险，请改用手机验证码登录",
                en="WeChat holds this account for risky; sign in by a code to your phone",
            )
        case errors.RateLimited():
            return RateLimited(params={"retryAfter": 60})
        case errors.NotConfigured():
            return Unavailable(
                reason="WECHAT_NOT_CONFIGURED",
                zh="本服务没有接入微信，请改用手机验证码登录",
                en="This service has no mini-program; sign in by a code to your phone",
            )
        case _:
            return Unavailable(
                reason="WECHAT_UNAVAILABLE",
                zh="微信暂时没有响应，请稍后再试",
                en="WeChat does not answer for a moment; try again",
            )
