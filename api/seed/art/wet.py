"""Kitchens and bathrooms."""

from __future__ import annotations

import random
from dataclasses import dataclass

from api.seed.art.canvas import WHITE, Canvas, Colour, lit, mix, oval, rgb, shaded
from api.seed.art.stage import Stage

STEEL = rgb("c3cbd1")
LEAF = rgb("5d9a72")
SKY = rgb("a5d2ec")


@dataclass(frozen=True)
class Tone:
    """A colour with its name."""

    colour: Colour
    zh: str
    en: str


CABINETS = (
    Tone(rgb("9db8ab"), "浅绿色", "pale green"),
    Tone(rgb("8ba4ba"), "蓝灰色", "blue-grey"),
    Tone(rgb("dcb48c"), "木色", "wood-coloured"),
    Tone(rgb("e9e3d8"), "米白色", "off-white"),
    Tone(rgb("d69f8a"), "砖粉色", "brick-pink"),
)
TILES = (
    Tone(rgb("dbe7e6"), "浅青色", "pale teal"),
    Tone(rgb("e9e5dc"), "米色", "beige"),
    Tone(rgb("dde5ee"), "浅蓝色", "pale blue"),
    Tone(rgb("efe4df"), "浅粉色", "pale pink"),
    Tone(rgb("e6ebdf"), "浅绿色", "pale green"),
)


