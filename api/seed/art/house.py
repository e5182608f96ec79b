"""A rental house seen from across the street: a shop at the bottom, rooms above."""

from __future__ import annotations

import random
from dataclasses import dataclass

from api.seed.art.canvas import SHADE, WHITE, Canvas, Colour, lit, mix, oval, rgb, shaded
from api.seed.art.shop import SHOPS, Shop, shop_front
from api.seed.art.street import GROUND, scooter, sky, street, tree, window

GLASS = rgb("8fb3c4")
STEEL = rgb("b9c2c8")


@dataclass(frozen=True)
class Facade:
    """Tiles of a house front, with the colour of columns and ledges."""

    tile: Colour
    trim: Colour
    zh: str
    en: str


FACADES = (
    Facade(rgb("efe3d0"), rgb("c98d6b"), "米黄色", "cream"),
    Facade(rgb("e9d3cb"), rgb("b5705f"), "浅红色", "pale red"),
    Facade(rgb("dde6df"), rgb("7f9f8d"), "浅绿色", "pale green"),
    Facade(rgb("e3e8ee"), rgb("7d93ab"), "浅蓝灰色", "pale blue-grey"),
    Facade(rgb("f1efe9"), rgb("a79b8a"), "白色", "white"),
    Facade(rgb("e8d9b8"), rgb("a98650"), "土黄色", "ochre"),
)


