"""Benchmark orders: sell a supplier's stock, pay, create the purchase orders."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice

from catalog.models import Channel, Listing
from orders.cart import carts
from orders.checkout import checkout
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import Payment, PurchaseOrder
from orders.payments import updates
from orders.purchasing import submission
from orders.routing import stock_query
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from storefront.dev.bench.harness.buyers import HOME
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Freight, require
from suppliers.connectors.records import PurchaseOrderRequestLine
from suppliers.models import Supplier, SupplierOffer

VARIETY = 10
LIGHT_G = 400  # every shipping service accepts it


class NothingToSellError(RuntimeError):
    """The supplier has nothing that can be ordered."""


def sell(*, channel: Channel, supplier: Supplier, count: int, now: datetime) -> list[PurchaseOrder]:
    """Sell this many orders of one unit each; return their purchase orders, not submitted.

    Raises: NothingToSellError
    """
    offers = (
        SupplierOffer.objects.filter(
            supplier=supplier,
            variant__lithium="none",
            variant__packed_weight_g__lte=LIGHT_G,
            variant__listings__in=Listing.objects.for_sale(now).filter(
                channel=channel, ships_from__has_key="CN"
            ),
        )
        .exclude(variant__listings__ships_from__has_any_keys=["DE", "US"])
        .exclude(variant__offers__supplier__in=Supplier.objects.exclude(pk=supplier.pk))
        .order_by("pk")
    )
    routes = _routes(supplier, offers[: 5 * VARIETY])
    if not routes:
        raise NothingToSellError(supplier.code)
    listings = {
        listing: routes[listing.variant_id]
        for listing in Listing.objects.filter(channel=channel, variant__in=routes).order_by("pk")
    }
    turns = islice(cycle(listings.items()), count)
    return [_sell(channel, listing, route, now) for listing, route in turns]


def _routes(supplier: Supplier, offers: Iterable[SupplierOffer]) -> dict[int, str]:
    """Return shipping services by variant, for ``VARIETY`` variants that the supplier can ship."""
    routes: dict[int, str] = {}
    with open_connector(supplier) as connector:
        for offer in offers:
            line = PurchaseOrderRequestLine(sku=offer.supplier_sku, quantity=1, reference="1")
            try:
                options = require(connector, Freight).freight(
                    country_from="CN", ship_to=HOME, lines=(line,)
                )
            except PermanentError:
                continue  # the supplier lists it, but cannot ship it
            if options and offer.variant_id is not None:
                cheapest = min(options, key=lambda option: option.price.amount)
                routes[offer.variant_id] = cheapest.name
            if len(routes) == VARIETY:
                break
    return routes


def _sell(channel: Channel, listing: Listing, route: str, now: datetime) -> PurchaseOrder:
    cart = carts.open_cart(channel=channel, country=HOME.country, locale="en", now=now)
    carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=now)
    plan = stock_query.plan_sources(
        lines=carts.view_cart(cart=cart, now=now).variant_quantities, channel=channel, now=now
    )
    arrives = now.date() + timedelta(days=9)
    parcels = tuple(
        QuotedParcel(
            parcel=parcel,
            service_code="standard",
            carrier_service=route,
            price=Money(Decimal(5), channel.currency),
            arrives_from=arrives,
            arrives_to=arrives,
            accepts=("inside", "with"),
            max_cell_wh=Decimal(20),
        )
        for parcel in plan.parcels
    )
    quote = ShippingQuote(tier="economy", parcels=parcels)
    order, payment = checkout.place(
        cart=cart, email=f"{cart.pk}@example.org", ship_to=HOME, quote=quote, now=now
    )
    _pay(payment, now)
    (purchase_order,) = submission.create_purchase_orders(order=order, now=now)
    return purchase_order


def _pay(payment: Payment, now: datetime) -> None:
    reference = f"external_id-{payment.order.number}"
    payment.move(Payment.Status.REQUIRES_ACTION, at=now, reference=reference)
    update = PaymentUpdate(
        reference=reference,
        external_id=f"authorized-{reference}",
        kind=UpdateKind.AUTHORIZED,
        amount=Money(Decimal(payment.amount), payment.currency),
        occurred_at=now,
    )
    updates.apply(update=update, gateway=payment.gateway, now=now)
