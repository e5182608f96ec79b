"""What a resolver knows of the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import strawberry

from core.errors import Language
from identity.actor import Actor


@dataclass(slots=True)
class Context:
    """One per operation. ``selections`` holds what each root field was asked for."""

    actor: Actor
    language: Language = "zh-CN"
    base_url: str = ""
    device: str = ""
    selections: dict[str | int, Any] = field(default_factory=dict)
    # Strawberry's HTTP view puts a response here when it can set headers.
    response: Any = None


class Info(strawberry.Info[Context, None]):
    """The info object of our resolvers."""
