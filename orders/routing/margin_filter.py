"""Margin filter: exclude sources from which a line would miss the minimum margin. Pure.

It computes a line as the hold rules do (``margins.of_line``): net amount less landed cost with the
terms' freight and fees. All of that is per line (a flat duty is paid per line, and freight that
the terms leave open is charged per parcel, ``rates.live_rates``), so no line depends on others.

If all sources would be excluded, none is, so that in-stock items stay buyable: those without a
loss remain, else those with the smallest; the log says so, and the hold rules stop a loss. A source
of unknown cost remains and excludes no other: the hold rules would hold it as well.

It does not see that two lines together are too heavy for every route of the one remaining source;
callers that know routes then plan again without a margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from orders.pricing.proration import share
from orders.pricing.totals import Treatment, contained_tax
from storefront.lib.money import Money

type Standing = tuple[int, Decimal]  # lower is better

NOTHING = Decimal(0)
ENOUGH: Standing = (0, NOTHING)
TOO_LITTLE: Standing = (1, NOTHING)
LOSING = 2


class Unearning(StrEnum):
    """Why a source is excluded although it could send a line."""

    LOSES = "loses"
    EARNS_TOO_LITTLE = "earns_too_little"


@dataclass(frozen=True, kw_only=True)
class Sold:
    """Amount paid for a line, with tax, after discounts."""

    gross: Money
    tax_rate: Decimal

    @classmethod
    def at(cls, amount: Money, treatment: Treatment) -> Sold:
        """Return the amount of a price, adding its tax if the price excludes it."""
        amount = amount.rounded()
        added = treatment.tax_on(amount) if treatment.is_added else Money.zero(amount.currency)
        return cls(gross=amount + added, tax_rate=treatment.rate)

    def part(self, units: int, *, before: int = 0, of: int) -> Sold:
        """Return the amount of ``units`` after ``before`` others, to the cent."""
        mine = share(self.gross, quantity=of, before=before, units=units)
        return Sold(gross=mine, tax_rate=self.tax_rate)

    @cached_property
    def net(self) -> Money:
        return self.gross - contained_tax(gross=self.gross, rate=self.tax_rate)


class Sending(Protocol):
    """A source, as far as its cost of a sale."""

    def spent(self, quantity: int, sold: Sold) -> Decimal | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
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
        return self.earned.amount / self.net.amount if self.net.amount else NOTHING

    def standing(self, least: Decimal | None) -> Standing:
        """Return the margin band for a minimum margin; None disables the check."""
        if least is None:
            return ENOUGH
        wanted = self.net.amount * least
        if self.spent + wanted <= self.net.amount:
            return ENOUGH
        if Money(self.spent + wanted - self.net.amount, self.net.currency).rounded().amount <= 0:
            return ENOUGH  # less than a cent is missing
        loss = self.loss.amount
        return (LOSING, loss) if loss > 0 else TOO_LITTLE


def left(one: Sending, quantity: int, sold: Sold | None) -> Left | None:
    """Return the contribution of a line from a source; None if unknown."""
    spent = None if sold is None else one.spent(quantity, sold)
    return None if sold is None or spent is None else Left(net=sold.net, spent=spent)


def standing(one: Sending, quantity: int, sold: Sold | None, least: Decimal | None) -> Standing:
    """Return the margin band of a source; the sources in the best band of a line remain."""
    found = None if least is None else left(one, quantity, sold)
    return ENOUGH if found is None else found.standing(least)


def kept[S: Sending](
    able: Sequence[S], quantity: int, sold: Sold | None, least: Decimal | None
) -> Sequence[S]:
    """Return the sources of the best margin band, and those of unknown cost."""
    if sold is None or least is None or len(able) < 2:  # noqa: PLR2004 - no choice
        return able
    room = sold.net.amount * (1 - least)
    standings: list[Standing | None] = []
    for one in able:
        spent = one.spent(quantity, sold)
        if spent is None:
            standings.append(None)
        elif spent <= room:  # fast path for nearly all
            standings.append(ENOUGH)
        else:
            standings.append(Left(net=sold.net, spent=spent).standing(least))
    best = min((its for its in standings if its is not None), default=None)
    return [one for one, its in zip(able, standings, strict=True) if its is None or its == best]


def reason(one: Standing, taken: Standing) -> Unearning | None:
    """Return why a source is excluded when one of a better band is chosen."""
    if one <= taken:
        return None
    return Unearning.LOSES if one[0] == LOSING else Unearning.EARNS_TOO_LITTLE
