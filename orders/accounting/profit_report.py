"""Profit report: compute what each order earns after costs, fees, refunds and credits.

Each cost uses the best source: the invoice, else what the supplier agreed to or quoted, else
the cost terms. Supplier currencies are converted at the rate stored with the order line.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing, LandedCost
from orders.accounting import three_way_match
from orders.accounting.after_sale_profit import FxRates, add_after_sale, unknown_rate
from orders.accounting.profit import LineProfit, Profit, ProfitItem, Source
from orders.models import (
    Order,
    OrderLine,
    PurchaseLine,
    PurchaseOrder,
    SupplierClaim,
    SupplierInvoice,
    SupplierReturn,
)
from orders.pricing.totals import included_tax
from storefront.lib.money import Money

NOTHING = Decimal(0)


Status = PurchaseOrder.Status
PAID = (*Order.ACTIVE, Order.Status.COMPLETED, Order.Status.CANCELED)
CHUNK_SIZE = 200
BY_TERMS = {
    "supplier_fee": ProfitItem.SUPPLIER_FEE,
    "duty": ProfitItem.DUTY,
    "handling": ProfitItem.HANDLING,
    "payment_fee": ProfitItem.PAYMENT_FEE,
}


def with_statement_data(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Prefetch everything a statement needs; the number of queries is constant."""
    lines = OrderLine.objects.select_related("level__location", "offer__supplier").order_by("pk")
    purchase_lines = PurchaseLine.objects.select_related("order_line").order_by("pk")
    purchase_orders = (
        PurchaseOrder.objects.select_related("supplier", "location")
        .order_by("pk")
        .prefetch_related(
            Prefetch("lines", purchase_lines),
            Prefetch("supplier_invoices", SupplierInvoice.objects.order_by("pk")),
            Prefetch("claims", SupplierClaim.objects.prefetch_related("lines__purchase_line")),
            Prefetch(
                "supplier_returns", SupplierReturn.objects.prefetch_related("lines__purchase_line")
            ),
        )
    )
    return orders.select_related("channel").prefetch_related(
        "payments",
        "returns__labels",
        Prefetch("lines", lines),
        Prefetch("purchase_orders", purchase_orders),
    )


def statements(orders: QuerySet[Order], *, now: datetime) -> Iterator[tuple[Order, Profit]]:
    """Yield the statements of many orders, in chunks that fit into memory."""
    known: dict[tuple[int, str], Costing] = {}
    for order in with_statement_data(orders).iterator(chunk_size=CHUNK_SIZE):
        key = (order.channel_id, order.ship_to["country"])
        if key not in known:
            known[key] = policy.load_costing(order.channel, now=now, country=key[1])
        yield order, _StatementBuilder(order, known[key]).profit


def statement_of(order: Order, *, now: datetime) -> Profit:
    costing = policy.load_costing(order.channel, now=now, country=order.ship_to["country"])
    loaded = with_statement_data(Order.objects.filter(pk=order.pk)).get()
    return _StatementBuilder(loaded, costing).profit


def _unplanned_parcel(
    purchase_order: PurchaseOrder, lines: Sequence[OrderLine]
) -> Mapping[str, Any]:
    """Return the shipping charge of an unplanned parcel: the customer charge minus its items."""
    items_amount = sum((line.customer_charge_amount for line in lines), NOTHING)
    amount = Money(
        max(purchase_order.customer_charge_amount - items_amount, NOTHING), purchase_order.currency
    )
    rate = lines[0].tax_rate if lines else NOTHING
    return {"amount": amount.amount, "tax": included_tax(gross=amount, rate=rate).amount}


