"""The shop on the ground floor: sign, awning, shelves, crates."""

from __future__ import annotations

from dataclasses import dataclass

from api.seed.art.canvas import SHADE, WHITE, Canvas, Colour, lit, mix, rgb, shaded
from api.seed.art.street import GROUND


@dataclass(frozen=True)
class Shop:
    """What is sold on the ground floor."""

    sign: Colour
    zh: str
    en: str
    goods: tuple[Colour, ...]


FOODS = (rgb("d9724f"), rgb("e9b44c"), rgb("6fa46c"), rgb("f1e6d2"))
SHOPS = (
    Shop(rgb("2f8a75"), "便利店", "convenience shop", (*FOODS, rgb("6c93b5"), rgb("b65f7a"))),
    Shop(rgb("c9533d"), "小餐馆", "small restaurant", (rgb("f3d9a6"), rgb("d98c4a"))),
    Shop(rgb("3f6fa3"), "五金店", "hardware shop", (rgb("8b98a3"), rgb("c7a25a"), rgb("5f6d78"))),
    Shop(rgb("d08a2e"), "水果店", "fruit shop", FOODS),
)


def shop_front(canvas: Canvas, shop: Shop, seed: int, x0: float, y: float, x1: float) -> None:
    """An open shop front between ``x0`` and ``x1``, from ``y`` down to the ground."""
    sign, front = shop.sign, y + 46
    canvas.fade(
        [(x0, front), (x1, front), (x1, GROUND), (x0, GROUND)], rgb("fbe9c4"), rgb("cfa97c")
    )
    _goods(canvas, shop, seed, x0 + 14, front + 26, x1 - 14)
    canvas.rect(x0, GROUND - 34, x1, GROUND, shaded(sign, 0.25))
    _display(canvas, shop, seed, x0 + 20, x1 - 20)
    canvas.soft([[(x0, front), (x1, front), (x1, front + 54), (x0, front + 54)]], SHADE, 0.4, 14)
    count = max(5, round((x1 - x0) / 44))
    step = (x1 - x0) / count
    for i in range(count):
        a = x0 + i * step
        tone = lit(sign, 0.12) if i % 2 == 0 else rgb("faf6ee")
        spread = (i - count / 2) * 2.2
        canvas.poly(
            [
                (a, front - 6),
                (a + step, front - 6),
                (a + step + spread + 2.2, front + 36),
                (a + spread, front + 36),
            ],
            tone,
        )
        canvas.disc(a + step / 2 + spread + 1, front + 36, step / 2, 8, tone)
    canvas.rect(x0 - 4, y + 2, x1 + 4, front, sign, 4)
    canvas.rect(x0 + 2, y + 8, x1 - 2, y + 12, lit(sign, 0.25))
    _lettering(canvas, seed, (x0 + x1) / 2, y + 27)


def _lettering(canvas: Canvas, seed: int, x: float, y: float) -> None:
    """Strokes that read as characters from afar and say nothing."""
    for i in range(4):
        left = x + (i - 2) * 40 + 6
        for j in range(3):
            canvas.rect(left, y - 10 + j * 8, left + 24, y - 7 + j * 8, rgb("fff6e2"))
        stem = left + 5 + (i * 7 + seed) % 14
        canvas.rect(stem, y - 11, stem + 3.5, y + 11, rgb("fff6e2"))


def _goods(canvas: Canvas, shop: Shop, seed: int, x0: float, y0: float, x1: float) -> None:
    """Shelves inside."""
    height = GROUND - 46 - y0
    for row in range(3):
        y = y0 + height * (row + 1) / 3
        x, i = x0, row
        while x < x1 - 16:
            width = 13 + (i * 7 + seed) % 12
            tall = height / 3 * (0.5 + 0.08 * ((i * 5 + row) % 5))
            tone = shop.goods[(i * i + i // 3 + row * 2) % len(shop.goods)]
            canvas.rect(x, y - tall, min(x + width, x1), y, mix(tone, rgb("e8cfa0"), 0.25), 2)
            x += width + 4
            i += 1
        canvas.rect(x0 - 6, y, x1 + 6, y + 5, rgb("a9855c"))


def _display(canvas: Canvas, shop: Shop, seed: int, x0: float, x1: float) -> None:
    """Crates before the shop."""
    count = int((x1 - x0) / 76)
    for i in range(count):
        x = x0 + i * 76
        tone = shop.goods[(i + seed) % len(shop.goods)]
        for j in range(5):
            canvas.disc(x + 8 + j * 12, GROUND - 26, 8, 9, mix(tone, WHITE, 0.08 * (j % 3)))
        canvas.rect(x, GROUND - 26, x + 64, GROUND + 6, rgb("b88a58"), 2)
        canvas.line([(x, GROUND - 11), (x + 64, GROUND - 11)], rgb("94693f"), 2)
