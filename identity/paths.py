"""The form of a grid path: codes from the top down, each followed by a slash."""

from __future__ import annotations

import re
from typing import Final

from core.errors import InvalidInput

_PATH: Final = re.compile(r"(?:[0-9A-Za-z-]+/)+", re.ASCII)
_LONGEST: Final = 200


def check_path(path: str, *, code: str | None = None, field: str = "input.gridCode") -> str:
    """The path itself, if it has the form of one and, where given, ends in the code.

    Whether there is such a grid is for the caller to know.

    Raises:
        InvalidInput: it has not.
    """
    well_formed = len(path) <= _LONGEST and _PATH.fullmatch(path) is not None
    if not well_formed or (code is not None and path.split("/")[-2] != code):
        raise InvalidInput(field=field, reason="GRID_PATH", zh="没有这个网格", en="No such grid")
    return path
