"""How people want to be told: which news by which channel, when not, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, time
from typing import Any, Final, cast

from core.database import fetch
from core.errors import InvalidInput, Language, NotFound, Unauthenticated
from core.ids import uuid7
from core.privacy import Words
from core.work import work
from identity.actor import Actor, ActorKind
from notifications.access import recipient, require_recipient
from notifications.models import Channel, Preference, RecipientSettings
from notifications.quiet_hours import QUIET_FROM, QUIET_UNTIL
from notifications.telling import Recipient
from notifications.topics import RULES, Group

BY_DEFAULT: Final = True
"""Whoever has not decided is told: the channels of a topic were chosen for what it is worth."""

STAFF_GROUPS: Final = (Group.WORK, Group.NOTICES)
ACCOUNT_GROUPS: Final = tuple(group for group in Group if group is not Group.WORK)

GROUP_WORDS: Final[Mapping[Group, tuple[Words, Words]]] = {
    Group.SAFETY: (
        Words("安全提醒", "Safety"),
        Words("您关注的场所和周边的安全情况", "Dangers in and around the places you follow"),
    ),
    Group.HOUSES: (
        Words("我的房屋", "My houses"),
        Words("认领结果、暂停和恢复出租、自查提醒", "Claims, stops of letting, self-checks"),
    ),
    Group.LETTING: (
        Words("房源出租", "Letting"),
        Words("房源审核和到期、收到的咨询和预订", "Reviews, ends, enquiries and reservations"),
    ),
    Group.SEEKING: (
        Words("找房", "Seeking"),
        Words("咨询的回复、看房、预订和收藏", "Answers, viewings, reservations, kept listings"),
    ),
    Group.LIVING: (
        Words("居住登记", "Where you live"),
        Words("申报结果、是否还住在这里、居住证签注", "Declarations, still here, residence permit"),
    ),
    Group.ACCOUNT: (
        Words("账号安全", "Account"),
        Words("新设备登录和账号变动", "Sign-ins on new devices and changes of the account"),
    ),
    Group.NOTICES: (
        Words("通知公告", "Notices"),
        Words("镇街和社区的通知", "Notices of the town and the communities"),
    ),
    Group.WORK: (
        Words("工作消息", "Work"),
        Words("待核实、待审核、待处理的事项和任职", "What waits for you, and your posts"),
    ),
}
"""What each group is called, and what is in it."""

_EMERGENCIES: Final = Words(
    "您的房屋和住处的紧急情况总会发送，夜间也不例外，不能关闭：这关系到人身安全。",
    "An emergency in your house or where you live is always sent, at night too, and can't be"
    " switched off: lives may depend on it.",
)
ALWAYS: Final[Mapping[Group, Words]] = {
    Group.SAFETY: _EMERGENCIES,
    Group.HOUSES: _EMERGENCIES,
}
"""What comes in spite of everything that was switched off."""


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """One channel of a group as somebody has set it."""

    channel: Channel
    wanted: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that somebody has set. No language: as each request asks."""

    language: Language | None
    quiet_from: time
    quiet_until: time
    groups: Mapping[Group, tuple[ChannelChoice, ...]]


def channels_of(group: Group) -> tuple[Channel, ...]:
    """The channels that some topic of a group uses."""
    used = {channel for rule in RULES.values() if rule.group is group for channel in rule.channels}
    return tuple(channel for channel in Channel if channel in used)


async def settings_of(actor: Actor) -> Settings | None:
    """What the actor has set, defaults where they have not; nothing for who has no inbox."""
    to = recipient(actor)
    if to is None:
        return None
    row = await _row(to)
    chosen: dict[tuple[str, str], bool] = {}
    if to.account_id is not None:
        for one in await Preference.filter(account_id=to.account_id):
            chosen[one.group, one.channel] = one.wanted
    return Settings(
        language=cast("Language | None", row.language) if row else None,
        quiet_from=row.quiet_from.replace(tzinfo=None) if row else QUIET_FROM,
        quiet_until=row.quiet_until.replace(tzinfo=None) if row else QUIET_UNTIL,
        groups={
            group: tuple(
                ChannelChoice(channel, chosen.get((group, channel), BY_DEFAULT))
                for channel in channels_of(group)
            )
            for group in ACCOUNT_GROUPS
        }
        if to.account_id
        else dict.fromkeys(STAFF_GROUPS, ()),
    )


