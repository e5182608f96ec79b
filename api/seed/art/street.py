"""What stands in a street: sky, pavement, trees, scooters, windows."""

from __future__ import annotations

from api.seed.art.canvas import SHADE, WHITE, WIDTH, Canvas, Colour, lit, mix, oval, rgb, shaded

GROUND = 940.0  # where houses meet the pavement, in pixels from the top
LEAF = rgb("5f9c6e")


def sky(canvas: Canvas, seed: int) -> None:
    """A bright sky with clouds, and the town far off."""
    canvas.fade([(0, 0), (WIDTH, 0), (WIDTH, GROUND), (0, GROUND)], rgb("8fc4e6"), rgb("eef5f3"))
    for i in range(3):
        x, y = (i * 560 + seed * 7) % 1500 - 30, 90 + (i * 71 + seed) % 130
        puffs = ((0, 0, 95, 26), (-58, 10, 62, 20), (62, 9, 70, 22), (-12, -20, 52, 30))
        shapes = [oval(x + dx, y + dy, rx, ry) for dx, dy, rx, ry in puffs]
        canvas.soft(shapes, WHITE, 0.75, 5)
    for i in range(9):
        x, top = i * 172 - 30, 420 + (i * 97 + seed) % 190
        tone = mix(rgb("bfd3de"), rgb("d9e4e6"), (i * 3 + seed) % 5 / 4)
        canvas.rect(x, top, x + 138, GROUND, tone)


def street(canvas: Canvas, seed: int) -> None:
    """Pavement, kerb and road."""
    kerb = GROUND + 46
    canvas.fade(
        [(0, GROUND), (WIDTH, GROUND), (WIDTH, kerb), (0, kerb)], rgb("cfcac2"), rgb("ddd8cf")
    )
    for i in range(-2, 26):
        canvas.line(
            [(720 + (i - 12) * 60, GROUND), (720 + (i - 12) * 66, kerb)], rgb("bdb7ad"), 1.5
        )
    canvas.rect(0, kerb, WIDTH, kerb + 12, rgb("ece8e0"))
    canvas.rect(0, kerb + 12, WIDTH, kerb + 16, rgb("9b978f"))
    canvas.fade(
        [(0, kerb + 16), (WIDTH, kerb + 16), (WIDTH, 1080), (0, 1080)],
        rgb("8a8d90"),
        rgb("74787c"),
    )
    for i in range(6):
        x = i * 270 + seed % 120 - 60
        canvas.poly([(x, 1052), (x + 120, 1052), (x + 116, 1062), (x - 4, 1062)], rgb("e9e6da"))


def tree(canvas: Canvas, x: float) -> None:
    """A tree at the kerb."""
    base = GROUND + 34
    canvas.soft([oval(x + 20, base, 120, 14)], SHADE, 0.35, 12)
    trunk = rgb("8a6a50")
    canvas.poly([(x - 12, base), (x - 7, 700), (x + 7, 700), (x + 13, base)], trunk)
    canvas.poly([(x + 3, base), (x + 2, 700), (x + 7, 700), (x + 13, base)], shaded(trunk, 0.2))
    crown = (
        (0, 640, 128, 105),
        (-82, 690, 84, 70),
        (84, 686, 86, 72),
        (-34, 566, 84, 72),
        (42, 578, 80, 68),
    )
    for dx, y, rx, ry in crown:
        canvas.disc(x + dx, y + 12, rx, ry, shaded(LEAF, 0.22))
    for dx, y, rx, ry in crown:
        canvas.disc(x + dx - 6, y, rx * 0.94, ry * 0.92, LEAF)
    for dx, y, rx, ry in crown:
        canvas.disc(x + dx - 22, y - 16, rx * 0.58, ry * 0.55, lit(LEAF, 0.16))


def scooter(canvas: Canvas, x: float, roll: int) -> None:
    """An electric scooter, side on."""
    y = GROUND + 30
    tone = (rgb("3f7f8c"), rgb("c9654d"), rgb("e6e2d8"))[roll % 3]
    canvas.soft([oval(x, y + 2, 62, 8)], SHADE, 0.45, 7)
    for dx in (-38, 38):
        canvas.disc(x + dx, y - 16, 18, 18, rgb("34383c"))
        canvas.disc(x + dx, y - 16, 9, 9, rgb("aeb5b8"))
    canvas.poly(
        [
            (x - 52, y - 40),
            (x - 8, y - 42),
            (x - 4, y - 20),
            (x + 24, y - 20),
            (x + 30, y - 62),
            (x + 42, y - 60),
            (x + 36, y - 10),
            (x - 22, y - 10),
            (x - 30, y - 26),
        ],
        tone,
    )
    canvas.poly(
        [(x - 50, y - 50), (x - 6, y - 52), (x - 4, y - 41), (x - 52, y - 40)], rgb("3a3d40")
    )
    canvas.line([(x + 36, y - 58), (x + 31, y - 82), (x + 20, y - 84)], rgb("3a3d40"), 4)
    canvas.disc(x + 40, y - 62, 7, 6, rgb("fff1c6"))


def window(
    canvas: Canvas,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    glass: Colour,
    ledge: Colour,
) -> None:
    """Two panes in a frame, with a ledge."""
    canvas.rect(x0 - 5, y0 - 5, x1 + 5, y1 + 5, lit(ledge, 0.75))
    canvas.fade([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], shaded(glass, 0.28), lit(glass, 0.35))
    middle = (x0 + x1) / 2
    canvas.poly(
        [(x0 + 6, y1), (x0 + 26, y0), (x0 + 42, y0), (x0 + 22, y1)], mix(glass, WHITE, 0.42)
    )
    canvas.rect(middle - 2, y0, middle + 2, y1, lit(ledge, 0.75))
    canvas.rect(x0, y0, x1, y0 + 7, shaded(glass, 0.45))
    canvas.rect(x0 - 9, y1 + 4, x1 + 9, y1 + 10, lit(ledge, 0.4))
