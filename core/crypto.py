"""Field encryption and blind indexes: what a stolen copy of the database must not give away.

A sealed value is text, ``<cipher>:<key id>:<base64url of nonce and ciphertext>``. Its associated
data is ``table.column.row``, so that a value copied to another row, column or table no longer
opens. ``a1`` is AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits; another cipher, SM4
for one, is added by :func:`register_cipher` and chosen per key.

Equality is searched through a blind index, HMAC-SHA256 under keys of its own, because two sealed
copies of one value never look alike.

The errors here are mistakes of programs or operators, not refusals to a caller; none of them
holds a plaintext, a ciphertext or a key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tortoise import Model
from tortoise.fields import CharField, TextField

_Key = TypeVar("_Key")

AES_256_GCM: Final = "a1"
HMAC_SHA256: Final = "h1"

_NONCE_BYTES: Final = 12
_KEY_ID: Final = re.compile(r"[a-z0-9]{1,16}")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_SEALED: Final = re.compile(r"([a-z][a-z0-9]):([a-z0-9]{1,16}):([A-Za-z0-9_-]+)")
_INDEX: Final = re.compile(rf"{HMAC_SHA256}:[a-z0-9]{{1,16}}:[A-Za-z0-9_-]{{43}}")


class CryptoError(Exception):
    """Something is wrong with keys, with stored data or with the way they are used."""


class BadKeys(CryptoError):
    """The configuration of the key ring can't be used."""


class NotConfigured(CryptoError):
    """:func:`configure` was not called before the first use."""


class UnknownCipher(CryptoError):
    """The prefix names a cipher that nobody registered."""


class UnknownKey(CryptoError):
    """The prefix names a key that is not on the ring; ``key_id`` says which one is missing."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(f"key {key_id!r} is not on the ring")


class NotSealed(CryptoError):
    """The text does not have the form of a sealed value, or of a blind index."""


class Tampered(CryptoError):
    """The value was changed, or it belongs to another table, column or row."""


@dataclass(frozen=True)
class Cipher:
    """An authenticated cipher: ``seal`` and ``open`` take key, data and associated data.

    ``seal`` chooses its nonce and puts it into what it answers; ``open`` raises
    ``cryptography.exceptions.InvalidTag`` when anything at all was changed.
    """

    key_bytes: int
    seal: Callable[[bytes, bytes, bytes], bytes]
    open: Callable[[bytes, bytes, bytes], bytes]


def _seal_aes(key: bytes, plain: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def _open_aes(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    if len(sealed) < _NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)


_ciphers: dict[str, Cipher] = {AES_256_GCM: Cipher(32, _seal_aes, _open_aes)}


def register_cipher(cipher_id: str, cipher: Cipher) -> None:
    """Make a cipher known under its two-character id, such as ``s1`` for SM4-GCM.

    Raises:
        ValueError: the id has the wrong form or means another cipher already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]", cipher_id):
        raise ValueError("a cipher id is a letter and a letter or digit")
    if _ciphers.setdefault(cipher_id, cipher) is not cipher:
        raise ValueError(f"{cipher_id} is the id of another cipher")


@dataclass(frozen=True)
class Key:
    """A secret of the length that its cipher wants."""

    secret: bytes = field(repr=False)
    cipher: str = AES_256_GCM


