"""What tests of the whole schema know of each part of the residents' features.

For each part ``NAME.py`` has the ways and cases, ``NAME.toml`` who may read what.
"""

from __future__ import annotations

from tests.schema.parts import (
    declarations,
    hazard_work,
    hazards,
    my_data,
    people,
    tasks,
    tenants,
)

PARTS = (people, declarations, hazards, hazard_work, tasks, my_data, tenants)
