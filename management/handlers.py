"""Importing this registers the package's jobs and what it holds about people."""

from management import belongings, claims, personal_data, plate_sheet_jobs
from management.hazards import clocks as hazard_clocks
from management.hazards import personal_data as hazards_personal_data
from management.people import asking, duties, permits, rotating
from management.people import personal_data as people_personal_data
from management.tasks import handing_over
from management.tasks import personal_data as tasks_personal_data

__all__ = [
    "asking",
    "belongings",
    "claims",
    "duties",
    "handing_over",
    "hazard_clocks",
    "hazards_personal_data",
    "people_personal_data",
    "permits",
    "personal_data",
    "plate_sheet_jobs",
    "rotating",
    "tasks_personal_data",
]
