"""A canvas for flat illustrations: smooth edges by drawing large, soft shadows by drawing small.

Coordinates are pixels of the finished picture, 1440 x 1080, from its top left corner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, pi, sin
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1440, 1080

Colour = tuple[int, int, int]
Spot = tuple[float, float]
Direction = Literal["down", "right"]

WHITE: Colour = (255, 255, 255)
SHADE: Colour = (52, 36, 52)

_LARGE = 2  # edges are smooth because the picture is halved at the end
_SMALL = 4  # blur needs no detail, so soft masks are drawn at a quarter


def rgb(hexadecimal: str) -> Colour:
    """``"0b6e5f"`` as a colour."""
    red, green, blue = bytes.fromhex(hexadecimal)
    return red, green, blue


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` (0 to 1) of ``other`` stirred in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lit(colour: Colour, share: float) -> Colour:
    """The colour in brighter light."""
    return mix(colour, (255, 252, 240), share)


def shaded(colour: Colour, share: float) -> Colour:
    """The colour in shadow, a little cooler."""
    return mix(colour, SHADE, share)


def oval(x: float, y: float, rx: float, ry: float, power: float = 2.0) -> list[Spot]:
    """Points of a superellipse: 2 is an ellipse, larger powers approach a rounded box."""
    spots = []
    for step in range(48):
        c, s = cos(step * pi / 24), sin(step * pi / 24)
        spots.append(
            (
                x + rx * abs(c) ** (2 / power) * (1 if c >= 0 else -1),
                y + ry * abs(s) ** (2 / power) * (1 if s >= 0 else -1),
            )
        )
    return spots


class Canvas:
    """A picture in the making."""

    def __init__(self, ground: Colour) -> None:
        self._image = Image.new("RGB", (WIDTH * _LARGE, HEIGHT * _LARGE), ground)
        self._pen = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """The picture at its size."""
        return self._image.reduce(_LARGE)

    def poly(self, spots: Sequence[Spot], fill: Colour) -> None:
        """A filled polygon."""
        self._pen.polygon(_scaled(spots), fill=fill)

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0
    ) -> None:
        """A filled box with sides along the edges of the picture."""
        corners = [x0 * _LARGE, y0 * _LARGE, x1 * _LARGE - 1, y1 * _LARGE - 1]
        if corners[2] < corners[0] or corners[3] < corners[1]:
            return
        self._pen.rounded_rectangle(corners, radius * _LARGE, fill=fill)

    def disc(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """A filled ellipse around its middle."""
        box = [(x - rx) * _LARGE, (y - ry) * _LARGE, (x + rx) * _LARGE, (y + ry) * _LARGE]
        self._pen.ellipse(box, fill=fill)

    def line(self, spots: Sequence[Spot], fill: Colour, width: float = 2) -> None:
        """A stroke through the points."""
        self._pen.line(_scaled(spots), fill=fill, width=round(width * _LARGE), joint="curve")

    def fade(
        self, spots: Sequence[Spot], start: Colour, end: Colour, direction: Direction = "down"
    ) -> None:
        """A polygon whose colour runs from ``start`` to ``end``."""
        self.poly(spots, start)
        left, top, right, bottom = _box(spots, 0)
        size = ((right - left) * _LARGE, (bottom - top) * _LARGE)
        if min(size) <= 0:
            return
        run = Image.linear_gradient("L")
        if direction == "right":
            run = run.transpose(Image.Transpose.ROTATE_90)
        shape = Image.new("L", size)
        ImageDraw.Draw(shape).polygon(
            [((x - left) * _LARGE, (y - top) * _LARGE) for x, y in spots], fill=255
        )
        mask = ImageChops.multiply(run.resize(size, Image.Resampling.BILINEAR), shape)
        self._image.paste(end, (left * _LARGE, top * _LARGE), mask)

    def soft(
        self, shapes: Iterable[Sequence[Spot]], fill: Colour, strength: float, blur: float
    ) -> None:
        """Polygons with blurred edges, laid over what is there: shadows and light.

        ``strength`` is from 0 to 1, ``blur`` in pixels.
        """
        shapes = list(shapes)
        left, top, right, bottom = _box([spot for shape in shapes for spot in shape], blur * 2.5)
        size = (right - left) // _SMALL + 1, (bottom - top) // _SMALL + 1
        if min(size) <= 1:
            return
        mask = Image.new("L", size)
        pen = ImageDraw.Draw(mask)
        for shape in shapes:
            pen.polygon(
                [((x - left) / _SMALL, (y - top) / _SMALL) for x, y in shape],
                fill=round(255 * strength),
            )
        mask = mask.filter(ImageFilter.GaussianBlur(blur / _SMALL))
        stretch = _SMALL * _LARGE
        mask = mask.resize((size[0] * stretch, size[1] * stretch), Image.Resampling.BILINEAR)
        self._image.paste(fill, (left * _LARGE, top * _LARGE), mask)


def _scaled(spots: Sequence[Spot]) -> list[Spot]:
    return [(x * _LARGE, y * _LARGE) for x, y in spots]


def _box(spots: Sequence[Spot], margin: float) -> tuple[int, int, int, int]:
    """The whole pixels around the points that lie in the picture."""
    xs, ys = [x for x, _ in spots], [y for _, y in spots]
    return (
        max(0, int(min(xs) - margin)),
        max(0, int(min(ys) - margin)),
        min(WIDTH, int(max(xs) + margin) + 1),
        min(HEIGHT, int(max(ys) + margin) + 1),
    )
