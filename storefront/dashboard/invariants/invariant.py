"""Invariant: define a statement that always holds, with the query that returns violations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A statement that always holds; ``sql`` finds violations at the time ``%(now)s``."""

    code: str
    sentence: str
    sql: str
