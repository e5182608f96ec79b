"""WeChat finds the files by which it knows our domain, and nothing else is found there."""

from __future__ import annotations

import pytest

from api.pages import verification
from core.settings import Settings
from tests.api.visitor import visitor


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    configured = Settings(wechat_link_files=("aBcD1234.txt=0123abcd", "MP_verify_x-1.txt=zyx"))
    monkeypatch.setattr(verification, "settings", lambda: configured)


@pytest.mark.parametrize("folder", ["/q/", "/"])
@pytest.mark.parametrize(("name", "content"), [("aBcD1234", "0123abcd"), ("MP_verify_x-1", "zyx")])
async def test_a_configured_file_lies_at_the_root_and_where_links_of_plates_begin(
    folder: str, name: str, content: str
) -> None:
    async with visitor() as client:
        answer = await client.get(f"{folder}{name}.txt")
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/q/other.txt", "/other.txt", "/q/aBcD1234.TXT/x.txt"])
async def test_no_other_file_is_found(path: str) -> None:
    async with visitor() as client:
        assert (await client.get(path)).status_code == 404


async def test_robots_are_still_told_what_to_leave_alone() -> None:
    async with visitor() as client:
        assert "Disallow: /q/" in (await client.get("/robots.txt")).text


@pytest.mark.parametrize("entry", ["a.txt", "a=b", "../a.txt=b", "a.txt=<b>", "a.txt=b c"])
def test_a_file_that_can_t_be_one_of_wechats_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match=r"NAME\.txt=CONTENT"):
        Settings(wechat_link_files=(entry,))
