"""The domain's enums with the words for each value."""

from __future__ import annotations

from citizen.scanning import PlateAction
from core.datums import Datum
from identity.actor import ActorKind, Role
from identity.models import DutyGroup
from landlord.comparing import ComparedPoint
from landlord.enquiries import ViewingAnswer
from landlord.models import (
    CheckResult,
    EnquiryState,
    ListingState,
    ReportReason,
    ReportState,
    ViewingState,
)
from landlord.search import ListingOrder, SafetyFact
from management.claims import Responsibility
from management.models import (
    ClaimPaper,
    ClaimRole,
    ClaimState,
    EBikeCharging,
    GridLevel,
    Lifecycle,
    PlaceBlockKind,
    PlaceKind,
    PlateDoors,
    PlateEndReason,
    PlateSheetState,
    PlateState,
    RiskClass,
    RoomState,
)
from management.places import PlaceOrder
from management.plate_sheets.sizes import PlateSize
from media.models import Purpose
from schema.fields import gql_enum

gql_enum(
    GridLevel,
    "Level of a grid (网格).",
    {"TOWN": "镇", "COMMUNITY": "社区", "GRID": "third-level grid 三级网格"},
)
gql_enum(
    PlaceKind,
    "Kind of place under management (列管对象).",
    {
        "RENTAL_HOUSE": "出租屋, a house that lets rooms",
        "SMALL_SHOP": "小商铺 (“三小”场所)",
        "SMALL_WORKSHOP": "小作坊 (“三小”场所)",
        "SMALL_ENTERTAINMENT": "小娱乐场所 (“三小”场所)",
        "ENTERPRISE": "企业",
    },
)
gql_enum(
    Lifecycle,
    "Where a place is in its life.",
    {
        "PLANNED": "known before it opened 筹备中",
        "ACTIVE": "in use 在用",
        "CLOSED": "closed 已关闭",
        "DEMOLISHED": "demolished, its code is retired 已拆除",
    },
)
gql_enum(
    RiskClass,
    "Risk class of a place: how often it is inspected.",
    {
        "SAFE": "平安, at least every two months",
        "ASSURED": "放心, at least every month",
        "KEY": "重点, at least every week",
    },
)
gql_enum(
    EBikeCharging,
    "Where e-bikes are charged (电动自行车充电).",
    {"NONE": "nowhere 不充电", "OUTDOOR": "outdoors 室外", "INDOOR": "indoors 室内, a danger"},
)
gql_enum(
    RoomState,
    "Whether a room can be let.",
    {"VACANT": "空置", "LET": "已出租", "OUT_OF_USE": "停用"},
)
gql_enum(
    ClaimRole,
    "As what somebody runs a house.",
    {"OWNER": "房东 owner", "SUBLANDLORD": "二手房东 sub-landlord", "AGENT": "代管人 agent"},
)
gql_enum(
    ClaimState,
    "How far the check of a claim is.",
    {
        "PENDING": "待核实 waits for a warden",
        "VERIFIED": "已核实 in force",
        "REFUSED": "不通过 refused",
        "ENDED": "已结束 over",
    },
)
gql_enum(
    ClaimPaper,
    "What the picture of a paper proves.",
    {
        "PROOF": "证明: that they own or rent the house",
        "OWNER_AUTHORITY": "授权: that the owner, or who it is for, agrees",
    },
)
gql_enum(
    Responsibility,
    "What somebody who runs a house answers for. Who is known alone answers for both.",
    {"STRUCTURE": "结构: the owner", "USE": "使用: the sub-landlord"},
)
gql_enum(
    PlaceBlockKind,
    "Why a place may not be let now.",
    {
        "URGENT_HAZARD": "紧急隐患 an open urgent hazard",
        "MEASURE": "行政措施 a measure in force",
        "TENANT_REGISTRATION_OVERDUE": "租客登记逾期 tenant registration overdue",
        "STAFF_DECISION": "人工暂停 decided by staff, with a reason",
    },
)
gql_enum(
    PlateEndReason,
    "Why a plate was replaced or taken out of use.",
    {
        "LOST": "It is gone (遗失).",
        "DAMAGED": "It can no longer be read (破损).",
        "STOLEN": "It was taken away (被盗).",
        "MOVED": "It hung at the wrong door (移位).",
        "OTHER": "Another reason.",
    },
)
gql_enum(
    PlateDoors,
    "Which plates are printed.",
    {"HOUSES": "Those of the houses.", "ROOMS": "Those of the rooms.", "BOTH": "All of them."},
)
gql_enum(
    PlateSheetState,
    "How far the printing of a sheet is.",
    {
        "QUEUED": "Ordered.",
        "RUNNING": "It is being drawn.",
        "READY": "The file can be fetched.",
        "FAILED": "It could not be drawn; order it anew.",
        "EXPIRED": "The file is gone; the record stays.",
    },
)
gql_enum(
    PlateSize,
    "How large plates are printed, on A4.",
    {
        "SMALL": "50 × 50 mm, 15 on a page: doors of rooms.",
        "MEDIUM": "70 × 70 mm, 6 on a page: doors and letter boxes.",
        "DOOR": "90 × 60 mm, 8 on a page: beside doors, the code on the left.",
        "LARGE": "90 × 120 mm, 4 on a page: fronts of houses.",
        "STICKER": "99.1 × 67.7 mm, 8 on a page: self-adhesive paper that is cut already.",
        "TWIN": "140 × 60 mm, 4 on a page: with the mini-program's code (小程序码) on the right.",
    },
)
gql_enum(
    PlateState,
    "Whether a QR plate (二维码门牌) still speaks for its place.",
    {"ACTIVE": "有效", "REPLACED": "已更换 replaced by another", "REVOKED": "已停用 revoked"},
)
gql_enum(
    ListingState,
    "Where a listing (房源) stands.",
    {
        "DRAFT": "草稿",
        "IN_REVIEW": "审核中",
        "PUBLISHED": "已发布, public",
        "RESERVED": "已预订",
        "SUSPENDED": "已暂停: the place is blocked",
        "LET": "已出租",
        "WITHDRAWN": "已下架",
    },
)
gql_enum(
    PlaceOrder,
    "Orders of places.",
    {
        "NEWEST": "last filed first",
        "OLDEST": "first filed first",
        "CODE": "by place code",
        "LEAST_COMPLETE": "least complete file first",
    },
)
gql_enum(
    ListingOrder,
    "Orders of listings.",
    {
        "NEWEST": "last published first",
        "CHEAPEST": "lowest rent first",
        "DEAREST": "highest rent first",
        "LARGEST": "largest usable area first; those without one last",
        "NEAREST": "nearest to `filter.near` first; those without a point are left out",
        "RELEVANCE": "best match first: in title or address before description, then by age and"
        " what the offer says and shows; nobody can pay for a place",
    },
)
gql_enum(
    Role,
    "What a member of staff is posted as.",
    {
        "WARDEN": "网格管理员",
        "SUPERVISOR": "督导",
        "DEPARTMENT": "部门",
        "ENFORCEMENT": "执法",
        "SERVICE_DESK": "服务窗口",
        "AUDITOR": "审计",
        "ADMIN": "系统管理员",
    },
)
gql_enum(
    DutyGroup,
    "Duty of a post.",
    {
        "INFORMATION": "信息采集",
        "INSPECTION": "巡查",
        "RECTIFICATION": "整改",
        "SERVICE_DESK": "服务窗口",
    },
)


