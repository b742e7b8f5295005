"""Profit after the sale: add refunds, return labels, lost disputes, supplier credits, invoices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.pricing.landed_cost import Costing
from orders.accounting.profit import Profit, ProfitItem, Source
from orders.models import (
    Order,
    OrderLine,
    Payment,
    PurchaseOrder,
    ReturnLabel,
    SupplierClaim,
    SupplierReturn,
)
from storefront.lib.money import Money

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRates:
    """Converts supplier currencies to the currency of an order."""

    currency: str
    costing: Costing

    def rate(self, currency: str, lines: Iterable[OrderLine]) -> Decimal | None:
        """Return the exchange rate at the sale of the lines, else the current one."""
        if currency == self.currency:
            return Decimal(1)
        stored_rates = (line.cost_rate for line in lines if line.cost_currency == currency)
        stored_rate = next((rate for rate in stored_rates if rate is not None), None)
        return stored_rate or self.costing.rate(currency)

    def converted(
        self, amount: Decimal | None, currency: str, lines: Sequence[OrderLine]
    ) -> Money | None:
        rate = self.rate(currency, lines)
        if rate is None or amount is None:
            return None
        return Money(amount * rate, self.currency).rounded()

    def sum(self, amounts: Iterable[Money | None]) -> Money:
        return Money.total((amount for amount in amounts if amount is not None), self.currency)


def add_after_sale(
    *, order: Order, profit: Profit, fx_rates: FxRates, shipping_charges: Decimal
) -> None:
    """Add refunds, return labels, lost disputes, supplier credits, and invoices of canceled purchase orders.

    Shape:  ``profit`` already has sales and costs; ``shipping_charges``: what the customer pays for
            shipping the items sold
    """
    _add_refunds(order, profit, shipping_charges)
    _add_return_labels(order, profit, fx_rates)
    for purchase_order in order.purchase_orders.all():
        lines = [purchase_line.order_line for purchase_line in purchase_order.lines.all()]
        if purchase_order.status == PurchaseOrder.Status.CANCELED:
            _add_canceled_invoices(purchase_order, lines, profit, fx_rates)
        for claim in purchase_order.claims.all():
            _add_credit(claim, lines, profit, fx_rates, Source.CLAIM)
        for supplier_return in purchase_order.supplier_returns.all():
            _add_credit(supplier_return, lines, profit, fx_rates, Source.GIVEN_BACK)


def _add_return_labels(order: Order, profit: Profit, fx_rates: FxRates) -> None:
    """Add what the labels cost us; a customer's share is in the smaller refund."""
    lines = list(order.lines.all())
    for authorization in order.returns.all():
        for label in authorization.labels.all():
            price = label.price if label.status in ReturnLabel.PAID else None
            if price is None:
                continue
            cost = fx_rates.converted(price.amount, price.currency, lines)
            if cost is None:
                profit.unknown.append(unknown_rate(price.currency))
            else:
                profit.add(None, ProfitItem.RETURN_LABEL, cost * -1, Source.INVOICED)


def unknown_rate(currency: str) -> str:
    return _("value of %s") % currency


def _add_refunds(order: Order, profit: Profit, shipping_charges: Decimal) -> None:
    """Add refunds for items that the customer keeps, with the tax in them.

    Refunds first offset what was captured for items that were canceled later.
    """
    payments = [payment for payment in order.payments.all() if payment.currency == order.currency]
    captured = sum((payment.captured_amount for payment in payments), NOTHING)
    refunded = sum((payment.refunded_amount for payment in payments), NOTHING)
    sold = (
        profit.sum(profit.parts(), ProfitItem.GOODS, ProfitItem.DISCOUNT).amount + shipping_charges
    )
    refund = max(refunded - max(captured - sold, NOTHING), NOTHING)
    if refund and order.total_amount:
        tax = refund * order.tax_amount / order.total_amount
        _add_ledger_amount(profit, ProfitItem.REFUND, -refund)
        _add_ledger_amount(profit, ProfitItem.TAX, tax)
    for payment in payments:
        if payment.dispute_status == Payment.Dispute.LOST:
            _add_ledger_amount(
                profit, ProfitItem.CHARGED_BACK, payment.refunded_amount - payment.captured_amount
            )


def _add_ledger_amount(profit: Profit, item: ProfitItem, amount: Decimal) -> None:
    profit.add(None, item, Money(amount, profit.currency), Source.BOOK)


def _add_canceled_invoices(
    purchase_order: PurchaseOrder, lines: Sequence[OrderLine], profit: Profit, fx_rates: FxRates
) -> None:
    for invoice in purchase_order.supplier_invoices.all():
        if invoice.withdrawn_at is None:
            cost = fx_rates.converted(invoice.total.amount, invoice.currency, lines)
            if cost is None:
                profit.unknown.append(unknown_rate(invoice.currency))
            else:
                profit.add(None, ProfitItem.COST, cost * -1, Source.INVOICED)


def _add_credit(
    claim: SupplierClaim | SupplierReturn,
    lines: Sequence[OrderLine],
    profit: Profit,
    fx_rates: FxRates,
    source: Source,
) -> None:
    if claim.credited_amount is None:
        return
    money = fx_rates.converted(claim.credited_amount, claim.currency, lines)
    if money is None:
        profit.unknown.append(unknown_rate(claim.currency))
        return
    weights = {
        claim_line.purchase_line.order_line_id: claim_line.unit_amount * claim_line.quantity
        for claim_line in claim.lines.all()
    }
    profit.divide(weights, ProfitItem.CREDIT, money, source)
