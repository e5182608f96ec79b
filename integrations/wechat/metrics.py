"""Counters of calls to WeChat, in no registry of their own: the edge adds them to the process'."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

from integrations.wechat.errors import WeChatError

CALLS: Final = Counter(
    "leye_wechat_calls", "Calls to WeChat by their outcome", ("call", "outcome"), registry=None
)
SECONDS: Final = Histogram(
    "leye_wechat_call_seconds",
    "Time of a call to WeChat, waiting for a token included",
    ("call",),
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=None,
)
PUSHES: Final = Counter(
    "leye_wechat_pushes",
    "What came to the address of message push: accepted, repeated, unavailable, or why refused",
    ("outcome",),
    registry=None,
)
COLLECTORS: Final = (CALLS, SECONDS, PUSHES)

_NAMES: Final = {
    "cgi-bin/stable_token": "stable_token",
    "sns/jscode2session": "code_to_session",
    "wxa/business/getuserphonenumber": "phone_number",
    "cgi-bin/message/subscribe/send": "send_subscribe_message",
    "wxa/msg_sec_check": "check_text",
    "wxa/media_check_async": "check_media",
    "wxa/getwxacodeunlimit": "code_unlimited",
    "wxa/generate_urllink": "url_link",
    "wxa/generatescheme": "url_scheme",
}

log = structlog.get_logger(__name__)


def call_name(endpoint: str) -> str:
    """Our name for an endpoint, from a fixed set: nobody can grow the label sets."""
    return _NAMES.get(endpoint.strip("/"), "other")


@contextmanager
def measured(call: str) -> Iterator[None]:
    """Count the call in the block by its outcome, and log what went wrong."""
    began, outcome = time.perf_counter(), "cancelled"
    try:
        yield
        outcome = "ok"
    except WeChatError as error:
        outcome = _snake(type(error).__name__)
        log.warning(
            "wechat.call_failed",
            call=call,
            code=outcome.upper(),
            errcode=error.errcode,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        raise
    finally:
        CALLS.labels(call, outcome).inc()
        SECONDS.labels(call).observe(time.perf_counter() - began)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
