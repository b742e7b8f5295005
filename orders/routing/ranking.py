"""Ranking: order the sources that can fill a line by the criteria of the rules. Pure.

Each criterion is a number; lower is better. The first criterion that differs decides. If all are
equal, the source that was added first is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from orders.enums import Criterion

UNKNOWN_SCORE = 50  # between known good and known bad suppliers

# One customs territory: no customs clearance.
CUSTOMS_UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip

type Number = int | Decimal
type Rank = tuple[Number, ...]


def distance(start: str, end: str) -> int:
    """Return 0 within a country, 1 within the customs union, else 2."""
    if start == end:
        return 0
    return 1 if {start, end} <= CUSTOMS_UNION else 2


DEFAULT_CRITERIA = (
    Criterion.PARCELS,
    Criterion.COST,
    Criterion.DAYS,
    Criterion.SCORE,
    Criterion.PREFERENCE,
    Criterion.DISTANCE,
)


class RankedSource(Protocol):
    """What ranking needs to know about a source."""

    @property
    def supplier_code(self) -> str: ...
    @property
    def distance(self) -> int: ...
    @property
    def days(self) -> int: ...
    @property
    def score(self) -> int | None: ...
    def outlay(self, quantity: int) -> tuple[bool, Decimal]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One version of routing rules. ``preferred`` are supplier codes, best first.

    Shape:  ``criteria`` without ``PARCELS`` rank the number of parcels last. ``reroutes_rejected``
            reroutes rejected lines; ``reassign_after_hours`` reroutes unconfirmed ones too, so
            many hours after the acknowledgement was due. ``min_margin_rate`` of the net price
            excludes sources before ranking (``margin_filter``)
    """

    criteria: tuple[Criterion, ...] = DEFAULT_CRITERIA
    preferred: tuple[str, ...] = ()
    version: int = 0
    reroutes_rejected: bool = True
    reassign_after_hours: int | None = None
    min_margin_rate: Decimal | None = Decimal(0)
    max_sources: int = 1

    @property
    def before_parcels(self) -> tuple[Criterion, ...]:
        return self.criteria[: self._parcels_index]

    @property
    def after_parcels(self) -> tuple[Criterion, ...]:
        return self.criteria[self._parcels_index + 1 :]

    @property
    def alone(self) -> tuple[Criterion, ...]:
        """All criteria but the parcels: they decide for a line alone."""
        return (*self.before_parcels, *self.after_parcels)

    @property
    def _parcels_index(self) -> int:
        has_parcels = Criterion.PARCELS in self.criteria
        return self.criteria.index(Criterion.PARCELS) if has_parcels else len(self.criteria)

    def rank(self, source: RankedSource, quantity: int, by: Sequence[Criterion]) -> Rank:
        """Return the rank of a source for a quantity, lower is better; ranks can be summed."""
        return tuple(
            number for criterion in by for number in self._numbers(source, quantity, criterion)
        )

    def difference(
        self, source: RankedSource, other: RankedSource, quantity: int
    ) -> Criterion | None:
        """Return the criterion that decides between two sources for a line; None if equal."""
        for criterion in self.alone:
            if self._numbers(source, quantity, criterion) != self._numbers(
                other, quantity, criterion
            ):
                return criterion
        return None

    def _numbers(self, source: RankedSource, quantity: int, criterion: Criterion) -> Rank:
        match criterion:
            case Criterion.COST:
                is_unknown, amount = source.outlay(quantity)
                return int(is_unknown), amount
            case Criterion.DISTANCE:
                return (source.distance,)
            case Criterion.DAYS:
                return (source.days,)
            case Criterion.SCORE:
                return (100 - (UNKNOWN_SCORE if source.score is None else source.score),)
            case Criterion.PREFERENCE:
                return (self._preference_ranks.get(source.supplier_code, len(self.preferred)),)
            case Criterion.PARCELS:
                return ()

    @property
    def _preference_ranks(self) -> Mapping[str, int]:
        return {code: rank for rank, code in enumerate(self.preferred)}


DEFAULT_RULES = Rules()
