"""Text query: translate search words into a tsquery. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from catalog.search.query_parser import Term


class Sql(NamedTuple):
    """A piece of SQL with its parameter values."""

    text: str
    values: tuple[Any, ...] = ()


def text_query(terms: Sequence[Term]) -> Sql:
    """Build a tsquery that requires every word, in any form; the last one may be a prefix."""
    parts, values = [], []
    for index, term in enumerate(terms):
        quoted = _quoted(term.word)
        names = " | ".join(_quoted(name) for name in term.names)
        is_last = index == len(terms) - 1 and len(term.word) > 1
        begun = f"{quoted}:*" if is_last else quoted
        parts.append(
            "(to_tsquery('english', %s) || to_tsquery('simple', %s) || CAST(%s AS tsquery))"
        )
        values += [quoted, begun, names]
    return Sql(" && ".join(parts), tuple(values))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "").replace("'", "''") + "'"
