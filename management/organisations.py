"""Legal entities (法人), known by their unified social credit code (统一社会信用代码)."""

from __future__ import annotations

from core.errors import InvalidInput
from core.ids import uuid7
from core.text import clean
from management.models import Organisation

# GB 32100-2015: the characters (I, O, S, V, Z are left out) and the weight of each position.
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(first_17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015 § 4.5)."""
    total = sum(
        _CHARACTERS.index(character) * weight
        for character, weight in zip(first_17, _WEIGHTS, strict=True)
    )
    return _CHARACTERS[-total % 31]


def checked_credit_code(text: str, *, field: str = "input.creditCode") -> str:
    """A credit code in capitals.

    Raises:
        InvalidInput: wrong length, characters or check character.
    """
    code = clean(text, field=field, longest=18).upper()
    if (
        len(code) != 18
        or any(character not in _CHARACTERS for character in code)
        or check_character(code[:17]) != code[17]
    ):
        raise InvalidInput(
            field=field,
            reason="CREDIT_CODE",
            zh="统一社会信用代码不正确",
            en="Not a unified social credit code",
        )
    return code


async def organisation_by_credit_code(
    credit_code: str | None, name: str | None
) -> Organisation | None:
    """The organisation with that code, made when it is new; ``None`` without a code.

    Raises:
        InvalidInput: the code is wrong; or it is new and no name was given.
    """
    if not credit_code:
        return None
    code = checked_credit_code(credit_code)
    known = await Organisation.get_or_none(credit_code=code)
    if known is not None:
        return known
    if not name:
        raise InvalidInput(
            field="input.organisationName",
            reason="EMPTY",
            zh="新的法人需要填写名称",
            en="A new legal entity needs a name",
        )
    title = clean(name, field="input.organisationName", longest=120, shortest=1)
    row, _ = await Organisation.get_or_create(
        credit_code=code, defaults={"id": uuid7(), "name": title}
    )
    return row
