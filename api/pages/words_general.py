"""What plates, places and errors say: plain words, a verb for what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
GENERAL: Final[Mapping[str, tuple[str, str]]] = {
    # every page
    "brand": ("乐业", "Leye"),
    "other_language": ("English", "中文"),
    "large_type": ("大字", "Large type"),
    "normal_type": ("标准字", "Normal type"),
    "call_119": ("打 119", "Call 119"),
    "call_119_when": ("着火、漏煤气", "Fire, gas leak"),
    "call_office": ("打网格办", "Call wardens"),
    "call_office_when": ("咨询、反映情况", "Ask or report"),
    "call_12345": ("打 12345", "Call 12345"),
    "call_12345_when": ("政务服务热线", "Public help line"),
    # the plate page
    "room_of": ("{place} {room} 房", "{place}, room {room}"),
    "view_rooms": ("看空房", "See rooms to let"),
    "view_rooms_from": ("每月 {rent} 元起", "from ¥{rent} a month"),
    "rooms": ("空房", "Rooms to let"),
    "rooms_count": ("{count} 间", "{count}"),
    "more_rooms": ("看后面的空房", "More rooms"),
    "first_rooms": ("回到第一页", "Back to the first page"),
    "no_more_rooms": ("后面没有空房了", "There are no more rooms"),
    "no_rooms": ("这栋楼现在没有空房", "No room is to let in this house now"),
    "no_rooms_room": ("这间房现在不出租", "This room is not to let now"),
    "no_rooms_next": (
        "过几天再来看，或者看看下面的房子。",
        "Come back in a few days, or look at the rooms below.",
    ),
    "no_rooms_anywhere": (
        "附近也没有登记的空房。过几天再来看，或者打网格办问一问。",
        "Nothing is on offer nearby either. Come back in a few days, or ask the wardens.",
    ),
    "rooms_same_house": ("同一栋楼的空房", "Rooms to let in the same house"),
    "rooms_nearby": ("{community}的空房", "Rooms to let in {community}"),
    "rent": ("{rent} 元/月", "¥{rent} a month"),
    "rent_before": ("", "¥"),
    "rent_after": ("元/月", "a month"),
    "deposit": ("押金 {amount} 元", "Deposit ¥{amount}"),
    "no_deposit": ("不收押金", "No deposit"),
    "area": ("{area} 平方米", "{area} m²"),
    "floor": ("{floor} 楼", "Floor {floor}"),
    "room": ("{room} 房", "Room {room}"),
    "by_bed": ("按床位出租，{count} 个床位", "Let by the bed, {count} to let"),
    "free_now": ("现在可以入住", "Free now"),
    "free_from": ("{day}起可以入住", "Free from {day}"),
    "house_online": ("这栋楼的网页", "This house's own page"),
    # safety
    "safety": ("安全情况", "Safety"),
    "SAFE": ("平安", "Safe"),
    "ASSURED": ("放心", "Assured"),
    "KEY": ("重点", "Key"),
    "SAFE_means": ("网格员至少每两个月检查一次", "Inspected at least every two months"),
    "ASSURED_means": ("网格员至少每个月检查一次", "Inspected at least every month"),
    "KEY_means": ("网格员至少每周检查一次", "Inspected at least every week"),
    "may_live": ("可以入住", "Open to tenants"),
    "letting_paused": ("暂停出租", "Letting is paused"),
    "staircases": ("楼梯 {n} 部", "Staircases: {n}"),
    "exits": ("安全出口 {n} 个", "Exits: {n}"),
    "extinguishers": ("灭火器 {n} 个", "Fire extinguishers: {n}"),
    "charging_OUTDOOR": ("电动车在室外充电", "E-bikes charge outdoors"),
    "charging_INDOOR": ("电动车在室内充电", "E-bikes charge indoors"),
    "charging_NONE": ("没有电动车充电处", "No e-bike charging"),
    "blocked": ("这栋楼暂停出租", "Letting is paused in this house"),
    "blocked_next": (
        "现在不要在这里签租约、交定金。已经住在这里的，有疑问请打网格办。",
        "Do not sign a lease or pay a deposit here for now. If you live here, ask the wardens.",
    ),
    # community
    "community": ("社区和网格办", "Community and wardens"),
    "community_is": ("社区", "Community"),
    "grid_is": ("网格", "Grid"),
    "office_is": ("网格办电话", "Wardens' office"),
    "hotline_is": ("政务服务热线", "Help line"),
    # data
    "data": ("您的信息", "Your data"),
    "data_says": (
        "看本页不用登录，我们不记录是谁扫的。您的手机里只存您选的语言和字号。"
        "房东的电话、租客的信息都不会出现在这里。",
        "No sign-in is needed, and we do not record who scanned. Your phone keeps only the"
        " language and type size that you choose. No landlord's phone number and nothing about"
        " tenants is shown here.",
    ),
    "data_says_here": (
        "看本页不用登录，我们不记录是谁看的。您的手机里只存您选的语言和字号。"
        "房东的电话、租客的信息都不会出现在这里。",
        "No sign-in is needed, and we do not record who looks. Your phone keeps only the language"
        " and type size that you choose. No landlord's phone number and nothing about tenants is"
        " shown here.",
    ),
    "code": ("报警、求助时，念这个编号", "In an emergency, read this number aloud"),
    # kinds of place
    "RENTAL_HOUSE": ("出租屋", "Rental house"),
    "SMALL_SHOP": ("小商店", "Small shop"),
    "SMALL_WORKSHOP": ("小作坊", "Small workshop"),
    "SMALL_ENTERTAINMENT": ("小娱乐场所", "Small entertainment venue"),
    "ENTERPRISE": ("企业", "Enterprise"),
    # a place that is not in use
    "PLANNED": ("这里还没有启用", "Not in use yet"),
    "PLANNED_next": (
        "这里正在建档，启用以后再扫门牌就能看到情况。",
        "Its file is being opened. Scan the plate again once it is in use.",
    ),
    "CLOSED": ("这里已经关闭", "Closed"),
    "CLOSED_next": (
        "这里不再出租或营业。有人在这里招租、收定金，请不要付钱，打网格办核实。",
        "Nothing is let or run here any more. If somebody offers you a room here, do not pay;"
        " ask the wardens.",
    ),
    "DEMOLISHED": ("这里已经拆除", "Demolished"),
    "DEMOLISHED_next": (
        "房屋已经不在了，这个编号不会再用。",
        "The building is gone and its number will not be used again.",
    ),
    # plates that speak for nothing
    "unknown": ("没有找到这块门牌", "There is no such plate"),
    "unknown_next": (
        "二维码可能弄脏了，或者网址不完整。擦干净，走近一点再扫一次。",
        "The code may be dirty, or the address incomplete. Wipe it, step closer and scan again.",
    ),
    "unknown_beware": (
        "真门牌不会要您付款。要您付款的二维码，不要扫，打 12345 告诉我们。",
        "A real plate never asks for money. If a code does, do not pay, and tell us on 12345.",
    ),
    "revoked": ("这块门牌已经停用", "This plate is out of use"),
    "revoked_next": (
        "它不再代表任何房屋。请扫门口现在挂的门牌；没有的话，请打 12345。",
        "It no longer speaks for any place. Scan the plate that hangs at the door now; if there"
        " is none, call 12345.",
    ),
    "replaced": ("这块门牌已经换新", "This plate was replaced"),
    "replaced_next": (
        "您扫的是旧门牌。打开新门牌，看现在的情况。",
        "You scanned the old plate. Open the new one to see how things are now.",
    ),
    "replaced_gone_next": (
        "您扫的是旧门牌，接替它的那块也不再使用。请扫门口现在挂的门牌。",
        "You scanned an old plate, and the one that followed it is out of use too. Scan the"
        " plate that hangs at the door now.",
    ),
    "open_new_plate": ("打开新门牌", "Open the new plate"),
    # errors
    "missing": ("没有这个页面", "There is no such page"),
    "missing_next": (
        "网址可能写错了。回首页再看看。",
        "The address may be wrong. Begin at the start page.",
    ),
    "refused": ("这个网址打不开", "This address can't be opened"),
    "home": ("回首页", "Start page"),
    "too_large": ("照片太大了", "The pictures are too large"),
    "too_large_next": (
        "一次最多 6 张，每张不超过 10 MB。按手机的返回键，少选几张再发；填过的还在。",
        "At most 6 at a time, each up to 10 MB. Go back, choose fewer and send again; what you"
        " typed is still there.",
    ),
    "too_slow": ("网络太慢，没有传完", "The line was too slow"),
    "too_slow_next": (
        "按手机的返回键，少选几张照片再发；填过的还在。",
        "Go back, choose fewer pictures and send again; what you typed is still there.",
    ),
    "limited": ("请稍等一下", "Please wait a moment"),
    "limited_next": ("试得太快了。请等 {seconds} 秒再试。", "Try again in {seconds} seconds."),
    "unavailable": ("系统暂时打不开", "The service is out for a moment"),
    "unavailable_next": (
        "不是您的问题。请过一分钟再试一次。",
        "It is not your fault. Try again in a minute.",
    ),
    "broken": ("系统出错了", "Something went wrong on our side"),
    "broken_next": (
        "不是您的问题，我们已经记下来了。请稍后再试。",
        "It is not your fault, and we have noted it. Try again later.",
    ),
    "try_again": ("再试一次", "Try again"),
    "incident": ("事故编号，打 12345 时可以念", "Incident number, for when you call"),
    # the start page
    "start": ("扫门牌，看空房", "Scan the plate, see the rooms"),
    "start_says": (
        "厚街镇每栋出租屋门口都有一块二维码门牌。扫一扫，就知道哪间在出租、多少钱、安不安全。免费，不用登录。",
        "Every rental house in Houjie has a QR plate at its door. Scan it to see which rooms are"
        " to let, at what rent, and how safe the house is. Free of charge, without signing in.",
    ),
    "step_1": ("用微信扫门口的二维码", "Scan the code at the door with WeChat"),
    "step_1_says": ("手机相机也可以。", "Your phone's camera will do too."),
    "step_2": ("看租金、照片和安全情况", "See rents, pictures and safety"),
    "step_2_says": ("信息由网格员上门核对。", "Wardens check the facts on the spot."),
    "step_3": ("有事打网格办", "Call the wardens when you need them"),
    "step_3_says": ("电话就在门牌页上。", "Their number is on the plate's page."),
    # forms
    "back_to_plate": ("回到门牌页", "Back to the plate"),
    "choose": ("请选择", "Choose"),
    "form_again": (
        "这张表已经发过一次。如果是另一件事，请再按一次。",
        "This form was sent before. If this is another matter, press the button once more.",
    ),
    "no_codes": (
        "这里暂时发不了短信，没法核对手机号。请打 12345。",
        "No codes can be sent at the moment. Please call 12345.",
    ),
    # announcements
    "announcements": ("公告和提醒", "Announcements"),
    "announcements_say": (
        "厚街镇和各社区现在的公告、安全提醒。",
        "What the town of Houjie and its communities announce now, and safety alerts.",
    ),
    "no_announcements": ("现在没有公告。", "Nothing is announced now."),
    "more_announcements": ("看更早的公告", "Earlier announcements"),
    "first_announcements": ("回到最新的", "Back to the latest"),
    "all_announcements": ("看全部公告", "All announcements"),
    "news_of": ("{grid} · {day}发布", "{grid} · {day}"),
    "news_until": ("公示到{day}", "Shown until {day}"),
    "news_emergency": ("紧急提醒", "Emergency"),
    "for_staff": ("工作人员和开发者", "For staff and developers"),
    "console": ("打开 GraphQL 控制台", "Open the GraphQL console"),
}
