"""What a supplier has, or shipped, although we canceled it (``orders.cancellation.canceled_but_shipped``), as SQL."""

from __future__ import annotations

SHIPPED = (
    "EXISTS (SELECT 1 FROM orders_purchasemessage m"
    " WHERE m.purchase_order_id = po.id AND m.kind = 'shipped_canceled')"
)
# Who refused it once more after it left has stopped it; who ships what he refused has not.
_SHIPPED_SINCE = (
    "EXISTS (SELECT 1 FROM orders_purchasemessage m"
    " WHERE m.purchase_order_id = po.id AND m.kind = 'shipped_canceled'"
    " AND m.at > po.request_status_since)"
)
_STRAY = (
    "po.status = 'canceled' AND (po.request_status IN ('submitted', 'accepted',"
    " 'partially_accepted', 'backordered', 'cancellation_rejected')"
    f" OR po.request_status = 'cancellation_accepted' AND {SHIPPED}"
    f" OR po.request_status = 'rejected' AND {_SHIPPED_SINCE})"
)
# The newest decision counts: not if it left since, nor if nothing came of the claim.
_DECIDED = f"""
    EXISTS (SELECT 1 FROM orders_straydecision d
            WHERE d.id = (SELECT max(n.id) FROM orders_straydecision n
                          WHERE n.purchase_order_id = po.id)
              AND (d.was_shipped OR NOT {SHIPPED})
              AND (d.outcome <> 'claimed' OR EXISTS
                   (SELECT 1 FROM orders_supplierclaim c WHERE c.purchase_order_id = po.id
                    AND c.status NOT IN ('denied', 'canceled'))))
"""  # noqa: S608 - all parts are written in this file
UNDECIDED = f"{_STRAY} AND NOT {_DECIDED}"
