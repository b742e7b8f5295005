"""Profit: hold the amounts of an order by line, allocate them to the cent, sum them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from storefront.lib.money import Money, allocate


class ProfitItem(StrEnum):
    """The rows of a profit statement, in display order."""

    GOODS = "goods"  # line prices, and the tax added to them
    DISCOUNT = "discount"
    DELIVERY = "delivery"
    TAX = "tax"
    REFUND = "refund"  # for items that the customer keeps
    CHARGED_BACK = "charged_back"
    COST = "cost"
    FREIGHT = "freight"
    SUPPLIER_FEE = "supplier_fee"
    DUTY = "duty"
    HANDLING = "handling"
    PAYMENT_FEE = "payment_fee"
    CHANNEL_FEE = "channel_fee"
    SELLING = "selling"  # freight, duty and all fees in one sum, as estimated at the sale
    RETURN_LABEL = "return_label"
    CREDIT = "credit"


class Source(StrEnum):
    """Origin of an amount; the last three are estimates."""

    ORDER = "order"
    BOOK = "book"  # our payment ledger
    INVOICED = "invoiced"
    CLAIM = "claim"
    GIVEN_BACK = "given_back"  # a return to the supplier
    ACKNOWLEDGED = "acknowledged"  # stated by the supplier with the acceptance
    AGREED = "agreed"  # the unit cost agreed with the supplier
    TERMS = "terms"  # the cost terms of the price rules


ESTIMATED = frozenset({Source.ACKNOWLEDGED, Source.AGREED, Source.TERMS})
REVENUE = (
    ProfitItem.GOODS,
    ProfitItem.DISCOUNT,
    ProfitItem.DELIVERY,
    ProfitItem.TAX,
    ProfitItem.REFUND,
    ProfitItem.CHARGED_BACK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitPart:
    """One amount: income is positive, cost negative."""

    what: ProfitItem
    amount: Money
    source: Source


@dataclass(slots=True, kw_only=True)
class LineProfit:
    """One line of an order; ``supplier`` is the code of the supplier that ships it."""

    line_id: int
    sku: str
    title: str
    sold: int
    supplier: str
    parts: list[ProfitPart] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Profit:
    """The profit statement of one order.

    Shape:  ``unassigned``: amounts of no line; ``unknown``: costs that cannot be determined, so
            that the real profit is lower
    """

    currency: str
    lines: dict[int, LineProfit]
    unassigned: list[ProfitPart] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def parts(self) -> list[ProfitPart]:
        return [part for line in self.lines.values() for part in line.parts] + self.unassigned

    def sum(self, parts: Iterable[ProfitPart], *kinds: ProfitItem) -> Money:
        amounts = (part.amount for part in parts if not kinds or part.what in kinds)
        return Money.total(amounts, self.currency)

    def net_of(self, parts: Iterable[ProfitPart]) -> Money:
        """Return the revenue of the parts without tax."""
        return self.sum(parts, *REVENUE)

    @property
    def net(self) -> Money:
        return self.net_of(self.parts())

    @property
    def total(self) -> Money:
        return self.sum(self.parts())

    @property
    def is_estimated(self) -> bool:
        """Return whether a cost is unknown, or a supplier cost is not invoiced yet."""
        supplier_costs = (ProfitItem.COST, ProfitItem.FREIGHT)
        return bool(self.unknown) or any(
            part.what in supplier_costs and part.source in ESTIMATED for part in self.parts()
        )

    def add(self, line_id: int | None, what: ProfitItem, amount: Money, source: Source) -> None:
        """Add a rounded amount to a line, or to none; zero is skipped."""
        if amount.rounded():
            parts = self.unassigned if line_id is None else self.lines[line_id].parts
            parts.append(ProfitPart(what=what, amount=amount.rounded(), source=source))

    def divide(
        self, weights: Mapping[int, Decimal], what: ProfitItem, amount: Money, source: Source
    ) -> None:
        """Allocate an amount to lines by weight; without lines it is unassigned."""
        if not weights:
            self.add(None, what, amount, source)
        for line_id, part in allocate(amount, weights).items():
            self.add(line_id, what, part, source)
