"""What tasks hold about people, declared for the register of personal data."""

from __future__ import annotations

from typing import Final

from core.privacy import Basis, Holding, Retention, Words, register
from management.models import Task, TaskStep

_FILE: Final = Retention(Words("属于工作记录，随档案保存", "A record of work, kept with the file"))

register(
    Holding(
        model=Task,
        kind="staff",
        subject="assignee_id",
        title=Words("承办的任务", "Tasks taken"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "kind", "state", "created_at", "ended_at"),
        erase="keep",
    ),
    Holding(
        model=Task,
        kind="staff",
        subject="sent_by_id",
        title=Words("派出的任务", "Tasks sent"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("id", "kind", "state", "created_at", "ended_at"),
        erase="keep",
    ),
    Holding(
        model=TaskStep,
        kind="staff",
        subject="staff_id",
        title=Words("任务处理记录", "Steps of tasks"),
        basis=Basis.STATUTORY_DUTY,
        retention=_FILE,
        export=("task_id", "action", "at"),
        erase="keep",
    ),
)