gql_enum(
    Datum,
    "Reference of coordinates.",
    {"CGCS2000": "国家大地坐标系, about WGS-84", "GCJ02": "what WeChat and Tencent maps speak"},
)
gql_enum(
    PlateAction,
    "What the viewer may do next after a scan.",
    {
        "VIEW_LISTINGS": "see the rooms to let 看房源",
        "DECLARE": "declare who lives there 登记住址 (residents; staff of its grid for others)",
        "REPORT_HAZARD": "report a hazard 报隐患 (residents, named or not; staff of its grid)",
        "VIEW_FILE": "open the file of the place 查看档案 (staff of its grid)",
        "MANAGE": "manage the place 管理房屋 (who runs it)",
        "CLAIM": "claim the house 认领房屋: nobody is known to run it",
    },
)
gql_enum(
    Purpose,
    "What a picture is uploaded for.",
    {
        "LISTING": "a room on offer 房源",
        "PLACE": "the file of a place 列管对象",
        "CLAIM": "a paper that proves who runs a house 认领证明; never public",
        "SELF_CHECK": "a point of a self-check 自查; never public",
        "HAZARD": "a hazard 隐患; public once staff let others see it",
        "DECLARATION": "what speaks for or against a declaration 申报; never public",
    },
)
gql_enum(
    EnquiryState,
    "Whose turn it is in a conversation about a listing.",
    {
        "OPEN": "待回复: the landlord's",
        "ANSWERED": "已回复: the seeker's",
        "CLOSED": "已结束: nobody's, it is over",
    },
)
gql_enum(
    ViewingState,
    "How a viewing (看房) stands.",
    {
        "PROPOSED": "待确认: one of the two named a time",
        "CONFIRMED": "已确认",
        "DECLINED": "已拒绝",
        "CANCELLED": "已取消",
    },
)
gql_enum(
    ViewingAnswer,
    "What a landlord says to the time that a seeker named.",
    {"CONFIRM": "确认", "DECLINE": "拒绝"},
)
gql_enum(
    ReportReason,
    "What is wrong with a listing.",
    {
        "NOT_REAL": "房源不存在: there is no such room",
        "WRONG_PRICE": "价格不符: another price is asked for",
        "WRONG_PHOTOS": "图片不符: the pictures are of something else",
        "ALREADY_LET": "已经租出: it is let already",
        "FEE_FIRST": "看房先收费: money is asked for before anything is shown",
        "UNSAFE": "不安全: it is not safe to live there",
        "OTHER": "其他: said in words",
    },
)
gql_enum(
    ReportState,
    "Whether staff have decided on a report.",
    {"OPEN": "待处理", "UPHELD": "属实: the listing was taken down", "DISMISSED": "不属实"},
)
gql_enum(
    ComparedPoint,
    "What listings are compared by.",
    {
        "RENT": "租金, yuan a month",
        "DEPOSIT": "押金, yuan",
        "MANAGEMENT_FEE": "管理费, yuan a month",
        "MONTHLY_COST": "每月固定费用: rent and management fee, yuan",
        "WATER_PRICE": "水费, yuan per m³",
        "ELECTRICITY_PRICE": "电费, yuan per kWh",
        "AREA": "面积, m²",
        "PRICE_PER_AREA": "每平方米租金, yuan a month per m²",
        "FACILITY": "设施: whether it has one; `facility` says which",
        "RISK_CLASS": "风险等级 of the house",
        "STAIRCASES": "楼梯数 of the house",
        "EXITS": "出口数 of the house",
        "EXTINGUISHERS": "灭火器数 of the house",
        "E_BIKE_CHARGING": "电动自行车充电 at the house",
        "ESCAPE_WINDOW": "逃生窗: whether the room has one",
        "DISTANCE": "距离: metres from the given point as the crow flies",
    },
)
gql_enum(
    CheckResult,
    "What a landlord found at one point of a self-check (自查).",
    {
        "FINE": "正常",
        "FOUND": "发现问题: not yet put right",
        "FIXED": "已整改: found and put right",
    },
)
gql_enum(
    SafetyFact,
    "What the file of a house, or of a room, says about safety (安全信息).",
    {
        "EXTINGUISHERS": "有灭火器: extinguishers there",
        "TWO_EXITS": "两个以上安全出口: two exits or more",
        "NO_INDOOR_CHARGING": "电动车不在室内充电: e-bikes are not charged indoors",
        "NO_GAS_BOTTLES": "无瓶装气: no gas bottles",
        "ESCAPE_WINDOW": "房间有逃生窗: the room has an escape window",
        "NOT_KEY_RISK": "非重点: not of the highest risk class",
    },
)
gql_enum(
    ActorKind,
    "What kind of actor is signed in.",
    {
        "ANONYMOUS": "nobody 未登录",
        "ACCOUNT": "resident or landlord 居民、房东",
        "STAFF": "staff 工作人员",
        "APP": "an app 第三方应用",
        "SYSTEM": "the service itself 系统",
    },
)
