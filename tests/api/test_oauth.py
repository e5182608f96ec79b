"""``/oauth/token``: what the form must look like (RFC 6749); who gets a token is identity's."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from api import oauth
from api.pages.errors import handlers
from core import redis
from core.clock import now
from identity.actor import SYSTEM
from identity.apps import NewApp, add_app
from identity.authentication import actor_from_token

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def new(db: None) -> NewApp:
    return await add_app(
        SYSTEM,
        name="测试地图",
        scopes=["grids:read", "places:read"],
        grid_path="441900122/",
        contact="nobody@example.invalid",
        expires_at=now() + timedelta(days=1),
    )


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=oauth.routes, exception_handlers=handlers)
    async with (
        redis.connected(None),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://town.test"
        ) as client,
    ):
        yield client


def shown(new: NewApp) -> dict[str, str]:
    return {**GRANT, "client_id": new.app.client_id, "client_secret": new.secret}


async def test_the_secret_is_shown_in_the_form_or_by_basic(
    http: httpx.AsyncClient, new: NewApp
) -> None:
    by_form = await http.post("/oauth/token", data=shown(new))
    by_basic = await http.post("/oauth/token", data=GRANT, auth=(new.app.client_id, new.secret))
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["scope"] == "grids:read places:read"
        actor = await actor_from_token(answer.json()["access_token"])
        assert actor.id == new.app.id


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope"])
async def test_no_parameter_comes_twice(http: httpx.AsyncClient, new: NewApp, name: str) -> None:
    once = {**shown(new), "scope": "grids:read"}
    answer = await http.post("/oauth/token", data={**once, name: [once[name], once[name]]})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_the_secret_is_shown_in_one_way_only(http: httpx.AsyncClient, new: NewApp) -> None:
    answer = await http.post("/oauth/token", data=shown(new), auth=(new.app.client_id, new.secret))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"grant_type=password", "application/x-www-form-urlencoded"),
        (b'{"grant_type":"client_credentials"}', "application/json"),
        (b"--b\r\ngarbage", "multipart/form-data; boundary=b"),
        (b"a=1&" * 1000, "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
    ],
    ids=["nothing", "another grant", "json", "half a part", "many fields", "no boundary"],
)
async def test_what_is_no_such_form_is_refused_as_such(
    http: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    answer = await http.post("/oauth/token", content=content, headers={"content-type": kind})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("text", ["///", "=", "x", base64.b64encode(b"a:\xff").decode()])
async def test_a_garbled_basic_header_opens_nothing(http: httpx.AsyncClient, text: str) -> None:
    answer = await http.post("/oauth/token", data=GRANT, headers={"authorization": f"Basic {text}"})
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_scopes_go_no_further_than_the_app(http: httpx.AsyncClient, new: NewApp) -> None:
    for scope in ("places:write", "accounts:lock", "grids:read places:write", "*"):
        answer = await http.post("/oauth/token", data={**shown(new), "scope": scope})
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})
