"""Stock-outs: set the stock of lines rejected as out of stock to what still ships for us."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db import transaction

from orders.models import Allocation, PurchaseLine, PurchaseOrder
from storefront.lib.db.transactions import requires_transaction
from suppliers.connectors.records import RejectionReason
from suppliers.sync import webhooks

OUT_OF_STOCK_CODES = frozenset({RejectionReason.OUT_OF_STOCK, RejectionReason.DISCONTINUED})


def zero_stock_after_refusal(
    purchase_order: PurchaseOrder, line_ids: Collection[int], *, now: datetime
) -> None:
    """Set the refused lines' reported stock to what the supplier still ships for us.

    Locks:  the supplier's locations, then the stock rows, in id order
    """
    lines = purchase_order.lines.filter(order_line__in=line_ids)
    levels = list(lines.values_list("level", flat=True))
    if not levels:
        return
    units_by_level = Counter(dict.fromkeys(levels, 0))
    for level_id, units in Allocation.objects.filter(
        status=Allocation.Status.UNSEEN,
        level__in=levels,
        line__purchase_lines__in=purchase_order.lines.filter(is_active=True),
    ).values_list("level", "quantity"):
        units_by_level[level_id] += units
    webhooks.zero_stock_after_refusal(
        supplier=purchase_order.supplier,
        kept=units_by_level,
        cause=f"{webhooks.REJECTION_CAUSE}{purchase_order.number}",
        now=now,
    )


@requires_transaction
def zero_stock_on_commit(
    purchase_order: PurchaseOrder, refused: Collection[PurchaseLine], *, now: datetime
) -> None:
    """Zero the stock of lines refused as out of stock or discontinued, after the commit.

    Not earlier: the stock location must be locked before stock rows, which the caller holds. If the
    process dies in between, the last figure stays until the next feed.
    """
    out_of_stock = [
        line.order_line_id for line in refused if line.acknowledgment in OUT_OF_STOCK_CODES
    ]
    if out_of_stock:
        transaction.on_commit(
            partial(zero_stock_after_refusal, purchase_order, out_of_stock, now=now), robust=True
        )
