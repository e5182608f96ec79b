"""``/q/{token}.png`` and ``.svg``: the QR code that is printed on a plate."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from math import ceil
from typing import Any, Final

from qrcode.constants import ERROR_CORRECT_Q
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage
from qrcode.main import QRCode
from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages.errors import for_people
from api.pages.fetched import IMMUTABLE, nothing
from citizen.scanning import scan
from core.settings import settings
from identity.actor import anonymous
from management.models import PlateState

# A quarter of the code may be scratched or sun-bleached; ISO/IEC 18004 asks for four light
# modules around it.
_QUIET_ZONE: Final = 4
_SMALLEST_PIXELS: Final = 600
_MEDIA_TYPES: Final = {"png": "image/png", "svg": "image/svg+xml"}


@for_people
async def plate_png(request: Request) -> Response:
    """The code as PNG, at least 600 pixels wide."""
    return await _code(request, "png")


@for_people
async def plate_svg(request: Request) -> Response:
    """The code as SVG: one path, any size."""
    return await _code(request, "svg")


async def _code(request: Request, file_format: str) -> Response:
    token = request.path_params["token"]
    scanned = await scan(anonymous(hashed_address(request)), token)
    if scanned is None:
        return nothing()
    if scanned.state is not PlateState.ACTIVE:
        return nothing(410)
    image = draw_code(f"{settings().public_url}/q/{token}", file_format)
    return Response(image, 200, IMMUTABLE, media_type=_MEDIA_TYPES[file_format])


@lru_cache(256)
def draw_code(text: str, file_format: str) -> bytes:
    """A QR code of the text, as ``png`` or ``svg``."""
    code: Any = QRCode(  # the library has no types
        error_correction=ERROR_CORRECT_Q, border=_QUIET_ZONE
    )
    code.add_data(text)
    code.make(fit=True)
    code.box_size = ceil(_SMALLEST_PIXELS / (code.modules_count + 2 * _QUIET_ZONE))
    file = BytesIO()
    factory = PilImage if file_format == "png" else SvgPathFillImage
    code.make_image(image_factory=factory).save(file)
    return file.getvalue()
