"""XML as WeChat writes it: elements and texts, nothing else. No entities, no document types."""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

DEEPEST: Final = 8
MOST_ELEMENTS: Final = 500


class NotXml(Exception):
    """Not the XML that WeChat writes."""


def parse_xml(body: bytes) -> dict[str, Any]:
    """What is inside the outermost element: texts, or dicts again; repeated names make a list.

    Raises:
        NotXml: malformed, with a document type, with attributes, too deep or too many elements.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, UnicodeError):
        raise NotXml from None
    if not isinstance(reader.found, dict):
        raise NotXml
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: Any = None
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if attributes or len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise NotXml
        self._open.append((name, {}, []))

    def text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, _: str) -> None:
        name, inner, texts = self._open.pop()
        value: Any = inner or "".join(texts).strip()
        if not self._open:
            self.found = value
            return
        outer = self._open[-1][1]
        if name not in outer:
            outer[name] = value
        elif isinstance(outer[name], list):
            outer[name].append(value)
        else:
            outer[name] = [outer[name], value]

    def refuse(self, *_: object) -> None:
        raise NotXml


def write_xml(fields: dict[str, Any], root: str = "xml") -> str:
    """The same the other way round, every text in CDATA."""
    return f"<{root}>{''.join(_element(name, value) for name, value in fields.items())}</{root}>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, dict):
        return write_xml(value, name)
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"
