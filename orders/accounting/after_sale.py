"""Account for what comes after a sale: money that went back, bills of nothing, and claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.pricing.landed_cost import Costing
from orders.accounting.profit import Profit, Source, What
from orders.models import Order, OrderLine, Payment, PurchaseOrder, SupplierClaim, SupplierRMA
from storefront.lib.money import Money

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """What money of suppliers is worth in the currency of an order."""

    currency: str
    costing: Costing

    def rate(self, currency: str, lines: Iterable[OrderLine]) -> Decimal | None:
        """Return what money was worth when the lines were sold, else what it is worth now."""
        if currency == self.currency:
            return Decimal(1)
        kept = (one.cost_rate for one in lines if one.cost_currency == currency)
        return next((one for one in kept if one is not None), None) or self.costing.rate(currency)

    def converted(
        self, amount: Decimal | None, currency: str, lines: Sequence[OrderLine]
    ) -> Money | None:
        rate = self.rate(currency, lines)
        if rate is None or amount is None:
            return None
        return Money(amount * rate, self.currency).rounded()

    def sum(self, amounts: Iterable[Money | None]) -> Money:
        return Money.total((one for one in amounts if one is not None), self.currency)


def account(*, order: Order, profit: Profit, worths: Worths, ways: Decimal) -> None:
    """Add refunds, lost disputes, credits of suppliers, and bills of what was canceled.

    Shape:  ``profit`` has its goods; ``ways`` is paid for those that are sold
    """
    _paid_back(order, profit, ways)
    for purchase_order in order.purchase_orders.all():
        lines = [one.order_line for one in purchase_order.lines.all()]
        if purchase_order.status == PurchaseOrder.Status.CANCELED:
            _billed_for_nothing(purchase_order, lines, profit, worths)
        for claim in purchase_order.claims.all():
            _credited(claim, lines, profit, worths, Source.CLAIM)
        for rma in purchase_order.rmas.all():
            _credited(rma, lines, profit, worths, Source.GIVEN_BACK)


def unworth(currency: str) -> str:
    return _("what %s is worth") % currency


def _paid_back(order: Order, profit: Profit, ways: Decimal) -> None:
    """Account for what went back although the goods stay sold, with the tax in it.

    What was taken for goods that are canceled by now goes back first.
    """
    payments = [one for one in order.payments.all() if one.currency == order.currency]
    taken = sum((one.captured_amount for one in payments), NOTHING)
    back = sum((one.refunded_amount for one in payments), NOTHING)
    stands = profit.sum(profit.parts(), What.GOODS, What.DISCOUNT).amount + ways
    refund = max(back - max(taken - stands, NOTHING), NOTHING)
    if refund and order.total_amount:
        tax = refund * order.tax_amount / order.total_amount
        _put(profit, What.REFUND, -refund)
        _put(profit, What.TAX, tax)
    for payment in payments:
        if payment.dispute_status == Payment.Dispute.LOST:
            _put(profit, What.CHARGED_BACK, payment.refunded_amount - payment.captured_amount)


def _put(profit: Profit, what: What, amount: Decimal) -> None:
    profit.add(None, what, Money(amount, profit.currency), Source.BOOK)


def _billed_for_nothing(
    purchase_order: PurchaseOrder, lines: Sequence[OrderLine], profit: Profit, worths: Worths
) -> None:
    for bill in purchase_order.bills.all():
        if bill.withdrawn_at is None:
            cost = worths.converted(bill.total.amount, bill.currency, lines)
            if cost is None:
                profit.unknown.append(unworth(bill.currency))
            else:
                profit.add(None, What.COST, cost * -1, Source.BILLED)


def _credited(
    claim: SupplierClaim | SupplierRMA,
    lines: Sequence[OrderLine],
    profit: Profit,
    worths: Worths,
    source: Source,
) -> None:
    if claim.credited_amount is None:
        return
    money = worths.converted(claim.credited_amount, claim.currency, lines)
    if money is None:
        profit.unknown.append(unworth(claim.currency))
        return
    over = {
        one.purchase_line.order_line_id: one.unit_amount * one.quantity for one in claim.lines.all()
    }
    profit.divide(over, What.CREDIT, money, source)
