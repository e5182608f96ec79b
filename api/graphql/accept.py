"""Content negotiation for ``/graphql`` (RFC 9110, 12.5.1)."""

from __future__ import annotations

from functools import lru_cache

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
EVENTS = "text/event-stream"
MULTIPART = "multipart/mixed"
STREAMS = frozenset({EVENTS, MULTIPART})
_LONGEST_HEADER = 1_000


@lru_cache(256)
def acceptable(accept: str | None) -> str | None:
    """The media type to answer with; None when nothing we speak is wanted.

    ``multipart/mixed`` counts with ``subscriptionSpec=1.0`` only.

    A type that is named beats one that a wildcard covers; wildcards and a missing header mean
    ``application/json``, as the GraphQL-over-HTTP specification asks of today's servers.
    """
    if not accept:
        return JSON
    best, best_rank = None, (0.0, False)
    for part in accept[:_LONGEST_HEADER].split(","):
        name, _, parameters = part.partition(";")
        name = name.strip().lower()
        named = name in (JSON, RESPONSE, EVENTS) or _is_subscription(name, parameters)
        if not named and name not in ("*/*", "application/*"):
            continue
        rank = (_quality(parameters), named)
        if rank[0] > 0 and rank > best_rank:
            best, best_rank = name if named else JSON, rank
    return best


def _is_subscription(name: str, parameters: str) -> bool:
    plain = parameters.replace('"', "").replace(" ", "").lower()
    return name == MULTIPART and "subscriptionspec=1.0" in plain.split(";")


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
