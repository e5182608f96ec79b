"""The mini-program's calls that wechatpy lacks, or has in an older form.

Attached to the client in the place of wechatpy's own; what is not overridden here stays as
wechatpy has it, and answers an awaitable too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from wechatpy.client.api.wxa import WeChatWxa

from integrations.wechat import results
from integrations.wechat.errors import UnfitInput
from integrations.wechat.limits import (
    check_code,
    check_openid,
    check_page,
    check_scene,
    check_text,
    check_values,
)
from integrations.wechat.results import (
    CheckStarted,
    MediaKind,
    OwnTemplate,
    Phone,
    Scene,
    Sent,
    Session,
    Verdict,
    Version,
)

LONGEST_LINK_DAYS: Final = 30
NARROWEST, WIDEST = 280, 1280


class Wxa(WeChatWxa):
    """Calls of a mini-program's server."""

    API_BASE_URL = ""

    def __init__(self, client: Any = None) -> None:
        super().__init__(client)  # type: ignore[no-untyped-call]  # wechatpy has no types

    def _get(self, url: str, **given: Any) -> Any:
        return self._client.get(url, **given)

    def _post(self, url: str, **given: Any) -> Any:
        return self._client.post(url, **given)

    async def code2session(self, code: str) -> Session:
        """Who signed in with ``wx.login``'s code, which serves once and for five minutes.

        Raises:
            CodeRefused: unknown, used or too old.
            HighRiskUser: WeChat lets the person sign in nowhere.
            WeChatError: as everywhere.
        """
        query = {
            "appid": self.appid,
            "secret": self.secret,
            "js_code": check_code(code, "code_to_session"),
            "grant_type": "authorization_code",
        }
        answer = await self._get(
            "sns/jscode2session", params=query, with_token=False, result_processor=results.session
        )
        return cast("Session", answer)

    async def phone_number(self, code: str) -> Phone:
        """The number that the person agreed to give, for ``getPhoneNumber``'s code.

        Raises:
            CodeRefused: unknown, used or older than five minutes.
            WeChatError: as everywhere.
        """
        answer = await self._post(
            "wxa/business/getuserphonenumber",
            data={"code": check_code(code, "phone_number")},
            result_processor=results.phone(self.appid),
        )
        return cast("Phone", answer)

    async def subscribe_message(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        page: str | None = None,
        lang: str = "zh_CN",
        version: Version | None = None,
    ) -> Sent:
        """Send one message that the person has accepted; ``page`` may have a query.

        Raises:
            SubscriptionRefused: not accepted, or sent already: never again without a new yes.
            TemplateFieldRefused: ``field`` names the value at fault.
            TemplateUnknown, PageUnknown, UserUnknown, UnfitInput: as they say.
            WeChatError: as everywhere.
        """
        call = "send_subscribe_message"
        check_values(values, call)
        body: dict[str, Any] = {
            "touser": check_openid(openid, call),
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in values.items()},
            "miniprogram_state": self._version(version).state,
            "lang": lang,
        }
        if page is not None:
            body["page"] = check_page(page, call, query=True)
        answer = await self._post(
            "cgi-bin/message/subscribe/send", data=body, result_processor=results.sent
        )
        return cast("Sent", answer)

    async def check_text(
        self, openid: str, content: str, scene: Scene, *, title: str | None = None
    ) -> Verdict:
        """What WeChat says of a text of up to 2,500 characters (msgSecCheck, version 2).

        Raises:
            UserNotRecent: the person has not used the mini-program within two hours.
            UnfitInput: empty or too long.
            WeChatError: as everywhere.
        """
        body = {
            "version": 2,
            "openid": check_openid(openid, "check_text"),
            "scene": int(scene),
            "content": check_text(content),
        }
        if title:
            body["title"] = title
        answer = await self._post("wxa/msg_sec_check", data=body, result_processor=results.verdict)
        return cast("Verdict", answer)

    async def check_media(
        self, openid: str, url: str, scene: Scene, *, kind: MediaKind = MediaKind.IMAGE
    ) -> CheckStarted:
        """Have WeChat fetch and check a picture of up to 10 MB at a public address.

        The verdict comes by push within 30 minutes.

        Raises:
            UserNotRecent: the person has not used the mini-program within two hours.
            WeChatError: as everywhere.
        """
        call = "check_media"
        if not url.startswith(("https://", "http://")) or len(url) > 1024:
            raise UnfitInput(call, "media_url", "an http address of up to 1,024 characters")
        body = {
            "version": 2,
            "openid": check_openid(openid, call),
            "scene": int(scene),
            "media_type": int(kind),
            "media_url": url,
        }
        answer = await self._post(
            "wxa/media_check_async", data=body, result_processor=results.check_started
        )
        return cast("CheckStarted", answer)

    async def code_unlimited(
        self,
        scene: str,
        page: str,
        *,
        check_path: bool = True,
        version: Version | None = None,
        width: int = 430,
    ) -> bytes:
        """A mini-program code as a picture (PNG or JPEG) that opens ``page`` with ``scene``.

        ``check_path`` has WeChat refuse pages that are not published yet.

        Raises:
            PageUnknown: no such page.
            UnfitInput: a scene that WeChat can't carry, or a page with a slash before it.
            WeChatError: as everywhere.
        """
        call = "code_unlimited"
        if not NARROWEST <= width <= WIDEST:
            raise UnfitInput(call, "width", f"{NARROWEST} to {WIDEST} pixels")
        body = {
            "scene": check_scene(scene, call),
            "page": check_page(page, call),
            "check_path": check_path,
            "env_version": str(self._version(version)),
            "width": width,
        }
        return cast("bytes", await self._post("wxa/getwxacodeunlimit", data=body, image=True))

    async def url_link(
        self, page: str, query: str = "", *, days: int = 30, version: Version | None = None
    ) -> str:
        """An https link that opens the page from a text message or a browser.

        Raises:
            UnfitInput: not a page, or not 1 to 30 days.
            WeChatError: as everywhere.
        """
        body = self._target("url_link", page, query, days, version)
        answer = await self._post(
            "wxa/generate_urllink",
            data={**body, "expire_type": 1, "expire_interval": days},
            result_processor=results.link("url_link"),
        )
        return cast("str", answer)

    async def url_scheme(
        self, page: str, query: str = "", *, days: int = 30, version: Version | None = None
    ) -> str:
        """A ``weixin://`` link that opens the page.

        Raises:
            UnfitInput: not a page, or not 1 to 30 days.
            WeChatError: as everywhere.
        """
        answer = await self._post(
            "wxa/generatescheme",
            data={
                "jump_wxa": self._target("url_scheme", page, query, days, version),
                "is_expire": True,
                "expire_type": 1,
                "expire_interval": days,
            },
            result_processor=results.link("openlink"),
        )
        return cast("str", answer)

    async def own_templates(self) -> dict[str, OwnTemplate]:
        """The templates of subscribe messages that the mini-program has, by their ids.

        Raises:
            WeChatError: as everywhere.
        """
        answer = await self._get(
            "wxaapi/newtmpl/gettemplate", result_processor=results.own_templates
        )
        return cast("dict[str, OwnTemplate]", answer)

    def _target(
        self, call: str, page: str, query: str, days: int, version: Version | None
    ) -> dict[str, str]:
        if not 1 <= days <= LONGEST_LINK_DAYS:
            raise UnfitInput(call, "days", f"1 to {LONGEST_LINK_DAYS}")
        if len(query) > 1024:
            raise UnfitInput(call, "query", "up to 1,024 characters")
        return {
            "path": check_page(page, call),
            "query": query,
            "env_version": str(self._version(version)),
        }

    def _version(self, given: Version | None) -> Version:
        return given or cast("Version", self._client.version)
