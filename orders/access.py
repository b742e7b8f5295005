"""The order page opens by a key in its link, not by an account."""

from __future__ import annotations

import secrets

from django.conf import settings

from orders.models import Order

KEY_BYTES = 24


def new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def order_url(order: Order) -> str:
    return f"{settings.PUBLIC_URL}/{order.locale}/orders/{order.number}/{order.access_key}/"


def paid_url(order: Order) -> str:
    """Where a gateway sends the shopper back to.

    One address for one order: a gateway refuses a repeated request that names another.
    """
    return f"{order_url(order)}paid/"


def find(*, number: str, key: str) -> Order | None:
    """Find an order by its number and key; a wrong key is as good as a wrong number."""
    order = Order.objects.filter(number=number).first()
    expected = order.access_key if order else "x" * 32
    if not secrets.compare_digest(expected.encode(), key.encode()):
        return None
    return order


def find_by_email(*, number: str, email: str) -> Order | None:
    """Find an order as a shopper without its link knows it: number and e-mail."""
    order = Order.objects.filter(number=number.strip().upper()).first()
    expected = order.email if order else "nobody@invalid"
    if not secrets.compare_digest(expected.lower().encode(), email.strip().lower().encode()):
        return None
    return order
