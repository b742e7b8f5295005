"""Carts: create, find and show a cart, add, change and remove lines at current prices.

``create_with_line`` inserts a guest's cart and its first line in one statement and needs no lock:
no other request can know the cart yet.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from catalog.models import Channel, Listing
from orders.cart import lines as cart_lines
from orders.cart.lines import CartContent
from orders.cart.view import CartView, DeliveryPromise, LineView
from orders.models import Cart, CartLine
from orders.models.cart import CART_RETENTION, MAX_QUANTITY
from storefront.lib.db.bulk import insert
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.money import Money
from suppliers.inventory.stock_rows import rows_of

TOKEN_BYTES = 32
MAX_LINES = 50


class Deliverable(NamedTuple):
    """How many units can be shipped to the cart's country, and when one unit arrives."""

    most: int
    promise: DeliveryPromise | None = None


type DeliverableOf = Callable[[Listing], Deliverable]


def as_listed(listing: Listing) -> Deliverable:
    return Deliverable(listing.available)


class UnknownListingError(LookupError):
    """The channel has no such listing."""


class NotForSaleError(Exception):
    """The listing exists but is not for sale now."""


class NoPriceError(NotForSaleError):
    """The listing has no price: a price guard stopped the new one, and the old one is invalid."""


class NotDeliverableError(NotForSaleError):
    """The item cannot be shipped to the cart's country."""

    def __init__(self, listing_id: int, *, country: str, is_restricted: bool) -> None:
        super().__init__(listing_id)
        self.country, self.is_restricted = country, is_restricted


class NotEnoughError(Exception):
    """Fewer units are available than requested."""

    def __init__(self, available: int) -> None:
        super().__init__(f"only {available} available")
        self.available = available


