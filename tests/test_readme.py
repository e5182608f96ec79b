"""What the README and its Chinese twin say is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.settings import Settings

ROOT = Path(__file__).parent.parent
README, TWIN = ROOT / "README.md", ROOT / "README.zh-CN.md"
BOTH = pytest.mark.parametrize("paper", [README, TWIN], ids=lambda paper: paper.name)

# Read by the launcher before there are settings.
READ_ELSEWHERE = {"LEYE_HOME": "core/embedded_postgres"}

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def prose(paper: Path) -> str:
    return _FENCE.sub("", paper.read_text("utf-8"))


def code_blocks(paper: Path) -> list[tuple[str, str]]:
    return _FENCE.findall(paper.read_text("utf-8"))


def configuration(paper: Path) -> dict[str, str]:
    """Variable → default, from the table whose header begins with ``Variable``."""
    lines = iter(paper.read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith("| Variable"):
            break
    else:
        pytest.fail(f"{paper.name} has no table of variables")
    assert set(next(lines)) <= set("|-: ")
    table = {}
    for line in lines:
        if not line.startswith("|"):
            break
        name, default, meaning = (cell.strip() for cell in line.strip("|").split("|", 2))
        assert meaning, f"{name} has no meaning"
        assert name.strip("`") not in table, f"{name} stands twice"
        table[name.strip("`")] = default
    return table


def variables() -> dict[str, object]:
    return {
        str(field.validation_alias or f"LEYE_{name.upper()}"): field.default
        for name, field in Settings.model_fields.items()
    }


@BOTH
def test_the_table_of_variables_is_complete(paper: Path) -> None:
    assert set(configuration(paper)) - set(READ_ELSEWHERE) == set(variables())


def test_variables_read_elsewhere_are_read_there() -> None:
    for name, place in READ_ELSEWHERE.items():
        sources = (ROOT / place).rglob("*.py")
        assert any(name in source.read_text("utf-8") for source in sources), name


@BOTH
def test_the_defaults_in_the_table_are_the_real_ones(paper: Path) -> None:
    defaults = variables()
    said = {name: cell.strip("`") for name, cell in configuration(paper).items() if "`" in cell}
    for name in set(said) & set(defaults):
        default = defaults[name]
        assert not isinstance(default, SecretStr), f"{name} shows a secret"
        assert said[name] == (str(default).lower() if isinstance(default, bool) else str(default))


@BOTH
def test_every_plain_default_is_in_the_table(paper: Path) -> None:
    table = configuration(paper)
    unsaid = {
        name
        for name, default in variables().items()
        if isinstance(default, int | float | str) and default != "" and "`" not in table[name]
    }
    assert unsaid == set()


@BOTH
def test_every_make_command_exists(paper: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = paper.read_text("utf-8")
    named = set(re.findall(r"(?:`|^|\d )make ([a-z-]+)", text, re.MULTILINE))
    assert {"run", "test"} <= named
    assert named <= targets


def test_both_papers_name_the_same_make_commands() -> None:
    def named(paper: Path) -> set[str]:
        return set(re.findall(r"`make ([a-z-]+)", paper.read_text("utf-8")))

    assert named(README) == named(TWIN)


def papers() -> list[Path]:
    return sorted(
        path
        for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md"))
    )


@pytest.mark.parametrize("paper", papers(), ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(paper: Path) -> None:
    text = prose(paper)
    links = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    for link in links:
        target, _, heading = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (paper.parent / target).resolve() if target else paper
        assert found.exists(), f"{link} leads nowhere"
        if heading and found.suffix == ".md":
            assert heading in anchors(found), f"{link}: no such heading"


def anchors(paper: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(paper), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_twins_have_the_same_parts() -> None:
    def levels(paper: Path) -> list[int]:
        return [len(marks) for marks in re.findall(r"^(#+) ", prose(paper), re.MULTILINE)]

    assert levels(TWIN) == levels(README)


def test_the_twins_have_the_same_code() -> None:
    assert code_blocks(TWIN) == code_blocks(README)


def test_the_twins_show_the_same_tables_of_variables() -> None:
    assert list(configuration(TWIN)) == list(configuration(README))
