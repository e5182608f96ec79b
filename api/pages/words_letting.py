"""What pages about rooms to let say: one room, the list of rooms, asking the landlord."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
LETTING: Final[Mapping[str, tuple[str, str]]] = {
    # one room
    "photos_of": ("{title}的照片", "Pictures: {title}"),
    "costs": ("要花多少钱", "What it costs"),
    "cost_rent": ("租金", "Rent"),
    "cost_fee": ("管理费", "Management fee"),
    "cost_fixed": ("每月固定一共", "Fixed, each month"),
    "cost_deposit": ("押金（退房时退）", "Deposit, paid back"),
    "cost_first": ("入住时先付", "To pay when you move in"),
    "water_price": ("水费", "Water"),
    "electricity_price": ("电费", "Electricity"),
    "a_month": ("{amount} 元/月", "¥{amount} a month"),
    "yuan": ("{amount} 元", "¥{amount}"),
    "per_ton": ("{amount} 元/吨", "¥{amount} per m³"),
    "per_kwh": ("{amount} 元/度", "¥{amount} per kWh"),
    "none_taken": ("不收", "None"),
    "ask_landlord": ("问房东", "Ask the landlord"),
    "costs_says": (
        "水电按表另算，看房时记下表上的数。",
        "Water and electricity are charged by meter: note what they show when you move in.",
    ),
    "facilities": ("有什么", "What it has"),
    "has_AIR_CONDITIONER": ("空调", "Air conditioner"),
    "has_HOT_WATER": ("热水", "Hot water"),
    "has_PRIVATE_BATHROOM": ("独立卫生间", "Own bathroom"),
    "has_KITCHEN": ("可以做饭", "Kitchen"),
    "has_BALCONY": ("阳台", "Balcony"),
    "has_BED": ("床", "Bed"),
    "has_WARDROBE": ("衣柜", "Wardrobe"),
    "has_DESK": ("桌子", "Desk"),
    "has_WASHING_MACHINE": ("洗衣机", "Washing machine"),
    "has_REFRIGERATOR": ("冰箱", "Refrigerator"),
    "has_INTERNET": ("宽带", "Internet"),
    "has_LIFT": ("电梯", "Lift"),
    "has_PARKING": ("停车位", "Parking"),
    "has_E_BIKE_SHED": ("电动车棚", "E-bike shed"),
    "has_METRO_NEARBY": ("近地铁", "Metro nearby"),
    "has_BUS_NEARBY": ("近公交", "Bus nearby"),
    "house": ("在哪里", "Where it is"),
    "see_house": ("看这栋楼", "See this house"),
    "escape_window": ("有逃生窗", "Escape window"),
    "about_room": ("房东的介绍", "What the landlord says"),
    "landlord": ("房东", "The landlord"),
    "no_name": ("没有留名字", "No name given"),
    "known_since": (
        "镇里核实过：{day}起在这里出租",
        "Checked by the town: lets rooms here since {day}",
    ),
    "no_phone": (
        "这里不公开房东的电话。先问一句，房东可以把电话告诉您。",
        "The number is not shown here. Ask first; the landlord may share it with you.",
    ),
    "how_to_see": ("怎么看房", "How to see it"),
    "how_to_see_says": (
        "到这个地址，先扫门口的门牌，核对楼名和房号。看过房、签了约再付钱。",
        "Go to this address and scan the plate at the door: house and room must match. Pay only"
        " after you have seen the room and signed.",
    ),
    # a room that is not on offer
    "gone_LET": ("这间房租出去了", "This room has been let"),
    "gone_WITHDRAWN": ("房东收回了这间房", "The landlord took this offer back"),
    "gone_RESERVED": ("这间房有人订了", "Somebody has reserved this room"),
    "gone_SUSPENDED": ("这间房暂停出租", "Letting of this room is paused"),
    "gone_LET_next": ("看看下面的空房。", "Have a look at the rooms below."),
    "gone_WITHDRAWN_next": ("看看下面的空房。", "Have a look at the rooms below."),
    "gone_RESERVED_next": (
        "过几天再来看，也许又空出来；或者看看下面的空房。",
        "Come back in a few days, it may be free again; or look at the rooms below.",
    ),
    "gone_SUSPENDED_next": (
        "这栋楼现在不能出租。不要签租约、交定金；看看下面的空房。",
        "The house may not be let at the moment. Sign nothing and pay nothing; look at the rooms"
        " below.",
    ),
    "gone_nothing": ("附近没有登记的空房。", "Nothing else is on offer nearby."),
    # the map
    "map": ("在镇里的位置", "Where in the town"),
    "map_says": ("{community}在镇里的位置", "Where {community} lies in the town"),
    "map_point": ("圆点是这栋楼", "The dot is this house"),
    # the list of rooms
    "find": ("找空房", "Find a room"),
    "find_rooms": ("找房", "Find a room"),
    "find_says": (
        "全镇登记出租的房间，租金、照片、安全情况都看得到。免费，不用登录。",
        "Rooms to let in the whole town, with rent, pictures and safety. Free, no sign-in.",
    ),
    "in_community": ("社区", "Community"),
    "whole_town": ("全镇", "The whole town"),
    "rent_range": ("每月租金（元）", "Rent a month (¥)"),
    "rent_lowest": ("最低", "From"),
    "rent_highest": ("最高", "To"),
    "sorted": ("排序", "Order"),
    "order_newest": ("最新的在前", "Newest first"),
    "order_cheapest": ("便宜的在前", "Cheapest first"),
    "order_dearest": ("贵的在前", "Dearest first"),
    "search": ("找房", "Search"),
    "search_again": ("清空条件", "Clear"),
    "found": ("找到的空房", "Rooms found"),
    "found_none": ("没有找到这样的空房", "No such room was found"),
    "found_none_next": (
        "把租金放宽一点，或者换一个社区再找。",
        "Widen the rent, or try another community.",
    ),
    "next_page": ("下一页", "Next page"),
    "look_around": ("看全镇的空房", "All rooms in the town"),
}
