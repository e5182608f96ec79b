"""Pictures are drawn anew: nothing but pixels comes through, and not of everything."""

from __future__ import annotations

import time
from io import BytesIO

import pytest
from PIL import Image

from media.formats import FORMATS, WIDTHS
from media.pictures import Area, Refused, Variants, kind_of, painted, redraw
from tests.media import samples

KINDS = ("JPEG", "PNG", "WEBP")


def opened(variants: Variants) -> dict[tuple[int, str], Image.Image]:
    return {name: Image.open(BytesIO(data)) for name, data in variants.files.items()}


@pytest.mark.parametrize("file_format", KINDS)
def test_every_width_and_format_is_there_in_proportion(file_format: str) -> None:
    made = redraw(samples.plain(1600, 1200, file_format))

    assert (made.width, made.height) == (720, 540)
    assert set(made.files) == {(width, suffix) for width in WIDTHS for suffix in FORMATS}
    for (width, suffix), image in opened(made).items():
        assert image.size == (width, width * 3 // 4)
        assert image.format == {"webp": "WEBP", "jpg": "JPEG"}[suffix]


def test_a_small_picture_is_not_made_larger() -> None:
    made = redraw(samples.plain(500, 100))

    assert (made.width, made.height) == (500, 100)
    sizes = {name: image.size for name, image in opened(made).items()}
    assert sizes[360, "jpg"] == (360, 72)
    assert sizes[720, "webp"] == (500, 100)


def test_no_picture_is_a_ribbon() -> None:
    made = redraw(samples.plain(40, 9000, "PNG"))

    assert made.height <= 3 * WIDTHS[-1]
    assert all(image.height <= 3 * width for (width, _), image in opened(made).items())


@pytest.mark.parametrize("file_format", KINDS)
def test_no_byte_of_metadata_is_left(file_format: str) -> None:
    made = redraw(samples.telling(file_format))

    for data in made.files.values():
        assert samples.CANARY not in data
        assert b"CANARY" not in data
        assert parts_of(data) <= {"JFIF", "VP8 "}
        image = Image.open(BytesIO(data))
        image.load()
        assert dict(image.getexif()) == {}
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)


def parts_of(data: bytes) -> set[str]:
    """What a JPEG or WebP holds beside the tables that its pixels need."""
    found = set()
    if data[:4] == b"RIFF":
        assert int.from_bytes(data[4:8], "little") + 8 == len(data)
        at = 12
        while at < len(data):
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            found.add(data[at : at + 4].decode("ascii"))
            at += 8 + size + size % 2
        return found
    at = 2
    while data[at + 1] != 0xDA:  # start of scan
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            found.add(data[at + 4 : at + 8].decode("latin-1"))
        at += 2 + size
    assert data.endswith(b"\xff\xd9")
    return found


def test_a_picture_stands_upright() -> None:
    image = Image.new("RGB", (1200, 800), "blue")
    image.paste("red", (0, 0, 600, 800))
    made = redraw(samples.encoded(image, exif=samples.exif(orientation=6)))

    assert (made.width, made.height) == (720, 1080)
    drawn = opened(made)[720, "jpg"].convert("RGB")
    top, bottom = drawn.getpixel((360, 100)), drawn.getpixel((360, 980))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > bottom[0]
    assert bottom[2] > 200 > top[2]


# Where the first pixel of a file is shown, by its EXIF orientation (EXIF 2.32, 4.6.4).
FIRST_PIXEL = {
    1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1),
}  # fmt: skip


