"""Documents are answered or refused before they cost anything, whatever their form."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

import pytest
import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from api.graphql.execution import Refused, Schema
from api.graphql.limits import Limits, check_structure
from core.errors import TooComplex
from tests.api.toy_schema import toy_schema

# What Python 3.11 does in 50 ms of a processor of 2020, which is what a refusal may cost.
BUDGET_CALLS = 1_000_000
SIZE = 8_192


@pytest.fixture(scope="module")
def schema() -> Schema:
    made = toy_schema()
    made.check("{ room { id } }")
    return made


def padded(head: str, unit: str, tail: str = "", size: int = SIZE) -> str:
    """As many units as fit into the size; ``%d`` in the unit is its number."""
    units: list[str] = []
    left = size - len(head) - len(tail)
    while True:
        text = unit.replace("%d", str(len(units))).replace("%n", str(len(units) + 1))
        left -= len(text)
        if left < 0:
            return head + "".join(units) + tail
        units.append(text)


def fragments(body: str, count: int) -> str:
    """``count`` fragments on Room of which each mentions the next as ``%n``."""
    made = "".join(
        f"fragment f{i} on Room{{{body.replace('%n', str(i + 1))}}}" for i in range(count)
    )
    return f"{{room{{...f0}}}}{made}fragment f{count} on Room{{id}}"


HOSTILE = {
    "one field, many times": padded("{", "one ", "}"),
    "fields with arguments": padded("{", "room(step:1){id}", "}"),
    "merging nests": padded("{", "room{next{next{id}}}", "}"),
    "merging pairs at the limit": "{" + "room{next{next{next{id}}}}" * 20 + "}",
    "merging at many levels": "{room{" + "next{a b id name " * 13 + "id" + "}" * 13 + "}}",
    "unknown fields": padded("{", "unknown%d ", "}"),
    "one unknown field with a long name": "{" + "x" * 8_000 + "}",
    "aliases": padded("{", "a%d:one ", "}"),
    "aliases inside": padded("{room{", "a%d:next{id}", "}}"),
    "repeated directives": padded("{one ", "@skip(if:false)", "}"),
    "directives on many": padded("{", "one @skip(if:false)", "}"),
    "unknown directives": padded("{one ", "@x%d", "}"),
    "deep fields": "{room{" + "next{" * 190 + "id" + "}" * 192,
    "very deep fields": "{room{" + "next{" * 1_150 + "id" + "}" * 1_152,
    "deep inline fragments": "{" + "...{" * 190 + "one" + "}" * 191,
    "deep lists": "{echo(text:" + "[" * 190 + "]" * 190 + ")}",
    "deep objects": "{echo(text:" + "{a:" * 190 + "1" + "}" * 190 + ")}",
    "fragments that spread the next one twice": fragments("...f%n ...f%n", 200),
    "fragments that nest the next one twice": fragments("next{...f%n} b:next{...f%n}", 130),
    "a chain of fragments": fragments("...f%n", 230),
    "a deep chain of fragments": fragments("next{...f%n}", 190),
    "a fragment in itself": "{room{...f}} fragment f on Room{next{...f}}",
    "a cycle of two": "{room{...a}} fragment a on Room{next{...b}} fragment b on Room{...a}",
    "a long cycle": fragments("...f%n", 200).replace("on Room{id}", "on Room{...f0}"),
    "everybody spreads everybody": "{room{...f0}}"
    + "".join(
        f"fragment f{i} on Room{{{''.join(f'...f{j} ' for j in range(20))}}}" for i in range(20)
    ),
    "unknown fragments": padded("{", "...x%d ", "}"),
    "one unknown fragment": "{...nobody}",
    "unused fragments": padded("{one}", "fragment u%d on Room{next{id}}"),
    "unused fragments with pairs": padded(
        "{one}", "fragment u%d on Room{next{id}next{id}next{id}next{id}next{id}}"
    ),
    "overlapping fragments": "{room{"
    + "".join(f"...o{i} " for i in range(90))
    + "}}"
    + "".join(f"fragment o{i} on Room{{next{{id a b}}}}" for i in range(90)),
    "overlapping fragments that conflict": "{room{"
    + "".join(f"...o{i} " for i in range(60))
    + "}}"
    + "".join(f"fragment o{i} on Room{{x:next(step:{i}){{id}}}}" for i in range(60)),
    "variables": padded("query(", "$v%d:Int ", "){one}"),
    "used variables": "query("
    + "".join(f"$v{i}:Int " for i in range(150))
    + "){"
    + "".join(f"room(step:$v{i}){{id}}" for i in range(50))
    + "}",
    "operations": padded("", "query q%d{one}"),
    "comments": padded("{", "#\n", "one}"),
    "commas": padded("{", ",", "one}"),
    "a long string": '{echo(text:"' + "x" * 8_000 + '")}',
    "a block string": '{echo(text:"""' + "\n x" * 2_600 + '""")}',
    "an unfinished string": '{echo(text:"' + "x" * 8_000,
    "opening braces": "{" * SIZE,
    "a list of values": padded('{echo(text:["', '","', '"])}'),
    "introspection": get_introspection_query(),
    "introspection, many times": "{"
    + "".join(f"a{i}:__schema{{types{{name fields{{name}}}}}}" for i in range(50))
    + "}",
    "deep introspection": "{__schema{types{" + "fields{type{" * 7 + "name" + "}}" * 7 + "}}}",
}


# The same forms, short enough that the limit on tokens doesn't spare us the work.
SHORTER = {
    "one field, many times": padded("{room{", "id ", "}}", 3_000),
    "fields with arguments": padded("{", "room(step:1){id}", "}", 2_500),
    "unknown fields": padded("{", "unknown%d ", "}"),
    "aliases": padded("{", "a%d:one ", "}", 3_000),
    "aliases inside": padded("{room{", "a%d:next{id}", "}}", 2_500),
    "directives on many": padded("{", "one @skip(if:false)", "}", 2_500),
    "spreads of one fragment": padded("{room{", "...a ", "}}fragment a on Room{id}", 2_500),
    "unknown fragments": padded("{", "...x%d ", "}", 4_096),
    "unused fragments": padded("{one}", "fragment u%d on Room{next{id}}", "", 1_900),
    "large unused fragments": "{one}"
    + "".join(f"fragment u{i} on Room{{{'next{id} a b ' * 3}}}" for i in range(58)),
    "unused fragments with pairs": padded(
        "{one}", "fragment u%d on Room{next{id}next{id}next{id}next{id}next{id}}", "", 3_500
    ),
    "variables": padded("query(", "$v%d:Int ", "){one}", 3_000),
    "list of values": padded('{echo(text:["', '","', '"])}', 4_096),
    "list of objects": padded("{room(step:[", "{a:1}", "])}", 1_500),
    "inline fragments": padded("{room{", "...on Room{id}", "}}", 3_000),
    "spread twice, shallow": fragments("...f%n ...f%n", 58),
    "a chain": fragments("...f%n", 58),
    "overlap": "{room{"
    + "".join(f"...o{i} " for i in range(58))
    + "}}"
    + "".join(f"fragment o{i} on Room{{x{i}:next{{id a b}}}}" for i in range(58)),
    "conflicts": "{room{"
    + "".join(f"...o{i} " for i in range(50))
    + "}}"
    + "".join(f"fragment o{i} on Room{{x:next(step:{i}){{id}}}}" for i in range(50)),
}


def calls(schema: Schema, document: str) -> int:
    """Calls and returns of functions from the text to the decision: the same on every machine."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        checked = schema._check(document)
        for name in checked.operations:
            checked.plan.price(name, {})
    except (TooComplex, Refused):
        pass
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "document",
    [*HOSTILE.values(), *SHORTER.values()],
    ids=[*HOSTILE, *(f"shorter, {name}" for name in SHORTER)],
)
def test_hostile_documents_are_decided_with_little_work(schema: Schema, document: str) -> None:
    assert len(document) <= SIZE
    assert calls(schema, document) <= BUDGET_CALLS


