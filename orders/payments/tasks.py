"""Payment tasks: carry out gateway requests, capture in time, poll, cancel voided payments."""

import logging
import random
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.models import Payment, PaymentEvent
from orders.payments import captures, polling, updates
from storefront.lib.http.errors import ExternalServiceError
from suppliers.resilience.bulkheads import (
    BulkheadFullError,
    BulkheadKind,
    LockedElsewhereError,
    bulkhead,
    exclusive_lock,
    slot_count,
)

log = logging.getLogger(__name__)
GATEWAY_ID = 0  # id of the gateway's bulkhead; no supplier has this id


@shared_task
def execute_requests(**_: Any) -> None:
    """Execute due captures, voids and refunds, in as many tasks as there are slots."""
    due = captures.due_requests(now=timezone.now())
    # Each task starts the next one by itself.
    for request_id in random.sample(due, min(len(due), slot_count(BulkheadKind.ORDERS))):
        execute_request.delay(request_id=request_id)


@shared_task
def execute_request(*, request_id: int, **_: Any) -> None:
    """Execute one request in a bulkhead slot, so that a hanging gateway blocks no other worker."""
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.ORDERS, GATEWAY_ID):
        if _execute(request_id):
            others = [
                each for each in captures.due_requests(now=timezone.now()) if each != request_id
            ]
            if others:  # tasks that found no free slot have ended
                execute_request.delay(request_id=random.choice(others))  # noqa: S311 - any of them


def _execute(request_id: int) -> bool:
    """Execute one request; return whether the gateway answered it."""
    request = PaymentEvent.objects.select_related("payment").get(pk=request_id)
    if PaymentEvent.objects.filter(answers=request).exists():
        return False  # the task that executed it starts the next one
    try:
        captures.execute(payment=request.payment, now=timezone.now())
    except (ExternalServiceError, updates.TooEarlyError) as error:
        log.warning("%s: no answer from the gateway: %s", request, error)
        return False
    return PaymentEvent.objects.filter(answers=request).exists()


@shared_task
def capture_before_expiry(**_: Any) -> None:
    """Capture for purchase orders that suppliers may have, before authorizations expire."""
    for payment in captures.expiring_authorizations(now=timezone.now()).order_by("capture_before"):
        try:
            captures.capture_before_expiry(payment=payment, now=timezone.now())
        except Exception:  # the others go on; the inbox lists this one
            log.exception("%s: capture before expiry failed", payment)
    execute_requests.delay()


@shared_task
def poll_gateways(**_: Any) -> None:
    """Poll payments without an update: a lost webhook is no lost order.

    One run at a time, as ``checkout.tasks.expire_unpaid``: a slow gateway occupies one worker.
    """
    with suppress(LockedElsewhereError), exclusive_lock("ask_gateways"):
        polling.poll(now=timezone.now())


def close_voided_sessions(*, order_id: int) -> None:
    """Cancel an order's voided payments at their gateways, so that none of them can be paid.

    A payment that was paid meanwhile is refunded by its webhook or by ``poll_gateways``.
    """
    voided = Payment.objects.filter(order=order_id, status="voided", authorized_amount=0)
    for payment in voided.exclude(reference=""):
        with suppress(ExternalServiceError, updates.TooEarlyError):
            updates.close_session(payment=payment, now=timezone.now())
