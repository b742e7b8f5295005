"""Search text: fold case and Azerbaijani letters, so that any keyboard finds a word. Pure.

``folded_sql`` does the same in SQL when product cards are written.
"""

from __future__ import annotations

_FROM = "əışçöüğ"
_TO = "eiscoug"
_TABLE = str.maketrans(_FROM, _TO)


def folded_sql(text: str) -> str:
    """Return the SQL that folds a text expression as ``fold`` does, on any server."""
    return f"translate(lower(({text}) COLLATE pg_c_utf8), '{_FROM}', '{_TO}')"


def fold(text: str) -> str:
    """Lower-case, and write Azerbaijani letters as those of a plain keyboard."""
    return text.replace("İ", "i").lower().translate(_TABLE)
