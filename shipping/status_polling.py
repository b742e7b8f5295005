"""Status polling: ask suppliers for the status of open orders, to find what a webhook missed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from orders.models import PurchaseMessage, PurchaseOrder, StrayDecision
from orders.purchasing import acknowledgements, submission_lookup
from shipping.shipments import shipments
from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Connector, OrderReading, OrderResuming, Tracking, able
from suppliers.connectors.records import Answer, OrderName, PurchaseState
from suppliers.models import Connection, Supplier
from suppliers.resilience import circuit_breaker
from suppliers.resilience.bulkheads import InHandError

log = logging.getLogger(__name__)

# Orders per run. The rest follow in the next run, the longest unpolled first.
AT_MOST = 100
# Consecutive failures after which a run stops, so that it does not wait for a dead supplier.
DOWN_AFTER = 3
PROBLEM = "orders: "
NOT_KEPT = "The supplier's data conflicts with this order. See the log for details."
Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


def claim_due(*, now: datetime) -> list[int]:
    """Return the suppliers that are due and schedule their next poll; each claim succeeds once."""
    interval = ExpressionWrapper(
        F("orders_every_min") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    due = (
        Connection.objects.annotate(due_at=F("orders_polled_at") + interval)
        .filter(Q(due_at__isnull=True) | Q(due_at__lte=now))
        .filter(supplier__in=open_orders().values("supplier"))
        .exclude(supplier__in=circuit_breaker.not_even_orders())
    )
    return [
        connection.supplier_id
        for connection in due.order_by("pk")
        if Connection.objects.filter(
            pk=connection.pk, orders_polled_at=connection.orders_polled_at
        ).update(orders_polled_at=now)
    ]


def give_back(*, supplier_id: int) -> None:
    """Make the supplier due again after a claim that could not be used."""
    Connection.objects.filter(supplier=supplier_id).update(orders_polled_at=None)


def open_orders() -> QuerySet[PurchaseOrder]:
    """Return the purchase orders that suppliers have accepted and not delivered.

    Includes orders with a requested cancellation, because the answer may take days and the order
    may ship meanwhile. Also includes orders we canceled and the supplier still has, until it
    confirms the cancellation, ships, or staff decide.
    """
    gone = PurchaseMessage.objects.filter(
        purchase_order=OuterRef("pk"), kind=acknowledgements.SHIPPED_CANCELED
    )
    decided = StrayDecision.objects.filter(purchase_order=OuterRef("pk"))
    return PurchaseOrder.objects.filter(
        Q(
            status__in=[Status.READY, Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED, Status.SHIPPED],
            request_status__in=[*acknowledgements.SUPPLIER_HAS, Request.CANCELLATION_REJECTED],
        )
        | Q(
            ~Q(stop_told_by=""),
            status__in=[Status.READY, Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED],
            request_status=Request.CANCELLATION_REQUESTED,
        )
        | Q(
            ~Exists(gone),
            ~Exists(decided),
            status=Status.CANCELED,
            request_status__in=acknowledgements.CAN_STRAY,
        )
    )


def ask(*, supplier: Supplier, moment: Callable[[], datetime]) -> int:
    """Poll one supplier for its open orders and apply its answers; return how many answered.

    An order without an answer does not stop the others. After several consecutive failures the run
    ends, and the reason is saved on the connection. A run lasts minutes, so each order has its own
    ``moment``.
    """
    mine = open_orders().filter(supplier=supplier).select_related("order", "supplier")
    turn = mine.order_by(F("polled_at").asc(nulls_first=True), "pk")
    answered = 0
    is_heard = False
    silent: list[TemporaryError] = []
    try:
        with adapter_for(supplier) as connector:
            batch = list(turn[:AT_MOST])
            told = _told(connector, batch)
            for purchase_order in batch:
                state = told.get(purchase_order.number)
                try:
                    answered += _follow(purchase_order, connector, state, moment())
                except TemporaryError as error:
                    log.warning("%s: %s returned no status: %s", purchase_order, supplier, error)
                    silent.append(error)
                    if len(silent) == DOWN_AFTER:
                        break
                else:
                    is_heard = True
                    silent = []
    except OutsideError as error:
        log.warning("cannot poll the orders of %s: %s", supplier, error)
        _note(supplier, error, moment())
    else:
        is_down = len(silent) == DOWN_AFTER or not is_heard
        _note(supplier, silent[-1] if silent and is_down else None, moment())
    return answered


def _note(supplier: Supplier, error: OutsideError | None, now: datetime) -> None:
    """Save on the connection why the supplier does not answer; clear it once it answers."""
    connection = Connection.objects.filter(supplier=supplier)
    if error is None:
        connection.filter(problem__startswith=PROBLEM).update(problem="", problem_at=None)
    else:
        connection.update(problem=f"{PROBLEM}{error}"[:300], problem_at=now)


def _told(connector: Connector, batch: Sequence[PurchaseOrder]) -> dict[str, PurchaseState]:
    """Poll many orders in one call if the connector can; missing ones are polled singly."""
    if not isinstance(connector, Tracking):
        return {}
    names = [
        OrderName(number=one.number, supplier_reference=one.supplier_reference) for one in batch
    ]
    try:
        return {state.number: state for state in connector.track(names)}
    except OutsideError as error:
        log.warning("batch poll failed: %s", error)
        return {}


def _ask_one(
    purchase_order: PurchaseOrder, connector: Connector, told: PurchaseState | None, now: datetime
) -> PurchaseState | None:
    """Return the status of one order missing from the batch; resume one that is only received."""
    if purchase_order.status == Status.CANCELED:  # a canceled order is not resumed
        state = told or able(connector, OrderReading).find(number=purchase_order.number)
        return state or _absent(purchase_order)
    is_waiting = purchase_order.request_status == Request.SUBMITTED
    if is_waiting and isinstance(connector, OrderResuming):
        if told is not None and told.answer is not Answer.RECEIVED:
            return told
        # A cancellation may have been requested since the read. The lock orders it before or after
        # us, and an order left to expire is never paid.
        with suppress(InHandError), submission_lookup.alone(purchase_order.pk):
            if submission_lookup.is_wanted(purchase_order):
                return submission_lookup.go_on(purchase_order, connector, now=now)
    return told or able(connector, OrderReading).find(number=purchase_order.number)


def _absent(purchase_order: PurchaseOrder) -> PurchaseState:
    """Treat an unknown order that we canceled as canceled: the supplier will not ship it."""
    return PurchaseState(
        number=purchase_order.number,
        supplier_reference="",
        answer=Answer.CANCELED,
        reason="the supplier does not have it",
    )


def _follow(
    purchase_order: PurchaseOrder, connector: Connector, told: PurchaseState | None, now: datetime
) -> bool:
    """Poll and apply the status of one order; return whether that succeeded.

    Raises: TemporaryError  the answer could not be understood
    """
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk)
    # Before the call, so that a crash does not put this order first again.
    mine.update(polled_at=now)
    problem = ""
    try:
        state = _ask_one(purchase_order, connector, told, now)
        if state is None:
            problem = "The supplier no longer knows this order."
        else:
            problem = state.reason if state.answer is Answer.RECEIVED else ""
            acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
            if purchase_order.status != Status.CANCELED:  # a canceled order expects no parcels
                shipments.take_in(purchase_order=purchase_order, state=state, now=now)
    except (PermanentError, shipments.WrongOrderError) as error:
        log.warning("cannot update %s: %s", purchase_order, error)
        problem = str(error)
    except IntegrityError as error:  # the error text holds the whole row: keep it out of pages
        log.warning("cannot update %s: %s", purchase_order, error)
        problem = NOT_KEPT
    if problem:
        mine.update(problem=problem[:300])
    return not problem
