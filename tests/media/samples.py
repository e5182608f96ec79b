"""Pictures as phones and as enemies send them, made when they are needed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

CANARY = b"CANARY-113.67-22.93"
_TEXT = CANARY.decode()


def encoded(image: Image.Image, file_format: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def plain(width: int = 1000, height: int = 750, file_format: str = "JPEG") -> bytes:
    """Something with detail."""
    return encoded(Image.effect_noise((width, height), 60).convert("RGB"), file_format)


def exif(orientation: int = 1) -> bytes:
    """Where and by whom it was taken."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = _TEXT
    data[0x9286] = _TEXT
    gps = data.get_ifd(0x8825)
    gps[1], gps[2] = "N", (22.0, 56.0, 1.5)
    gps[3], gps[4] = "E", (113.0, 40.0, 2.5)
    gps[27] = _TEXT
    return data.tobytes()


def telling(file_format: str) -> bytes:
    """A picture with metadata in every place that its format has."""
    image = Image.effect_noise((900, 600), 60).convert("RGB")
    options: dict[str, Any] = {"exif": exif(), "icc_profile": CANARY * 4, "xmp": CANARY}
    if file_format == "JPEG":
        options["comment"] = CANARY
    if file_format == "PNG":
        del options["xmp"]
        text = PngInfo()
        text.add_text("Comment", _TEXT)
        text.add_itxt("XML:com.adobe.xmp", _TEXT)
        options["pnginfo"] = text
    data = encoded(image, file_format, **options)
    assert CANARY in data
    return data


def bomb(width: int = 9000, height: int = 9000) -> bytes:
    """A PNG of some kilobytes that says it is black, width by height."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 2) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def with_archive(picture: bytes) -> bytes:
    """A picture that is an archive too."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{_TEXT}.html", f"<script>{_TEXT}</script>")
    data = picture + file.getvalue()
    assert zipfile.is_zipfile(BytesIO(data))
    return data


def moving(file_format: str) -> bytes:
    """Three frames: red, green, blue."""
    frames = [Image.new("RGB", (80, 60), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], file_format, save_all=True, append_images=frames[1:])


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n(/etc/passwd) run showpage\n"

# Name → file, announced as, reason.
HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "bomb": (bomb(), "image/png", "TOO_MANY_PIXELS"),
    "larger bomb": (bomb(20_000, 20_000), "image/png", "TOO_MANY_PIXELS"),
    "svg": (SVG, "image/png", "NOT_A_PICTURE"),
    "eps": (EPS, "image/jpeg", "NOT_A_PICTURE"),
    "gif": (encoded(Image.new("RGB", (9, 9)), "GIF"), "image/png", "NOT_A_PICTURE"),
    "tiff": (encoded(Image.new("RGB", (9, 9)), "TIFF"), "image/jpeg", "NOT_A_PICTURE"),
    "page": (b"<!doctype html><script>alert(1)</script>", "image/jpeg", "NOT_A_PICTURE"),
    "nothing but zeros": (bytes(1000), "image/jpeg", "NOT_A_PICTURE"),
    "first bytes of a jpeg": (b"\xff\xd8\xff", "image/jpeg", "NOT_A_PICTURE"),
    "first bytes of a webp": (b"RIFF\x04\0\0\0WEBP", "image/webp", "NOT_A_PICTURE"),
    "half a jpeg": (plain()[:40_000], "image/jpeg", "TRUNCATED"),
    "half a png": (plain(200, 150, "PNG")[:40_000], "image/png", "TRUNCATED"),
    "half a webp": (plain(200, 150, "WEBP")[:4_000], "image/webp", "TRUNCATED"),
    "png as jpeg": (plain(90, 60, "PNG"), "image/jpeg", "TYPE_MISMATCH"),
    "webp as png": (plain(90, 60, "WEBP"), "image/png", "TYPE_MISMATCH"),
    "eps in a jpeg's clothes": (b"\xff\xd8\xff\xe0" + EPS, "image/jpeg", "TRUNCATED"),
}
