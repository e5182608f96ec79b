"""The tables of identity: who can sign in, from where they are signed in, what they may do."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import BlindIndexField, EncryptedField
from core.ids import uuid7
from identity.actor import Role


class DutyGroup(StrEnum):
    """What a post is for within its grid (定格定人定责)."""

    INFORMATION = "INFORMATION"
    INSPECTION = "INSPECTION"
    RECTIFICATION = "RECTIFICATION"
    SERVICE_DESK = "SERVICE_DESK"


class SessionEnd(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "SIGNED_OUT"
    SIGNED_OUT_EVERYWHERE = "SIGNED_OUT_EVERYWHERE"
    TOKEN_REPLAYED = "TOKEN_REPLAYED"  # noqa: S105 - a reason, not a token
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a reason, not a password
    LOCKED = "LOCKED"
    CLOSED = "CLOSED"
    LEFT = "LEFT"
    PARTED = "PARTED"
    EXPIRED = "EXPIRED"


class Account(Model):
    """A member of the public who signs in: resident, landlord, operator."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    phone: str | None = EncryptedField(null=True)
    phone_index: str | None = BlindIndexField(null=True, unique=True)  # type: ignore[assignment]
    display_name = fields.CharField(60, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    locked_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "account"
        constraints = (
            CheckConstraint("(phone IS NULL) = (phone_index IS NULL)", "account_phone_indexed"),
        )


class StaffMember(Model):
    """Somebody who works for the town."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_name = fields.CharField(40, unique=True, description="lower case")
    name = fields.CharField(60)
    password_hash = fields.CharField(200, description="argon2id in PHC form")
    totp_secret = EncryptedField(null=True)
    totp_pending_secret = EncryptedField(null=True, description="shown, not yet confirmed")
    totp_confirmed_at = fields.DatetimeField(null=True)
    totp_last_step = fields.BigIntField(default=0, description="30 s steps since 1970; no replay")
    second_factor_waived = fields.BooleanField(default=False, description="development only")
    failures = fields.IntField(default=0, description="failed sign-ins since the last good one")
    locked_until = fields.DatetimeField(null=True)
    joined_at = fields.DatetimeField(auto_now_add=True)
    left_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "staff_member"
        constraints = (
            CheckConstraint("user_name = lower(user_name)", "staff_member_user_name_lower"),
            CheckConstraint(
                "(totp_secret IS NULL) = (totp_confirmed_at IS NULL)", "staff_member_totp_confirmed"
            ),
        )


class RecoveryCode(Model):
    """A code that stands in for the second factor, once."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    staff: fields.ForeignKeyRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="recovery_codes", on_delete=fields.CASCADE
    )
    staff_id: UUID
    code_hash = fields.CharField(64, description="keyed hash, hexadecimal")
    used_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "recovery_code"
        unique_together = (("staff", "code_hash"),)


class Session(Model):
    """One sign-in on one device, of an account or of a member of staff."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="sessions", null=True, on_delete=fields.CASCADE
    )
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="sessions", null=True, on_delete=fields.CASCADE
    )
    account_id: UUID | None
    staff_id: UUID | None
    device = fields.CharField(80, default="", description="label that the person recognises")
    enrolling = fields.BooleanField(default=False, description="may only set up the second factor")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(description="no refresh goes beyond")
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharEnumField(SessionEnd, max_length=30, null=True)

    class Meta:
        app = "identity"
        table = "session"
        indexes = (
            Index(fields=("account_id", "created_at")),
            Index(fields=("staff_id", "created_at")),
            Index(fields=("ended_at",)),
        )
        constraints = (
            CheckConstraint("(account_id IS NULL) <> (staff_id IS NULL)", "session_of_one"),
            CheckConstraint(
                "(ended_at IS NULL) = (end_reason IS NULL)", "session_end_has_a_reason"
            ),
        )


class RefreshToken(Model):
    """A token that continues a session, once; using it twice ends the session."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "identity.Session", related_name="refresh_tokens", on_delete=fields.CASCADE
    )
    session_id: UUID
    token_hash = fields.CharField(64, unique=True, description="SHA-256, hexadecimal")
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "refresh_token"
        indexes = (Index(fields=("session_id",)),)
        constraints = (
            UniqueConstraint(("session_id",), "refresh_token_one_unused", "used_at IS NULL"),
        )


class SmsCode(Model):
    """A one-time code sent to a phone; number and code are wiped once it is on its way."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    phone_index = BlindIndexField()
    phone = EncryptedField(null=True, description="until sent")
    code = EncryptedField(null=True, description="until sent")
    code_hash = fields.CharField(64, description="keyed hash, hexadecimal")
    created_at = fields.DatetimeField(db_index=True)
    expires_at = fields.DatetimeField()
    tries = fields.IntField(default=0)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "sms_code"
        indexes = (Index(fields=("phone_index", "created_at")),)
        constraints = (CheckConstraint("tries BETWEEN 0 AND 5", "sms_code_tries"),)


class Department(Model):
    """A department of the town (部门): data, so that a reform needs no new version."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(40, unique=True)
    name_zh = fields.CharField(40)
    name_en = fields.CharField(80)

    class Meta:
        app = "identity"
        table = "department"


