"""What residents declared goes with the person."""

from citizen.models import Declaration, DeclarationStep, ResidenceObjection
from citizen.my_data.models import DataErasure, DataExport
from identity.belongings import belongs, stays

belongs(Declaration, "account_id")
belongs(ResidenceObjection, "account_id")
stays(Declaration, "answered_by_id", why="who answered at the time")
stays(DeclarationStep, "account_id", why="who did it at the time")
stays(DataExport, "account_id", why="a copy is for who asked for it, and soon gone")
stays(DataErasure, "account_id", why="what was erased was this account's")
