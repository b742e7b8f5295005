"""Out of stock: find the missing lines of a rejected order, resubmit the others.

The supplier rejected the whole call, so it has none of the lines. The next call contains the
available lines; only the missing ones are sourced elsewhere.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from orders.backorders import rejected_lines
from orders.models import PurchaseLine, PurchaseOrder
from orders.purchasing import acknowledgements, locks, retries
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.capabilities import Connector, PagedStockAndPrice
from suppliers.connectors.records import (
    DiscontinuedError,
    ItemUnavailableError,
    OutOfStockError,
    RejectedLine,
    RejectionReason,
    StockReport,
)

Submission = PurchaseOrder.Submission
DUPLICATE_PROBLEM = (
    "The supplier has an order with this number, possibly with the rejected items. "
    "Ask the supplier what it will ship."
)


def split_refused_order(
    *,
    purchase_order: PurchaseOrder,
    error: ItemUnavailableError,
    connector: Connector,
    now: datetime,
) -> None:
    """Cancel the missing lines, resubmit the others; if the missing ones are unknown, reject all.

    The supplier's stock is queried per line, because a part may be available. Lines that the error
    names count as missing in any case.

    Locks:  none during the query; then as ``acknowledgements.apply``
    Raises: ConcurrentUpdateError  it was submitted again
    """
    is_out = isinstance(error, OutOfStockError)
    # ``suppliers.scorecards.statistics`` recognizes these prefixes.
    reason = f"{'Out of stock' if is_out else 'No longer sold'}: {error}"
    code = RejectionReason.OUT_OF_STOCK if is_out else RejectionReason.DISCONTINUED
    active = purchase_order.lines.filter(is_active=True).select_related("offer").order_by("pk")
    lines = list(active)
    rejected = _find_refused_lines(lines, error, code, purchase_order.location.code, connector)
    is_all = len(rejected) == len(lines) and not any(
        rejected_line.ships for rejected_line in rejected
    )
    if rejected and not is_all:
        _cancel_and_resubmit(purchase_order, rejected, reason=reason, now=now)
        return
    acknowledgements.reject(
        purchase_order=purchase_order, reason=reason, code=code, is_of_all=is_all, now=now
    )


def _find_refused_lines(
    lines: Sequence[PurchaseLine],
    error: ItemUnavailableError,
    code: RejectionReason,
    location: str,
    connector: Connector,
) -> list[RejectedLine]:
    """Return the refused lines with the quantity the supplier still ships."""
    rejected = []
    for line in lines:
        is_named = line.offer.supplier_sku in error.skus
        if error.skus and not is_named:
            continue
        stock = _query_stock(line, location, connector)
        is_short = stock is not None and stock < line.quantity
        if is_named or is_short:
            ships = stock if is_short and stock is not None else 0
            rejected.append(RejectedLine(reference=str(line.order_line_id), code=code, ships=ships))
    return rejected


def _query_stock(line: PurchaseLine, location: str, connector: Connector) -> int | None:
    """Return the supplier's stock of this line at ``location``; None if unknown."""
    if not isinstance(connector, PagedStockAndPrice):
        return None
    try:
        reports = connector.stock(external_id=line.offer.product_external_id)
    except DiscontinuedError:
        return 0
    except ExternalServiceError:
        return None
    quantities = [
        report.quantity
        for report in reports
        if isinstance(report, StockReport)
        and report.sku == line.offer.supplier_sku
        and report.location == location
    ]
    return max(0, sum(quantities)) if quantities else None


@transaction.atomic(durable=True)
def _cancel_and_resubmit(
    purchase_order: PurchaseOrder, rejected: Sequence[RejectedLine], *, reason: str, now: datetime
) -> None:
    attempt = purchase_order.attempts
    locks.lock(purchase_order)
    if (
        purchase_order.attempts != attempt
        or purchase_order.submission_status != Submission.SUBMITTING
    ):
        raise ConcurrentUpdateError(f"{purchase_order}: attempt {attempt} is over")
    matched = rejected_lines.match(purchase_order, rejected)
    retries.end_attempt(purchase_order, Submission.SUBMIT_FAILED, reason, now=now, retry_at=now)
    rejected_lines.cancel_or_reroute(purchase_order, matched, reason=reason, now=now)


def flag_duplicate(purchase_order: PurchaseOrder) -> None:
    """Flag for staff that the supplier has our earlier order, and may ship refused lines."""
    if purchase_order.lines.filter(is_active=False).exists():
        PurchaseOrder.objects.filter(pk=purchase_order.pk).update(problem=DUPLICATE_PROBLEM)
        purchase_order.problem = DUPLICATE_PROBLEM
