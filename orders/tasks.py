"""Work for orders: every package has its own; Celery finds it here."""

from __future__ import annotations

from orders.cancellation import tasks as cancellation_tasks
from orders.cart import tasks as cart_tasks
from orders.checkout import tasks as checkout_tasks
from orders.inventory import tasks as inventory_tasks
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks

__all__ = [
    "cancellation_tasks",
    "cart_tasks",
    "checkout_tasks",
    "inventory_tasks",
    "payment_tasks",
    "purchasing_tasks",
]
