"""Purchase order page: its EDI documents, its lines, the three-way match, who must act until when.

850 is our purchase order, 855 the supplier's acknowledgement, 856 its ship notice, 810 its invoice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.accounting import bill_payments, three_way_match
from orders.accounting.bill_payments import BillStatus
from orders.accounting.reconciliation import labels, purchase_comparison
from orders.accounting.three_way_match import ThreeWayMatch
from orders.claims import claims
from orders.models import (
    Discrepancy,
    PurchaseLine,
    PurchaseMessage,
    PurchaseOrder,
    SupplierClaim,
    SupplierInvoice,
)
from shipping.models import Parcel, ParcelLine
from storefront.dashboard.orders import purchase_lines
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import json_document

Status, Submission = PurchaseOrder.Status, PurchaseOrder.Submission
# Days after the handling time, until the inbox lists a shipment as overdue.
SHIPMENT_GRACE = timedelta(days=2)
AWAITING_ANSWER = frozenset({Submission.SUBMITTED, Submission.BACKORDERED})
SUPPLIER, US = _("Supplier"), _("Staff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Who must do what, until when; None: no time is set."""

    who: str | Promise
    what: str | Promise
    until: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to or from the supplier; ``payload`` is empty for users who may not read it."""

    at: datetime
    reason: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference of the three-way match, and the discrepancy that recorded it, if any."""

    found: Discrepancy
    recorded: Discrepancy | None

    @property
    def amounts(self) -> str:
        return labels.amounts(self.found)

    @property
    def advice(self) -> str:
        return labels.advice(self.found)

    @property
    def is_open(self) -> bool:
        return self.recorded is not None and self.recorded.status == Discrepancy.Status.OPEN

    @property
    def is_settled(self) -> bool:
        """Return whether staff closed it; it opens again if its amounts change."""
        return self.recorded is not None and self.recorded.status == Discrepancy.Status.SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice of the supplier with what is left to pay."""

    invoice: SupplierInvoice
    status: BillStatus

    @property
    def needs_action(self) -> bool:
        return self.status in {BillStatus.OVERDUE, BillStatus.OVERPAID}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSummary:
    """The cost ordered, confirmed, shipped and invoiced, in the currency of the costs."""

    ordered: Money | None
    confirmed: Money
    shipped: Money
    invoiced: Money | None
    differences: Sequence[Difference]

    @property
    def is_mismatched(self) -> bool:
        return not all(difference.is_settled for difference in self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows. Parts that the user may not see are empty."""

    lines: Sequence[purchase_lines.Line]
    sent: Message | None
    acknowledge_by: datetime | None
    answers: Sequence[Message]
    parcels: Sequence[Parcel]
    bills: Sequence[Bill]
    match: MatchSummary | None
    waits: Sequence[Wait]
    can_claim: bool


def load(purchase_order: PurchaseOrder, *, user: Any, now: datetime) -> Page:
    """Read the page. Costs, invoices and payloads only if the user may see them."""
    has_costs = user.has_perm(VIEW_COSTS)
    prefetch_related_objects(
        [purchase_order],
        Prefetch("lines", PurchaseLine.objects.select_related(*_LINE_JOINS).order_by("pk")),
        Prefetch("supplier_invoices", SupplierInvoice.objects.order_by("pk")),
        Prefetch("messages", PurchaseMessage.objects.order_by("pk")),
    )
    rows = list(purchase_order.lines.all())
    parcels = _parcels(purchase_order)
    match = three_way_match.match_of(purchase_order)
    sent, answers = _messages(purchase_order, user)
    minutes = purchase_order.supplier.acknowledge_within_min
    acknowledge_by = sent.at + timedelta(minutes=minutes) if sent else None
    has_invoices = has_costs and user.has_perm("orders.view_supplierinvoice")
    bills = [
        Bill(invoice=invoice, status=bill_payments.status_of(invoice, today=now.date()))
        for invoice in purchase_order.supplier_invoices.all()
    ]
    summary = _match(purchase_order, rows, match, now) if has_invoices else None
    waits = [
        *_waits(purchase_order, match, now),
        *(_unpaid(bills, now) if has_invoices else ()),
        *([MISMATCH] if summary and summary.is_mismatched else ()),
    ]
    return Page(
        lines=purchase_lines.compare(purchase_order, rows, parcels, match),
        sent=sent,
        acknowledge_by=acknowledge_by,
        answers=answers,
        parcels=parcels if user.has_perm("shipping.view_parcel") else [],
        bills=bills if has_invoices else [],
        match=summary,
        waits=waits,
        can_claim=has_costs
        and user.has_perm("orders.change_purchaseorder")
        and claims.has_shipped(purchase_order),
    )


_LINE_JOINS = ("order_line", "offer__variant__product")


def _parcels(purchase_order: PurchaseOrder) -> list[Parcel]:
    lines = ParcelLine.objects.select_related("order_line").order_by("pk")
    parcels = Parcel.objects.filter(shipment__purchase_order=purchase_order).order_by("pk")
    return list(parcels.prefetch_related(Prefetch("lines", lines)))