@dataclass(frozen=True)
class KitchenPlan:
    """A kitchenette along the back wall."""

    cabinet: Tone
    tile: Tone
    fridge_side: int
    shelf: bool
    view: float
    seed: int

    @classmethod
    def of(cls, dice: random.Random) -> KitchenPlan:
        """Roll a kitchen."""
        return cls(
            cabinet=dice.choice(CABINETS),
            tile=dice.choice(TILES),
            fridge_side=dice.choice((-1, 1)),
            shelf=dice.random() < 0.5,
            view=dice.uniform(-0.1, 0.1),
            seed=dice.randrange(1000),
        )

    def alt(self) -> tuple[str, str]:
        """What is seen, in Chinese and English."""
        return (
            f"示意图：厨房，{self.cabinet.zh}橱柜，电磁炉、抽油烟机和水槽，窗户明亮，旁边有冰箱",
            f"Illustration: a kitchen with {self.cabinet.en} cabinets, an induction hob under a "
            "cooker hood, a sink below a bright window, and a fridge",
        )

    def draw(self, canvas: Canvas) -> None:
        """Paint it from the far wall to the near edge."""
        stage = Stage(canvas, width=3.0, depth=2.6, view=self.view)
        wall = mix(self.tile.colour, WHITE, 0.35)
        stage.shell(wall, rgb("d6cfc4"))
        stage.tiles(shaded(wall, 0.1), 0.3, walls=1.6)
        side = self.fridge_side
        stage.canvas.soft([stage.on_back(-0.6, 0.6, 1.2, 2.2)], WHITE, 0.5, 40)
        window = (-0.55, 0.35) if side > 0 else (-0.35, 0.55)
        self._window(stage, *window)
        self._upper(stage)
        self._counter(stage)
        self._fridge(stage)
        stage.daylight(-0.5, 0.5, 0.2 * side)

    def _window(self, stage: Stage, x0: float, x1: float) -> None:
        y0, y1 = 1.15, 2.1
        stage.canvas.poly(stage.on_back(x0 - 0.06, x1 + 0.06, y0 - 0.06, y1 + 0.06), WHITE)
        stage.outside(x0, x1, y0, y1, SKY, self.seed)
        for x in (x0, (x0 + x1) / 2 - 0.025, x1 - 0.05):
            stage.canvas.poly(stage.on_back(x, x + 0.05, y0, y1), rgb("f6f7f5"))
        for y in (y0, y1 - 0.05):
            stage.canvas.poly(stage.on_back(x0, x1, y, y + 0.05), rgb("f6f7f5"))

    def _upper(self, stage: Stage) -> None:
        """A hood over the hob; on the fridge's side a cupboard or a shelf."""
        side, far = -self.fridge_side, stage.depth
        x0, x1 = sorted((0.62 * side, 1.28 * side))
        stage.canvas.soft([stage.on_back(x0, x1, 1.5, 1.7)], shaded(STEEL, 0.6), 0.25, 14)
        stage.box(
            ((x0 + x1) / 2 - 0.14, (x0 + x1) / 2 + 0.14), (1.8, 2.75), (far - 0.3, far), STEEL
        )
        stage.box((x0, x1), (1.68, 1.84), (far - 0.42, far), lit(STEEL, 0.3))
        strip = stage.on_back(x0 + 0.2, x1 - 0.2, 1.72, 1.76, far - 0.42)
        stage.canvas.poly(strip, shaded(STEEL, 0.4))
        a, b = sorted((0.66 * -side, 1.46 * -side))
        if self.shelf:
            stage.box((a, b), (1.55, 1.59), (far - 0.25, far), rgb("c79f73"))
            for i, tone in enumerate((rgb("d9835f"), rgb("f0ece2"), rgb("8fab94"), rgb("e0b75e"))):
                x = a + 0.08 + i * 0.18
                stage.box(
                    (x, x + 0.12), (1.59, 1.74 + 0.05 * (i % 2)), (far - 0.2, far - 0.08), tone
                )
        else:
            tone = self.cabinet.colour
            stage.canvas.soft([stage.on_back(a, b, 1.5, 1.6)], shaded(tone, 0.6), 0.25, 12)
            stage.box((a, b), (1.62, 2.35), (far - 0.33, far), tone)
            self._doors(stage, a, b, 1.62, 2.35, far - 0.33, 2)

    def _doors(
        self, stage: Stage, x0: float, x1: float, y0: float, y1: float, z: float, count: int
    ) -> None:
        tone, step = self.cabinet.colour, (x1 - x0) / count
        for i in range(count):
            a, b = x0 + i * step + 0.025, x0 + (i + 1) * step - 0.025
            stage.canvas.poly(stage.on_back(a, b, y0 + 0.03, y1 - 0.03, z), lit(tone, 0.16))
            handle = b - 0.06 if i % 2 == 0 else a + 0.035
            middle = (y0 + y1) / 2
            stage.canvas.poly(
                stage.on_back(handle, handle + 0.025, middle - 0.07, middle + 0.07, z),
                shaded(STEEL, 0.25),
            )

    def _counter(self, stage: Stage) -> None:
        canvas, far, half = stage.canvas, stage.depth, stage.half
        z = far - 0.58
        stage.shadow(-half, half, z, far, 0.4)
        stage.box((-half, half), (0.1, 0.82), (z, far), self.cabinet.colour)
        canvas.poly(stage.on_back(-half, half, 0, 0.1, z + 0.05), shaded(self.cabinet.colour, 0.5))
        self._doors(stage, -half, half, 0.1, 0.8, z, 5)
        top = rgb("f4f2ee")
        stage.box((-half, half), (0.82, 0.87), (z - 0.02, far), shaded(top, 0.05))
        self._sink(stage, z)
        self._hob(stage, z)
        self._things(stage, z)

    def _sink(self, stage: Stage, z: float) -> None:
        canvas, x = stage.canvas, -0.1 * self.fridge_side
        canvas.poly(stage.on_floor(x - 0.3, x + 0.3, z + 0.08, z + 0.45, 0.872), STEEL)
        bowl = stage.on_floor(x - 0.26, x + 0.26, z + 0.12, z + 0.42, 0.872)
        canvas.fade(bowl, shaded(STEEL, 0.35), shaded(STEEL, 0.12))
        tap = [stage.at(x, y, z + 0.48) for y in (0.87, 1.1)]
        tap += [stage.at(x + 0.03, 1.16, z + 0.44), stage.at(x + 0.03, 1.1, z + 0.32)]
        canvas.line(tap, shaded(STEEL, 0.3), 7)

    def _hob(self, stage: Stage, z: float) -> None:
        canvas, x = stage.canvas, -0.95 * self.fridge_side
        plate = stage.on_floor(x - 0.28, x + 0.28, z + 0.1, z + 0.46, 0.875)
        canvas.poly(plate, rgb("2f3438"))
        for dx in (-0.13, 0.13):
            ring = oval(x + dx, z + 0.28, 0.1, 0.11)
            canvas.poly([stage.at(a, 0.877, b) for a, b in ring], rgb("474e54"))
        pot = (x - 0.13, x + 0.13)
        stage.box(pot, (0.88, 1.02), (z + 0.2, z + 0.36), rgb("c86f55"))
        lid = oval((pot[0] + pot[1]) / 2, z + 0.28, 0.13, 0.08)
        canvas.poly([stage.at(a, 1.03, b) for a, b in lid], lit(rgb("c86f55"), 0.3))
        knob = stage.at(x, 1.05, z + 0.28)
        canvas.disc(knob[0], knob[1], 9, 7, rgb("3b3f44"))

    def _things(self, stage: Stage, z: float) -> None:
        """A rice cooker and a plant in a jar."""
        x = 0.55 * self.fridge_side
        stage.box((x - 0.13, x + 0.13), (0.87, 1.06), (z + 0.18, z + 0.4), rgb("f2f2f0"))
        stage.canvas.poly(stage.on_back(x - 0.05, x + 0.05, 0.91, 0.97, z + 0.18), rgb("e08a62"))
        lid = oval(x, z + 0.29, 0.12, 0.1)
        stage.canvas.poly([stage.at(a, 1.08, b) for a, b in lid], rgb("dfe2e3"))
        jar = stage.at(-0.52 * self.fridge_side, 0.87, z + 0.42)
        for dx, dy in ((-16, -62), (0, -78), (16, -60), (-26, -42), (26, -44)):
            tip = jar[0] + dx, jar[1] + dy
            stage.canvas.line([(jar[0], jar[1] - 24), tip], shaded(LEAF, 0.2), 3)
            stage.canvas.poly(oval(*tip, 10, 15), mix(LEAF, WHITE, 0.12 if dx > 0 else 0))
        stage.canvas.rect(jar[0] - 15, jar[1] - 32, jar[0] + 15, jar[1], rgb("e4c38d"), 4)

    def _fridge(self, stage: Stage) -> None:
        side = self.fridge_side
        x0, x1 = sorted((1.5 * side, 0.88 * side))
        z = (stage.depth - 1.3, stage.depth - 0.7)
        tone = rgb("eef1f2")
        stage.shadow(x0, x1, *z, 0.45)
        stage.box((x0, x1), (0.04, 1.48), z, tone)
        inner = 0.88 * side
        canvas = stage.canvas
        gap = stage.on_back(x0, x1, 0.94, 0.955, z[0])
        canvas.poly(gap, shaded(tone, 0.35))
        handle = inner + 0.06 * side
        a, b = sorted((handle, handle + 0.03 * side))
        for y0, y1 in ((0.62, 0.88), (1.0, 1.22)):
            canvas.poly(stage.on_back(a, b, y0, y1, z[0]), shaded(STEEL, 0.35))


