"""Snapshot: build an order and its lines with current texts, prices and costs."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalog.models import Variant
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from catalog.texts.titles import full_titles
from orders.links import new_key
from orders.models import Cart, Order, OrderLine
from orders.order_lines import snapshot_guarantees
from orders.pricing import margins
from orders.pricing.totals import LineCharge, Totals
from orders.routing import decision_log
from orders.routing.candidates import Candidate
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from orders.routing.engine import PlannedLine
from orders.routing.margin_filter import SaleAmount
from storefront.lib.address import Address
from storefront.lib.money import Money


def build_order(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    number: str,
    email: str,
    ship_to: Address,
    check: Mapping[str, Any],
    quote: ShippingQuote,
    totals: Totals,
    network: str,
    first_reserved_at: datetime | None,
    payment_due_at: datetime,
    now: datetime,
) -> Order:
    """Return the unsaved order of a cart."""
    return Order(
        number=number,
        access_key=new_key(),
        channel=cart.channel,
        cart=cart,
        email=email,
        locale=cart.locale,
        sms_number=cart.sms_number,
        ship_to=asdict(ship_to),
        address_verification=dict(check),
        currency=totals.currency,
        subtotal_amount=totals.subtotal.amount,
        delivery_amount=totals.delivery.amount,
        discount_amount=totals.discount.amount,
        tax_amount=totals.tax.amount,
        additional_tax_amount=totals.added.amount,
        total_amount=totals.total.amount,
        status=Order.Status.PENDING_PAYMENT,
        status_since=now,
        placed_at=now,
        payment_due_at=payment_due_at,
        first_reserved_at=first_reserved_at,
        network=network,
        delivery_plan=[
            parcel_entry(parcel, amount=share.charge.amount, tax=share.tax.amount)
            for parcel, share in zip(quote.parcels, totals.parcels, strict=True)
        ],
        arrives_from=quote.arrives_from,
        arrives_to=quote.arrives_to,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """One line as it is sold; its sources may divide it into several order lines.

    ``reference`` is the id of an imported line in its store.
    """

    variant: Variant
    quantity: int
    picture: str
    unit: Decimal
    charge: LineCharge
    tax_rate: Decimal
    reference: str = ""


def build_lines(
    *, order: Order, lines: Sequence[SoldLine], quote: ShippingQuote, now: datetime
) -> Sequence[OrderLine]:
    """Return the unsaved order lines, with price and cost from the chosen source.

    A loss-making price is kept: a hold rule stops its purchase order. The order stores the other
    candidate sources.
    """
    costing = policy.load_recent_costing(order.channel, now=now, country=order.ship_to["country"])
    sources = {variant_id: deque(parts) for variant_id, parts in quote.planned.items()}
    if quote.plan is not None:
        sold = sale_amounts(lines)
        order.routing_decision = decision_log.record(quote.plan, sold=sold, costing=costing)
    guarantees = snapshot_guarantees([line.variant.product for line in lines])
    order_lines: list[OrderLine] = []
    for line in lines:
        variant = line.variant
        parts = _take(sources[variant.pk], line.quantity)
        shares = line.charge.parts([part.quantity for part in parts])
        for part, share in zip(parts, shares, strict=True):
            candidate = part.candidate
            order_lines.append(
                OrderLine(
                    order=order,
                    variant=variant,
                    offer_id=candidate.offer_id,
                    level_id=candidate.level_id,
                    external_reference=line.reference,
                    sku=variant.sku,
                    title=variant.full_title,
                    titles=full_titles(variant),
                    picture=line.picture,
                    guarantee_months=variant.product.guarantee_months,
                    guarantee=guarantees.get(variant.product_id, {}),
                    quantity=part.quantity,
                    unit_amount=line.unit,
                    line_amount=share.amount.amount,
                    discount_amount=share.discount.amount,
                    tax_rate=line.tax_rate,
                    tax_amount=share.tax.amount,
                    additional_tax_amount=share.added.amount,
                    cost_amount=candidate.wholesale.amount,
                    cost_currency=candidate.wholesale.currency,
                    **costs(candidate, costing, part.quantity, share.charge, line.tax_rate),
                )
            )
    return order_lines


def sale_amounts(lines: Sequence[SoldLine]) -> dict[int, SaleAmount]:
    """Return what each variant is sold for; two lines of a variant are summed."""
    sold: dict[int, SaleAmount] = {}
    for line in lines:
        if earlier := sold.get(line.variant.pk):
            gross = earlier.gross + line.charge.charge
            sold[line.variant.pk] = SaleAmount(gross=gross, tax_rate=line.tax_rate)
        else:
            sold[line.variant.pk] = SaleAmount(gross=line.charge.charge, tax_rate=line.tax_rate)
    return sold


def _take(parts: deque[PlannedLine], quantity: int) -> list[PlannedLine]:
    """Take the first ``quantity`` units; two lines of a variant share its planned parts."""
    taken: list[PlannedLine] = []
    while quantity:
        part = parts.popleft()
        if part.quantity > quantity:
            parts.appendleft(replace(part, quantity=part.quantity - quantity))
            part = replace(part, quantity=quantity)
        taken.append(part)
        quantity -= part.quantity
    return taken


def costs(
    candidate: Candidate, costing: Costing, quantity: int, gross: Money, tax_rate: Decimal
) -> dict[str, Decimal | None]:
    """Return the landed cost and fees of the units; None if unknown."""
    rate = costing.worst_case_rate(candidate.wholesale.currency)
    landed = costing.landed(
        candidate.wholesale, origins=(candidate.country,), supplier_code=candidate.supplier_code
    )
    if landed is None:
        return {"cost_rate": rate}
    account = margins.line_margin(landed, quantity=quantity, gross=gross, tax_rate=tax_rate)
    landed_cost = Money(landed.of(quantity), gross.currency)
    return {
        "cost_rate": rate,
        "landed_amount": landed_cost.rounded().amount,
        "fees_amount": (account.outlay - landed_cost).rounded().amount,
    }


def parcel_entry(quoted: QuotedParcel, *, amount: Decimal, tax: Decimal) -> dict[str, Any]:
    """Return a parcel as a row of ``Order.delivery_plan``.

    Shape:  ``amount``: its shipping charge, ``tax``: the tax included in that
    """
    return {
        "supplier_id": quoted.parcel.supplier_id,
        "location_id": quoted.parcel.location_id,
        "country": quoted.parcel.country,
        "service_code": quoted.service_code,
        "carrier_service": quoted.carrier_service,
        "amount": str(amount),
        "tax": str(tax),
        "arrives_from": quoted.arrives_from.isoformat(),
        "arrives_to": quoted.arrives_to.isoformat(),
        "accepts": list(quoted.accepts),
        "max_cell_wh": str(quoted.max_cell_wh),
        "levels": {line.variant_id: line.candidate.level_id for line in quoted.parcel.lines},
    }
