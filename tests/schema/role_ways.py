"""How each field of the schema is reached, for the role × field × tenant matrix.

A way is a piece of GraphQL with ``$names`` of a tenant's things in it and ``{F}`` where the field
goes. Fields of root types are reached by the ways named for them.
"""

from __future__ import annotations

from string import Template

from graphql import GraphQLField, get_named_type, is_leaf_type

from landlord.self_check_list import POINTS
from tests.schema.parts import PARTS

_PLACE = 'place(code: "$code") '
_PLATE = 'plate(token: "$token") '
_CLAIM = 'node(id: "$claim") { ... on PlaceClaim '
_SHEET = 'plateSheet(id: "$sheet") '
_REPLACED = 'plateReplacements(filter: { gridCode: "$gridCode" }) '
_SEARCH = 'filter: { communityCode: "$community" }'
_MAP = "listingMap(box: { west: 113, south: 22, east: 114.5, north: 24 }, " + _SEARCH + ") "
_FACETS = f"listingFacets({_SEARCH}) "
_LISTING = 'listing(id: "$listing") '
_ENQUIRY = 'enquiry(id: "$enquiry") '
_MESSAGES = 'enquiryMessages(enquiryId: "$enquiry") '
_ASKED = 'listingEnquiries(listingId: "$listing") '
_COMPARED = 'compareListings(ids: ["$listing", "$otherListing"]) '
_REPORTS = 'listingReports(filter: { gridCode: "$gridCode" }) '
_BOARD = 'roomBoard(placeId: "$place") '
_CHECKS = 'selfChecks(placeId: "$place") '
_FINDINGS = ", ".join(f'{{ point: "{point.code}", result: FINE }}' for point in POINTS)
_DELIVERIES = 'deliveries(filter: { notificationId: "$notification" }) '
_REDACTIONS = 'photoRedactions(photoId: "$shown") '
_WEBHOOKS = 'webhooks(appId: "$hookApp") '
_SENT = 'webhookMessages(webhookId: "$webhook") '
_NOTICE = 'notice(id: "$notice") '
_NOTICES = 'notices(filter: { gridCode: "$gridCode" }) '
_RECEIPTS = 'noticeReceipts(id: "$notice") '
_LOOK = 'previewNotice(id: "$notice") '
_ANNOUNCED = 'announcements(gridCode: "$gridCode") '
_NOTICE_WORDS = 'titleZh: "测试通知", bodyZh: "测试内容", audience: [LANDLORDS]'
_SAVED = "viewer { savedListings "
_WORDS = (
    'topic: LISTING_APPROVED, titleZh: "房源已上架", bodyZh: "{place}", titleEn: "Public",'
    ' bodyEn: "{place}", formValues: [{ slot: "note", text: "好" }]'
)
_PREVIEW = "previewTemplate(input: { " + _WORDS + " }) "
_WRONG_WORDS = _PREVIEW.replace('titleEn: "Public"', 'titleEn: ""')
_HISTORY = "templateHistory(topic: LISTING_APPROVED) "
_TOLD = 'notification(id: "$notification") '
_SETTINGS = "viewer { notificationSettings "