@pytest.mark.parametrize("file_format", KINDS)
@pytest.mark.parametrize("orientation", FIRST_PIXEL)
def test_every_orientation_is_turned_upright(orientation: int, file_format: str) -> None:
    image = Image.new("RGB", (600, 400), "blue")
    image.paste("red", (0, 0, 200, 150))
    made = redraw(samples.encoded(image, file_format, exif=samples.exif(orientation)))

    assert (made.width, made.height) == ((600, 400) if orientation < 5 else (400, 600))
    right, below = FIRST_PIXEL[orientation]
    for drawn in opened(made).values():
        for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
            pixel = drawn.convert("RGB").getpixel((x * (drawn.width - 1), y * (drawn.height - 1)))
            assert isinstance(pixel, tuple)
            assert (pixel[0] > 150) == ((x, y) == (right, below)), (x, y)


# Names of four letters, such as EXIF of WebP and iTXt of PNG, turn up in noise by chance: those are
# looked for among the parts of the file.
MARKERS = (b"Exif\0\0", b"xmpmeta", b"ns.adobe", b"ICC_PROFILE", b"Photoshop")


@pytest.mark.parametrize("file_format", KINDS)
def test_no_marker_of_metadata_is_in_the_bytes_also_of_what_is_painted_over(
    file_format: str,
) -> None:
    made = redraw(samples.telling(file_format))
    again = painted(made.files[720, "webp"], [Area(0.1, 0.1, 0.2, 0.2)])
    for data in (*made.files.values(), *again.files.values()):
        assert [marker for marker in MARKERS if marker in data] == []
        assert parts_of(data) <= {"JFIF", "VP8 "}
        assert set(Image.open(BytesIO(data)).info) <= {
            "jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression",
            "loop", "background", "timestamp", "duration",
        }  # fmt: skip


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_what_is_transparent_becomes_white(file_format: str) -> None:
    made = redraw(samples.encoded(Image.new("RGBA", (90, 60), (0, 0, 0, 0)), file_format))

    assert opened(made)[360, "jpg"].convert("RGB").getpixel((40, 30)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_mode_of_pixels_is_read(mode: str) -> None:
    # Grey of 16 bits has 65,535 for white.
    colour = 40_000 if mode == "I;16" else None
    image = Image.new("I;16", (80, 60), colour) if colour else Image.new("RGB", (80, 60), "#999")
    made = redraw(samples.encoded(image.convert(mode), "JPEG" if mode == "CMYK" else "PNG"))

    drawn = opened(made)[360, "jpg"].convert("L")
    assert mode == "1" or 140 < drawn.resize((1, 1)).getpixel((0, 0)) < 170  # type: ignore[operator]  # one band


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_of_several_frames_the_first_is_shown(file_format: str) -> None:
    made = redraw(samples.moving(file_format))

    for image in opened(made).values():
        assert getattr(image, "n_frames", 1) == 1
        pixel = image.convert("RGB").getpixel((40, 30))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 200


@pytest.mark.parametrize("file_format", KINDS)
def test_what_follows_the_end_of_a_picture_is_not_carried_over(file_format: str) -> None:
    made = redraw(samples.with_archive(samples.plain(300, 200, file_format)))

    for data in made.files.values():
        assert samples.CANARY not in data
        assert b"<script" not in data
        assert parts_of(data) <= {"JFIF", "VP8 "}


HOSTILE = {
    name: (data, reason)
    for name, (data, _, reason) in samples.HOSTILE.items()
    if reason != "TYPE_MISMATCH"
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once(name: str) -> None:
    data, reason = HOSTILE[name]
    begun = time.process_time()
    with pytest.raises(Refused) as refused:
        redraw(data)
    assert refused.value.args == (reason,)
    assert time.process_time() - begun < 0.25  # aimed at 0.05; the rest is for a busy machine


def test_the_bomb_is_small() -> None:
    assert len(samples.bomb()) < 20_000


def test_kinds_are_told_by_their_first_bytes() -> None:
    kinds = [kind_of(samples.plain(9, 9, name)) for name in KINDS]
    assert kinds == ["image/jpeg", "image/png", "image/webp"]
    assert [kind_of(data) for data in (b"", b"RIFF", samples.SVG, samples.EPS)] == [None] * 4
