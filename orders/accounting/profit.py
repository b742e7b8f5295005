"""Profit: hold the amounts of an order by line, divide them to the cent, sum them. Pure.

Each amount is rounded to the cent and divided to the cent. So the lines, and what belongs to no
line, sum up to the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from storefront.lib.money import Money


class What(StrEnum):
    """The rows of an account, in the order in which they are read."""

    GOODS = "goods"  # at their prices, with the tax that came on top
    DISCOUNT = "discount"
    DELIVERY = "delivery"
    TAX = "tax"
    REFUND = "refund"  # of goods that the shopper keeps
    CHARGED_BACK = "charged_back"
    COST = "cost"
    FREIGHT = "freight"
    SUPPLIER_FEE = "supplier_fee"
    DUTY = "duty"
    HANDLING = "handling"
    PAYMENT_FEE = "payment_fee"
    CHANNEL_FEE = "channel_fee"
    SELLING = "selling"  # the five before in one, as they were counted at the sale
    CREDIT = "credit"


class Source(StrEnum):
    """Where an amount is from; the last two are estimates."""

    ORDER = "order"
    BOOK = "book"
    BILLED = "billed"
    CLAIM = "claim"
    GIVEN_BACK = "given_back"
    TOLD = "told"  # he said it when he accepted
    AGREED = "agreed"
    TERMS = "terms"


ESTIMATED = frozenset({Source.TOLD, Source.AGREED, Source.TERMS})
REVENUE = (What.GOODS, What.DISCOUNT, What.DELIVERY, What.TAX, What.REFUND, What.CHARGED_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One amount: what comes in is above 0, what goes out below."""

    what: What
    amount: Money
    source: Source


@dataclass(slots=True, kw_only=True)
class LineAccount:
    """One line of an order; ``supplier`` is the code of who sends it."""

    line_id: int
    sku: str
    title: str
    sold: int
    supplier: str
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Profit:
    """The account of one order.

    Shape:  ``unassigned`` belongs to no line; ``unknown`` names what nobody can say: then the
            order earns less than is told here
    """

    currency: str
    lines: dict[int, LineAccount]
    unassigned: list[Part] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def parts(self) -> list[Part]:
        return [part for line in self.lines.values() for part in line.parts] + self.unassigned

    def sum(self, parts: Iterable[Part], *whats: What) -> Money:
        found = (part.amount for part in parts if not whats or part.what in whats)
        return Money.total(found, self.currency)

    def net_of(self, parts: Iterable[Part]) -> Money:
        """Return what parts bring without tax."""
        return self.sum(parts, *REVENUE)

    @property
    def net(self) -> Money:
        return self.net_of(self.parts())

    @property
    def total(self) -> Money:
        return self.sum(self.parts())

    @property
    def is_estimated(self) -> bool:
        """Test whether any cost but fees of ours is not billed yet."""
        goods = (What.COST, What.FREIGHT)
        return bool(self.unknown) or any(
            part.what in goods and part.source in ESTIMATED for part in self.parts()
        )

    def add(self, line_id: int | None, what: What, amount: Money, source: Source) -> None:
        """Put a rounded amount on a line, or on none; nothing is no part."""
        if amount.rounded():
            parts = self.unassigned if line_id is None else self.lines[line_id].parts
            parts.append(Part(what=what, amount=amount.rounded(), source=source))

    def divide(
        self, over: Mapping[int, Decimal], what: What, amount: Money, source: Source
    ) -> None:
        """Divide an amount over lines by their weights; without lines it belongs to none."""
        if not over:
            self.add(None, what, amount, source)
        for line_id, part in divided(amount, over).items():
            self.add(line_id, what, part, source)


def divided(amount: Money, over: Mapping[int, Decimal]) -> dict[int, Money]:
    """Divide an amount in proportion, to the cent; without any weight, evenly.

    The cents that rounding leaves go to the largest remainders, so that the parts sum up.
    """
    if not over:
        return {}
    if not any(over.values()):
        over = dict.fromkeys(over, Decimal(1))
    cents, whole = abs(amount.minor), sum(over.values())
    exact = {key: cents * weight / whole for key, weight in over.items()}
    parts = {key: int(share) for key, share in exact.items()}
    by_remainder = sorted(over, key=lambda key: (parts[key] - exact[key], key))
    for key in by_remainder[: cents - sum(parts.values())]:
        parts[key] += 1
    sign = -1 if amount.minor < 0 else 1
    return {key: Money.from_minor(sign * part, amount.currency) for key, part in parts.items()}
