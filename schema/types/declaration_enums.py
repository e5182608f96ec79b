"""The enums of declarations that no other type shares, with the words for each value."""

from __future__ import annotations

from citizen.declarations.access import Part
from citizen.models import (
    DeclarationAction,
    LandlordAnswer,
    ObjectionState,
    Relation,
)
from management.models import ConsentPurpose
from schema.fields import gql_enum

gql_enum(
    Relation,
    "What somebody is to who declares them (与申报人关系).",
    {
        "SELF": "本人",
        "SPOUSE": "配偶",
        "CHILD": "子女",
        "PARENT": "父母",
        "OTHER": "其他同住人 shares the room, and is no family",
        "TENANT": "租客 of a landlord who declares",
    },
)
gql_enum(
    LandlordAnswer,
    "What who runs the house said (房东答复).",
    {"CONFIRMED": "确认居住", "DENIED": "否认居住"},
)
gql_enum(
    DeclarationAction,
    "What was done with a declaration (办理记录).",
    {
        "DECLARE": "申报",
        "HOLD": "转核实 held for a warden",
        "LANDLORD_CONFIRM": "房东确认",
        "LANDLORD_DENY": "房东否认",
        "QUESTION_CLOSED": "无需答复 nobody asks the landlord any more",
        "CONFIRM": "核实通过 confirmed by a warden",
        "REFUSE": "核实未通过 refused by a warden",
        "WITHDRAW": "撤回",
        "OBJECT": "本人异议 the person says that they don't live there",
        "OBJECTION_UPHELD": "异议成立",
        "OBJECTION_DISMISSED": "异议不成立",
        "CORRECT": "补充材料 words or pictures were added",
    },
)
gql_enum(
    ObjectionState,
    "Whether an objection (异议) is decided.",
    {
        "OPEN": "处理中",
        "UPHELD": "成立 the residence is over",
        "DISMISSED": "不成立 the residence stays",
    },
)
gql_enum(
    Part,
    "As what you see a declaration.",
    {
        "DECLARER": "申报人 you made it",
        "PERSON": "本人 it is about you",
        "LANDLORD": "房东 you run the house",
        "STAFF": "工作人员 it lies in your grid",
    },
    name="DeclarationPart",
)
gql_enum(
    ConsentPurpose,
    "What somebody agrees to, apart from everything else (单独同意).",
    {
        "DOCUMENT_NUMBER": "证件号码 that the number of a document is kept and used",
        "LOCATION": "位置信息 that a place on the map is used",
        "MINOR": "未满十四周岁儿童的信息 for a child under 14, by a guardian",
    },
)
