"""Routing: choose the sources and the shipping methods of a sale that was made in a store."""

from collections import Counter
from copy import copy
from datetime import datetime

from catalog.pricing import policy
from orders.checkout import snapshot
from orders.checkout.external_orders import ExternalSale
from orders.routing.delivery_quote import ShippingQuote
from shipping.availability.reach import load_reach
from shipping.rates import live_rates, quotes
from storefront.sales_channels.models import OrderProblem
from storefront.sales_channels.orders.translation import NotImportedError


def quote(sale: ExternalSale, *, now: datetime) -> ShippingQuote:
    """Return the cheapest delivery of exactly this sale. May ask suppliers for rates.

    The items are sold already, so the channel's safety stock is used for them, and listings do not
    count. Prices only choose: the store has charged the delivery.

    Raises: NotImportedError  it is out of stock, or nothing ships it to the address
    """
    channel = copy(sale.channel)
    channel.safety_stock = 0
    wanted: Counter[int] = Counter()
    for line in sale.lines:
        wanted[line.variant.pk] += line.quantity
    pieces = {line.variant.pk: line.variant for line in sale.lines}
    country = sale.ship_to.country
    reached = load_reach(pieces=pieces, listed=None, channel=channel, country=country, now=now)
    costing = policy.load_costing(channel, now=now, country=country)
    plan = reached.with_landed_costs(costing).plan(
        wanted.items(), sold=snapshot.sale_amounts(sale.lines)
    )
    if plan.missing:
        missing = [
            f"{pieces[id_].sku}: {wanted[id_]} ordered, {fewer} available"
            for id_, fewer in plan.missing.items()
        ]
        raise NotImportedError(OrderProblem.OUT_OF_STOCK, "; ".join(missing))
    rates = live_rates.get_for_plan(
        plan=plan, channel=channel, country=country, postcode=sale.ship_to.postcode, now=now
    )
    offered = quotes.quote_plan(
        plan=plan, country=country, now=now, pieces=pieces, live_rates=rates
    )
    if not offered:
        raise NotImportedError(OrderProblem.UNDELIVERABLE, country)
    return min(offered, key=quotes.sort_key)
