"""Puts the packages together, the same way for serve, worker, migrate and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from core import crypto
from core.database import tortoise_config
from core.settings import Settings, SettingsError
from integrations import sms
from landlord import content_check

# Lower layers first; each app's migrations are the folder of the same name in migrations/.
APPS: Final[Mapping[str, Sequence[str]]] = {
    "core": ("core.models", "core.audit"),
    "identity": ("identity.models",),
    "media": ("media.models",),
    "management": ("management.models",),
    "citizen": ("citizen.models", "citizen.my_data.models"),
    "landlord": ("landlord.models",),
    "notifications": ("notifications.models",),
}

HANDLERS: Final[Sequence[str]] = (
    "core.handlers",
    "identity.handlers",
    "media.handlers",
    "management.handlers",
    "citizen.handlers",
    "landlord.handlers",
    "notifications.handlers",
)


def assemble(settings: Settings) -> None:
    """Import what registers itself (event handlers, jobs, holdings); set keys and checker.

    Raises:
        SettingsError: keys or templates of short messages can't be used.
    """
    for module in HANDLERS:
        import_module(module)
    crypto.configure(key_ring(settings))
    content_check.configure(content_check.ask_too if settings.wechat_checks_content else None)
    sms.check(settings)


def key_ring(settings: Settings) -> crypto.KeyRing:
    """The keys that seal and index personal data: given one by one, or derived.

    Raises:
        SettingsError: the given keys do not have the form of keys.
    """
    if settings.field_keys is not None and settings.index_keys is not None:
        try:
            return crypto.KeyRing.parse(
                settings.field_keys.get_secret_value(), settings.index_keys.get_secret_value()
            )
        except crypto.BadKeys as problem:
            raise SettingsError(f"LEYE_FIELD_KEYS, LEYE_INDEX_KEYS: {problem}") from None
    return crypto.KeyRing.derived(settings.secret.get_secret_value(), settings.previous_secrets)


def database_config(url: str, settings: Settings) -> dict[str, Any]:
    """Tortoise's configuration of this deployment."""
    return tortoise_config(
        url, APPS, pool=settings.database_pool, statement_cache=settings.statement_cache
    )
