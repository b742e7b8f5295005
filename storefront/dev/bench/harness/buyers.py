"""Benchmark buyers: stock goods, prepare carts, verify in the database what was bought."""

from collections.abc import Collection
from datetime import datetime
from itertools import cycle, islice
from random import Random
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db.models import F
from django.test import Client
from django.test.utils import override_settings

from catalog.models import Channel, Listing, ProductCard
from orders.cart import carts, delivery_details
from orders.models import Allocation, Cart, Order, Payment, Reservation
from shipping.availability.cart_summary import CartSummary, summarize
from storefront.dev.bench.harness.checkout_script import CSRF_COOKIE, WHO, Ready, field_in
from storefront.dev.bench.harness.load import HOST
from storefront.lib.address import Address
from storefront.web.core.visit import SALT
from suppliers.models import StockLevel

VARIETY = 60
PLENTY = 20_000
TIER = "economy"
SEED = 5
CSRF_TOKEN = "b" * 32
HOME = Address(**{name: value for name, value in WHO.items() if name != "email"})


class NotRealError(RuntimeError):
    """The database lacks an order that the shop confirmed, or has it in another state."""


class Goods(NamedTuple):
    """One available light. ``agreed`` is the total of an order of one unit."""

    slug: str
    listing_id: int
    variant_id: int
    agreed: str


def goods(channel: Channel, *, now: datetime, most: int = VARIETY) -> list[Goods]:
    """Return available lights from the whole catalog, and put plenty of each in stock."""
    cards = ProductCard.objects.filter(channel=channel, available__gt=0).order_by("pk")
    slugs = list(cards.values_list("slug", flat=True))
    Random(SEED).shuffle(slugs)  # noqa: S311 - selects goods, no secret
    found = (each for slug in slugs if (each := _orderable(channel, slug, now)))
    return list(islice(found, most))


def _orderable(channel: Channel, slug: str, now: datetime) -> Goods | None:
    """Return the variant that a page opens with, if it can be ordered."""
    listing = shown_listing(slug, now)
    if listing is None:
        return None
    stock(listing.variant_id, PLENTY)
    filled = filled_cart(channel, listing, now)
    if filled is None:
        return None
    return Goods(slug, listing.pk, listing.variant_id, str(filled.total.amount))


def shown_listing(slug: str, now: datetime) -> Listing | None:
    """Return the listing that the product's page opens with, if it is for sale."""
    with override_settings(PAGE_CACHE_S=0):
        page = Client(HTTP_HOST=HOST).get(f"/en/p/{slug}/")
    key = int(field_in(page.content, "listing") or 0)
    return Listing.objects.for_sale(now).filter(pk=key).first()


def filled_cart(channel: Channel, listing: Listing, now: datetime) -> CartSummary | None:
    """Return the summary of a cart with one unit; None if the economy tier does not ship it."""
    cart = _cart(channel, listing.pk, now)
    filled = summarize(cart=cart, country=HOME.country, now=now, method_code=TIER)
    cart.delete()
    return filled if filled.quote is not None and filled.quote.tier == TIER else None


def stock(variant_id: int, units: int) -> None:
    """Set how many units of a variant each of its nonempty stock levels can sell."""
    levels = StockLevel.objects.filter(offer__variant=variant_id, reported_quantity__gt=0)
    levels.update(
        reported_quantity=F("reserved") + F("allocated_outstanding") + F("safety_stock") + units
    )


def ready(channel: Channel, wanted: Collection[Goods], *, count: int, now: datetime) -> list[Ready]:
    """Return this many carts that only need to be ordered."""
    signer = signing.Signer(salt=SALT)
    found = []
    for each in islice(cycle(wanted), count):
        cart = _cart(channel, each.listing_id, now)
        cookies = {
            settings.CART_COOKIE_NAME: signer.sign(cart.token),
            "fara_country": HOME.country,
            CSRF_COOKIE: CSRF_TOKEN,
        }
        found.append(Ready(cookies=cookies, agreed=each.agreed))
    return found


def insist_paid(numbers: Collection[str]) -> None:
    """Check that each order is placed and paid, and that its units are allocated and recorded.

    Raises: NotRealError
    """
    found = Order.objects.filter(
        number__in=numbers,
        status=Order.Status.PLACED,
        payments__status=Payment.Status.AUTHORIZED,
        payments__authorized_amount=F("total_amount"),
        lines__reservation__status=Reservation.Status.CONVERTED,
        lines__allocations__status=Allocation.Status.UNSEEN,
        lines__allocations__quantity=F("lines__quantity"),
    )
    _insist(found.count(), numbers, "paid")


def insist_held(pay_urls: Collection[str]) -> None:
    """Check that the order of each open payment exists, with its units reserved.

    Raises: NotRealError
    """
    found = Payment.objects.filter(
        pay_url__in=pay_urls,
        status=Payment.Status.REQUIRES_ACTION,
        amount=F("order__total_amount"),
        order__status=Order.Status.PENDING_PAYMENT,
        order__lines__reservation__status=Reservation.Status.ACTIVE,
        order__lines__reservation__quantity=F("order__lines__quantity"),
    )
    _insist(found.count(), pay_urls, "held")


def _insist(found: int, answered: Collection[str], what: str) -> None:
    if found != len(answered) or len(set(answered)) != len(answered):
        raise NotRealError(f"{len(answered)} orders were answered, {found} are {what}")


def _cart(channel: Channel, listing_id: int, now: datetime) -> Cart:
    cart = carts.open_cart(channel=channel, country=HOME.country, locale="en", now=now)
    carts.add(cart=cart, listing_id=listing_id, quantity=1, now=now)
    delivery_details.set_address(cart=cart, email=f"{cart.pk}@example.org", ship_to=HOME, now=now)
    delivery_details.set_delivery_method(cart=cart, method_code=TIER, now=now)
    return cart
