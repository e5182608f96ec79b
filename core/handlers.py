"""Importing this registers the jobs of the core."""

from core import jobs, requests

__all__ = ["jobs", "requests"]
