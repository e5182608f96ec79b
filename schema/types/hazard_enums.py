"""The words for the enums of hazards."""

from __future__ import annotations

from management.hazards.categories import QuestionKind
from management.hazards.own import OwnHazards
from management.models import (
    HazardAction,
    HazardClosure,
    HazardPhotoRole,
    HazardSource,
    HazardState,
    Severity,
)
from schema.fields import gql_enum

gql_enum(
    Severity,
    "How bad a hazard is, as a first judgement (隐患等级).",
    {"GENERAL": "一般", "SERIOUS": "较重", "URGENT": "紧急"},
)
gql_enum(
    HazardState,
    "Where a hazard stands.",
    {
        "REPORTED": "已上报: a warden has to look at it",
        "ACCEPTED": "已受理: it is real, somebody has to be sent",
        "DISPATCHED": "已派单",
        "RECTIFYING": "整改中",
        "SUBMITTED": "待复查: said to be put right",
        "FOLLOW_UP": "回访中: who reported it is asked",
        "ENFORCEMENT": "执法中",
        "CLOSED": "已销号",
        "REJECTED": "不受理, with a reason",
        "DUPLICATE": "重复: the same as another",
    },
)
gql_enum(
    HazardSource,
    "How a hazard came to be known.",
    {
        "RESIDENT": "群众 a resident, or somebody without a name",
        "LANDLORD": "房东 who runs the place",
        "WARDEN": "巡查 a warden or other staff",
        "HOTLINE_12345": "12345 the hotline",
        "OPEN311": "another system",
        "SAMPLING": "抽检",
        "CROSS_CHECK": "数据碰撞",
    },
)
gql_enum(
    HazardClosure,
    "How a hazard came to be closed.",
    {
        "CONFIRMED": "who reported it says that it is fixed 上报人确认",
        "SILENT": "who reported it did not answer in time 逾期未答",
        "UNREACHABLE": "who reported it could not be reached 联系不上",
        "NOBODY_TO_ASK": "there was nobody to ask 无人可访",
    },
)
gql_enum(
    QuestionKind,
    "What an answer is.",
    {
        "BOOL": "是 or 否: `true` or `false`",
        "NUMBER": "数字 a number in the unit and range of the question",
        "CHOICE": "单选 the code of one of the choices",
        "TEXT": "文字 a few words",
    },
)
gql_enum(
    HazardPhotoRole,
    "What a picture of a hazard shows.",
    {"FOUND": "整改前 as it was found", "EVIDENCE": "整改后 as it was put right"},
)
gql_enum(
    OwnHazards,
    "Which of your hazards.",
    {"ALL": "全部", "REPORTED": "我上报的", "FOLLOWED": "我关注的"},
)
gql_enum(
    HazardAction,
    "What can be done with a hazard, or happens to it.",
    {
        "REPORT": "上报",
        "ACCEPT": "受理",
        "REJECT": "不予受理, with a reason",
        "MARK_DUPLICATE": "标为重复",
        "DISPATCH": "派单",
        "START": "开始整改",
        "RETURN": "退回, naming the right department",
        "SUBMIT": "提交整改结果, with pictures",
        "ASK_ENFORCEMENT": "提请执法",
        "EXTEND": "延期, once, with a reason",
        "PASS": "复查通过",
        "FAIL": "复查不通过",
        "CONFIRM_FIXED": "确认已整改",
        "SAY_NOT_FIXED": "反映未整改",
        "CLOSE_UNREACHABLE": "联系不上，销号",
        "CLOSE_SILENT": "逾期未答，销号",
        "CLOSE_CASE": "执法结案",
        "REOPEN": "重新打开",
        "RATE": "评价, 1 to 5",
        "ESCALATE": "超时升级",
        "CHANGE_SEVERITY": "调整等级",
        "MODERATE": "公开内容审核",
        "ISSUE": "出具文书",
        "SUPPLEMENT": "补充",
    },
)
