"""What follows here from what happens below; imported for what it registers."""

from citizen import belongings, personal_data
from citizen.declarations import landlords, revealing
from citizen.declarations.answers import end_questions
from citizen.my_data import exporting
from citizen.my_data.models import DataExport
from core.events import on
from management.events import PersonUnbound, ResidenceEnded

__all__ = ["belongings", "exporting", "landlords", "personal_data", "revealing"]


@on(ResidenceEnded)
async def end_what_waits_for_it(event: ResidenceEnded) -> None:
    """The landlord is no longer asked, and no warden has to look, about who has left."""
    await end_questions(event.residence_id)


@on(PersonUnbound)
async def drop_copies(event: PersonUnbound) -> None:
    """Copies of what was held about them are not this account's any more."""
    await DataExport.filter(account_id=event.account_id).delete()
