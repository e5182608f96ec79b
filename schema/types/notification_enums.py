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
        "LIVING": "居住 where you live",
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
        "DATA_EXPORTED": "个人信息副本 a copy of your data can be fetched",
        "CLAIM_VERIFIED": "认领已核实 your claim is in force",
        "CLAIM_REFUSED": "认领不通过 your claim was refused",
        "CLAIM_ENDED": "认领结束 you no longer run a house",
        "HOUSE_HANDED_OVER": "房屋已移交 a house was handed over",
        "HOUSE_TAKEN_OVER": "房屋已接手 a house was taken over",
        "LETTING_SUSPENDED": "暂停出租 letting was stopped",
        "LETTING_RESTORED": "恢复出租 letting may go on",
        "SELF_CHECK_DUE": "自查到期 a self-check is due",
        "TENANT_DUTY_DUE": "租客待登记 a tenant has to be registered soon",
        "TENANT_DUTY_OVERDUE": "租客登记逾期 a tenant was not registered in time",
        "DECLARED_BY_LANDLORD": "房东为您登记 your landlord registered you",
        "DECLARED_OUT": "房东登记您已搬离 your landlord says that you moved out",
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
        "TENANT_DECLARED": "租客申报 a tenant declared at a house of yours",
        "DECLARED_FOR_YOU": "为您申报 somebody declared where you live",
        "DECLARATION_HELD": "申报核实中 a declaration is looked at first",
        "DECLARATION_DECIDED": "申报结果 a warden decided",
        "TENANT_DENIED": "房东有疑问 the landlord says that it is not so",
        "OBJECTION_DECIDED": "异议结果 an objection was decided",
        "CLAIM_TO_DECIDE": "待核实的认领 a claim waits",
        "LISTING_TO_REVIEW": "待审核的房源 a listing waits",
        "REPORT_TO_DECIDE": "待处理的举报 a report waits",
        "POSTED": "任职 you were posted",
        "PERSON_READ": "信息被查看 your data was read in clear",
        "PERSON_UNBOUND": "账号解除绑定 your account is no longer known as a person's",
        "RESIDENCE_ASKED": "是否还在住 whether you still live there",
        "RESIDENCE_ENDED": "居住登记结束 you are no longer registered there",
        "PERMIT_ENDORSEMENT": "居住证签注 a residence permit must be endorsed",
        "HAZARD_RECEIVED": "隐患已受理 your report is accepted",
        "HAZARD_REJECTED": "隐患未受理 your report was not accepted",
        "HAZARD_PROGRESS": "隐患有进展 a hazard goes on",
        "HAZARD_ASK_FIXED": "隐患回访 whether it is fixed",
        "HAZARD_CLOSED": "隐患已销号 a hazard is closed",
        "HAZARD_AT_YOUR_PLACE": "隐患待整改 a hazard at your place",
        "HAZARD_DOCUMENT": "隐患文书 a document about a hazard at your place",
        "HAZARD_IN_YOUR_BUILDING": "本楼紧急隐患 an urgent hazard where you live",
        "HAZARD_ESCALATED": "隐患超时 a hazard is overdue",
        "TASK_RAISED": "待领取的任务 a task waits in your pool",
        "TASK_ASSIGNED": "指派的任务 a task was given to you",
        "TASK_URGED": "任务催办 somebody asks after a task",
        "TASK_OVERDUE": "任务超期 the deadline of a task has passed",
        "TASK_ENDED": "派出的任务已结束 a task that you sent is over",
        "NOTICE": "通知 words of staff",
        "AREA_ALERT": "周边提醒 an alert nearby",
    },
    name="NotificationTopic",
)
