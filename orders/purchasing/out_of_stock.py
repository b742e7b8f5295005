"""Out of stock: find which lines a supplier lacks that rejected a whole order, resubmit the rest.

The rejection is of the call, so nothing of it took effect. Available lines go out with the next
call; only the missing ones are sourced elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from orders.backorders import rejected_lines
from orders.models import PurchaseLine, PurchaseOrder
from orders.purchasing import acknowledgements, locks, submission_lookup
from storefront.lib.http.errors import OutsideError
from storefront.lib.state_machine import LostRaceError
from suppliers.connectors.capabilities import Connector, PagedStockAndPrice
from suppliers.connectors.records import (
    GoneError,
    OutOfStockError,
    Refusal,
    RefusedLine,
    StockRecord,
    WantingError,
)

Request = PurchaseOrder.Request
DOUBT = (
    "The supplier has an order with this number, possibly with the rejected items. "
    "Ask the supplier what it will ship."
)


def follow(
    *, purchase_order: PurchaseOrder, error: WantingError, connector: Connector, now: datetime
) -> None:
    """Cancel the lines the supplier lacks and resubmit the rest; if unknown, reject the whole.

    The supplier's stock is queried per line, because it may have a part. Lines that the error names
    count as missing in any case.

    Locks:  none during the query; then as ``acknowledgements.apply``
    Raises: LostRaceError  it was submitted again
    """
    is_out = isinstance(error, OutOfStockError)
    # ``suppliers.scorecards.statistics`` recognizes these prefixes.
    reason = f"{'Out of stock' if is_out else 'No longer sold'}: {error}"
    code = Refusal.OUT_OF_STOCK if is_out else Refusal.DISCONTINUED
    live = purchase_order.lines.filter(is_live=True).select_related("offer").order_by("pk")
    lines = list(live)
    words = _words(lines, error, code, purchase_order.location.code, connector)
    is_all = len(words) == len(lines) and not any(word.ships for word in words)
    if words and not is_all:
        _take_out(purchase_order, words, reason=reason, now=now)
        return
    acknowledgements.refuse(
        purchase_order=purchase_order, reason=reason, code=code, is_of_all=is_all, now=now
    )


def _words(
    lines: Sequence[PurchaseLine],
    error: WantingError,
    code: Refusal,
    location: str,
    connector: Connector,
) -> list[RefusedLine]:
    """Return the refused lines with the quantity the supplier still ships; skip unknown ones."""
    found = []
    for line in lines:
        is_named = line.offer.supplier_sku in error.skus
        if error.skus and not is_named:
            continue
        count = _count(line, location, connector)
        is_short = count is not None and count < line.quantity
        if is_named or is_short:
            ships = count if is_short and count is not None else 0
            found.append(RefusedLine(reference=str(line.order_line_id), code=code, ships=ships))
    return found


def _count(line: PurchaseLine, location: str, connector: Connector) -> int | None:
    """Return the supplier's stock of this line at ``location``; None if it cannot say."""
    if not isinstance(connector, PagedStockAndPrice):
        return None
    try:
        told = connector.stock(ref=line.offer.supplier_product)
    except GoneError:
        return 0
    except OutsideError:
        return None
    mine = [
        one.quantity
        for one in told
        if isinstance(one, StockRecord)
        and one.sku == line.offer.supplier_sku
        and one.location == location
    ]
    return max(0, sum(mine)) if mine else None


@transaction.atomic(durable=True)
def _take_out(
    purchase_order: PurchaseOrder, words: Sequence[RefusedLine], *, reason: str, now: datetime
) -> None:
    answered = purchase_order.attempts
    locks.lock(purchase_order)
    if purchase_order.attempts != answered or purchase_order.request_status != Request.SUBMITTING:
        raise LostRaceError(f"{purchase_order}: attempt {answered} is over")
    gone = rejected_lines.meant(purchase_order, words)
    purchase_order.move(
        Request.SUBMIT_FAILED,
        at=now,
        axis="request_status",
        as_seen=submission_lookup.ATTEMPT,
        reason=reason,
        problem=reason[:300],
        try_after=now,
    )
    rejected_lines.take_out(purchase_order, gone, reason=reason, now=now)


def doubt(purchase_order: PurchaseOrder) -> None:
    """Flag for staff that the supplier may ship lines it refused: it has our earlier order."""
    if purchase_order.lines.filter(is_live=False).exists():
        PurchaseOrder.objects.filter(pk=purchase_order.pk).update(problem=DOUBT)
        purchase_order.problem = DOUBT
