"""Custom attribute registry: read the definitions, keep them in memory for ten seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.models import CustomAttribute

CACHE_S = 10.0
CUSTOM = "custom:"  # prefix of a code in ``Spec.sources``, forms and locked fields
_cached: "tuple[float, tuple[Definition, ...]] | None" = None  # expiry by the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The definition of one attribute. Hashable, since it is part of cache keys.

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

    def applies_to(self, family: str) -> bool:
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
            choices=tuple((code, _pairs(names)) for code, names in row.choices),
            labels=tuple(row.labels),
            families=frozenset(row.families),
        )
        for row in CustomAttribute.objects.order_by("position", "code")
    )


def cached() -> tuple[Definition, ...]:
    """Return all definitions, at most ten seconds old. For pages."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached is None or _cached[0] < time.monotonic():
        _cached = (time.monotonic() + CACHE_S, load())
    return _cached[1]


def _pairs(names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(names.items()))
