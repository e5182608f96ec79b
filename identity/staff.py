"""Members of staff: taken on, given a new password or second factor, seen off."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from tortoise.expressions import F, Q

from core.clock import now, today
from core.errors import Conflict, InvalidInput, Unauthenticated, WrongState
from core.events import emit
from core.rates import allow
from core.text import clean
from core.work import work
from identity import passwords
from identity.access import access_staff, require
from identity.actor import Actor, ActorKind, Permission
from identity.authentication import forget
from identity.events import RightsChanged, StaffLeft
from identity.models import GridPost, SessionEnd, StaffMember
from identity.reasons import clean_reason
from identity.second_factor import drop_second_factor
from identity.sessions import end_sessions

USER_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{2,39}", re.ASCII)


async def add_staff(
    actor: Actor, *, user_name: str, name: str, password: str, waive_second_factor: bool = False
) -> StaffMember:
    """Take a member of staff on, with a password to begin with; posts are given separately.

    ``waive_second_factor`` has an effect in development only.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor doesn't manage staff.
        InvalidInput: user name, name or password break a rule of form.
        Conflict: the user name is taken.
    """
    require(actor, Permission.STAFF_MANAGE)
    login = user_name.strip().lower()
    if not USER_NAME.fullmatch(login):
        raise InvalidInput(
            field="input.userName",
            reason="USER_NAME",
            zh="用户名为 3 至 40 个小写字母、数字、点、横线，以字母开头",
            en="A user name has 3 to 40 letters, digits, dots, dashes and begins with a letter",
        )
    shown = clean(name, field="input.name", shortest=1, longest=60)
    passwords.check_strength(password, user_name=login, field="input.password")
    staff = StaffMember(
        user_name=login,
        name=shown,
        password_hash=await passwords.hash_password(password),
        second_factor_waived=waive_second_factor,
    )
    async with work(actor) as unit:
        await StaffMember.bulk_create([staff], ignore_conflicts=True)
        added = await StaffMember.get_or_none(id=staff.id)
        if added is None:
            raise Conflict(
                field="input.userName",
                reason="USER_NAME_TAKEN",
                zh="该用户名已被使用",
                en="The user name is taken",
            )
        unit.note("addStaff", "StaffMember", staff.id, waived=waive_second_factor)
    return added


async def leave(actor: Actor, *, staff_id: UUID, reason: str | None = None) -> StaffMember:
    """See a member of staff off: posts and sessions end at once, nobody signs in as them again.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's to manage.
        WrongState: they have left already, or are the actor.
    """
    refuse_oneself(actor, staff_id)
    why = clean_reason(reason)
    async with work(actor) as unit:
        staff = await _present(actor, staff_id)
        staff.left_at = now()
        await staff.save(update_fields=["left_at"])
        await _end_posts(staff)
        ended = await end_sessions(Q(staff_id=staff.id), SessionEnd.LEFT)
        unit.note("leave", "StaffMember", staff.id, reason=why, sessions=len(ended))
        await emit(StaffLeft(staff_id=staff.id))
        await emit(RightsChanged(staff_id=staff.id))
    forget(ended)
    return staff


async def reset_password(actor: Actor, *, staff_id: UUID, password: str) -> StaffMember:
    """Give somebody a new password: their sessions end and a lock-out is lifted.

    The second factor stays, so the one who resets can't come in with the password alone.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's to manage.
        InvalidInput: the password breaks a rule.
        WrongState: they have left, or are the actor.
    """
    refuse_oneself(actor, staff_id)
    known = await access_staff(actor, staff_id=staff_id)
    passwords.check_strength(password, user_name=known.user_name, field="input.password")
    fresh = await passwords.hash_password(password)
    async with work(actor) as unit:
        staff = await _present(actor, staff_id)
        ended = await _set_password(staff, fresh)
        unit.note("resetPassword", "StaffMember", staff.id, sessions=len(ended))
    forget(ended)
    return staff


async def reset_second_factor(
    actor: Actor, *, staff_id: UUID, reason: str | None = None
) -> StaffMember:
    """Take a lost second factor away: sessions end, the next sign-in must enrol a new one.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's to manage.
        WrongState: they have left, or are the actor.
    """
    refuse_oneself(actor, staff_id)
    why = clean_reason(reason)
    async with work(actor) as unit:
        staff = await _present(actor, staff_id)
        await drop_second_factor(staff)
        ended = await end_sessions(Q(staff_id=staff.id), SessionEnd.LOCKED)
        unit.note("resetSecondFactor", "StaffMember", staff.id, reason=why)
    forget(ended)
    return staff


async def change_password(actor: Actor, *, old: str, new: str) -> int:
    """Change one's own password; every session ends, this one included. Answers how many did.

    Raises:
        Unauthenticated: not staff.
        WrongState: the second factor must be set up before.
        InvalidInput: the old password is wrong, or the new one breaks a rule.
    """
    if actor.kind is not ActorKind.STAFF:
        raise Unauthenticated
    if actor.enrolling:
        raise WrongState(
            reason="ENROLLING", zh="请先绑定动态码", en="Set up the second factor first"
        )
    await allow("change password", str(actor.id), limit=10, window=timedelta(minutes=15))
    known = await StaffMember.get(id=actor.id)
    passwords.check_strength(new, user_name=known.user_name, field="input.new")
    if not await passwords.verify(known.password_hash, old):
        raise InvalidInput(
            field="input.old",
            reason="WRONG_PASSWORD",
            zh="原密码不正确",
            en="The old password is wrong",
        )
    fresh = await passwords.hash_password(new)
    async with work(actor) as unit:
        staff = await StaffMember.filter(id=known.id).select_for_update().get()
        ended = await _set_password(staff, fresh)
        unit.note("changePassword", "StaffMember", staff.id, sessions=len(ended))
    forget(ended)
    return len(ended)


def refuse_oneself(actor: Actor, staff_id: UUID) -> None:
    """Nobody decides over their own rights.

    Raises:
        WrongState: the actor is the one concerned.
    """
    if actor.id == staff_id:
        raise WrongState(
            reason="YOURSELF", zh="不能对自己进行此操作", en="This can't be done to oneself"
        )


async def _end_posts(staff: StaffMember) -> None:
    """End every post of somebody today; one that has not begun never does."""
    day = today()
    posts = GridPost.filter(Q(ends_on=None) | Q(ends_on__gt=day), staff_id=staff.id)
    await posts.filter(starts_on__gt=day).update(ends_on=F("starts_on"))
    await posts.filter(starts_on__lte=day).update(ends_on=day)


async def _present(actor: Actor, staff_id: UUID) -> StaffMember:
    staff = await access_staff(actor, staff_id=staff_id, lock=True)
    if staff.left_at is not None:
        raise WrongState(reason="HAS_LEFT", zh="该人员已离职", en="They have left")
    return staff


async def _set_password(staff: StaffMember, password_hash: str) -> list[UUID]:
    staff.password_hash, staff.failures, staff.locked_until = password_hash, 0, None
    await staff.save(update_fields=["password_hash", "failures", "locked_until"])
    return await end_sessions(Q(staff_id=staff.id), SessionEnd.PASSWORD_CHANGED)
