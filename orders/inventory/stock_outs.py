"""Stock-outs: set the stock of lines rejected as out of stock to what is still shipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db import transaction

from orders.models import Allocation, PurchaseLine, PurchaseOrder
from storefront.lib.db.transactions import needs_transaction
from suppliers.connectors.records import Refusal
from suppliers.sync import webhooks

NONE_LEFT = frozenset({Refusal.OUT_OF_STOCK, Refusal.DISCONTINUED})


def heed(purchase_order: PurchaseOrder, line_ids: Collection[int], *, now: datetime) -> None:
    """Set the supplier's reported stock of the refused lines to the quantity it still ships for us.

    Locks:  as ``webhooks.none_left``
    """
    lines = purchase_order.lines.filter(order_line__in=line_ids)
    levels = list(lines.values_list("level", flat=True))
    if not levels:
        return
    kept = Counter(dict.fromkeys(levels, 0))
    for level_id, units in Allocation.objects.filter(
        status=Allocation.Status.UNSEEN,
        level__in=levels,
        line__purchase_lines__in=purchase_order.lines.filter(is_live=True),
    ).values_list("level", "quantity"):
        kept[level_id] += units
    webhooks.none_left(
        supplier=purchase_order.supplier,
        kept=kept,
        cause=f"{webhooks.REFUSED}{purchase_order.number}",
        now=now,
    )


@needs_transaction
def heed_soon(
    purchase_order: PurchaseOrder, refused: Collection[PurchaseLine], *, now: datetime
) -> None:
    """Zero the stock of lines refused as out of stock or discontinued, after the commit.

    The stock location is locked before stock rows, which the caller holds already. If the process
    dies in between, the last figure stays until the next feed.
    """
    meant = [line.order_line_id for line in refused if line.acknowledgment in NONE_LEFT]
    if meant:
        transaction.on_commit(partial(heed, purchase_order, meant, now=now), robust=True)