# Query: to a field of each type.
TYPES: dict[str, str] = {
    "App": "apps { nodes { F } }",
    "AppConnection": "apps { F }",
    "AppEdge": "apps { edges { F } }",
    "FormSetting": "wechatTemplates { F }",
    "FormSlot": "wechatTemplates { slots { F } }",
    "WeChatTemplate": "wechatTemplates { template { F } }",
    "SlotKey": "wechatTemplates { template { keys { F } } }",
    "TopicTemplate": "templates { F }",
    "MessageTemplate": _HISTORY + "{ nodes { F } }",
    "MessageTemplateConnection": _HISTORY + "{ F }",
    "MessageTemplateEdge": _HISTORY + "{ edges { F } }",
    "SlotText": _HISTORY + "{ nodes { formValues { F } } }",
    "TemplatePreview": _PREVIEW + "{ F }",
    "RenderedWords": _PREVIEW + "{ zh { F } }",
    "SlotValue": _PREVIEW + "{ values { F } }",
    "TemplateProblem": _WRONG_WORDS + "{ problems { F } }",
    "Notification": _TOLD + "{ F }",
    "NotificationConnection": "viewer { inbox { F } }",
    "NotificationEdge": "viewer { inbox { edges { F } } }",
    "NotificationSettings": _SETTINGS + "{ F } }",
    "NotificationGroupSetting": _SETTINGS + "{ groups { F } } }",
    "NotificationChannelSetting": _SETTINGS + "{ groups { channels { F } } } }",
    "QuietHours": _SETTINGS + "{ quietHours { F } } }",
    "SubscriptionForm": "viewer { subscriptionForms { F } }",
    "Comparison": _COMPARED + "{ F }",
    "ComparisonRow": _COMPARED + "{ rows { F } }",
    "ChannelPause": "channelPauses { nodes { F } }",
    "ChannelPauseConnection": "channelPauses { F }",
    "ChannelPauseEdge": "channelPauses { edges { F } }",
    "Delivery": _DELIVERIES + "{ nodes { F } }",
    "DeliveryAttempt": _DELIVERIES + "{ nodes { attempts { F } } }",
    "DeliveryConnection": _DELIVERIES + "{ F }",
    "DeliveryEdge": _DELIVERIES + "{ edges { F } }",
    "Enquiry": _ENQUIRY + "{ F }",
    "EnquiryConnection": _ASKED + "{ F }",
    "EnquiryEdge": _ASKED + "{ edges { F } }",
    "EnquiryListing": _ENQUIRY + "{ listing { F } }",
    "EnquiryMessage": _ENQUIRY + "{ messages { F } }",
    "EnquiryMessageConnection": _MESSAGES + "{ F }",
    "EnquiryMessageEdge": _MESSAGES + "{ edges { F } }",
    "ListingReport": _REPORTS + "{ nodes { F } }",
    "ListingReportConnection": _REPORTS + "{ F }",
    "ListingReportEdge": _REPORTS + "{ edges { F } }",
    "BoardFloor": _BOARD + "{ floors { F } }",
    "BoardListing": _BOARD + "{ floors { rooms { listing { F } } } }",
    "BoardRoom": _BOARD + "{ floors { rooms { F } } }",
    "RoomBoard": _BOARD + "{ F }",
    "SelfCheck": _CHECKS + "{ nodes { F } }",
    "SelfCheckConnection": _CHECKS + "{ F }",
    "SelfCheckEdge": _CHECKS + "{ edges { F } }",
    "SelfCheckItem": _CHECKS + "{ nodes { items { F } } }",
    "SelfCheckList": "selfCheckList { F }",
    "SelfCheckPoint": "selfCheckList { points { F } }",
    "SavedListing": _SAVED + "{ nodes { F } } }",
    "SavedListingConnection": _SAVED + "{ F } }",
    "SavedListingEdge": _SAVED + "{ edges { F } } }",
    "ClaimPhoto": _CLAIM + "{ papers { F } } }",
    "Claimant": _CLAIM + "{ claimant { F } } }",
    "CommunityCount": _FACETS + "{ communities { F } }",
    "ContentCheck": _LISTING + "{ contentChecks { F } }",
    "CreditSummary": _PLATE + "{ credit { F } }",
    "FacilityCount": _FACETS + "{ facilities { F } }",
    "Grid": 'node(id: "$grid") { ... on Grid { F } }',
    "GridConnection": 'grids(parentCode: "$community") { F }',
    "GridEdge": 'grids(parentCode: "$community") { edges { F } }',
    "GridPost": 'node(id: "$grid") { ... on Grid { posts { F } } }',
    "IssuedPlate": _PLACE + "{ plates { F } }",
    "LandlordCard": _LISTING + "{ landlord { F } }",
    "LeaseFiling": _PLACE + "{ leaseFilings { F } }",
    "Listing": _LISTING + "{ F }",
    "ListingSnapshot": _LISTING + "{ snapshots { F } }",
    "ListingConnection": 'listings(filter: { communityCode: "$community" }) { F }',
    "ListingEdge": 'listings(filter: { communityCode: "$community" }) { edges { F } }',
    "ListingFacets": _FACETS + "{ F }",
    "ListingMap": _MAP + "{ F }",
    "ListingSpot": _MAP + "{ spots { F } }",
    "MaskedContact": _PLACE + "{ contact { F } }",
    "Operator": _PLACE + "{ operators { F } }",
    "Organisation": _PLACE + "{ organisation { F } }",
    "PageInfo": 'listings(filter: { communityCode: "$community" }) { pageInfo { F } }',
    "Photo": _LISTING + "{ photos { F } }",
    "PhotoArea": _REDACTIONS + "{ areas { F } }",
    "PhotoRedaction": _REDACTIONS + "{ F }",
    "Place": _PLACE + "{ F }",
    "PlaceBlock": _PLACE + "{ blocks { F } }",
    "PlaceClaim": _CLAIM + "{ F } }",
    "PlaceClaimConnection": 'claims(filter: { gridCode: "$gridCode" }) { F }',
    "PlaceClaimEdge": 'claims(filter: { gridCode: "$gridCode" }) { edges { F } }',
    "PlaceConnection": 'places(filter: { gridCode: "$gridCode" }) { F }',
    "PlaceEdge": 'places(filter: { gridCode: "$gridCode" }) { edges { F } }',
    "MissingCharacter": _SHEET + "{ missingCharacters { F } }",
    "Plate": _PLATE + "{ F }",
    "PlateReplacement": _REPLACED + "{ nodes { F } }",
    "PlateReplacementConnection": _REPLACED + "{ F }",
    "PlateReplacementEdge": _REPLACED + "{ edges { F } }",
    "PlateSheet": _SHEET + "{ F }",
    "Point": _PLATE + "{ place { point { F } } }",
    "PublicPlace": _PLATE + "{ place { F } }",
    "OpenHazards": _PLATE + "{ credit { openHazards { F } } }",
    "PublicRoom": _PLATE + "{ room { F } }",
    "RentCount": _FACETS + "{ rents { F } }",
    "Room": _PLACE + "{ rooms { F } }",
    "SafetyCount": _FACETS + "{ safety { F } }",
    "AccountMerge": "accountMerges { nodes { F } }",
    "AccountMergeConnection": "accountMerges { F }",
    "AccountMergeEdge": "accountMerges { edges { F } }",
    "StaffMember": 'node(id: "$staff") { ... on StaffMember { F } }',
    "StaffMemberConnection": "staffMembers { F }",
    "StaffMemberEdge": "staffMembers { edges { F } }",
    "Reservation": "viewer { reservations { nodes { F } } }",
    "ReservationConnection": "viewer { reservations { F } }",
    "ReservationEdge": "viewer { reservations { edges { F } } }",
    "Announcement": 'announcement(id: "$announcement") { F }',
    "AnnouncementConnection": _ANNOUNCED + "{ F }",
    "AnnouncementEdge": _ANNOUNCED + "{ edges { F } }",
    "AudienceCount": _LOOK + "{ audiences { F } }",
    "FollowedPlace": "viewer { followedPlaces { F } }",
    "NoticeFormSlot": _LOOK + "{ wechat { F } }",
    "Notice": _NOTICE + "{ F }",
    "NoticeConnection": _NOTICES + "{ F }",
    "NoticeEdge": _NOTICES + "{ edges { F } }",
    "NoticePreview": _LOOK + "{ F }",
    "NoticeReceipt": _RECEIPTS + "{ nodes { F } }",
    "NoticeReceiptConnection": _RECEIPTS + "{ F }",
    "NoticeReceiptEdge": _RECEIPTS + "{ edges { F } }",
    "NoticeWords": _LOOK + "{ zh { F } }",
    "SignedInDevice": "viewer { devices { F } }",
    "Viewer": "viewer { F }",
    "Webhook": _WEBHOOKS + "{ F }",
    "WebhookAttempt": _SENT + "{ nodes { attempts { F } } }",
    "WebhookMessage": _SENT + "{ nodes { F } }",
    "WebhookMessageConnection": _SENT + "{ F }",
    "WebhookMessageEdge": _SENT + "{ edges { F } }",
}

