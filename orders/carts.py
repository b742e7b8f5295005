"""Put things into a cart, change them, and look at it with true prices."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db import transaction

from catalog.models import Channel, Image, Listing
from orders.cart_view import CartView, LineView
from orders.models import Cart, CartLine
from orders.models.cart import KEPT_FOR, MAX_QUANTITY
from storefront.lib.address import Address
from storefront.lib.money import Money

TOKEN_BYTES = 32
MAX_LINES = 50
FORGOTTEN_AT_ONCE = 5000

type Most = Callable[[Listing], int]
AS_LISTED: Most = attrgetter("available")


class UnknownListingError(LookupError):
    """There is no such thing for sale on this channel."""


class NotForSaleError(Exception):
    """It exists, and cannot be bought now."""


class NoPriceError(NotForSaleError):
    """It has no price, because a guard stopped the new one and the old one does not stand."""


class NotEnoughError(Exception):
    """Fewer can be had than were asked for."""

    def __init__(self, available: int) -> None:
        super().__init__(f"only {available} available")
        self.available = available


class TooManyError(Exception):
    """More than a cart takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit}")
        self.limit = limit


class PlacedCartError(Exception):
    """The cart does not change any more: it was ordered, or joined with that of an account."""


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def open_cart(*, channel: Channel, country: str, locale: str, now: datetime) -> Cart:
    return Cart.objects.create(
        token=new_token(),
        channel=channel,
        country=country,
        locale=locale,
        created_at=now,
        touched_at=now,
    )


def find(*, token: str, now: datetime) -> Cart | None:
    """Find a cart that is still open: not ordered, and touched within 30 days."""
    return (
        Cart.objects.filter(token=token, order__isnull=True, touched_at__gte=now - KEPT_FOR)
        .select_related("channel")
        .first()
    )


@transaction.atomic(durable=True)
def forget_old(*, now: datetime) -> int:
    """Delete carts that nobody touched for 30 days and nobody ordered, with what they name.

    Locks:  the carts, in id order; one that is being used waits for the next time
    """
    old = Cart.objects.filter(touched_at__lt=now - KEPT_FOR, order__isnull=True).order_by("pk")
    found = old.select_for_update(of=["self"], skip_locked=True)[:FORGOTTEN_AT_ONCE]
    keys = [cart.pk for cart in found]
    Cart.objects.filter(pk__in=keys).delete()
    return len(keys)


@transaction.atomic(durable=True)
def add(  # noqa: PLR0913 - what, how many, when, and of how many
    *,
    cart: Cart,
    listing_id: int,
    quantity: int,
    now: datetime,
    line_id: int | None = None,
    most_of: Most = AS_LISTED,
) -> CartLine:
    """Add to what is there already, at today's price or a lower one that is promised still.

    Adding does not make the promise longer; only a price of today is promised from now on.

    Shape:  ``most_of`` says how many can be had of a listing: who knows the routes knows how
            many can be sent where the cart goes (``shipping.promising``). ``line_id`` is the
            number that the line had before it was taken out: with it, it stands where it
            stood. It must be one that ``change`` has freed
    Locks:  the cart
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError,
            PlacedCartError  nothing is written
    """
    _lock(cart)
    listing = _for_sale(cart, listing_id, now)
    line = CartLine.objects.filter(cart=cart, listing=listing).first()
    wanted = quantity + (line.quantity if line else 0)
    _check(wanted, most_of(listing))
    today = listing.price_amount or Decimal(0)
    keeps = line is not None and line.quoted_amount < today and line.is_promised(now)
    if line is None:
        if cart.lines.count() >= MAX_LINES:
            raise TooManyError(MAX_LINES)
        is_free = line_id is not None and not CartLine.objects.filter(pk=line_id).exists()
        line = CartLine(pk=line_id if is_free else None, cart=cart, listing=listing)
    line.quantity = wanted
    if not keeps:
        line.quoted_amount, line.quoted_at = today, now
    line.save()
    _touch(cart, now)
    return line


@transaction.atomic(durable=True)
def change(
    *, cart: Cart, line_id: int, quantity: int, now: datetime, most_of: Most = AS_LISTED
) -> None:
    """Set how many of a line; zero takes it out.

    Shape:  ``most_of`` as in ``add``
    Locks:  the cart
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError,
            PlacedCartError  nothing is written
    """
    _lock(cart)
    line = cart.lines.filter(pk=line_id).first()
    if line is None:
        raise UnknownListingError(line_id)
    if quantity == 0:
        line.delete()
    else:
        _check(quantity, most_of(_for_sale(cart, line.listing_id, now)))
        cart.lines.filter(pk=line.pk).update(quantity=quantity)
    _touch(cart, now)


