"""Price rule selection: find the rules that match a variant, rank them. Pure.

The most specific rule wins: a rule of the variant, then of its product, supplier, brand, category.
A rule with two of these scopes is more specific than a rule with either one. Between rules of the
same scope, a temporary rule beats a permanent one. Then the later start wins, then the lower
number.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from catalog.enums import Basis, Method
from catalog.pricing.rounding import Rounding

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """How a rule follows the market. None: it does not.

    Units:  rates are fractions of the price; cover is in days of sales
    """

    undercut_rate: Decimal | None = None  # 0: match the competitor
    low_cover_days: int | None = None
    raise_rate: Decimal = Decimal(0)
    high_cover_days: int | None = None
    lower_rate: Decimal = Decimal(0)

    def __bool__(self) -> bool:
        return (self.undercut_rate, self.low_cover_days, self.high_cover_days) != (None, None, None)


NO_DYNAMICS = Dynamics()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScope:
    variant_id: int
    product_id: int
    category_id: int
    brand_id: int
    supplier_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a price book.

    Shape:  ``tiers`` are (from wholesale cost, value), lowest first; ``value`` applies below all
    Units:  value is a fraction, or an amount if the method is fixed
    """

    id: int
    number: int
    variant_id: int | None = None
    product_id: int | None = None
    supplier_code: str = ""
    brand_id: int | None = None
    category_id: int | None = None
    basis: Basis = Basis.COST
    method: Method = Method.MARGIN
    value: Decimal
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()
    rounding: Rounding
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_promotion: bool = False
    dynamics: Dynamics = NO_DYNAMICS

    def runs(self, now: datetime) -> bool:
        """Return whether the rule is in force; the end is exclusive."""
        return (self.starts_at is None or self.starts_at <= now) and (
            self.ends_at is None or now < self.ends_at
        )

    def value_at(self, cost: Decimal) -> Decimal:
        """Return the value of the highest tier that the wholesale cost reaches."""
        result = self.value
        for start, value in self.tiers:
            if cost >= start:
                result = value
        return result

    @property
    def scope(self) -> tuple[int | None, int | None, str | None, int | None, int | None]:
        """The scope fields, the most specific first."""
        return (
            self.variant_id,
            self.product_id,
            self.supplier_code or None,
            self.brand_id,
            self.category_id,
        )


def rank_key(rule: Rule) -> tuple[tuple[bool, ...], bool, timedelta, int]:
    """Return the sort key of a rule; the winning rule sorts first."""
    age = LAST - (rule.starts_at or FIRST)
    is_timed = rule.starts_at is not None or rule.ends_at is not None
    return tuple(part is None for part in rule.scope), not is_timed, age, rule.number


class RuleIndex:
    def __init__(self, rules: Iterable[Rule], *, now: datetime) -> None:
        self.rules = sorted((rule for rule in rules if rule.runs(now)), key=rank_key)
        self._by_scope: dict[tuple[bool, ...], dict[tuple[object, ...], list[Rule]]] = {}
        for rule in self.rules:
            is_set = tuple(part is not None for part in rule.scope)
            values = tuple(part for part in rule.scope if part is not None)
            self._by_scope.setdefault(is_set, defaultdict(list))[values].append(rule)

    def matching(self, item: RuleScope) -> Iterator[Rule]:
        """Yield the matching rules, the winning one first."""
        values = (
            item.variant_id,
            item.product_id,
            item.supplier_code,
            item.brand_id,
            item.category_id,
        )
        # Insertion order is rank order: each scope precedes wider ones.
        for is_set, rules_by_values in self._by_scope.items():
            key = tuple(
                part for part, is_part_set in zip(values, is_set, strict=True) if is_part_set
            )
            yield from rules_by_values.get(key, ())
