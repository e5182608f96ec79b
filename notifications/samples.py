"""What fills a template when it is tried out: things that could be, and nobody who is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from core.clock import now, today
from notifications.shipped import codes
from notifications.topics import RULES, ParamKind, Topic

_NAMES: Final[Mapping[str, str]] = {
    "place": "样例花园 3 栋",
    "code": "260101-ACDEFGHJ",
    "listing": "采光好的单间，近地铁",
    "title": "台风蓝色预警",
    "body": "今晚有大风，请收好阳台上的东西。",
}


def sample_params(topic: Topic) -> dict[str, str]:
    """A value for each param of a topic."""
    return {name: _sample(name, kind) for name, kind in RULES[topic].params.items()}


def _sample(name: str, kind: ParamKind) -> str:
    match kind:
        case ParamKind.NAME:
            return _NAMES[name]
        case ParamKind.GRID:
            return "样例社区|Sample Community"
        case ParamKind.ROOMS:
            return "301,302,303,+2"
        case ParamKind.MOMENT:
            return (now() + timedelta(days=1)).isoformat()
        case ParamKind.DAY:
            return today().isoformat()
        case ParamKind.MONTH:
            return f"{today():%Y-%m}"
        case _:
            return next(iter(codes()[kind]))
