"""Problem reports: submit a report once, answer our questions, withdraw it, or tell of the arrival."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders.models import Order, PurchaseOrder
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import photos
from orders.returns.photos import PhotoTable
from shipping.models import Parcel, ProblemPhoto, ProblemReport, ProblemReportLine
from shipping.problem_reports import eligibility, events, supplier_claims
from shipping.shipments import corrections, fulfillment
from storefront.lib.db.transactions import requires_transaction

Kind = ProblemReport.Kind
Status = ProblemReport.Status
PHOTOS = PhotoTable(ProblemPhoto, "problem-reports")
CUSTOMER = "customer"


class CannotReportError(Exception):
    """The message says why; nothing is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRequest:
    """A report to submit. ``units`` by order line id; a parcel that never arrived needs none.

    ``key`` identifies the form, so that a repeated submission is one report. ``encoded_photos`` as
    returned by ``photos.reencode``.
    """

    key: str
    kind: ProblemReport.Kind
    wish: ProblemReport.Wish
    units: Mapping[int, int]
    customer_message: str = ""
    encoded_photos: Sequence[bytes] = ()


def submit(
    *, order: Order, parcel: Parcel, request: ProblemRequest, now: datetime
) -> ProblemReport:
    """Store a report; return the existing one for a known form, or if one is undecided. Idempotent.

    Locks:  as ``corrections.lock``
    Raises: CannotReportError
    """
    with photos.store(request.encoded_photos, PHOTOS) as names:
        return _submit(order, parcel, request, names, now)


@transaction.atomic(durable=True)
def _submit(
    order: Order, parcel: Parcel, request: ProblemRequest, names: Sequence[str], now: datetime
) -> ProblemReport:
    purchase_order = corrections.lock(parcel)
    if purchase_order.order.access_key != order.access_key:  # erased since the page was shown
        message = gettext("The data of this order was erased. You cannot add anything to it.")
        raise CannotReportError(message)
    if existing := find_existing(parcel, request.kind, key=request.key):
        return existing
    if ProblemReport.objects.filter(request_key=request.key).exists():
        raise CannotReportError(gettext("This form belongs to another order. Open the form again."))
    possibility = eligibility.find_possibilities(parcel, now=now)[request.kind]
    if not possibility.is_open:
        raise CannotReportError(gettext("This can no longer be reported here."))
    units = dict(possibility.units) if request.kind == Kind.NEVER_ARRIVED else request.units
    _require_units(units, possibility)
    if possibility.needs_arrival:
        fulfillment.mark_delivered(
            parcel=parcel,
            purchase_order=purchase_order,
            now=now,
            actor=CUSTOMER,
            reason="the customer reports a problem with its contents",
        )
    report = ProblemReport.objects.create(
        parcel=parcel,
        kind=request.kind,
        wish=request.wish,
        request_key=request.key,
        customer_message=request.customer_message[:MAX_MESSAGE_LENGTH],
        status_since=now,
        opened_at=now,
    )
    ProblemReportLine.objects.bulk_create(
        ProblemReportLine(report=report, order_line_id=line, quantity=quantity)
        for line, quantity in sorted(units.items())
        if quantity
    )
    photos.attach(report, names, now=now)
    report.claim = supplier_claims.open_draft(report, purchase_order, units, now=now)
    report.save(update_fields=["claim"])
    events.record_received(report, order=purchase_order.order, at=now)
    return report


def find_existing(parcel: Parcel, kind: str, *, key: str) -> ProblemReport | None:
    """Return the report of this form, or the undecided one of this kind."""
    reports = ProblemReport.objects.filter(parcel=parcel)
    return (
        reports.filter(request_key=key, kind=kind).first()
        or reports.filter(kind=kind, status__in=ProblemReport.UNDECIDED).first()
    )


def _require_units(units: Mapping[int, int], possibility: eligibility.Possibility) -> None:
    """Require some units, and no more than can be reported. Raises: CannotReportError."""
    is_without_contents = possibility.kind == Kind.NEVER_ARRIVED and not possibility.units
    if not any(units.values()) and not is_without_contents:
        raise CannotReportError(gettext("Choose at least one item."))
    for line, quantity in units.items():
        if quantity < 0 or quantity > possibility.units.get(line, 0):
            raise CannotReportError(
                gettext("Some of these items are already refunded, replaced or in a return.")
            )


def is_repeated_answer(report: ProblemReport, *, customer_message: str, pictures: int) -> bool:
    """Return whether this answer is the latest one, and staff have not acted on it.

    Shape:  ``pictures`` is the number of photos sent with it
    """
    if report.status != Status.OPEN or not report.answer:
        return False  # nothing was asked, or staff have acted on the answer
    return photos.is_last_answer(report, customer_message=customer_message, pictures=pictures)


def add_answer(
    *,
    report: ProblemReport,
    customer_message: str,
    now: datetime,
    encoded_photos: Sequence[bytes] = (),
) -> None:
    """Store the customer's answer and photos; the report awaits a decision again.

    Locks:  as ``corrections.lock``
    Raises: CannotAnswerError, InvalidTransitionError
    """
    with photos.store(encoded_photos, PHOTOS) as names:
        _store_answer(report, customer_message, names, now)


@transaction.atomic(durable=True)
def _store_answer(
    report: ProblemReport, customer_message: str, names: Sequence[str], now: datetime
) -> None:
    lock(report)
    photos.add_answer(report, Status.OPEN, customer_message, names, actor=CUSTOMER, now=now)


@requires_transaction
def lock(report: ProblemReport) -> PurchaseOrder:
    """Lock the order and the purchase order of a report, and read the report again."""
    purchase_order = corrections.lock(report.parcel)
    parcel = report.parcel
    report.refresh_from_db()
    report.parcel = parcel
    return purchase_order


@transaction.atomic(durable=True)
def withdraw(*, report: ProblemReport, now: datetime) -> None:
    """Withdraw a report on the customer's request. Idempotent. Locks as ``corrections.lock``."""
    lock(report)
    if report.status != Status.WITHDRAWN:
        report.move(Status.WITHDRAWN, at=now, actor=CUSTOMER)
        supplier_claims.withdraw_draft(report, actor=CUSTOMER, now=now)


@transaction.atomic(durable=True)
def confirm_arrival(*, report: ProblemReport, now: datetime) -> None:
    """End a report because the customer got the parcel after all, which is then delivered.

    Idempotent. Locks as ``corrections.lock``.

    Raises: InvalidTransitionError  it was decided
    """
    purchase_order = lock(report)
    if report.status == Status.ARRIVED:
        return
    report.move(Status.ARRIVED, at=now, actor=CUSTOMER)
    fulfillment.mark_delivered(
        parcel=report.parcel,
        purchase_order=purchase_order,
        now=now,
        actor=CUSTOMER,
        reason="the customer says that it arrived",
    )
    supplier_claims.withdraw_draft(report, actor=CUSTOMER, now=now)
