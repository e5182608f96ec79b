"""Why an operation was not done."""

from __future__ import annotations


class OperationRefused(Exception):
    """The operation was not done and changed nothing; the text says why and what to do."""
