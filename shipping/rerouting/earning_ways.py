"""Test whether a way to send sold lines anew still earns, before anything is ordered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.models import Order
from orders.pricing import margins
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from storefront.lib.money import Money


def earns(
    quote: ShippingQuote, order: Order, paid: Money, *, is_each: bool = False, now: datetime
) -> bool:
    """Set what was paid against what it would cost from there; what nobody can count may pass.

    What the shopper would pay for the way stands for what it costs us: the gate asks again, with
    what the supplier says, before it is sent.

    Shape:  ``paid`` is what the shopper paid for the way; ``is_each``: no parcel loses, as the
            gate will ask, however much the others earn
    """
    costing = policy.costing_of(order.channel, now=now, country=order.ship_to["country"]).sure
    losses = [
        _loss(parcel, costing, Money.zero(paid.currency) if place else paid)
        for place, parcel in enumerate(quote.parcels)
    ]
    return (max(losses, default=Decimal(0)) if is_each else sum(losses, Decimal(0))) <= 0


def _loss(quoted: QuotedParcel, costing: Costing, paid: Money) -> Decimal:
    one = quoted.parcel.lines[0].candidate
    terms = costing.terms_of(origin=one.country, supplier_code=one.supplier_code)
    if terms is None or quoted.price.currency != paid.currency:
        return Decimal(0)
    accounts = []
    tax_rate = Decimal(0)
    for line in quoted.parcel.lines:
        candidate = line.candidate
        landed = costing.landed(
            candidate.wholesale, origins=(candidate.country,), supplier_code=candidate.supplier_code
        )
        if landed is None or line.sold is None:
            return Decimal(0)
        tax_rate = line.sold.tax_rate
        accounts.append(
            margins.of_line(
                landed.unsent,
                quantity=line.quantity,
                gross=line.sold.gross,
                tax_rate=tax_rate,
            )
        )
    account = margins.of_parcel(
        accounts,
        terms=terms,
        delivery=paid,
        tax_rate=tax_rate,
        freight=quoted.price,
        goods=None,
    )
    return account.loss.amount
