"""The departments of the town, as their names are today."""

from __future__ import annotations

from typing import Final

from identity.models import Department

# Code, name, English name. The sources of the domain use older names for some of them.
DEPARTMENTS: Final = (
    ("EMERGENCY", "应急管理", "Emergency Management"),
    ("MARKET", "市场监管", "Market Regulation"),
    ("FIRE", "消防", "Fire and Rescue"),
    ("POLICE", "公安", "Public Security"),
    ("TAX", "税务", "Taxation"),
    ("HEALTH", "卫生健康", "Health"),
    ("HOUSING", "住建", "Housing and Construction"),
    ("ECOLOGY", "生态环境", "Ecology and Environment"),
)


async def ensure_departments() -> None:
    """Enter the departments that are missing; those there stay as they were edited."""
    rows = [
        Department(code=code, name_zh=name_zh, name_en=name_en)
        for code, name_zh, name_en in DEPARTMENTS
    ]
    await Department.bulk_create(rows, ignore_conflicts=True)


async def departments() -> list[Department]:
    """All of them, by code."""
    return await Department.all().order_by("code")
