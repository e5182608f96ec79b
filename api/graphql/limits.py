"""What one GraphQL document may ask for, whatever its variables.

The limits are measured before the standard validation rules run, because some of those take
quadratic time. Every measure is summed per fragment and each fragment is summed once, so a
document whose fragments spread each other twice a level is measured in linear time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

from core.errors import TooComplex


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one document; found by measuring hostile documents of 8 KB.

    ``characters`` and ``tokens`` bound parsing, ``depth`` counts fields inside fields,
    ``selections`` what all operations select with fragments spread out, ``merges`` the pairs of
    fields that answer under one name (checking them is what makes validation quadratic),
    ``values`` what the variables hold, and ``cost`` what one request may load (see
    :mod:`api.graphql.cost`).
    """

    characters: int = 16_384
    tokens: int = 1_500
    operations: int = 25
    fragments: int = 60
    depth: int = 16
    selections: int = 1_000
    aliases: int = 60
    root_fields: int = 30
    directives: int = 60
    merges: int = 1_500
    values: int = 20_000
    cost: int = 10_000


def too_complex(what: str, *, limit: int, actual: int) -> TooComplex:
    """The refusal for one broken limit; ``actual`` is at least what was counted."""
    return TooComplex(
        params={"what": what, "limit": limit, "actual": actual},
        zh="查询过于复杂（{what}：{actual}，上限 {limit}）",
        en="The query is too complex ({what}: {actual}, at most {limit})",
    )


@dataclass(slots=True)
class _Shape:
    """One definition by itself: what it selects, and where it spreads which fragment."""

    depth: int = 0
    selections: int = 0
    aliases: int = 0
    root_fields: int = 0
    spreads: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Structure:
    """What the checks found out and later stages need.

    ``order`` names the reachable fragments so that each comes after those it spreads;
    ``cyclic`` says that some fragment spreads itself.
    """

    fragments: Mapping[str, FragmentDefinitionNode]
    order: tuple[str, ...]
    cyclic: bool


