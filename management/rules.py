"""Figures of the rules, each with its source; a deployment can set its own (``LEYE_RULE_*``)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Rules(BaseSettings):
    """Numbers that decide. Areas in m², money in yuan."""

    model_config = SettingsConfigDict(env_prefix="LEYE_RULE_", frozen=True, env_ignore_empty=True)

    shop_area: Decimal = Field(
        default=Decimal(200), description="“三小”场所 rules: a small shop has less than this in all"
    )
    entertainment_area: Decimal = Field(
        default=Decimal(200), description="“三小”场所 rules: less than this in all"
    )
    workshop_floors: int = Field(default=6, description="“三小”场所 rules: at most")
    workshop_floor_area: Decimal = Field(
        default=Decimal(400), description="“三小”场所 rules: at most, per floor"
    )
    rental_floors: int = Field(default=7, description="出租屋 rules: at most")
    rental_floor_area: Decimal = Field(
        default=Decimal(500), description="出租屋 rules: at most, per floor"
    )
    room_area_per_person: Decimal = Field(
        default=Decimal(5), description="capacity of a room: usable area / this; a family is exempt"
    )
    standard_completeness: int = Field(
        default=90, description="达标: percent of the required fields that must be filled"
    )
    largest_rent: Decimal = Field(
        default=Decimal(100_000), description="yuan a month; more is taken for a slip of the finger"
    )
    enquiries_per_day: int = Field(
        default=20, description="conversations about listings that one account may begin in a day"
    )
    enquiry_words_per_day: int = Field(
        default=100, description="messages about listings that one account may send in a day"
    )
    viewing_days: int = Field(default=60, description="看房: at most so many days ahead")
    viewing_from_hour: int = Field(
        default=8, description="看房: from this full hour, Asia/Shanghai; people sleep before"
    )
    viewing_until_hour: int = Field(
        default=21, description="看房: until this full hour, Asia/Shanghai, included"
    )
    saved_listings: int = Field(default=200, description="listings that one account may keep")
    listing_reports_per_day: int = Field(
        default=10, description="listings that one account may report in a day"
    )
    redacted_original_days: int = Field(
        default=180, description="a redacted picture is kept as it was, under lock, for so long"
    )
    pressing_reports: int = Field(
        default=3, description="open reports of one listing from which on it is marked as pressing"
    )
    batch_rooms: int = Field(
        default=100, description="rooms or listings that a landlord may change at once"
    )
    largest_rent_change: Decimal = Field(
        default=Decimal(50),
        description="percent by which many rents change at once; more is taken for a slip",
    )
    largest_water_price: Decimal = Field(
        default=Decimal(50), description="yuan per m³; more is taken for a slip of the finger"
    )
    largest_electricity_price: Decimal = Field(
        default=Decimal(10), description="yuan per kWh; more is taken for a slip of the finger"
    )
    listing_days: int = Field(
        default=30, ge=1, description="days after which an offer nobody refreshed is withdrawn"
    )
    listing_warn_days: int = Field(default=5, ge=1, description="days between the warning and that")
    reservation_hours: int = Field(default=24, ge=1, description="how long a seeker holds a room")
    followed_places: int = Field(
        default=5, description="places that one account may follow: home, work, parents"
    )
    notices_per_day: int = Field(
        default=50, description="notices that one member of staff may send in a day"
    )
    emergencies_per_hour: int = Field(
        default=3, description="emergency alerts that one member of staff may send in an hour"
    )
    notice_days_ahead: int = Field(
        default=60, description="a notice can be scheduled at most so many days ahead"
    )
    announcement_days: int = Field(
        default=366, description="an announcement is shown for so many days at the most"
    )
    reservations_held: int = Field(default=1, ge=1, description="rooms a seeker holds at a time")
    reservations_per_week: int = Field(
        default=3, ge=1, description="reservations that a seeker makes in seven days"
    )
    rooms_per_request: int = Field(default=200, description="rooms that one request may add")
    plates_per_request: int = Field(default=500, description="plates that one request may issue")
    pending_claims: int = Field(
        default=5, ge=1, description="claims of one account that may wait for a warden at a time"
    )
    claim_papers_days: int = Field(
        default=90, ge=1, description="days that papers stay after a claim was refused or ended"
    )
    plates_per_sheet: int = Field(default=20_000, description="plates that one order may print")
    plate_sheet_days: int = Field(default=7, description="days that a printed sheet can be fetched")


@cache
def rules() -> Rules:
    """The rules of this deployment, read once."""
    return Rules()
