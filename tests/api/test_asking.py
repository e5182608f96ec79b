"""Asking the landlord and reporting from a plain browser: two forms, a code, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import httpx
import orjson
import pytest

from api.pages.addresses import listing_path
from core.clock import SHANGHAI, now
from core.database import fetch
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind
from identity.events import SmsCodeRequested
from identity.models import Session
from identity.phone_sign_in import account_for_phone, deliver
from integrations import sms
from landlord.enquiries import answer_enquiry
from landlord.models import (
    Enquiry,
    EnquiryMessage,
    Listing,
    ListingReport,
    ListingState,
    ReportReason,
)
from tests import factories as make
from tests.api.visitor import Page, visitor

pytestmark = pytest.mark.usefixtures("db")
PHONE = "13800000009"


class Outbox:
    def __init__(self) -> None:
        self.codes: list[str] = []

    async def send(self, phone: str, template: sms.Template, params: Mapping[str, str]) -> None:
        self.codes.append(params["code"])


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    before = sms.use(box)
    yield box
    sms.use(before)


@pytest.fixture
async def offer(db: None) -> Listing:
    await make.town()
    async with work(SYSTEM):
        landlord = await account_for_phone("13800000001")
    house = await make.place(name="幸福公寓")
    await make.claim(landlord, house)
    return await make.listing(await make.room(house), landlord)


async def code_from(outbox: Outbox) -> str:
    rows = await fetch(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'identity.send_sms_code' ORDER BY id"
    )
    event = orjson.loads(rows[-1]["args"])["data"]
    await deliver(SmsCodeRequested(code_id=UUID(event["code_id"])))
    return outbox.codes[-1]


def hidden(page: Page) -> dict[str, str]:
    return {
        each["name"]: each["value"] for each in page.all("input") if each.get("type") == "hidden"
    }


async def through(
    client: httpx.AsyncClient, address: str, outbox: Outbox, **typed: str
) -> httpx.Response:
    """Both forms, as a browser sends them."""
    first = await client.post(address, data={"phone": PHONE, **typed})
    assert first.status_code == 200, Page(first.text).text
    kept = hidden(Page(first.text))
    return await client.post(address, data={**kept, "code": await code_from(outbox)})


async def test_a_question_reaches_the_landlord_and_no_session_stays_open(
    offer: Listing, outbox: Outbox
) -> None:
    at = (now() + timedelta(days=2)).astimezone(SHANGHAI).strftime("%Y-%m-%dT15:00")
    async with visitor() as client:
        done = await through(
            client, listing_path(offer.id) + "/ask", outbox, words="还在吗？", at=at, share="1"
        )

    page = Page(done.text)
    enquiry = await Enquiry.get(listing_id=offer.id)
    assert done.status_code == 200
    assert "已经发给房东" in page.text
    assert "还在吗？" in page.text
    assert enquiry.viewing_at is not None
    assert enquiry.viewing_at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") == at
    assert enquiry.seeker_phone_shared_at is not None
    assert not await Session.filter(ended_at=None).exists()
    assert "set-cookie" not in done.headers
    assert done.headers["cache-control"] == "no-store"


async def test_who_comes_back_reads_the_answer_and_the_number_that_was_shared(
    offer: Listing, outbox: Outbox
) -> None:
    address = listing_path(offer.id) + "/ask"
    async with visitor() as client:
        await through(client, address, outbox, words="还在吗？")
    enquiry = await Enquiry.get(listing_id=offer.id)
    landlord = Actor(kind=ActorKind.ACCOUNT, id=offer.landlord_id)
    async with visitor() as client:
        await answer_enquiry(landlord, enquiry_id=enquiry.id, words="在的<b>", share_phone=True)
        done = await through(client, address, outbox)

    page = Page(done.text)
    assert "在的<b>" in page.text
    assert "tel:13800000001" in [a["href"] for a in page.all("a")]
    assert await EnquiryMessage.filter(enquiry_id=enquiry.id).count() == 2


async def test_who_asked_nothing_reads_that_and_a_strangers_talk_stays_closed(
    offer: Listing, outbox: Outbox
) -> None:
    address = listing_path(offer.id) + "/ask"
    async with visitor() as client:
        await through(client, address, outbox, words="秘密的问题")
    async with visitor() as client:
        other = await through(client, address, outbox, phone="13800000008")

    assert "您还没有问过" in other.text
    assert "秘密" not in other.text


async def test_a_wrong_code_keeps_what_was_written_and_sends_nothing(
    offer: Listing, outbox: Outbox
) -> None:
    address = listing_path(offer.id) + "/ask"
    async with visitor() as client:
        first = await client.post(address, data={"phone": PHONE, "words": "还在吗"})
        right = await code_from(outbox)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        kept = hidden(Page(first.text))
        refused = await client.post(address, data={**kept, "code": wrong})

        assert refused.status_code == 400
        assert "验证码不正确" in refused.text
        assert hidden(Page(refused.text)) == kept
        assert not await Enquiry.exists()
        done = await client.post(address, data={**kept, "code": right})

    assert "已经发给房东" in done.text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"phone": "123", "words": "还在吗"}, "手机号码"),
        ({"phone": PHONE, "words": "长" * 501}, "500"),
        ({"phone": PHONE, "words": "看房", "at": "明天"}, "时间请写成"),
        ({"phone": PHONE, "words": "", "at": "2030-01-01T10:00"}, "请写一句话"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_a_code_is(
    offer: Listing, outbox: Outbox, typed: dict[str, str], says: str
) -> None:
    async with visitor() as client:
        answer = await client.post(listing_path(offer.id) + "/ask", data=typed)

    assert answer.status_code == 400
    assert says in Page(answer.text).text
    assert not await fetch("SELECT 1 FROM sms_code")


async def test_codes_are_not_to_be_had_by_the_dozen(offer: Listing, outbox: Outbox) -> None:
    address = listing_path(offer.id) + "/ask"
    async with visitor() as client:
        await client.post(address, data={"phone": PHONE, "words": "还在吗"})
        again = await client.post(address, data={"phone": PHONE, "words": "还在吗"})

    assert again.status_code == 429
    assert "one-time-code" in again.text  # the first code is still good


async def test_a_browser_that_tells_no_referrer_may_send_the_form(
    offer: Listing, outbox: Outbox
) -> None:
    # What Chromium sends from a page with ``Referrer-Policy: no-referrer``.
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    async with visitor() as client:
        page = await client.get(listing_path(offer.id) + "/ask")
        answer = await client.post(
            listing_path(offer.id) + "/ask", data={"phone": PHONE}, headers=headers
        )

    assert page.headers["referrer-policy"] == "same-origin"
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.com"}, {"Origin": "null"}],
)
async def test_a_form_on_another_site_sends_nothing(
    offer: Listing, outbox: Outbox, headers: dict[str, str]
) -> None:
    async with visitor() as client:
        answer = await client.post(
            listing_path(offer.id) + "/ask", data={"phone": PHONE}, headers=headers
        )

    assert answer.status_code == 403
    assert not await fetch("SELECT 1 FROM sms_code")


async def test_a_report_reaches_the_town_with_its_reason(offer: Listing, outbox: Outbox) -> None:
    async with visitor() as client:
        done = await through(
            client,
            listing_path(offer.id) + "/report",
            outbox,
            reason="FEE_FIRST",
            words="先要两百块",
        )

    report = await ListingReport.get(listing_id=offer.id)
    assert report.reason is ReportReason.FEE_FIRST
    assert "收到了，谢谢" in done.text


@pytest.mark.parametrize("reason", ["", "NOTHING"])
async def test_a_report_names_a_reason(offer: Listing, outbox: Outbox, reason: str) -> None:
    async with visitor() as client:
        answer = await client.post(
            listing_path(offer.id) + "/report", data={"phone": PHONE, "reason": reason}
        )

    assert answer.status_code == 400
    assert "请选一项" in answer.text


async def test_another_reason_needs_words_before_a_code_is_sent(
    offer: Listing, outbox: Outbox
) -> None:
    typed = {"phone": PHONE, "reason": ReportReason.OTHER.value}
    async with visitor() as client:
        bare = await client.post(listing_path(offer.id) + "/report", data=typed)
        sent = await fetch("SELECT 1 FROM sms_code")
        said = await client.post(
            listing_path(offer.id) + "/report", data={**typed, "words": "吵闹"}
        )

    assert (bare.status_code, sent) == (400, [])
    assert "one-time-code" not in bare.text
    assert (said.status_code, "one-time-code" in said.text) == (200, True)


async def test_without_short_messages_the_page_says_what_to_do(
    offer: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "available", lambda: False)
    async with visitor() as client:
        page = Page((await client.get(listing_path(offer.id) + "/ask")).text)

    assert "这里暂时发不了短信" in page.text
    assert not page.all("form")
    assert "tel:12345" in [a["href"] for a in page.all("a")]


async def test_who_asks_about_a_room_that_is_gone_is_led_to_what_became_of_it(
    offer: Listing,
) -> None:
    await Listing.filter(id=offer.id).update(state=ListingState.LET)
    async with visitor() as client:
        answer = await client.get(listing_path(offer.id) + "/ask")

    assert answer.status_code == 303
    assert answer.headers["location"] == listing_path(offer.id)


async def test_rooms_on_plates_and_listings_lead_to_both_forms(offer: Listing) -> None:
    plate = await make.plate(await offer.place)
    async with visitor() as client:
        scanned = Page((await client.get(f"/q/{plate.token}")).text)
        listing = Page((await client.get(listing_path(offer.id))).text)

    ask, report = (f"{listing_path(offer.id)}/{errand}" for errand in ("ask", "report"))
    assert ask in [a["href"] for a in scanned.all("a")]
    assert {ask, report} <= {a["href"] for a in listing.all("a")}