def _messages(purchase_order: PurchaseOrder, user: Any) -> tuple[Message | None, list[Message]]:
    """Return the last 850 that was sent, and the answers to it, newest first."""
    is_readable = user.has_perm("orders.view_purchasemessage") and user.has_perm(VIEW_COSTS)
    sent: Message | None = None
    answers: list[Message] = []
    for row in reversed(purchase_order.messages.all()):
        message = Message(
            at=row.at,
            reason=str(row.body.get("reason") or "") if is_readable else "",
            payload=json_document(row.body) if is_readable and row.body else "",
        )
        if row.direction == PurchaseMessage.Direction.IN and row.kind in ANSWER_KINDS:
            answers.append(message)
        elif row.kind == "place" and sent is None:
            sent = message
    return sent, answers


ANSWER_KINDS = frozenset({"accepted", "rejected", "received", "later"})


def _match(
    purchase_order: PurchaseOrder, rows: Sequence[PurchaseLine], match: ThreeWayMatch, now: datetime
) -> MatchSummary:
    part = purchase_comparison.counterparty_of(purchase_order.supplier)
    recorded = {row.key: row for row in Discrepancy.objects.filter(purchase_order=purchase_order)}
    # A charge may be missing only because the daily reconciliation has not fetched it yet.
    is_uncharged = any(
        row.kind == Discrepancy.Kind.SUPPLIER_NOT_CHARGED for row in recorded.values()
    )
    findings = purchase_comparison.compare_purchase_order(
        purchase_order, lists_all=is_uncharged, now=now
    )
    differences = []
    for finding in findings:
        found = Discrepancy(**finding.about(), **finding.amounts())
        differences.append(Difference(found=found, recorded=recorded.get(finding.key(part))))
    return MatchSummary(
        ordered=purchase_lines.ordered_cost(rows, match.currency),
        confirmed=Money(match.ordered, match.currency),
        shipped=Money(match.shipped, match.currency),
        invoiced=None if match.invoiced is None else Money(match.invoiced, match.currency),
        differences=differences,
    )


# Who must act


def _waits(purchase_order: PurchaseOrder, match: ThreeWayMatch, now: datetime) -> Iterator[Wait]:
    supplier, status = purchase_order.supplier, purchase_order.status
    if status == Status.CANCELED:
        return
    yield from _submission_waits(purchase_order, now)
    is_canceling = purchase_order.submission_status == Submission.CANCELLATION_REQUESTED
    if status in three_way_match.IN_PROGRESS_STATES and not is_canceling:
        since = purchase_order.accepted_at
        if status == Status.PARTIALLY_SHIPPED:
            since = purchase_order.status_since
        until = since and since + timedelta(days=supplier.lead_days) + SHIPMENT_GRACE
        yield _wait(SUPPLIER, _("Ship, and send the tracking number (856)"), until, now)
    is_shipped = status in PurchaseOrder.SHIPPED_STATES
    if is_shipped and match.invoiced is None and supplier.invoice_due_days is not None:
        until = purchase_order.status_since + timedelta(days=supplier.invoice_due_days)
        yield _wait(SUPPLIER, _("Send the invoice (810)"), until, now)
    open_claims = purchase_order.claims.exclude(status__in=SupplierClaim.SETTLED)
    for claim in open_claims if status in PurchaseOrder.SHIPPED_STATES else ():
        is_sent = claim.status == SupplierClaim.Status.REQUESTED
        yield _wait(SUPPLIER if is_sent else US, _("Settle the claim"), None, now)


def _submission_waits(purchase_order: PurchaseOrder, now: datetime) -> Iterator[Wait]:
    submission = purchase_order.submission_status
    if purchase_order.status == Status.ON_HOLD:
        yield Wait(who=US, what=_("Release the hold"), until=None, is_late=False)
    elif submission in PurchaseOrder.UNSUBMITTED_STATES:
        until = purchase_order.submit_at or purchase_order.retry_at
        yield _wait(_("Shop"), _("Send the purchase order (850)"), until, now)
    elif submission == Submission.SUBMIT_UNKNOWN:
        yield _wait(_("Shop"), _("Look up whether the supplier has it"), None, now)
    elif submission in AWAITING_ANSWER:
        minutes = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)
        until = purchase_order.submission_status_since + minutes
        yield _wait(SUPPLIER, _("Acknowledge the order (855)"), until, now)
    elif submission == Submission.CANCELLATION_REQUESTED:
        if purchase_order.cancellation_channel == PurchaseOrder.RequestChannel.STAFF:
            yield _wait(US, _("Ask the supplier to cancel, and record its answer"), None, now)
        else:
            yield _wait(SUPPLIER, _("Answer the cancellation request"), None, now)


def _unpaid(bills: Sequence[Bill], now: datetime) -> Iterator[Wait]:
    for bill in bills:
        if bill.status in {BillStatus.DUE, BillStatus.OVERDUE}:
            yield _wait(US, _("Pay the invoice"), _end_of(bill.invoice.due_on), now)


def _wait(who: str | Promise, what: str | Promise, until: datetime | None, now: datetime) -> Wait:
    return Wait(who=who, what=what, until=until, is_late=until is not None and until < now)


MISMATCH = Wait(who=US, what=_("Clear the mismatch"), until=None, is_late=False)


def _end_of(day: date | None) -> datetime | None:
    """Return the last minute of a day, UTC."""
    return None if day is None else datetime.combine(day, time(23, 59), UTC)
