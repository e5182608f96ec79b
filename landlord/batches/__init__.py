"""What a landlord does with many rooms or listings at once: all of it, or nothing.

A refusal names every one at fault in ``params.items``. Each house is locked once, in the order
of their ids, and the statements don't grow with the rooms.
"""

from landlord.batches.drafts import create_listings, drafted_with
from landlord.batches.offers import (
    NewRent,
    change_rents,
    publish_listings,
    refresh_listings,
    withdraw_listings,
)
from landlord.batches.rooms import set_room_states

__all__ = [
    "NewRent",
    "change_rents",
    "create_listings",
    "drafted_with",
    "publish_listings",
    "refresh_listings",
    "set_room_states",
    "withdraw_listings",
]