def test_guessing_names_of_a_wide_type_is_decided_with_little_work() -> None:
    """ "Did you mean" compares each unknown name with every name there is."""
    names = [f"theNumberOfThingsInGrid{n:03}" for n in range(120)]
    wide = strawberry.type(
        type("Wide", (), dict.fromkeys(names, 0) | {"__annotations__": dict.fromkeys(names, int)})
    )
    query = strawberry.type(
        type("Query", (), {"wide": strawberry.field(resolver=lambda: None, graphql_type=wide)})
    )
    schema = Schema(query)
    document = "{wide{" + " ".join(f"theNumberOfThingsInGrid{n:03}x" for n in range(280)) + "}}"
    assert len(document) <= SIZE
    assert calls(schema, document) <= BUDGET_CALLS


def refused_for(schema: Schema, document: str) -> dict[str, object]:
    with pytest.raises(TooComplex) as refusal:
        schema.check(document)
    return refusal.value.params


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{room{" + "next{" * 15 + "id" + "}" * 17, "depth"),
        ("{room{...f}} fragment f on Room{" + "next{" * 15 + "id" + "}" * 16, "depth"),
        ("{" + "".join(f"a{i}:one " for i in range(61)) + "}", "aliases"),
        ("{" + "one " * 31 + "}", "root_fields"),
        ("{one " + "@skip(if:false)" * 61 + "}", "directives"),
        ("".join(f"query q{i}{{one}} " for i in range(26)), "operations"),
        ("{room{...a ...a}} fragment a on Room{...b ...b} fragment b on Room{" + "id " * 300 + "}",
         "selections"),
        ("{room{" + "next{id}" * 56 + "}}", "merges"),
        ("{" + " ".join(["one"] * 1_500) + "}", "tokens"),
        ("#" * 16_384 + "\n{one}", "characters"),
        (SHORTER["spread twice, shallow"], "selections"),
        (fragments("...f%n", 60), "fragments"),
    ],
)  # fmt: skip
def test_each_limit_names_itself(schema: Schema, document: str, what: str) -> None:
    params = refused_for(schema, document)
    assert params["what"] == what
    assert params["limit"] == getattr(Limits(), what)
    assert isinstance(params["actual"], int)
    assert params["actual"] > getattr(Limits(), what)