class KeyRing:
    """Keys by id; the first of each kind is active, the others only read what they once wrote."""

    def __init__(self, sealing: Mapping[str, Key], indexing: Mapping[str, bytes]) -> None:
        """Take the keys, the active one first.

        Raises:
            BadKeys: none given, an id of the wrong form, or a secret of the wrong length.
        """
        if not sealing or not indexing:
            raise BadKeys("a ring needs a key for sealing and another for indexing")
        for key_id in (*sealing, *indexing):
            if not _KEY_ID.fullmatch(key_id):
                raise BadKeys("a key id has 1 to 16 lower-case letters and digits")
        for key_id, key in sealing.items():
            if key.cipher not in _ciphers:
                raise BadKeys(f"key {key_id} is for cipher {key.cipher}, which nobody registered")
            if len(key.secret) != _ciphers[key.cipher].key_bytes:
                raise BadKeys(f"key {key_id} needs {_ciphers[key.cipher].key_bytes} bytes")
        for key_id, secret in indexing.items():
            if len(secret) < 32:
                raise BadKeys(f"index key {key_id} needs 32 bytes")
        if {key.secret for key in sealing.values()} & set(indexing.values()):
            raise BadKeys("a key may not serve both sealing and indexing")
        self._sealing = dict(sealing)
        self._indexing = dict(indexing)
        self._active = next(iter(sealing))

    def __repr__(self) -> str:
        return f"KeyRing(sealing={list(self._sealing)}, indexing={list(self._indexing)})"

    @classmethod
    def parse(cls, sealing: str, indexing: str) -> KeyRing:
        """Read two comma-separated lists of ``id:secret``, the active key first.

        A secret is hexadecimal or base64 (either alphabet); ``cipher:id:secret`` names a cipher
        other than AES-256-GCM. Such secrets come from ``openssl rand -hex 32``.

        Raises:
            BadKeys: a part can't be read, or an id stands twice.
        """
        sealing_keys: dict[str, Key] = {}
        for cipher, key_id, secret in _parts(sealing):
            _add(sealing_keys, key_id, Key(secret, cipher or AES_256_GCM))
        indexing_keys: dict[str, bytes] = {}
        for cipher, key_id, secret in _parts(indexing):
            if cipher not in {"", HMAC_SHA256}:
                raise BadKeys(f"index key {key_id} can't be of kind {cipher}")
            _add(indexing_keys, key_id, secret)
        return cls(sealing_keys, indexing_keys)

    @classmethod
    def derived(cls, secret: str, previous: Sequence[str] = ()) -> KeyRing:
        """Derive every key from master secrets by HKDF-SHA256 (RFC 5869), the newest first.

        For development and small installations. A key's id is derived too, so an earlier secret
        goes on opening what it sealed for as long as it is listed.
        """
        sealing: dict[str, Key] = {}
        indexing: dict[str, bytes] = {}
        for master in dict.fromkeys((secret, *previous)):
            key_id = _derive(master, b"field key id", 4).hex()
            sealing[key_id] = Key(_derive(master, b"field sealing", 32))
            indexing[key_id] = _derive(master, b"field indexing", 32)
        return cls(sealing, indexing)

    def encrypt(self, plain: str, *, table: str, column: str, row: object) -> str:
        """Seal a text for one place in the database under the active key."""
        key = self._sealing[self._active]
        associated = _associated(table, column, row)
        sealed = _ciphers[key.cipher].seal(key.secret, plain.encode(), associated)
        return f"{key.cipher}:{self._active}:{_encode(sealed)}"

    def decrypt(self, text: str, *, table: str, column: str, row: object) -> str:
        """Open what :meth:`encrypt` sealed for the same place, under whichever key it names.

        Raises:
            NotSealed: the text has another form.
            UnknownCipher: nobody registered the cipher it names.
            UnknownKey: the key it names is not on the ring.
            Tampered: it was changed or moved.
        """
        cipher_id, key_id, body = _split(text)
        cipher = _ciphers.get(cipher_id)
        if cipher is None:
            raise UnknownCipher(f"cipher {cipher_id!r} is not registered")
        key = self._sealing.get(key_id)
        if key is None:
            raise UnknownKey(key_id)
        try:
            # A key opens only what its own cipher sealed: the prefix is not authenticated.
            if key.cipher != cipher_id:
                raise InvalidTag
            return cipher.open(key.secret, _decode(body), _associated(table, column, row)).decode()
        except (InvalidTag, binascii.Error, UnicodeDecodeError):
            raise Tampered(f"{table}.{column}: a sealed value can't be opened") from None

    def needs_rotation(self, text: str) -> bool:
        """Whether a sealed value was made under another key or cipher than the active one.

        Raises:
            NotSealed: the text has another form.
        """
        cipher_id, key_id, _ = _split(text)
        return (cipher_id, key_id) != (self._sealing[self._active].cipher, self._active)

    def index(self, value: str, *, table: str, column: str) -> str:
        """The blind index to store beside a sealed value (``h1:<key id>:<43 characters>``).

        The caller brings ``value`` into one form first (upper case, no spaces): only equal texts
        get equal indexes. The same value has unlike indexes in unlike columns.
        """
        return self.indexes(value, table=table, column=column)[0]

    def indexes(self, value: str, *, table: str, column: str) -> list[str]:
        """The blind indexes to look for, the active key's first: rows written under an earlier
        index key are found until they have been written again."""
        message = _place(table, column).encode() + b"\0" + value.encode()
        return [
            f"{HMAC_SHA256}:{key_id}:{_encode(hmac.digest(secret, message, sha256))}"
            for key_id, secret in self._indexing.items()
        ]


