"""Delivery details: store recipient, address and delivery method of a cart."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from orders.models import Cart, Order
from storefront.lib.address import Address


def set_address(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    email: str,
    ship_to: Address,
    now: datetime,
    check: Mapping[str, Any] | None = None,
    sms_number: str = "",
) -> None:
    """Store recipient and address of a cart, unless it was ordered.

    Shape:  ``check`` as returned by ``verification.record``; ``sms_number`` (E.164) for text
            messages about the deliveries
    """
    fields = {
        "email": email,
        "ship_to": asdict(ship_to),
        "country": ship_to.country,
        "address_verification": dict(check or {}),
        "sms_number": sms_number,
    }
    if _update(cart, **fields, updated_at=now):
        for name, value in fields.items():
            setattr(cart, name, value)
    else:
        cart.refresh_from_db(fields=list(fields))


def set_delivery_method(*, cart: Cart, method_code: str, now: datetime) -> None:
    """Store the chosen delivery method, a ``ShippingQuote.code``."""
    _update(cart, service=method_code, updated_at=now)
    cart.service = method_code


def _update(cart: Cart, **fields: Any) -> bool:
    """Update a cart unless it was ordered; return whether it was written."""
    is_placed = Exists(Order.objects.filter(cart=OuterRef("pk")))
    return bool(Cart.objects.filter(~is_placed, pk=cart.pk).update(**fields))
