"""Counters and gauges for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one process, in a registry of their own.

    Routes are templates and methods a fixed set, so that nobody can grow the label sets.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "leye_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "leye_http_request_seconds",
            "Time from the request's head to the end of its answer",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that is read when somebody looks: a pool's size, a queue's length."""
        Gauge(f"leye_{name}", description, registry=self.registry).set_function(read)

    def add(self, *collectors: Collector) -> None:
        """Show what a lower package counts."""
        for collector in collectors:
            self.registry.register(collector)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
