"""Make the font that plates are printed in: Noto Sans CJK SC, cut to the characters of a town.

    pip install fonttools
    apt-get install fonts-noto-cjk
    python tools/make_plate_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

The characters are GB 2312 (both levels, 6,763 汉字, and its signs), Latin, and those of Guangdong's
place names that GB 2312 lacks. The outlines become TrueType's, which every PDF reader and print
shop takes; the curves stay within a thousandth of the em of the original's.
"""

import sys
from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

TARGET = Path(__file__).parents[1] / "management/plate_sheets/fonts/PlateSans.ttf"
NAME = "Plate Sans"  # the licence keeps "Source" for the original
FACE = "Noto Sans CJK SC"

# Of villages, rivers and streets in Guangdong, and of names.
LOCAL = (
    "滘塱埗磡冚氹漖垌沥泷埔圳塘埕坜坭坳坵垟埇埝埲堽塅墈墟崀岽岃嵛嶂峯崐濠涠洴淏湴湳溁溇滃澫瀛瀝灣"
    "栢槎榄榕樟櫈茘荔莆菉葵蓢蕉蓮畲甴疍砵碁碣硇磜窰窖竂竇缐罡芏茛荗莨菴萆蓈蔀虾蚬蚝蛏蠔螺贝贤赤"
    "邓邝郄郗鄺酂釒钊铧锃镕镫閪闸阬陂陇隔雒韶顺饒饶馬驿骥鲩鳌鳒鹤鸥麻黄黎鼎龍龙囍喆堃淼犇鑫焱垚昇"
    "玥珺琎瑄璟翀赟晞暐旸昉炘烜燊頔颋祎祺禤佘仝冼邬邸郏郜鄢"
)
ASKED = "".join(
    [
        *(chr(code) for code in range(0x20, 0x7F)),
        *(chr(code) for code in range(0xA0, 0x180)),
        *"—–‘’“”…·•№℃×÷ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ①②③④⑤⑥⑦⑧⑨⑩㎡〇",
        LOCAL,
    ]
)


def gb2312() -> str:
    """Every character of GB 2312."""
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", errors="ignore") for pair in pairs)


def open_face(file: str) -> TTFont:
    """The face for simplified Chinese out of a collection."""
    for number in range(20):
        font = TTFont(file, fontNumber=number)
        if font["name"].getDebugName(4) == FACE:
            return font
    raise SystemExit(f"{file} has no {FACE}")


def cut(font: TTFont) -> None:
    """Keep what is asked for, and no layout features: each character is one glyph."""
    options = Options(
        layout_features=[],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        hinting=False,
        notdef_outline=True,
    )
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "BASE", "vhea", "vmtx", "VORG"]
    subsetter = Subsetter(options)
    subsetter.populate(text=gb2312() + ASKED)
    subsetter.subset(font)


def to_truetype(font: TTFont) -> None:
    """Cubic outlines to quadratic ones."""
    order = font.getGlyphOrder()
    glyph_set, glyphs = font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(None)
        glyph_set[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    del font["CFF "]
    font["loca"] = newTable("loca")
    glyf = font["glyf"] = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, glyphs
    metrics = font["hmtx"].metrics
    for name in order:
        glyf[name].recalcBounds(glyf)
        metrics[name] = (metrics[name][0], getattr(glyf[name], "xMin", 0))
    table = font["maxp"]
    table.tableVersion = 0x00010000
    for field in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs",
        "maxStackElements", "maxSizeOfInstructions", "maxComponentElements",
    ):  # fmt: skip
        setattr(table, field, 0)
    table.maxZones = 1
    post = font["post"]
    post.formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


def rename(font: TTFont) -> None:
    """A name of its own, so that nobody takes it for the whole font."""
    for record in font["name"].names:
        if record.nameID in {1, 3, 4}:
            record.string = NAME
        elif record.nameID == 6:
            record.string = NAME.replace(" ", "") + "-Regular"


def main() -> None:
    """Write the font."""
    font = open_face(sys.argv[1])
    cut(font)
    to_truetype(font)
    rename(font)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    font.save(TARGET)
    print(f"{len(font.getGlyphOrder())} glyphs, {TARGET.stat().st_size} bytes")


main()
