"""Tasks (派单): work for one member of staff, or for a pool from which one takes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.actor import ActorKind, Role
from identity.models import Department, StaffMember
from management.models.places import Place


class TaskKind(StrEnum):
    """What the work is about."""

    HAZARD = "HAZARD"
    DECLARATION = "DECLARATION"
    OBJECTION = "OBJECTION"
    WELFARE_VISIT = "WELFARE_VISIT"
    RESIDENCE = "RESIDENCE"
    AD_HOC = "AD_HOC"


class TaskState(StrEnum):
    """How far it is; the moves are in :mod:`management.tasks`."""

    OPEN = "OPEN"
    TAKEN = "TAKEN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class TaskAction(StrEnum):
    """What was done with a task."""

    RAISE = "RAISE"
    TAKE = "TAKE"
    ASSIGN = "ASSIGN"
    RETURN = "RETURN"
    URGE = "URGE"
    EXTEND = "EXTEND"
    FINISH = "FINISH"
    CANCEL = "CANCEL"


class Task(Model):
    """One piece of work in one grid, with a deadline.

    It waits for a pool (``role``, and ``department`` where one is meant) of the grid or above,
    until somebody takes it. ``step`` is where its subject stands, so that one subject has one live
    task. The grid's columns are repeated as on a place.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharEnumField(TaskKind, max_length=16)
    step = fields.CharField(24, default="", description="what its subject waits for")
    subject_id: UUID | None = fields.UUIDField(null=True, description="a row, by the kind")
    place: fields.ForeignKeyNullableRelation[Place] = fields.ForeignKeyField(
        "management.Place", null=True, on_delete=fields.RESTRICT, related_name="tasks"
    )
    place_id: UUID | None
    grid_path = fields.CharField(140, description='COLLATE "C"')
    community_code = fields.CharField(40)
    grid_code = fields.CharField(40)
    role = fields.CharEnumField(Role, max_length=20)
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "identity.Department", null=True, on_delete=fields.RESTRICT, related_name="tasks"
    )
    department_id: UUID | None
    state = fields.CharEnumField(TaskState, max_length=10, default=TaskState.OPEN)
    assignee: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.RESTRICT, related_name="tasks"
    )
    assignee_id: UUID | None
    not_for: UUID | None = fields.UUIDField(
        null=True, description="a member of staff who may not take it: who did what is checked"
    )
    sent_by: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.RESTRICT, related_name="tasks_sent"
    )
    sent_by_id: UUID | None
    admission = fields.CharField(30, default="", description="ad hoc: code on the admission list")
    minutes = fields.SmallIntField(default=0, description="what it costs, by the admission list")
    words: str | None = EncryptedField(null=True, description="ad hoc: what is to be done")
    feedback: str | None = EncryptedField(null=True, description="what came of it, in words")
    outcome = fields.CharField(24, default="", description="what came of it: a code by the kind")
    due_at: datetime | None = fields.DatetimeField(null=True)
    overdue_at: datetime | None = fields.DatetimeField(
        null=True, description="when it was told that the deadline had passed"
    )
    urged_at: datetime | None = fields.DatetimeField(null=True)
    urges = fields.SmallIntField(default=0)
    returns = fields.SmallIntField(default=0)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    taken_at: datetime | None = fields.DatetimeField(null=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "task"
        indexes = (
            PartialIndex(
                fields=("grid_code", "due_at", "id"), name="task_pool", condition={"state": "OPEN"}
            ),
            PartialIndex(
                fields=("assignee_id", "due_at", "id"),
                name="task_mine",
                condition={"state": "TAKEN"},
            ),
            Index(fields=("grid_path", "id"), name="task_path"),
            Index(fields=("community_code", "id"), name="task_community"),
            Index(fields=("grid_code", "id"), name="task_grid"),
            Index(fields=("subject_id", "id"), name="task_subject"),
            Index(fields=("assignee_id", "id"), name="task_assignee"),
            Index(fields=("sent_by_id", "id"), name="task_sender"),
        )
        constraints = (
            UniqueConstraint(
                ("kind", "subject_id"),
                "task_one_live",
                "state IN ('OPEN', 'TAKEN') AND subject_id IS NOT NULL",
            ),
            CheckConstraint(
                "(state <> 'OPEN' OR assignee_id IS NULL)"
                " AND (state <> 'TAKEN' OR assignee_id IS NOT NULL)",
                "task_taken_by_somebody",
            ),
            CheckConstraint(
                "(state IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)", "task_end"
            ),
        )


class TaskStep(Model):
    """What was done with a task, when and by whom: its history."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    task: fields.ForeignKeyRelation[Task] = fields.ForeignKeyField(
        "management.Task", on_delete=fields.CASCADE, related_name="steps"
    )
    task_id: UUID
    number = fields.IntField(description="1, 2, 3 … as the task's version")
    at: datetime = fields.DatetimeField()
    by_kind = fields.CharEnumField(ActorKind, max_length=10)
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="task_steps"
    )
    staff_id: UUID | None
    action = fields.CharEnumField(TaskAction, max_length=10)
    words: str | None = EncryptedField(null=True)

    class Meta:
        table = "task_step"
        unique_together = (("task_id", "number"),)
