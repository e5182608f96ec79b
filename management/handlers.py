"""Importing this registers the package's jobs and what it holds about people."""

from management import belongings, claims, personal_data, plate_sheet_jobs

__all__ = ["belongings", "claims", "personal_data", "plate_sheet_jobs"]
