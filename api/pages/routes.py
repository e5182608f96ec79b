"""The routes of everything that people look at."""

from __future__ import annotations

from starlette.routing import Route

from api.pages.announcements import announcement_page, announcements_page
from api.pages.asking import ask_page, report_page
from api.pages.codes import plate_png, plate_svg
from api.pages.house import house_page
from api.pages.landing import favicon, landing_page, old_favicon, robots
from api.pages.listing import listing_page, old_room_page
from api.pages.pictures import locked_picture, picture, private_picture
from api.pages.plate import plate_page
from api.pages.plate_sheets import plate_sheet
from api.pages.rent import rent_page
from api.pages.verification import verification_file

routes: list[Route] = [
    Route("/", landing_page),
    Route("/q/{token}.png", plate_png),
    Route("/q/{token}.svg", plate_svg),
    Route("/q/{name}.txt", verification_file),
    Route("/q/{token}", plate_page),
    Route("/rent", rent_page),
    Route("/l/{listing}", listing_page),
    Route("/l/{listing}/ask", ask_page, methods=["GET", "POST"]),
    Route("/l/{listing}/report", report_page, methods=["GET", "POST"]),
    Route("/announcements", announcements_page),
    Route("/a/{announcement}", announcement_page),
    Route("/p/{code}", house_page),
    Route("/rooms/{listing_id:uuid}", old_room_page),
    Route("/media/{name}", picture),
    Route("/media/private/{name}", private_picture),
    Route("/plate-sheets/{sheet_id:uuid}.pdf", plate_sheet),
    Route("/media/locked/{name}", locked_picture),
    Route("/favicon.svg", favicon),
    Route("/favicon.ico", old_favicon),
    Route("/robots.txt", robots),
    Route("/{name}.txt", verification_file),
]
