"""Words of a synthetic town. Names of people, streets and businesses all say that they are
samples (样例, 演示, 示例), so that none can be taken for somebody's."""

from __future__ import annotations

from typing import Final

from api.seed.chance import Chance
from management.models import PlaceKind

_SURNAMES: Final = tuple("张王李赵陈黄周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭")
_GIVEN: Final = (
    "三", "四", "五", "小明", "小红", "阿强", "阿芳", "志明", "建国", "秀英", "丽华", "国强",
    "海燕", "春梅", "家豪", "嘉欣", "伟业", "子轩", "雨桐", "文杰",
)  # fmt: skip
_NICKS: Final = (
    "阿强", "阿芳", "好又来", "顺发", "兴隆", "万家", "友谊", "金辉", "新达", "利民", "福满",
    "永旺", "鑫源", "恒丰", "大发", "宏图", "百顺", "佳佳", "乐家", "同心",
)  # fmt: skip
_TRADES: Final = {
    PlaceKind.SMALL_SHOP: (
        "便利店", "早餐店", "五金店", "理发店", "水果店", "药店", "手机店", "服装店", "快餐店",
        "粮油店", "电动车行", "洗衣店", "文具店", "奶茶店", "沙县小吃",
    ),
    PlaceKind.SMALL_WORKSHOP: (
        "五金加工坊", "鞋材加工坊", "制衣坊", "家具作坊", "印刷坊", "模具坊", "食品作坊",
        "皮具作坊",
    ),
    PlaceKind.SMALL_ENTERTAINMENT: ("棋牌室", "网吧", "歌舞厅", "足浴店", "台球室", "影吧"),
    PlaceKind.ENTERPRISE: ("鞋业", "家具", "电子", "五金", "纸品", "塑胶", "服装", "物流"),
}  # fmt: skip
_NUMERALS: Final = "一二三四五六七八九十"
_NEAR: Final = (
    "近工业区", "近地铁站", "近菜市场", "近公交站", "近学校", "近家具大道", "近鞋材市场",
    "靠近公园",
)  # fmt: skip
_STRENGTHS: Final = (
    "向南", "采光好", "带阳台", "独立卫生间", "可做饭", "拎包入住", "安静", "有网络", "新装修",
    "电梯房",
)  # fmt: skip
_SENTENCES: Final = (
    "独立卫生间和厨房，可以做饭。",
    "有阳台，晾衣方便，白天不用开灯。",
    "走路五分钟到公交站，下楼就是菜市场。",
    "家具齐全：床、衣柜、桌椅，带行李就能住。",
    "水费 4 元一吨，电费 0.9 元一度，按表计。",
    "网费每月 30 元，可以不装。",
    "电动车停在楼下充电棚，不能推上楼。",
    "每层都有灭火器，楼道有应急灯。",
    "适合一个人或一对夫妻，短租也可以商量。",
    "到工业区骑车十分钟，上下班方便。",
    "房东住在本楼，有事随时找得到人。",
    "押一付一，住满半年退押金。",
)


def person(chance: Chance) -> str:
    """A name that nobody bears: 样例张三."""
    return f"样例{chance.one_of(_SURNAMES)}{chance.one_of(_GIVEN)}"


def street(chance: Chance, community: str) -> str:
    """A lane that is on no map: 寮厦示例三巷."""
    kind = chance.weighted(("巷", "路", "街"), (6, 2, 2))
    return f"{base(community)}示例{chance.one_of(_NUMERALS)}{kind}"


def base(community: str) -> str:
    """The name of a community without what it is: 寮厦."""
    return community.removesuffix("社区").removesuffix("村")


def business(chance: Chance, kind: PlaceKind) -> str:
    """The trade name of a business of that kind: 样例顺发便利店."""
    trade = chance.one_of(_TRADES[kind])
    name = f"样例{chance.one_of(_NICKS)}{trade}"
    return f"{name}有限公司" if kind is PlaceKind.ENTERPRISE else name


def layout(area: float) -> str:
    """What a room of so many m² is called."""
    if area < 25:
        return "单间"
    return "一房一厅" if area < 42 else "两房一厅"


def title(chance: Chance, community: str, area: float) -> str:
    """What a landlord writes above an offer."""
    first, second = chance.some(_STRENGTHS, 2)
    near = chance.one_of(_NEAR)
    return chance.one_of(
        (
            f"{base(community)}{layout(area)}，{first}，{near}",
            f"{first}{layout(area)}，{second}",
            f"{near}{layout(area)}，{first}，{second}",
            f"{area:.0f} 平方{layout(area)}，{first}，{near}",
        )
    )


def description(chance: Chance) -> str:
    """What a landlord writes below it."""
    return "".join(chance.some(_SENTENCES, chance.between(2, 4))) + "（演示数据，并非真实房源）"