def check_structure(document: DocumentNode, limits: Limits) -> Structure:
    """Measure the document.

    Unknown and cyclic fragments count as nothing here: the standard rules name them.

    Raises:
        TooComplex: with ``params`` ``what``, ``limit`` and ``actual``.
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }
    _hold("operations", limits.operations, len(operations))
    _hold("fragments", limits.fragments, len(fragments))
    _hold("directives", limits.directives, _directives(document))

    shapes: dict[Hashable, _Shape] = {n: _shape(f.selection_set) for n, f in fragments.items()}
    spread = {name for shape in shapes.values() for name, _ in shape.spreads}
    for index, operation in enumerate(operations):
        shapes[index] = _shape(operation.selection_set)
        spread.update(name for name, _ in shapes[index].spreads)
    done, cyclic = _spread_out(shapes)
    # A fragment that nothing spreads is checked by the standard rules all the same.
    roots = [key for key in shapes if key not in spread]
    for what in ("depth", "aliases", "root_fields"):
        worst = max((getattr(done[key], what) for key in roots), default=0)
        _hold(what, getattr(limits, what), worst)
    _hold("selections", limits.selections, sum(done[key].selections for key in roots))

    structure = Structure(
        fragments, tuple(key for key in done if isinstance(key, str)), cyclic=cyclic
    )
    if not cyclic:
        unspread = [f for name, f in fragments.items() if name not in spread]
        pairs = 0
        for definition in (*operations, *unspread):
            pairs += _merges(definition.selection_set, fragments, limits.merges)
            _hold("merges", limits.merges, pairs)
    return structure


def check_variables(variables: Mapping[str, Any] | None, limits: Limits) -> None:
    """Count the values in the variables: a megabyte of them takes seconds to coerce.

    Raises:
        TooComplex: with ``what`` = ``values``.
    """
    pending: list[Any] = [variables]
    count = 0
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            count += len(current)
            pending += current.values()
        elif isinstance(current, list):
            count += len(current)
            pending += current
        _hold("values", limits.values, count)


def _hold(what: str, limit: int, actual: int) -> None:
    if actual > limit:
        # Doubling fragments reach numbers with hundreds of digits; JSON clients know 2^53.
        raise too_complex(what, limit=limit, actual=min(actual, 2**53 - 1))


class _CountDirectives(Visitor):
    count = 0

    def enter_directive(self, *_: Any) -> None:
        self.count += 1


def _directives(document: DocumentNode) -> int:
    counter = _CountDirectives()
    visit(document, counter)
    return counter.count


def _walk(selection_set: SelectionSetNode) -> Iterator[tuple[FieldNode | FragmentSpreadNode, int]]:
    """Fields and spreads under a selection set with the number of fields around them."""
    stack = [(selection_set, 0)]
    while stack:
        current, depth = stack.pop()
        for selection in current.selections:
            if isinstance(selection, (FieldNode, FragmentSpreadNode)):
                yield selection, depth
            nested = getattr(selection, "selection_set", None)
            if nested is not None:
                stack.append((nested, depth + isinstance(selection, FieldNode)))


def _shape(selection_set: SelectionSetNode) -> _Shape:
    shape = _Shape()
    for selection, depth in _walk(selection_set):
        shape.selections += 1
        if isinstance(selection, FragmentSpreadNode):
            shape.spreads.append((selection.name.value, depth))
            continue
        shape.depth = max(shape.depth, depth + 1)
        shape.aliases += selection.alias is not None
        shape.root_fields += depth == 0
    return shape


def _spread_out(shapes: Mapping[Hashable, _Shape]) -> tuple[dict[Hashable, _Shape], bool]:
    """Each definition with its fragments spread out, and whether a fragment spreads itself.

    Depth first without recursion, for 8 KB hold a chain of fragments that is longer than the
    interpreter's stack.
    """
    done: dict[Hashable, _Shape] = {}
    open_: set[Hashable] = set()
    cyclic = False
    stack: list[tuple[Hashable, bool]] = [(key, False) for key in shapes]
    while stack:
        key, complete = stack.pop()
        if complete:
            open_.discard(key)
            done[key] = _sum(shapes[key], done)
        elif key in open_:
            cyclic = True
        elif key not in done:
            open_.add(key)
            stack.append((key, True))
            stack.extend((name, False) for name, _ in shapes[key].spreads if name in shapes)
    return done, cyclic


def _sum(own: _Shape, done: Mapping[Hashable, _Shape]) -> _Shape:
    total = _Shape(own.depth, own.selections, own.aliases, own.root_fields)
    for name, depth in own.spreads:
        part = done.get(name)
        if part is None:
            continue
        total.depth = max(total.depth, depth + part.depth)
        total.selections += part.selections
        total.aliases += part.aliases
        total.root_fields += part.root_fields if depth == 0 else 0
    return total


def _merges(
    root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], limit: int
) -> int:
    """Pairs of fields that share a response name at one place, type conditions ignored.

    Visits at most as many selections as were counted before, and stops above the limit.
    """
    pairs = 0
    levels = [[root]]
    while levels and pairs <= limit:
        names: dict[str, list[FieldNode]] = {}
        pending, seen = levels.pop(), set[str]()
        while pending:
            for selection in pending.pop().selections:
                if isinstance(selection, FieldNode):
                    name = (selection.alias or selection.name).value
                    names.setdefault(name, []).append(selection)
                elif not isinstance(selection, FragmentSpreadNode):
                    pending.append(selection.selection_set)  # type: ignore[attr-defined]  # inline
                elif selection.name.value in fragments and selection.name.value not in seen:
                    seen.add(selection.name.value)
                    pending.append(fragments[selection.name.value].selection_set)
        for nodes in names.values():
            pairs += len(nodes) * (len(nodes) - 1) // 2
            nested = [node.selection_set for node in nodes if node.selection_set]
            if nested:
                levels.append(nested)
    return pairs
