"""The enums of what is held about people that no other type shares, with the words for each."""

from __future__ import annotations

from management.models import ConsentPurpose, ResidenceEnd
from management.people.certificates import CertificateState
from schema.fields import gql_enum

gql_enum(
    ResidenceEnd,
    "Why a residence is over (居住结束原因).",
    {
        "MOVED_OUT": "搬离 the person moved out",
        "MOVED_ON": "迁入他处 the person lives elsewhere now",
        "LANDLORD_SAID": "房东登记退租 who runs the house said so",
        "STAFF_FOUND": "核实已搬离 staff found nobody",
        "OBJECTION_UPHELD": "异议成立 the person never lived there",
        "PLACE_CLOSED": "场所关闭 the house is closed",
    },
)
gql_enum(
    ConsentPurpose,
    "What somebody agrees to, apart from everything else (单独同意).",
    {
        "DOCUMENT_NUMBER": "证件号码 the document's number, filled in for you",
        "LOCATION": "位置信息 the phone's present position",
        "MINOR": "未满十四周岁儿童 data of a child under 14",
    },
)
gql_enum(
    CertificateState,
    "Whether a residence certificate (居住登记凭证) holds.",
    {
        "VALID": "有效",
        "EXPIRED": "已过期",
        "REVOKED": "已失效 the residence is over",
    },
)
