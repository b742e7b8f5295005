"""Text: fold, drop control characters, unify line breaks, test for storage, read row ids. Pure."""

import re
from collections.abc import Mapping
from typing import Any

# Control characters other than tab and line breaks; lone surrogates, which UTF-8 cannot encode.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MAX_ID_DIGITS = 18  # a bigint holds each number of so many digits
_FROM = "əışçöüğ"
_TO = "eiscoug"
_TABLE = str.maketrans(_FROM, _TO)


def folded_sql(text: str) -> str:
    """Return the SQL that folds a text expression as ``fold`` does, whatever the locale."""
    return f"translate(lower(({text}) COLLATE pg_c_utf8), '{_FROM}', '{_TO}')"


def fold(text: str) -> str:
    """Lower-case a text and replace Azerbaijani letters by plain Latin ones."""
    return text.replace("İ", "i").lower().translate(_TABLE)


def drop_controls(text: str) -> str:
    """Drop control characters (tab and line breaks stay) and lone surrogates."""
    return text if text.isprintable() else _CONTROLS.sub("", text)


def unify_line_breaks(text: str) -> str:
    """Replace each line break by one character, as a browser counts it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def drop_controls_in(value: Any) -> Any:
    """Apply ``drop_controls`` to every text in a tuple, list or mapping; return others as is."""
    if isinstance(value, str):
        return drop_controls(value)
    if isinstance(value, Mapping):
        return {drop_controls_in(key): drop_controls_in(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)([drop_controls_in(item) for item in value])
    return value


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store a text: no NUL, no lone surrogate."""
    return _UNSTORABLE.search(text) is None


def row_id(text: str) -> int:
    """Return the id of a row that a request names, 0 if the text is no id."""
    return int(text) if text.isdecimal() and len(text) <= MAX_ID_DIGITS else 0
