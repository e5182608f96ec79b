"""What can go wrong with WeChat, told apart by type; ``retry`` says what a caller may do about it.

No text here holds a token, a code, an openid or what WeChat quotes of the request: of its
``errmsg`` only the name of a field, our own address and the number of the complaint are kept.

Codes: WeChat's "global return codes" (全局返回码) and the pages of the single calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, Self

from core.clock import SHANGHAI


@dataclass(frozen=True)
class Never:
    """The same call will be refused again, however late."""


@dataclass(frozen=True)
class Later:
    """The same call may pass after so many seconds."""

    after: float


@dataclass(frozen=True)
class AtReset:
    """The day's quota is used up; it is filled at midnight in Shanghai."""

    @staticmethod
    def moment(now: datetime) -> datetime:
        """When that is, in UTC."""
        tomorrow = (now.astimezone(SHANGHAI) + timedelta(days=1)).date()
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=SHANGHAI).astimezone(
            UTC
        )


Retry = Never | Later | AtReset


class WeChatError(Exception):
    """Any failure of a call; ``call`` is our name for it, ``errcode`` WeChat's number."""

    retry: ClassVar[Retry] = Never()
    perhaps_done = False
    """Whether WeChat may have carried out the call all the same: its answer was lost."""

    def __init__(
        self, call: str, errcode: int | None = None, *, complaint: str | None = None
    ) -> None:
        self.call = call
        self.errcode = errcode
        self.complaint = complaint
        """WeChat's ``rid``, by which its own tools show the request."""
        super().__init__(f"{call}: {type(self).__name__}" + (f" {errcode}" if errcode else ""))


# What is wrong on this side, before anything is sent


class NotConfigured(WeChatError):
    """No mini-program is configured for this service."""


class UnfitInput(WeChatError, ValueError):
    """WeChat would refuse this value; ``field`` names it and ``rule`` says what is allowed."""

    def __init__(self, call: str, field: str, rule: str) -> None:
        super().__init__(call)
        self.field = field
        self.rule = rule


# WeChat can't be talked to


class Unavailable(WeChatError):
    """No answer, or none that can be used: the same call may pass later.

    The call may have been carried out all the same, unless ``perhaps_done`` says no.
    """

    retry = Later(10)
    perhaps_done = True

    @classmethod
    def unsent(cls, call: str) -> Self:
        """The same, when it is certain that nothing was sent: there was no connection."""
        error = cls(call)
        error.perhaps_done = False
        return error


class Unreachable(Unavailable):
    """No connection, or it broke."""


class TookTooLong(Unavailable):
    """No answer within the time limit."""


class BadAnswer(Unavailable):
    """An answer that is no answer to this call: a server error, or not in the agreed form.

    A server that says that it failed has done nothing; one behind which something took too long
    (504) can't know.
    """

    def __init__(self, call: str, *, status: int | None = None) -> None:
        super().__init__(call)
        self.status = status
        self.perhaps_done = status in {None, 200, 504}


class Busy(Unavailable):
    """-1, 43108: the system is busy."""

    retry = Later(5)
    perhaps_done = False


# WeChat refuses


class Refused(WeChatError):
    """WeChat refuses with a code; one that is not known here is kept in ``errcode``."""


class RateLimited(Refused):
    """45011, 44990, 44991: too often in the last minute."""

    retry = Later(60)


class QuotaUsedUp(Refused):
    """45009, 44993: no more calls today."""

    retry = AtReset()


class TokenRefused(Refused):
    """40001, 40014, 41001, 42001: the access token, after one attempt with a new one."""

    retry = Later(30)


class CredentialsRefused(Refused):
    """40013, 40125, 40243, 41002, 41004: app id or secret are wrong; an operator must mend it."""

    retry = Later(300)


class AddressNotListed(Refused):
    """40164: our address is not on the mini-program's list; ``address`` is how WeChat sees it."""

    retry = Later(300)

    def __init__(self, call: str, errcode: int, *, complaint: str | None, address: str | None):
        super().__init__(call, errcode, complaint=complaint)
        self.address = address


class NotPermitted(Refused):
    """48001, 48004, 50001, 43107: the mini-program may not use this call."""


class CodeRefused(Refused):
    """40029, 40163, 41008: the code is unknown, used or too old; the client must get a new one."""


class HighRiskUser(Refused):
    """40226: WeChat holds the account for dangerous and lets it sign in nowhere."""


class UserUnknown(Refused):
    """40003: the openid is not one of this mini-program's."""


class UserNotRecent(Refused):
    """61010: the person has not used the mini-program within two hours."""


class SubscriptionRefused(Refused):
    """43101: the person did not accept, or all that they accepted has been sent."""


class TemplateUnknown(Refused):
    """40037: the template is not one of this mini-program's."""


class TemplateFieldRefused(Refused):
    """47003: a value does not fit its place in the template; ``field`` names it if WeChat did."""

    def __init__(self, call: str, errcode: int, *, complaint: str | None, field: str | None):
        super().__init__(call, errcode, complaint=complaint)
        self.field = field


class PageUnknown(Refused):
    """41030, 40165, 40212: no such page in the published version."""


class SceneRefused(Refused):
    """40169, 85096: the scene of a mini-program code."""


class ArgumentRefused(Refused):
    """40097, 44002, 47001, 85401 and others: a mistake in our request."""


class RiskyContent(Refused):
    """87014: the content is against the rules."""


_CLASSES: Final[dict[type[Refused], tuple[int, ...]]] = {
    RateLimited: (45011, 44990, 44991),
    QuotaUsedUp: (45009, 44993),
    TokenRefused: (40001, 40014, 41001, 42001),
    CredentialsRefused: (40013, 40125, 40243, 41002, 41004),
    NotPermitted: (48001, 48004, 50001, 43107),
    CodeRefused: (40029, 40163, 41008),
    HighRiskUser: (40226,),
    UserUnknown: (40003,),
    UserNotRecent: (61010,),
    SubscriptionRefused: (43101,),
    TemplateUnknown: (40037,),
    PageUnknown: (41030, 40165, 40212),
    SceneRefused: (40169, 85096),
    ArgumentRefused: (40097, 40035, 43002, 44002, 44004, 45002, 47001, 85401),
    RiskyContent: (87014,),
}
_BY_CODE: Final = {code: kind for kind, codes in _CLASSES.items() for code in codes}
_BUSY: Final = frozenset({-1, 43108})

STALE_TOKEN: Final = frozenset({40001, 40014, 42001})
"""What is answered to a token that may have been good once."""

_COMPLAINT = re.compile(r"\brid: ?([0-9a-f-]{8,48})")
_FIELD = re.compile(r"\bdata\.([a-z_]{1,20}\d{1,2})\b")
_ADDRESS = re.compile(r"invalid ip (\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39})\b")


def refusal(call: str, errcode: int, errmsg: object) -> WeChatError:
    """The error for an answer with ``errcode`` other than 0."""
    text = errmsg if isinstance(errmsg, str) else ""
    complaint = _first(_COMPLAINT, text)
    if errcode in _BUSY:
        return Busy(call, errcode, complaint=complaint)
    if errcode == 40164:
        return AddressNotListed(call, errcode, complaint=complaint, address=_first(_ADDRESS, text))
    if errcode == 47003:
        return TemplateFieldRefused(call, errcode, complaint=complaint, field=_first(_FIELD, text))
    return _BY_CODE.get(errcode, Refused)(call, errcode, complaint=complaint)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None
