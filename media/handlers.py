"""Importing this registers the package's jobs and what it holds about people."""

from media import personal_data, sweeping

__all__ = ["personal_data", "sweeping"]
