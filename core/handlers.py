"""Importing this registers the jobs of the core."""

from core import jobs, privacy_jobs, requests

__all__ = ["jobs", "privacy_jobs", "requests"]
