"""Checkout tasks: remind of unpaid orders, expire them after a last gateway query."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.checkout import checkout, network_limits, unpaid_orders
from orders.models import Order, Payment
from orders.payments import polling, updates
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

log = logging.getLogger(__name__)

BATCH = 200
# How much longer an order waits if its payment is unknown. A gateway that does not answer is called
# again at least once a minute (``gateway_gate.MAX_PAUSE``).
GATEWAY_GRACE = timedelta(minutes=5)


@shared_task
def expire_unpaid(**_: Any) -> None:
    """Expire unpaid orders, after closing the gateway's page and a last query.

    A customer may have paid while the gateway does not answer: the order waits
    ``GATEWAY_GRACE``. Then it expires, so that a gateway that is down holds no stock. A later
    payment is voided or refunded when it is reported.
    """
    with suppress(LockedElsewhereError), exclusive_lock("expire_unpaid"):
        now, failure_budget = timezone.now(), polling.FailureBudget()
        overdue = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, payment_due_at__lte=now)
        for order in overdue.order_by("pk")[:BATCH]:
            try:
                if (
                    _close_pages(order, failure_budget, now)
                    or order.payment_due_at + GATEWAY_GRACE <= now
                ):
                    checkout.expire(order=order, now=now)
            except Exception:  # it must not block the others; staff see it in the inbox
                log.exception("%s: expiring the order failed", order)
        network_limits.erase_networks()


def _close_pages(order: Order, failure_budget: polling.FailureBudget, now: datetime) -> bool:
    """Close the open pages of an order; return False if a gateway did not answer."""
    pages = order.payments.filter(status=Payment.Status.REQUIRES_ACTION)
    unconfirmed = [
        page for page in pages if not failure_budget.ask(page, updates.close_session, now=now)
    ]
    return not unconfirmed


@shared_task
def remind_unpaid(**_: Any) -> None:
    """Send the due reminders of unpaid orders."""
    with suppress(LockedElsewhereError), exclusive_lock("remind_unpaid"):
        unpaid_orders.send_reminders(now=timezone.now())
