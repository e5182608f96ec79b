"""The enums of persons, residences and declarations that several types share."""

from __future__ import annotations

from citizen.models import DeclarationState, Doubt
from management.models import DocumentKind, DutyState, ResidenceCheck, ResidenceSource
from schema.fields import gql_enum

gql_enum(
    DocumentKind,
    "Kind of identity document (证件类型).",
    {
        "MAINLAND_ID": "居民身份证 mainland identity card",
        "RESIDENCE_PERMIT_HMT": "港澳台居民居住证 residence permit of Hong Kong, Macao, Taiwan",
        "PERMANENT_RESIDENCE": "外国人永久居留身份证 permanent residence card of foreigners",
        "PASSPORT": "护照 passport",
    },
)
gql_enum(
    ResidenceSource,
    "Who said that somebody lives somewhere.",
    {
        "SELF": "本人申报 they themselves, or their family",
        "LANDLORD": "房东登记 who runs the house",
        "WARDEN": "网格员登记 a warden",
        "DESK": "服务台登记 the service desk",
        "CARD_READER": "读卡登记 a card reader",
    },
)
gql_enum(
    ResidenceCheck,
    "Whether somebody else has looked at it.",
    {
        "UNCHECKED": "未核实 nobody has",
        "CONFIRMED": "已核实 it is right",
        "DOUBTED": "有疑问 somebody says that it is not",
    },
)
gql_enum(
    DutyState,
    "How a landlord's duty to register a tenant stands (租客登记义务).",
    {
        "OPEN": "待登记 nobody is registered yet",
        "DONE": "已按时登记 done in time",
        "DONE_LATE": "逾期登记 done after its last day",
        "CANCELLED": "已取消 nobody has to be registered any more",
    },
)
gql_enum(
    DeclarationState,
    "Where a declaration stands (申报状态).",
    {
        "IN_FORCE": "已生效 it took effect",
        "HELD": "待核实 a warden looks at it first",
        "REFUSED": "未通过 a warden refused it",
        "WITHDRAWN": "已撤回 who declared took it back",
    },
)
gql_enum(
    Doubt,
    "Why a declaration is looked at before it takes effect.",
    {
        "LANDLORD_DENIES": "房东否认 the landlord denied the same before",
        "OVER_CAPACITY": "超出人数 more people than the room may hold",
        "PLACE_NOT_LET": "该处不得居住 nobody may live there now",
        "NAME_CONFLICT": "姓名不一致 the document is known with another name",
        "MANY_IN_A_DAY": "一天申报过多 many declarations by one account in a day",
        "ACCOUNT_UNPROVEN": "账号待核对 the document is known, and nothing leads to this account",
    },
)
