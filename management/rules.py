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
    rooms_per_request: int = Field(default=200, description="rooms that one request may add")
    plates_per_request: int = Field(default=500, description="plates that one request may issue")


@cache
def rules() -> Rules:
    """The rules of this deployment, read once."""
    return Rules()
