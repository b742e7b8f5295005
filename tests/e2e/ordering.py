"""Order helpers: sell what the sandbox supplier has in stock, up to the purchase order."""

from datetime import timedelta

from django.utils import timezone

from catalog.models import Channel, Listing
from orders.cart import carts
from orders.checkout import checkout
from orders.models import PurchaseOrder
from orders.payments import updates
from orders.purchasing import submission, submission_lookup
from orders.purchasing.supplier_request import build_request
from orders.routing import stock_query
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Freight
from suppliers.models import Connection, StockLevel, StockLocation
from suppliers.sync import runner
from tests.factories.feeds import make_shop
from tests.factories.orders import HOME, make_payment, make_payment_update
from tests.fakes.cj_sandbox import connect
from tests.support import database

LIGHT_G = 400  # every service accepts it
ROUNDS = 12


def sync_shop(process, *, connect=connect):
    """Create a shop and sync it from a running sandbox."""
    channel = make_shop()
    supplier = connect(process)
    for kind in ("products", "stock"):
        runner.run_sync(supplier=supplier, kind=kind, now=timezone.now())
    return channel


def stock_the_shop(process, *, connect=connect):
    """Fill the empty database by ``sync_shop``, or with the rows that it created in an earlier test.

    For tests that commit. The sandbox must have been reset.
    """
    if not database.fill_once(process.url, lambda: sync_shop(process, connect=connect)):
        Connection.objects.update(tokens_encrypted="")  # a test may have let them expire
        now = timezone.now()
        StockLevel.objects.update(as_of=now)
        StockLocation.objects.update(stock_confirmed_at=now)
    return Channel.objects.get()


def sell_one(channel, *, start="CN"):
    """Sell one unit that is in one country only; return its purchase order, not submitted."""
    now = timezone.now()
    listing = (
        Listing.objects.for_sale(now)
        .filter(ships_from__has_key=start, variant__lithium="none")
        .exclude(ships_from__has_any_keys=["DE", "US"])
        .filter(variant__packed_weight_g__lte=LIGHT_G)
        .order_by("-price_amount", "pk")  # the most expensive one pays for any freight
        .first()
    )
    cart = carts.open_cart(channel=channel, country="DE", locale="en", now=now)
    carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=now)
    wants = carts.view_cart(cart=cart, now=now).variant_quantities
    plan = stock_query.plan_sources(lines=wants, channel=channel, now=now)
    arrives = now.date() + timedelta(days=9)
    parcels = tuple(
        QuotedParcel(
            parcel=parcel,
            service_code="standard",
            carrier_service="to be asked",
            price=Money(listing.price_amount, channel.currency),
            arrives_from=arrives,
            arrives_to=arrives,
            accepts=("inside", "with"),
            max_cell_wh=20,
        )
        for parcel in plan.parcels
    )
    quote = ShippingQuote(tier="economy", parcels=parcels)
    order, _ = checkout.place(
        cart=cart, email="erika@example.org", ship_to=HOME, quote=quote, now=now
    )
    payment = make_payment(order, now=now)
    updates.apply(update=make_payment_update(payment, "authorized"), gateway="fake", now=now)
    (purchase_order,) = submission.create_purchase_orders(order=order, now=now)
    name_a_route(purchase_order)
    return whole(purchase_order)


def name_a_route(purchase_order):
    """Choose a shipping service that the supplier offers for this parcel, if it quotes any."""
    request = build_request(whole(purchase_order))
    with open_connector(purchase_order.supplier) as adapter:
        if not isinstance(adapter, Freight):
            return
        options = adapter.freight(
            country_from=request.country_from, ship_to=request.ship_to, lines=request.lines
        )
    cheapest = min(options, key=lambda option: option.price.amount)
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(carrier_service=cheapest.name)


def whole(purchase_order):
    """Load a purchase order again, with the rows that a submission needs."""
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return rows.get(pk=purchase_order.pk)


def sweep(purchase_order, now):
    """Run the sweeps of one purchase order, as beat does."""
    fresh = whole(purchase_order)
    try:
        if fresh.submission_status in PurchaseOrder.UNSUBMITTED_STATES and fresh.status in {
            "draft",
            "ready",
        }:
            if not fresh.retry_at or fresh.retry_at <= now:
                submission.submit(purchase_order=fresh, now=now)
        elif fresh.submission_status in {"submitting", "submit_unknown"}:
            submission_lookup.resolve(purchase_order=fresh, now=now)
    except (ExternalServiceError, InvalidTransitionError, ConcurrentUpdateError):
        return


def sweep_until_answered(purchase_order):
    """Run the sweeps every 5 minutes of an hour, until the supplier accepts the order."""
    for step in range(ROUNDS):
        sweep(purchase_order, timezone.now() + timedelta(minutes=5 * step))
        if whole(purchase_order).submission_status == "accepted":
            break
    return whole(purchase_order)


def effects(process):
    """Return the numbers of the orders that the supplier created."""
    rows = process.control("orders")["effects"]
    return [row["order_number"] for row in rows if row["kind"] == "created"]
