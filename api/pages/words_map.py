"""What the public map of hazards says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
MAP: Final[Mapping[str, tuple[str, str]]] = {
    "hazard_map": ("隐患地图", "Map of hazards"),
    "hazard_map_says": (
        "网格员受理的安全隐患：在哪里、是什么、处理到哪一步。不显示任何人的信息。",
        "Safety hazards that a warden has accepted: where, what, and how far. No people.",
    ),
    "map_shows": ("{place}有 {count} 处隐患", "{count} hazards in {place}"),
    "map_of_town": ("全镇", "the town"),
    "map_capped": (
        "隐患较多，图上只画最新的 {count} 处。",
        "There are many; the map shows the newest {count}.",
    ),
    "map_approval": ("审图号：{number}", "Map approval number: {number}"),
    "map_empty": ("没有符合条件的隐患", "There is no such hazard"),
    "map_empty_next": (
        "换一个条件看看，或者看全部。",
        "Try something else, or look at all of them.",
    ),
    "map_narrow": ("选着看", "Choose"),
    "map_by_community": ("社区", "Community"),
    "map_by_group": ("类别", "Kind"),
    "map_by_severity": ("程度", "How bad"),
    "map_by_progress": ("进展", "Progress"),
    "map_all": ("全部", "All"),
    "severity_GENERAL": ("一般", "General"),
    "severity_SERIOUS": ("较重", "Serious"),
    "severity_URGENT": ("紧急", "Urgent"),
    "progress_OPEN": ("处理中", "Being dealt with"),
    "progress_CLOSED": ("已整改", "Put right"),
    "hazard_reported": ("{day}上报", "Reported {day}"),
    "hazard_closed": ("{day}整改完成", "Put right {day}"),
    "more_hazards": ("看后面的隐患", "More hazards"),
    "first_hazards": ("回到第一页", "Back to the first page"),
    "hazard_list": ("隐患清单", "List of hazards"),
    "map_key": (
        "圆圈里的数字是隐患的处数，红色的有紧急隐患。",
        "Numbers count hazards; a red circle holds an urgent one.",
    ),
}
