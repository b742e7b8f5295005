"""Source syntax: write a source of a mapping as staff type it, parse it again. Pure.

``B2B price`` is a column, ``json: prices[0].net`` a JMESPath, ``xpath: g:price`` an XPath, and
``fixed: EUR`` a constant. ``IMAGES split at |`` has several values in one cell.
"""

import re
from collections.abc import Iterable

import msgspec

from suppliers.connectors.feed.mapping.spec import Source

PREFIXES = {"json:": "jmespath", "xpath:": "xpath", "fixed:": "constant"}
SPLIT = re.compile(r"(?P<name>.*\S)\s+split at\s+(?P<separator>\S{1,3})")


class InvalidLineError(ValueError):
    """The line does not have the expected syntax."""


def format_source(source: Source) -> str:
    for prefix, name in PREFIXES.items():
        if value := getattr(source, name):
            return _with_separator(f"{prefix} {value}", source)
    return _with_separator(source.column, source)


def parse_source(text: str) -> Source:
    """Parse one source; an unknown prefix belongs to the column name."""
    plain, separator = text.strip(), ""
    if match := SPLIT.fullmatch(plain):
        plain, separator = match["name"], match["separator"]
    for prefix, name in PREFIXES.items():
        if plain.casefold().startswith(prefix):
            bare = Source(separator=separator)
            return msgspec.structs.replace(bare, **{name: plain[len(prefix) :].strip()})
    return Source(column=plain, separator=separator)


def parse_pairs(text: str) -> dict[str, str]:
    """Parse lines such as ``Color = colour``. Raises InvalidLineError."""
    pairs = {}
    for line in split_lines(text):
        name, sign, value = line.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InvalidLineError(line)
        pairs[name.strip()] = value.strip()
    return pairs


def format_pairs(table: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in table)


def split_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _with_separator(text: str, source: Source) -> str:
    return f"{text} split at {source.separator}" if source.separator else text
