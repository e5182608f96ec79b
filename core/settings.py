"""Settings come from the environment, are checked at the start, and never change afterwards.

Every variable, its default and its meaning is in the README's configuration table, which a test
compares with this class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-of-a-sample-town"  # noqa: S105 - refused in production
MINIMUM_SECRET_LENGTH = 32

CommaSeparated = Annotated[tuple[str, ...], NoDecode]

_SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}
WECHAT_HOSTS = ("api", "api2", "sh.api", "sz.api", "hk.api")
"""Where WeChat answers: the general address, the spare one, and one for each region."""
_ORIGIN = re.compile(r"https?://[^/\s?#@]+")

_LINK_FILE = re.compile(r"[0-9A-Za-z_-]{1,64}\.txt=[0-9A-Za-z]{1,128}")

_PUSH_FORMS = {
    "wechat_push_token": (re.compile(r"[0-9A-Za-z]{3,32}"), "3 to 32 letters and digits"),
    "wechat_push_aes_key": (re.compile(r"[0-9A-Za-z]{43}"), "43 letters and digits"),
}


class SettingsError(Exception):
    """The environment holds values that the service can't start with; the text lists each."""


class Settings(BaseSettings):
    """Where the service runs and what it may trust."""

    model_config = SettingsConfigDict(
        env_prefix="LEYE_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    env: Literal["development", "production"] = Field(
        "development", description="`production` refuses default secrets and hides the demo"
    )
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer; empty: the service starts its own",
    )
    redis_url: SecretStr | None = Field(
        None,
        validation_alias="REDIS_URL",
        description="Redis 7 or newer; empty: one inside the process (single process only)",
    )
    database_pool: int = Field(
        10, ge=1, le=200, description="connections to PostgreSQL per process, at most"
    )
    statement_cache: int = Field(
        200,
        ge=0,
        le=10_000,
        description="prepared statements per connection; 0 behind a transaction-mode pooler",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="address under which people reach the service; printed on QR plates",
        pattern=r"^https?://[^/\s?#@]+$",
    )
    map_approval_no: str | None = Field(
        None,
        description="map approval number (审图号) that the public map shows",
        max_length=60,
    )
    secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="master secret (32 characters or more) from which signing keys are derived",
    )
    field_keys: SecretStr | None = Field(
        default=None,
        description="keys that seal personal data, `id:hex` comma-separated, the active one first;"
        " empty: derived from the master secrets",
    )
    index_keys: SecretStr | None = Field(
        default=None,
        description="keys of the blind indexes, in the same form; empty: derived",
    )
    previous_secrets: CommaSeparated = Field(
        (),
        repr=False,
        description="earlier master secrets, comma-separated: old tokens and data stay readable",
    )
    media_dir: Path | None = Field(
        None, description="folder for pictures; empty: beside the embedded database"
    )
    media_url: str | None = Field(
        None,
        description="`s3://bucket/prefix` for pictures in an S3-compatible store; empty: a folder",
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*/?$",
    )
    media_endpoint: str | None = Field(
        None,
        description="address of that store; empty: Amazon's for the region",
        pattern=r"^https?://[^/\s?#@]+$",
    )
    media_region: str = Field("us-east-1", description="region of that store")
    media_access_key: SecretStr | None = Field(None, description="who we are to that store")
    media_secret_key: SecretStr | None = Field(None, description="the secret of that key")
    media_public_url: str | None = Field(
        None,
        description="address under which others (a CDN) serve the bucket's folder `public`; empty:"
        " the service does",
        pattern=r"^https?://[^\s?#@]+[^/\s?#@]$",
    )
    trusted_proxies: CommaSeparated = Field(
        (), description="networks whose `X-Forwarded-For` is believed, comma-separated"
    )
    cors_origins: CommaSeparated = Field(
        (), description="origins that browsers may call the API from, comma-separated"
    )
    metrics_token: SecretStr | None = Field(
        None, description="bearer token for `/metrics`; empty: loopback only"
    )
    staff_idle_minutes: int = Field(
        30, ge=5, le=480, description="a staff session ends after so many idle minutes"
    )
    operation_seconds: float = Field(
        10, gt=0, le=60, description="time limit of one GraphQL operation"
    )
    trusted_documents: Path | None = Field(
        default=None, description="folder of `.graphql` files that clients may send by their hash"
    )
    only_trusted_documents: bool = Field(
        False, description="refuse GraphQL documents that are not registered by hash"
    )
    sms_secret_id: SecretStr | None = Field(
        default=None, description="SecretId of Tencent Cloud, whose SMS product sends; empty: none"
    )
    sms_secret_key: SecretStr | None = Field(
        default=None, description="the secret of that id; the five of `LEYE_SMS_` go together"
    )
    sms_app_id: str | None = Field(
        default=None, description="SdkAppId of the SMS application", pattern=r"^\d{6,20}$"
    )
    sms_sign_name: str | None = Field(
        default=None, description="approved signature (短信签名), without its brackets"
    )
    sms_templates: CommaSeparated = Field(
        (), description="ids of approved texts: `sign-in-code=123456,notice=123457`"
    )
    sms_api_url: str = Field(
        "https://sms.tencentcloudapi.com",
        description="address of that product; production needs https",
        pattern=r"^https?://[^/\s?#@]+$",
    )
    wechat_app_id: str | None = Field(
        default=None,
        description="the mini-program's app id; empty: none, in development the emulator's",
        pattern=r"^wx[0-9a-f]{16}$",
    )
    wechat_app_secret: SecretStr | None = Field(
        default=None, description="the mini-program's app secret; goes with the app id"
    )
    wechat_push_token: SecretStr | None = Field(
        default=None, description="token of message push, 3 to 32 letters and digits"
    )
    wechat_push_aes_key: SecretStr | None = Field(
        default=None, description="key of message push, 43 characters; production needs it"
    )
    wechat_api_url: str = Field(
        "https://api.weixin.qq.com",
        description="WeChat's API; production refuses hosts that are not WeChat's",
        pattern=r"^https?://[^/\s?#@]+$",
    )
    wechat_link_files: CommaSeparated = Field(
        (), description="verification files that WeChat's console gives: `NAME.txt=CONTENT`"
    )
    wechat_scan_page: str = Field(
        "pages/plate/index",
        description="page of the mini-program that a scanned code opens",
        pattern=r"^[0-9A-Za-z_-]+(/[0-9A-Za-z_-]+)*$",
    )
    wechat_version: Literal["release", "trial", "develop"] = Field(
        "release", description="version of the mini-program that links and messages open"
    )

    content_check: Literal["local", "wechat"] | None = Field(
        None,
        description="who checks what landlords publish: `local` our own rule alone, `wechat` WeChat"
        " too; empty: `wechat` with an app id, else `local`",
    )

    @field_validator(
        "previous_secrets",
        "trusted_proxies",
        "cors_origins",
        "sms_templates",
        "wechat_link_files",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url", "redis_url")
    @classmethod
    def _scheme(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = _SCHEMES[info.field_name or ""]
        if value is not None and not value.get_secret_value().startswith(schemes):
            raise ValueError(f"must begin with {' or '.join(schemes)}")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for position, text in enumerate(value, 1):
            try:
                ip_network(text)
            except ValueError:
                raise ValueError(f"entry {position} is not a network such as 10.0.0.0/8") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for position, text in enumerate(value, 1):
            if not _ORIGIN.fullmatch(text):
                raise ValueError(
                    f"entry {position} is not an origin such as https://app.example.cn"
                )
        return value

    @field_validator("wechat_link_files")
    @classmethod
    def _link_files(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for position, text in enumerate(value, 1):
            if not _LINK_FILE.fullmatch(text):
                raise ValueError(f"entry {position} is not NAME.txt=CONTENT, letters and digits")
        return value

    @field_validator("wechat_push_token", "wechat_push_aes_key")
    @classmethod
    def _push_form(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        form, words = _PUSH_FORMS[info.field_name or ""]
        if value is not None and not form.fullmatch(value.get_secret_value()):
            raise ValueError(f"must be {words}")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        problems = list(self._contradictions())
        if self.production:
            problems += [*self._weak_secrets(), *self._unfit_addresses()]
            problems += [*self._unfit_for_wechat(), *self._unfit_for_sms()]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        if (self.field_keys is None) != (self.index_keys is None):
            absent = "LEYE_FIELD_KEYS" if self.field_keys is None else "LEYE_INDEX_KEYS"
            yield f"{absent}: must be set, because field and index keys go together"
        if self.only_trusted_documents and self.trusted_documents is None:
            yield "LEYE_TRUSTED_DOCUMENTS: must name the folder, because nothing else is answered"
        keys = (self.media_access_key, self.media_secret_key)
        if self.media_url is not None and None in keys:
            yield "LEYE_MEDIA_URL: needs LEYE_MEDIA_ACCESS_KEY and LEYE_MEDIA_SECRET_KEY"
        if self.media_public_url is not None and self.media_url is None:
            yield "LEYE_MEDIA_PUBLIC_URL: is for a bucket; set LEYE_MEDIA_URL"
        yield from self._half_of_wechat()
        yield from self._half_of_sms()

    def _half_of_wechat(self) -> Iterator[str]:
        if (self.wechat_app_id is None) != (self.wechat_app_secret is None):
            absent = "ID" if self.wechat_app_id is None else "SECRET"
            yield f"LEYE_WECHAT_APP_{absent}: must be set, because app id and secret go together"
        if self.wechat_push_aes_key and not self.wechat_push_token:
            yield "LEYE_WECHAT_PUSH_TOKEN: must be set, because the key goes with a token"
        if self.production and self.content_check == "wechat" and self.wechat_app_id is None:
            yield "LEYE_CONTENT_CHECK: needs LEYE_WECHAT_APP_ID"

    def _half_of_sms(self) -> Iterator[str]:
        parts = {
            "LEYE_SMS_SECRET_ID": self.sms_secret_id,
            "LEYE_SMS_SECRET_KEY": self.sms_secret_key,
            "LEYE_SMS_APP_ID": self.sms_app_id,
            "LEYE_SMS_SIGN_NAME": self.sms_sign_name,
            "LEYE_SMS_TEMPLATES": self.sms_templates,
        }
        absent = [name for name, value in parts.items() if not value]
        if 0 < len(absent) < len(parts):
            yield f"{absent[0]}: must be set, because the settings of short messages go together"

    def _weak_secrets(self) -> Iterator[str]:
        if self.secret.get_secret_value() == DEVELOPMENT_SECRET:
            yield "LEYE_SECRET: must be set in production (openssl rand -hex 32)"
        elif len(self.secret.get_secret_value()) < MINIMUM_SECRET_LENGTH:
            yield f"LEYE_SECRET: must have at least {MINIMUM_SECRET_LENGTH} characters"
        if DEVELOPMENT_SECRET in self.previous_secrets:
            yield "LEYE_PREVIOUS_SECRETS: holds the development secret, which everybody knows"
        elif any(len(secret) < MINIMUM_SECRET_LENGTH for secret in self.previous_secrets):
            yield f"LEYE_PREVIOUS_SECRETS: each needs {MINIMUM_SECRET_LENGTH} characters or more"

    def _unfit_addresses(self) -> Iterator[str]:
        if not self.public_url.startswith("https://"):
            yield "LEYE_PUBLIC_URL: must begin with https:// in production"
        if self.database_url is None:
            yield "DATABASE_URL: must be set in production (the embedded one is for trying out)"
        if self.redis_url is None:
            yield "REDIS_URL: must be set in production (the built-in one serves one process)"

    def _unfit_for_sms(self) -> Iterator[str]:
        if not self.sms_api_url.startswith("https://"):
            yield "LEYE_SMS_API_URL: must begin with https:// in production"

    def _unfit_for_wechat(self) -> Iterator[str]:
        if self.wechat_api_url not in {f"https://{host}.weixin.qq.com" for host in WECHAT_HOSTS}:
            yield "LEYE_WECHAT_API_URL: must be one of WeChat's own addresses in production"
        if self.wechat_push_token and not self.wechat_push_aes_key:
            yield "LEYE_WECHAT_PUSH_AES_KEY: must be set: messages are taken encrypted only"

    def derived_key(self, purpose: str, *, secret: str | None = None) -> bytes:
        """A 32-byte key of its own for each purpose (HKDF-SHA256 over the master secret)."""
        return _derive(secret or self.secret.get_secret_value(), purpose)

    @property
    def wechat_checks_content(self) -> bool:
        """Whether WeChat is asked about what becomes public."""
        if self.content_check is None:
            return self.wechat_app_id is not None
        return self.content_check == "wechat"

    @property
    def production(self) -> bool:
        """Whether real people's data is served."""
        return self.env == "production"


@lru_cache(64)
def _derive(secret: str, purpose: str) -> bytes:
    kdf = HKDF(hashes.SHA256(), 32, salt=None, info=b"leye " + purpose.encode())
    return kdf.derive(secret.encode())


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: one line per variable that can't be used, without its value.
    """
    try:
        return Settings()
    except ValidationError as refusal:
        lines = []
        for error in refusal.errors(include_input=False, include_url=False, include_context=False):
            name = str(error["loc"][0]) if error["loc"] else ""
            variable = name if name.isupper() else f"LEYE_{name.upper()}" if name else ""
            text = error["msg"].removeprefix("Value error, ")
            lines.append(f"{variable}: {text}" if variable else text)
        raise SettingsError("\n".join(lines)) from None


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load()
