"""Claim tasks: submit claims, look up lost answers, poll open claims, take claims back.

Claims have a lane of their own, in the worker that reads supplier data. People decide about
claims within days, and no order waits behind one.
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

# One turn of a supplier: so many claims of each kind, and no longer; the rest has the next turn.
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
    """Find the suppliers to whom there is something to say or ask: one turn for each."""
    for supplier_id in work_queue.suppliers_of_claims(now=timezone.now()):
        speak_with.delay(supplier_id=supplier_id)


@shared_task
def speak_with(*, supplier_id: int, **_: Any) -> None:
    """Tell one supplier of claims, look up what was lost, then ask how the others stand.

    Who does not answer is not asked for the rest of this turn.
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
    """Tell of one at once; if his lane is full, his next turn comes to it."""
    with suppress(LaneFullError), lane(Work.CLAIMS, _claim(claim_id).purchase_order.supplier_id):
        _is_answered(work_queue.claims_to_be_told, submission.submit, claim_id)


@shared_task
def look_up(*, claim_id: int, **_: Any) -> None:
    """Ask about one that staff want to know of; if he is spoken to just now, a little later."""
    claim = _claim(claim_id)
    try:
        with lane(Work.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.look_up_for_staff(claim=claim, now=timezone.now())
    except (LaneFullError, ClaimBusyError):
        look_up.apply_async(kwargs={"claim_id": claim_id}, countdown=LANE_PATIENCE_S)
    except (ClaimStoppedError, IllegalMoveError, LostRaceError) as error:
        log.info("%s is not looked up: %s", claim, error)


@shared_task
def take_back(*, claim_id: int, reason: str, actor: str, **_: Any) -> None:
    """Take one back as staff want; if he is spoken to just now, a little later."""
    claim = _claim(claim_id)
    wish = {"reason": reason, "actor": actor}
    try:
        with lane(Work.CLAIMS, claim.purchase_order.supplier_id):
            claim_status.take_back(claim=claim, now=timezone.now(), **wish)
    except (LaneFullError, ClaimBusyError):
        take_back.apply_async(kwargs={"claim_id": claim_id, **wish}, countdown=LANE_PATIENCE_S)
    except OutsideError as error:
        log.warning("%s is not taken back: %s", claim, error)
    except (ClaimStoppedError, IllegalMoveError, LostRaceError) as error:
        log.info("%s is not taken back: %s", claim, error)


def _is_answered(
    find: Callable[..., QuerySet[SupplierClaim]],
    speak: Callable[..., SupplierClaim],
    claim_id: int,
) -> bool:
    """Speak of one claim; tell whether its supplier may be asked for more."""
    claim = _claim(claim_id)
    # Another turn may have come to it: what he wants to rest now is not spoken of.
    if not find(now=timezone.now()).filter(pk=claim_id).exists():
        return True
    was_left = claim.status == SupplierClaim.Status.SUBMITTING  # by a worker that died: no call
    try:
        return speak(claim=claim, now=timezone.now()).status not in NOT_HEARD or was_left
    except OutsideError as error:
        log.warning("%s: its supplier does not tell: %s", claim, error)
        return False
    except (ClaimStoppedError, IllegalMoveError, LostRaceError):
        log.info("%s is in another worker's hands, or settled", claim)
    except Exception:  # it stands first in each turn: the others go on without it
        log.exception("%s cannot be spoken of", claim)
    return True


def _claim(claim_id: int) -> SupplierClaim:
    return SupplierClaim.objects.select_related("purchase_order__supplier").get(pk=claim_id)
