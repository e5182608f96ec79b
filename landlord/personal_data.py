"""What is held about landlords, declared for the register of personal data."""

from __future__ import annotations

from typing import Final

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from core.privacy import Basis, Holding, Retention, Words, register
from core.work import work
from identity.actor import SYSTEM
from landlord.models import (
    Enquiry,
    EnquiryMessage,
    Listing,
    ListingPhoto,
    ListingReport,
    ListingSnapshot,
    Reservation,
    SavedListing,
    SelfCheck,
    SelfCheckItem,
)
from landlord.reservations import release_of
from landlord.search.projection import reindex
from landlord.snapshots import KEPT_FOR
from landlord.workflow import ListingAction, move_all

_DISPUTES: Final = Words(
    "租赁纠纷的诉讼时效三年内保留", "Three years, while a dispute can be brought"
)
_EVIDENCE: Final = Retention(_DISPUTES, KEPT_FOR)
_ACCOUNT: Final = Retention(Words("账号存续期间", "As long as the account is open"))


async def _blank(rows: QuerySet[Listing]) -> None:
    """Take listings back and drop what was written and shown; that a room was let stays."""
    ids = [row.id for row in await rows.only("id")]
    async with work(SYSTEM):
        moved = await move_all(ListingAction.END, "l.id = ANY($1::uuid[])", ids)
        await release_of([row["id"] for row in moved if row["was_held"]])
        await ListingPhoto.filter(listing_id__in=ids).delete()
        blank = Listing.filter(id__in=ids)
        await blank.update(title="", description="", review_reason="", version=F("version") + 1)
        await reindex(listing_ids=ids)


async def _take_back_words(rows: QuerySet[EnquiryMessage]) -> None:
    """Empty what the landlord said; what seekers said is theirs."""
    ids = list(await rows.values_list("id", flat=True))
    await EnquiryMessage.filter(id__in=ids, from_landlord=True).update(words=None)


async def _take_back_phone(rows: QuerySet[Enquiry]) -> None:
    """The seeker no longer sees the landlord's number."""
    ids = list(await rows.values_list("id", flat=True))
    await Enquiry.filter(id__in=ids).update(phone_shared_at=None)


register(
    Holding(
        model=Listing,
        kind="account",
        subject="landlord_id",
        title=Words("您发布的房源", "Rooms you put up"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=(
            "place__name",
            "room__number",
            "state",
            "title",
            "description",
            "rent",
            "deposit",
            "area",
            "available_from",
            "published_at",
            "created_at",
        ),
        erase=_blank,
    ),
    Holding(
        model=ListingSnapshot,
        kind="account",
        subject="listing__landlord_id",
        title=Words("您的房源公开时的快照及其图片", "What your listings showed, with its pictures"),
        basis=Basis.CONTRACT,
        retention=Retention(_DISPUTES, KEPT_FOR, since="taken_at"),
        export=("listing__title", "occasion", "content", "taken_at"),
        erase="delete",
    ),
    Holding(
        model=SavedListing,
        kind="account",
        subject="account_id",
        title=Words("您收藏的房源", "Listings you saved"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("listing__title", "created_at"),
        erase="delete",
    ),
    Holding(
        model=Reservation,
        kind="account",
        subject="seeker_id",
        title=Words("您预留的房源", "Rooms you reserved"),
        basis=Basis.CONTRACT,
        retention=_EVIDENCE,
        export=("listing__title", "state", "until", "created_at", "ended_at"),
        erase="delete",
    ),
    Holding(
        model=Enquiry,
        kind="account",
        subject="seeker_id",
        title=Words("您的租房咨询", "Your enquiries"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("listing__title", "state", "viewing_at", "created_at"),
        erase="delete",
    ),
    Holding(
        model=EnquiryMessage,
        kind="account",
        subject="enquiry__seeker_id",
        title=Words("租房咨询中的留言", "What was said in your enquiries"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("from_landlord", "words", "created_at"),
        erase="delete",
    ),
    Holding(
        model=Enquiry,
        kind="account",
        subject="listing__landlord_id",
        title=Words("租客对您房源的咨询", "What seekers asked about your rooms"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("listing__title", "state", "viewing_at", "created_at"),
        erase=_take_back_phone,
    ),
    Holding(
        model=EnquiryMessage,
        kind="account",
        subject="enquiry__listing__landlord_id",
        title=Words("您房源的咨询留言", "What was said about your rooms"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("from_landlord", "words", "created_at"),
        erase=_take_back_words,
    ),
    Holding(
        model=ListingReport,
        kind="account",
        subject="reporter_id",
        title=Words("您举报的房源", "Listings you reported"),
        basis=Basis.CONTRACT,
        retention=_ACCOUNT,
        export=("listing__title", "reason", "words", "state", "created_at"),
        erase={"reporter_id": None, "words": None},
    ),
    Holding(
        model=ListingReport,
        kind="staff",
        subject="decided_by",
        title=Words("处理的房源举报", "Reports of listings decided"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(Words("随举报记录保存", "Kept with the report")),
        export=("id", "listing_id", "state", "decided_at"),
        erase="keep",
    ),
    Holding(
        model=SelfCheck,
        kind="account",
        subject="account_id",
        title=Words("您的房屋安全自查", "Self-checks of your houses"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("属于房屋管理档案，随档案保存", "Part of the place's file, and kept with it")
        ),
        export=("place__name", "month", "made_at"),
        erase="keep",
    ),
    Holding(
        model=SelfCheckItem,
        kind="account",
        subject="check__account_id",
        title=Words("您在自查中写的话", "What you wrote in self-checks"),
        basis=Basis.STATUTORY_DUTY,
        retention=Retention(
            Words("属于房屋管理档案，随档案保存", "Part of the place's file, and kept with it")
        ),
        export=("point", "result", "words", "fixed_at"),
        erase="keep",
    ),
)
