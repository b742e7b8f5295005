"""Polling: query the gateways for payments whose webhook is missing, so that no order is lost.

Payments of waiting orders come before abandoned ones. After three failures in a row a gateway is
skipped, so that a dead gateway costs three timeouts a run, not one per payment.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q

from orders.models import Order, Payment
from orders.payments import updates
from storefront.lib.http.errors import ExternalServiceError, TemporaryError

log = logging.getLogger(__name__)

Status = Payment.Status
POLL_AFTER = timedelta(minutes=1)  # do not poll while the customer is still paying
POLLED_FOR = timedelta(days=2)
# After a payment ended, poll every minute for this long, afterwards in 2 of every 30 minutes.
POLLED_EACH_MINUTE_FOR = timedelta(minutes=10)
SLOTS = 30
MAX_PAYMENTS = 200
MAX_FAILURES = 3


class FailureBudget:
    """Skips a gateway after ``MAX_FAILURES`` failed calls in a row."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    def ask(self, payment: Payment, by: Callable[..., object], *, now: datetime) -> bool:
        """Call ``by``; return False if the gateway did not answer or is skipped."""
        gateway = payment.gateway
        if self._failures[gateway] >= MAX_FAILURES:
            return False
        try:
            by(payment=payment, now=now)
        except (ExternalServiceError, updates.TooEarlyError) as error:
            log.warning("%s: gateway query failed: %s", payment, error)
            if isinstance(error, TemporaryError):
                self._failures[gateway] += 1
                if self._failures[gateway] == MAX_FAILURES:
                    log.warning(
                        "%s does not answer: the remaining payments are checked later", gateway
                    )
                return False
            return True
        self._failures[gateway] = 0  # it answers
        return True


def poll(*, now: datetime) -> None:
    """Poll payments without an update; close the payment pages of abandoned ones."""
    failure_budget = FailureBudget()
    for payment in _payments_to_poll(now):
        failure_budget.ask(payment, _call_for(payment), now=now)


def _call_for(payment: Payment) -> Callable[..., object]:
    """Return ``close_session`` if a page is still open after its order ended, else ``refresh``."""
    is_open = payment.status != Status.REQUIRES_ACTION and not payment.authorized_amount
    return updates.close_session if is_open else updates.refresh


def _payments_to_poll(now: datetime) -> Iterator[Payment]:
    """Yield payments in random order, so that one that always fails does not block the others."""
    known = Payment.objects.exclude(reference="").filter(
        status_since__lte=now - POLL_AFTER, status_since__gte=now - POLLED_FOR
    )
    waiting = known.filter(
        status=Status.REQUIRES_ACTION, order__status=Order.Status.PENDING_PAYMENT
    )
    yield from waiting.order_by("?")[:MAX_PAYMENTS]
    ended = [Order.Status.PENDING_PAYMENT, Order.Status.CANCELED, Order.Status.EXPIRED]
    minute = int(now.timestamp() // 60)
    slots = [minute % SLOTS, (minute - 1) % SLOTS]  # a late run skips no slot
    closed = known.filter(status__in=[Status.VOIDED, Status.EXPIRED], order__status__in=ended)
    due = Q(status_since__gt=now - POLLED_EACH_MINUTE_FOR) | Q(slot__in=slots)
    yield from closed.alias(slot=F("pk") % SLOTS).filter(due).order_by("?")[:MAX_PAYMENTS]
