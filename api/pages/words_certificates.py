"""What the page says that checks residence certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
CERTIFICATES: Final[Mapping[str, tuple[str, str]]] = {
    "certificate_offer": ("开具居住登记凭证", "Draw a certificate of residence"),
    "certificate_offer_says": ("PDF，十分钟内可以下载", "A PDF, to be fetched within ten minutes"),
    "certificate_VALID": ("凭证有效", "The certificate is valid"),
    "certificate_VALID_next": (
        "请核对姓名和地址与凭证上的一致。",
        "See that name and address are those on the certificate.",
    ),
    "certificate_EXPIRED": ("凭证已过期", "The certificate has expired"),
    "certificate_EXPIRED_next": (
        "请本人重新开具一份。",
        "Ask the person to draw a new one.",
    ),
    "certificate_REVOKED": ("凭证已失效", "The certificate is revoked"),
    "certificate_REVOKED_next": (
        "这份居住登记已经结束。请本人按现在的住处重新开具。",
        "That residence is over. Ask the person to draw one for where they live now.",
    ),
    "certificate_UNKNOWN": ("没有这份凭证", "There is no such certificate"),
    "certificate_UNKNOWN_next": (
        "请重新扫码，或核对网址。凭证来历不明的，请打网格办问一问。",
        "Scan it again, or compare the address. If in doubt, ask the wardens.",
    ),
    "certificate_number": ("编号", "Number"),
    "certificate_name": ("姓名", "Name"),
    "certificate_address": ("居住地址", "Address"),
    "certificate_since": ("登记起始", "Registered since"),
    "certificate_until": ("有效期至", "Valid until"),
}
