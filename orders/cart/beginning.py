"""Begin a guest's cart with its first line, by one statement: nobody else can know it yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet

from catalog.models import Channel, Listing
from orders.cart import carts
from orders.cart.carts import Most
from orders.models import CartLine
from storefront.lib.db.bulk import insert_together
from storefront.lib.db.prepared_queries import Prepared


def read(*, listing_id: int, now: datetime) -> Listing | None:
    """Read a listing as ``begin`` takes it, with its product and channel; published or not."""
    return _LISTING.first(listing_id=listing_id, now=now)


def begin(  # noqa: PLR0913 - what, how many, where to, when, and of how many
    *,
    listing: Listing,
    quantity: int,
    channel: Channel,
    country: str,
    locale: str,
    now: datetime,
    most_of: Most = carts.AS_LISTED,
) -> CartLine:
    """Open a cart with one line at today's price; the line knows its cart.

    Shape:  ``listing`` as ``read`` answers at this moment; ``most_of`` as in ``carts.add``
    Raises: UnknownListingError, NotForSaleError, NotEnoughError, TooManyError  nothing is written
    """
    told = cast(Any, listing)
    if not told.is_shown or listing.channel_id != channel.pk:
        raise carts.UnknownListingError(listing.pk)
    if not told.is_for_sale or listing.price_amount is None:
        raise carts.NotForSaleError(listing.pk)
    carts.check(quantity, most_of(listing))
    cart = carts.new(channel=channel, country=country, locale=locale, now=now)
    line = CartLine(
        cart=cart,
        listing=listing,
        quantity=quantity,
        quoted_amount=listing.price_amount,
        quoted_at=now,
    )
    insert_together([cart, line])
    return line


def _listing(*, listing_id: int, now: datetime) -> QuerySet[Listing]:
    itself = OuterRef("pk")
    listings = Listing.objects.filter(pk=listing_id).select_related("variant__product", "channel")
    return listings.annotate(
        is_shown=Exists(Listing.objects.published().filter(pk=itself)),
        is_for_sale=Exists(Listing.objects.for_sale(now).filter(pk=itself)),
    )


_LISTING = Prepared(_listing)