class GridPost(Model):
    """Who is posted to which grid, with which duty (定格定人定责).

    In force from ``starts_on`` up to, not including, ``ends_on``: days in Asia/Shanghai.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    staff: fields.ForeignKeyRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="posts", on_delete=fields.RESTRICT
    )
    staff_id: UUID
    department_id: UUID | None
    deputy_of_id: UUID | None
    grid_code = fields.CharField(40)
    grid_path = fields.CharField(200, description="codes from the top down, each with a slash")
    role = fields.CharEnumField(Role, max_length=20)
    duty_group = fields.CharEnumField(DutyGroup, max_length=20, null=True)
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "identity.Department", related_name="posts", null=True, on_delete=fields.RESTRICT
    )
    lead = fields.BooleanField(default=False, description="lead warden (网格长)")
    deputy_of: fields.ForeignKeyNullableRelation[GridPost] = fields.ForeignKeyField(
        "identity.GridPost", related_name="deputies", null=True, on_delete=fields.RESTRICT
    )
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "identity"
        table = "grid_post"
        indexes = (
            Index(fields=("staff_id",)),
            Index(fields=("grid_path", "id")),
            Index(fields=("grid_code",)),
            Index(fields=("deputy_of_id",)),
        )
        constraints = (
            CheckConstraint("grid_path ~ '^([0-9A-Za-z-]+/)+$'", "grid_post_path"),
            CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", "grid_post_period"),
            CheckConstraint(
                "(role IN ('DEPARTMENT', 'ENFORCEMENT')) <= (department_id IS NOT NULL)",
                "grid_post_department",
            ),
        )


class App(Model):
    """A program of somebody else's that uses the API on its own behalf."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    client_id = fields.CharField(40, unique=True)
    name = fields.CharField(80)
    secret_hash = fields.CharField(64, description="SHA-256 of 256 random bits, hexadecimal")
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    grid_path = fields.CharField(200)
    contact = EncryptedField(description="whom to reach about it")
    rate_per_minute = fields.IntField()
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "app"
        constraints = (
            CheckConstraint("rate_per_minute BETWEEN 1 AND 6000", "app_rate"),
            CheckConstraint("grid_path ~ '^([0-9A-Za-z-]+/)+$'", "app_path"),
        )


class WeChatUser(Model):
    """An account as one mini-program knows it. Sealed: an openid follows a person for good."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="wechat_users", on_delete=fields.CASCADE
    )
    account_id: UUID
    app_id = fields.CharField(32)
    openid = EncryptedField()
    openid_index = BlindIndexField()
    unionid = EncryptedField(null=True, description="the same in all apps of one owner")
    unionid_index = BlindIndexField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_seen_at = fields.DatetimeField(description="last sign-in; content checks ask for it")

    class Meta:
        app = "identity"
        table = "wechat_user"
        unique_together = (("app_id", "openid_index"),)
        indexes = (Index(fields=("account_id", "last_seen_at")), Index(fields=("unionid_index",)))
        constraints = (
            CheckConstraint(
                "(unionid IS NULL) = (unionid_index IS NULL)", "wechat_user_unionid_indexed"
            ),
        )


class AccountMerge(Model):
    """Two accounts of one person became one; ``moved`` is what it takes to part them again.

    As :mod:`identity.belongings` writes it: changes of other columns too.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kept: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="merges_kept", on_delete=fields.RESTRICT
    )
    kept_id: UUID
    merged: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="merges_merged", on_delete=fields.RESTRICT
    )
    merged_id: UUID
    moved: fields.JSONField[dict[str, list[str]]] = fields.JSONField(
        description="table and column → ids of the rows that changed hands"
    )
    merged_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        app = "identity"
        table = "account_merge"
        indexes = (Index(fields=("merged_at", "id")), Index(fields=("kept_id",)))
        constraints = (
            UniqueConstraint(("merged_id",), "account_merge_once", "undone_at IS NULL"),
            CheckConstraint("kept_id <> merged_id", "account_merge_of_two"),
        )


class WeChatPush(Model):
    """What WeChat pushed to us, once: a repeat has the same ``key``."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    key = fields.CharField(32, unique=True, description="over the content")
    kind = fields.CharField(60, description="WeChat's name of the event")
    openid = EncryptedField(description="whom it is about")
    openid_index = BlindIndexField(description="as of wechat_user")
    trace_id = fields.CharField(128, null=True, description="of the content check that it is about")
    content: fields.JSONField[dict[str, object]] = fields.JSONField(
        description="verdict or subscriptions: ids and codes only"
    )
    happened_at = fields.DatetimeField(description="by WeChat's clock")
    received_at = fields.DatetimeField(auto_now_add=True, db_index=True)

    class Meta:
        app = "identity"
        table = "wechat_push"
        indexes = (Index(fields=("trace_id",), name="wechat_push_trace"),)
