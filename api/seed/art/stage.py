"""A room seen in perspective: walls, floor, and boxes placed in metres.

``x`` runs to the right from the middle of the room, ``y`` up from the floor, ``z`` away from the
viewer to the back wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from api.seed.art.canvas import WHITE, Canvas, Colour, Spot, lit, mix, oval, rgb, shaded

_FOCUS = 1330.0  # pixels
_HORIZON = 478.0  # pixels from the top
_EYE = 1.5  # metres above the floor
_STAND = 2.45  # metres the viewer stands before z = 0
_NEAR = -0.8  # where walls and floor begin, out of sight


class Stage:
    """A canvas with a room of ``width``, ``height`` and ``depth`` metres on it."""

    def __init__(
        self, canvas: Canvas, width: float, depth: float, height: float = 2.75, view: float = 0.0
    ) -> None:
        self.canvas = canvas
        self.half = width / 2
        self.depth = depth
        self.height = height
        self._view = view

    def at(self, x: float, y: float, z: float) -> Spot:
        """Where a point of the room is seen."""
        scale = _FOCUS / (z + _STAND)
        return 720 + (x - self._view) * scale, _HORIZON + (_EYE - y) * scale

    def size(self, metres: float, z: float) -> float:
        """Pixels that a length takes at that depth."""
        return metres * _FOCUS / (z + _STAND)

    # Flat shapes on floor and walls

    def on_floor(self, x0: float, x1: float, z0: float, z1: float, y: float = 0.0) -> list[Spot]:
        """A level rectangle, on the floor or ``y`` above it."""
        return [self.at(x0, y, z0), self.at(x1, y, z0), self.at(x1, y, z1), self.at(x0, y, z1)]

    def on_back(
        self, x0: float, x1: float, y0: float, y1: float, z: float | None = None
    ) -> list[Spot]:
        """A rectangle on the back wall, or on another plane that faces the viewer."""
        z = self.depth if z is None else z
        return [self.at(x0, y1, z), self.at(x1, y1, z), self.at(x1, y0, z), self.at(x0, y0, z)]

    def on_side(self, x: float, z0: float, z1: float, y0: float, y1: float) -> list[Spot]:
        """A rectangle on a plane like the side walls."""
        return [self.at(x, y1, z0), self.at(x, y1, z1), self.at(x, y0, z1), self.at(x, y0, z0)]

    def shell(
        self, wall: Colour, floor: Colour, *, ceiling: bool = True, back: bool = True
    ) -> None:
        """Floor, walls and ceiling, darker toward the corners."""
        half, far, top = self.half, self.depth, self.height
        fade = self.canvas.fade
        if back:
            fade(self.on_back(-half, half, 0, top), lit(wall, 0.18), wall)
        left, right = (self.on_side(side, _NEAR, far, 0, top) for side in (-half, half))
        fade(left, shaded(wall, 0.03), shaded(wall, 0.13), "right")
        fade(right, shaded(wall, 0.11), shaded(wall, 0.02), "right")
        if ceiling:
            fade(self.on_floor(-half, half, _NEAR, far, top), WHITE, shaded(lit(wall, 0.6), 0.06))
        fade(self.on_floor(-half, half, _NEAR, far), lit(floor, 0.14), shaded(floor, 0.08))
        self.canvas.soft(
            [self.on_floor(-half, half, far - 0.12, far)], shaded(floor, 0.7), 0.35, 16
        )

    def skirting(self, colour: Colour, height: float = 0.09) -> None:
        """The board along the foot of the walls."""
        half, far = self.half, self.depth
        self.canvas.poly(self.on_back(-half, half, 0, height), colour)
        self.canvas.poly(self.on_side(-half, _NEAR, far, 0, height), shaded(colour, 0.08))
        self.canvas.poly(self.on_side(half, _NEAR, far, 0, height), shaded(colour, 0.06))

    def planks(self, floor: Colour) -> None:
        """Boards that run away from the viewer, every other one a shade apart."""
        count = ceil(self.half * 2 / 0.2)
        for i in range(count):
            x0, x1 = -self.half + i * 0.2, min(self.half, -self.half + (i + 1) * 0.2)
            for j in range(4):
                z0 = _NEAR + j * 1.4 + (i * 0.53) % 1.4
                z1 = min(self.depth, z0 + 1.4)
                if z1 > z0 and (i * 3 + j * 5) % 4 == 0:
                    self.canvas.poly(self.on_floor(x0, x1, z0, z1), shaded(floor, 0.045))
            self.canvas.line(
                [self.at(x0, 0, _NEAR), self.at(x0, 0, self.depth)], shaded(floor, 0.16), 1.2
            )

    def tiles(self, colour: Colour, size: float, *, walls: float = 0.0) -> None:
        """Joints of floor tiles, and of wall tiles up to the height ``walls``."""
        half, far, line = self.half, self.depth, self.canvas.line
        for i in range(ceil(half * 2 / size)):
            x = -half + i * size
            line([self.at(x, 0, _NEAR), self.at(x, 0, far)], colour, 1.5)
            if walls:
                line([self.at(x, 0, far), self.at(x, walls, far)], colour, 1.2)
        for i in range(ceil((far - _NEAR) / size)):
            z = far - i * size
            line([self.at(-half, 0, z), self.at(half, 0, z)], colour, 1.5)
            for side in (-half, half) if walls else ():
                line([self.at(side, 0, z), self.at(side, walls, z)], colour, 1.2)
        for i in range(ceil(walls / size) if walls else 0):
            y = min(walls, (i + 1) * size)
            line([self.at(-half, y, _NEAR), self.at(-half, y, far)], colour, 1.2)
            line([self.at(-half, y, far), self.at(half, y, far)], colour, 1.2)
            line([self.at(half, y, far), self.at(half, y, _NEAR)], colour, 1.2)

    # Things

    def box(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        z: tuple[float, float],
        colour: Colour,
    ) -> None:
        """A box; its top catches the light, its sides do not."""
        if y[1] < _EYE:
            self.canvas.poly(self.on_floor(*x, *z, y[1]), lit(colour, 0.25))
        if y[0] > _EYE:
            self.canvas.poly(self.on_floor(*x, *z, y[0]), shaded(colour, 0.3))
        if x[0] > self._view:
            self.canvas.poly(self.on_side(x[0], *z, *y), shaded(colour, 0.17))
        if x[1] < self._view:
            self.canvas.poly(self.on_side(x[1], *z, *y), shaded(colour, 0.17))
        self.canvas.poly(self.on_back(*x, *y, z[0]), shaded(colour, 0.05))

    def shadow(
        self, x0: float, x1: float, z0: float, z1: float, strength: float = 0.38, spread: float = 14
    ) -> None:
        """The soft dark under something that stands on the floor."""
        grown = self.on_floor(x0 - 0.07, x1 + 0.07, z0 - 0.14, min(self.depth, z1 + 0.04))
        self.canvas.soft([grown], rgb("2a2338"), strength, spread)

    def cushion(self, x: float, z: float, rx: float, rz: float, y: float, colour: Colour) -> None:
        """Something soft that lies flat: a pillow, a seat."""
        for rise, tone in (
            (0.0, shaded(colour, 0.2)),
            (0.05, shaded(colour, 0.1)),
            (0.1, colour),
            (0.13, lit(colour, 0.6)),
        ):
            inset = 1.0 if rise < 0.13 else 0.8
            flat = oval(x, z, rx * inset, rz * inset, 3.4)
            self.canvas.poly([self.at(a, y + rise, b) for a, b in flat], tone)

    def round_mat(
        self, x: float, z: float, rx: float, rz: float, colours: Sequence[Colour]
    ) -> None:
        """A round rug in rings."""
        for i, colour in enumerate(colours):
            share = 1 - i / len(colours) * 0.85
            ring = oval(x, z, rx * share, rz * share)
            self.canvas.poly([self.at(a, 0, b) for a, b in ring], colour)

    def daylight(self, x0: float, x1: float, slant: float, panes: int = 2) -> None:
        """Sun through the back window: patches on the floor, one for each pane."""
        near, far = self.depth - 2.35, self.depth - 0.75
        step = (x1 - x0) / panes
        patches = []
        for i in range(panes):
            a, b = x0 + i * step + 0.03, x0 + (i + 1) * step - 0.03
            patches.append(
                [
                    self.at(a + slant, 0, near),
                    self.at(b + slant, 0, near),
                    self.at(b + slant * 0.35, 0, far),
                    self.at(a + slant * 0.35, 0, far),
                ]
            )
        self.canvas.soft(patches, rgb("fff3cf"), 0.5, 7)

    def curtain(
        self, x0: float, x1: float, y0: float, y1: float, colour: Colour, folds: int = 5
    ) -> None:
        """Cloth hanging before the back wall, in folds."""
        z, step = self.depth - 0.06, (x1 - x0) / folds
        self.canvas.soft([self.on_back(x0, x1, y0 - 0.03, y1, z)], shaded(colour, 0.7), 0.25, 12)
        for i in range(folds):
            a = x0 + i * step
            fold = self.on_back(a, a + step, y0, y1, z)
            self.canvas.fade(fold, lit(colour, 0.2), shaded(colour, 0.14), "right")

    def plant(self, x: float, z: float, pot: Colour, leaf: Colour, tall: float = 1.0) -> None:
        """A pot with broad leaves."""
        self.shadow(x - 0.15, x + 0.15, z - 0.12, z + 0.12, 0.3, 10)
        foot, unit = self.at(x, 0, z), self.size(1, z)
        leaves = [
            (-0.34, 0.62),
            (0.34, 0.66),
            (-0.2, 0.88),
            (0.22, 0.92),
            (0.0, 1.04),
            (-0.42, 0.4),
        ]
        leaves += [(0.4, 0.42), (-0.1, 0.6), (0.12, 0.56)]
        for i, (dx, dy) in enumerate(leaves):
            tip = foot[0] + dx * unit * tall, foot[1] - (0.24 + dy * tall) * unit
            root = foot[0], foot[1] - 0.26 * unit
            self._leaf(root, tip, unit * 0.085 * tall, mix(leaf, shaded(leaf, 0.3), i % 3 / 2))
        w, v, h = 0.15 * unit, 0.11 * unit, 0.3 * unit
        sides = [(-w, -h), (w, -h), (v, 0), (-v, 0)]
        self.canvas.fade(
            [(foot[0] + a, foot[1] + b) for a, b in sides], lit(pot, 0.2), shaded(pot, 0.2), "right"
        )
        self.canvas.rect(
            foot[0] - w * 1.1, foot[1] - h - 4, foot[0] + w * 1.1, foot[1] - h + 8, pot
        )

    def _leaf(self, root: Spot, tip: Spot, width: float, colour: Colour) -> None:
        dx, dy = tip[0] - root[0], tip[1] - root[1]
        length = (dx * dx + dy * dy) ** 0.5 or 1.0
        nx, ny = -dy / length * width, dx / length * width
        outline = [root]
        for share, bulge in ((0.35, 0.45), (0.55, 0.95), (0.72, 1.0), (0.88, 0.6)):
            outline.append((root[0] + dx * share + nx * bulge, root[1] + dy * share + ny * bulge))
        outline.append(tip)
        for share, bulge in ((0.88, 0.6), (0.72, 1.0), (0.55, 0.95), (0.35, 0.45)):
            outline.append((root[0] + dx * share - nx * bulge, root[1] + dy * share - ny * bulge))
        self.canvas.poly(outline, colour)
        self.canvas.line([root, tip], shaded(colour, 0.18), 1.5)

    def outside(self, x0: float, x1: float, y0: float, y1: float, sky: Colour, seed: int) -> None:
        """What is seen through an opening in the back wall: sky, far houses, tree tops."""
        self.canvas.fade(self.on_back(x0, x1, y0, y1), sky, lit(sky, 0.75))
        width, height = x1 - x0, y1 - y0
        for i in range(5):
            a = x0 + width * (i * 0.21 + 0.02)
            b = min(x1, a + width * 0.17)
            top = y0 + height * (0.34 + 0.09 * ((i * 7 + seed) % 4))
            far = mix(rgb("c9d6df"), sky, 0.2 + 0.1 * ((i + seed) % 3))
            self.canvas.poly(self.on_back(a, b, y0, top), far)
            for row in range(3):
                y = top - height * (0.07 + 0.09 * row)
                for column in (0.2, 0.6):
                    w = a + (b - a) * column
                    pane = self.on_back(w, w + (b - a) * 0.2, y, y + height * 0.04)
                    self.canvas.poly(pane, lit(far, 0.45))
        for i in range(6):
            x = x0 + width * (i / 5)
            crown = oval(x, y0, width * 0.13, height * (0.2 + 0.05 * ((i * 5 + seed) % 3)))
            inside = [(min(max(a, x0), x1), max(b, y0)) for a, b in crown]
            green = mix(rgb("7fb08a"), rgb("5c9a78"), (i + seed) % 3 / 2)
            self.canvas.poly([self.at(a, b, self.depth) for a, b in inside], green)
