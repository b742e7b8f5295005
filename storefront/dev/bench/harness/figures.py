"""Figures of one benchmark run: what to measure, what was measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec


@dataclass(slots=True, kw_only=True)
class Figures:
    """The report of a run; steps that no goal of ``wanted`` needs are skipped.

    Shape: ``is_full``: measure all sizes, not only the small ones.
    """

    say: Callable[[str], None]
    now: datetime
    wanted: frozenset[str]
    is_full: bool = False
    report: dict[str, Any] = field(default_factory=dict)

    def needs(self, *goals: str) -> bool:
        return bool(self.wanted & set(goals))

    def keep[T](self, name: str, found: T) -> T:
        """Put a result into the report; return it."""
        self.report[name] = msgspec.to_builtins(found)
        return found
