"""Who sees which tasks, who may take them, and who directs the work of others.

A task is meant for a role, in a grid, and perhaps for a department: so the posts of a member of
staff decide, not their permissions alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.errors import NotFound, WrongState
from identity.access import in_force, require
from identity.actor import Actor, ActorKind, Permission, Role
from identity.models import GridPost
from management.access import in_scope, within
from management.models import Task, TaskState

_WITH_DEPARTMENT: Final = frozenset({Role.DEPARTMENT, Role.ENFORCEMENT})
_WORKING: Final = frozenset(
    {Role.WARDEN, Role.DEPARTMENT, Role.ENFORCEMENT, Role.SERVICE_DESK, Role.SUPERVISOR}
)


async def posts_of(staff_id: UUID | None) -> list[GridPost]:
    """Posts in force today of a member of staff."""
    return await GridPost.filter(in_force(), staff_id=staff_id).order_by("id")


async def own_posts(actor: Actor) -> list[GridPost]:
    """The actor's posts in force today, where they work on tasks by the rights of this session.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not staff who work on tasks.
    """
    require(actor, Permission.TASKS_WORK)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    held = await posts_of(actor.id)
    return [post for post in held if actor.may(Permission.TASKS_WORK, post.grid_path)]


def works_on(posts: Iterable[GridPost], task: Task) -> bool:
    """Whether one of these posts is such as the task is meant for."""
    return any(
        post.role is task.role
        and task.grid_path.startswith(post.grid_path)
        and task.department_id in {None, post.department_id}
        for post in posts
    )


def directs(posts: Iterable[GridPost], task: Task) -> bool:
    """Whether one of these posts directs who works on the task.

    Supervisors direct everything in their grid, lead wardens the wardens of theirs, departments
    their own people.
    """
    return any(_directs(post, task) for post in posts if task.grid_path.startswith(post.grid_path))


def _directs(post: GridPost, task: Task) -> bool:
    match post.role:
        case Role.SUPERVISOR:
            return True
        case Role.WARDEN:
            return post.lead and task.role is Role.WARDEN
        case Role.DEPARTMENT:
            return task.role in _WITH_DEPARTMENT and task.department_id == post.department_id
        case _:
            return False


def pool(posts: Iterable[GridPost]) -> Q:
    """The condition "is meant for one of these posts"."""
    return _any([_meant_for(post) for post in posts if post.role in _WORKING])


def visible_tasks(actor: Actor, posts: Iterable[GridPost]) -> QuerySet[Task]:
    """Tasks that the actor holds, sent, may take, or directs, where they work at all."""
    seen = [Q(assignee_id=actor.id), Q(sent_by_id=actor.id)]
    for post in posts:
        if post.role is Role.SUPERVISOR:
            seen.append(within(post.grid_path))
        elif post.role in _WORKING:
            seen.append(_meant_for(post))
    return Task.filter(in_scope(actor, Permission.TASKS_WORK), _any(seen))


async def access_task(
    actor: Actor, *, task_id: UUID, lock: bool = False
) -> tuple[Task, list[GridPost]]:
    """One task for who sees it, and their posts; locked in a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    posts = await own_posts(actor)
    query = visible_tasks(actor, posts).filter(id=task_id)
    task = await (query.select_for_update() if lock else query).first()
    if task is None:
        raise NotFound
    return task, posts


def require_work(posts: Iterable[GridPost], task: Task) -> None:
    """Refuse who holds no such post as the task is meant for.

    Raises:
        WrongState: it is for another role, department or grid.
    """
    if not works_on(posts, task):
        raise WrongState(
            reason="NOT_POSTED",
            zh="此任务由其他岗位办理",
            en="This task is for other posts than yours",
        )


def require_direction(actor: Actor, posts: Iterable[GridPost], task: Task) -> None:
    """Refuse who neither sent the task nor directs the work on it.

    Raises:
        WrongState: they don't.
    """
    if task.sent_by_id != actor.id and not directs(posts, task):
        raise WrongState(
            reason="NOT_DIRECTED",
            zh="只有派单人、网格长或督导可以这样做",
            en="Only who sent it, the lead warden or a supervisor can do this",
        )


def require_live(task: Task) -> None:
    """Refuse a task that has ended.

    Raises:
        WrongState: it is done or cancelled.
    """
    if task.state in {TaskState.DONE, TaskState.CANCELLED}:
        raise WrongState(reason=task.state.value, zh="任务已结束", en="The task is over")


def _meant_for(post: GridPost) -> Q:
    meant = Q(within(post.grid_path), role=post.role)
    if post.role in _WITH_DEPARTMENT:
        meant &= Q(department_id__isnull=True) | Q(department_id=post.department_id)
    return meant


def _any(conditions: list[Q]) -> Q:
    return Q(*conditions, join_type=Q.OR) if conditions else Q(id__isnull=True)
