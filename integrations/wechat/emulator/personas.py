"""People who can sign in at the emulator. Their numbers are of a range that is given to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Persona:
    """One WeChat user; openids never change, so that accounts are found again."""

    name: str
    label: str
    openid: str
    unionid: str
    phone: str
    country_code: str = "86"


# The two of the sample town's people whose accounts are found by their numbers.
_SAMPLE_PHONES: Final = {"tenant": "19900000001", "landlord": "19900000002"}


def _persona(number: int, name: str, label: str) -> Persona:
    return Persona(
        name=name,
        label=label,
        openid=f"oEmulator{name.capitalize():x<16}{number:03}",
        unionid=f"uEmulator{name.capitalize():x<16}{number:03}",
        phone=_SAMPLE_PHONES.get(name, f"19900099{number:03}"),
    )


PERSONAS: Final = {
    persona.name: persona
    for persona in (
        _persona(1, "tenant", "租客小林 Lin, a tenant"),
        _persona(2, "newcomer", "新来的小周 Zhou, in town since today"),
        _persona(3, "landlord", "房东老陈 Chen, a landlord"),
        _persona(4, "sublandlord", "二手房东阿强 Qiang, a sub-landlord"),
        _persona(5, "shopkeeper", "店主阿珍 Zhen, keeps a shop"),
        _persona(6, "warden", "网格员小黄 Huang, a warden"),
        _persona(7, "neighbour", "邻居何姨 He, a neighbour"),
        _persona(8, "risky", "高风险用户, whom WeChat lets in nowhere (40226)"),
    )
}
HIGH_RISK: Final = "risky"
