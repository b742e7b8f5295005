"""Status polling: ask suppliers for the status of open orders, to find what a webhook missed."""

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

from orders.models import CanceledShipmentDecision, PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements, submission_lookup
from shipping.shipments import shipments
from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import (
    Connector,
    OrderReading,
    OrderResuming,
    Tracking,
    require,
)
from suppliers.connectors.records import Acknowledgement, OrderReference, PurchaseOrderReport
from suppliers.models import Connection, Supplier
from suppliers.resilience import circuit_breaker
from suppliers.resilience.bulkheads import LockedElsewhereError

log = logging.getLogger(__name__)

# Orders per run. The rest follow in the next run, the longest unpolled first.
MAX_ORDERS_PER_RUN = 100
# Consecutive failures after which a run stops, so that it does not wait for a dead supplier.
MAX_FAILURES = 3
PROBLEM_PREFIX = "orders: "
NOT_STORED = "The supplier's data conflicts with this order. See the log for details."
Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


def claim_due_suppliers(*, now: datetime) -> list[int]:
    """Return the suppliers due for a poll, and schedule the next; one worker gets each supplier."""
    interval = ExpressionWrapper(
        F("orders_every_min") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    due = (
        Connection.objects.annotate(due_at=F("orders_polled_at") + interval)
        .filter(Q(due_at__isnull=True) | Q(due_at__lte=now))
        .filter(supplier__in=open_orders().values("supplier"))
        .exclude(supplier__in=circuit_breaker.blocked_for_orders())
    )
    return [
        connection.supplier_id
        for connection in due.order_by("pk")
        if Connection.objects.filter(
            pk=connection.pk, orders_polled_at=connection.orders_polled_at
        ).update(orders_polled_at=now)
    ]


def make_due(*, supplier_id: int) -> None:
    """Make the supplier due again after a claim that could not be used."""
    Connection.objects.filter(supplier=supplier_id).update(orders_polled_at=None)


def open_orders() -> QuerySet[PurchaseOrder]:
    """Return the purchase orders that suppliers have and that are not delivered.

    Includes orders with a requested cancellation, because the answer may take days and the order
    may ship meanwhile. Also includes orders we canceled and the supplier still has, until it
    confirms the cancellation, ships, or staff decide.
    """
    shipped_canceled = PurchaseMessage.objects.filter(
        purchase_order=OuterRef("pk"), kind=acknowledgements.SHIPPED_CANCELED
    )
    decided = CanceledShipmentDecision.objects.filter(purchase_order=OuterRef("pk"))
    return PurchaseOrder.objects.filter(
        Q(
            status__in=[Status.READY, Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED, Status.SHIPPED],
            submission_status__in=[
                *acknowledgements.SUPPLIER_HAS,
                Submission.CANCELLATION_REJECTED,
            ],
        )
        | Q(
            ~Q(cancellation_channel=""),
            status__in=[Status.READY, Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED],
            submission_status=Submission.CANCELLATION_REQUESTED,
        )
        | Q(
            ~Exists(shipped_canceled),
            ~Exists(decided),
            status=Status.CANCELED,
            submission_status__in=acknowledgements.MAY_SHIP_CANCELED,
        )
    )


def poll_supplier(*, supplier: Supplier, clock: Callable[[], datetime]) -> int:
    """Poll a supplier for its open orders and apply its answers; return how many were applied.

    An order without an answer does not stop the others. After several consecutive failures the run
    ends, and the reason is saved on the connection. A run lasts minutes, so ``clock`` is read for
    each order.
    """
    mine = open_orders().filter(supplier=supplier).select_related("order", "supplier")
    by_age = mine.order_by(F("polled_at").asc(nulls_first=True), "pk")
    answered = 0
    has_answered = False
    failures: list[TemporaryError] = []
    try:
        with open_connector(supplier) as connector:
            batch = list(by_age[:MAX_ORDERS_PER_RUN])
            reports = _fetch_batch(connector, batch)
            for purchase_order in batch:
                state = reports.get(purchase_order.number)
                try:
                    answered += _poll_order(purchase_order, connector, state, clock())
                except TemporaryError as error:
                    log.warning("%s: %s returned no status: %s", purchase_order, supplier, error)
                    failures.append(error)
                    if len(failures) == MAX_FAILURES:
                        break
                else:
                    has_answered = True
                    failures = []
    except ExternalServiceError as error:
        log.warning("cannot poll the orders of %s: %s", supplier, error)
        _record_problem(supplier, error, clock())
    else:
        is_down = len(failures) == MAX_FAILURES or not has_answered
        _record_problem(supplier, failures[-1] if failures and is_down else None, clock())
    return answered


def _record_problem(supplier: Supplier, error: ExternalServiceError | None, now: datetime) -> None:
    connection = Connection.objects.filter(supplier=supplier)
    if error is None:
        connection.filter(problem__startswith=PROBLEM_PREFIX).update(problem="", problem_at=None)
    else:
        connection.update(problem=f"{PROBLEM_PREFIX}{error}"[:300], problem_at=now)


def _fetch_batch(
    connector: Connector, batch: Sequence[PurchaseOrder]
) -> dict[str, PurchaseOrderReport]:
    """Poll many orders in one call, if the connector supports it; else return no reports."""
    if not isinstance(connector, Tracking):
        return {}
    names = [
        OrderReference(number=one.number, supplier_reference=one.supplier_reference)
        for one in batch
    ]
    try:
        return {state.number: state for state in connector.track(names)}
    except ExternalServiceError as error:
        log.warning("batch poll failed: %s", error)
        return {}


def _fetch_one(
    purchase_order: PurchaseOrder,
    connector: Connector,
    report: PurchaseOrderReport | None,
    now: datetime,
) -> PurchaseOrderReport | None:
    """Return the status of one order, from the batch or a call; resume an order only received."""
    if purchase_order.status == Status.CANCELED:  # a canceled order is not resumed
        state = report or require(connector, OrderReading).find(number=purchase_order.number)
        # The supplier will not ship an order that it does not know.
        return state or PurchaseOrderReport(
            number=purchase_order.number,
            supplier_reference="",
            answer=Acknowledgement.CANCELED,
            reason="the supplier does not have it",
        )
    is_waiting = purchase_order.submission_status == Submission.SUBMITTED
    if is_waiting and isinstance(connector, OrderResuming):
        if report is not None and report.answer is not Acknowledgement.RECEIVED:
            return report
        # A cancellation may have been requested since the order was read. The lock keeps it out
        # meanwhile; a canceled order must not be resumed, because that may pay it.
        with suppress(LockedElsewhereError), submission_lookup.work_lock(purchase_order.pk):
            if submission_lookup.is_wanted(purchase_order):
                return submission_lookup.resume(purchase_order, connector, now=now)
    return report or require(connector, OrderReading).find(number=purchase_order.number)


def _poll_order(
    purchase_order: PurchaseOrder,
    connector: Connector,
    report: PurchaseOrderReport | None,
    now: datetime,
) -> bool:
    """Poll and apply the status of one order; return whether that succeeded.

    Raises: TemporaryError
    """
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk)
    # Before the call, so that a crash does not put this order first again.
    mine.update(polled_at=now)
    problem = ""
    try:
        state = _fetch_one(purchase_order, connector, report, now)
        if state is None:
            problem = "The supplier no longer knows this order."
        else:
            problem = state.reason if state.answer is Acknowledgement.RECEIVED else ""
            acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
            if purchase_order.status != Status.CANCELED:  # a canceled order expects no parcels
                shipments.import_parcels(purchase_order=purchase_order, state=state, now=now)
    except (PermanentError, shipments.NotShippableError) as error:
        log.warning("cannot update %s: %s", purchase_order, error)
        problem = str(error)
    except IntegrityError as error:  # its text contains the whole row: do not show it on pages
        log.warning("cannot update %s: %s", purchase_order, error)
        problem = NOT_STORED
    if problem:
        mine.update(problem=problem[:300])
    return not problem
