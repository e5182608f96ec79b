"""Who hears of what: a handler lost or doubled by a change shows here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

# In a process of its own: other tests register handlers of their own.
ASK = """
import json
from api.assembly import assemble
from core import events, jobs
from core.settings import settings
assemble(settings())
clock = jobs.blueprint.periodic_registry.periodic_tasks
print(json.dumps({
    "wiring": events.wiring(),
    "kinds": len({*events._at_once, *events._at_the_end, *events._afterwards}),
    "jobs": sorted(jobs.blueprint.tasks),
    "clock": {name: task.cron for (name, _), task in clock.items()},
}))
"""

DUTIES = "management.people.duties"
LANDLORD = "landlord.handlers"
INDEX_LISTING = "landlord.search.keeping.index_listing"
INDEX_LISTINGS = "landlord.search.keeping.index_listings"
INDEX_PLACE = "landlord.search.keeping.index_place"
LIVE = "notifications.grid_activity"
APPS = "notifications.webhooks.messages.tell_apps"

WIRING = {
    "AccountClosed": ([f"{LANDLORD}.release_what_a_closed_account_holds"], []),
    "HouseHandedOver": ([f"{DUTIES}.hand_duties_over"], []),
    "LandlordEnded": (
        [
            f"{DUTIES}.cancel_duties_of_former_landlord",
            f"{LANDLORD}.withdraw_listings_of_former_landlord",
        ],
        [],
    ),
    "LeaseFiled": ([f"{DUTIES}.begin_duty_of_lease", APPS], [f"{LIVE}.lease_filed"]),
    "ListingPublished": ([INDEX_LISTING, APPS], [f"{LIVE}.listing_published"]),
    "ListingRefreshed": ([INDEX_LISTING], []),
    "ListingUpdated": ([INDEX_LISTING, APPS], []),
    "ListingsPublished": ([INDEX_LISTINGS, APPS], [f"{LIVE}.listings_published"]),
    "ListingsToCheck": ([], ["landlord.check_listings"]),
    "ListingsRefreshed": ([INDEX_LISTINGS], []),
    "ListingsRestored": ([INDEX_PLACE], []),
    "ListingsUpdated": ([INDEX_LISTINGS, APPS], []),
    "PlaceBlocked": ([f"{LANDLORD}.suspend_listings", APPS], [f"{LIVE}.place_blocked"]),
    "PlaceClosed": (
        [
            "management.people.asking.end_with_the_place",
            f"{DUTIES}.cancel_duties_of_closed_place",
            f"{LANDLORD}.withdraw_listings_of_closed_place",
            APPS,
        ],
        [f"{LIVE}.place_closed"],
    ),
    "PlaceFiled": ([APPS], [f"{LIVE}.place_filed"]),
    "PlaceUnblocked": ([f"{LANDLORD}.restore_listings", APPS], [f"{LIVE}.place_unblocked"]),
    "PlaceUpdated": ([f"{LANDLORD}.move_listings", INDEX_PLACE, APPS], [f"{LIVE}.place_updated"]),
    "ReservationExpired": ([INDEX_LISTING, APPS], []),
    "ReservationReleased": ([INDEX_LISTING, APPS], []),
    "HazardChangedHands": ([], ["management.follow_task"]),
    "RightsChanged": ([], ["management.return_tasks"]),
    "RoomUpdated": (
        [f"{LANDLORD}.withdraw_listings_of_changed_room", INDEX_PLACE, APPS],
        [f"{LIVE}.room_updated"],
    ),
    "ResidenceBegan": ([f"{DUTIES}.settle_duties_of_residences"], []),
    "RoomsVacated": ([f"{DUTIES}.cancel_duties_of_vacated_rooms"], []),
    "RoomsAdded": ([APPS], [f"{LIVE}.rooms_added"]),
    "RoomsUpdated": (
        [f"{LANDLORD}.withdraw_listings_of_changed_rooms", INDEX_PLACE, APPS],
        [f"{LIVE}.rooms_updated"],
    ),
    "PersonUnbound": (["citizen.handlers.drop_copies"], []),
    "ResidenceEnded": (
        ["management.people.asking.look_no_more", "citizen.handlers.end_what_waits_for_it"],
        [],
    ),
    "SmsCodeRequested": ([], ["identity.send_sms_code"]),
    "WardenPosted": ([APPS], [f"{LIVE}.warden_posted"]),
    "WeChatMessageFateKnown": ([], ["notifications.message_fate_known"]),
    "WeChatSubscriptionsChanged": ([], ["notifications.subscriptions_changed"]),
    "ListingExpired": ([APPS], []),
    "ListingLet": ([APPS], []),
    "ListingReserved": ([APPS], []),
    "ListingTakenDown": ([APPS], []),
    "ListingWithdrawn": ([APPS], []),
    "PlateIssued": ([APPS], []),
    "PlateRevoked": ([APPS], []),
    "WeChatMediaChecked": ([], ["landlord.note_media_verdict"]),
}

TOLD = "notifications.recipients"

# Who is told of what, after everything above.
RECIPIENTS = {
    "AccountsMerged": ["accounts.tell_of_merge"],
    "DataExported": ["accounts.tell_of_copy"],
    "ClaimDecided": ["houses.tell_of_refused_claim"],
    "ClaimDropped": ["houses.tell_of_dropped_claim"],
    "ClaimMade": ["work.tell_of_claim"],
    "DeclarationDecided": ["declarations.tell_of_decision"],
    "DeclarationHeld": ["declarations.tell_of_held"],
    "ObjectionDecided": ["declarations.tell_of_decided_objection"],
    "TenantAnswered": ["declarations.tell_of_denial"],
    "EnquiryAnswered": ["seeking.tell_the_other_side"],
    "EnquirySent": ["seeking.tell_the_other_side"],
    "HazardDocumentIssued": ["hazards.tell_of_document"],
    "HazardEscalated": ["hazards.tell_of_delay"],
    "HazardMoved": ["hazards.tell_of_step"],
    "HouseHandedOver": ["houses.tell_both_sides"],
    "LandlordAssigned": ["houses.tell_of_verified_claim"],
    "LandlordEnded": ["houses.tell_of_ended_claim"],
    "ListingAboutToExpire": ["letting.warn"],
    "ListingExpired": ["letting.tell_of_expiry", "seeking.tell_of_what_is_gone"],
    "ListingLet": ["seeking.tell_of_what_is_gone"],
    "ListingPublished": ["letting.tell_of_approval"],
    "ListingRefused": ["letting.tell_of_refusal"],
    "ListingReportDecided": ["seeking.tell_reporters"],
    "ListingReported": ["work.tell_of_report"],
    "ListingReserved": ["letting.tell_of_reservation"],
    "ListingSentToReview": ["work.tell_of_review"],
    "ListingTakenDown": ["letting.tell_of_upheld_report", "seeking.tell_of_what_is_gone"],
    "ListingWithdrawn": ["letting.tell_of_end", "seeking.tell_of_what_is_gone"],
    "ListingsRestored": ["seeking.tell_holders_of_return"],
    "ListingsSuspended": ["seeking.tell_holders_of_suspension"],
    "PhoneShared": ["seeking.tell_the_other_side"],
    "PhotoRedacted": ["letting.tell_of_redaction"],
    "PlaceBlocked": [
        "hazards.warn_who_lives_there",
        "houses.tell_of_block",
        "safety.tell_followers_of_block",
    ],
    "PlaceUnblocked": [
        "houses.tell_of_last_block_over",
        "safety.tell_followers_of_last_block_over",
    ],
    "ReservationExpired": ["seeking.tell_of_expired_hold"],
    "ReservationReleased": ["seeking.tell_of_what_is_gone"],
    "PermitEndorsementDue": ["residents.remind_of_endorsement"],
    "PersonRead": ["residents.tell_of_look"],
    "PersonUnbound": ["residents.tell_of_unbinding"],
    "ResidenceAsked": ["residents.ask"],
    "ResidenceEnded": ["residents.tell_of_end", "tenants.tell_tenants_who_are_out"],
    "SelfCheckDue": ["houses.remind"],
    "SignedIn": ["accounts.tell_of_new_device"],
    "TenantDeclared": [
        "declarations.tell_of_declarations",
        "tenants.tell_declared_tenants",
    ],
    "TenantDutyBegan": ["tenants.tell_of_new_duties"],
    "TenantDutyDue": ["tenants.remind_of_duties"],
    "TenantDutyOverdue": ["tenants.tell_of_overdue_duties"],
    "TaskAssigned": ["tasks.tell_assignee"],
    "TaskEnded": ["tasks.tell_sender"],
    "TaskOverdue": ["tasks.tell_of_passed_deadline"],
    "TaskRaised": ["tasks.tell_pool"],
    "TaskUrged": ["tasks.tell_of_urging"],
    "ViewingAsked": ["seeking.tell_the_other_side"],
    "ViewingDecided": ["seeking.tell_the_other_side"],
    "WardenPosted": ["work.tell_of_post"],
}

# UTC; the town's night is 16:00 to 22:00.
CLOCK = {
    "citizen.close_questions": "47 * * * *",
    "core.enforce_retention": "53 19 * * *",
    "core.forget_done": "17 20 * * *",
    "core.forget_requests": "41 19 * * *",
    "core.rescue_stalled": "* * * * *",
    "identity.end_expired_sessions": "11 19 * * *",
    "landlord.expire_reservations": "* * * * *",
    "landlord.search_reconcile": "33 18 * * *",
    "landlord.tend_listings": "7 * * * *",
    "management.block_for_tenant_duties": "23 16 * * *",
    "management.end_over_leases": "7 16 * * *",
    "management.return_stranded_tasks": "19 16 * * *",
    "management.tell_overdue_tasks": "*/5 * * * *",
    "management.remind_of_tenant_duties": "11 1 * * *",
    "management.ask_after_residences": "37 1 * * *",
    "management.remind_of_endorsements": "13 2 * * *",
    "management.sweep_plate_sheets": "29 19 * * *",
    "landlord.remind_of_self_checks": "7 2 25 * *",
    "management.tend_hazards": "* * * * *",
    "media.sweep": "23 19 * * *",
    "notifications.begin_notices": "* * * * *",
    "notifications.forget_webhooks": "47 18 * * *",
    "notifications.sweep": "* * * * *",
    "notifications.sweep_webhooks": "* * * * *",
}

OTHER_JOBS = [
    "citizen.make_data_export",
    "landlord.ask_about_listing",
    "management.draw_plate_sheet",
    "media.remove_files",
    "notifications.dispatch",
    "notifications.note_fate",
    "notifications.deliver_webhook",
    "notifications.plan_notice",
]


@pytest.fixture(scope="module")
def assembled() -> dict[str, Any]:
    answer = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def of_people(handler: str) -> bool:
    return handler.startswith(f"{TOLD}.")


def test_every_event_is_told_to_whom_it_should(assembled: dict[str, Any]) -> None:
    told = {
        kind: ([one for one in at_once if not of_people(one)], later)
        for kind, (at_once, later) in assembled["wiring"].items()
    }
    assert {kind: heard for kind, heard in told.items() if any(heard)} == WIRING


def test_people_are_told_of_what_concerns_them(assembled: dict[str, Any]) -> None:
    told = {
        kind: [one.removeprefix(f"{TOLD}.") for one in at_once if of_people(one)]
        for kind, (at_once, _) in assembled["wiring"].items()
    }
    assert {kind: heard for kind, heard in told.items() if heard} == RECIPIENTS


def test_no_two_events_share_a_name(assembled: dict[str, Any]) -> None:
    assert assembled["kinds"] == len(assembled["wiring"])


def test_what_the_clock_does(assembled: dict[str, Any]) -> None:
    assert assembled["clock"] == CLOCK


def test_every_job_has_an_event_or_the_clock_behind_it(assembled: dict[str, Any]) -> None:
    of_events = [name for _, later in WIRING.values() for name in later]
    assert assembled["jobs"] == sorted([*of_events, *CLOCK, *OTHER_JOBS])
