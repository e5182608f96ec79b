"""Importing this registers the package's jobs and what it holds about people."""

from management import claims, personal_data, plate_sheet_jobs

__all__ = ["claims", "personal_data", "plate_sheet_jobs"]
