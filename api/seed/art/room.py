"""A room to let: bed, window, desk, wardrobe, daylight."""

from __future__ import annotations

import random
from dataclasses import dataclass

from api.seed.art.canvas import SHADE, WHITE, Canvas, Colour, lit, mix, oval, rgb, shaded
from api.seed.art.stage import Stage


@dataclass(frozen=True)
class Cloth:
    """A colour of bedding and curtains with its name."""

    colour: Colour
    zh: str
    en: str


@dataclass(frozen=True)
class Palette:
    """Colours that go together."""

    wall: Colour
    floor: Colour
    wood: Colour
    curtain: Colour
    accent: Colour


CLOTHS = (
    Cloth(rgb("7d9bb8"), "蓝色", "blue"),
    Cloth(rgb("8fab94"), "绿色", "green"),
    Cloth(rgb("d99a83"), "橙粉色", "coral"),
    Cloth(rgb("d8b25e"), "黄色", "yellow"),
    Cloth(rgb("9a93b8"), "紫色", "violet"),
    Cloth(rgb("8a9aa6"), "灰色", "grey"),
)
PALETTES = (
    Palette(rgb("f1e8db"), rgb("cfa779"), rgb("b98d62"), rgb("e3c9a4"), rgb("c8755a")),
    Palette(rgb("e3ebe4"), rgb("c2a27c"), rgb("a98561"), rgb("b5ccb9"), rgb("d39a58")),
    Palette(rgb("e6ebf0"), rgb("b99a7b"), rgb("9c7a5c"), rgb("b4c7d8"), rgb("d58a6a")),
    Palette(rgb("f4eae6"), rgb("d2b194"), rgb("c09a78"), rgb("e6bdb0"), rgb("7a9d9a")),
    Palette(rgb("f2efe6"), rgb("c9c3b8"), rgb("a58c6f"), rgb("c3cbb5"), rgb("5f8a8b")),
    Palette(rgb("ece7f0"), rgb("c4a88c"), rgb("a68468"), rgb("c9bcd6"), rgb("cf8f6d")),
)
LEAF = rgb("5d9a72")


