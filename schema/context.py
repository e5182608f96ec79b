"""What a resolver knows of the request."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from core.errors import Language
from identity.actor import Actor
from schema.selection import Selection


@dataclass(slots=True)
class Context:
    """Who asks, in which language, from which device. Operations of one socket share it.

    ``by_get``: the arguments stand in the address, which servers on the way write down.
    """

    actor: Actor
    language: Language = "zh-CN"
    device: str = ""
    by_get: bool = False


class Info(strawberry.Info[Context, None]):
    """The info object of our resolvers; there is one for each call of a resolver.

    ``selection`` is what is asked for beneath a root field, as its guard found it.
    """

    selection: Selection
