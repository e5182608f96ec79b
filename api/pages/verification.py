"""Files by which WeChat sees that a domain is ours: at the root, and where plates' links begin.

WeChat's console gives one for each rule of plain links (扫普通链接二维码打开小程序) and for each
domain of web pages (业务域名); it fetches it once, when the rule is saved.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.settings import settings


async def verification_file(request: Request) -> Response:
    """The content of a file that the settings name."""
    files = dict(entry.split("=", 1) for entry in settings().wechat_link_files)
    content = files.get(f"{request.path_params['name']}.txt")
    if content is None:
        return PlainTextResponse("", 404)
    return PlainTextResponse(content, 200, {"Cache-Control": "no-store"})
