"""Claim tasks: submit claims, look up lost answers, poll open claims, withdraw claims.

Claims have their own lane, in the worker that reads supplier data: suppliers decide within days,
and no order waits behind a claim.
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
from orders.claims.submission import ClaimBusyError, ClaimStoppedError
from orders.models import SupplierClaim
from storefront.lib.http.errors import OutsideError
from storefront.lib.state_machine import IllegalMoveError, LostRaceError
from suppliers.resilience.bulkheads import LaneFullError, Work, lane

log = logging.getLogger(__name__)

# Limits of one turn of a supplier: claims per step, seconds. The rest waits for the next turn.
AT_ONCE = 10
TURN_S = 300.0
LANE_PATIENCE_S = 10
STEPS = (
    (work_queue.claims_to_be_told, submission.submit),
    (work_queue.claims_to_be_found, claim_status.look_up),
    (work_queue.claims_to_be_read, claim_status.look_up),
)
NOT_HEARD = frozenset({SupplierClaim.Status.SUBMIT_FAILED, SupplierClaim.Status.SUBMIT_UNKNOWN})


@shared_task
def speak_of_claims(**_: Any) -> None:
    """Start one turn for each supplier with claims to process."""
    for supplier_id in work_queue.suppliers_of_claims(now=timezone.now()):
        speak_with.delay(supplier_id=supplier_id)


@shared_task
def speak_with(*, supplier_id: int, **_: Any) -> None:
    """Process the claims of one supplier: submit, look up lost answers, poll open ones.

    The turn ends if the supplier does not answer.
    """
    ends_at = time.monotonic() + TURN_S
    with suppress(LaneFullError), lane(Work.CLAIMS, supplier_id):
        for find, speak in STEPS:
            due = find(now=timezone.now()).filter(purchase_order__supplier=supplier_id)
            turn = due.order_by(F("polled_at").asc(nulls_first=True), "pk")
            for claim_id in list(turn.values_list("pk", flat=True)[:AT_ONCE]):
                if time.monotonic() > ends_at or not _is_answered(find, speak, claim_id):
                    return


@shared_task
def submit_claim(*, claim_id: int, **_: Any) -> None:
    """Submit one claim now; if the supplier's lane is full, its next turn does it."""
    with suppress(LaneFullError), lane(Work.CLAIMS, _claim(claim_id).purchase_order.supplier_id):
        _is_answered(work_queue.claims_to_be_told, submission.submit, claim_id)


@shared_task
def look_up(*, claim_id: int, **_: Any) -> None:
    """Look one claim up for staff; retry shortly if the lane or the claim is busy."""
    claim = _claim(claim_id)
    try:
        with lane(Work.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.look_up_for_staff(claim=claim, now=timezone.now())
    except (LaneFullError, ClaimBusyError):
        look_up.apply_async(kwargs={"claim_id": claim_id}, countdown=LANE_PATIENCE_S)
    except (ClaimStoppedError, IllegalMoveError, LostRaceError) as error:
        log.info("%s: status not checked: %s", claim, error)


@shared_task
def take_back(*, claim_id: int, reason: str, actor: str, **_: Any) -> None:
    """Withdraw one claim for staff; retry shortly if the lane or the claim is busy."""
    claim = _claim(claim_id)
    wish = {"reason": reason, "actor": actor}
    try:
        with lane(Work.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.take_back(claim=claim, now=timezone.now(), **wish)
    except (LaneFullError, ClaimBusyError):
        take_back.apply_async(kwargs={"claim_id": claim_id, **wish}, countdown=LANE_PATIENCE_S)
    except OutsideError as error:
        log.warning("%s: not withdrawn: %s", claim, error)
    except (ClaimStoppedError, IllegalMoveError, LostRaceError) as error:
        log.info("%s: not withdrawn: %s", claim, error)


def _is_answered(
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
        return speak(claim=claim, now=timezone.now()).status not in NOT_HEARD or was_left
    except OutsideError as error:
        log.warning("%s: no answer from the supplier: %s", claim, error)
        return False
    except (ClaimStoppedError, IllegalMoveError, LostRaceError):
        log.info("%s: processed by another worker, or settled", claim)
    except Exception:  # without this it would block the others in each turn
        log.exception("%s: claim processing failed", claim)
    return True


def _claim(claim_id: int) -> SupplierClaim:
    return SupplierClaim.objects.select_related("purchase_order__supplier").get(pk=claim_id)
