"""Documents made from the schema itself: a selection of everything there is."""

from __future__ import annotations

from collections.abc import Collection

from graphql import GraphQLObjectType, get_named_type, is_interface_type, is_leaf_type

from tests.schema.support import SCHEMA


def everything_of(
    type_name: str, *, leave_out: Collection[str] = (), _path: tuple[str, ...] = ()
) -> str:
    """Every field of a type and of what is beneath it, no type within itself.

    Connections are read through ``nodes``; ``leave_out`` names fields as ``Type.field``.
    """
    kind = SCHEMA._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    parts = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if f"{type_name}.{name}" in leave_out or name == "edges" or inner.name in _path:
            continue
        if is_leaf_type(inner):
            parts.append(name)
        elif is_interface_type(inner):
            parts.append(f"{name} {{ id }}")
        else:
            beneath = everything_of(
                inner.name, leave_out=leave_out, _path=(*_path, type_name, inner.name)
            )
            parts.append(f"{name} {{ {beneath} }}")
    return " ".join(parts)
