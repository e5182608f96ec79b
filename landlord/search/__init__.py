"""The public search of listings (房源): by words, place, price, facilities and safety."""

from landlord.search.features import SafetyFact
from landlord.search.filters import Box, ListingFilter, Near
from landlord.search.finding import ListingOrder, list_listings

__all__ = ["Box", "ListingFilter", "ListingOrder", "Near", "SafetyFact", "list_listings"]
