"""What a person may do by one click with purchase orders, and with claims against suppliers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from orders.claims import status as claim_status
from orders.claims import submission as claim_submission
from orders.claims import tasks as claim_tasks
from orders.models import PurchaseOrder, SupplierClaim
from orders.purchasing import submission as purchasing_submission
from orders.purchasing import submission_lookup
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.holds import waiving
from storefront.dashboard.inbox import hold_reasons
from storefront.dashboard.inbox.action import Act, wake
from storefront.lib.staff.admin import start


def _waive(row: PurchaseOrder, key: str, actor: str, now: datetime) -> None:
    hold_reasons.insist_safe(row, key)
    if waiving.waive(purchase_order=row, key=key, actor=actor, now=now):
        wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _check_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    waiving.check_again(purchase_order=row, actor=actor, now=now)
    wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _look_up(row: PurchaseOrder, _of: str, _actor: str, now: datetime) -> None:
    submission_lookup.insist_ended(purchase_order=row, now=now)
    start(purchasing_tasks.look_up, purchase_order_id=row.pk)


def _send_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    purchasing_submission.send_again(purchase_order=row, actor=actor, now=now)
    wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _send(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    """Have it tried; what was collected anew since the page was shown goes before its moment."""
    if row.goes_at is not None and row.goes_at > now:
        purchasing_submission.send_now(purchase_order=row, actor=actor, now=now)
    start(purchasing_tasks.send, purchase_order_id=row.pk)


def _tell_claim(row: SupplierClaim, _of: str, actor: str, now: datetime) -> None:
    claim_submission.submit_again(claim=row, actor=actor, now=now)
    wake(claim_tasks.submit_claim, claim_id=row.pk)


def _look_up_claim(row: SupplierClaim, _of: str, _actor: str, now: datetime) -> None:
    claim_status.insist_ended(claim=row, now=now)
    start(claim_tasks.look_up, claim_id=row.pk)


WAIVE = Act(
    code="waive",
    words=_("Let it pass"),
    done=_("%s: this reason is let pass."),
    model=PurchaseOrder,
    do=_waive,
)
CHECK_AGAIN = Act(
    code="check_again",
    words=_("Check it again"),
    done=_("%s is checked again: what still stands holds it."),
    model=PurchaseOrder,
    do=_check_again,
)
LOOK_UP = Act(
    code="look_up",
    words=_("Look it up"),
    done=_("%s: a worker asks the supplier."),
    model=PurchaseOrder,
    do=_look_up,
)
SEND_AGAIN = Act(
    code="send_again",
    words=_("Send again"),
    done=_("%s is tried now."),
    model=PurchaseOrder,
    do=_send_again,
)
SEND = Act(
    code="send",
    words=_("Send it now"),
    done=_("%s is tried now."),
    model=PurchaseOrder,
    do=_send,
)
TELL_CLAIM = Act(
    code="tell_again",
    words=_("Tell him again"),
    done=_("%s is told now."),
    model=SupplierClaim,
    do=_tell_claim,
)
LOOK_UP_CLAIM = Act(
    code="look_up",
    words=_("Look it up"),
    done=_("%s: a worker asks the supplier."),
    model=SupplierClaim,
    do=_look_up_claim,
)

PURCHASES: Mapping[str, tuple[Act, ...]] = {
    "purchase_held": (WAIVE, CHECK_AGAIN),
    "purchase_unknown": (LOOK_UP,),
    "purchase_cancel_silent": (LOOK_UP,),
    "purchase_silent": (LOOK_UP,),
    "purchase_not_shipped": (LOOK_UP,),
    "purchase_rest_due": (LOOK_UP,),
    "purchase_not_sent": (SEND_AGAIN,),
    "purchase_missed": (SEND,),
    "claim_unknown": (LOOK_UP_CLAIM,),
    "claim_silent": (LOOK_UP_CLAIM,),
    "claim_not_told": (TELL_CLAIM,),
}
