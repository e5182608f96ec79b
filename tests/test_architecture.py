"""The shape of the code, where the import linter alone does not see it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tortoise import Model, Tortoise

from api.assembly import APPS, HANDLERS
from tests.conftest import SERVERS

ROOT = Path(__file__).parent.parent
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
LAYERS = [{name.strip() for name in layer.split("|")} for layer in LINTER["contracts"][0]["layers"]]

# Folders with Python in them that nothing else imports.
APART = {"deploy", "migrations", "tests", "tools"}

LONGEST_MODULE = 400  # lines

# Imports inside functions: only to spare processes what they never use.
LATE_IMPORTS = {
    (
        "management/hazards/documents/fetching.py",
        "management.hazards.documents.printing",
    ): "the drawing library takes 20 MB: only processes that draw pay",
    ("api/cli/data.py", "api.seed.filling"): "drawing and geometry: `leye seed` alone pays",
    ("api/cli/serving.py", "api.seed.filling"): "drawing and geometry: the first start alone pays",
    ("api/ops/checks_inside.py", "management.territory_map"): "numpy and shapely: the doctor pays",
    ("core/redis.py", "fakeredis"): "brings numpy: 40 MB that a real Redis makes needless",
    ("management/territory.py", "management.territory_map"): "numpy and shapely: 40 MB, on demand",
}

PRODUCT_NOUNS = {
    "grid", "hazard", "landlord", "listing", "place", "plate", "rental", "tenant", "warden",
}  # fmt: skip
# Where "place" is the everyday word: on disk, and a column's in the database.
OTHER_PLACES = ("core/crypto.py", "core/embedded_postgres/")


def level(package: str) -> int:
    """How far up a package lies: imports and references go to smaller numbers."""
    (found,) = (index for index, layer in enumerate(reversed(LAYERS)) if package in layer)
    return found


@cache
def tracked() -> tuple[Path, ...]:
    """Files that are, or are about to be, under version control."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for line in answer.stdout.splitlines() if (path := ROOT / line).is_file())


def sources(*, tests: bool = False) -> list[Path]:
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and (tests or path.relative_to(ROOT).parts[0] != "tests")
    ]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


# Direction


def test_imports_go_down() -> None:
    # In a process of its own: the linter switches off every logger that there is.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_has_its_layer() -> None:
    packages = {path.relative_to(ROOT).parts[0] for path in sources()} - APART
    assert packages == set(LINTER["root_packages"]) == set().union(*LAYERS)


async def test_foreign_keys_point_to_the_same_package_or_one_below(tortoise: None) -> None:
    up = []
    for model in every_model():
        meta = model._meta
        for name in meta.fk_fields | meta.o2o_fields | meta.m2m_fields:
            other = meta.fields_map[name].related_model
            if level(package_of(other)) > level(package_of(model)):
                up.append(f"{meta.db_table}.{name}")
    assert up == []


async def test_sql_names_tables_of_the_same_package_or_one_below(tortoise: None) -> None:
    owners = {model._meta.db_table: package_of(model) for model in every_model()}
    named = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|ONLY|TABLE)\s+\"?([a-z_]+)\b")
    up = []
    for path in sources():
        package = path.relative_to(ROOT).parts[0]
        if package in APART:
            continue
        up += [
            f"{name_of(path)}:{node.lineno} {table}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for table in named.findall(node.value)
            if table in owners and level(owners[table]) > level(package)
        ]
    assert up == []


def every_model() -> list[type[Model]]:
    return [model for app in APPS for model in Tortoise.apps[app].values()]


def package_of(model: type[Model]) -> str:
    return model.__module__.split(".")[0]


async def test_models_live_in_the_package_of_their_app(tortoise: None) -> None:
    for app in APPS:
        assert {package_of(model) for model in Tortoise.apps[app].values()} == {app}
    assert [level(app) for app in APPS] == sorted(level(app) for app in APPS)


def test_every_package_with_handlers_is_assembled_lower_layers_first() -> None:
    found = {
        f"{path.parent.name}.handlers" for path in sources() if path.parts[-1] == "handlers.py"
    }
    assert found == set(HANDLERS)
    assert [level(name.split(".")[0]) for name in HANDLERS] == sorted(
        level(name.split(".")[0]) for name in HANDLERS
    )