@dataclass(frozen=True)
class HousePlan:
    """What the house looks like; the same number plans the same house."""

    floors: int
    bays: int
    facade: Facade
    shop: Shop
    door_side: int
    balconies: frozenset[int]
    tree_side: int
    bikes: int
    seed: int

    @classmethod
    def of(cls, dice: random.Random) -> HousePlan:
        """Roll a house."""
        bays = dice.choice((3, 4))
        return cls(
            floors=dice.randint(4, 7),
            bays=bays,
            facade=dice.choice(FACADES),
            shop=dice.choice(SHOPS),
            door_side=dice.choice((-1, 1)),
            balconies=frozenset(dice.sample(range(bays), dice.choice((1, 2)))),
            tree_side=dice.choice((-1, 1)),
            bikes=dice.randint(0, 3),
            seed=dice.randrange(1000),
        )

    def alt(self) -> tuple[str, str]:
        """What is seen, in Chinese and English."""
        bikes_zh = f"，门前停着 {self.bikes} 辆电动车" if self.bikes else ""
        bikes_en = (
            ("", ", an e-bike in front")[self.bikes]
            if self.bikes < 2
            else f", {self.bikes} e-bikes in front"
        )
        return (
            f"示意图：{self.floors} 层{self.facade.zh}瓷砖外墙的出租屋，一楼是{self.shop.zh}，"
            f"旁边是带门牌的入口，楼上有阳台和窗户{bikes_zh}",
            f"Illustration: a {self.floors}-storey rental house with {self.facade.en} tiles, a "
            f"{self.shop.en} on the ground floor beside the entrance with its plate, balconies and "
            f"windows above{bikes_en}",
        )

    # Measures in pixels

    @property
    def _storey(self) -> float:
        return min(152.0, 752 / (self.floors + 0.55))

    @property
    def _half(self) -> float:
        return 160 + self.bays * 64.0

    @property
    def _shop_top(self) -> float:
        return GROUND - self._storey * 1.55

    @property
    def _top(self) -> float:
        return self._shop_top - self._storey * (self.floors - 1)

    def draw(self, canvas: Canvas) -> None:
        """Paint it from the sky to the street."""
        sky(canvas, self.seed)
        self._neighbours(canvas)
        self._roof(canvas)
        self._front(canvas)
        street(canvas, self.seed)
        canvas.soft([oval(740, GROUND + 10, self._half, 16)], SHADE, 0.4, 14)
        self._ground_floor(canvas)
        tree(canvas, 720 + self.tree_side * (self._half + 120))
        for i in range(self.bikes):
            scooter(
                canvas, 720 + self.door_side * (self._half - 235 - i * 118), (i + self.seed) % 3
            )

    def _neighbours(self, canvas: Canvas) -> None:
        """The houses left and right, an alley apart."""
        for side in (-1, 1):
            facade = FACADES[(self.seed + side) % len(FACADES)]
            tone = mix(mix(facade.tile, rgb("cfdce2"), 0.45), facade.trim, 0.06)
            edge = 720 + side * (self._half + 34)
            far = 720 + side * 800
            top = self._top + (-70, 55, 120, 20)[(self.seed + 2 * side) % 4]
            x0, x1 = sorted((edge, far))
            canvas.fade(
                [(x0, top), (x1, top), (x1, GROUND), (x0, GROUND)],
                lit(tone, 0.2),
                shaded(tone, 0.1),
            )
            canvas.rect(x0 - 6, top - 8, x1 + 6, top + 6, shaded(tone, 0.12))
            inner0, inner1 = sorted((720 + side * self._half, edge))
            canvas.fade(
                [(inner0, top), (inner1, top), (inner1, GROUND), (inner0, GROUND)],
                shaded(tone, 0.35),
                shaded(tone, 0.6),
            )
            for row in range(6):
                y = top + 48 + row * 128
                if y > GROUND - 210:
                    break
                for column in range(3):
                    x = edge + side * (46 + column * 128)
                    a, b = sorted((x, x + side * 74))
                    window(canvas, a, y, b, y + 68, mix(GLASS, tone, 0.45), tone)
            a, b = sorted((edge + side * 40, far))
            canvas.rect(a, GROUND - 118, b, GROUND, mix(rgb("aab2b5"), tone, 0.35))
            for i in range(9):
                y = GROUND - 108 + i * 12
                canvas.line([(a, y), (b, y)], shaded(tone, 0.3), 1.5)
            canvas.rect(a - 6, GROUND - 146, b + 6, GROUND - 118, mix(facade.trim, tone, 0.4))

    def _roof(self, canvas: Canvas) -> None:
        x0, x1, top = 720 - self._half, 720 + self._half, self._top
        tone = self.facade.tile
        side = -self.door_side
        a, b = sorted((720 + side * 40, 720 + side * (self._half - 60)))
        canvas.fade(
            [(a, top - 62), (b, top - 62), (b, top), (a, top)], lit(tone, 0.1), shaded(tone, 0.2)
        )
        canvas.rect(a - 10, top - 70, b + 10, top - 58, self.facade.trim)
        tank = 720 - side * self._half * 0.55
        for leg in (-26, 22):
            canvas.rect(tank + leg, top - 30, tank + leg + 5, top, shaded(STEEL, 0.4))
        shape = [
            (tank - 40, top - 84),
            (tank + 40, top - 84),
            (tank + 40, top - 28),
            (tank - 40, top - 28),
        ]
        canvas.fade(shape, lit(STEEL, 0.55), shaded(STEEL, 0.25), "right")
        canvas.disc(tank, top - 84, 40, 10, lit(STEEL, 0.6))
        for i in range(1, 4):
            y = top - 84 + i * 14
            canvas.line([(tank - 40, y), (tank + 40, y)], shaded(STEEL, 0.2), 1.5)
        canvas.rect(x0 - 8, top - 26, x1 + 8, top + 4, shaded(tone, 0.06))
        canvas.rect(x0 - 14, top - 34, x1 + 14, top - 22, self.facade.trim)

    def _front(self, canvas: Canvas) -> None:
        x0, x1, top = 720 - self._half, 720 + self._half, self._top
        tile, trim = self.facade.tile, self.facade.trim
        canvas.soft([[(x0, top), (x1, top), (x1 + 40, GROUND), (x0, GROUND)]], SHADE, 0.3, 26)
        canvas.fade(
            [(x0, top), (x1, top), (x1, GROUND), (x0, GROUND)],
            lit(tile, 0.3),
            shaded(tile, 0.05),
            "right",
        )
        canvas.rect(x0, top, x1, top + 10, shaded(tile, 0.25))
        joint = shaded(tile, 0.07)
        rows = int((self._shop_top - top) / 13)
        for i in range(1, rows):
            canvas.line([(x0, top + i * 13), (x1, top + i * 13)], joint, 1)
        for floor in range(self.floors - 1):
            y = top + floor * self._storey
            self._storey_of(canvas, y, floor)
            canvas.rect(x0, y + self._storey - 9, x1, y + self._storey, lit(trim, 0.25))
            canvas.rect(x0, y + self._storey, x1, y + self._storey + 5, shaded(tile, 0.2))
        for x in (x0, x1 - 20):
            canvas.rect(x, top, x + 20, GROUND, trim)
            canvas.rect(x + 14, top, x + 20, GROUND, shaded(trim, 0.14))

    def _storey_of(self, canvas: Canvas, y: float, floor: int) -> None:
        bay = (self._half * 2 - 40) / self.bays
        height = self._storey
        for i in range(self.bays):
            left = 720 - self._half + 20 + i * bay
            if i in self.balconies:
                self._balcony(canvas, left + 12, y + 14, left + bay - 12, y + height - 9, i + floor)
            else:
                a, b = left + bay * 0.2, left + bay * 0.8
                window(canvas, a, y + height * 0.16, b, y + height * 0.6, GLASS, self.facade.trim)
                self._guard(canvas, a, y + height * 0.16, b, y + height * 0.6)
                if (i * 3 + floor * 5 + self.seed) % 3:
                    self._cooler(canvas, b - 52, y + height * 0.66)

    def _guard(self, canvas: Canvas, x0: float, y0: float, x1: float, y1: float) -> None:
        """Bars over the lower half; the upper half stays an escape."""
        middle = (y0 + y1) / 2
        count = int((x1 - x0) / 12)
        for i in range(count + 1):
            x = x0 + (x1 - x0) * i / count
            canvas.line([(x, middle), (x, y1 + 2)], lit(STEEL, 0.4), 1.6)
        for y in (middle, y1):
            canvas.line([(x0 - 3, y), (x1 + 3, y)], lit(STEEL, 0.4), 2.4)

    def _cooler(self, canvas: Canvas, x: float, y: float) -> None:
        """The outdoor part of an air conditioner."""
        canvas.rect(x + 6, y + 6, x + 62, y + 31, shaded(self.facade.tile, 0.22))
        canvas.rect(x, y, x + 56, y + 28, rgb("eceeed"), 3)
        canvas.disc(x + 21, y + 14, 11, 11, rgb("c2c8ca"))
        canvas.disc(x + 21, y + 14, 4, 4, rgb("9aa2a5"))
        for i in range(3):
            canvas.line([(x + 38, y + 8 + i * 6), (x + 50, y + 8 + i * 6)], rgb("c2c8ca"), 1.6)

    def _balcony(
        self, canvas: Canvas, x0: float, y0: float, x1: float, y1: float, roll: int
    ) -> None:
        tile, height = self.facade.tile, y1 - y0
        recess = shaded(tile, 0.34)
        canvas.fade([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], shaded(recess, 0.25), recess)
        canvas.poly([(x0, y0), (x0 + 12, y0 + 8), (x0 + 12, y1), (x0, y1)], shaded(tile, 0.2))
        door0, door1 = x0 + (x1 - x0) * 0.3, x0 + (x1 - x0) * 0.72
        canvas.rect(door0 - 4, y0 + height * 0.14, door1 + 4, y1, lit(tile, 0.3))
        canvas.fade(
            [(door0, y0 + height * 0.18), (door1, y0 + height * 0.18), (door1, y1), (door0, y1)],
            shaded(GLASS, 0.4),
            shaded(GLASS, 0.1),
        )
        canvas.rect(
            (door0 + door1) / 2 - 2, y0 + height * 0.18, (door0 + door1) / 2 + 2, y1, lit(tile, 0.3)
        )
        line = y0 + height * 0.16
        canvas.line([(x0 + 8, line), (x1 - 8, line)], lit(STEEL, 0.3), 2)
        cloths = (
            rgb("d98a70"),
            rgb("f2efe8"),
            rgb("7fa0bd"),
            rgb("e2b866"),
            rgb("86ab90"),
            rgb("c3a3b8"),
        )
        for i in range(2 + (roll + self.seed) % 4):
            x = x0 + 16 + i * (x1 - x0 - 60) / 4 + (roll * 13 + i * 7) % 9
            tone = cloths[(roll * 2 + i + self.seed) % len(cloths)]
            drop = height * (0.28 + 0.07 * ((i + roll) % 3))
            canvas.poly(
                [(x, line), (x + 26, line), (x + 24, line + drop), (x + 2, line + drop)], tone
            )
            canvas.rect(x + 17, line, x + 25, line + drop, shaded(tone, 0.1))
        rail = y1 - height * 0.36
        canvas.rect(x0 - 4, y1 - 12, x1 + 4, y1, lit(tile, 0.2))
        for i in range(int((x1 - x0) / 9) + 1):
            canvas.line([(x0 + i * 9, rail), (x0 + i * 9, y1 - 10)], lit(STEEL, 0.55), 1.8)
        canvas.line([(x0 - 4, rail), (x1 + 4, rail)], lit(STEEL, 0.7), 4)

    def _ground_floor(self, canvas: Canvas) -> None:
        x0, x1 = 720 - self._half + 20, 720 + self._half - 20
        y = self._shop_top
        door = 128
        canvas.rect(x0, y, x1, GROUND, shaded(self.facade.tile, 0.08))
        if self.door_side < 0:
            self._entrance(canvas, x0, y, x0 + door)
            shop_front(canvas, self.shop, self.seed, x0 + door + 16, y, x1)
        else:
            self._entrance(canvas, x1 - door, y, x1)
            shop_front(canvas, self.shop, self.seed, x0, y, x1 - door - 16)

    def _entrance(self, canvas: Canvas, x0: float, y: float, x1: float) -> None:
        """The way up: a steel door, a lamp, a letter box and the plate to scan."""
        canvas.rect(x0, y, x1, GROUND, self.facade.trim)
        a, b, top = x0 + 16, x1 - 42, y + 40
        canvas.rect(a - 6, top - 6, b + 6, GROUND, lit(self.facade.trim, 0.4))
        canvas.fade([(a, top), (b, top), (b, GROUND), (a, GROUND)], rgb("66757c"), rgb("4a565d"))
        for i in range(1, 4):
            x = a + (b - a) * i / 4
            canvas.line([(x, top + 10), (x, GROUND - 30)], rgb("8b999f"), 2.5)
        canvas.rect(b - 12, (top + GROUND) / 2, b - 6, (top + GROUND) / 2 + 26, rgb("d9c27e"), 2)
        canvas.soft([oval((a + b) / 2, y + 18, 34, 18)], rgb("ffe7a8"), 0.7, 14)
        canvas.disc((a + b) / 2, y + 18, 13, 9, rgb("fff3cf"))
        plate = top + 34
        canvas.rect(b + 13, plate, x1 - 5, plate + 32, rgb("0b6e5f"), 3)
        canvas.rect(b + 17, plate + 6, x1 - 9, plate + 25, WHITE)
        for i, j in ((0, 0), (2, 0), (0, 2), (1, 1), (2, 2)):
            canvas.rect(
                b + 19 + i * 4, plate + 9 + j * 4, b + 22 + i * 4, plate + 12 + j * 4, SHADE
            )
