"""Processes beside the service, for work that would hold up its event loop."""

from __future__ import annotations

import sys
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Final


class _Bare(SpawnProcess):
    def start(self) -> None:
        """Start without the program that starts it, which Python would load there again.

        The whole service takes seconds to load and 150 MB; the work needs its own modules only.
        """
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class _BareContext(SpawnContext):
    Process = _Bare


BARE: Final = _BareContext()
"""For ``ProcessPoolExecutor``: fresh processes that load what their work imports, no more.

Fresh, because a fork would take the event loop and its connections along.
"""
