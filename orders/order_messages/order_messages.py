"""Order messages: store the messages between a customer and staff about an order, answer them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from orders import events
from orders.models import Order, OrderMessage

Author = OrderMessage.Author


def messages_of(order: Order) -> Sequence[OrderMessage]:
    """Return the messages of an order, oldest first."""
    return list(order.messages.order_by("pk"))


def waiting_messages(order: Order) -> QuerySet[OrderMessage]:
    """Return the customer's messages that wait for an answer, oldest first."""
    waiting = order.messages.filter(author=Author.CUSTOMER, answered_at=None)
    return waiting.order_by("pk")


def write(*, order: Order, text: str, request_key: str, now: datetime) -> bool:
    """Store a message of the customer; return False if this form was submitted before."""
    return _store(
        order, Author.CUSTOMER, text=text, written_by="customer", key=request_key, now=now
    )[1]


@transaction.atomic(durable=True)
def answer(  # noqa: PLR0913 - the message, and what it answers
    *, order: Order, text: str, request_key: str, last_seen: int, actor: str, now: datetime
) -> None:
    """Store a message of staff and notify the customer, who need not have written before.

    It answers the waiting messages up to the id ``last_seen``: staff have not read a later one.
    Idempotent: a repeated form stores and sends nothing.

    Locks:  the order, so that two staff members answer one after the other
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    message, is_new = _store(
        locked, Author.STAFF, text=text, written_by=actor, key=request_key, now=now
    )
    if is_new:
        waiting_messages(locked).filter(pk__lte=last_seen).update(answered_at=now)
        is_answer = locked.messages.filter(author=Author.CUSTOMER).exists()
        events.message_answered(locked, message=message, is_answer=is_answer, at=now)


def close(*, order: Order, last_seen: int, now: datetime) -> None:
    """Close the waiting messages up to the id ``last_seen`` without an answer. Idempotent."""
    waiting_messages(order).filter(pk__lte=last_seen).update(answered_at=now)


def _store(  # noqa: PLR0913 - the fields of the row
    order: Order, author: Author, *, text: str, written_by: str, key: str, now: datetime
) -> tuple[OrderMessage, bool]:
    return OrderMessage.objects.get_or_create(
        order=order,
        request_key=key,
        defaults={
            "author": author,
            "written_by": written_by[:100],
            "text": text,
            "sent_at": now,
        },
    )