def late_imports(path: Path) -> Iterator[tuple[str, str]]:
    for function in ast.walk(tree(path)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                yield from ((name_of(path), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield name_of(path), node.module or "."


def test_imports_stand_at_the_top_but_for_what_only_some_processes_use() -> None:
    found = {late for path in sources() for late in late_imports(path)}
    assert found == set(LATE_IMPORTS)
    for (where, module), reason in LATE_IMPORTS.items():
        package = module.split(".")[0]
        upward = package in set().union(*LAYERS) and level(package) > level(where.split("/")[0])
        assert not upward, f"{where} dodges a layer: {reason}"


# Size and names


def test_no_module_is_longer_than_one_can_hold_in_mind() -> None:
    long = {
        name_of(path): lines
        for path in sources()
        if path.relative_to(ROOT).parts[0]
        != "migrations"  # a tool writes them, nobody adds to them
        and (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def words_of(identifier: str) -> set[str]:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)
    return {part.lower().removesuffix("s") for part in parts}


def identifiers(path: Path) -> Iterator[str]:
    yield path.stem
    for node in ast.walk(tree(path)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name):
                yield name


async def test_what_uses_the_database_runs_a_second_time(
    db: None, request: pytest.FixtureRequest
) -> None:
    assert SERVERS & set(request.fixturenames)


def test_tests_find_servers_by_fixtures_alone() -> None:
    """Else ``--servers`` would leave them out."""
    asked = re.compile(r"""environ(\.get\(|\[)["'](DATABASE|REDIS)_URL["']""")
    asking = [
        name_of(path) for path in sources(tests=True) if asked.search(path.read_text("utf-8"))
    ]
    assert [name for name in asking if name.startswith("tests/")] == ["tests/conftest.py"]


def test_the_core_knows_no_noun_of_the_product() -> None:
    found = set()
    for path in sources():
        if path.relative_to(ROOT).parts[0] != "core":
            continue
        everyday = {"place"} if name_of(path).startswith(OTHER_PLACES) else set()
        found |= {
            f"{name_of(path)}: {identifier}"
            for identifier in identifiers(path)
            if words_of(identifier) & PRODUCT_NOUNS - everyday
        }
    assert found == set()


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = [path.name for path in sources(tests=True) if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


# What is committed


def split(*parts: str) -> str:
    """A pattern that this file does not hold itself."""
    return "".join(parts)


# Where packages come from, and where this tree lies, is for the machine to know.
FOREIGN = [
    split("py", r"pi\.org"),
    split("python", r"hosted\.org"),
    split("registry", r"\.npmjs"),
    split("registry", r"\.yarnpkg"),
    split("npm", r"mirror\.com"),
    split("crates", r"\.io"),
    split("un", r"pkg\.com"),
    split("js", r"delivr\.net"),
    split(r"(^|[^A-Za-z0-9_.$~}-])/wo", r"rk/[a-z]"),
    split(r"(^|[^A-Za-z0-9_.$~}-])/ro", r"ot/"),
    split(r"(^|[^A-Za-z0-9_.$~}-])/ho", r"me/[a-z]"),
    split(r"/Us", r"ers/[a-z]"),
]


@pytest.mark.parametrize("pattern", FOREIGN)
def test_nothing_committed_names_a_registry_or_a_folder_of_one_machine(pattern: str) -> None:
    wanted = re.compile(pattern, re.MULTILINE)
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {hit.group()}" for hit in wanted.finditer(text)]
    assert found == []


@pytest.mark.parametrize("pattern", FOREIGN)
def test_the_patterns_find_what_they_are_for(pattern: str) -> None:
    samples = "\n".join(
        [
            split("https://py", "pi.org/simple"),
            split("https://files.python", "hosted.org/x"),
            split("https://registry.npm", "js.org"),
            split("https://registry", ".yarnpkg.com"),
            split("https://npm", "mirror.com"),
            split("https://crates", ".io"),
            split("https://un", "pkg.com/x"),
            split("https://cdn.js", "delivr.net/x"),
            split(" /wo", "rk/tree"),
            split(" /ro", "ot/x"),
            split(" /ho", "me/somebody"),
            split("/Us", "ers/somebody"),
        ]
    )
    assert re.search(pattern, samples, re.MULTILINE)


def test_no_secret_key_is_committed() -> None:
    key = re.compile(split("-----BEGIN [A-Z ]*PRIV", "ATE KEY-----"))
    found = [
        name_of(path)
        for path in tracked()
        if path.suffix not in {".png", ".ttf", ".woff2", ".jpg", ".webp"}
        and key.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []
