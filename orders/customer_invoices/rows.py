"""Invoice rows: list the sold lines, delivery and adjustments that make up a charge. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from catalog.texts.titles import title_in
from orders.customer_invoices import tax_shares
from orders.customer_invoices.tax_shares import TaxShare
from orders.models import Order, OrderLine
from orders.pricing.proration import prorate
from storefront.lib.money import Money

ZERO = Decimal(0)


class RowKind(StrEnum):
    LINE = "line"
    DELIVERY = "delivery"
    ADJUSTMENT = "adjustment"
    RETURN = "return"
    EXCHANGE = "exchange"
    CANCELED = "canceled"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of an invoice. ``unit`` and ``discount`` are as shown in the shop."""

    kind: RowKind
    share: TaxShare
    title: str = ""
    sku: str = ""
    quantity: int = 1
    unit: Decimal | None = None
    discount: Decimal = ZERO


def rows_of(order: Order, lines: Sequence[OrderLine], *, charged: Decimal) -> list[Row]:
    """Return the rows of an order, which sum to ``charged``.

    Canceled units are left out. Delivery is what remains of the charge after the other lines, at
    most the agreed amount. A remaining difference, such as a goodwill refund before the invoice,
    is a row of its own.
    """
    sold = [row for line in lines if (row := _line_row(order, line)) is not None]
    is_whole = not any(line.canceled_quantity for line in lines)
    rest = charged - _gross(sold)
    shares = _shares(order, lines)
    delivery = _delivery_row(order, lines, shares, rest=rest, is_whole=is_whole)
    rows = [*sold, *([delivery] if delivery else [])]
    if (difference := charged - _gross(rows)) != ZERO:
        base = tax_shares.by_rate(row.share for row in rows) or shares
        parts = tax_shares.portion(base, before=ZERO, amount=difference, currency=order.currency)
        rows += [Row(kind=RowKind.ADJUSTMENT, share=part) for part in parts]
    return rows


def _gross(rows: Sequence[Row]) -> Decimal:
    return sum((row.share.gross for row in rows), ZERO)


def _shares(order: Order, lines: Sequence[OrderLine]) -> list[TaxShare]:
    """Return the shares of all lines as ordered; of a rate of zero if none was charged."""
    whole = tax_shares.by_rate(
        TaxShare(rate=line.tax_rate, gross=line.customer_charge_amount, tax=line.tax_amount)
        for line in lines
        if line.customer_charge_amount
    )
    return whole or [TaxShare(rate=ZERO, gross=order.total_amount, tax=order.tax_amount)]


def _line_row(order: Order, line: OrderLine) -> Row | None:
    units = line.quantity - line.canceled_quantity
    if not units:
        return None

    def part(amount: Decimal) -> Decimal:
        whole = Money(amount, order.currency)
        return prorate(whole, quantity=line.quantity, before=0, units=units).amount

    return Row(
        kind=RowKind.LINE,
        title=title_in(line, order.locale),
        sku=line.sku,
        quantity=units,
        unit=line.unit_amount,
        discount=part(line.discount_amount),
        share=TaxShare(
            rate=line.tax_rate,
            gross=part(line.customer_charge_amount),
            tax=part(line.tax_amount),
        ),
    )


def _delivery_row(
    order: Order,
    lines: Sequence[OrderLine],
    shares: Sequence[TaxShare],
    *,
    rest: Decimal,
    is_whole: bool,
) -> Row | None:
    planned = sum((Decimal(entry["amount"]) for entry in order.delivery_plan), ZERO)
    tax = sum((Decimal(entry["tax"]) for entry in order.delivery_plan), ZERO)
    gross = planned if is_whole else max(ZERO, min(rest, planned))
    if not gross and not (is_whole and order.delivery_amount):
        return None
    kept_tax = Money(tax * gross / planned, order.currency).rounded().amount if planned else ZERO
    row = Row(
        kind=RowKind.DELIVERY,
        share=TaxShare(rate=_delivery_rate(shares, planned, tax), gross=gross, tax=kept_tax),
    )
    if not is_whole:
        return row
    discount = order.discount_amount - sum((line.discount_amount for line in lines), ZERO)
    return replace(row, unit=order.delivery_amount, discount=discount)


def _delivery_rate(shares: Sequence[TaxShare], gross: Decimal, tax: Decimal) -> Decimal:
    """Return the rate of the lines that fits the tax of the delivery best."""
    net = gross - tax
    if not net:
        return shares[0].rate
    return min((share.rate for share in shares), key=lambda rate: abs(net * rate - tax))
