"""From an uploaded file to the files we serve: pixels only, made anew, in our widths and formats.

What comes in is hostile until shown otherwise. Decoding happens in a process of its own
(:mod:`media.worker`); this module is what runs there and needs nothing but Pillow.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from media.formats import FORMATS, WIDTHS

MOST_PIXELS: Final = 20_000_000
TALLEST: Final = 3  # times as high as wide: no picture is a ribbon
# The most bytes of a file by its width: pages are read over a phone's network.
LIMITS: Final = {360: 25_000, 720: 60_000}
_QUALITIES: Final = (82, 72, 62, 50)
_WHITE: Final = (255, 255, 255)
_SOLID: Final = (0, 0, 0)

# The first bytes of each kind, by the name that Pillow gives it.
_MEDIA_TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class Refused(Exception):
    """The file is not taken; the first argument is the reason code, which pickles."""


@dataclass(frozen=True, slots=True)
class Variants:
    """What is served of a picture: files by width and format, and the size of the largest."""

    width: int
    height: int
    files: dict[tuple[int, str], bytes]


class Area(NamedTuple):
    """A rectangle of a picture, in fractions of its width and height from the upper left."""

    x: float
    y: float
    width: float
    height: float


def kind_of(data: bytes) -> str | None:
    """``image/jpeg``, ``image/png`` or ``image/webp`` by the first bytes; else ``None``."""
    if data.startswith(b"\xff\xd8\xff"):
        return _MEDIA_TYPES["JPEG"]
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _MEDIA_TYPES["PNG"]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _MEDIA_TYPES["WEBP"]
    return None


def redraw(data: bytes) -> Variants:
    """Draw a picture anew, upright, on white, in every width and format.

    Small pictures are not made larger; of several frames the first counts; what lies behind the
    end of the picture is not carried over, nor is any metadata.

    Raises:
        Refused: ``NOT_A_PICTURE``, ``TOO_MANY_PIXELS``, ``TRUNCATED``.
    """
    return _guarded(data, variants_of)


def painted(data: bytes, areas: Sequence[Area]) -> Variants:
    """As :func:`redraw`, with these areas painted over: nothing of what was there is left.

    Raises:
        Refused: as there.
    """
    return _guarded(data, partial(_painted, areas=areas))


def _guarded(data: bytes, finish: Callable[[Image.Image], Variants]) -> Variants:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning)  # odd metadata, which is dropped
        try:
            return finish(_decoded(data))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
            raise Refused("TOO_MANY_PIXELS") from None
        except UnidentifiedImageError:
            raise Refused("NOT_A_PICTURE") from None
        except Refused:
            raise
        except Exception:  # a broken file can make a decoder fail in any way
            raise Refused("TRUNCATED") from None


def _decoded(data: bytes) -> Image.Image:
    """The picture upright and in RGB."""
    wanted = kind_of(data)
    names = [name for name, media_type in _MEDIA_TYPES.items() if media_type == wanted]
    if not names:
        raise Refused("NOT_A_PICTURE")
    image: Image.Image = Image.open(BytesIO(data), formats=names)
    if image.width * image.height > MOST_PIXELS:
        raise Refused("TOO_MANY_PIXELS")
    # A JPEG can be decoded at a half, a quarter or an eighth, with a fraction of time and memory.
    image.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
    image.load()
    return _on_white(image)


def _on_white(image: Image.Image) -> Image.Image:
    orientation = 1
    with suppress(Exception):  # EXIF can be broken in any way; then it says nothing
        orientation = image.getexif().get(0x0112, 1)
    if image.has_transparency_data:
        drawn = image if image.mode == "RGBA" else image.convert("RGBA")
        flat = Image.new("RGB", drawn.size, _WHITE)
        flat.paste(drawn, mask=drawn.getchannel("A"))
    elif image.mode.startswith("I"):  # 16 bits a pixel
        flat = image.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    else:
        flat = image if image.mode == "RGB" else image.convert("RGB")
    flat.info.clear()
    flat.getexif().clear()
    if orientation in range(2, 9):
        flat.getexif()[0x0112] = orientation
        ImageOps.exif_transpose(flat, in_place=True)
    return flat


def _fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture within a box, never larger than it is."""
    scale = min(1.0, width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    # Only pixels go on: what a decoder noted beside them, such as a comment, stays behind.
    clean = Image.new("RGB", size)
    clean.paste(small)
    return clean


def _painted(image: Image.Image, areas: Sequence[Area]) -> Variants:
    # On pixels of the largest variant: whatever is made smaller is made of what is painted.
    flat = _fitted(image, WIDTHS[-1], TALLEST * WIDTHS[-1])
    draw = ImageDraw.Draw(flat)
    for area in areas:
        # Outwards to whole pixels; the last row and column of a rectangle belong to it.
        left, top = math.floor(area.x * flat.width), math.floor(area.y * flat.height)
        right = math.ceil((area.x + area.width) * flat.width) - 1
        bottom = math.ceil((area.y + area.height) * flat.height) - 1
        draw.rectangle((left, top, max(left, right), max(top, bottom)), fill=_SOLID)
    return variants_of(flat)


def variants_of(image: Image.Image) -> Variants:
    """Every width and format of a picture in RGB, by the one set of rules for size and quality."""
    files = {}
    largest = _fitted(image, WIDTHS[-1], TALLEST * WIDTHS[-1])
    for width in WIDTHS:
        small = _fitted(largest, width, TALLEST * width)
        for file_format in FORMATS:
            files[width, file_format] = _encoded(small, file_format, LIMITS[width])
    return Variants(*largest.size, files)


def _encoded(image: Image.Image, file_format: str, most: int) -> bytes:
    """Quality gives way, down to a floor, until the file is small enough."""
    data = b""
    for quality in _QUALITIES:
        file = BytesIO()
        if file_format == "webp":
            image.save(file, "WEBP", quality=quality, method=4)
        else:
            image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        data = file.getvalue()
        if len(data) <= most:
            break
    return data
