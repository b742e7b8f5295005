"""Margin filter: exclude sources from which a line would miss the minimum margin. Pure.

The margin of a line is computed as in the hold rules (``margins.line_margin``): net amount minus
landed cost and fees. No line depends on others: a flat duty is paid per line, and freight that the
terms leave open is charged per parcel (``rates.live_rates``).

If all sources miss the minimum, items in stock stay buyable: the sources without a loss remain,
else those with the smallest loss. The log says so, and the hold rules stop a loss. A source of
unknown cost remains and excludes no other: the hold rules would hold it as well.

The filter knows no routes: two lines together may be too heavy for every route of the one
remaining source. Callers that know routes then plan again without a minimum margin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from orders.pricing.proration import prorate
from orders.pricing.totals import TaxTreatment, included_tax
from storefront.lib.money import Money

type MarginBand = tuple[int, Decimal]  # lower is better

ZERO = Decimal(0)
SUFFICIENT: MarginBand = (0, ZERO)
BELOW_MINIMUM: MarginBand = (1, ZERO)
LOSS_BAND = 2


class MarginReason(StrEnum):
    """Why a source is excluded although it could send a line."""

    LOSS = "loss"
    LOW_MARGIN = "low_margin"


@dataclass(frozen=True, kw_only=True)
class SaleAmount:
    """Amount paid for a line, with tax, after discounts."""

    gross: Money
    tax_rate: Decimal

    @classmethod
    def at(cls, amount: Money, treatment: TaxTreatment) -> "SaleAmount":
        """Return the amount of a price, adding its tax if the price excludes it."""
        amount = amount.rounded()
        added = treatment.tax_on(amount) if treatment.is_added else Money.zero(amount.currency)
        return cls(gross=amount + added, tax_rate=treatment.rate)

    def part(self, units: int, *, before: int = 0, of: int) -> "SaleAmount":
        """Return the amount of ``units`` after ``before`` others, to the cent."""
        gross = prorate(self.gross, quantity=of, before=before, units=units)
        return SaleAmount(gross=gross, tax_rate=self.tax_rate)

    @cached_property
    def net(self) -> Money:
        return self.gross - included_tax(gross=self.gross, rate=self.tax_rate)


class CostedSource(Protocol):
    """What the filter needs to know about a source."""

    def spent(self, quantity: int, sold: SaleAmount) -> Decimal | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Contribution of a line from one source: ``net`` less ``spent``."""

    net: Money
    spent: Decimal

    @property
    def earned(self) -> Money:
        """The contribution, rounded; negative for a loss."""
        return Money.zero(self.net.currency) - self.loss

    @property
    def loss(self) -> Money:
        return Money(self.spent - self.net.amount, self.net.currency).rounded()

    @property
    def rate(self) -> Decimal:
        """The contribution as a fraction of the net amount."""
        return self.earned.amount / self.net.amount if self.net.amount else ZERO

    def band(self, least: Decimal | None) -> MarginBand:
        """Return the margin band for a minimum margin; None disables the check."""
        if least is None:
            return SUFFICIENT
        wanted = self.net.amount * least
        if self.spent + wanted <= self.net.amount:
            return SUFFICIENT
        if Money(self.spent + wanted - self.net.amount, self.net.currency).rounded().amount <= 0:
            return SUFFICIENT  # less than a cent is missing
        loss = self.loss.amount
        return (LOSS_BAND, loss) if loss > 0 else BELOW_MINIMUM


def contribution(
    source: CostedSource, quantity: int, sold: SaleAmount | None
) -> Contribution | None:
    """Return the contribution of a line from a source; None if unknown."""
    spent = None if sold is None else source.spent(quantity, sold)
    return None if sold is None or spent is None else Contribution(net=sold.net, spent=spent)


def margin_band(
    source: CostedSource, quantity: int, sold: SaleAmount | None, least: Decimal | None
) -> MarginBand:
    """Return the margin band of a source; the sources in the best band of a line remain."""
    known = None if least is None else contribution(source, quantity, sold)
    return SUFFICIENT if known is None else known.band(least)


def filter_sources[S: CostedSource](
    sources: Sequence[S], quantity: int, sold: SaleAmount | None, least: Decimal | None
) -> Sequence[S]:
    """Return the sources of the best margin band, and those of unknown cost."""
    if sold is None or least is None or len(sources) < 2:  # noqa: PLR2004 - no choice
        return sources
    room = sold.net.amount * (1 - least)
    bands: list[MarginBand | None] = []
    for source in sources:
        spent = source.spent(quantity, sold)
        if spent is None:
            bands.append(None)
        elif spent <= room:  # fast path for nearly all
            bands.append(SUFFICIENT)
        else:
            bands.append(Contribution(net=sold.net, spent=spent).band(least))
    best = min((band for band in bands if band is not None), default=None)
    return [
        source for source, band in zip(sources, bands, strict=True) if band is None or band == best
    ]


def exclusion_reason(band: MarginBand, chosen: MarginBand) -> MarginReason | None:
    """Return why a source is excluded when a source of a better band is chosen."""
    if band <= chosen:
        return None
    return MarginReason.LOSS if band[0] == LOSS_BAND else MarginReason.LOW_MARGIN