# Fields that need a thing in another state than the rest of their type.
FIELDS: dict[str, str] = {
    "Listing.reservedUntil": 'listing(id: "$held") { F }',
    "Listing.reviewReason": 'listing(id: "$over") { F }',
    "Query.listingsInReview": (
        'listingsInReview(filter: { gridCode: "$gridCode" }) { nodes { id } }'
    ),
    "Plate.replacedBy": 'plate(token: "$oldToken") { F }',
    "Query.node": 'node(id: "$place") { id ... on Place { code } }',
    "Query.notification": _TOLD + "{ id }",
    "Query.viewer": "viewer { id }",
    "Query.plate": _PLATE + "{ state }",
    "Query.notice": _NOTICE + "{ id }",
    "Query.notices": _NOTICES + "{ nodes { id } }",
    "Query.noticeReceipts": _RECEIPTS + "{ nodes { name } }",
    "Query.previewNotice": _LOOK + "{ recipients }",
    "Query.announcement": 'announcement(id: "$announcement") { id }',
    "Query.announcements": _ANNOUNCED + "{ nodes { id } }",
    "Query.plateSheet": _SHEET + "{ state }",
    "Query.plateReplacements": _REPLACED + "{ nodes { token } }",
    "Query.listing": _LISTING + "{ title }",
    "Query.listings": 'listings(filter: { communityCode: "$community" }) { nodes { id } }',
    "Query.roomBoard": _BOARD + "{ vacant }",
    "Query.selfCheckList": "selfCheckList { version }",
    "Query.selfChecks": _CHECKS + "{ nodes { id } }",
    "Query.enquiry": _ENQUIRY + "{ id }",
    "Query.enquiryMessages": _MESSAGES + "{ nodes { id } }",
    "Query.listingEnquiries": _ASKED + "{ nodes { id } }",
    "Query.compareListings": _COMPARED + "{ rows { point } }",
    "Query.photoRedactions": _REDACTIONS + "{ id }",
    "Query.listingReports": _REPORTS + "{ nodes { id } }",
    "Query.listingFacets": _FACETS + "{ total }",
    "Query.listingMap": _MAP + "{ capped }",
    "Query.places": 'places(filter: { gridCode: "$gridCode" }) { nodes { id } }',
    "Query.claims": 'claims(filter: { gridCode: "$gridCode" }) { nodes { id } }',
    "Query.place": _PLACE + "{ code }",
    "Query.staffMembers": "staffMembers { nodes { id } }",
    "Query.accountMerges": "accountMerges { nodes { id } }",
    "Query.deliveries": _DELIVERIES + "{ nodes { id } }",
    "Query.channelPauses": "channelPauses { nodes { id } }",
    "Query.apps": "apps { nodes { id } }",
    "Query.webhooks": _WEBHOOKS + "{ id }",
    "Query.webhookMessages": _SENT + "{ nodes { id } }",
    "Query.webhookMessage": 'webhookMessage(id: "$hookMessage") { id }',
    "TemplatePreview.problems": _WRONG_WORDS + "{ F }",
    "Query.templates": "templates { topic }",
    "Query.templateHistory": _HISTORY + "{ nodes { id } }",
    "Query.previewTemplate": _PREVIEW + "{ zh { title } }",
    "Query.wechatTemplates": "wechatTemplates { form }",
    "Query.grids": 'grids(parentCode: "$community") { nodes { id } }',
}

