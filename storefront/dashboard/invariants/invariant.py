"""Invariant: define a statement that always holds, with the query that returns violations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """``sql`` returns the offending rows, so none when all is well.

    ``%(now)s`` is the moment of asking.
    """

    code: str
    sentence: str
    sql: str
