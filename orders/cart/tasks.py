"""Cart tasks: delete abandoned carts."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.cart import account_cart


@shared_task
def purge_abandoned_carts(**_: Any) -> int:
    """Delete abandoned carts and their personal data."""
    return account_cart.purge_abandoned(now=timezone.now())