# Mutation: to its payload.
MUTATIONS: dict[str, str] = {
    "addStaffMember": (
        '{ requestId: "$requestId", userName: "new.one", name: "测试", password: "long-password" }'
    ),
    "leaveStaffMember": '{ requestId: "$requestId", staffId: "$spare" }',
    "resetStaffPassword": (
        '{ requestId: "$requestId", staffId: "$spare", password: "long-password" }'
    ),
    "resetSecondFactor": '{ requestId: "$requestId", staffId: "$spare" }',
    "addApp": (
        '{ requestId: "$requestId", name: "测试", scopes: ["grids:read"],'
        ' gridCode: "$gridCode", contact: "nobody@example.test", expiresAt: "$nextMonth" }'
    ),
    "revokeApp": '{ requestId: "$requestId", appId: "$app" }',
    "addWebhook": (
        '{ requestId: "$requestId", appId: "$hookApp", url: "https://hooks.example.test/new",'
        ' kinds: ["place.updated"] }'
    ),
    "changeWebhook": '{ requestId: "$requestId", webhookId: "$webhook" }',
    "rotateWebhookSecret": '{ requestId: "$requestId", webhookId: "$webhook" }',
    "disableWebhook": '{ requestId: "$requestId", webhookId: "$webhook" }',
    "enableWebhook": '{ requestId: "$requestId", webhookId: "$offWebhook" }',
    "removeWebhook": '{ requestId: "$requestId", webhookId: "$webhook" }',
    "sendTestWebhook": '{ requestId: "$requestId", webhookId: "$webhook" }',
    "resendWebhook": '{ requestId: "$requestId", messageId: "$hookMessage" }',
    "publishTemplate": '{ requestId: "$requestId", expectedVersion: 1, ' + _WORDS + " }",
    "restoreShippedTemplate": '{ requestId: "$requestId", topic: LISTING_REFUSED }',
    "setWechatTemplate": (
        '{ requestId: "$requestId", form: NOTICE, templateId: "a-template-id",'
        ' keys: [{ slot: "title", key: "thing1" }], leaveOut: ["body", "at"] }'
    ),
    "lockAccount": '{ requestId: "$requestId", phone: "13800000000", reason: "测试原因" }',
    "unlockAccount": '{ requestId: "$requestId", phone: "no number" }',
    "bindWechatPhone": '{ requestId: "$requestId", code: "no-such-code" }',
    "disconnectWechat": '{ requestId: "$requestId" }',
    "undoAccountMerge": '{ requestId: "$requestId", mergeId: "$merge", reason: "测试原因" }',
    "closeAccount": '{ requestId: "$requestId" }',
    "changePassword": '{ old: "wrong", new: "short" }',
    "requestSmsCode": '{ phone: "13800000009" }',
    "signInWithSmsCode": '{ phone: "13800000009", code: "000000" }',
    "signInWithWechat": '{ code: "no-such-code" }',
    "signInStaff": '{ userName: "nobody.here", password: "wrong" }',
    "enrolTotp": "{}",
    "refreshSession": '{ refreshToken: "$refreshToken" }',
    "signOut": "{}",
    "setDisplayName": '{ requestId: "$requestId", displayName: "测试" }',
    "requestUpload": (
        '{ requestId: "$requestId", purpose: LISTING, contentType: "image/jpeg", size: 1000 }'
    ),
    "completeUpload": '{ requestId: "$requestId", uploadId: "$upload" }',
    "createListing": '{ requestId: "$requestId", roomId: "$emptyRoom", title: "测试", rent: 800 }',
    "updateListing": '{ requestId: "$requestId", listingId: "$listing", expectedVersion: 1 }',
    "publishListing": '{ requestId: "$requestId", listingId: "$draft" }',
    "decideListing": '{ requestId: "$requestId", listingId: "$unread", approve: true }',
    "refreshListing": '{ requestId: "$requestId", listingId: "$listing" }',
    "relistListing": '{ requestId: "$requestId", listingId: "$over" }',
    "reserveListing": '{ requestId: "$requestId", listingId: "$listing" }',
    "releaseReservation": '{ requestId: "$requestId", listingId: "$held" }',
    "markListingLet": '{ requestId: "$requestId", listingId: "$listing" }',
    "withdrawListing": '{ requestId: "$requestId", listingId: "$listing" }',
    "createListings": (
        '{ requestId: "$requestId", roomIds: ["$emptyRoom"], title: "测试", rent: "900" }'
    ),
    "publishListings": '{ requestId: "$requestId", listingIds: ["$draft"] }',
    "refreshListings": '{ requestId: "$requestId", listingIds: ["$listing"] }',
    "withdrawListings": '{ requestId: "$requestId", listingIds: ["$listing"] }',
    "changeRents": (
        '{ requestId: "$requestId",'
        ' items: [{ listingId: "$listing", expectedVersion: 1, rent: "777" }] }'
    ),
    "setRoomStates": (
        '{ requestId: "$requestId", placeId: "$place",'
        ' items: [{ roomId: "$emptyRoom", state: LET }] }'
    ),
    "submitSelfCheck": (
        '{ requestId: "$requestId", placeId: "$place", items: [' + _FINDINGS + "] }"
    ),
    "fixSelfCheckItem": (
        '{ requestId: "$requestId", itemId: "$checkItem", photoId: "$checkPhoto" }'
    ),
    "saveListing": '{ requestId: "$requestId", listingId: "$listing" }',
    "unsaveListing": '{ requestId: "$requestId", listingId: "$listing" }',
    "reportListing": '{ requestId: "$requestId", listingId: "$listing", reason: NOT_REAL }',
    "decideListingReport": (
        '{ requestId: "$requestId", reportId: "$report", uphold: true, reason: "测试原因" }'
    ),
    "redactPhoto": (
        '{ requestId: "$requestId", photoId: "$shown", reason: "测试原因",'
        " areas: [{ x: 0, y: 0, width: 0.5, height: 0.5 }] }"
    ),
    "resendDelivery": '{ requestId: "$requestId", deliveryId: "$delivery" }',
    "pauseChannel": '{ requestId: "$requestId", channel: WECHAT, reason: "测试原因" }',
    "resumeChannel": '{ requestId: "$requestId", channel: SMS }',
    "revealOriginal": (
        '{ requestId: "$requestId", redactionId: "$redaction", reason: "测试原因" }'
    ),
    "sendEnquiry": '{ requestId: "$requestId", listingId: "$listing", words: "还在吗" }',
    "answerEnquiry": '{ requestId: "$requestId", enquiryId: "$enquiry", words: "在的" }',
    "cancelViewing": '{ requestId: "$requestId", enquiryId: "$enquiry" }',
    "stopSharingPhone": '{ requestId: "$requestId", enquiryId: "$enquiry" }',
    "markNotificationsRead": '{ requestId: "$requestId", ids: ["$notification"] }',
    "markAllNotificationsRead": '{ requestId: "$requestId" }',
    "setNotificationPreference": (
        '{ requestId: "$requestId", group: LETTING, channel: WECHAT, wanted: false }'
    ),
    "setQuietHours": '{ requestId: "$requestId", from: "23:00", until: "07:00" }',
    "setLanguage": '{ requestId: "$requestId", language: EN }',
    "recordSubscriptions": (
        '{ requestId: "$requestId", answers: [{ templateId: "test-result", accepted: true }] }'
    ),
    "closeEnquiry": '{ requestId: "$requestId", enquiryId: "$enquiry" }',
    "filePlace": (
        '{ requestId: "$requestId", kind: RENTAL_HOUSE, name: "测试", gridCode: "$gridCode" }'
    ),
    "updatePlace": '{ requestId: "$requestId", placeId: "$place", expectedVersion: 1, floors: 4 }',
    "closePlace": '{ requestId: "$requestId", placeId: "$place", expectedVersion: 1 }',
    "addRooms": '{ requestId: "$requestId", placeId: "$place", rooms: [{ number: "901" }] }',
    "updateRoom": '{ requestId: "$requestId", roomId: "$room", rent: 700 }',
    "recordLease": (
        '{ requestId: "$requestId", placeId: "$place", number: "NEW-1", filedOn: "2026-01-05" }'
    ),
    "assignLandlord": (
        '{ requestId: "$requestId", placeId: "$place", phone: "13800000009", role: AGENT }'
    ),
    "endLandlord": '{ requestId: "$requestId", operatorId: "$operator" }',
    "claimPlace": ('{ requestId: "$requestId", plateToken: "$token", role: OWNER, photoIds: [] }'),
    "decideClaim": '{ requestId: "$requestId", claimId: "$waiting", verify: true }',
    "handOverPlace": '{ requestId: "$requestId", placeId: "$place", phone: "13800000009" }',
    "withdrawClaim": '{ requestId: "$requestId", claimId: "$claim" }',
    "blockPlace": '{ requestId: "$requestId", placeId: "$place", reason: "测试原因" }',
    "endBlock": '{ requestId: "$requestId", blockId: "$openBlock" }',
    "revealPlaceContact": '{ requestId: "$requestId", placeId: "$place", reason: "测试原因" }',
    "issuePlates": '{ requestId: "$requestId", placeId: "$place" }',
    "revokePlate": '{ requestId: "$requestId", plateId: "$plate" }',
    "printPlates": '{ requestId: "$requestId", placeIds: ["$place"], size: SMALL }',
    "postWarden": '{ requestId: "$requestId", staffId: "$spare", gridCode: "$gridCode" }',
    "endPost": '{ requestId: "$requestId", postId: "$post" }',
    "draftNotice": (
        '{ requestId: "$requestId", kind: NOTICE, gridCode: "$gridCode", ' + _NOTICE_WORDS + " }"
    ),
    "changeNotice": (
        '{ requestId: "$requestId", noticeId: "$draftNotice", expectedVersion: 1, kind: NOTICE,'
        ' gridCode: "$gridCode", ' + _NOTICE_WORDS + " }"
    ),
    "sendNotice": '{ requestId: "$requestId", noticeId: "$draftNotice", expectedVersion: 1 }',
    "cancelNotice": '{ requestId: "$requestId", noticeId: "$draftNotice" }',
    "followPlace": '{ requestId: "$requestId", placeId: "$place", radius: 100 }',
    "unfollowPlace": '{ requestId: "$requestId", placeId: "$place" }',
    "setOfficePhone": (
        '{ requestId: "$requestId", gridCode: "$gridCode", officePhone: "0769-12345678" }'
    ),
}

