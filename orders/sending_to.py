"""Remember on a cart who receives it, where, and by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from orders.models import Cart
from storefront.lib.address import Address


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
    told = {
        "email": email,
        "ship_to": asdict(ship_to),
        "country": ship_to.country,
        "address_check": dict(check or {}),
    }
    open_one = Cart.objects.filter(pk=cart.pk, order__isnull=True)
    if open_one.update(**told, touched_at=now):
        for name, value in told.items():
            setattr(cart, name, value)
    else:
        cart.refresh_from_db(fields=list(told))


def choose_delivery(*, cart: Cart, tier: str, now: datetime) -> None:
    """Remember which way of delivery the shopper picked."""
    Cart.objects.filter(pk=cart.pk, order__isnull=True).update(service=tier, touched_at=now)
    cart.service = tier