@dataclass(frozen=True)
class RoomPlan:
    """What stands in the room and where; the same number plans the same room."""

    palette: Palette
    cloth: Cloth
    double: bool
    bed_side: int
    tiled: bool
    wardrobe: bool
    rug: bool
    striped: bool
    accent_wall: bool
    view: float
    seed: int

    @classmethod
    def of(cls, dice: random.Random) -> RoomPlan:
        """Roll a room."""
        return cls(
            palette=dice.choice(PALETTES),
            cloth=dice.choice(CLOTHS),
            double=dice.random() < 0.6,
            bed_side=dice.choice((-1, 1)),
            tiled=dice.random() < 0.4,
            wardrobe=dice.random() < 0.6,
            rug=dice.random() < 0.5,
            striped=dice.random() < 0.4,
            accent_wall=dice.random() < 0.45,
            view=dice.uniform(-0.12, 0.12),
            seed=dice.randrange(1000),
        )

    def alt(self) -> tuple[str, str]:
        """What is seen, in Chinese and English."""
        bed_zh, bed_en = ("双人床", "double bed") if self.double else ("单人床", "single bed")
        zh = [f"铺{self.cloth.zh}被子的{bed_zh}", "书桌和椅子"]
        en = [f"a {bed_en} with a {self.cloth.en} quilt", "a desk with a chair"]
        if self.wardrobe:
            zh.append("衣柜")
            en.append("a wardrobe")
        else:
            zh.append("一盆绿植")
            en.append("a plant")
        floor_zh, floor_en = ("瓷砖", "tiled") if self.tiled else ("木地板", "wooden")
        return (
            f"示意图：白天的单间，窗户明亮，有{'、'.join(zh)}，{floor_zh}地面",
            f"Illustration: a room by day with a bright window, {', '.join(en)}, {floor_en} floor",
        )

    def draw(self, canvas: Canvas) -> None:
        """Paint it from the far wall to the near edge."""
        stage = Stage(canvas, width=3.3, depth=3.4, view=self.view)
        self._shell(stage)
        self._window(stage)
        self._air_conditioner(stage)
        self._pictures(stage)
        stage.daylight(-0.75, 0.75, slant=-0.35 * self.bed_side)
        if self.rug:
            cloth = self.cloth.colour
            rings = (lit(cloth, 0.35), lit(cloth, 0.55), lit(cloth, 0.35), lit(cloth, 0.6))
            stage.round_mat(-0.45 * self.bed_side, 1.75, 0.72, 0.55, rings)
        if self.wardrobe:
            self._wardrobe(stage)
        else:
            stage.plant(-1.3 * self.bed_side, 3.05, self.palette.accent, LEAF, 0.95)
        self._desk(stage)
        self._bed(stage)

    def _shell(self, stage: Stage) -> None:
        palette = self.palette
        floor = mix(palette.floor, rgb("e6e0d6"), 0.75) if self.tiled else palette.floor
        stage.shell(palette.wall, floor)
        if self.accent_wall:
            tone = mix(palette.wall, palette.curtain, 0.7)
            back = stage.on_back(-stage.half, stage.half, 0, stage.height)
            stage.canvas.fade(back, lit(tone, 0.15), tone)
        if self.tiled:
            stage.tiles(shaded(floor, 0.1), 0.6)
        else:
            stage.planks(floor)
        stage.skirting(lit(palette.wall, 0.5))
        lamp = stage.at(0, stage.height, 2.2)
        stage.canvas.disc(lamp[0], lamp[1], 74, 15, shaded(palette.wall, 0.12))
        stage.canvas.disc(lamp[0], lamp[1] - 3, 68, 12, WHITE)

    def _window(self, stage: Stage) -> None:
        canvas, far = stage.canvas, stage.depth
        x0, x1, y0, y1 = -0.75, 0.75, 0.95, 2.2
        canvas.soft([stage.on_back(x0 - 0.1, x1 + 0.1, y0, y1 + 0.1)], WHITE, 0.55, 46)
        canvas.poly(stage.on_back(x0 - 0.06, x1 + 0.06, y0 - 0.06, y1 + 0.06), WHITE)
        stage.outside(x0, x1, y0, y1, rgb("a9d3ea"), self.seed)
        frame = rgb("f7f7f4")
        for x in (x0, -0.03, x1 - 0.05):
            canvas.poly(stage.on_back(x, x + 0.06, y0, y1), frame)
        for y in (y0, y1 - 0.42, y1 - 0.05):
            canvas.poly(stage.on_back(x0, x1, y, y + 0.05), frame)
        for x in (x0 + 0.12, 0.16):
            a, b = stage.at(x, y1 - 0.5, far), stage.at(x + 0.3, y1 - 0.5, far)
            c, d = stage.at(x + 0.12, y0 + 0.1, far), stage.at(x - 0.06, y0 + 0.1, far)
            canvas.soft([[a, b, c, d]], WHITE, 0.28, 3)
        stage.box((x0 - 0.1, x1 + 0.1), (y0 - 0.1, y0 - 0.05), (far - 0.14, far), rgb("f3f1ea"))
        rod = [
            stage.at(x0 - 0.42, y1 + 0.15, far - 0.06),
            stage.at(x1 + 0.42, y1 + 0.15, far - 0.06),
        ]
        for x in (x0 - 0.36, x1 - 0.04):
            stage.curtain(x, x + 0.4, 0.55, y1 + 0.14, self.palette.curtain)
        canvas.line(rod, shaded(self.palette.wood, 0.25), 5)

    def _air_conditioner(self, stage: Stage) -> None:
        side = self.bed_side
        x = (0.82, 1.6) if side > 0 else (-1.6, -0.82)
        z = stage.depth
        stage.canvas.soft([stage.on_back(*x, 2.3, 2.46)], SHADE, 0.25, 9)
        stage.box(x, (2.4, 2.64), (z - 0.2, z), rgb("fdfdfc"))
        stage.canvas.poly(
            stage.on_back(x[0] + 0.05, x[1] - 0.05, 2.42, 2.45, z - 0.2), rgb("c4c8cb")
        )

    def _pictures(self, stage: Stage) -> None:
        """Two small pictures over the bed's side wall."""
        x = stage.half * self.bed_side
        tones = (self.palette.accent, self.cloth.colour)
        for z, tone in zip((2.15, 2.75), tones, strict=True):
            stage.canvas.poly(
                stage.on_side(x, z, z + 0.42, 1.25, 1.78), lit(self.palette.wood, 0.1)
            )
            stage.canvas.poly(stage.on_side(x, z + 0.03, z + 0.39, 1.29, 1.74), rgb("fbf8f2"))
            hill = [(z + 0.07, 1.34), (z + 0.17, 1.52), (z + 0.24, 1.43), (z + 0.31, 1.58)]
            hill.append((z + 0.35, 1.34))
            stage.canvas.poly([stage.at(x, y, a) for a, y in hill], lit(tone, 0.25))
            sun = oval(z + 0.13, 1.65, 0.035, 0.04)
            stage.canvas.poly([stage.at(x, y, a) for a, y in sun], rgb("efb95f"))

    def _wardrobe(self, stage: Stage) -> None:
        """On the desk's side, in the far corner; its doors face the room."""
        side, wood = -self.bed_side, lit(self.palette.wood, 0.3)
        inner, outer = (stage.half - 0.55) * side, stage.half * side
        x = (min(inner, outer), max(inner, outer))
        z = (2.5, 3.38)
        stage.shadow(*x, *z)
        stage.box(x, (0.06, 2.05), z, wood)
        dark = shaded(wood, 0.3)
        stage.canvas.line([stage.at(inner, 0.1, 2.94), stage.at(inner, 2.02, 2.94)], dark, 2)
        for a in (2.87, 2.99):
            handle = stage.on_side(inner, a, a + 0.025, 0.95, 1.15)
            stage.canvas.poly(handle, dark)

    def _desk(self, stage: Stage) -> None:
        side, wood = -self.bed_side, self.palette.wood
        edges = sorted((stage.half * side, (stage.half - 0.58) * side))
        x, z = (edges[0], edges[1]), (1.35, 2.45)
        stage.shadow(*x, *z, 0.28)
        leg = shaded(wood, 0.25)
        for a in (z[1] - 0.06, z[0]):
            for b in (x[0] + 0.02, x[1] - 0.07):
                stage.box((b, b + 0.05), (0, 0.7), (a, a + 0.05), leg)
        stage.box(x, (0.56, 0.7), (z[0] + 0.05, z[1] - 0.05), lit(wood, 0.1))
        stage.box(x, (0.7, 0.74), z, wood)
        self._on_desk(stage, x, z)
        self._chair(stage, side)

    def _on_desk(self, stage: Stage, x: tuple[float, float], z: tuple[float, float]) -> None:
        middle = (x[0] + x[1]) / 2
        wall = x[0] if -self.bed_side < 0 else x[1] - 0.16
        tones = (self.palette.accent, self.cloth.colour, rgb("e9d8b4"), rgb("7c8f9c"))
        for i, tone in enumerate(tones):
            a = z[1] - 0.12 - i * 0.055
            stage.box((wall, wall + 0.16), (0.74, 0.96 + 0.03 * (i % 3)), (a, a + 0.05), tone)
        stage.box((middle - 0.13, middle + 0.13), (0.74, 0.755), (1.72, 2.02), rgb("9aa3ab"))
        base = stage.at(middle, 0.74, 1.5)
        stage.canvas.disc(*base, 24, 8, shaded(self.palette.accent, 0.15))
        neck, head = stage.at(middle, 1.08, 1.5), stage.at(middle + 0.08 * self.bed_side, 1.12, 1.5)
        stage.canvas.line([base, neck, head], shaded(self.palette.accent, 0.2), 5)
        shade = [(-22, -16), (22, -16), (40, 22), (-40, 22)]
        stage.canvas.poly([(head[0] + a, head[1] + b) for a, b in shade], self.palette.accent)

    def _chair(self, stage: Stage, side: int) -> None:
        x = sorted(((stage.half - 0.62) * side, (stage.half - 1.02) * side))
        z = (1.72, 2.1)
        stage.shadow(x[0], x[1], *z, 0.22, 9)
        tone = lit(self.palette.wood, 0.15)
        for a in (z[1] - 0.04, z[0]):
            for b in (x[0], x[1] - 0.04):
                stage.box((b, b + 0.04), (0, 0.44), (a, a + 0.04), shaded(tone, 0.25))
        stage.box((x[0], x[1]), (0.42, 0.46), z, tone)
        back = x[0] if side > 0 else x[1] - 0.04
        stage.box((back, back + 0.04), (0.46, 0.9), z, tone)

    def _bed(self, stage: Stage) -> None:
        side, breadth = self.bed_side, 1.45 if self.double else 1.0
        x0, x1 = sorted((stage.half * side, (stage.half - breadth) * side))
        z0, z1 = 1.25, 3.3
        wood, cloth = self.palette.wood, self.cloth.colour
        stage.shadow(x0, x1, z0, z1, 0.5, 18)
        stage.box((x0, x1), (0.0, 1.0), (z1, z1 + 0.07), wood)
        stage.box((x0, x1), (0.05, 0.27), (z0, z1), wood)
        stage.box((x0 + 0.03, x1 - 0.03), (0.27, 0.47), (z0 + 0.03, z1), rgb("f4f1ec"))
        middle = (x0 + x1) / 2
        spread = 0.33 if self.double else 0.0
        for x in sorted({middle - spread, middle + spread}):
            stage.cushion(x, z1 - 0.27, 0.29, 0.19, 0.47, rgb("fbf9f5"))
        self._quilt(stage, x0, x1, z0, cloth)

    def _quilt(self, stage: Stage, x0: float, x1: float, z0: float, cloth: Colour) -> None:
        a, b = x0 - 0.02, x1 + 0.02
        top, far = 0.53, z0 + 1.45
        stage.box((a, b), (0.22, top + 0.02), (far - 0.06, far + 0.22), lit(cloth, 0.75))
        stage.box((a, b), (0.2, top), (z0 - 0.02, far), cloth)
        if self.striped:
            for i in range(5):
                z = z0 + 0.12 + i * 0.27
                stage.canvas.poly(stage.on_floor(a, b, z, z + 0.09, top), lit(cloth, 0.5))
        crease = shaded(cloth, 0.12)
        for share in (0.3, 0.62):
            x = a + (b - a) * share
            stage.canvas.line([stage.at(x, top, z0), stage.at(x + 0.05, top, far - 0.4)], crease, 2)
        front = [stage.at(a, top, z0 - 0.02), stage.at(b, top, z0 - 0.02)]
        stage.canvas.line(front, lit(cloth, 0.4), 3)
