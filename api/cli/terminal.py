"""Speaking to the operator: words go to standard error, results to standard output."""

from __future__ import annotations

from rich.console import Console

say = Console(stderr=True)
show = Console()