# Which mutation leads to a type, and how on.
PAYLOADS: dict[str, tuple[str, str]] = {
    "Account": ("lockAccount", "{ account { F } }"),
    "AccountMergePayload": ("undoAccountMerge", "{ F }"),
    "AccountPayload": ("lockAccount", "{ F }"),
    "AddAppPayload": ("addApp", "{ F }"),
    "AppPayload": ("revokeApp", "{ F }"),
    "TopicTemplatePayload": ("publishTemplate", "{ F }"),
    "FormSettingPayload": ("setWechatTemplate", "{ F }"),
    "ChannelPausePayload": ("resumeChannel", "{ F }"),
    "DeliveryPayload": ("resendDelivery", "{ F }"),
    "CloseAccountPayload": ("closeAccount", "{ F }"),
    "RemoveWebhookPayload": ("removeWebhook", "{ F }"),
    "WebhookMessagePayload": ("sendTestWebhook", "{ F }"),
    "WebhookPayload": ("changeWebhook", "{ F }"),
    "WebhookSecretPayload": ("rotateWebhookSecret", "{ F }"),
    "StaffMemberPayload": ("addStaffMember", "{ F }"),
    "ContactPayload": ("revealPlaceContact", "{ F }"),
    "RoomBoardPayload": ("setRoomStates", "{ F }"),
    "SelfCheckPayload": ("fixSelfCheckItem", "{ F }"),
    "MarkNotificationsReadPayload": ("markNotificationsRead", "{ F }"),
    "MarkAllNotificationsReadPayload": ("markAllNotificationsRead", "{ F }"),
    "NotificationSettingsPayload": ("setQuietHours", "{ F }"),
    "RecordSubscriptionsPayload": ("recordSubscriptions", "{ F }"),
    "EnquiryPayload": ("closeEnquiry", "{ F }"),
    "ListingReportPayload": ("decideListingReport", "{ F }"),
    "ReportListingPayload": ("reportListing", "{ F }"),
    "SavedListingPayload": ("saveListing", "{ F }"),
    "EnrolTotpPayload": ("enrolTotp", "{ F }"),
    "GridPayload": ("setOfficePhone", "{ F }"),
    "GridPostPayload": ("postWarden", "{ F }"),
    "ListingsPayload": ("changeRents", "{ F }"),
    "ListingPayload": ("updateListing", "{ F }"),
    "FollowedPlacesPayload": ("followPlace", "{ F }"),
    "NoticePayload": ("draftNotice", "{ F }"),
    "PhotoPayload": ("completeUpload", "{ F }"),
    "PlaceClaimPayload": ("decideClaim", "{ F }"),
    "PlacePayload": ("updatePlace", "{ F }"),
    "RedactPhotoPayload": ("redactPhoto", "{ F }"),
    "RevealOriginalPayload": ("revealOriginal", "{ F }"),
    "PlatePayload": ("revokePlate", "{ F }"),
    "PlateSheetPayload": ("printPlates", "{ F }"),
    "PlatesPayload": ("issuePlates", "{ F }"),
    "Session": ("refreshSession", "{ session { F } }"),
    "SessionPayload": ("refreshSession", "{ F }"),
    "SignOutPayload": ("signOut", "{ F }"),
    "SmsCodePayload": ("requestSmsCode", "{ F }"),
    "UploadHeader": ("requestUpload", "{ headers { F } }"),
    "UploadPayload": ("requestUpload", "{ F }"),
    "ViewerPayload": ("setDisplayName", "{ F }"),
}

