"""Seed pictures: the same for the same number, light, free of metadata, and described."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from api.seed.pictures import Kind, alt, draw
from media.formats import FORMATS, WIDTHS
from media.pictures import LIMITS, variants_of

ROOT = Path(__file__).resolve().parents[2]
EVERY_KIND = pytest.mark.parametrize("kind", list(Kind))


def print_of(image: Image.Image) -> str:
    return sha256(image.tobytes()).hexdigest()


def test_the_same_number_draws_the_same_picture_in_every_process() -> None:
    script = (
        "from hashlib import sha256; from api.seed.pictures import Kind, draw\n"
        "for kind in Kind: print(sha256(draw(kind, 7).tobytes()).hexdigest())"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.split() == [print_of(draw(kind, 7)) for kind in Kind]


@EVERY_KIND
def test_a_picture_has_the_size_of_the_master(kind: Kind) -> None:
    picture = draw(kind, 1)
    assert picture.size == (1440, 1080)
    assert picture.mode == "RGB"


@EVERY_KIND
def test_numbers_give_different_pictures_and_descriptions(kind: Kind) -> None:
    assert len({print_of(draw(kind, number)) for number in range(4)}) == 4
    assert len({alt(kind, number) for number in range(40)}) > 2


@EVERY_KIND
def test_variants_have_their_size_in_pixels_and_bytes(kind: Kind) -> None:
    for number in range(3):
        files = variants_of(draw(kind, number)).files
        assert set(files) == {(width, suffix) for width in WIDTHS for suffix in FORMATS}
        for (width, suffix), data in files.items():
            assert len(data) <= {360: 25_000, 720: 60_000}[width]
            with Image.open(BytesIO(data)) as opened:
                assert opened.size == (width, width * 3 // 4)
                assert opened.format == {"webp": "WEBP", "jpg": "JPEG"}[suffix]


def test_files_hold_no_metadata() -> None:
    image = draw(Kind.ROOM, 1)
    image.info["comment"] = b"must not travel"
    image.getexif()[0x010E] = "must not travel"
    for data in variants_of(image).files.values():
        assert not re.search(rb"Exif|EXIF|XMP|ICC|http|travel", data)
        with Image.open(BytesIO(data)) as opened:
            assert not opened.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened.info)


def test_quality_gives_way_until_a_rich_picture_is_small_enough() -> None:
    speckles = Image.frombytes("L", (180, 135), random.Random(1).randbytes(180 * 135))
    paper = Image.new("RGB", (1440, 1080), "white")
    rich = Image.blend(paper, speckles.resize(paper.size).convert("RGB"), 0.5)
    file = BytesIO()
    rich.resize((720, 540), Image.Resampling.LANCZOS).save(file, "JPEG", quality=82)
    assert len(file.getvalue()) > LIMITS[720]
    for (width, _), data in variants_of(rich).files.items():
        assert len(data) <= LIMITS[width]


@EVERY_KIND
def test_the_description_says_in_both_languages_that_it_is_an_illustration(kind: Kind) -> None:
    for number in range(30):
        words = alt(kind, number)
        assert words.zh.startswith("示意图：")
        assert words.en.startswith("Illustration: ")
        assert len(words.zh) < 90
        assert len(words.en) < 220


def test_the_description_of_a_house_counts_its_storeys() -> None:
    storeys = {
        int(alt(Kind.HOUSE, n).zh.removeprefix("示意图：").split(" 层")[0]) for n in range(60)
    }
    assert storeys == {4, 5, 6, 7}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="garage"):
        draw("garage", 1)
