"""JSON documents: stream the objects of one array."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import ijson

from catalog.records import ImportIssue
from suppliers.connectors.feed.formats.encoding import Utf8Stream
from suppliers.connectors.feed.limits import (
    CHUNK,
    MAX_DEPTH,
    MAX_NUMBER_LENGTH,
    PROBE_BYTES,
    ByteSource,
    StallGuard,
    invalid_file,
)

STARTS = frozenset({"start_map", "start_array"})
ENDS = frozenset({"end_map", "end_array"})
MAX_DIGITS = 1_000
OVERLONG_NUMBER = re.compile(rb"[0-9]{1000}")
MAX_NUMBER: int = 10**MAX_NUMBER_LENGTH

Event = tuple[str, Any]
Location = tuple[str, ...]


def rows(path: Path, *, encoding: str, item_path: str) -> Iterator[dict[str, Any] | ImportIssue]:
    """Yield each object of the array at ``item_path``. Raises PermanentError."""
    wanted = tuple(item_path.split(".")) if item_path else ()
    number = 0
    for location, value in _array_items(path, encoding=encoding, wanted=wanted):
        if location != wanted:
            continue
        number += 1
        if isinstance(value, dict):
            yield value
        else:
            message = value if isinstance(value, RejectedItem) else "The entry is not an object."
            yield ImportIssue(row=f"entry {number}", code="list-unreadable", message=str(message))


def item_paths(path: Path, *, encoding: str) -> Counter[Location]:
    """Count the objects in each array of the first part of the document."""
    counts: Counter[Location] = Counter()
    keys: list[str | None] = []
    events_read = 0
    try:
        for event, value in _events(path, encoding=encoding, max_bytes=PROBE_BYTES):
            events_read += 1
            if event == "map_key":
                keys[-1] = value
            elif event in STARTS:
                if event == "start_map" and keys and keys[-1] is None and keys.count(None) == 1:
                    counts[tuple(str(key) for key in keys[:-1])] += 1
                keys.append("" if event == "start_map" else None)
                _check_depth(len(keys))
            elif event in ENDS:
                keys.pop()
    except ijson.JSONError:
        pass  # cut in the middle, or broken: reading it will show which
    return counts


class RejectedItem(str):
    """The reason why one object of the array is rejected."""

    __slots__ = ()


def _array_items(
    path: Path, *, encoding: str, wanted: Location
) -> Iterator[tuple[Location | None, Any]]:
    keys: list[str | None] = []
    events = _events(path, encoding=encoding)
    try:
        for event, value in events:
            if keys and keys[-1] is None and _location(keys) == wanted and event not in ENDS:
                yield wanted, _build_item(event, value, events)
            elif event == "map_key":
                keys[-1] = value
            elif event in STARTS:
                keys.append("" if event == "start_map" else None)
                _check_depth(len(keys))
            elif event in ENDS:
                keys.pop()
    except (ijson.JSONError, ValueError, ArithmeticError) as error:
        raise invalid_file("json", f"The document is not valid JSON: {str(error)[:200]}") from error


def _location(keys: list[str | None]) -> Location | None:
    """Return the keys that lead to the current array; None inside an array of arrays."""
    outer = keys[:-1]
    return None if None in outer else tuple(str(key) for key in outer)


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise invalid_file(
            "json-depth", f"The document is nested more than {MAX_DEPTH} levels deep."
        )


def _build_item(event: str, value: Any, events: Iterator[Event]) -> Any:
    """Build one entry. A rejected one is read to its end."""
    if event not in STARTS:
        return value
    root: Any = {} if event == "start_map" else []
    stack: list[Any] = [root]
    keys: list[str] = [""]
    error = ""
    for event, value in events:  # noqa: PLR1704 - the same iterator
        if event in ENDS:
            stack.pop()
            keys.pop()
            if not stack:
                return RejectedItem(error) if error else root
            continue
        if event == "map_key":
            if value in stack[-1]:
                error = f"The key {value[:40]!r} occurs twice."
            keys[-1] = value
            continue
        if event == "number" and not _is_in_range(value):
            error = "A number has too many digits."
        node: Any = {} if event == "start_map" else [] if event == "start_array" else value
        if isinstance(stack[-1], dict):
            stack[-1][keys[-1]] = node
        else:
            stack[-1].append(node)
        if event in STARTS:
            stack.append(node)
            keys.append("")
            _check_depth(len(stack))
    return RejectedItem("The entry is incomplete.")


def _is_in_range(number: int | Decimal) -> bool:
    if isinstance(number, int):
        return abs(number) < MAX_NUMBER
    return bool(len(number.as_tuple().digits) <= MAX_NUMBER_LENGTH)


def _events(path: Path, *, encoding: str, max_bytes: int = 0) -> Iterator[Event]:
    with path.open("rb") as file:
        source: ByteSource = file if encoding == "utf-8" else Utf8Stream(file, encoding=encoding)
        watched = StallGuard(_NumberGuard(BytesIO(source.read(max_bytes)) if max_bytes else source))
        for event in ijson.basic_parse(watched, use_float=False, buf_size=CHUNK):
            watched.progressed()
            yield event


class _NumberGuard:
    """Rejects a document with very long numbers, which crash the parser's C code."""

    def __init__(self, file: ByteSource) -> None:
        self._file = file
        self._end = b""

    def read(self, size: int = CHUNK) -> bytes:
        chunk = self._file.read(size)
        if OVERLONG_NUMBER.search(self._end + chunk):
            raise invalid_file(
                "json-number", "The JSON contains a number with over a thousand digits."
            )
        self._end = (self._end + chunk)[-MAX_DIGITS:]
        return chunk
