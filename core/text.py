"""Text that people type: cleaned the same way everywhere, refused with a clear answer."""

from __future__ import annotations

import unicodedata

from core.errors import InvalidInput

# Bidirectional controls can make a name read as something else (Unicode TR 36 § 3.1).
_BIDI = {
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x061C,
    0x200E,
    0x200F,
}
_ALLOWED_CONTROLS = {"\n", "\t", "\u2028", "\u2029"}
_MOST_PARTS = 4  # code points that make up one character of any living script


def clean(
    value: str, *, field: str, longest: int, shortest: int = 0, multiline: bool = False
) -> str:
    """Normalise (NFC, trimmed, one kind of line end) and check.

    Lengths are in characters; for the shortest, invisible ones do not count.

    Raises:
        InvalidInput: NUL or other control characters, bidirectional controls, too long, too short.
    """
    text = value.strip()
    # Normalising takes time that grows with the square of a run of combining marks.
    if len(text) > longest * _MOST_PARTS:
        raise _too_long(field, longest)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    for character in text:
        control = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        if control and not (multiline and character in _ALLOWED_CONTROLS):
            raise _refusal(
                field, "CONTROL_CHARACTER", "含有不能使用的控制字符", "control characters"
            )
        if ord(character) in _BIDI:
            raise _refusal(
                field, "BIDI_CONTROL", "含有改变文字方向的字符", "bidirectional controls"
            )
    if len(text) > longest:
        raise _too_long(field, longest)
    visible = sum(unicodedata.category(character) != "Cf" for character in text)
    if visible < shortest:
        raise InvalidInput(
            field=field,
            reason="TOO_SHORT" if visible else "EMPTY",
            params={"minimum": shortest},
            zh="至少 {minimum} 个字" if visible else "不能为空",
            en="At least {minimum} characters" if visible else "It must not be empty",
        )
    return text


def phone_number(value: str, *, field: str) -> str:
    """A phone number of any country, fixed or mobile, with digits and hyphens only.

    Raises:
        InvalidInput: it holds anything else, or too few digits.
    """
    number = clean(value, field=field, longest=20).replace(" ", "")
    digits = number.lstrip("+").replace("-", "")
    if number and not (digits.isascii() and digits.isdigit() and len(digits) >= 7):
        raise InvalidInput(
            field=field, reason="PHONE", zh="电话号码不正确", en="Not a phone number"
        )
    return number


def _too_long(field: str, longest: int) -> InvalidInput:
    return InvalidInput(
        field=field,
        reason="TOO_LONG",
        params={"maximum": longest},
        zh="最多 {maximum} 个字",
        en="At most {maximum} characters",
    )


def _refusal(field: str, reason: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(field=field, reason=reason, zh=zh, en=f"It holds {en}")
