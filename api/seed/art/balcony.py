"""A balcony seen from the room: railing, washing, plants, the town beyond."""

from __future__ import annotations

import random
from dataclasses import dataclass

from api.seed.art.canvas import WHITE, Canvas, Colour, lit, mix, oval, rgb, shaded
from api.seed.art.stage import Stage

STEEL = rgb("b4bec4")
CLOTHS = (
    rgb("d98a70"),
    rgb("7fa0bd"),
    rgb("e2b866"),
    rgb("86ab90"),
    rgb("c3a3b8"),
    rgb("f4f0e8"),
    rgb("6d8593"),
)
WALLS = (rgb("efe6d8"), rgb("e4ebe6"), rgb("e8e4ee"), rgb("f0e4de"), rgb("e6ebef"))


@dataclass(frozen=True)
class BalconyPlan:
    """What stands on the balcony; the same number plans the same balcony."""

    wall: Colour
    machine_side: int
    pots: int
    cloths: tuple[int, ...]
    view: float
    seed: int

    @classmethod
    def of(cls, dice: random.Random) -> BalconyPlan:
        """Roll a balcony."""
        return cls(
            wall=dice.choice(WALLS),
            machine_side=dice.choice((-1, 1)),
            pots=dice.randint(1, 3),
            cloths=tuple(dice.sample(range(len(CLOTHS)), dice.randint(3, 5))),
            view=dice.uniform(-0.1, 0.1),
            seed=dice.randrange(1000),
        )

    def alt(self) -> tuple[str, str]:
        """What is seen, in Chinese and English."""
        pots_en = "a potted plant" if self.pots == 1 else f"{self.pots} potted plants"
        return (
            f"示意图：朝外的阳台，不锈钢栏杆，晾着 {len(self.cloths)} 件衣服，"
            f"有洗衣机和 {self.pots} 盆绿植，远处是楼房和树",
            f"Illustration: a balcony with a steel railing, {len(self.cloths)} clothes drying, a "
            f"washing machine and {pots_en}; houses and trees beyond",
        )

    def draw(self, canvas: Canvas) -> None:
        """Paint it from the horizon to the near edge."""
        stage = Stage(canvas, width=3.0, depth=2.3, view=self.view)
        floor = rgb("d3c3ae")
        self._town(stage)
        stage.shell(self.wall, floor, back=False)
        stage.tiles(shaded(floor, 0.12), 0.3)
        edge = stage.on_back(-stage.half, stage.half, 2.4, 2.75)
        canvas.fade(edge, lit(self.wall, 0.2), shaded(self.wall, 0.08))
        self._railing(stage)
        self._sunlight(stage)
        self._washing(stage)
        self._machine(stage)
        side = -self.machine_side
        spots = ((1.2, 1.85, 0.85), (0.75, 1.95, 0.6), (1.22, 1.2, 0.62))
        pots = (rgb("c8755a"), rgb("efe9de"), rgb("7d95a3"))
        for (x, z, tall), pot in list(zip(spots, pots, strict=True))[: self.pots]:
            stage.plant(x * side, z, pot, rgb("5d9a72"), tall)

    def _town(self, stage: Stage) -> None:
        """Sky, two rows of houses, tree tops below."""
        canvas, half = stage.canvas, stage.half
        canvas.fade(stage.on_back(-half, half, -0.2, 2.6), rgb("8cc2e4"), rgb("f2f5ee"))
        for i in range(2):
            x, y = stage.at(-0.8 + i * 1.3 + self.seed % 5 * 0.1, 2.1 - 0.2 * i, stage.depth)
            puffs = [
                oval(x + a, y + b, c, c * 0.34)
                for a, b, c in ((0, 0, 80), (60, 8, 55), (-55, 9, 50))
            ]
            canvas.soft(puffs, WHITE, 0.8, 6)
        for row, (count, base) in enumerate(((9, 1.5), (6, 1.12))):
            step = stage.half * 2 / count
            for i in range(count):
                x = -half + i * step
                top = base + 0.1 * ((i * 7 + self.seed + row * 3) % 5)
                self._block(stage, x + 0.02, x + step * 0.9, top, row, i)
        for i in range(13):
            crown = oval(-half + i * 0.25, 0.62, 0.24, 0.2 + 0.06 * ((i * 5 + self.seed) % 3))
            green = mix(rgb("86b58c"), rgb("5c9a72"), (i * 3 + self.seed) % 4 / 3)
            canvas.poly([stage.at(a, b, stage.depth) for a, b in crown], green)
        canvas.poly(stage.on_back(-half, half, -0.1, 0.6), rgb("6ba07b"))

    def _block(self, stage: Stage, x0: float, x1: float, top: float, row: int, i: int) -> None:
        tones = (
            (rgb("c6d5de"), rgb("d7dcda"), rgb("cfd3dd")),
            (rgb("e6d9c6"), rgb("dcc9c0"), rgb("d2dcd4")),
        )
        tone = tones[row][(i + self.seed) % 3]
        stage.canvas.poly(stage.on_back(x0, x1, 0.3, top), tone)
        stage.canvas.poly(stage.on_back(x1 - 0.04, x1, 0.3, top), shaded(tone, 0.1))
        pane = mix(tone, rgb("7f9fb0"), 0.3 + 0.25 * row)
        for level in range(6):
            y = top - 0.1 - level * 0.13
            for column in range(3):
                x = x0 + (x1 - x0) * (0.12 + 0.27 * column)
                stage.canvas.poly(stage.on_back(x, x + (x1 - x0) * 0.16, y - 0.05, y), pane)

    def _railing(self, stage: Stage) -> None:
        canvas, half, z = stage.canvas, stage.half, stage.depth
        kerb = lit(self.wall, 0.1)
        stage.box((-half, half), (0, 0.16), (z - 0.12, z), kerb)
        for i in range(31):
            x = -half + half * 2 * i / 30
            a, b = stage.at(x, 0.16, z - 0.06), stage.at(x, 1.1, z - 0.06)
            canvas.line([a, b], shaded(STEEL, 0.1), 4)
            canvas.line([(a[0] - 1, a[1]), (b[0] - 1, b[1])], lit(STEEL, 0.6), 1.5)
        for y, width in ((1.1, 13), (0.98, 5)):
            rail = [stage.at(-half, y, z - 0.06), stage.at(half, y, z - 0.06)]
            canvas.line(rail, shaded(STEEL, 0.15), width)
            canvas.line([(a, b - width / 4) for a, b in rail], lit(STEEL, 0.65), width / 3)

    def _sunlight(self, stage: Stage) -> None:
        """The sun through the bars, in stripes on the floor."""
        slant = 0.5 * self.machine_side
        stripes = []
        for i in range(9):
            x = -1.1 + i * 0.22
            near, far = 0.9, stage.depth - 0.15
            stripes.append(
                [
                    stage.at(x - slant, 0, near),
                    stage.at(x + 0.14 - slant, 0, near),
                    stage.at(x + 0.14, 0, far),
                    stage.at(x, 0, far),
                ]
            )
        stage.canvas.soft(stripes, rgb("fff3cf"), 0.5, 5)

    def _washing(self, stage: Stage) -> None:
        """A pole under the ceiling with shirts and towels."""
        canvas, half, z = stage.canvas, stage.half, 1.7
        for x in (-half * 0.7, half * 0.7):
            canvas.line([stage.at(x, stage.height, z), stage.at(x, 2.3, z)], shaded(STEEL, 0.25), 4)
        pole = [stage.at(-half + 0.12, 2.3, z), stage.at(half - 0.12, 2.3, z)]
        for i, cloth in enumerate(self.cloths):
            x = (i - (len(self.cloths) - 1) / 2) * 0.5
            tone = CLOTHS[cloth]
            hook = stage.at(x, 2.3, z)
            canvas.line([hook, (hook[0], hook[1] + 16)], shaded(STEEL, 0.4), 3)
            if (i + self.seed) % 3 == 0:
                self._towel(canvas, hook, tone)
            else:
                self._shirt(canvas, hook, tone, striped=cloth % 2 == 0)
        canvas.line(pole, shaded(STEEL, 0.1), 8)
        canvas.line([(a, b - 2) for a, b in pole], lit(STEEL, 0.6), 2.5)

    def _shirt(
        self, canvas: Canvas, hook: tuple[float, float], tone: Colour, *, striped: bool
    ) -> None:
        x, y = hook[0], hook[1] + 14
        half = [(10, 0), (30, 6), (66, 42), (48, 60), (36, 50), (38, 158)]
        outline = [(x + a, y + b) for a, b in half] + [(x - a, y + b) for a, b in half[::-1]]
        canvas.poly(outline, tone)
        if striped:
            for i in range(4):
                canvas.rect(x - 36, y + 62 + i * 24, x + 36, y + 70 + i * 24, lit(tone, 0.4))
        canvas.poly(
            [(x + 14, y + 52), (x + 36, y + 50), (x + 38, y + 158), (x + 20, y + 158)],
            shaded(tone, 0.1),
        )
        canvas.poly([(x - 12, y), (x + 12, y), (x, y + 16)], shaded(tone, 0.3))

    def _towel(self, canvas: Canvas, hook: tuple[float, float], tone: Colour) -> None:
        x, y = hook
        canvas.fade(
            [(x - 38, y), (x + 38, y), (x + 36, y + 150), (x - 36, y + 150)],
            tone,
            shaded(tone, 0.1),
            "right",
        )
        for drop in (118, 130):
            canvas.rect(x - 36, y + drop, x + 36, y + drop + 5, lit(tone, 0.5))

    def _machine(self, stage: Stage) -> None:
        side, canvas = self.machine_side, stage.canvas
        x = sorted((1.48 * side, 0.88 * side))
        z = (1.25, 1.85)
        white = rgb("f4f6f6")
        stage.shadow(x[0], x[1], *z, 0.45)
        stage.box((x[0], x[1]), (0.03, 0.86), z, white)
        middle = (x[0] + x[1]) / 2
        panel = stage.on_back(x[0] + 0.03, x[1] - 0.03, 0.74, 0.83, z[0])
        canvas.poly(panel, rgb("cfd8dc"))
        for dx, tone in ((-0.2, rgb("5c7f93")), (0.18, rgb("e08a62"))):
            knob = stage.at(middle + dx, 0.785, z[0])
            canvas.disc(*knob, 10, 10, tone)
        door, unit = stage.at(middle, 0.41, z[0]), stage.size(1, z[0])
        for share, tone in ((0.22, rgb("c3cdd2")), (0.185, rgb("5d6d77")), (0.16, rgb("7f9aaa"))):
            canvas.disc(*door, unit * share, unit * share, tone)
        canvas.poly(oval(door[0] - 16, door[1] - 16, unit * 0.05, unit * 0.08), rgb("b4c8d2"))
