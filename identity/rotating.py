"""What the blind indexes of identity are made of, for the rotation of keys."""

from __future__ import annotations

from core.key_rotation import indexed_by

indexed_by("account", "phone_index", ("phone",), lambda row: row.get("phone"))
indexed_by("wechat_user", "openid_index", ("openid",), lambda row: row.get("openid"))
indexed_by("wechat_user", "unionid_index", ("unionid",), lambda row: row.get("unionid"))
indexed_by(
    "wechat_push",
    "openid_index",
    ("openid",),
    lambda row: row.get("openid"),
    same_as=("wechat_user", "openid_index"),
)
# The number of a code is wiped once it is on its way; codes themselves are over in minutes.
indexed_by("sms_code", "phone_index", same_as=("account", "phone_index"))
