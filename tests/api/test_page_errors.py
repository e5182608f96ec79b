"""Addresses that lead nowhere, other callers than browsers, and the site's small files."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.errors import handlers
from core.errors import InvalidInput
from tests.api.visitor import Page, visitor


async def test_an_address_that_leads_nowhere_has_a_page_with_a_way_home() -> None:
    async with visitor() as client:
        answer = await client.get("/no/such/<page>")
        english = await client.get("/no/such/page", headers={"Accept-Language": "en"})

    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert "There is no such page" in english.text
    assert "<page>" not in answer.text
    assert "/" in [a["href"] for a in Page(answer.text).all("a")]


async def test_callers_that_want_no_html_get_one_line() -> None:
    async with visitor() as client:
        answer = await client.get("/nothing", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "没有这个页面"


async def test_a_method_that_a_page_does_not_know_is_refused() -> None:
    async with visitor() as client:
        answer = await client.post("/")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RuntimeError("a canary"), 500, "系统出错了"),
        (InvalidInput(zh="写错了", en="Wrong"), 400, "写错了"),
        (HTTPException(410), 410, "没有这个页面"),
        (HTTPException(403), 403, "这个网址打不开"),
        (ConnectionRefusedError("a canary"), 503, "系统暂时打不开"),
    ],
)
async def test_other_routes_errors_get_pages_too(error: Exception, status: int, words: str) -> None:
    async def fails(request: Request) -> Response:
        raise error

    app = Starlette(routes=[Route("/", fails)], exception_handlers=handlers)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/")

    assert answer.status_code == status
    assert words in answer.text
    assert "canary" not in answer.text


async def test_an_incident_number_is_there_to_be_read_out() -> None:
    async def fails(request: Request) -> Response:
        raise RuntimeError

    app = Starlette(routes=[Route("/", fails)], exception_handlers=handlers)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        page = await client.get("/")
        line = await client.get("/", headers={"Accept": "application/json"})

    number = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.search(number, Page(page.text).text)
    assert re.search(number, line.text)


async def test_the_start_page_says_how_to_begin_in_both_languages() -> None:
    async with visitor() as client:
        chinese = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": chinese.headers["etag"]})
        english = await client.get("/", headers={"Accept-Language": "en"})

    assert "用微信扫门口的二维码" in chinese.text
    assert "Scan the code at the door" in english.text
    assert "/console/" in [a["href"] for a in Page(chinese.text).all("a")]
    assert again.status_code == 304


async def test_crawlers_are_told_to_leave_plates_alone() -> None:
    async with visitor() as client:
        answer = await client.get("/robots.txt")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /q/" in answer.text.splitlines()


async def test_the_icon_is_a_picture_also_at_its_old_address() -> None:
    async with visitor() as client:
        answer = await client.get("/favicon.ico", follow_redirects=True)

    assert answer.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(answer.content).tag.endswith("svg")
