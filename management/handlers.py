"""Importing this registers what the package holds about people."""

from management import personal_data

__all__ = ["personal_data"]
