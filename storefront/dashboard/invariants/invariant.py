"""Invariant: define a statement that always holds, with the query that returns violations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A statement that always holds; ``sql`` returns the violations.

    ``%(now)s`` is the time of the check.
    """

    code: str
    sentence: str
    sql: str
