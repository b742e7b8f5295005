"""Product alert factories: make confirmed alerts, run the sweep, count those who were told."""

from datetime import timedelta
from decimal import Decimal

from catalog.models import Listing
from notifications.models import Event
from shipping.models import ProductAlert
from shipping.product_alerts import matching, subscriptions
from shipping.rates import quotes
from tests.factories.suppliers import NOON

HELD = timedelta(minutes=15)  # PRODUCT_ALERT_HOLD_MIN


def subscribe(listing, *, kind="back_in_stock", email="erika@example.org", now=NOON, **more):
    more = {"country": "DE", "locale": "en", "is_verified": True, **more}
    subscriptions.subscribe(
        kind=ProductAlert.Kind(kind), listing=listing, email=email, now=now, **more
    )
    return ProductAlert.objects.filter(email=email.lower(), kind=kind).latest("pk")


def sweep(after=timedelta(0)):
    quotes.clear_cache()
    return matching.tell_due(now=NOON + after)


def told():
    """Return the addresses that were told, in the order of the events."""
    events = Event.objects.filter(
        name__in=["product_alert.back_in_stock", "product_alert.price_drop"]
    )
    return [event.payload["email"] for event in events.order_by("pk")]


def set_stock(listing, units):
    """Set the listed units, at most the five of the supplier."""
    Listing.objects.filter(pk=listing.pk).update(available=units)


def set_price(listing, price):
    Listing.objects.filter(pk=listing.pk).update(price_amount=Decimal(price))
