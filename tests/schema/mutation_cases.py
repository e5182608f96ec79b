"""One good use of every mutation that carries a request id, for the rules that hold for all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.clock import now
from landlord.self_check_list import POINTS
from schema.ids import global_id
from tests.schema.case import Case, input_of
from tests.schema.parts import PARTS
from tests.schema.support import World, new_id, phone_code, some_uuid

PLACE = (
    "place { id version lifecycle floors rooms { number state rent } leaseFilings { number }"
    " operators { role } blocks { reason } }"
)
ENQUIRY = "enquiry { id state viewingState messages { words fromLandlord } landlordPhone }"
CLAIM = (
    "claim { id role state reason takesOver handedOver leaseUntil decidedAt"
    " claimant { displayName phone } papers { paper } }"
)
CHECK = "selfCheck { id month checklist items { point result words fixedAt } }"
NOTICE = "notice { id state version titleZh bodyZh audience grid { code } recipients }"
FOLLOWED = "followedPlaces { placeCode radius }"
LISTINGS = "listings { id title state version rent room { number } }"
LISTING = "listing { id title state version rent }"


# After which people are told something: by notifications, in their inbox and beyond.
NEWS = frozenset(
    {
        "answerEnquiry", "assignLandlord", "blockPlace", "cancelViewing", "claimPlace",
        "closeAccount", "closeEnquiry", "closePlace", "decideClaim", "decideListing",
        "decideListingReport", "endBlock", "endLandlord", "handOverPlace", "markListingLet",
        "postWarden", "redactPhoto", "releaseReservation", "reserveListing", "sendEnquiry",
        "updateRoom", "withdrawClaim", "withdrawListing", "withdrawListings",
    }
)  # fmt: skip

CASES = [
    Case(
        "setDisplayName", "resident", {"displayName": "小测"}, "viewer { name }",
        {"displayName": "大测"}, stranger="warden 1",
    ),
    Case(
        "requestUpload", "landlord A",
        {"purpose": "LISTING", "contentType": "image/jpeg", "size": 1000},
        "uploadId url headers { name value }", {"size": 1001}, stranger="auditor",
    ),
    Case(
        "completeUpload", "landlord A", {"uploadId": "$upload", "alt": "朝南的窗"},
        "photo { id url width height alt }", {"alt": "另一句"}, stranger="landlord B",
    ),
    Case(
        "createListing", "landlord A",
        {"roomId": "$emptyRoom", "title": "朝南单间", "rent": "900.50", "area": "18.25"},
        LISTING, {"rent": "901"}, stranger="landlord B",
    ),
    Case(
        "updateListing", "landlord A",
        {"listingId": "$listing", "expectedVersion": 1, "title": "新标题"},
        LISTING, {"title": "另一个标题"}, stranger="landlord B",
    ),
    Case(
        "publishListing", "landlord A", {"listingId": "$draft"}, LISTING, {"listingId": "$listing"},
        stranger="landlord B", told=frozenset({"listing_published"}),
    ),
    Case(
        "withdrawListing", "landlord A", {"listingId": "$listing"}, LISTING,
        {"listingId": "$draft"}, stranger="landlord B",
    ),
    Case(
        "createListings", "landlord A",
        {"roomIds": ["$emptyRoom"], "title": "{number} 单间", "rent": "900.50"},
        LISTINGS, {"rent": "901"}, stranger="landlord B",
    ),
    Case(
        "publishListings", "landlord A", {"listingIds": ["$draft"]}, LISTINGS,
        {"listingIds": ["$listing"]}, stranger="landlord B",
        told=frozenset({"listings_published"}),
    ),
    Case(
        "refreshListings", "landlord A", {"listingIds": ["$listing"]}, LISTINGS,
        {"listingIds": ["$draft"]}, stranger="landlord B",
    ),
    Case(
        "withdrawListings", "landlord A", {"listingIds": ["$listing"]}, LISTINGS,
        {"listingIds": ["$draft"]}, stranger="landlord B",
    ),
    Case(
        "changeRents", "landlord A",
        {"items": [{"listingId": "$listing", "expectedVersion": 1, "rent": "777"}]},
        LISTINGS,
        {"items": [{"listingId": "$listing", "expectedVersion": 1, "rent": "778"}]},
        stranger="landlord B",
    ),
    Case(
        "setRoomStates", "landlord A",
        {"placeId": "$place", "items": [{"roomId": "$emptyRoom", "state": "LET"}]},
        "board { vacant let floors { rooms { number state } } }",
        {"items": [{"roomId": "$emptyRoom", "state": "VACANT"}]}, stranger="landlord B",
        told=frozenset({"rooms_updated"}),
    ),
    Case(
        "submitSelfCheck", "landlord A",
        {
            "placeId": "$place",
            "items": [
                *({"point": point.code, "result": "FINE"} for point in POINTS[1:]),
                {"point": POINTS[0].code, "result": "FOUND", "photoId": "$checkPhoto"},
            ],
        },
        CHECK, {"items": []}, stranger="landlord B",
    ),
    Case(
        "fixSelfCheckItem", "landlord A", {"itemId": "$checkItem", "photoId": "$checkPhoto"},
        CHECK, {"photoId": "$photo"}, stranger="landlord B",
    ),
    Case(
        "saveListing", "landlord A", {"listingId": "$draft"}, "listingId saved",
        {"listingId": "$listing"}, stranger="warden 1",
    ),
    Case(
        "unsaveListing", "resident", {"listingId": "$listing"}, "listingId saved",
        {"listingId": "$draft"}, stranger="warden 1",
    ),
    Case(
        "reportListing", "resident",
        {"listingId": "$listing", "reason": "NOT_REAL", "words": "没有这间房"}, "received",
        {"reason": "UNSAFE"}, stranger="warden 1",
    ),
    Case(
        "decideListingReport", "supervisor 1",
        {"reportId": "$report", "uphold": True, "reason": "房源不实"},
        "report { id state decision listing { id state } }", {"uphold": False},
        stranger="warden 1",
    ),
    Case(
        "redactPhoto", "supervisor 1",
        {
            "photoId": "$shown", "reason": "照片里有人脸",
            "areas": [{"x": 0.25, "y": 0.5, "width": 0.125, "height": 0.25}],
        },
        "photo { id url } redaction { id areas { x y width height } reason staffId originalKey"
        " createdAt keptUntil goneAt }",
        {"reason": "照片里有车牌"}, stranger="warden 1", told=frozenset({"media.remove_files"}),
    ),
    Case(
        "revealOriginal", "supervisor 1", {"redactionId": "$redaction", "reason": "房东有异议"},
        "redaction { id reason }", {"reason": "另一个原因"}, stranger="warden 1", read_again=True,
    ),
    Case(
        "sendEnquiry", "resident", {"listingId": "$listing", "words": "可以养猫吗"}, ENQUIRY,
        {"words": "可以养狗吗"}, stranger="warden 1",
    ),
    Case(
        "answerEnquiry", "landlord A",
        {"enquiryId": "$enquiry", "words": "可以", "viewing": "CONFIRM", "sharePhone": True},
        ENQUIRY, {"viewing": "DECLINE"}, stranger="landlord B",
    ),
    Case(
        "cancelViewing", "resident", {"enquiryId": "$enquiry"}, ENQUIRY,
        {"enquiryId": "$otherEnquiry"}, stranger="landlord B",
    ),
    Case(
        "stopSharingPhone", "landlord A", {"enquiryId": "$enquiry"}, ENQUIRY,
        {"enquiryId": "$otherEnquiry"}, stranger="landlord B",
    ),
    Case(
        "closeEnquiry", "landlord A", {"enquiryId": "$enquiry"}, ENQUIRY,
        {"enquiryId": "$otherEnquiry"}, stranger="landlord B",
    ),
    Case(
        "markNotificationsRead", "landlord A", {"ids": ["$notification"]},
        "unreadCount notifications { id readAt }", {"ids": ["$otherNotification"]},
        stranger="landlord B",
    ),
    Case(
        "markAllNotificationsRead", "landlord A", {"upTo": "$notification"}, "unreadCount",
        {"upTo": "$otherNotification"}, stranger="landlord B",
    ),
    Case(
        "setNotificationPreference", "landlord A",
        {"group": "LETTING", "channel": "WECHAT", "wanted": False},
        "settings { groups { group channels { channel wanted } } }", {"wanted": True},
        stranger="warden 1",
    ),
    Case(
        "setQuietHours", "resident", {"from": "23:00", "until": "07:30"},
        "settings { quietHours { from until } }", {"from": "07:30"}, stranger="app grids 1",
    ),
    Case(
        "setLanguage", "resident", {"language": "EN"}, "settings { language }",
        {"language": "ZH_CN"}, stranger="app grids 1",
    ),
    Case(
        "recordSubscriptions", "resident",
        {"answers": [{"templateId": "test-result", "accepted": True}]},
        "forms { form templateId remaining }",
        {"answers": [{"templateId": "test-result", "accepted": False}]}, stranger="warden 1",
    ),
    Case(
        "decideListing", "supervisor 1", {"listingId": "$unread", "approve": True}, LISTING,
        {"approve": False, "reason": "写了电话号码"}, stranger="warden 1",
        told=frozenset({"listing_published"}),
    ),
    Case(
        "refreshListing", "landlord A", {"listingId": "$listing"}, LISTING,
        {"listingId": "$draft"}, stranger="landlord B",
    ),
    Case(
        "relistListing", "landlord A", {"listingId": "$over"}, LISTING,
        {"listingId": "$listing"}, stranger="landlord B",
    ),
    Case(
        "reserveListing", "landlord B", {"listingId": "$listing"}, LISTING,
        {"listingId": "$held"}, stranger="warden 1",
    ),
    Case(
        "releaseReservation", "resident", {"listingId": "$held"}, LISTING,
        {"listingId": "$listing"}, stranger="landlord B",
    ),
    Case(
        "markListingLet", "landlord A", {"listingId": "$listing"}, LISTING,
        {"letOn": "2020-01-01"}, stranger="landlord B", told=frozenset({"room_updated"}),
    ),
    Case(
        "filePlace", "warden 1",
        {
            "kind": "RENTAL_HOUSE", "name": "新测试楼", "gridCode": "$gridCode", "floors": 5,
            "street": "测试路", "contactName": "测试人", "contactPhone": "13900000009",
            "area": "180.5",
        },
        PLACE, {"name": "另一栋"}, stranger="warden 2", told=frozenset({"place_filed"}),
    ),
    Case(
        "updatePlace", "warden 1", {"placeId": "$place", "expectedVersion": 1, "floors": 4},
        PLACE, {"floors": 3}, stranger="warden 2", told=frozenset({"place_updated"}),
    ),
    Case(
        "closePlace", "warden 1", {"placeId": "$place", "expectedVersion": 1},
        PLACE, {"demolished": True}, stranger="warden 2", told=frozenset({"place_closed"}),
    ),
    Case(
        "addRooms", "warden 1",
        {"placeId": "$place", "rooms": [{"number": "901", "area": "20", "rent": "800"}]},
        PLACE, {"rooms": [{"number": "902"}]}, stranger="warden 2",
        told=frozenset({"rooms_added"}),
    ),
    Case(
        "updateRoom", "warden 1", {"roomId": "$room", "state": "OUT_OF_USE", "rent": "700.50"},
        PLACE, {"rent": "701"}, stranger="warden 2", told=frozenset({"room_updated"}),
    ),
    Case(
        "recordLease", "warden 1",
        {
            "placeId": "$place", "roomId": "$room", "number": "测租备2026-0001",
            "filedOn": "2026-01-05", "until": "2027-01-04",
        },
        PLACE, {"number": "测租备2026-0002"}, stranger="warden 2",
        told=frozenset({"lease_filed"}),
    ),
    Case(
        "assignLandlord", "warden 1",
        {"placeId": "$place", "phone": "13800000009", "role": "AGENT"},
        PLACE, {"role": "OWNER"}, stranger="warden 2",
    ),
    Case(
        "endLandlord", "warden 1", {"operatorId": "$operator"}, PLACE,
        {"operatorId": "$otherOperator"}, stranger="warden 2",
    ),
    Case(
        "claimPlace", "resident",
        {
            "plateToken": "$token", "role": "SUBLANDLORD", "photoIds": ["$paper"],
            "authorityPhotoIds": ["$authority"], "leaseFrom": "2026-01-01",
            "leaseUntil": "2099-12-31",
        },
        CLAIM, {"role": "OWNER"}, stranger="warden 1",
    ),
    Case(
        "decideClaim", "warden 1", {"claimId": "$waiting", "verify": True}, CLAIM,
        {"verify": False}, stranger="warden 2",
    ),
    Case(
        "handOverPlace", "landlord A", {"placeId": "$place", "phone": "13800000009"}, CLAIM,
        {"phone": "13800000008"}, stranger="landlord B",
    ),
    Case(
        "withdrawClaim", "landlord A", {"claimId": "$claim"}, CLAIM, {"claimId": "$waiting"},
        stranger="landlord B",
    ),
    Case(
        "blockPlace", "enforcement", {"placeId": "$place", "reason": "测试原因"}, PLACE,
        {"reason": "另一个原因"}, stranger="warden 1", told=frozenset({"place_blocked"}),
    ),
    Case(
        "endBlock", "enforcement", {"blockId": "$openBlock"}, PLACE, {"blockId": "$block"},
        stranger="warden 1", told=frozenset({"place_unblocked"}),
    ),
    Case(
        "revealPlaceContact", "warden 1", {"placeId": "$place", "reason": "核实情况"},
        "name phone", {"reason": "另一个原因"}, stranger="warden 2", read_again=True,
    ),
    Case(
        "issuePlates", "warden 1", {"placeId": "$place", "roomIds": ["$room"]},
        "plates { token roomNumber state }", {"forPlace": False}, stranger="warden 2",
    ),
    Case(
        "revokePlate", "warden 1", {"plateId": "$plate"}, "plate { token state }",
        {"plateId": "$otherPlate"}, stranger="warden 2",
    ),
    Case(
        "printPlates", "warden 1", {"placeIds": ["$place"], "size": "DOOR"},
        "plateSheet { id state total }", {"size": "SMALL"}, stranger="warden 2",
        told=frozenset({"management.draw_plate_sheet"}),
    ),
    Case(
        "postWarden", "supervisor 1", {"staffId": "$spare", "gridCode": "$gridCode"},
        "gridPost { id staffName role lead }", {"dutyGroup": "INSPECTION"}, stranger="warden 1",
        told=frozenset({"warden_posted", "management.return_tasks"}),
    ),
    Case(
        "endPost", "supervisor 1", {"postId": "$post"}, "gridPost { id endsOn }",
        {"endsOn": "2199-01-01"}, stranger="warden 1",
        told=frozenset({"management.return_tasks"}),
    ),
    Case(
        "setOfficePhone", "supervisor 1", {"gridCode": "$gridCode", "officePhone": "0769-88888888"},
        "grid { officePhone }", {"officePhone": "0769-77777777"}, stranger="warden 1",
    ),
    Case(
        "draftNotice", "supervisor 1",
        {
            "kind": "ANNOUNCEMENT", "gridCode": "$community", "titleZh": "停水通知",
            "bodyZh": "明天上午停水。", "shownUntil": (now() + timedelta(days=3)).isoformat(),
        },
        NOTICE, {"titleZh": "停电通知"}, stranger="warden 1",
    ),
    Case(
        "changeNotice", "supervisor 1",
        {
            "noticeId": "$draftNotice", "expectedVersion": 1, "kind": "NOTICE",
            "gridCode": "$gridCode", "titleZh": "新标题", "bodyZh": "新内容。",
            "audience": ["WARDENS"],
        },
        NOTICE, {"titleZh": "另一个标题"}, stranger="warden 1",
    ),
    Case(
        "sendNotice", "supervisor 1", {"noticeId": "$draftNotice", "expectedVersion": 1},
        NOTICE, {"sendAt": (now() + timedelta(hours=3)).isoformat()}, stranger="warden 1",
        told=frozenset({"notifications.plan_notice"}),
    ),
    Case(
        "cancelNotice", "supervisor 1", {"noticeId": "$draftNotice"}, NOTICE,
        {"noticeId": "$notice"}, stranger="warden 1",
    ),
    Case(
        "followPlace", "resident", {"plateToken": "$token", "radius": 200}, FOLLOWED,
        {"radius": 300}, stranger="warden 1",
    ),
    Case(
        "unfollowPlace", "resident", {"placeId": "$place"}, FOLLOWED,
        {"placeId": "$otherPlace"}, stranger="warden 1",
    ),
    Case(
        "addStaffMember", "admin",
        {"userName": "new.warden", "name": "新测试员", "password": "a long new password"},
        "staffMember { id userName name posts { id } secondFactor }", {"name": "另一人"},
        stranger="supervisor 1",
    ),
    Case(
        "leaveStaffMember", "admin", {"staffId": "$staff"},
        "staffMember { id posts { id } leftAt }",
        {"reason": "另一个原因"}, stranger="supervisor 1",
        told=frozenset({"management.return_tasks"}),
    ),
    Case(
        "resetStaffPassword", "admin", {"staffId": "$staff", "password": "a long new password"},
        "staffMember { id secondFactor }", {"password": "another long password"},
        stranger="supervisor 1",
    ),
    Case(
        "resetSecondFactor", "admin", {"staffId": "$staff"}, "staffMember { id secondFactor }",
        {"reason": "另一个原因"}, stranger="supervisor 1",
    ),
    Case(
        "publishTemplate", "admin",
        {
            "topic": "LISTING_APPROVED", "titleZh": "房源上架了", "bodyZh": "{place}上架了。",
            "titleEn": "Public", "bodyEn": "{place} is public.", "expectedVersion": 1,
            "formValues": [{"slot": "note", "text": "{place}"}],
        },
        "topicTemplate { topic template { version titleZh shipped formValues { slot text } } }",
        {"titleZh": "另一个标题"}, stranger="supervisor 1",
    ),
    Case(
        "restoreShippedTemplate", "admin", {"topic": "LISTING_REFUSED"},
        "topicTemplate { topic template { version shipped inForce } }",
        {"topic": "LISTING_EXPIRED"}, stranger="supervisor 1",
    ),
    Case(
        "setWechatTemplate", "admin",
        {
            "form": "MESSAGE", "templateId": "a-template-id", "leaveOut": ["note"],
            "keys": [{"slot": "subject", "key": "thing1"}, {"slot": "at", "key": "time2"}],
        },
        "formSetting { form slots { slot kinds } template { templateId keys { slot key } } }",
        {"templateId": "another-template-id"}, stranger="supervisor 1",
    ),
    Case(
        "addApp", "admin",
        {
            "name": "测试地图", "scopes": ["grids:read"], "gridCode": "$gridCode",
            "contact": "nobody@example.test",
            "expiresAt": (now() + timedelta(days=30)).isoformat(),
        },
        "app { id clientId name scopes grid { code } ratePerMinute }", {"ratePerMinute": 30},
        stranger="supervisor 1",
    ),
    Case(
        "revokeApp", "admin", {"appId": "$app"}, "app { id revokedAt }", {"reason": "另一个原因"},
        stranger="supervisor 1",
    ),
    Case(
        "addWebhook", "admin",
        {
            "appId": "$hookApp", "url": "https://hooks.example.test/new",
            "kinds": ["place.filed", "place.closed"],
        },
        "webhook { appId url kinds disabledAt }", {"kinds": ["place.filed"]},
        stranger="supervisor 1", app="app grids 1",
    ),
    Case(
        "changeWebhook", "app places 1", {"webhookId": "$webhook", "kinds": ["place.filed"]},
        "webhook { url kinds failingSince }", {"kinds": ["place.closed"]},
        stranger="warden 1", app="app grids 1",
    ),
    Case(
        "rotateWebhookSecret", "app places 1", {"webhookId": "$webhook"},
        "webhook { id earlierUntil }", {"webhookId": "$offWebhook"},
        stranger="warden 1", app="app grids 1",
    ),
    Case(
        "disableWebhook", "admin", {"webhookId": "$webhook"},
        "webhook { disabledAt disabledReason }", {"webhookId": "$offWebhook"},
        stranger="supervisor 1", app="app grids 1",
    ),
    Case(
        "enableWebhook", "app places 1", {"webhookId": "$offWebhook"},
        "webhook { disabledAt disabledReason failingSince }", {"webhookId": "$webhook"},
        stranger="warden 1", app="app grids 1",
    ),
    Case(
        "removeWebhook", "admin", {"webhookId": "$webhook"}, "webhookId",
        {"webhookId": "$offWebhook"}, stranger="supervisor 1", app="app grids 1",
    ),
    Case(
        "sendTestWebhook", "app places 1", {"webhookId": "$webhook"},
        "message { id kind body test state attempts { number } }", {"webhookId": "$offWebhook"},
        stranger="warden 1", app="app grids 1", told=frozenset({"notifications.deliver_webhook"}),
    ),
    Case(
        "resendWebhook", "admin", {"messageId": "$hookMessage"},
        "message { id state deliveredAt attempts { number status fault } }",
        {"messageId": "$otherMessage"}, stranger="supervisor 1", app="app grids 1",
        told=frozenset({"notifications.deliver_webhook"}),
    ),
    Case(
        "resendDelivery", "admin", {"deliveryId": "$delivery"}, "delivery { id state reason }",
        {"deliveryId": "$otherDelivery"}, stranger="service desk",
        told=frozenset({"notifications.dispatch"}),
    ),
    Case(
        "pauseChannel", "admin", {"channel": "WECHAT", "reason": "测试原因"},
        "pause { id channel reason pausedBy until endedAt }", {"reason": "另一个原因"},
        stranger="service desk",
    ),
    Case(
        "resumeChannel", "admin", {"channel": "SMS"}, "pause { id channel reason }",
        {"channel": "WECHAT"}, stranger="service desk",
    ),
    Case(
        "lockAccount", "admin", {"phone": "13800000000", "reason": "测试原因"},
        "account { id lockedAt }", {"reason": "另一个原因"}, stranger="supervisor 1",
    ),
    Case(
        "unlockAccount", "admin", {"phone": "13800000001"}, "account { id lockedAt }",
        {"phone": "13800000002"}, stranger="supervisor 1",
    ),
    Case(
        "bindWechatPhone", "resident", {"code": "$phoneCode"}, "viewer { phone wechatConnected }",
        {"code": "another-code"}, stranger="warden 1",
    ),
    Case(
        "disconnectWechat", "resident", {}, "viewer { phone wechatConnected }", {},
        stranger="warden 1",
    ),
    Case(
        "undoAccountMerge", "admin", {"mergeId": "$merge", "reason": "不是同一个人"},
        "merge { id keptId mergedId mergedAt rows undoneAt }", {"reason": "另一个原因"},
        stranger="supervisor 1",
    ),
    Case(
        "closeAccount", "resident", {}, "closed", {}, stranger="warden 1",
        told=frozenset({"media.remove_files"}),
    ),
]  # fmt: skip

CASES += [case for part in PARTS for case in part.CASES]
NEWS |= frozenset().union(*(part.NEWS for part in PARTS))

__all__ = ["CASES", "NEWS", "Case", "filled_in", "input_for", "input_of", "names_of"]


def names_of(world: World, tenant: int = 0, **more: str) -> dict[str, str]:
    """What ``$name`` stands for."""
    other = world.tenants[1 - tenant].ids
    return {
        **world.tenants[tenant].ids,
        "spare": global_id("StaffMember", world.spare_staff.id),
        "merge": global_id("AccountMerge", world.merge.id),
        "phoneCode": phone_code(),
        "otherOperator": other["operator"],
        "otherPlace": other["place"],
        "paper": global_id("Photo", world.papers[0].id),
        "authority": global_id("Photo", world.papers[1].id),
        "otherPlate": other["plate"],
        "otherEnquiry": other["enquiry"],
        "otherNotification": other["notification"],
        "otherMessage": other["hookMessage"],
        "otherDelivery": other["delivery"],
        "app": global_id("App", world.actors["app grids 1"].id or some_uuid()),
        **more,
    }


def filled_in(given: Any, names: Mapping[str, str]) -> Any:
    """The input with the names of things in their places."""
    if isinstance(given, Mapping):
        return {key: filled_in(value, names) for key, value in given.items()}
    if isinstance(given, list):
        return [filled_in(value, names) for value in given]
    return names[given[1:]] if isinstance(given, str) and given.startswith("$") else given


def input_for(case: Case, names: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """A good input, with a new request id, and changes."""
    return {"requestId": new_id(), **filled_in({**case.given, **changes}, names)}