class _StatementBuilder:
    """Builds the profit statement of one order."""

    def __init__(self, order: Order, costing: Costing) -> None:
        self.order, self.costing = order, costing
        self.fx_rates = FxRates(currency=order.currency, costing=costing)
        # An order canceled before payment has no ``canceled_quantity``, yet nothing was sold.
        is_canceled = order.status == Order.Status.CANCELED
        self.sold = {
            line.pk: 0 if is_canceled else line.quantity - line.canceled_quantity
            for line in order.lines.all()
        }
        self.profit = Profit(
            currency=order.currency,
            lines={
                line.pk: LineProfit(
                    line_id=line.pk,
                    sku=line.sku,
                    title=line.title,
                    sold=self.sold[line.pk],
                    supplier=line.offer.supplier.code,
                )
                for line in order.lines.all()
            },
        )
        self._add_sales()
        shipping_charges = self._add_parcels()
        add_after_sale(
            order=order,
            profit=self.profit,
            fx_rates=self.fx_rates,
            shipping_charges=shipping_charges,
        )

    def _add_sales(self) -> None:
        for line in self.order.lines.all():
            share = Decimal(self.sold[line.pk]) / line.quantity
            price = line.line_amount + line.additional_tax_amount
            self._add(line.pk, ProfitItem.GOODS, price * share)
            self._add(line.pk, ProfitItem.DISCOUNT, -line.discount_amount * share)
            self._add(line.pk, ProfitItem.TAX, -line.tax_amount * share)

    def _add_parcels(self) -> Decimal:
        """Add each parcel that ships or may ship; return their shipping charges."""
        planned = {entry["location_id"]: entry for entry in self.order.delivery_plan}
        purchase_orders = list(self.order.purchase_orders.all())
        shipping_charges = NOTHING
        for purchase_order in purchase_orders:
            if purchase_order.status != Status.CANCELED:
                line_ids = {
                    line.order_line_id for line in purchase_order.lines.all() if line.is_active
                }
                lines = [line for line in self._sold() if line.pk in line_ids]
                entry = purchase_order.entry or _unplanned_parcel(purchase_order, lines)
                country = purchase_order.location.country
                shipping_charges += self._add_parcel(lines, purchase_order, country, entry)
        for location_id, entry in planned.items():
            if not purchase_orders:
                lines = [line for line in self._sold() if line.level.location_id == location_id]
                shipping_charges += self._add_parcel(lines, None, entry["country"], entry)
        return shipping_charges

    def _sold(self) -> list[OrderLine]:
        return [line for line in self.order.lines.all() if self.sold[line.pk] > 0]

    def _add_parcel(
        self,
        lines: Sequence[OrderLine],
        purchase_order: PurchaseOrder | None,
        country: str,
        entry: Mapping[str, Any],
    ) -> Decimal:
        if not lines:
            return NOTHING
        amount, tax = Decimal(entry["amount"]), Decimal(entry.get("tax") or 0)
        by_charge = {line.pk: line.customer_charge_amount for line in lines}
        self.profit.divide(by_charge, ProfitItem.DELIVERY, self._money(amount), Source.ORDER)
        self.profit.divide(by_charge, ProfitItem.TAX, self._money(-tax), Source.ORDER)
        self._add_costs(lines, purchase_order, country, amount, tax)
        return amount

    def _add_costs(
        self,
        lines: Sequence[OrderLine],
        purchase_order: PurchaseOrder | None,
        country: str,
        shipping_charge: Decimal,
        tax: Decimal,
    ) -> None:
        """Add the costs of the lines of one parcel, invoiced or estimated."""
        agreed = self._agreed(purchase_order, lines)
        weights = {line.pk: agreed[line.pk].amount * self.sold[line.pk] for line in lines}
        currency = agreed[lines[0].pk].currency
        rate = self.fx_rates.rate(currency, lines)
        is_freight_known = False
        invoiced = self._invoiced(purchase_order)
        if invoiced:
            items, freight = invoiced
            self.profit.divide(weights, ProfitItem.COST, items * -1, Source.INVOICED)
            if freight is not None:
                is_freight_known = True
                self.profit.divide(weights, ProfitItem.FREIGHT, freight * -1, Source.INVOICED)
        elif rate is None:
            self.profit.unknown.append(unknown_rate(currency))
        else:
            for line in lines:
                cost = agreed[line.pk].amount * self.sold[line.pk] * rate
                self.profit.add(line.pk, ProfitItem.COST, self._money(-cost), Source.AGREED)
        if not is_freight_known and purchase_order and purchase_order.freight_amount is not None:
            quoted_freight = self.fx_rates.converted(
                purchase_order.freight_amount, purchase_order.freight_currency, lines
            )
            if quoted_freight is not None:
                is_freight_known = True
                self.profit.divide(
                    weights, ProfitItem.FREIGHT, quoted_freight * -1, Source.ACKNOWLEDGED
                )
        for line in lines:
            code = purchase_order.supplier.code if purchase_order else line.offer.supplier.code
            self.profit.lines[line.pk].supplier = code
            wholesale = None if rate is None else agreed[line.pk].amount * rate
            landed = None
            if wholesale is not None:
                landed = self.costing.land(wholesale, origins=(country,), supplier_code=code)
            self._add_terms(line, landed, rate, is_freight_known=is_freight_known)
        self._add_shipping_fees(
            lines, self.profit.lines[lines[0].pk].supplier, country, shipping_charge, tax
        )

    @staticmethod
    def _agreed(
        purchase_order: PurchaseOrder | None, lines: Sequence[OrderLine]
    ) -> dict[int, Money]:
        """Return the unit cost of each line: as agreed with the supplier, else as of the sale."""
        sold = {line.pk: Money(line.cost_amount, line.cost_currency) for line in lines}
        purchase_lines = purchase_order.lines.all() if purchase_order else ()
        return sold | {
            purchase_line.order_line_id: Money(
                purchase_line.agreed_cost_amount, purchase_line.cost_currency
            )
            for purchase_line in purchase_lines
            if purchase_line.is_active
        }

    def _invoiced(self, purchase_order: PurchaseOrder | None) -> tuple[Money, Money | None] | None:
        """Return the invoiced cost of items and freight; None while only a part is invoiced."""
        if purchase_order is None:
            return None
        invoices = [
            invoice
            for invoice in purchase_order.supplier_invoices.all()
            if invoice.withdrawn_at is None
        ]
        if not invoices or three_way_match.match_of(purchase_order).is_invoiced_as_shipped:
            return None
        lines = [line.order_line for line in purchase_order.lines.all()]
        items = [
            self.fx_rates.converted(invoice.subtotal_amount, invoice.currency, lines)
            for invoice in invoices
        ]
        freights = [
            self.fx_rates.converted(invoice.freight_amount, invoice.currency, lines)
            for invoice in invoices
            if invoice.freight_amount is not None
        ]
        if None in items:
            return None
        is_freight_known = len(freights) == len(invoices) and None not in freights
        return self.fx_rates.sum(items), self.fx_rates.sum(freights) if is_freight_known else None

    def _add_terms(
        self,
        line: OrderLine,
        landed: LandedCost | None,
        rate: Decimal | None,
        *,
        is_freight_known: bool,
    ) -> None:
        """Add costs that no invoice states: by the current cost terms, else as of the sale."""
        sold = self.sold[line.pk]
        if landed is None:
            self._add_costs_as_of_sale(line, rate)
            return
        for name, amount in landed.parts(sold):
            if name in BY_TERMS:
                self._add(line.pk, BY_TERMS[name], -amount, Source.TERMS)
            elif name == "freight" and not is_freight_known:
                self._add(line.pk, ProfitItem.FREIGHT, -amount, Source.TERMS)
        share = Decimal(sold) / line.quantity
        gross = line.customer_charge_amount * share
        payment, channel = landed.terms.fees(net=gross - line.tax_amount * share, gross=gross)
        self._add(line.pk, ProfitItem.PAYMENT_FEE, -payment, Source.TERMS)
        self._add(line.pk, ProfitItem.CHANNEL_FEE, -channel, Source.TERMS)

    def _add_costs_as_of_sale(self, line: OrderLine, rate: Decimal | None) -> None:
        if line.landed_amount is None or line.fees_amount is None or rate is None:
            self.profit.unknown.append(_("selling costs of %s") % line.sku)
            return
        selling_costs = (
            line.landed_amount - line.cost_amount * line.quantity * rate + line.fees_amount
        )
        share = Decimal(self.sold[line.pk]) / line.quantity
        self._add(line.pk, ProfitItem.SELLING, -selling_costs * share, Source.TERMS)

    def _add_shipping_fees(
        self,
        lines: Sequence[OrderLine],
        code: str,
        country: str,
        shipping_charge: Decimal,
        tax: Decimal,
    ) -> None:
        terms = self.costing.terms_of(origin=country, supplier_code=code)
        if terms is not None:
            payment, channel = terms.fees(net=shipping_charge - tax, gross=shipping_charge)
            weights = {line.pk: line.customer_charge_amount for line in lines}
            for item, fee in ((ProfitItem.PAYMENT_FEE, payment), (ProfitItem.CHANNEL_FEE, channel)):
                self.profit.divide(weights, item, self._money(-fee), Source.TERMS)

    def _add(
        self, line_id: int, item: ProfitItem, amount: Decimal, source: Source = Source.ORDER
    ) -> None:
        self.profit.add(line_id, item, self._money(amount), source)

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self.profit.currency)
