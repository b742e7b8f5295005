"""Customer notes: add a note of staff to a customer, list those on an order's customer, delete them."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Lower

from orders.models import Cart, CustomerNote, Order


def add(*, email: str, text: str, request_key: str, actor: str, now: datetime) -> None:
    """Store a note. Idempotent by ``request_key``: a repeated form stores nothing."""
    CustomerNote.objects.get_or_create(
        email=email.lower(),
        request_key=request_key,
        defaults={"author": actor[:100], "text": text, "written_at": now},
    )


def notes_on(emails: Collection[str]) -> QuerySet[CustomerNote]:
    """Return the notes on a customer with these addresses (lower case), newest first."""
    return CustomerNote.objects.filter(email__in=emails).order_by("-pk")


def notes_on_customer_of(order: Order) -> QuerySet[CustomerNote]:
    """Return the notes on the address and on the account of an order, newest first."""
    owner = (
        Cart.objects.filter(pk=order.cart_id)
        .exclude(owner=None)
        .values(lower=Lower("owner__email"))
    )
    found = CustomerNote.objects.filter(email=order.email.lower())
    return (found | CustomerNote.objects.filter(email__in=owner)).order_by("-pk")


def delete(emails: Collection[str]) -> None:
    """Delete the notes on addresses (lower case)."""
    CustomerNote.objects.filter(email__in=emails).delete()


def delete_unused(emails: Collection[str]) -> None:
    """Delete the notes on addresses (lower case) that are in no order."""
    used = (
        Order.objects.alias(lower=Lower("email"))
        .filter(lower__in=emails)
        .values(lower=Lower("email"))
    )
    CustomerNote.objects.filter(email__in=emails).exclude(email__in=used).delete()