@dataclass(frozen=True)
class BathroomPlan:
    """A tiled bathroom: toilet, basin, shower."""

    tile: Tone
    towel: Colour
    shower_side: int
    view: float
    seed: int

    @classmethod
    def of(cls, dice: random.Random) -> BathroomPlan:
        """Roll a bathroom."""
        return cls(
            tile=dice.choice(TILES),
            towel=dice.choice((rgb("d58a6a"), rgb("6f9bb0"), rgb("dcb35e"), rgb("7fa58c"))),
            shower_side=dice.choice((-1, 1)),
            view=dice.uniform(-0.08, 0.08),
            seed=dice.randrange(1000),
        )

    def alt(self) -> tuple[str, str]:
        """What is seen, in Chinese and English."""
        return (
            f"示意图：独立卫生间，{self.tile.zh}瓷砖，有马桶、洗手盆、镜子和带热水器的淋浴，高处有小窗",
            f"Illustration: a bathroom with {self.tile.en} tiles, a toilet, a basin with a mirror, "
            "a shower with a water heater, and a small high window",
        )

    def draw(self, canvas: Canvas) -> None:
        """Paint it from the far wall to the near edge."""
        stage = Stage(canvas, width=2.5, depth=2.2, view=self.view)
        wall = self.tile.colour
        stage.shell(lit(wall, 0.25), shaded(mix(wall, rgb("b9b3aa"), 0.5), 0.04))
        band = shaded(wall, 0.16)
        canvas.poly(stage.on_back(-stage.half, stage.half, 1.0, 1.1), band)
        for x in (-stage.half, stage.half):
            canvas.poly(stage.on_side(x, -0.8, stage.depth, 1.0, 1.1), shaded(band, 0.08))
        stage.tiles(shaded(wall, 0.09), 0.25, walls=2.75)
        self._window(stage)
        self._shower(stage)
        self._toilet(stage)
        self._basin(stage)

    def _window(self, stage: Stage) -> None:
        x0, x1, y0, y1 = -0.36, 0.36, 1.75, 2.35
        stage.canvas.soft([stage.on_back(x0, x1, y0, y1)], WHITE, 0.8, 40)
        stage.canvas.poly(stage.on_back(x0 - 0.05, x1 + 0.05, y0 - 0.05, y1 + 0.05), WHITE)
        stage.outside(x0, x1, y0, y1, SKY, self.seed)
        stage.canvas.poly(stage.on_back(-0.02, 0.02, y0, y1), WHITE)

    def _shower(self, stage: Stage) -> None:
        """Heater, head and rail on the back wall, a curtain drawn aside."""
        side, far, canvas = self.shower_side, stage.depth, stage.canvas
        x = 0.82 * side
        a, b = sorted((0.52 * side, 1.14 * side))
        canvas.soft([stage.on_back(a, b, 1.78, 1.9)], shaded(STEEL, 0.6), 0.3, 12)
        stage.box((a, b), (1.95, 2.35), (far - 0.3, far), rgb("fbfbfa"))
        panel = stage.on_back(x - 0.1, x + 0.1, 2.08, 2.2, far - 0.3)
        canvas.poly(panel, rgb("3e464d"))
        dial = stage.at(x, 2.14, far - 0.3)
        canvas.disc(dial[0] + 16, dial[1], 6, 6, rgb("e5895f"))
        rail = [stage.at(x, y, far - 0.05) for y in (0.95, 1.72)]
        canvas.line(rail, shaded(STEEL, 0.2), 7)
        head = stage.at(x, 1.66, far - 0.14)
        canvas.poly(oval(head[0], head[1], 40, 13), shaded(STEEL, 0.28))
        canvas.poly(oval(head[0], head[1] - 4, 40, 12), lit(STEEL, 0.3))
        hose = [
            stage.at(x + dx, y, far - 0.05)
            for dx, y in ((0, 1.6), (0.14, 1.3), (0.1, 1.05), (0, 0.97))
        ]
        canvas.line(hose, shaded(STEEL, 0.1), 5)
        knob = stage.at(x, 0.95, far - 0.06)
        canvas.disc(*knob, 17, 17, shaded(STEEL, 0.3))
        canvas.disc(*knob, 11, 11, lit(STEEL, 0.4))
        edge = stage.half * side
        canvas.line([stage.at(edge, 2.05, 1.15), stage.at(0.42 * side, 2.05, 1.15)], STEEL, 6)
        start, step = stage.half * side, -0.075 * side
        for i in range(5):
            fold = sorted((start + i * step, start + (i + 1) * step))
            strip = stage.on_back(fold[0], fold[1], 0.2, 2.04, 1.15)
            canvas.fade(strip, lit(self.towel, 0.72), lit(self.towel, 0.4), "right")

    def _toilet(self, stage: Stage) -> None:
        canvas, far = stage.canvas, stage.depth
        white = rgb("fafaf8")
        stage.shadow(-0.22, 0.22, far - 0.7, far - 0.1, 0.35)
        stage.box((-0.22, 0.22), (0.4, 0.8), (far - 0.22, far), white)
        stage.box((-0.24, 0.24), (0.8, 0.84), (far - 0.24, far), white)
        button = stage.at(0, 0.84, far - 0.12)
        canvas.disc(button[0], button[1], 14, 5, STEEL)
        foot = oval(0, far - 0.42, 0.15, 0.26)
        seat = oval(0, far - 0.44, 0.22, 0.3)
        low = [stage.at(a, 0.0, b) for a, b in foot]
        high = [stage.at(a, 0.38, b) for a, b in seat]
        canvas.poly(low, shaded(white, 0.22))
        body = [min(high), max(high), max(low), min(low)]
        canvas.fade(body, shaded(white, 0.04), shaded(white, 0.24))
        canvas.poly(high, shaded(white, 0.1))
        canvas.poly([stage.at(a, 0.41, b) for a, b in seat], white)
        hole = oval(0, far - 0.46, 0.14, 0.2)
        canvas.poly([stage.at(a, 0.412, b) for a, b in hole], rgb("c9d7dc"))
        water = oval(0, far - 0.43, 0.1, 0.13)
        canvas.poly([stage.at(a, 0.412, b) for a, b in water], rgb("e4eef1"))

    def _basin(self, stage: Stage) -> None:
        """On the wall across from the shower, with a cupboard, a mirror and a towel."""
        side, canvas = -self.shower_side, stage.canvas
        wall = stage.half * side
        inner = (stage.half - 0.48) * side
        x = sorted((wall, inner))
        z = (1.05, 1.75)
        stage.shadow(x[0], x[1], *z, 0.3)
        canvas.poly(stage.on_side(wall, 0.98, 1.82, 1.2, 2.0), rgb("fdfdfb"))
        canvas.fade(stage.on_side(wall, 1.02, 1.78, 1.24, 1.96), rgb("bcd6e2"), rgb("e8f2f5"))
        a, b = stage.at(wall, 1.9, 1.2), stage.at(wall, 1.9, 1.32)
        c, d = stage.at(wall, 1.3, 1.6), stage.at(wall, 1.3, 1.48)
        canvas.poly([a, b, c, d], rgb("f0f7f9"))
        stage.box((x[0], x[1]), (0.1, 0.72), z, rgb("d9b48c"))
        canvas.line([stage.at(inner, 0.14, 1.4), stage.at(inner, 0.7, 1.4)], rgb("a8835e"), 2)
        stage.box((x[0], x[1]), (0.72, 0.84), (z[0] - 0.02, z[1] + 0.02), rgb("f3f4f2"))
        middle = (wall + inner) / 2
        bowl = oval(middle, 1.4, 0.17, 0.25)
        canvas.poly([stage.at(p, 0.842, q) for p, q in bowl], rgb("cfdadd"))
        canvas.poly(
            [stage.at(p, 0.842, q + 0.02) for p, q in oval(middle, 1.4, 0.14, 0.2)], rgb("e3ebec")
        )
        tap = [stage.at(wall - 0.07 * side, y, 1.4) for y in (0.84, 1.0)]
        tap.append(stage.at(wall - 0.2 * side, 0.99, 1.4))
        canvas.line(tap, shaded(STEEL, 0.25), 8)
        bar = [stage.at(wall, 1.62, q) for q in (0.5, 0.86)]
        canvas.line(bar, STEEL, 5)
        canvas.poly(stage.on_side(wall - 0.02 * side, 0.54, 0.8, 1.05, 1.63), self.towel)
        canvas.poly(stage.on_side(wall - 0.02 * side, 0.54, 0.8, 1.12, 1.17), lit(self.towel, 0.55))
