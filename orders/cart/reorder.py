"""Reorder: copy the lines of an ordered cart into an open cart."""

from datetime import datetime

from django.db import transaction

from orders.cart import carts
from orders.models import Cart, CartLine
from orders.models.cart import MAX_QUANTITY

# Details that the customer need not enter again.
DETAIL_FIELDS = ("country", "email", "ship_to", "address_verification", "codes", "service")
PROMISE_FIELDS = ("promised_from", "promised_to", "promised_origin", "promised_country")


@transaction.atomic(durable=True)
def refill(*, ordered: Cart, cart: Cart, now: datetime, adds: bool) -> None:
    """Copy the lines of an ordered cart to an open cart, and its address to an empty one.

    Stock and price are current: the cart page says what is sold out or costs more.

    Shape:  ``adds``: True if the order was just canceled: quantities are added, up to the
            maximum, and lines keep their delivery promise. False: each line gets at least the
            ordered quantity, so that a second click changes nothing, and no promise
    Locks:  the open cart
    Raises: PlacedCartError  the open cart was ordered in the meantime; nothing is written
    """
    carts.lock(cart)
    cart.refresh_from_db(fields=DETAIL_FIELDS)
    by_listing = {line.listing_id: line for line in cart.lines.all()}
    if not by_listing and not cart.ship_to:
        for name in DETAIL_FIELDS:
            setattr(cart, name, getattr(ordered, name))
    for line in ordered.lines.order_by("pk"):
        line_in_cart = by_listing.get(line.listing_id)
        if line_in_cart is not None:
            both = (
                line_in_cart.quantity + line.quantity
                if adds
                else max(line_in_cart.quantity, line.quantity)
            )
            line_in_cart.quantity = min(both, MAX_QUANTITY)
            line_in_cart.save(update_fields=["quantity"])
        elif len(by_listing) < carts.MAX_LINES:
            by_listing[line.listing_id] = CartLine.objects.create(
                cart=cart,
                listing_id=line.listing_id,
                quantity=line.quantity,
                quoted_amount=line.quoted_amount,
                quoted_at=line.quoted_at,
                **({name: getattr(line, name) for name in PROMISE_FIELDS} if adds else {}),
            )
    cart.updated_at = now
    cart.save(update_fields=[*DETAIL_FIELDS, "updated_at"])
