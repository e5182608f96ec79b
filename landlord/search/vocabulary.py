"""What seekers call things: facilities, layouts and ways of letting, with their synonyms.

A listing carries the code of a facility; a query that says any of its words finds the code. Words
are written as :func:`landlord.search.words.canonical` leaves them: small letters, digits for
Chinese numerals before a counter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from landlord.models import Facility, LetBy

_FACILITIES: Final[Mapping[Facility, str]] = {
    Facility.AIR_CONDITIONER: "空调 有空调 带空调 空调房 冷气",
    Facility.HOT_WATER: "热水 热水器 有热水",
    Facility.PRIVATE_BATHROOM: (
        "独立卫生间 独卫 卫生间 独立洗手间 洗手间 厕所 独立厕所 独立卫浴 卫浴 浴室 带独卫"
    ),
    Facility.KITCHEN: "厨房 独立厨房 可做饭 做饭 煮饭 可煮饭 能做饭 带厨房",
    Facility.BALCONY: "阳台 带阳台 有阳台 独立阳台",
    Facility.BED: "床 有床 带床 双人床 单人床",
    Facility.WARDROBE: "衣柜 有衣柜 衣橱",
    Facility.DESK: "书桌 桌子 桌椅 写字台 办公桌",
    Facility.WASHING_MACHINE: "洗衣机 有洗衣机",
    Facility.REFRIGERATOR: "冰箱 有冰箱 电冰箱",
    Facility.INTERNET: "wifi wi-fi 网络 宽带 上网 无线网 无线网络 有网络 有网 包网 网线 免费wifi",
    Facility.LIFT: "电梯 电梯房 有电梯 带电梯 电梯公寓",
    Facility.PARKING: "停车位 停车场 车位 停车 可停车 有车位",
    Facility.E_BIKE_SHED: "充电棚 电动车棚 电动车充电 电瓶车充电 停电动车 车棚 充电桩",
    Facility.METRO_NEARBY: "地铁 近地铁 地铁站 近地铁站 地铁口 地铁附近 地铁旁 轨道交通",
    Facility.BUS_NEARBY: "公交 近公交 公交站 近公交站 公交车站 公交附近 公交车",
}
_OTHERS: Final[Mapping[str, str]] = {
    "LAYOUT_SINGLE": "单间 单房 单身公寓 1居室 1居 单人间 独立单间 小单间 大单间",
    "LAYOUT_1": "1房1厅 1室1厅 1房 1室",
    "LAYOUT_2": "2房 2室 2居 2居室 2房1厅 2室1厅 2房2厅",
    "LAYOUT_3": "3房 3室 3居 3居室 3房1厅 3室1厅 3房2厅 3室2厅",
    "NO_DEPOSIT": "免押金 不收押金 无押金 0押金 零押金 免押 不用押金 无需押金 不要押金",
    f"LET_{LetBy.BED}": "床位 铺位 床铺 按床出租 单个床位",
    f"LET_{LetBy.ROOM}": "整租 整间 整套",
}

CONCEPTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{facility.value: tuple(words.split()) for facility, words in _FACILITIES.items()},
    **{concept: tuple(words.split()) for concept, words in _OTHERS.items()},
}
"""Codes and the words for them."""

FACILITIES: Final = frozenset(facility.value for facility in _FACILITIES)
"""The codes of facilities among them."""

CONCEPT_OF: Final[Mapping[str, str]] = {
    word: concept for concept, words in CONCEPTS.items() for word in words
}

_PLAIN: Final = (
    "公寓 工业区 菜市场 市场 学校 公园 家具大道 鞋材 拎包入住 采光好 安静 新装修 朝南 向南"
    " 精装 短租 月租 押1付1 大道 社区 车站 医院 广场 商场 夫妻 家庭"
)
_EMPTY: Final = (
    "的 有 带 要 找 想 租 在 和 个 我 近 求租 出租 租房 招租 急租 急 房子 房屋 房源 出租房"
    " 出租屋 附近 附近的 旁边 周边 便宜 便宜的 一点 一个 一间 1间 1个 哪里 哪里有 有没有"
    " 没有中介 可以 能 房间 请问"
)

PLAIN_WORDS: Final = frozenset(_PLAIN.split())
"""Further words at which a query without spaces may be cut."""

EMPTY_WORDS: Final = frozenset(_EMPTY.split())
"""These say nothing about a room; they are left out when a query as it stands finds nothing."""