async def language_of(actor: Actor) -> Language | None:
    """The language that the actor has set, if any."""
    to = recipient(actor)
    row = await _row(to) if to else None
    return cast("Language | None", row.language) if row else None


async def set_preference(
    actor: Actor, *, group: Group, channel: Channel, wanted: bool
) -> Preference:
    """Switch a channel on or off for a group of topics. Emergencies are sent all the same.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account: staff are told in their inbox alone.
        InvalidInput: no news of the group goes by that channel.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    if channel not in channels_of(group):
        raise InvalidInput(
            field="input.channel",
            reason="CHANNEL_NOT_USED",
            zh="这类消息不通过该渠道发送",
            en="This news does not go by that channel",
        )
    async with work(actor) as unit:
        rows = await fetch(_CHOOSE, uuid7(), actor.id, group.value, channel.value, wanted)
        unit.note(
            "setNotificationPreference",
            "PREFERENCE",
            rows[0]["id"],
            group=group.value,
            channel=channel.value,
            wanted=wanted,
        )
        return await Preference.get(id=rows[0]["id"])


async def set_quiet_hours(actor: Actor, *, begin: time, end: time) -> RecipientSettings:
    """Set when nothing but an emergency is sent, Asia/Shanghai; equal times: no quiet hours.

    Raises:
        Unauthenticated, NotFound: the actor has no inbox.
        InvalidInput: not full minutes.
    """
    for name, moment in (("from", begin), ("until", end)):
        if moment.second or moment.microsecond or moment.tzinfo:
            raise InvalidInput(
                field=f"input.{name}",
                reason="TIME_OF_DAY",
                zh="时间应为“时:分”",
                en="A time of day is hours and minutes",
            )
    async with work(actor) as unit:
        row = await _own(require_recipient(actor))
        row.quiet_from, row.quiet_until = _kept(begin), _kept(end)
        await row.save(update_fields=["quiet_from", "quiet_until"])
        unit.note("setQuietHours", "RECIPIENT_SETTINGS", row.id)
    return row


async def set_language(actor: Actor, *, language: Language | None) -> RecipientSettings:
    """Set in which language the actor is written to; none: as each request asks, else zh-CN.

    Raises:
        Unauthenticated, NotFound: the actor has no inbox.
    """
    async with work(actor) as unit:
        row = await _own(require_recipient(actor))
        row.language = language
        await row.save(update_fields=["language"])
        unit.note("setLanguage", "RECIPIENT_SETTINGS", row.id, language=language)
    return row


def _kept(moment: time) -> time:
    """For the column, which has a zone that means nothing: clocks here are those of Shanghai."""
    return moment.replace(tzinfo=UTC)


def _whose(to: Recipient) -> dict[str, Any]:
    return {"account_id": to.account_id} if to.account_id else {"staff_id": to.staff_id}


async def _row(to: Recipient) -> RecipientSettings | None:
    return await RecipientSettings.filter(**_whose(to)).first()


async def _own(to: Recipient) -> RecipientSettings:
    """The settings, locked; written down as they hold when there are none."""
    fresh = RecipientSettings(
        **_whose(to), quiet_from=_kept(QUIET_FROM), quiet_until=_kept(QUIET_UNTIL)
    )
    # Two requests at once write one row: the database decides.
    await RecipientSettings.bulk_create([fresh], ignore_conflicts=True)
    return await RecipientSettings.filter(**_whose(to)).select_for_update().get()


_CHOOSE: Final = """
INSERT INTO notification_preference (id, account_id, topic_group, channel, wanted)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, topic_group, channel) DO UPDATE SET wanted = excluded.wanted
RETURNING id
"""
