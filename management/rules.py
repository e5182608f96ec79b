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
    tenant_registration_days: int = Field(
        default=3,
        ge=1,
        description="working days (工作日) after signing in which a landlord registers a tenant:"
        " municipal ordinance on letting; a town sets its own",
    )
    tenant_early_days: int = Field(
        default=30,
        ge=0,
        description="a tenant registered up to so many days before the signing fulfils the duty; a"
        " lease that staff note later than that after its day is history, and begins no duty",
    )
    data_exports_per_day: int = Field(
        default=3, ge=1, description="copies of one's data that one account may ask for in a day"
    )
    plates_per_sheet: int = Field(default=20_000, description="plates that one order may print")
    plate_sheet_days: int = Field(default=7, description="days that a printed sheet can be fetched")
    declarations_per_day: int = Field(
        default=3, description="自主申报: by one account in a day; more are held for a warden"
    )
    declarations_tried: int = Field(
        default=20, description="declarations of one account in a day, held ones included"
    )
    declaration_hours: int = Field(
        default=48, ge=1, description="a warden looks at a held declaration within so many hours"
    )
    declaration_days_back: int = Field(
        default=30, description="a declaration may begin at most so many days ago"
    )
    declaration_family: int = Field(
        default=8, description="people besides oneself in one declaration"
    )
    declaration_photos: int = Field(default=6, description="pictures of one declaration")
    declarations_per_request: int = Field(
        default=50, description="declarations that a member of staff may decide at once"
    )
    landlord_answer_days: int = Field(
        default=7, ge=1, description="a landlord's silence closes the question after so many days"
    )
    guardian_age: int = Field(
        default=14, description="PIPL article 31: under this a guardian agrees for a child"
    )
    welfare_age: int = Field(
        default=16, description="Law on the Protection of Minors article 21: not alone under this"
    )
    passport_hours: int = Field(
        default=24,
        description="Exit and Entry Administration Law article 39: a foreigner who does not stay"
        " in a hotel registers with the police within so many hours",
    )
    task_days: int = Field(
        default=30, ge=1, description="派单: a task without a deadline of its own is due after this"
    )
    task_longest_days: int = Field(
        default=90, ge=1, description="派单: a deadline lies at most so many days ahead"
    )
    task_urge_hours: int = Field(
        default=4, ge=1, description="催办: hours between two reminders of one task"
    )
    tasks_at_once: int = Field(
        default=50, ge=1, description="派单: tasks that may be assigned at once"
    )
    permit_days: int = Field(
        default=183, description="居住证: half a year of registered residence (居住证暂行条例 § 2)"
    )
    permit_gap_days: int = Field(
        default=30, ge=0, description="居住证: a longer gap between two residences begins anew"
    )
    permit_remind_days: int = Field(
        default=30, ge=1, description="居住证: days before the endorsement; the month of § 10"
    )
    residence_ask_days: int = Field(
        default=180, ge=1, description="days since a residence was confirmed: asked whether still"
    )
    residence_answer_days: int = Field(
        default=14, ge=1, description="days of silence after that, then a warden looks"
    )
    residence_visit_days: int = Field(
        default=14, ge=1, description="days that the warden has to look"
    )
    certificate_days: int = Field(
        default=90, ge=1, description="居住登记凭证: days that a certificate is valid"
    )
    certificates_per_day: int = Field(
        default=5, ge=1, description="居住登记凭证: certificates that one person may draw in a day"
    )
    hazard_photos: int = Field(default=6, ge=1, description="隐患: pictures of one report, at most")
    hazard_near_metres: int = Field(
        default=50, ge=1, description="隐患: what of the same kind is so near may be the same"
    )
    hazard_seen_days: int = Field(
        default=30, ge=1, description="隐患: a report may come so long after it was seen (offline)"
    )
    hazard_reports_per_day: int = Field(
        default=20, ge=1, description="hazards that one account may report in a day"
    )
    anonymous_hazards_per_hour: int = Field(
        default=10, ge=1, description="hazards reported without a name from one address in an hour"
    )
    app_hazards_per_day: int = Field(
        default=2000, ge=1, description="hazards that one app may report in a day"
    )
    hazards_followed: int = Field(
        default=100, ge=1, description="open hazards of others that one account may follow"
    )
    hazard_supplements: int = Field(
        default=10, ge=1, description="times that who reported a hazard may add to it"
    )
    hazard_crowd: int = Field(
        default=3, ge=1, description="隐患: fewer people living there, and a report points at one"
    )
    public_hazard_hours: int = Field(
        default=2, ge=0, description="公开地图: hours before a hazard is shown to everybody"
    )
    public_hazard_days: int = Field(
        default=30, ge=0, description="公开地图: days for which a closed hazard is still shown"
    )


@cache
def rules() -> Rules:
    """The rules of this deployment, read once."""
    return Rules()
