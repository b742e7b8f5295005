"""Text: fold search text for any keyboard, find and drop characters that cannot be stored. Pure.

``folded_sql`` folds in SQL when product cards are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Controls other than tab and line breaks, and lone surrogates, which UTF-8 cannot encode.
_NOT_STORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_FROM = "əışçöüğ"
_TO = "eiscoug"
_TABLE = str.maketrans(_FROM, _TO)


def folded_sql(text: str) -> str:
    """Return the SQL that folds a text expression as ``fold`` does, on any server."""
    return f"translate(lower(({text}) COLLATE pg_c_utf8), '{_FROM}', '{_TO}')"


def fold(text: str) -> str:
    """Lower-case, and write Azerbaijani letters as those of a plain keyboard."""
    return text.replace("İ", "i").lower().translate(_TABLE)


def storable(text: str) -> str:
    """Drop control characters (tab and line breaks stay) and lone surrogates."""
    return text if text.isprintable() else _NOT_STORABLE.sub("", text)


def storable_value(value: Any) -> Any:
    """Drop them from every text of a tuple, list or mapping; other values are returned as is."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable_value(key): storable_value(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)([storable_value(each) for each in value])
    return value


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL stores a text: it has no NUL and no lone surrogate."""
    return _UNSTORABLE.search(text) is None
