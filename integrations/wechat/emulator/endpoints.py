"""WeChat's server API, as far as it is used here; answers and codes as WeChat documents them."""

from __future__ import annotations

import io
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from qrcode.main import QRCode

from integrations.wechat.emulator.personas import Persona
from integrations.wechat.emulator.world import CODES_A_MINUTE, Refusal, World
from integrations.wechat.limits import LONGEST_TEXT, SCENE, fits

Query = Mapping[str, str]
Answer = dict[str, Any] | bytes
Endpoint = Callable[[World, Query, dict[str, Any]], Answer]

OK: Final = {"errcode": 0, "errmsg": "ok"}
LONGEST_DAYS: Final = 30
_VERSIONS: Final = {"release", "trial", "develop"}
_STATES: Final = {"formal", "trial", "developer"}
_LANGUAGES: Final = {"zh_CN", "en_US", "zh_HK", "zh_TW"}


def stable_token(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /cgi-bin/stable_token``."""
    _check_grant(body.get("grant_type"))
    token, seconds = world.stable_token(
        str(body.get("appid")), str(body.get("secret")), force=body.get("force_refresh") is True
    )
    return {"access_token": token, "expires_in": seconds}


def token(world: World, query: Query, _: dict[str, Any]) -> Answer:
    """``GET /cgi-bin/token``."""
    _check_grant(query.get("grant_type"))
    found, seconds = world.plain_token(query.get("appid", ""), query.get("secret", ""))
    return {"access_token": found, "expires_in": seconds}


def _check_grant(given: Any) -> None:
    if given != "client_credential":
        raise Refusal(40002, "invalid grant_type")


def code_to_session(world: World, query: Query, _: dict[str, Any]) -> Answer:
    """``GET /sns/jscode2session``: no access token."""
    if query.get("appid") != world.app_id:
        raise Refusal(40013, "invalid appid")
    if query.get("secret") != world.secret:
        raise Refusal(40125, "invalid appsecret")
    if query.get("grant_type") != "authorization_code":
        raise Refusal(40002, "invalid grant_type")
    persona = world.redeem("login", query.get("js_code"))
    return {
        "openid": persona.openid,
        "session_key": secrets.token_urlsafe(18),
        "unionid": persona.unionid,
    }


def phone_number(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/business/getuserphonenumber``."""
    persona = world.redeem("phone", body.get("code"))
    return {
        **OK,
        "phone_info": {
            "phoneNumber": _with_country(persona),
            "purePhoneNumber": persona.phone,
            "countryCode": persona.country_code,
            "watermark": {"timestamp": int(world.now()), "appid": world.app_id},
        },
    }


def _with_country(persona: Persona) -> str:
    """As WeChat writes it: numbers of the mainland without the country's code."""
    code = persona.country_code
    return persona.phone if code == "86" else f"+{code}{persona.phone}"


def send_subscribe_message(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /cgi-bin/message/subscribe/send``."""
    openid = world.check_openid(body.get("touser"))
    template = str(body.get("template_id"))
    if world.templates and template not in world.templates:
        raise Refusal(40037, "invalid template_id")
    if body.get("page"):
        world.check_page(body["page"], 41030)
    if body.get("miniprogram_state", "formal") not in _STATES:
        raise Refusal(40097, "invalid args, miniprogram_state")
    if body.get("lang", "zh_CN") not in _LANGUAGES:
        raise Refusal(40097, "invalid args, lang")
    values = _template_values(world.templates.get(template), body.get("data"))
    world.spend(openid, template)
    number = str(secrets.randbelow(10**18))
    world.sent.append(
        {
            "at": world.now(),
            "msgid": number,
            "touser": openid,
            "template_id": template,
            "page": body.get("page"),
            "miniprogram_state": body.get("miniprogram_state", "formal"),
            "lang": body.get("lang", "zh_CN"),
            "data": values,
        }
    )
    world.on_event(
        {
            "FromUserName": openid,
            "Event": "subscribe_msg_sent_event",
            "List": {
                "TemplateId": template,
                "MsgID": number,
                "ErrorCode": "0",
                "ErrorStatus": "success",
            },
        },
        0.0,
    )
    return {**OK, "msgid": int(number)}


def _template_values(keys: list[str] | None, data: Any) -> dict[str, str]:
    """The values, each in its place; the first that does not fit is named as WeChat does."""
    if not isinstance(data, dict) or not data:
        raise Refusal(47003, "argument invalid! data is empty")
    found: dict[str, str] = {}
    for key in keys if keys is not None else data:
        entry = data.get(key)
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str) or not value:
            raise Refusal(47003, f"argument invalid! data.{key}.value is empty")
        if not fits(key, value):
            raise Refusal(47003, f"argument invalid! data.{key}.value invalid")
        found[key] = value
    return found


def code_unlimited(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/getwxacodeunlimit``: a picture, or JSON on error.

    A QR code in the place of WeChat's round one: any reader shows page and scene.
    """
    scene, page = body.get("scene"), body.get("page")
    if not isinstance(scene, str) or not SCENE.fullmatch(scene):
        raise Refusal(40169, "invalid length for scene, or the data is not json string")
    if body.get("env_version", "release") not in _VERSIONS:
        raise Refusal(40097, "invalid args, env_version")
    if page is not None and (body.get("check_path", True) or str(page).startswith("/")):
        world.check_page(page, 41030)
    world.per_minute("codes", CODES_A_MINUTE, 45009)
    content = f"weixin-emulator:{world.app_id}?{urlencode({'page': page or '', 'scene': scene})}"
    picture = io.BytesIO()
    code: QRCode[Any] = QRCode()
    code.add_data(content)
    code.make_image().save(picture, "PNG")
    return picture.getvalue()


def check_text(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/msg_sec_check``, version 2."""
    content = body.get("content")
    _check_version(body)
    world.check_openid(body.get("openid"), recent=True)
    if not isinstance(content, str) or not content:
        raise Refusal(44002, "empty post data")
    if len(content) > LONGEST_TEXT:
        raise Refusal(45002, "content size out of limit")
    suggest = _suggest(world, content)
    label = {"pass": 100, "review": 21000, "risky": 20001}[suggest]
    answer = {
        **OK,
        "result": {"suggest": suggest, "label": label},
        "detail": [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label}],
        "trace_id": str(uuid.uuid4()),
    }
    world.checks.append({"at": world.now(), "kind": "text", "trace_id": answer["trace_id"]})
    return answer


def _suggest(world: World, content: str) -> str:
    if any(word in content for word in world.risky_words):
        return "risky"
    return "review" if any(word in content for word in world.review_words) else "pass"


def _check_version(body: dict[str, Any]) -> None:
    if body.get("version") != 2:
        raise Refusal(40097, "invalid args, version")
    if body.get("scene") not in {1, 2, 3, 4}:
        raise Refusal(40097, "invalid args, scene")


def check_media(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/media_check_async``, version 2; the verdict is pushed later.

    The picture is not fetched: the verdict is the next of ``/_ctl/verdicts``, else "risky" for an
    address with that word in it, else "pass".
    """
    _check_version(body)
    openid = world.check_openid(body.get("openid"), recent=True)
    address = urlsplit(str(body.get("media_url")))
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise Refusal(40097, "invalid args, media_url")
    if body.get("media_type") not in {1, 2}:
        raise Refusal(40097, "invalid args, media_type")
    trace = str(uuid.uuid4())
    suggest = "risky" if "risky" in address.path else "pass"
    if world.media_verdicts:
        suggest = world.media_verdicts.popleft()
    label = {"pass": 100, "review": 21000, "risky": 20002}[suggest]
    world.checks.append({"at": world.now(), "kind": "media", "trace_id": trace})
    world.on_event(
        {
            "FromUserName": openid,
            "Event": "wxa_media_check",
            "appid": world.app_id,
            "trace_id": trace,
            "version": 2,
            "detail": [
                {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label}
            ],
            "errcode": 0,
            "errmsg": "ok",
            "result": {"suggest": suggest, "label": label},
        },
        world.media_seconds,
    )
    return {**OK, "trace_id": trace}


def url_link(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/generate_urllink``."""
    key = _new_link(world, body, body)
    return {**OK, "url_link": f"https://wxaurl.cn/{key}"}


def url_scheme(world: World, _: Query, body: dict[str, Any]) -> Answer:
    """``POST /wxa/generatescheme``."""
    target = body.get("jump_wxa")
    key = _new_link(world, target if isinstance(target, dict) else {}, body)
    return {**OK, "openlink": f"weixin://dl/business/?t={key}"}


def _new_link(world: World, target: dict[str, Any], body: dict[str, Any]) -> str:
    world.check_page(target.get("path"), 40165)
    query = str(target.get("query", ""))
    if len(query) > 1024:
        raise Refusal(40212, "invalid query")
    if target.get("env_version", "release") not in _VERSIONS:
        raise Refusal(40097, "invalid args, env_version")
    days = body.get("expire_interval", LONGEST_DAYS)
    if not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
        raise Refusal(85401, "time limit between 1min and 30 days")
    key = secrets.token_urlsafe(8)
    until = world.now() + days * 86400
    world.links[key] = {"path": target["path"], "query": query, "until": until}
    return key


def own_templates(world: World, _: Query, __: dict[str, Any]) -> Answer:
    """``GET /wxaapi/newtmpl/gettemplate``."""
    return {
        **OK,
        "data": [
            {
                "priTmplId": template,
                "title": template,
                "content": "".join(f"样例: {{{{{key}.DATA}}}}\n" for key in keys),
                "example": "",
                "type": 2,
            }
            for template, keys in world.templates.items()
        ],
    }


# Path → method, what answers, whether it wants an access token.
ENDPOINTS: Final[dict[str, tuple[str, Endpoint, bool]]] = {
    "/cgi-bin/stable_token": ("POST", stable_token, False),
    "/cgi-bin/token": ("GET", token, False),
    "/sns/jscode2session": ("GET", code_to_session, False),
    "/wxa/business/getuserphonenumber": ("POST", phone_number, True),
    "/cgi-bin/message/subscribe/send": ("POST", send_subscribe_message, True),
    "/wxaapi/newtmpl/gettemplate": ("GET", own_templates, True),
    "/wxa/getwxacodeunlimit": ("POST", code_unlimited, True),
    "/wxa/msg_sec_check": ("POST", check_text, True),
    "/wxa/media_check_async": ("POST", check_media, True),
    "/wxa/generate_urllink": ("POST", url_link, True),
    "/wxa/generatescheme": ("POST", url_scheme, True),
}
