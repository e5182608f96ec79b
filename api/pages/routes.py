"""The routes of everything that people look at."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from api.edge.bodies import BodyRule
from api.pages.announcements import announcement_page, announcements_page
from api.pages.asking import ask_page, report_page
from api.pages.certificate_offers import draw_page
from api.pages.codes import plate_png, plate_svg
from api.pages.declaring import declare_page
from api.pages.following import follow_page
from api.pages.hazard_documents import hazard_document
from api.pages.hazard_follow_up import follow_up_page
from api.pages.hazard_map import hazards_geojson, map_page
from api.pages.hazard_reporting import report_anywhere, report_at_plate
from api.pages.house import house_page
from api.pages.landing import favicon, landing_page, old_favicon, robots
from api.pages.listing import listing_page, old_room_page
from api.pages.my_data import my_data
from api.pages.pictures import locked_picture, picture, private_picture
from api.pages.plate import plate_page
from api.pages.plate_sheets import plate_sheet
from api.pages.rent import rent_page
from api.pages.verification import verification_file
from api.pages.verify import certificate_file, verify_page

# Six pictures as phones take them, and words; on a slow line.
_WITH_PICTURES: Final = BodyRule(bytes=61 * 1024 * 1024, seconds=300.0)
BODIES: Final = {
    "/q/*/report": _WITH_PICTURES,
    "/report": _WITH_PICTURES,
    "/h": _WITH_PICTURES,
}
_FORM: Final = ["GET", "POST"]

routes: list[Route] = [
    Route("/", landing_page),
    Route("/q/{token}.png", plate_png),
    Route("/q/{token}.svg", plate_svg),
    Route("/q/{name}.txt", verification_file),
    Route("/q/{token}", plate_page),
    Route("/q/{token}/report", report_at_plate, methods=_FORM),
    Route("/q/{token}/declare", declare_page, methods=_FORM),
    Route("/report", report_anywhere, methods=_FORM),
    Route("/h", follow_up_page, methods=_FORM),
    Route("/follow/{hazard}", follow_page, methods=_FORM),
    Route("/rent", rent_page),
    Route("/l/{listing}", listing_page),
    Route("/l/{listing}/ask", ask_page, methods=_FORM),
    Route("/l/{listing}/report", report_page, methods=_FORM),
    Route("/map", map_page),
    Route("/hazards.geojson", hazards_geojson),
    Route("/announcements", announcements_page),
    Route("/a/{announcement}", announcement_page),
    Route("/p/{code}", house_page),
    Route("/rooms/{listing_id:uuid}", old_room_page),
    Route("/media/{name}", picture),
    Route("/media/private/{name}", private_picture),
    Route("/v/{token}", verify_page),
    Route("/certificates/{certificate_id:uuid}.pdf", certificate_file),
    Route("/certificates/of/{declaration_id:uuid}", draw_page, methods=["POST"]),
    Route("/plate-sheets/{sheet_id:uuid}.pdf", plate_sheet),
    Route("/hazard-documents/{document_id:uuid}.pdf", hazard_document),
    Route("/media/locked/{name}", locked_picture),
    Route("/my-data/{export_id:uuid}.{form}", my_data),
    Route("/favicon.svg", favicon),
    Route("/favicon.ico", old_favicon),
    Route("/robots.txt", robots),
    Route("/{name}.txt", verification_file),
]
