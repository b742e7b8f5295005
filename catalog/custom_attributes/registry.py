"""Registry of custom attributes: read their definitions, keep them in memory for ten seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.models import CustomAttribute

CACHE_S = 10.0
CUSTOM = "custom:"  # before a code, where names of columns stand too
_kept: "tuple[float, tuple[Definition, ...]] | None" = None  # expiry by the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One attribute, hashable: a cache key.

    Shape:  ``names`` are pairs of language and name; ``choices`` pairs of a code and such names
    """

    code: str
    kind: str
    names: tuple[tuple[str, str], ...]
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    labels: tuple[str, ...] = ()
    families: frozenset[str] = frozenset()

    def name_in(self, language: str) -> str:
        return in_language(self.names, language) or self.code

    def is_of(self, family: str) -> bool:
        return not self.families or family in self.families


def in_language(names: tuple[tuple[str, str], ...], language: str) -> str:
    """Return the name in a language, else in English, else ""."""
    known = dict(names)
    return known.get(language) or known.get("en", "")


def load() -> tuple[Definition, ...]:
    """Read all definitions, in their order."""
    return tuple(
        Definition(
            code=row.code,
            kind=row.kind,
            names=_pairs(row.names),
            unit=row.unit,
            minimum=row.minimum,
            maximum=row.maximum,
            choices=tuple((code, _pairs(names)) for code, names in row.choices.items()),
            labels=tuple(row.labels),
            families=frozenset(row.families),
        )
        for row in CustomAttribute.objects.order_by("position", "code")
    )


def known() -> tuple[Definition, ...]:
    """Return the definitions as of at most ten seconds ago, for pages."""
    global _kept  # noqa: PLW0603 - one value for the process
    if _kept is None or _kept[0] < time.monotonic():
        _kept = (time.monotonic() + CACHE_S, load())
    return _kept[1]


def _pairs(names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(names.items()))
