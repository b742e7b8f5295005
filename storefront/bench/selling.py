"""Sell what a supplier really has, up to the purchase order: the measurements need orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from catalog.models import Channel, Listing
from orders import carts, checkout, payments, purchasing, sourcing
from orders.delivery import QuotedParcel, ShippingQuote
from orders.gateways.base import PaymentNews, PaymentUpdate
from orders.models import Order, Payment, PurchaseOrder
from orders.requesting import request_for
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.adapters.abilities import Freight, able
from suppliers.connecting import adapter_for
from suppliers.models import Supplier

HOME = Address(
    name="Erika Mustermann",
    line1="Heidestraße 17",
    city="Köln",
    postcode="51147",
    country="DE",
    phone="+49 221 5550199",
)
LIGHT_G = 400  # every route takes that


class NothingToSellError(RuntimeError):
    """The supplier has nothing that these orders could be of."""


def sell(*, channel: Channel, supplier: Supplier, count: int, now: datetime) -> list[PurchaseOrder]:
    """Sell so many orders of one unit each; return their purchase orders, unsent.

    Raises: NothingToSellError
    """
    listings = list(
        Listing.objects.for_sale(now)
        .filter(
            channel=channel,
            variant__offers__supplier=supplier,
            ships_from__has_key="CN",
            variant__lithium="none",
            variant__packed_weight_g__lte=LIGHT_G,
        )
        .exclude(ships_from__has_any_keys=["DE", "US"])
        .order_by("pk")
        .distinct()[:count]
    )
    if not listings:
        raise NothingToSellError(supplier.code)
    sold = [_sell(channel, listings[place % len(listings)], now) for place in range(count)]
    _name_route(supplier, sold)
    return sold


def _sell(channel: Channel, listing: Listing, now: datetime) -> PurchaseOrder:
    cart = carts.open_cart(channel=channel, country=HOME.country, locale="en", now=now)
    carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=now)
    plan = sourcing.plan(lines=carts.look(cart=cart, now=now).wants, channel=channel, now=now)
    arrives = now.date() + timedelta(days=9)
    parcels = tuple(
        QuotedParcel(
            parcel=parcel,
            service_code="standard",
            carrier_service="to be asked",
            price=Money(Decimal(5), channel.currency),
            arrives_from=arrives,
            arrives_to=arrives,
            accepts=("inside", "with"),
            max_cell_wh=Decimal(20),
        )
        for parcel in plan.parcels
    )
    quote = ShippingQuote(tier="economy", parcels=parcels)
    order = checkout.place(cart=cart, email="bench@example.org", ship_to=HOME, quote=quote, now=now)
    _pay(order, now)
    (purchase_order,) = purchasing.divide(order=order, now=now)
    return purchase_order


def _pay(order: Order, now: datetime) -> None:
    payment = Payment.objects.create(
        order=order,
        gateway="fake",
        key=f"pay:{order.number}:1",
        currency=order.currency,
        amount=order.total_amount,
        status=Payment.Status.CREATED,
        status_since=now,
        created_at=now,
    )
    reference = f"ref-{order.number}"
    payment.move(Payment.Status.REQUIRES_ACTION, at=now, reference=reference)
    update = PaymentUpdate(
        reference=reference,
        external_id=f"authorized-{reference}",
        news=PaymentNews.AUTHORIZED,
        amount=Money(Decimal(payment.amount), payment.currency),
        occurred_at=now,
    )
    payments.apply(update=update, gateway="fake", now=now)


def _name_route(supplier: Supplier, sold: list[PurchaseOrder]) -> None:
    """Choose a route that the supplier really offers for each parcel."""
    with adapter_for(supplier) as connector:
        for purchase_order in sold:
            rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
            request = request_for(rows.get(pk=purchase_order.pk))
            options = able(connector, Freight).freight(
                country_from=request.country_from, ship_to=request.ship_to, lines=request.lines
            )
            cheapest = min(options, key=lambda option: option.price.amount)
            rows.filter(pk=purchase_order.pk).update(carrier_service=cheapest.name)