# Empty for the things of the test, whoever asks.
EMPTY_HERE = frozenset(
    {
        "AccountMerge.undoneAt",
        "App.revokedAt",
        "ChannelPause.endedAt",
        "ChannelPause.until",
        "ComparisonRow.facility",
        "CreditSummary.grade",
        "SelfCheckItem.words",
        "EnrolTotpPayload.recoveryCodes",
        "Grid.divisionCode",
        "Operator.actsFor",  # nobody acts for anybody, and the owner has no head lease
        "Operator.leaseUntil",
        "PlaceClaim.actsFor",
        "PlaceClaim.leaseFrom",
        "PlaceClaim.leaseUntil",
        "PlaceClaim.reason",
        "GridPost.department",
        "IssuedPlate.endReason",
        "BoardListing.reservedUntil",
        "ListingReport.decidedAt",
        "ListingReport.decision",
        "Listing.beds",
        "Listing.electricityPrice",
        "Listing.facilities",
        "Listing.managementFee",
        "Listing.waterPrice",
        "Notification.readAt",
        "NotificationSettings.language",
        "PhotoRedaction.goneAt",
        "Place.endedAt",
        "PlateSheet.failure",
        "PublicPlace.photo",
        "Reservation.endedAt",
        "StaffMember.leftAt",
        "StaffMember.lockedUntil",
        "WebhookMessage.dueAt",
        "Viewer.permissions",  # of accounts
    }
)
for _part in PARTS:
    TYPES |= _part.TYPES
    FIELDS |= _part.FIELDS
    MUTATIONS |= _part.MUTATIONS
    PAYLOADS |= _part.PAYLOADS
    EMPTY_HERE |= _part.EMPTY_HERE

# Sign-ins that are refused for what was typed, not for who asks.
WRONG_SECRETS = {"signInWithSmsCode": "WRONG_CODE", "signInStaff": "SIGN_IN_REFUSED"}


def leaf(field_name: str, field: GraphQLField) -> str:
    """A selection of one field under the name ``leaf``."""
    beneath = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"leaf: {field_name}{beneath}"


def filled(way: str, names: dict[str, str], selection: str = "") -> str:
    """A way with the names of somebody's things and a selection."""
    return Template(way.replace("{ F }", "{ " + selection + " }")).substitute(names)
