"""Order factories: make listings, carts, orders and purchase orders by the shop's functions."""

from datetime import date
from decimal import Decimal

from orders.cancellation import cancellation
from orders.cart import carts
from orders.checkout import checkout
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import Payment
from orders.payments import updates
from orders.purchasing import submission
from orders.routing import stock_query
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from storefront.lib.address import Address
from storefront.lib.money import Money
from tests.factories.catalog import make_channel, make_listing
from tests.factories.suppliers import NOON, make_level, make_offer

HOME = Address(
    name="Erika Muster",
    line1="Musterweg 1",
    postcode="10115",
    city="Berlin",
    country="DE",
    phone="+49301234567",
)


def make_sellable(quantity=5, price="39.99", cost="10.00", **variant):
    """Make a listing with stock at a supplier; ``listing.level`` is the stock level."""
    listing = make_listing(price_amount=Decimal(price), available=quantity, as_of=NOON, **variant)
    listing.level = make_level(make_offer(listing.variant, cost=cost), quantity=quantity)
    return listing


def make_cart(*listings, quantity=1, channel=None, now=NOON):
    channel = channel or (listings[0].channel if listings else make_channel())
    cart = carts.open_cart(channel=channel, country="DE", locale="en", now=now)
    for listing in listings:
        carts.add(cart=cart, listing_id=listing.pk, quantity=quantity, now=now)
    return cart


def quote_for(cart, price="4.90", now=NOON, service="Standard"):
    """Quote every planned parcel at one price."""
    view = carts.view_cart(cart=cart, now=now)
    plan = stock_query.plan_sources(lines=view.variant_quantities, channel=cart.channel, now=now)
    return quote_of_plan(plan, price=price, service=service, currency=cart.channel.currency)


def quote_of_plan(plan, price="4.90", service="Standard", currency="EUR"):
    return ShippingQuote(
        tier="economy",
        plan=plan,
        parcels=tuple(
            QuotedParcel(
                parcel=parcel,
                service_code="standard",
                carrier_service=service,
                price=Money(Decimal(price), currency),
                arrives_from=date(2026, 12, 1),
                arrives_to=date(2026, 12, 5),
                accepts=("inside", "with"),
                max_cell_wh=Decimal(20),
            )
            for parcel in plan.parcels
        ),
    )


def make_order(*listings, quantity=1, email="erika@example.org", ship_to=HOME, now=NOON):
    cart = make_cart(*(listings or [make_sellable()]), quantity=quantity, now=now)
    return order_of(cart, email=email, ship_to=ship_to, now=now)


def order_of(cart, *, email="erika@example.org", ship_to=HOME, quote=None, now=NOON, **more):
    """Place a cart as an order."""
    quote = quote or quote_for(cart, now=now)
    return checkout.place(
        cart=cart, email=email, ship_to=ship_to, quote=quote, now=now, **more
    ).order


def make_payment(order, reference=None, now=NOON):
    """Make a payment that awaits the customer on the gateway's page."""
    payment = order.payments.get(status=Payment.Status.CREATED)
    payment.move(
        Payment.Status.REQUIRES_ACTION,
        at=now,
        reference=reference or f"external_id-{order.number}",
        pay_url="http://127.0.0.1:9/pay",
    )
    return payment


def make_payment_update(payment, kind, *, amount=None, external_id=None, request_key="", at=NOON):
    return PaymentUpdate(
        reference=payment.reference,
        external_id=external_id or f"{kind}-{payment.reference}-{request_key}",
        kind=UpdateKind(kind),
        amount=Money(Decimal(amount or payment.amount), payment.currency),
        occurred_at=at,
        request_key=request_key,
    )


def make_paid_order(*listings, now=NOON, **order):
    return pay(make_order(*listings, now=now, **order), now=now)


def pay(order, *, now=NOON):
    """Authorize the payment of an order."""
    payment = make_payment(order, now=now)
    updates.apply(update=make_payment_update(payment, "authorized"), gateway="fake", now=now)
    order.refresh_from_db()
    return order


def make_purchase_orders(*listings, now=NOON, **order):
    return submission.create_purchase_orders(
        order=make_paid_order(*listings, now=now, **order), now=now
    )


def ask_to_stop(order, *, reason="changed my mind", now=NOON):
    """Cancel as the customer does, then ask the suppliers as a worker does; return both results.

    Shape:  the result of ``cancel``, and that of each request: True, False or None
    """
    said = cancellation.cancel(order=order, reason=reason, actor="customer", now=now)
    wanted = order.purchase_orders.filter(cancel_requested_at__isnull=False).order_by("pk")
    came = [cancellation.process_request(purchase_order=one, now=now) for one in wanted]
    return said, came
