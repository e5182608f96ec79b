"""QR codes and pictures as they are fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from api.pages.codes import draw_code
from core import settings as settings_module
from core.settings import settings
from management.models import PlateState
from media.storage import store
from tests import factories as make
from tests.api.visitor import visitor

IMMUTABLE = "public, max-age=31536000, immutable"
TEXT = "https://leye.example.gov.cn/q/AbCdEf0123456789-_xyzQ"


def read(image: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(image.convert("L"))
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    return code.text


def painted(svg: bytes, scale: int = 12) -> Image.Image:
    """The picture that a code's SVG describes: squares on a light ground."""
    root = ElementTree.fromstring(svg)
    side = int(float(root.attrib["viewBox"].split()[2]))
    image = Image.new("L", (side * scale, side * scale), 255)
    pen = ImageDraw.Draw(image)
    (path,) = [each for each in root.iter() if each.tag.endswith("path")]
    squares = re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)H[\d.]+z", path.attrib["d"])
    assert squares
    for square in squares:
        x, y, right, below = (float(each) * scale for each in square)
        pen.rectangle((x, y, right - 1, below - 1), fill=0)
    return image


@pytest.fixture
async def town(db: None) -> None:
    await make.town()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path))
    settings_module.settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.mark.usefixtures("town")
async def test_both_codes_of_a_plate_read_as_its_address() -> None:
    plate = await make.plate(await make.place())
    async with visitor() as client:
        png = await client.get(f"/q/{plate.token}.png")
        svg = await client.get(f"/q/{plate.token}.svg")

    wanted = f"{settings().public_url}/q/{plate.token}"
    picture = Image.open(BytesIO(png.content))
    assert read(picture) == wanted
    assert read(painted(svg.content)) == wanted
    assert picture.width == picture.height >= 600
    assert png.headers["content-type"] == "image/png"
    assert svg.headers["content-type"] == "image/svg+xml"
    for answer in (png, svg):
        assert answer.headers["cache-control"] == IMMUTABLE
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_code_has_four_light_modules_around_it() -> None:
    picture = Image.open(BytesIO(draw_code(TEXT, "png"))).convert("L")
    dark = picture.point(lambda value: 255 - value).getbbox()
    assert dark
    module = next(
        x for x in range(picture.width) if picture.getpixel((dark[0] + x, dark[1])) == 255
    )

    assert dark[0] == dark[1] == picture.width - dark[2] == 4 * module // 7


def test_a_code_survives_a_scratch_over_a_tenth_of_it() -> None:
    picture = Image.open(BytesIO(draw_code(TEXT, "png"))).convert("L")
    side = picture.width
    ImageDraw.Draw(picture).rectangle((side * 0.4, side * 0.45, side * 0.8, side * 0.62), fill=255)

    assert read(picture) == TEXT


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("file_format", ["png", "svg"])
async def test_plates_out_of_use_have_no_code(file_format: str) -> None:
    house = await make.place()
    revoked = await make.plate(house, state=PlateState.REVOKED)
    async with visitor() as client:
        gone = await client.get(f"/q/{revoked.token}.{file_format}")
        never = await client.get(f"/q/never-printed.{file_format}")

    assert (gone.status_code, never.status_code) == (410, 404)
    assert gone.headers["cache-control"] == never.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("suffix", "media_type"), [("webp", "image/webp"), ("jpg", "image/jpeg")])
async def test_a_stored_picture_is_served_for_ever(suffix: str, media_type: str) -> None:
    store("AbCdEf0123456789-_xyzQ", 360, suffix, b"not really a picture")
    address = f"/media/AbCdEf0123456789-_xyzQ-360.{suffix}"
    async with visitor() as client:
        answer = await client.get(address)
        again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        part = await client.get(address, headers={"Range": "bytes=0-2"})

    assert (answer.status_code, answer.content) == (200, b"not really a picture")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == IMMUTABLE
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (again.status_code, again.content) == (304, b"")
    assert (part.status_code, part.content) == (206, b"not")


@pytest.mark.parametrize(
    "name",
    [
        "AbCdEf0123456789-_xyzQ-720.webp", "..%2f..%2fsecret.jpg", "%2e%2e/secret.jpg",
        "secret.jpg", "AbCdEf0123456789-_xyzQ-360.svg", "%00", "Ab/AbCdEf0123456789-_xyzQ-360.jpg",
    ],
)  # fmt: skip
async def test_no_other_file_is_served(folder: Path, name: str) -> None:
    (folder / "secret.jpg").write_bytes(b"secret")
    store("AbCdEf0123456789-_xyzQ", 360, "jpg", b"picture")
    async with visitor() as client:
        answer = await client.get(f"/media/{name}")

    assert answer.status_code == 404
    assert b"secret" not in answer.content
