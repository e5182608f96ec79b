from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from tortoise import Model, fields

from core import crypto
from core.crypto import (
    BadKeys,
    BlindIndexField,
    Cipher,
    EncryptedField,
    Key,
    KeyRing,
    NotConfigured,
    NotSealed,
    Tampered,
    UnknownCipher,
    UnknownKey,
    reveal,
    seal,
)
from core.ids import uuid7

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
RING = KeyRing({"k1": Key(OLD)}, {"x1": INDEX})
ROTATED = KeyRing({"k2": Key(NEW), "k1": Key(OLD)}, {"x2": NEW[:31] + b"!", "x1": INDEX})
PLACE = {"table": "person", "column": "name", "row": "018f"}

texts = st.text(max_size=200).filter(lambda text: text.isprintable())


@given(texts)
def test_what_was_sealed_opens_in_its_place(plain: str) -> None:
    sealed = RING.encrypt(plain, **PLACE)
    assert re.fullmatch(r"a1:k1:[A-Za-z0-9_-]+", sealed)
    assert RING.decrypt(sealed, **PLACE) == plain


@given(texts)
def test_a_value_never_looks_the_same_twice(plain: str) -> None:
    assert RING.encrypt(plain, **PLACE) != RING.encrypt(plain, **PLACE)


@pytest.mark.parametrize(
    "place",
    [
        {"table": "account", "column": "name", "row": "018f"},
        {"table": "person", "column": "phone", "row": "018f"},
        {"table": "person", "column": "name", "row": "018e"},
    ],
)
def test_a_value_moved_to_another_place_does_not_open(place: dict[str, str]) -> None:
    sealed = RING.encrypt("张三", **PLACE)
    with pytest.raises(Tampered) as refusal:
        RING.decrypt(sealed, **place)
    assert "张三" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@given(st.data(), texts)
def test_one_flipped_bit_is_refused(data: st.DataObject, plain: str) -> None:
    prefix, _, body = RING.encrypt(plain, **PLACE).rpartition(":")
    raw = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    changed = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    with pytest.raises(Tampered):
        RING.decrypt(f"{prefix}:{changed}", **PLACE)


@given(st.text(alphabet="ABCabc019-_", max_size=60))
def test_a_value_cut_short_or_lengthened_is_refused(tail: str) -> None:
    sealed = RING.encrypt("x", **PLACE)
    for broken in (f"{sealed[:6]}{tail}", f"{sealed}{tail or 'A'}"):
        with pytest.raises((Tampered, NotSealed)):
            RING.decrypt(broken, **PLACE)


@pytest.mark.parametrize("text", ["", "张三", "a1:k1", "a1:K1:AAAA", "a1:k1:AA=A", "a1:k1:AAAA\n"])
def test_what_is_not_sealed_is_told_from_what_was_tampered_with(text: str) -> None:
    with pytest.raises(NotSealed):
        RING.decrypt(text, **PLACE)


def test_an_old_key_still_reads_after_rotation_and_asks_for_it() -> None:
    before = RING.encrypt("张三", **PLACE)
    after = ROTATED.encrypt("张三", **PLACE)
    assert ROTATED.decrypt(before, **PLACE) == "张三"
    assert after.startswith("a1:k2:")
    assert ROTATED.needs_rotation(before)
    assert not ROTATED.needs_rotation(after)


def test_an_unknown_key_is_named() -> None:
    sealed = ROTATED.encrypt("张三", **PLACE)
    with pytest.raises(UnknownKey, match="k2") as refusal:
        RING.decrypt(sealed, **PLACE)
    assert refusal.value.key_id == "k2"


def test_an_unknown_cipher_is_named() -> None:
    with pytest.raises(UnknownCipher, match="z9"):
        RING.decrypt("z9:k1:AAAA", **PLACE)


def test_names_with_dots_are_refused_since_a_place_would_have_two_readings() -> None:
    for table, column in (("a.b", "c"), ("a", "b.c"), ("A", "c")):
        with pytest.raises(ValueError, match="without dots"):
            RING.encrypt("x", table=table, column=column, row=1)


def _reversed(key: bytes, data: bytes, associated: bytes) -> bytes:
    return associated + b"|" + key[:1] + data[::-1]


def _restored(key: bytes, data: bytes, associated: bytes) -> bytes:
    head = associated + b"|" + key[:1]
    if not data.startswith(head):
        raise InvalidTag
    return data[len(head) :][::-1]


