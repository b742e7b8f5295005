"""XML documents: stream the elements that repeat, keep none of them in memory.

Document types, entities and network access are rejected.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from catalog.records import ImportIssue
from suppliers.connectors.feed.limits import CHUNK, MAX_DEPTH, PROBE_BYTES, StallGuard, invalid_file

GOOGLE = "http://base.google.com/ns/1.0"
DECLARATION = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._\-]+)""")
DOCTYPE = re.compile(r"\s*(?:<\?[^>]*\?>\s*|<!--(?:[^-]|-(?!-))*-->\s*)*<!DOCTYPE", re.IGNORECASE)
MAX_VALUES = 500

ElementPath = tuple[str, ...]


def rows(
    path: Path, *, encoding: str, item_path: str, xpaths: Sequence[str] = ()
) -> Iterator[dict[str, Any] | ImportIssue]:
    """Yield each element at ``item_path``, such as ``catalog/product``, as a dict of its children.

    Keys are the names of children. A child's attribute is ``name@attribute``, the element's own is
    ``@attribute``. The result of an XPath is keyed by the expression.

    Raises: PermanentError  the document cannot be read to its end
    """
    wanted = tuple(item_path.split("/"))
    number = 0
    for element in _elements(path, encoding=encoding, tag=wanted[-1]):
        if _path_of(element)[-len(wanted) :] == wanted:
            number += 1
            yield _row(element, number, xpaths)
            _free(element)


def _row(element: Any, number: int, xpaths: Sequence[str]) -> dict[str, Any] | ImportIssue:
    try:
        row = _flatten(element, depth=0)
    except RecursionError:
        message = f"The element is nested more than {MAX_DEPTH} levels deep."
        return ImportIssue(row=f"item {number}", code="list-unreadable", message=message)
    for expression in xpaths:
        row[expression] = _find_value(element, expression)
    return row


def item_path(path: Path, *, encoding: str) -> str:
    """Return the path of the element that repeats, as near to the root as possible."""
    counts: Counter[ElementPath] = Counter()
    parser = _parser(encoding, events=("start", "end"))
    open_tags: list[str] = []
    try:
        with path.open("rb") as file:
            for event, element in _events(file.read(PROBE_BYTES), parser):
                if event == "end":
                    open_tags.pop()
                    element.clear()
                    continue
                open_tags.append(_name(element))
                if len(open_tags) <= MAX_DEPTH:
                    counts[tuple(open_tags)] += 1
    except etree.XMLSyntaxError as error:
        if not counts:
            raise invalid_file(
                "xml", f"The document is not well-formed XML: {error.msg}"
            ) from error
    nested = {path: count for path, count in counts.items() if len(path) > 1}
    if not nested:
        raise invalid_file("xml-empty", "The document has no elements.")
    best = min(nested, key=lambda path: (nested[path] == 1, len(path), -nested[path]))
    return "/".join(best)


def reject_doctype(start: str) -> None:
    """Reject a document type before any parser reads it. Raises PermanentError."""
    if DOCTYPE.match(start.lstrip("\ufeff")):
        raise invalid_file(
            "xml-doctype", "The document has a document type. Entities are not allowed."
        )


def declared_encoding(start: bytes) -> str:
    match = DECLARATION.search(start[:300])
    return match[1].decode().casefold() if match else ""


def _elements(path: Path, *, encoding: str, tag: str) -> Iterator[Any]:
    parser = _parser(encoding, events=("end",), tag=f"{{*}}{tag}")
    is_checked = False
    try:
        with path.open("rb") as file:
            watched = StallGuard(file)
            while chunk := watched.read(CHUNK):
                parser.feed(chunk)
                for _, element in parser.read_events():
                    if not is_checked:
                        _reject_doctype(element)
                        is_checked = True
                    watched.progressed()
                    yield element
            parser.close()
    except etree.XMLSyntaxError as error:
        raise invalid_file("xml", f"The document is not well-formed XML: {error.msg}") from error


def _events(start: bytes, parser: Any) -> Iterator[tuple[str, Any]]:
    parser.feed(start)
    for index, (event, element) in enumerate(parser.read_events()):
        if index == 0:
            _reject_doctype(element)
        yield event, element


def _parser(encoding: str, *, events: Sequence[str], tag: str | None = None) -> Any:
    return etree.XMLPullParser(
        events=events,
        tag=tag,
        encoding=encoding or None,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _reject_doctype(element: Any) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise invalid_file(
            "xml-doctype", "The document has a document type. Entities are not allowed."
        )


@lru_cache(maxsize=4096)
def _split(tag: str) -> tuple[str, str]:
    space, _, local = tag.rpartition("}")
    return space.removeprefix("{"), local


def _name(element: Any) -> str:
    return _split(element.tag)[1]


def _path_of(element: Any) -> ElementPath:
    ancestors = [_name(ancestor) for ancestor in element.iterancestors()]
    return (*reversed(ancestors), _name(element))


def _free(element: Any) -> None:
    """Free the memory of an element and of its ancestors' earlier children."""
    element.clear()
    for node in (element, *element.iterancestors()):
        parent = node.getparent()
        while parent is not None and node.getprevious() is not None:
            del parent[0]


def _flatten(element: Any, *, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise RecursionError
    row: dict[str, Any] = {
        f"@{_split(name)[1]}": value_text for name, value_text in element.attrib.items()
    }
    children = [
        (*_split(child.tag), child) for child in element[:MAX_VALUES] if isinstance(child.tag, str)
    ]
    google = {name for space, name, _ in children if space == GOOGLE}
    for space, name, child in children:
        if name in google and space != GOOGLE:
            continue  # g:title describes the product, title the entry of the RSS feed
        if len(child):
            value: Any = _flatten(child, depth=depth + 1)
        else:
            value = (child.text or "").strip()
            for attribute, value_text in child.attrib.items():
                row.setdefault(f"{name}@{_split(attribute)[1]}", value_text)
        if name not in row:
            row[name] = value
        elif isinstance(row[name], list):
            row[name].append(value)
        else:
            row[name] = [row[name], value]
    return row


def _find_value(element: Any, expression: str) -> Any:
    spaces = {name: uri for name, uri in element.nsmap.items() if name} | {"g": GOOGLE}
    try:
        result = etree.XPath(expression, namespaces=spaces)(element)
    except etree.XPathError:
        return None
    if isinstance(result, list):
        return [
            "".join(item.itertext()) if hasattr(item, "itertext") else str(item) for item in result
        ][:MAX_VALUES]
    return (
        result
        if isinstance(result, bool)
        else f"{result:g}"
        if isinstance(result, float)
        else str(result)
    )
