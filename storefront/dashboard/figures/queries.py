"""Figures of a period: read the sums of its days, and of the days before, by currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from catalog.models import Channel
from storefront.dashboard.figures.rollup import MEASURES
from storefront.dashboard.models import DailyFigures
from storefront.lib.money import Money
from suppliers.models import Supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from ``since`` to ``until``, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Period":
        """The period of the same length that ends the day before."""
        until = self.since - timedelta(days=1)
        return Period(since=until - timedelta(days=self.days - 1), until=until)


def last_days(days: int, *, today: date) -> Period:
    return Period(since=today - timedelta(days=days - 1), until=today)


@dataclass(slots=True, kw_only=True)
class Sums:
    """Sums of days in one currency. Rates are None without orders to compute them from."""

    currency: str
    day: date | None = None
    orders: int = 0
    units: int = 0
    canceled: int = 0
    delivered: int = 0
    returned: int = 0
    kept: int = 0
    missed: int = 0
    repeats: int = 0
    estimated: int = 0
    revenue_amount: Decimal = Decimal(0)
    refunds_amount: Decimal = Decimal(0)
    profit_amount: Decimal = Decimal(0)

    @property
    def revenue(self) -> Money:
        return Money(self.revenue_amount, self.currency)

    @property
    def refunds(self) -> Money:
        return Money(self.refunds_amount, self.currency)

    @property
    def profit(self) -> Money:
        return Money(self.profit_amount, self.currency)

    @property
    def costs(self) -> Money:
        return self.revenue - self.profit

    @property
    def average(self) -> Money | None:
        if not self.orders:
            return None
        return Money(self.revenue_amount / self.orders, self.currency).rounded()

    @property
    def margin(self) -> Decimal | None:
        return self.profit_amount / self.revenue_amount if self.revenue_amount > 0 else None

    @property
    def promise_rate(self) -> Decimal | None:
        return _rate(self.kept, self.kept + self.missed)

    @property
    def cancellation_rate(self) -> Decimal | None:
        return _rate(self.canceled, self.units)

    @property
    def return_rate(self) -> Decimal | None:
        return _rate(self.returned, self.delivered)

    @property
    def repeat_rate(self) -> Decimal | None:
        return _rate(self.repeats, self.orders)

    def add(self, row: Mapping[str, Any]) -> None:
        self.orders += row["orders"]
        for name in MEASURES:
            own = f"{name}_amount" if name in ("revenue", "refunds", "profit") else name
            setattr(self, own, getattr(self, own) + row[name])


def _rate(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Sums of a period by currency, of the period before, and of each day with orders."""

    now: list[Sums] = field(default_factory=list)
    before: dict[str, Sums] = field(default_factory=dict)
    days: list[Sums] = field(default_factory=list)


def load(
    period: Period, *, channel: Channel | None = None, supplier: Supplier | None = None
) -> Comparison:
    """Return the sums of a period, in one statement whose cost depends on the number of days."""
    chosen = DailyFigures.objects.filter(
        day__gte=period.before.since, day__lte=period.until, supplier=supplier
    )
    if channel is not None:
        chosen = chosen.filter(channel=channel)
    rows: Iterable[Mapping[str, Any]] = (
        chosen.order_by("currency", "day")
        .values("currency", "day")
        .annotate(**{f"sum_{name}": Sum(name) for name in ("orders", *MEASURES)})
    )
    found, current = Comparison(), dict[str, Sums]()
    for raw in rows:
        row = {name.removeprefix("sum_"): value for name, value in raw.items()}
        currency, day = row["currency"], row["day"]
        if day < period.since:
            found.before.setdefault(currency, Sums(currency=currency)).add(row)
            continue
        current.setdefault(currency, Sums(currency=currency)).add(row)
        of_day = Sums(currency=currency, day=day)
        of_day.add(row)
        found.days.append(of_day)
    found.now = list(current.values())
    return found
