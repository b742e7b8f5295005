"""Order notes: add a note of staff to an order, replace its tags."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from orders.models import Order, OrderNote, OrderTag


def add(*, order: Order, text: str, request_key: str, actor: str, now: datetime) -> None:
    """Store a note. Idempotent by ``request_key``: a repeated form stores nothing."""
    OrderNote.objects.get_or_create(
        order=order,
        request_key=request_key,
        defaults={"author": actor[:100], "text": text, "written_at": now},
    )


def tags_of(order: Order) -> list[str]:
    return list(order.tags.order_by("name").values_list("name", flat=True))


@transaction.atomic(durable=True)
def set_tags(*, order: Order, names: Collection[str]) -> None:
    """Give an order these tags and no others. Locks the order."""
    Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    order.tags.exclude(name__in=names).delete()
    OrderTag.objects.bulk_create(
        [OrderTag(order=order, name=name) for name in names], ignore_conflicts=True
    )