@pytest.fixture
def another_cipher(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(crypto, "_ciphers", dict(crypto._ciphers))
    crypto.register_cipher("t1", Cipher(16, _reversed, _restored))
    return "t1"


def test_another_cipher_can_be_added_and_old_values_stay_readable(another_cipher: str) -> None:
    ring = KeyRing({"k2": Key(b"s" * 16, another_cipher), "k1": Key(OLD)}, {"x1": INDEX})
    before = RING.encrypt("张三", **PLACE)
    after = ring.encrypt("张三", **PLACE)
    assert after.startswith("t1:k2:")
    assert ring.decrypt(after, **PLACE) == ring.decrypt(before, **PLACE) == "张三"
    assert ring.needs_rotation(before)
    with pytest.raises(ValueError, match="another cipher"):
        crypto.register_cipher("a1", Cipher(16, _reversed, _restored))


@pytest.mark.usefixtures("another_cipher")
def test_a_key_opens_under_no_cipher_but_its_own() -> None:
    crypto.register_cipher("t2", Cipher(32, crypto._seal_aes, crypto._open_aes))
    relabelled = RING.encrypt("张三", **PLACE).replace("a1:", "t2:")
    with pytest.raises(Tampered):
        RING.decrypt(relabelled, **PLACE)


def test_a_value_has_one_spelling_only() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    sealed = RING.encrypt("x", **PLACE)  # 29 bytes leave two bits of the last character unused
    respelled = sealed[:-1] + alphabet[alphabet.index(sealed[-1]) ^ 1]
    with pytest.raises(Tampered):
        RING.decrypt(respelled, **PLACE)


def test_equal_values_have_equal_blind_indexes_within_one_column_only() -> None:
    here = RING.index("441900199001011234", table="person", column="number")
    assert here == RING.index("441900199001011234", table="person", column="number")
    assert here != RING.index("441900199001011235", table="person", column="number")
    assert here != RING.index("441900199001011234", table="person", column="phone")
    assert here != RING.index("441900199001011234", table="account", column="number")
    assert "441900" not in here
    assert len(here) <= 64


def test_a_row_indexed_under_the_earlier_key_is_still_found() -> None:
    before = RING.index("x", table="person", column="number")
    now = ROTATED.indexes("x", table="person", column="number")
    assert now[0] == ROTATED.index("x", table="person", column="number")
    assert now[0].startswith("h1:x2:")
    assert before in now


def test_keys_are_read_as_hexadecimal_or_base64_and_never_shown() -> None:
    ring = KeyRing.parse(
        f"k3:{NEW.hex()}, k2:{base64.b64encode(b'?' * 32).decode()}, a1:k1:{OLD.hex().upper()}",
        f"x1:{base64.urlsafe_b64encode(INDEX).decode()}",
    )
    assert ring.encrypt("x", **PLACE).startswith("a1:k3:")
    assert ring.decrypt(RING.encrypt("x", **PLACE), **PLACE) == "x"
    assert ring.index("x", table="t", column="c") == RING.index("x", table="t", column="c")
    assert repr(ring) == "KeyRing(sealing=['k3', 'k2', 'k1'], indexing=['x1'])"
    assert "ooo" not in repr(Key(OLD))


@pytest.mark.parametrize(
    ("sealing", "indexing"),
    [
        ("", f"x:{INDEX.hex()}"),
        (f"k:{OLD.hex()}", ""),
        ("k", f"x:{INDEX.hex()}"),
        ("k:§§§", f"x:{INDEX.hex()}"),
        (f"k:{OLD.hex()[:32]}", f"x:{INDEX.hex()}"),
        (f"K 1:{OLD.hex()}", f"x:{INDEX.hex()}"),
        (f"k:{OLD.hex()},k:{NEW.hex()}", f"x:{INDEX.hex()}"),
        (f"z9:k:{OLD.hex()}", f"x:{INDEX.hex()}"),
        (f"k:{OLD.hex()}", f"a1:x:{INDEX.hex()}"),
        (f"k:{OLD.hex()}", f"x:{INDEX.hex()[:32]}"),
        (f"k:{OLD.hex()}", f"x:{OLD.hex()}"),
    ],
)
def test_unusable_keys_are_refused_without_quoting_them(sealing: str, indexing: str) -> None:
    with pytest.raises(BadKeys) as refusal:
        KeyRing.parse(sealing, indexing)
    assert OLD.hex()[:16] not in str(refusal.value)


def test_derived_rings_agree_and_an_earlier_secret_stays_readable() -> None:
    first, again = KeyRing.derived("first secret"), KeyRing.derived("first secret")
    assert again.decrypt(first.encrypt("x", **PLACE), **PLACE) == "x"
    later = KeyRing.derived("second secret", ["first secret", "second secret"])
    sealed = first.encrypt("x", **PLACE)
    assert later.decrypt(sealed, **PLACE) == "x"
    assert later.needs_rotation(sealed)
    with pytest.raises(UnknownKey):
        KeyRing.derived("second secret").decrypt(sealed, **PLACE)


class SealedSample(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = EncryptedField(null=True)
    name_index = BlindIndexField(null=True, db_index=True)

    class Meta:
        table = "sealed_sample"


@pytest.fixture
def configured() -> Iterator[None]:
    before = crypto.configure(RING)
    yield
    crypto.configure(before)


@pytest.mark.usefixtures("configured")
def test_a_row_seals_and_reveals_its_own_columns() -> None:
    row, other = SealedSample(), SealedSample()
    seal(row, "name", "张三")
    assert reveal(row, "name") == "张三"
    other.name = row.name
    with pytest.raises(Tampered):
        reveal(other, "name")
    seal(row, "name", None)
    assert row.name is None
    assert reveal(row, "name") is None


@pytest.mark.usefixtures("configured")
def test_plaintext_can_not_be_stored_in_a_sealed_column() -> None:
    row = SealedSample()
    meta = SealedSample._meta.fields_map
    with pytest.raises(NotSealed):
        meta["name"].to_db_value("张三", row)
    with pytest.raises(NotSealed):
        meta["name_index"].to_db_value("441900199001011234", row)
    sealed = RING.encrypt("张三", table="sealed_sample", column="name", row=row.id)
    assert meta["name"].to_db_value(sealed, row) == sealed
    index = RING.index("x", table="sealed_sample", column="name_index")
    assert meta["name_index"].to_db_value(index, row) == index
    assert meta["name"].to_db_value(None, row) is None


def test_using_no_ring_at_all_is_a_clear_mistake() -> None:
    before = crypto.configure(None)
    try:
        with pytest.raises(NotConfigured):
            crypto.ring()
    finally:
        crypto.configure(before)