@pytest.mark.parametrize(
    "document",
    [
        "{room{" + "next{" * 14 + "id" + "}" * 16,
        "{" + "".join(f"a{i}:one " for i in range(30)) + "}",
        "{room{" + "id " * 50 + "}}",
        "{one " + "}",
    ],
)
def test_documents_at_the_limit_pass(schema: Schema, document: str) -> None:
    assert schema.check(document).operations


async def test_variables_are_bounded_in_number(schema: Schema) -> None:
    document = "query($t:String!){echo(text:$t)}"
    most = await schema.execute(document, {"t": "x", "other": [[0] * 100] * 197})
    more = await schema.execute(document, {"t": "x", "other": [[0] * 100] * 200})
    assert most.data == {"echo": "x"}
    assert more.errors is not None
    assert (more.errors[0].extensions or {})["params"]["what"] == "values"


def test_the_console_can_introspect(schema: Schema) -> None:
    assert schema.check(get_introspection_query()).plan.price("IntrospectionQuery", {}) <= 10_000


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{...nobody}", "Unknown fragment 'nobody'"),
        ("{room{...f}} fragment f on Room{next{...f}}", "Cannot spread fragment"),
        (HOSTILE["a cycle of two"], "Cannot spread fragment"),
    ],
)
def test_unknown_and_cyclic_fragments_are_named_not_crashed_on(
    schema: Schema, document: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        schema.check(document)
    assert words in refused.value.errors[0].message


NAMES = [f"f{i}" for i in range(6)]


def selection_sets() -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["id", "a", "x:a", "@skip", "...unknown", *(f"...{n}" for n in NAMES)])
    leaf = leaf.map(lambda text: "id @skip(if:false)" if text == "@skip" else text)
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            lambda head, parts: head + "{" + " ".join(parts) + "}",
            st.sampled_from(["next", "y:next", "...on Room", "..."]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=12,
    )


@given(
    root=selection_sets(),
    bodies=st.lists(selection_sets(), min_size=len(NAMES), max_size=len(NAMES)),
)
@settings(max_examples=150, deadline=None)
def test_any_tangle_of_fragments_ends_in_a_decision(root: str, bodies: list[str]) -> None:
    document = (
        "{room{"
        + root
        + "}}"
        + " ".join(
            f"fragment {name} on Room{{{body}}}" for name, body in zip(NAMES, bodies, strict=True)
        )
    )
    schema = shared_schema()
    try:
        schema.check(document)
    except (TooComplex, Refused):
        return
    assert count_naively(document) <= Limits().selections
    assert schema.check(document).plan.price(None, {}) <= 10**9


_SHARED: list[Schema] = []


def shared_schema() -> Schema:
    if not _SHARED:
        _SHARED.append(toy_schema())
    return _SHARED[0]


def count_naively(document: str) -> int:
    """Fields and spreads of everything nobody spreads, by the book; no cycles, all known."""
    definitions = parse(document).definitions
    named = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}

    def count(selection_set: SelectionSetNode) -> Iterator[int]:
        for selection in selection_set.selections:
            if isinstance(selection, FragmentSpreadNode):
                yield 1
                yield from count(named[selection.name.value].selection_set)
            elif isinstance(selection, FieldNode):
                yield 1
                yield from count(selection.selection_set or SelectionSetNode(selections=()))
            elif isinstance(selection, InlineFragmentNode):
                yield from count(selection.selection_set)

    roots = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
    unspread = [d for name, d in named.items() if f"...{name}" not in document]
    return sum(sum(count(d.selection_set)) for d in (*roots, *unspread))


@given(
    root=selection_sets(),
    bodies=st.lists(selection_sets(), min_size=len(NAMES), max_size=len(NAMES)),
)
@settings(max_examples=150, deadline=None)
def test_sums_per_fragment_equal_counting_by_the_book(root: str, bodies: list[str]) -> None:
    # Fragment i may only mention later ones here, so that there is no cycle.
    for i, body in enumerate(bodies):
        for earlier in NAMES[: i + 1]:
            body = body.replace(f"...{earlier}", "id")
        bodies[i] = body.replace("...unknown", "id")
    document = (
        "{room{"
        + root.replace("...unknown", "id")
        + "}}"
        + " ".join(
            f"fragment {name} on Room{{{body}}}" for name, body in zip(NAMES, bodies, strict=True)
        )
    )
    with pytest.raises(TooComplex) as refusal:
        check_structure(parse(document), Limits(selections=0, root_fields=999))
    assert refusal.value.params["actual"] == count_naively(document)
