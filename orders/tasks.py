"""Work for orders: every package has its own; Celery finds it here."""

from __future__ import annotations

from orders import (
    cancellation_tasks,
    cart_tasks,
    checkout_tasks,
    inventory_tasks,
    payment_tasks,
    purchasing_tasks,
)

__all__ = [
    "cancellation_tasks",
    "cart_tasks",
    "checkout_tasks",
    "inventory_tasks",
    "payment_tasks",
    "purchasing_tasks",
]
