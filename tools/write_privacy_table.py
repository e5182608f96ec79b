"""Write the table of what is held about people into ``docs/privacy.md``, from the register."""
# ruff: noqa: E402 - the path comes first

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # of several checkouts the one that this file lies in

from tortoise import Tortoise

from api.assembly import assemble, database_config
from core.privacy import Holding, registry
from core.settings import Settings, settings

PAPER = ROOT / "docs/privacy.md"
BEGIN, END = "<!-- register: begin -->\n", "<!-- register: end -->\n"
KINDS = {
    "account": "Accounts of residents and landlords",
    "person": "Persons, by their documents",
    "staff": "Members of staff",
    "place": "Contacts of places",
    "app": "Contacts of apps",
}


def table() -> str:
    """The table, kind by kind of whom it is about."""
    lines = []
    for kind, title in KINDS.items():
        lines += [f"### {title}", "", "| Column | What | Basis | Kept |", "|---|---|---|---|"]
        by_name = sorted(registry.holdings(kind), key=lambda holding: holding.name)
        lines += [_row(holding) for holding in by_name]
        lines.append("")
    return "\n".join(lines)


def _row(holding: Holding) -> str:
    title = f"{holding.title.en} ({holding.title.zh})"
    return f"| `{holding.name}` | {title} | {holding.basis.value} | {holding.retention.rule.en} |"


def written(paper: str) -> str:
    """The paper with the table of now."""
    before, _, rest = paper.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


async def main() -> None:
    """Write it."""
    assemble(settings())
    config = database_config("postgresql://nobody@127.0.0.1/none", Settings())
    await Tortoise.init(config=config, init_connections=False, _enable_global_fallback=True)
    PAPER.write_text(written(PAPER.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
