"""The enums of the life of a listing, with the words for each value."""

from __future__ import annotations

from landlord.models import (
    ContentKind,
    ContentState,
    Facility,
    LetBy,
    ReservationState,
    SnapshotOccasion,
)
from landlord.workflow import ListingAction
from schema.fields import gql_enum

gql_enum(
    ListingAction,
    "What can be done with a listing, or happens to it; docs/rules.md shows the table.",
    {
        "UPDATE": "修改 changed by its landlord",
        "PUBLISH": "发布 made public, or sent to review",
        "APPROVE": "审核通过 approved by staff",
        "REFUSE": "审核退回 given back by staff, with a reason",
        "REFRESH": "刷新 still to let, says its landlord",
        "RESERVE": "预订 held by a seeker",
        "RELEASE": "取消预订 given up by who holds it, or by the landlord",
        "EXPIRE": "预订到期 the time of the reservation is over",
        "MARK_LET": "标记已租 let, says its landlord",
        "WITHDRAW": "下架 taken back by its landlord",
        "RELIST": "重新发布 drafted anew as a copy",
        "LAPSE": "超期下架 withdrawn because nobody refreshed it",
        "TAKE_DOWN": "举报下架 taken down by staff after a report",
        "BLOCK": "暂停 suspended by a block on its place",
        "UNBLOCK": "恢复 restored by the end of the last block",
        "END": "终止 over because of its place, room or landlord",
    },
)
gql_enum(
    ContentKind,
    "What is checked before a listing is public (内容安全检查).",
    {"TEXT": "文字 its title and description", "PHOTO": "图片 one of its pictures"},
)
gql_enum(
    ContentState,
    "What the check of a content says.",
    {
        "WAITING": "检查中 no answer yet",
        "PASS": "通过",
        "REVIEW": "疑似违规 somebody should look",
        "RISKY": "违规 against the rules",
        "UNKNOWN": "未能检查 it could not be checked",
    },
)
gql_enum(
    LetBy,
    "What one rent is for.",
    {"ROOM": "整间", "BED": "床位, in dormitories only"},
)
gql_enum(
    SnapshotOccasion,
    "Why it was kept what a listing showed.",
    {
        "PUBLISHED": "发布 it became public",
        "CHANGED": "修改 it was changed while public",
        "RESERVED": "预订 a seeker reserved it",
        "LET": "出租 it was let",
        "REPORTED": "举报 somebody reported it",
    },
)
gql_enum(
    ReservationState,
    "How a reservation (预订) stands.",
    {
        "HELD": "有效",
        "RELEASED": "已取消 given up before its time",
        "EXPIRED": "已到期",
        "LET": "已成交 the room was let",
    },
)
gql_enum(
    Facility,
    "What a room or its house offers (设施).",
    {
        "AIR_CONDITIONER": "空调",
        "HOT_WATER": "热水",
        "PRIVATE_BATHROOM": "独立卫生间",
        "KITCHEN": "厨房",
        "BALCONY": "阳台",
        "BED": "床",
        "WARDROBE": "衣柜",
        "DESK": "书桌",
        "WASHING_MACHINE": "洗衣机",
        "REFRIGERATOR": "冰箱",
        "INTERNET": "宽带",
        "LIFT": "电梯",
        "PARKING": "停车位",
        "E_BIKE_SHED": "电动自行车棚",
        "METRO_NEARBY": "近地铁",
        "BUS_NEARBY": "近公交",
    },
)
