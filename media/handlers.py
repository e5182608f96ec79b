"""Importing this registers the package's jobs and what it holds about people."""

from media import personal_data

__all__ = ["personal_data"]
