"""Checkout tasks: remind of unpaid orders, expire them after a last query of the gateway."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.checkout import checkout, network_limits, unpaid_orders
from orders.models import Order, Payment
from orders.payments import polling, updates
from suppliers.resilience.bulkheads import InHandError, in_hand

log = logging.getLogger(__name__)

BATCH = 200


@shared_task
def expire_unpaid(**_: Any) -> None:
    """Let unpaid orders go, after closing the gateway's page and asking a last time.

    A page that cannot be closed may still be paid at: that money is given back when we hear of it.
    A gateway that is away keeps no goods from others.
    """
    with suppress(InHandError), in_hand("expire_unpaid"):
        now, patience = timezone.now(), polling.Patience()
        late = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, pay_before__lte=now)
        for order in late.order_by("pk")[:BATCH]:
            try:
                for payment in order.payments.filter(status=Payment.Status.REQUIRES_ACTION):
                    patience.ask(payment, updates.abandon, now=now)
                checkout.expire(order=order, now=now)
            except Exception:  # the others expire without it; staff find it in the inbox
                log.exception("%s does not expire", order)
        network_limits.forget()


@shared_task
def remind_unpaid(**_: Any) -> None:
    """Send the reminder of each order that waits for its payment."""
    with suppress(InHandError), in_hand("remind_unpaid"):
        unpaid_orders.remind(now=timezone.now())
