"""Expected refusals: one exception family with stable codes and messages in two languages.

Everything that is not a :class:`DomainError` is masked at the edge and reported with an
incident id.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal

Language = Literal["zh-CN", "en"]


class Code(StrEnum):
    """What a client can rely on in ``errors[].extensions.code``."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    WRONG_STATE = "WRONG_STATE"
    STANDARD_NOT_MET = "STANDARD_NOT_MET"
    RATE_LIMITED = "RATE_LIMITED"
    TOO_COMPLEX = "TOO_COMPLEX"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class DomainError(Exception):
    """A refusal that the caller can understand and act on.

    ``field`` is the path of the input field at fault (``input.document.number``), ``reason`` a
    stable finer code within ``code``, ``params`` values for the message and for clients. None of
    them ever holds personal data. ``zh`` and ``en`` replace the code's general message and may
    use ``{name}`` for a param.
    """

    code: ClassVar[Code]
    default_zh: ClassVar[str]
    default_en: ClassVar[str]

    def __init__(
        self,
        *,
        field: str | None = None,
        reason: str | None = None,
        params: Mapping[str, Any] | None = None,
        zh: str | None = None,
        en: str | None = None,
    ) -> None:
        self.field = field
        self.reason = reason
        self.params: dict[str, Any] = dict(params or {})
        self._zh = zh or self.default_zh
        self._en = en or self.default_en
        super().__init__(_filled(self._en, self.params))

    def message(self, language: Language = "zh-CN") -> str:
        """The words for a person, in their language."""
        text = self._en if language == "en" else self._zh
        return _filled(text, self.params)

    def extensions(self) -> dict[str, Any]:
        """What goes into ``errors[].extensions``: code, field and params (with the reason)."""
        answer: dict[str, Any] = {"code": self.code.value}
        if self.field is not None:
            answer["field"] = self.field
        params = dict(self.params)
        if self.reason is not None:
            params["reason"] = self.reason
        if params:
            answer["params"] = params
        return answer


def _filled(text: str, params: Mapping[str, Any]) -> str:
    """The text with its params; a text that does not fit them stays as it is.

    A refusal must reach the caller even when its words are wrong.
    """
    try:
        return text.format_map(params)
    except (LookupError, ValueError, AttributeError, TypeError):
        return text


class Unauthenticated(DomainError):
    """No session, or one that is no longer good."""

    code = Code.UNAUTHENTICATED
    default_zh = "请先登录"
    default_en = "Sign in first"


class NotFound(DomainError):
    """Absent, or not for this viewer: the two look alike on purpose."""

    code = Code.NOT_FOUND
    default_zh = "没有找到，或者您无权查看"
    default_en = "Not found, or not yours to see"


class InvalidInput(DomainError):
    """The input breaks a rule of form."""

    code = Code.INVALID_INPUT
    default_zh = "填写的内容不符合要求"
    default_en = "The input does not meet the rules"


class Conflict(DomainError):
    """Somebody else changed it first, or it exists already."""

    code = Code.CONFLICT
    default_zh = "数据已被更改，请刷新后再试"
    default_en = "It was changed meanwhile; reload and try again"


class RequestIdReused(DomainError):
    """The same ``requestId`` came before with another payload."""

    code = Code.REQUEST_ID_REUSED
    default_zh = "requestId 已用于另一个请求"
    default_en = "This requestId was used for another request"


class WrongState(DomainError):
    """The thing is not in a state that allows the step."""

    code = Code.WRONG_STATE
    default_zh = "当前状态不能进行此操作"
    default_en = "Its state does not allow this"


class StandardNotMet(DomainError):
    """The place does not meet the standard for letting; ``params.missing`` names each point."""

    code = Code.STANDARD_NOT_MET
    default_zh = "房屋尚未达标，不能发布房源"
    default_en = "The house does not meet the standard for letting"


class RateLimited(DomainError):
    """Too many attempts; ``params.retryAfter`` is in seconds."""

    code = Code.RATE_LIMITED
    default_zh = "操作太频繁，请稍后再试"
    default_en = "Too many attempts; try again later"


class TooComplex(DomainError):
    """The document asks for more than one request may cost."""

    code = Code.TOO_COMPLEX
    default_zh = "查询过于复杂"
    default_en = "The query is too complex"


class Unavailable(DomainError):
    """A part we depend on does not answer; the same request can be repeated."""

    code = Code.UNAVAILABLE
    default_zh = "服务暂时不可用，请稍后再试"
    default_en = "The service is unavailable for a moment; try again"


def require_version(version: int, expected: int) -> None:
    """Refuse to change what is no longer what the caller saw.

    Raises:
        Conflict: somebody changed it meanwhile; ``params.version`` is what it is at now.
    """
    if version != expected:
        raise Conflict(
            field="input.expectedVersion", reason="STALE_VERSION", params={"version": version}
        )
