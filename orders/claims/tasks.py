"""Claim tasks: submit claims, look up lost answers, poll open claims, withdraw claims.

Claims have bulkhead slots of their own, in the worker that reads supplier data: suppliers decide
within days, and no order waits behind a claim.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.db.models import F, QuerySet
from django.utils import timezone

from orders.claims import status as claim_status
from orders.claims import submission, work_queue
from orders.claims.submission import ClaimBusyError, ClaimStateError
from orders.models import SupplierClaim
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead

log = logging.getLogger(__name__)

# Limits of one turn of a supplier: claims per step, seconds. The rest waits for the next turn.
MAX_CLAIMS_PER_STEP = 10
MAX_TURN_S = 300.0
BUSY_RETRY_S = 10
STEPS = (
    (work_queue.claims_to_submit, submission.submit),
    (work_queue.claims_to_look_up, claim_status.look_up),
    (work_queue.claims_to_poll, claim_status.look_up),
)
UNANSWERED = frozenset({SupplierClaim.Status.SUBMIT_FAILED, SupplierClaim.Status.SUBMIT_UNKNOWN})


@shared_task
def sweep_claims(**_: Any) -> None:
    """Start one turn for each supplier with claims to process."""
    for supplier_id in work_queue.suppliers_with_claims(now=timezone.now()):
        process_claims.delay(supplier_id=supplier_id)


@shared_task
def process_claims(*, supplier_id: int, **_: Any) -> None:
    """Process the claims of one supplier: submit, look up lost answers, poll open ones.

    The turn ends if the supplier does not answer.
    """
    ends_at = time.monotonic() + MAX_TURN_S
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.CLAIMS, supplier_id):
        for find, speak in STEPS:
            due = find(now=timezone.now()).filter(purchase_order__supplier=supplier_id)
            turn = due.order_by(F("polled_at").asc(nulls_first=True), "pk")
            for claim_id in list(turn.values_list("pk", flat=True)[:MAX_CLAIMS_PER_STEP]):
                if time.monotonic() > ends_at or not _process(find, speak, claim_id):
                    return


@shared_task
def submit_claim(*, claim_id: int, **_: Any) -> None:
    """Submit one claim now; if no slot of the supplier is free, its next turn does it."""
    with (
        suppress(BulkheadFullError),
        bulkhead(BulkheadKind.CLAIMS, _claim(claim_id).purchase_order.supplier_id),
    ):
        _process(work_queue.claims_to_submit, submission.submit, claim_id)


@shared_task
def look_up(*, claim_id: int, **_: Any) -> None:
    """Look one claim up for staff; retry shortly if no slot is free or the claim is locked."""
    claim = _claim(claim_id)
    try:
        with bulkhead(BulkheadKind.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.look_up_for_staff(claim=claim, now=timezone.now())
    except (BulkheadFullError, ClaimBusyError):
        look_up.apply_async(kwargs={"claim_id": claim_id}, countdown=BUSY_RETRY_S)
    except (ClaimStateError, InvalidTransitionError, ConcurrentUpdateError) as error:
        log.info("%s: status not checked: %s", claim, error)


@shared_task
def withdraw_claim(*, claim_id: int, reason: str, actor: str, **_: Any) -> None:
    """Withdraw one claim for staff; retry shortly if no slot is free or the claim is locked."""
    claim = _claim(claim_id)
    wish = {"reason": reason, "actor": actor}
    try:
        with bulkhead(BulkheadKind.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.withdraw_at_supplier(claim=claim, now=timezone.now(), **wish)
    except (BulkheadFullError, ClaimBusyError):
        withdraw_claim.apply_async(kwargs={"claim_id": claim_id, **wish}, countdown=BUSY_RETRY_S)
    except ExternalServiceError as error:
        log.warning("%s: not withdrawn: %s", claim, error)
    except (ClaimStateError, InvalidTransitionError, ConcurrentUpdateError) as error:
        log.info("%s: not withdrawn: %s", claim, error)


def _process(
    find: Callable[..., QuerySet[SupplierClaim]],
    speak: Callable[..., SupplierClaim],
    claim_id: int,
) -> bool:
    """Process one claim; return whether the supplier may be called again in this turn."""
    claim = _claim(claim_id)
    # Another turn may have processed it, or its retry time has changed.
    if not find(now=timezone.now()).filter(pk=claim_id).exists():
        return True
    # left by a dead worker: no call is made
    was_left = claim.status == SupplierClaim.Status.SUBMITTING
    try:
        return speak(claim=claim, now=timezone.now()).status not in UNANSWERED or was_left
    except ExternalServiceError as error:
        log.warning("%s: no answer from the supplier: %s", claim, error)
        return False
    except (ClaimStateError, InvalidTransitionError, ConcurrentUpdateError):
        log.info("%s: processed by another worker, or settled", claim)
    except Exception:  # without this it would block the others in each turn
        log.exception("%s: claim processing failed", claim)
    return True


def _claim(claim_id: int) -> SupplierClaim:
    return SupplierClaim.objects.select_related("purchase_order__supplier").get(pk=claim_id)
