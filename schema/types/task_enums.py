"""The enums of tasks, with the words for each value."""

from __future__ import annotations

from management.models import TaskAction, TaskKind, TaskState
from management.tasks.finishing import TaskOutcome
from management.tasks.lists import TaskBox, TaskOrder
from schema.fields import gql_enum

gql_enum(
    TaskKind,
    "What a task is about.",
    {
        "HAZARD": "隐患 a hazard that somebody deals with",
        "DECLARATION": "申报核实 a declaration to verify",
        "OBJECTION": "异议 an objection to a residence that others declared",
        "WELFARE_VISIT": "关爱走访 a visit to somebody young who lives alone",
        "RESIDENCE": "居住核实 whether somebody still lives there",
        "AD_HOC": "临时派单 work that somebody sent",
    },
)
gql_enum(
    TaskState,
    "How far a task is.",
    {
        "OPEN": "待领取 waits in its pool",
        "TAKEN": "办理中 in somebody's hands",
        "DONE": "已办结 done",
        "CANCELLED": "已取消 not to be done any more",
    },
)
gql_enum(
    TaskAction,
    "What is done with a task.",
    {
        "RAISE": "生成 it came to be",
        "TAKE": "领取 taken out of its pool",
        "ASSIGN": "指派 given to somebody",
        "RETURN": "退回 back to its pool, with the reason",
        "URGE": "催办 asked where it is",
        "EXTEND": "延期 given more time, with the reason",
        "FINISH": "办结 done",
        "CANCEL": "取消 not to be done any more, with the reason",
    },
)
gql_enum(
    TaskOutcome,
    "What came of a task that is finished by hand.",
    {
        "DONE": "已完成 of work that was sent: done",
        "NOT_POSSIBLE": "无法完成 of work that was sent: it could not be done",
        "WELL": "情况良好 of a visit: all is well",
        "HELP_ARRANGED": "已安排帮助 of a visit: help is on its way",
        "STILL_HERE": "仍在居住 of a residence: they still live there, which confirms it",
        "MOVED_OUT": "已搬离 of a residence: they have moved out, which ends it",
        "NOT_MET": "未见到本人 nobody was met: the visit is due anew",
    },
)
gql_enum(
    TaskBox,
    "Which tasks to look at.",
    {
        "MINE": "我的任务 in your hands",
        "POOL": "待领取 what you can take",
        "SENT": "我派出的 what you sent",
        "ALL": "全部 whatever you may see",
    },
)
gql_enum(
    TaskOrder,
    "In which order tasks are listed.",
    {"DUE": "按期限 the nearest deadline first", "NEWEST": "最新 the newest first"},
)