def _derive(master: str, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"core.crypto " + purpose).derive(master.encode())


def _parts(text: str) -> list[tuple[str, str, bytes]]:
    """``[cipher:]id:secret`` by ``[cipher:]id:secret``, secrets decoded."""
    found = []
    for position, part in enumerate(filter(None, map(str.strip, text.split(","))), start=1):
        match part.split(":"):
            case [key_id, secret]:
                found.append(("", key_id, _secret(secret, position)))
            case [cipher, key_id, secret]:
                found.append((cipher, key_id, _secret(secret, position)))
            case _:
                raise BadKeys(f"key {position} is not of the form id:secret")
    return found


def _secret(text: str, position: int) -> bytes:
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){16,}", text):
        return bytes.fromhex(text)
    try:
        return _decode(text.rstrip("=").replace("+", "-").replace("/", "_"))
    except ValueError:
        raise BadKeys(f"the secret of key {position} is neither hexadecimal nor base64") from None


def _add(keys: dict[str, _Key], key_id: str, key: _Key) -> None:
    if key_id in keys:
        raise BadKeys("a key id stands twice in the list")
    keys[key_id] = key


def _place(table: str, column: str) -> str:
    # Names without dots keep "table.column.row" from having two readings.
    if not _NAME.fullmatch(table) or not _NAME.fullmatch(column):
        raise ValueError("table and column are lower-case names without dots")
    return f"{table}.{column}"


def _associated(table: str, column: str, row: object) -> bytes:
    return f"{_place(table, column)}.{row}".encode()


def _split(text: str) -> tuple[str, str, str]:
    match = _SEALED.fullmatch(text)
    if match is None:
        raise NotSealed("the text is not a sealed value")
    return match[1], match[2], match[3]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:  # loose bits in the last character: a second spelling of one value
        raise binascii.Error
    return data


_ring: KeyRing | None = None


def configure(ring: KeyRing | None) -> KeyRing | None:
    """Set the ring of this process, once at its start, and answer the one before (for tests)."""
    global _ring
    before, _ring = _ring, ring
    return before


def ring() -> KeyRing:
    """The ring of this process.

    Raises:
        NotConfigured: there is none yet.
    """
    if _ring is None:
        raise NotConfigured("core.crypto.configure() has not been called")
    return _ring


class EncryptedField(TextField):
    """A column of sealed text. It refuses to store anything else, so that a plaintext can't slip
    into the database; write it with :func:`seal`, read it with :func:`reveal`."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        """Let sealed text and NULL pass.

        Raises:
            NotSealed: anything else.
        """
        if value is not None:
            _split(value if isinstance(value, str) else "")
        return super().to_db_value(value, instance)


class BlindIndexField(CharField[str]):
    """A column of blind indexes (:meth:`KeyRing.index`); give it a database index."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        """Let blind indexes and NULL pass.

        Raises:
            NotSealed: anything else.
        """
        if value is not None and not _INDEX.fullmatch(str(value)):
            raise NotSealed("the text is not a blind index")
        return super().to_db_value(value, instance)


def _where(row: Model, column: str) -> dict[str, Any]:
    meta = type(row)._meta  # noqa: SLF001 - Tortoise gives no other way to names of columns
    return {"table": meta.db_table, "column": meta.fields_db_projection[column], "row": row.pk}


def seal(row: Model, column: str, plain: str | None) -> None:
    """Put a text, sealed for its place, into an :class:`EncryptedField` of a row with an id."""
    sealed = None if plain is None else ring().encrypt(plain, **_where(row, column))
    setattr(row, column, sealed)


def reveal(row: Model, column: str) -> str | None:
    """The plaintext of an :class:`EncryptedField`.

    Raises:
        CryptoError: as :meth:`KeyRing.decrypt`.
    """
    sealed = getattr(row, column)
    return None if sealed is None else ring().decrypt(sealed, **_where(row, column))
