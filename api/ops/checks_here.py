"""Checks of this machine and of the settings."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import Final
from urllib.parse import urlsplit

from api.ops.backup import note_file
from api.ops.findings import Finding, failure, good, skipped, warning
from core.clock import now
from core.embedded_postgres import EmbeddedPostgresError
from core.settings import DEVELOPMENT_SECRET, MINIMUM_SECRET_LENGTH, Settings
from media.storage import ORIGINALS, chosen, media_dir

OLDEST_PYTHON: Final = (3, 11)
NEWEST_PYTHON: Final = (3, 14)
_LETTERS: Final = 12  # `openssl rand -hex 32` has fewer unlike characters once in 10^8 times
_LITTLE_ROOM: Final = 2 << 30
_NO_ROOM: Final = 200 << 20
_BACKUP_AGE: Final = timedelta(hours=36)
_CERTIFICATE_DAYS: Final = 14
_TLS_SECONDS: Final = 3.0
_WIDEST_NETWORK: Final = {4: 8, 6: 16}
_SET_ANOTHER: Final = (
    "Set LEYE_SECRET to the output of `openssl rand -hex 32`. If data is stored already, put the "
    "present one into LEYE_PREVIOUS_SECRETS."
)


def python(version: tuple[int, int] | None = None) -> Finding:
    """The interpreter's version (this process's)."""
    found = version or (sys.version_info[0], sys.version_info[1])
    says = "{}.{}".format(*found)
    if OLDEST_PYTHON <= found <= NEWEST_PYTHON:
        return good("python", says)
    return failure("python", says, "Install Python 3.11 to 3.14 and make the environment anew.")


def secret(settings: Settings) -> Finding:
    """Whether the master secret can be guessed."""
    text = settings.secret.get_secret_value()
    if text == DEVELOPMENT_SECRET:
        if not _on_this_machine(settings.public_url):
            return failure(
                "secret", "the development secret, on a service that others reach", _SET_ANOTHER
            )
        return good("secret", "the development secret; production refuses it")
    if len(text) < MINIMUM_SECRET_LENGTH or len(set(text)) < _LETTERS:
        weak = failure if settings.production else warning
        return weak("secret", "short, or of few different characters", _SET_ANOTHER)
    return good("secret", f"{len(text)} characters")


def public_url(settings: Settings) -> Finding:
    """Whether people can reach the address that is printed on plates."""
    address = urlsplit(settings.public_url)
    local = _on_this_machine(settings.public_url)
    if settings.production and local:
        return failure(
            "public address",
            f"{settings.public_url} is this machine only, and is printed on every plate",
            "Set LEYE_PUBLIC_URL to the address under which telephones reach the service.",
        )
    if address.scheme == "http" and not local:
        return warning(
            "public address",
            f"{settings.public_url} is not encrypted",
            "Put nginx with a certificate in front (deploy/nginx) and set LEYE_PUBLIC_URL to "
            "https://...",
        )
    return good("public address", settings.public_url)


def trusted_proxies(settings: Settings) -> Finding:
    """Whether limits by address see the callers, and nobody else decides what they see."""
    name = "trusted proxies"
    networks = [ip_network(text, strict=False) for text in settings.trusted_proxies]
    wide = [str(net) for net in networks if net.prefixlen < _WIDEST_NETWORK[net.version]]
    if wide:
        return failure(
            name,
            f"{', '.join(wide)}: callers could choose the address they are counted under",
            "Set LEYE_TRUSTED_PROXIES to the addresses of your own proxies only.",
        )
    if networks:
        return good(name, ", ".join(map(str, networks)))
    if settings.public_url.startswith("https://"):
        grave = failure if settings.production else warning
        return grave(
            name,
            "none, but the address is https: behind a proxy everybody counts as one caller",
            "Set LEYE_TRUSTED_PROXIES to nginx's address, such as 127.0.0.1.",
        )
    return good(name, "none, and none needed")


def certificate(settings: Settings) -> Finding:
    """Whether the public address answers with a certificate that is good for a while."""
    name = "certificate"
    address = urlsplit(settings.public_url)
    if address.scheme != "https":
        return skipped(name, "the public address is not https")
    host, port = address.hostname or "", address.port or 443
    look = "See nginx's ssl_certificate and the renewal (certbot renew); deploy/README.md, TLS."
    try:
        with (
            socket.create_connection((host, port), timeout=_TLS_SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = str((secured.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as refusal:
        return failure(name, f"browsers refuse it: {refusal.verify_message}", look)
    except OSError as refusal:
        says = f"{host}:{port} can't be reached from here ({type(refusal).__name__})"
        return warning(name, says, f"If people can't reach it either: {look}")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    if until - now() < timedelta(days=_CERTIFICATE_DAYS):
        return warning(name, f"expires on {until:%Y-%m-%d}", look)
    return good(name, f"good until {until:%Y-%m-%d}")


def media(settings: Settings) -> Finding:
    """Whether pictures can be stored, and for how long there is room."""
    if settings.media_url is not None:
        return _bucket(settings.media_url)
    name = "media folder"
    try:
        folder = media_dir()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        with TemporaryFile(dir=nearest):
            room = shutil.disk_usage(nearest).free
    except (OSError, EmbeddedPostgresError) as refusal:
        return failure(
            name,
            f"can't be written: {refusal}",
            "Let the service's account write there, or set LEYE_MEDIA_DIR to another folder.",
        )
    says = f"{folder}, {room / (1 << 30):.1f} GiB free"
    if room < _NO_ROOM:
        return failure(name, says, "Make room, or set LEYE_MEDIA_DIR to a folder on another disk.")
    if room < _LITTLE_ROOM:
        return warning(name, says, "Make room soon.")
    return good(name, says)


def _bucket(url: str) -> Finding:
    """Whether the bucket takes a file, gives it back and lets it go."""
    name, mark = "media bucket", token_hex(8)
    path = f"{ORIGINALS}/doctor-{mark}"
    try:
        store = chosen()
        store.put(path, mark.encode())
        same = store.read(path) == mark.encode()
        store.remove(path)
        gone = not store.has(path)
    except OSError as refusal:
        return failure(
            name,
            f"{url}: {refusal}",
            "See LEYE_MEDIA_URL, LEYE_MEDIA_ENDPOINT and the keys, and whether the key may read, "
            "write, list and delete there.",
        )
    if not same or not gone:
        says = "does not give back what it was given" if not same else "does not delete"
        return failure(name, f"{url} {says}", "Take a store that is consistent, as S3 is.")
    return good(name, url)


def last_backup(settings: Settings) -> Finding:
    """How old the last backup made on this machine is."""
    name = "backup"
    remedy = "Run `leye backup`, and let the timer of deploy/systemd do it each night."
    try:
        note = json.loads(note_file().read_text(encoding="utf-8"))
        made, path = datetime.fromisoformat(note["at"]), Path(note["path"])
    except (OSError, ValueError, KeyError, TypeError, EmbeddedPostgresError):
        if settings.production:
            return warning(name, "none is known on this machine", remedy)
        return skipped(name, "none is known on this machine")
    hours = (now() - made) / timedelta(hours=1)
    says = f"{hours:.0f} hours ago, {path}"
    if not path.exists():
        return warning(name, f"{says}, which is gone", "Make sure that it was moved, not lost.")
    if now() - made > _BACKUP_AGE:
        return warning(name, says, remedy)
    return good(name, says)


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


OF_SETTINGS: Final[Sequence[Callable[[Settings], Finding]]] = (
    secret,
    public_url,
    trusted_proxies,
    certificate,
    media,
    last_backup,
)
