"""What the service holds about people is declared, and goes when its time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise import Model, Tortoise

from core import jobs
from core.clock import now
from core.crypto import seal
from core.database import fetch
from core.privacy import Erased, registry
from core.privacy_jobs import enforce_retention
from core.settings import settings
from identity.models import Account
from landlord.models import Listing, ListingPhoto, ListingState
from management.models import Lifecycle, Place, PlaceClaim
from media import storage
from media.formats import FORMATS, WIDTHS
from media.models import Photo
from tests import factories as make
from tools import write_privacy_table


def every_model() -> list[type[Model]]:
    return [model for app in Tortoise.apps.values() for model in app.values()]


async def test_every_column_that_refers_to_a_person_is_declared(db: None) -> None:
    assert registry.problems(every_model()) == []


async def test_every_reason_for_keeping_is_said_in_both_languages() -> None:
    for holding in registry.holdings():
        for words in (holding.title, holding.retention.rule):
            assert words.zh.strip() != words.en.strip() != "", holding.name
            assert words.en.isascii(), holding.name


async def test_the_paper_says_what_is_held(tortoise: None) -> None:
    paper = write_privacy_table.PAPER.read_text("utf-8")
    assert paper == write_privacy_table.written(paper), "run tools/write_privacy_table.py"


@pytest.fixture
def media_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        storage, "settings", lambda: settings().model_copy(update={"media_dir": tmp_path})
    )
    return tmp_path


async def landlord_with_an_offer(state: ListingState, *, key: str) -> tuple[Account, Listing]:
    await make.town()
    who = await make.account()
    house = await make.place()
    await make.claim(who, house)
    offer = await make.listing(await make.room(house), who, state=state)
    await make.photo(offer, key=key, owner_id=who.id)
    for width in WIDTHS:
        for file_format in FORMATS:
            storage.store(key, width, file_format, b"a picture")
    return who, offer


async def erased(who: Account) -> dict[str, Erased]:
    return {one.holding.name: one for one in await registry.erase("account", who.id)}


async def test_a_closed_account_leaves_nothing_on_offer(db: None, media_folder: Path) -> None:
    who, offer = await landlord_with_an_offer(ListingState.PUBLISHED, key="aaaaaaaaaaaa")
    result = await erased(who)
    await offer.refresh_from_db()
    assert (offer.state, offer.title, offer.description) == (ListingState.WITHDRAWN, "", "")
    assert await ListingPhoto.all().count() == await Photo.all().count() == 0
    assert (result["listing.landlord_id"].erased, result["photo.owner_id"].erased) == (1, 1)
    claim = result["place_claim.account_id"]
    assert (claim.erased, claim.kept) == (0, 1)
    assert claim.why is not None
    assert "档案" in claim.why.zh


async def test_that_a_room_was_let_stays_known(db: None, media_folder: Path) -> None:
    who, offer = await landlord_with_an_offer(ListingState.LET, key="bbbbbbbbbbbb")
    await erased(who)
    await offer.refresh_from_db()
    assert (offer.state, offer.title) == (ListingState.LET, "")


async def test_the_files_of_erased_pictures_go_after_the_commit(
    committed_db: None, database_url: str, media_folder: Path
) -> None:
    who, _ = await landlord_with_an_offer(ListingState.PUBLISHED, key="cccccccccccc")
    shared = await Photo.create(key="dddddddddddd", width=720, height=540)
    storage.store(shared.key, WIDTHS[0], "webp", b"a picture that stays")
    await Photo.create(key=shared.key, width=720, height=540, owner_id=who.id)
    await erased(who)
    assert len(files(media_folder)) == len(WIDTHS) * len(FORMATS) + 1
    app = jobs.worker_app(database_url)
    async with app.open_async():
        await jobs.run_worker(app, wait=False)
    assert files(media_folder) == [f"dddddddddddd-{WIDTHS[0]}.webp"]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def with_contact(house: Place, **changes: Any) -> Place:
    seal(house, "contact_name", "测试联系人")
    seal(house, "contact_phone", "00000000000")
    house.update_from_dict(changes)
    await house.save()
    return house


async def test_the_contact_of_a_place_goes_three_years_after_its_end(committed_db: None) -> None:
    await make.town()
    ended = {"lifecycle": Lifecycle.CLOSED}
    old = await with_contact(
        await make.place(**ended), ended_at=now() - timedelta(days=3 * 366 + 1)
    )
    recent = await with_contact(await make.place(**ended), ended_at=now() - timedelta(days=3 * 365))
    open_one = await with_contact(await make.place())
    await enforce_retention()
    with_a_contact = await Place.exclude(contact_name=None).values_list("id", flat=True)
    assert set(with_a_contact) == {recent.id, open_one.id}
    assert old.id not in with_a_contact
    blanked = await Place.get(id=old.id)
    assert (blanked.contact_name, blanked.contact_phone) == (None, None)


async def test_nothing_of_a_person_is_left_in_the_job_row(db: None, media_folder: Path) -> None:
    who, _ = await landlord_with_an_offer(ListingState.PUBLISHED, key="eeeeeeeeeeee")
    await erased(who)
    (row,) = await fetch("SELECT args FROM procrastinate_jobs")
    assert str(who.id) not in row["args"]
    assert await PlaceClaim.all().count() == 1
