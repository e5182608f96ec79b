"""Importing this registers the package's jobs and what it holds about people."""

from media import belongings, personal_data, sweeping

__all__ = ["belongings", "personal_data", "sweeping"]