def remove(*, cart: Cart, line_id: int, now: datetime) -> None:
    change(cart=cart, line_id=line_id, quantity=0, now=now)


def address(
    *,
    cart: Cart,
    email: str,
    ship_to: Address,
    now: datetime,
    check: Mapping[str, Any] | None = None,
) -> None:
    """Remember who receives it and where, so that nothing is asked twice.

    Shape:  ``check`` as ``address_checks.note`` makes it
    """
    Cart.objects.filter(pk=cart.pk, order__isnull=True).update(
        email=email,
        ship_to=asdict(ship_to),
        country=ship_to.country,
        address_check=dict(check or {}),
        touched_at=now,
    )
    cart.refresh_from_db(fields=["email", "ship_to", "country", "address_check"])


def choose_delivery(*, cart: Cart, tier: str, now: datetime) -> None:
    """Remember which way of delivery the shopper picked."""
    Cart.objects.filter(pk=cart.pk, order__isnull=True).update(service=tier, touched_at=now)
    cart.service = tier


def price_of(line: CartLine, now: datetime) -> Decimal:
    """Return what one unit of a line costs now: a promised price is never exceeded.

    What nobody asks a price for is not sold at the price of yesterday, promised or not.

    Raises: NoPriceError
    """
    today = line.listing.price_amount
    if today is None:
        raise NoPriceError(line.listing_id)
    return min(today, line.quoted_amount) if line.is_promised(now) else today


def look(*, cart: Cart, now: datetime) -> CartView:
    """Read the cart with true prices and stock."""
    currency = cart.channel.currency
    rows = list(cart.lines.select_related("listing__variant__product__spec").order_by("pk"))
    on_sale = set(
        Listing.objects.for_sale(now)
        .filter(pk__in=[row.listing_id for row in rows])
        .values_list("pk", flat=True)
    )
    stems = pictures(rows)
    lines = []
    for row in rows:
        listing = row.listing
        product = listing.variant.product
        spec = getattr(product, "spec", None)
        was = Money(row.quoted_amount, currency)
        has_price = listing.price_amount is not None
        unit = Money(price_of(row, now), currency) if has_price else was
        available = listing.available if listing.pk in on_sale else 0
        lines.append(
            LineView(
                id=row.pk,
                listing_id=listing.pk,
                variant=listing.variant,
                slug=product.slug,
                title=product.title,
                options=listing.variant.options_text,
                sku=listing.variant.sku,
                picture=stems.get(product.pk, ""),
                quantity=row.quantity,
                unit=unit,
                available=available,
                is_sold_out=not available,
                has_price=has_price,
                price_was=was if was != unit else None,
                intensity_cd=spec.intensity_cd if spec else None,
                output_lm=spec.output_lm if spec else None,
            )
        )
    goods = Money.total((line.amount for line in lines), currency)
    return CartView(lines=tuple(lines), goods=goods)


def pictures(rows: list[CartLine]) -> dict[int, str]:
    """Map each product of some lines to the stem of its first picture."""
    products = [row.listing.variant.product_id for row in rows]
    found = Image.objects.filter(product__in=products).exclude(stem="").order_by("-position")
    return dict(found.values_list("product", "stem"))


def _lock(cart: Cart) -> None:
    Cart.objects.select_for_update(of=["self"]).filter(pk=cart.pk).first()
    if not Cart.objects.filter(pk=cart.pk, order__isnull=True).exists():
        raise PlacedCartError(cart.pk)


def _for_sale(cart: Cart, listing_id: int, now: datetime) -> Listing:
    listing = Listing.objects.on(cart.channel).published().filter(pk=listing_id).first()
    if listing is None:
        unpriced = Listing.objects.on(cart.channel).filter(pk=listing_id, price_amount=None)
        if cart.lines.filter(listing__in=unpriced).exists():
            raise NoPriceError(listing_id)
        raise UnknownListingError(listing_id)
    if not Listing.objects.for_sale(now).filter(pk=listing_id).exists():
        raise NotForSaleError(listing_id)
    return listing


def _check(quantity: int, most: int) -> None:
    if quantity > MAX_QUANTITY:
        raise TooManyError(MAX_QUANTITY)
    if most <= 0:
        raise NotForSaleError
    if quantity > most:
        raise NotEnoughError(most)


def _touch(cart: Cart, now: datetime) -> None:
    Cart.objects.filter(pk=cart.pk).update(touched_at=now)
