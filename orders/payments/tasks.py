"""Payment tasks: carry out gateway requests, capture before expiry, poll, cancel voided ones."""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.models import Payment, PaymentEvent
from orders.payments import captures, polling, updates
from storefront.lib.http.errors import OutsideError
from suppliers.resilience.bulkheads import InHandError, LaneFullError, Work, in_hand, lane, width

log = logging.getLogger(__name__)
GATEWAY = 0  # lane id of the gateway; no supplier has this id


@shared_task
def settle_payments(**_: Any) -> None:
    """Execute due captures, voids and refunds, in as many tasks as there are lanes."""
    due = captures.due(now=timezone.now())
    # Each task starts the next one by itself.
    for request_id in random.sample(due, min(len(due), width(Work.ORDERS))):
        settle.delay(request_id=request_id)


@shared_task
def settle(*, request_id: int, **_: Any) -> None:
    """Execute one request in a lane, so that a hanging gateway blocks no other worker."""
    with suppress(LaneFullError), lane(Work.ORDERS, GATEWAY):
        if _is_settled(request_id):
            others = [each for each in captures.due(now=timezone.now()) if each != request_id]
            if others:  # tasks that found the lanes full have ended
                settle.delay(request_id=random.choice(others))  # noqa: S311 - any of them


def _is_settled(request_id: int) -> bool:
    """Execute one request; return whether the gateway answered it."""
    request = PaymentEvent.objects.select_related("payment").get(pk=request_id)
    if PaymentEvent.objects.filter(answers=request).exists():
        return False  # the task that executed it starts the next one
    try:
        captures.carry_out(payment=request.payment, now=timezone.now())
    except (OutsideError, updates.TooEarlyError) as error:
        log.warning("%s: no answer from the gateway: %s", request, error)
        return False
    return PaymentEvent.objects.filter(answers=request).exists()


@shared_task
def secure_ending(**_: Any) -> None:
    """Capture for purchase orders that suppliers may have, before authorizations expire."""
    for payment in captures.ending(now=timezone.now()).order_by("capture_before"):
        try:
            captures.secure(payment=payment, now=timezone.now())
        except Exception:  # the others go on; the inbox lists this one
            log.exception("%s: capture before expiry failed", payment)
    settle_payments.delay()


@shared_task
def ask_gateways(**_: Any) -> None:
    """Poll payments without an update: a lost webhook is no lost order.

    One run at a time, as ``expire_unpaid``: a slow gateway occupies one worker.
    """
    with suppress(InHandError), in_hand("ask_gateways"):
        polling.ask(now=timezone.now())


def abandon_voided(*, order_id: int) -> None:
    """Cancel an order's voided payments at their gateways, so that none of them can be paid.

    A payment that was paid meanwhile is refunded by its webhook or by ``ask_gateways``.
    """
    voided = Payment.objects.filter(order=order_id, status="voided", authorized_amount=0)
    for payment in voided.exclude(reference=""):
        with suppress(OutsideError, updates.TooEarlyError):
            updates.abandon(payment=payment, now=timezone.now())
