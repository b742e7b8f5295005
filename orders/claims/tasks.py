"""Claim tasks: submit claims, look up lost answers, poll open claims, withdraw claims.

Claims have bulkhead slots of their own, in the worker that reads supplier data: suppliers decide
within days, and no order waits behind a claim.
"""

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

# Limits of one run for a supplier: claims per step, seconds. Other claims wait for the next run.
MAX_CLAIMS_PER_STEP = 10
MAX_RUN_S = 300.0
BUSY_RETRY_S = 10
STEPS = (
    (work_queue.claims_to_submit, submission.submit),
    (work_queue.claims_to_look_up, claim_status.look_up),
    (work_queue.claims_to_poll, claim_status.look_up),
)
UNANSWERED = frozenset({SupplierClaim.Status.SUBMIT_FAILED, SupplierClaim.Status.SUBMIT_UNKNOWN})


@shared_task
def sweep_claims(**_: Any) -> None:
    """Start one run for each supplier with claims to process."""
    for supplier_id in work_queue.suppliers_with_claims(now=timezone.now()):
        process_claims.delay(supplier_id=supplier_id)


@shared_task
def process_claims(*, supplier_id: int, **_: Any) -> None:
    """Process the claims of one supplier; stop when the supplier does not answer."""
    ends_at = time.monotonic() + MAX_RUN_S
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.CLAIMS, supplier_id):
        for find, call in STEPS:
            due = find(now=timezone.now()).filter(purchase_order__supplier=supplier_id)
            claims = due.order_by(F("polled_at").asc(nulls_first=True), "pk")
            for claim_id in list(claims.values_list("pk", flat=True)[:MAX_CLAIMS_PER_STEP]):
                if time.monotonic() > ends_at or not _process(find, call, claim_id):
                    return


@shared_task
def submit_claim(*, claim_id: int, **_: Any) -> None:
    """Submit one claim now; without a free slot of the supplier, the next run submits it."""
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
    arguments = {"reason": reason, "actor": actor}
    try:
        with bulkhead(BulkheadKind.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.withdraw_at_supplier(claim=claim, now=timezone.now(), **arguments)
    except (BulkheadFullError, ClaimBusyError):
        withdraw_claim.apply_async(
            kwargs={"claim_id": claim_id, **arguments}, countdown=BUSY_RETRY_S
        )
    except ExternalServiceError as error:
        log.warning("%s: not withdrawn: %s", claim, error)
    except (ClaimStateError, InvalidTransitionError, ConcurrentUpdateError) as error:
        log.info("%s: not withdrawn: %s", claim, error)


def _process(
    find: Callable[..., QuerySet[SupplierClaim]], call: Callable[..., SupplierClaim], claim_id: int
) -> bool:
    """Process one claim; return whether the supplier may be called again in this run."""
    claim = _claim(claim_id)
    # Another run may have processed it, or its retry time has changed.
    if not find(now=timezone.now()).filter(pk=claim_id).exists():
        return True
    # Its worker died: ``look_up`` marks it and makes no call.
    is_abandoned = claim.status == SupplierClaim.Status.SUBMITTING
    try:
        return call(claim=claim, now=timezone.now()).status not in UNANSWERED or is_abandoned
    except ExternalServiceError as error:
        log.warning("%s: no answer from the supplier: %s", claim, error)
        return False
    except (ClaimStateError, InvalidTransitionError, ConcurrentUpdateError):
        log.info("%s: processed by another worker, or settled", claim)
    except Exception:  # else this claim would block the others in each run
        log.exception("%s: claim processing failed", claim)
    return True


def _claim(claim_id: int) -> SupplierClaim:
    return SupplierClaim.objects.select_related("purchase_order__supplier").get(pk=claim_id)
