"""The enums of notifications with the words for each value."""

from __future__ import annotations

from enum import StrEnum

from notifications.models import Channel, WeChatForm
from notifications.topics import Group, Topic
from schema.fields import gql_enum


class ReaderLanguage(StrEnum):
    """A language that people are written to in."""

    ZH_CN = "zh-CN"
    EN = "en"


gql_enum(
    ReaderLanguage,
    "A language that people are written to in.",
    {"ZH_CN": "简体中文", "EN": "English 英文"},
)
gql_enum(
    Channel,
    "How news leaves the service. The inbox is none: everything is in it.",
    {"WECHAT": "微信订阅消息 WeChat subscribe message", "SMS": "短信 short message"},
    name="NotificationChannel",
)
gql_enum(
    WeChatForm,
    "A kind of subscribe message (订阅消息): what somebody accepts in WeChat's dialogue.",
    {
        "RESULT": "办理结果 what became of something",
        "APPOINTMENT": "预约 a viewing",
        "MESSAGE": "新消息 somebody wrote",
        "SAFETY": "安全提醒 safety",
        "NOTICE": "通知 of the town",
    },
)
gql_enum(
    Group,
    "What people switch on and off together.",
    {
        "SAFETY": "安全 dangers nearby",
        "HOUSES": "房屋 the houses you run",
        "LETTING": "出租 your listings and who asks about them",
        "SEEKING": "找房 what you asked, reserved and keep",
        "ACCOUNT": "账号 your account",
        "NOTICES": "通知 of the town and its communities",
        "WORK": "工作 of staff",
    },
    name="NotificationGroup",
)
gql_enum(
    Topic,
    "One kind of news.",
    {
        "SIGN_IN_NEW_DEVICE": "新设备登录 a sign-in on a new device",
        "ACCOUNTS_MERGED": "账号合并 two accounts became one",
        "CLAIM_VERIFIED": "认领已核实 your claim is in force",
        "CLAIM_REFUSED": "认领不通过 your claim was refused",
        "CLAIM_ENDED": "认领结束 you no longer run a house",
        "HOUSE_HANDED_OVER": "房屋已移交 a house was handed over",
        "HOUSE_TAKEN_OVER": "房屋已接手 a house was taken over",
        "LETTING_SUSPENDED": "暂停出租 letting was stopped",
        "LETTING_RESTORED": "恢复出租 letting may go on",
        "SELF_CHECK_DUE": "自查到期 a self-check is due",
        "LISTING_APPROVED": "房源通过审核 a listing was approved",
        "LISTING_REFUSED": "房源未通过审核 a listing was refused",
        "LISTING_EXPIRING": "房源即将到期 a listing ends soon",
        "LISTING_EXPIRED": "房源已到期 a listing ended",
        "LISTING_TAKEN_DOWN": "房源被下架 a listing was taken down",
        "LISTING_RESERVED": "房源被预订 a room was reserved",
        "ENQUIRY_RECEIVED": "收到咨询 somebody asked",
        "ENQUIRY_ANSWERED": "咨询有回复 the landlord answered",
        "VIEWING_PROPOSED": "看房时间待确认 a time for a viewing was named",
        "VIEWING_CONFIRMED": "看房已确认 a viewing was agreed upon",
        "VIEWING_DECLINED": "看房被谢绝 a viewing was declined",
        "VIEWING_CANCELLED": "看房取消 a viewing was called off",
        "PHONE_SHARED": "对方公开了电话 the other one shares their number",
        "RESERVATION_RELEASED": "预订已取消 a reservation was released",
        "RESERVATION_EXPIRED": "预订已到期 a reservation ended",
        "RESERVED_ROOM_SUSPENDED": "预订的房间暂停出租 the reserved room may not be let now",
        "RESERVED_ROOM_RESTORED": "预订的房间恢复出租 the reserved room may be let again",
        "SAVED_LISTING_GONE": "收藏的房源已下架 a kept listing is gone",
        "LISTING_REPORT_DECIDED": "举报已处理 your report was decided",
        "PHOTO_REDACTED": "照片已遮挡 part of a picture was covered",
        "FOLLOWED_PLACE_BLOCKED": "关注的场所暂停出租 a followed house may not be let",
        "FOLLOWED_PLACE_CLEARED": "关注的场所恢复出租 a followed house may be let again",
        "CLAIM_TO_DECIDE": "待核实的认领 a claim waits",
        "LISTING_TO_REVIEW": "待审核的房源 a listing waits",
        "REPORT_TO_DECIDE": "待处理的举报 a report waits",
        "POSTED": "任职 you were posted",
        "NOTICE": "通知 words of staff",
        "AREA_ALERT": "周边提醒 an alert nearby",
    },
    name="NotificationTopic",
)
