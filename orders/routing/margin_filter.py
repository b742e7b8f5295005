"""Leave out the places from which a line would not earn what it must. Pure.

It is counted as the gate counts a line before it is sent (``margins.of_line``): what is paid for
it before tax, against what its goods land at from there, with the terms' freight, and the fees.
All of that is the line's own: a flat duty is paid for each line of a parcel, and what the terms
leave open of the way, the shopper pays for by parcel (``rates.live_rates``), as he does at the
gate. So no line is left out for what stands beside it.

Where every place would be left out none is: else something were in stock that nobody can buy.
Then those that at least lose nothing are left, or else those that lose least; a decision says so,
and the gate holds what loses before it is sent. A place of which nobody can say what it costs
stays, and no other is left out for it: the gate would hold it, too.

One line is looked at at a time. That two of them are too heavy together for all that carries from
the one place that is left, this does not see; whoever knows routes plans again without a margin.
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

type Standing = tuple[int, Decimal]  # less is better

NOTHING = Decimal(0)
ENOUGH: Standing = (0, NOTHING)
TOO_LITTLE: Standing = (1, NOTHING)
LOSING = 2


class Unearning(StrEnum):
    """Why a place is left out although it could send a line."""

    LOSES = "loses"
    EARNS_TOO_LITTLE = "earns_too_little"


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What is paid for a line in all, tax and all, after what is taken off it."""

    gross: Money
    tax_rate: Decimal

    @classmethod
    def at(cls, amount: Money, treatment: Treatment) -> Sold:
        """Sell for an amount as a price says it, which may not contain its tax yet."""
        amount = amount.rounded()
        added = treatment.tax_on(amount) if treatment.is_added else Money.zero(amount.currency)
        return cls(gross=amount + added, tax_rate=treatment.rate)

    def part(self, units: int, *, before: int = 0, of: int) -> Sold:
        """Return what some units are sold for, after so many, to the cent."""
        mine = share(self.gross, quantity=of, before=before, units=units)
        return Sold(gross=mine, tax_rate=self.tax_rate)

    @cached_property
    def net(self) -> Money:
        return self.gross - contained_tax(gross=self.gross, rate=self.tax_rate)


class Sending(Protocol):
    """A place as far as it is asked what selling from it costs."""

    def spent(self, quantity: int, sold: Sold) -> Decimal | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a line leaves, sold from one place: of ``net`` so much is ``spent``."""

    net: Money
    spent: Decimal

    @property
    def earned(self) -> Money:
        """What is left, rounded; below zero it is lost."""
        return Money.zero(self.net.currency) - self.loss

    @property
    def loss(self) -> Money:
        return Money(self.spent - self.net.amount, self.net.currency).rounded()

    @property
    def rate(self) -> Decimal:
        """What is left as a fraction of the price before tax."""
        return self.earned.amount / self.net.amount if self.net.amount else NOTHING

    def standing(self, least: Decimal | None) -> Standing:
        """Say how it stands to the least margin; None: it is not asked for."""
        if least is None:
            return ENOUGH
        wanted = self.net.amount * least
        if self.spent + wanted <= self.net.amount:
            return ENOUGH
        if Money(self.spent + wanted - self.net.amount, self.net.currency).rounded().amount <= 0:
            return ENOUGH  # a part of a cent is missing
        loss = self.loss.amount
        return (LOSING, loss) if loss > 0 else TOO_LITTLE


def left(one: Sending, quantity: int, sold: Sold | None) -> Left | None:
    """Say what a line leaves from a place; None where nobody can say."""
    spent = None if sold is None else one.spent(quantity, sold)
    return None if sold is None or spent is None else Left(net=sold.net, spent=spent)


def standing(one: Sending, quantity: int, sold: Sold | None, least: Decimal | None) -> Standing:
    """Say how a place stands to the least margin: the best of a line's are left to choose from."""
    found = None if least is None else left(one, quantity, sold)
    return ENOUGH if found is None else found.standing(least)


def kept[S: Sending](
    able: Sequence[S], quantity: int, sold: Sold | None, least: Decimal | None
) -> Sequence[S]:
    """Leave out what earns too little, as long as anything is left."""
    if sold is None or least is None or len(able) < 2:  # noqa: PLR2004 - nothing is to choose
        return able
    room = sold.net.amount * (1 - least)
    standings: list[Standing | None] = []
    for one in able:
        spent = one.spent(quantity, sold)
        if spent is None:
            standings.append(None)
        elif spent <= room:  # of hundreds of places nearly all
            standings.append(ENOUGH)
        else:
            standings.append(Left(net=sold.net, spent=spent).standing(least))
    best = min((its for its in standings if its is not None), default=None)
    return [one for one, its in zip(able, standings, strict=True) if its is None or its == best]


def reason(one: Standing, taken: Standing) -> Unearning | None:
    """Say why a place is left out, where another is taken that stands better."""
    if one <= taken:
        return None
    return Unearning.LOSES if one[0] == LOSING else Unearning.EARNS_TOO_LITTLE
