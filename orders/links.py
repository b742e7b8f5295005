"""Secret links: build the URLs of order and supplier pages, find the row that a link opens.

The key in the link opens the page. No account is needed.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from catalog.markets.registry import url_of
from orders.models import (
    Backorder,
    Order,
    OrderLine,
    Payment,
    PurchaseOrder,
    ReturnAuthorization,
)
from orders.numbers import normalize_order_number
from storefront.lib.db.prepared_queries import PreparedQuery

KEY_BYTES = 24
# How long a supplier's link works after the purchase order has ended.
LINK_RETENTION = timedelta(days=30)
ENDED_STATES = frozenset({PurchaseOrder.Status.CLOSED, PurchaseOrder.Status.CANCELED})


class ExpiredLinkError(Exception):
    """The key of a supplier's link is right, but the link has expired."""


def new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def order_url(order: Order) -> str:
    """Return the URL of the order's page, on the market where it was placed."""
    shop_url = url_of(order.channel_id)
    return f"{shop_url}/{order.locale}/orders/{order.number}/{order.access_key}/"


def choice_url(backorder: Backorder, choice: str) -> str:
    """Return the link of a choice; its page asks for confirmation, so that no robot chooses."""
    return f"{order_url(backorder.order)}backorders/{backorder.pk}/?answer={choice}"


def terms_url(order: Order, line: OrderLine) -> str:
    """Return the link of the terms of the guarantee that was sold with a line."""
    return f"{order_url(order)}guarantees/{line.pk}/"


def label_url(authorization: ReturnAuthorization) -> str:
    """Return the link of the label of a return."""
    return f"{order_url(authorization.order)}return/{authorization.number}/label/"


def return_url(order: Order) -> str:
    """Return the URL to which the gateway returns the customer.

    It never changes, because a gateway rejects a repeated request with another URL.
    """
    return f"{order_url(order)}paid/"


def find_order(*, number: str, key: str) -> Order | None:
    """Return an order by number and key; a wrong key and an unknown number look the same."""
    if _has_nul(number):
        return None
    order = _by_number(number)
    return order if _opens(order, key) else None


def find_with_payments(*, number: str, key: str) -> tuple[Order, list[Payment]] | None:
    """Return an order as ``find_order`` does, with all its payments, oldest first."""
    if _has_nul(number):
        return None
    payments = _PAYMENTS(number=number)
    order = payments[0].order if payments else _by_number(number)
    return (order, payments) if order is not None and _opens(order, key) else None


def _payments(*, number: str) -> QuerySet[Payment]:
    rows = Payment.objects.filter(order__number=number).select_related("order__cart")
    return rows.order_by("pk")


_PAYMENTS = PreparedQuery(_payments)


def _has_nul(number: str) -> bool:
    """Return whether the number contains NUL, which PostgreSQL rejects."""
    return "\0" in number


def _opens(order: Order | None, key: str) -> bool:
    expected = order.access_key if order else "x" * 32
    return secrets.compare_digest(expected.encode(), key.encode())


def _by_number(number: str) -> Order | None:
    return Order.objects.filter(number=number).select_related("cart").first()


def find_by_email(*, number: str, email: str) -> Order | None:
    """Return an order by number and e-mail, for a customer without the link."""
    order = Order.objects.filter(number=normalize_order_number(number)).first()
    expected = order.email if order else "unknown@invalid"
    if not secrets.compare_digest(expected.lower().encode(), email.strip().lower().encode()):
        return None
    return order


def purchase_url(purchase_order: PurchaseOrder) -> str:
    """Return the URL of the supplier's page of a purchase order, in the supplier's language."""
    language, number = purchase_order.supplier.language, purchase_order.number
    return f"{settings.PUBLIC_URL}/{language}/supplier/{number}/{purchase_order.access_key}/"


def find_purchase(*, number: str, key: str, now: datetime) -> PurchaseOrder | None:
    """Return a purchase order by number and key, while it is open and ``LINK_RETENTION`` longer.

    Raises: ExpiredLinkError  the link has expired
    """
    if _has_nul(number):
        return None
    purchase_order = (
        PurchaseOrder.objects.select_related("order", "supplier").filter(number=number).first()
    )
    expected = (purchase_order.access_key if purchase_order else "") or secrets.token_urlsafe(
        KEY_BYTES
    )
    if not secrets.compare_digest(expected.encode(), key.encode()) or purchase_order is None:
        return None
    if purchase_order.submission_status == PurchaseOrder.Submission.UNSUBMITTED:
        return None
    if purchase_order.status in ENDED_STATES and purchase_order.status_since < now - LINK_RETENTION:
        raise ExpiredLinkError
    return purchase_order


def renew_key(*, purchase_order: PurchaseOrder) -> str:
    """Replace the key of the supplier's link; the old link stops working."""
    key = new_key()
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(access_key=key)
    purchase_order.access_key = key
    return purchase_url(purchase_order)