class TooManyError(Exception):
    """More than the maximum of a cart."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit}")
        self.limit = limit


class PlacedCartError(Exception):
    """The cart is closed: ordered, or merged into the cart of an account."""


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def count(cart: Cart) -> int:
    """Return the number of units in a cart."""
    return sum(line.quantity for line in _LINES(cart_id=cart.pk))


def build_cart(*, channel: Channel, country: str, locale: str, now: datetime) -> Cart:
    """Return an unsaved cart."""
    return Cart(
        token=new_token(),
        channel=channel,
        country=country,
        locale=locale,
        created_at=now,
        updated_at=now,
    )


def open_cart(*, channel: Channel, country: str, locale: str, now: datetime) -> Cart:
    cart = build_cart(channel=channel, country=country, locale=locale, now=now)
    insert([cart])
    return cart


def find(*, token: str, now: datetime) -> Cart | None:
    """Return an open cart by token: not ordered, used within 30 days."""
    return _OPEN.first(token=token, since=now - CART_RETENTION)


def _open(*, token: str, since: datetime) -> QuerySet[Cart]:
    carts = Cart.objects.filter(token=token, order__isnull=True, updated_at__gte=since)
    return carts.select_related("channel")


_OPEN = PreparedQuery(_open)


@transaction.atomic(durable=True)
def add(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    listing_id: int,
    quantity: int,
    now: datetime,
    line_id: int | None = None,
    is_total: bool = False,
    deliverable: DeliverableOf = as_listed,
) -> CartLine:
    """Add units to a cart, at today's price or a lower one that is still guaranteed.

    Adding does not extend an earlier guarantee; today's price is guaranteed from now on.

    Shape:  ``deliverable`` returns how many of a listing can be shipped to the cart's country,
            and when (``shipping.availability.availability.make_delivery_check``); by default, what
            is listed. ``line_id`` is the id of a line that ``change`` removed: the line gets its
            place back. ``is_total``: a line of this listing gets exactly ``quantity``
    Locks:  the cart
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError, PlacedCartError:
            nothing is written
    """
    lock(cart)
    listing = _sellable_listing(cart, listing_id, now)
    lines = _LINES(cart_id=cart.pk)
    line = next((one for one in lines if one.listing_id == listing.pk), None)
    total = quantity + (line.quantity if line and not is_total else 0)
    availability = deliverable(listing)
    require_quantity(total, availability.most)
    today = listing.price_amount or Decimal(0)
    keeps = line is not None and line.quoted_amount < today and line.is_price_guaranteed(now)
    if line is None:
        if len(lines) >= MAX_LINES:
            raise TooManyError(MAX_LINES)
        is_free = line_id is not None and not CartLine.objects.filter(pk=line_id).exists()
        line = CartLine(pk=line_id if is_free else None, cart=cart, listing=listing)
    line.quantity = total
    if not keeps:
        line.quoted_amount, line.quoted_at = today, now
    _keep_promise(line, availability.promise)
    if line.pk is None:
        insert([line])
    else:
        line.save()
    _touch(cart, now)
    return line


@transaction.atomic(durable=True)
def change(
    *,
    cart: Cart,
    line_id: int,
    quantity: int,
    now: datetime,
    deliverable: DeliverableOf = as_listed,
) -> None:
    """Set the quantity of a line; zero removes it.

    Shape:  ``deliverable`` as in ``add``
    Locks:  the cart
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError, PlacedCartError:
            nothing is written
    """
    lock(cart)
    line = cart.lines.filter(pk=line_id).first()
    if line is None:
        raise UnknownListingError(line_id)
    if quantity == 0:
        line.delete()
    else:
        require_quantity(quantity, deliverable(_sellable_listing(cart, line.listing_id, now)).most)
        cart.lines.filter(pk=line.pk).update(quantity=quantity)
    _touch(cart, now)


def remove(*, cart: Cart, line_id: int, now: datetime) -> None:
    change(cart=cart, line_id=line_id, quantity=0, now=now)


def price_of(line: CartLine, now: datetime) -> Decimal:
    """Return the current unit price of a line, at most its guaranteed price.

    Without a current price the item is not sold, even at a guaranteed price.

    Raises: NoPriceError
    """
    today = line.listing.price_amount
    if today is None:
        raise NoPriceError(line.listing_id)
    return min(today, line.quoted_amount) if line.is_price_guaranteed(now) else today


def view_cart(*, cart: Cart, now: datetime, cart_content: CartContent | None = None) -> CartView:
    """Return the cart with current prices and stock; ``cart_content`` saves reading it again."""
    currency = cart.channel.currency
    lines = []
    content = cart_content or cart_lines.load_content(cart=cart, now=now)
    for read in content.lines:
        row, listing = read.row, read.row.listing
        product = listing.variant.product
        spec = getattr(product, "spec", None)
        quoted = Money(row.quoted_amount, currency)
        has_price = listing.price_amount is not None
        unit = Money(price_of(row, now), currency) if has_price else quoted
        available = listing.available if read.is_for_sale else 0
        lines.append(
            LineView(
                id=row.pk,
                listing_id=listing.pk,
                variant=listing.variant,
                slug=product.slug,
                title=product.shown_title,
                titles=product.titles,
                options=listing.variant.options_text,
                sku=listing.variant.sku,
                picture=read.picture,
                quantity=row.quantity,
                unit=unit,
                available=available,
                is_sold_out=not available,
                has_price=has_price,
                price_was=quoted if quoted != unit else None,
                promised=_promise_of(row),
                intensity_cd=spec.intensity_cd if spec else None,
                output_lm=spec.output_lm if spec else None,
            )
        )
    subtotal = Money.total((line.amount for line in lines), currency)
    return CartView(
        lines=tuple(lines), subtotal=subtotal, may_promote=content.may_promote, tax=content.tax
    )


def lock(cart: Cart) -> None:
    _LOCKED(cart_id=cart.pk)
    if not _UNPLACED(cart_id=cart.pk):  # read after the lock, or a concurrent order is missed
        raise PlacedCartError(cart.pk)


def _keep_promise(line: CartLine, promise: DeliveryPromise | None) -> None:
    line.promised_from = promise.arrives_from if promise else None
    line.promised_to = promise.arrives_to if promise else None
    line.promised_origin = promise.country_from if promise else ""
    line.promised_country = promise.country_to if promise else ""


def _promise_of(line: CartLine) -> DeliveryPromise | None:
    if line.promised_from is None or line.promised_to is None:
        return None
    return DeliveryPromise(
        arrives_from=line.promised_from,
        arrives_to=line.promised_to,
        country_from=line.promised_origin,
        country_to=line.promised_country,
    )


def _sellable_listing(cart: Cart, listing_id: int, now: datetime) -> Listing:
    listing = _PUBLISHED.first(channel_id=cart.channel_id, listing_id=listing_id, now=now)
    if listing is None:
        unpriced = Listing.objects.on(cart.channel).filter(pk=listing_id, price_amount=None)
        if cart.lines.filter(listing__in=unpriced).exists():
            raise NoPriceError(listing_id)
        raise UnknownListingError(listing_id)
    if not cast(Any, listing).is_for_sale:
        raise NotForSaleError(listing_id)
    return listing


def require_quantity(quantity: int, most: int) -> None:
    """Require a quantity that is allowed and available.

    Raises: TooManyError, NotForSaleError, NotEnoughError
    """
    if quantity > MAX_QUANTITY:
        raise TooManyError(MAX_QUANTITY)
    if most <= 0:
        raise NotForSaleError
    if quantity > most:
        raise NotEnoughError(most)


def _touch(cart: Cart, now: datetime) -> None:
    Cart.objects.filter(pk=cart.pk).update(updated_at=now)


def _published(*, channel_id: int, listing_id: int, now: datetime) -> QuerySet[Listing]:
    listings = Listing.objects.published().filter(pk=listing_id, channel=channel_id)
    for_sale = Listing.objects.for_sale(now).filter(pk=OuterRef("pk"))
    return listings.select_related("variant").annotate(is_for_sale=Exists(for_sale))


def _lines(*, cart_id: int) -> QuerySet[CartLine]:
    return CartLine.objects.filter(cart=cart_id).order_by("pk")


def _locked(*, cart_id: int) -> QuerySet[Cart]:
    return Cart.objects.select_for_update(of=["self"]).filter(pk=cart_id).only("pk")


def _unplaced(*, cart_id: int) -> QuerySet[Cart]:
    return Cart.objects.filter(pk=cart_id, order__isnull=True).only("pk")


_PUBLISHED, _LINES = PreparedQuery(_published), PreparedQuery(_lines)
_LOCKED, _UNPLACED = PreparedQuery(_locked), PreparedQuery(_unplaced)


def load_listing(*, listing_id: int, now: datetime) -> Listing | None:
    """Return a listing as ``create_with_line`` needs it, with product and channel; published or not."""
    return _LISTING.first(listing_id=listing_id, now=now)


def create_with_line(  # noqa: PLR0913 - the parts of one record
    *,
    listing: Listing,
    quantity: int,
    channel: Channel,
    country: str,
    locale: str,
    now: datetime,
    deliverable: DeliverableOf = as_listed,
) -> CartLine:
    """Create a cart with one line at today's price; return the line with its cart.

    Shape:  ``listing`` as returned by ``load_listing`` just now; ``deliverable`` as in
            ``carts.add``
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError  nothing is
            written
    """
    row = cast(Any, listing)
    if not row.is_shown or listing.channel_id != channel.pk:
        raise UnknownListingError(listing.pk)
    if not row.is_for_sale or listing.price_amount is None:
        raise NotForSaleError(listing.pk)
    availability = deliverable(listing)
    require_quantity(quantity, availability.most)
    cart = build_cart(channel=channel, country=country, locale=locale, now=now)
    line = CartLine(
        cart=cart,
        listing=listing,
        quantity=quantity,
        quoted_amount=listing.price_amount,
        quoted_at=now,
    )
    _keep_promise(line, availability.promise)
    insert([cart, line])
    return line


def _listing(*, listing_id: int, now: datetime) -> QuerySet[Listing]:
    itself = OuterRef("pk")
    listings = Listing.objects.filter(pk=listing_id).select_related("variant__product", "channel")
    return listings.annotate(
        is_shown=Exists(Listing.objects.published().filter(pk=itself)),
        is_for_sale=Exists(Listing.objects.for_sale(now).filter(pk=itself)),
        stock=rows_of(OuterRef("variant"), now),
    )


_LISTING = PreparedQuery(_listing)
