"""The GraphQL console: static files, its examples, and demo sign-ins in development."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.demo import demo
from core.settings import settings

FOLDER = Path(__file__).parent / "console"
EXAMPLES = Path(__file__).parent / "console_operations.json"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " worker-src 'self' blob:; font-src 'self' data:; img-src 'self' data:;"
    " connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Files(StaticFiles):
    """The built console: hashed names may be kept for ever, the page itself not at all."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        hashed = path.startswith("assets")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        response.headers["Content-Security-Policy"] = POLICY
        return response


async def to_console(request: Request) -> Response:
    """Take a browser to the console; relative, so that a path prefix of a proxy stays."""
    return RedirectResponse("console/")


async def _examples(request: Request) -> Response:
    return FileResponse(EXAMPLES, media_type="application/json")


async def _demo(request: Request) -> Response:
    """Demo people with fresh tokens; in production there are none."""
    found = None if settings().production else await demo(settings())
    if found is None:
        return Response(status_code=404)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


def routes() -> list[BaseRoute]:
    """Everything below ``/console``."""
    return [
        Route("/console", to_console),
        Route("/console/operations.json", _examples),
        Route("/console/demo.json", _demo),
        Mount("/console", _Files(directory=FOLDER, html=True)),
    ]
