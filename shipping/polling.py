"""Ask suppliers how our open orders stand: a poll finds what a lost webhook missed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from orders import acknowledging
from orders.models import PurchaseOrder
from shipping import shipments
from storefront.lib.failures import OutsideError, PermanentError, TemporaryError
from suppliers.adapters.base import Purchasing
from suppliers.connecting import adapter_for
from suppliers.models import Connection, Supplier

log = logging.getLogger(__name__)

# One run asks for so many orders; the rest have the next turn, the longest unasked first.
AT_MOST = 100
PROBLEM = "orders: "
Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


def claim_due(*, now: datetime) -> list[int]:
    """Take the suppliers whose turn it is; whoever takes one moves its next turn on."""
    interval = ExpressionWrapper(
        F("orders_every_min") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    due = (
        Connection.objects.annotate(due_at=F("orders_polled_at") + interval)
        .filter(Q(due_at__isnull=True) | Q(due_at__lte=now))
        .filter(supplier__in=open_orders().values("supplier"))
    )
    return [
        connection.supplier_id
        for connection in due.order_by("pk")
        if Connection.objects.filter(
            pk=connection.pk, orders_polled_at=connection.orders_polled_at
        ).update(orders_polled_at=now)
    ]


def open_orders() -> QuerySet[PurchaseOrder]:
    """Find what suppliers have and have not delivered."""
    return PurchaseOrder.objects.filter(
        status__in=[Status.READY, Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED, Status.SHIPPED],
        request_status__in=[
            Request.SUBMITTED,
            Request.ACCEPTED,
            Request.PARTIALLY_ACCEPTED,
            Request.BACKORDERED,
            Request.CANCELLATION_REJECTED,
        ],
    )


def ask(*, supplier: Supplier, now: datetime) -> int:
    """Ask one supplier for each open order, and follow what he says; return how many answered.

    He who does not answer is not asked for the rest of this run, and the reason stands with
    his connection; an order he refuses to tell about stops no other.
    """
    mine = open_orders().filter(supplier=supplier).select_related("order", "supplier")
    turn = mine.order_by(F("polled_at").asc(nulls_first=True), "pk")
    answered = 0
    try:
        with adapter_for(supplier) as adapter:
            for purchase_order in turn[:AT_MOST]:
                answered += _ask_one(purchase_order, adapter, now)
    except OutsideError as error:
        log.warning("%s does not tell how our orders stand: %s", supplier, error)
        Connection.objects.filter(supplier=supplier).update(
            problem=f"{PROBLEM}{error}"[:300], problem_at=now
        )
    else:
        ours = Connection.objects.filter(supplier=supplier, problem__startswith=PROBLEM)
        ours.update(problem="", problem_at=None)
    return answered


def _ask_one(purchase_order: PurchaseOrder, adapter: Purchasing, now: datetime) -> bool:
    """Ask for one order.

    Raises: TemporaryError  he does not answer at all
    """
    problem = ""
    try:
        state = adapter.find(number=purchase_order.number)
        if state is None:
            problem = "The supplier no longer knows this order."
        else:
            acknowledging.apply(purchase_order=purchase_order, state=state, now=now)
            shipments.take_in(purchase_order=purchase_order, state=state, now=now)
    except TemporaryError:
        raise
    except (PermanentError, shipments.WrongOrderError) as error:
        problem = str(error)
    changes = {"polled_at": now} | ({"problem": problem[:300]} if problem else {})
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(**changes)
    return not problem
