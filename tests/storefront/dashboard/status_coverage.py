"""Status coverage: how a row that stays in a non-final status too long is found.

A status is covered by codes of inbox rules or invariants, or it is exempt for a stated reason. A
new status without an entry fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping

type Axis = tuple[str, str]

LINE = "It is a setting of people, and stands until they change it."
OVER = "It is over; the way on is for news that corrects it."

COVERED: Mapping[Axis, Mapping[str, str]] = {
    ("notifications.Delivery", "status"): {
        "pending": "I7.sent",
        "retrying": "I7.sent",
        "replayed": "I7.sent",
        "delivering": "message_dead I7.sent",
        "dead": "message_dead",
    },
    ("catalog.PriceBook", "status"): {"draft": LINE, "live": LINE},
    ("catalog.PriceHold", "status"): {"open": "price_held"},
    ("catalog.RateNews", "status"): {"waiting": "rate_waits"},
    ("suppliers.Supplier", "status"): {
        "candidate": LINE,
        "vetting": "Its evidence waits by itself (evidence_waits); when to go on is for people.",
        "active": "stale_supplier stale_costs",
        "paused": LINE,
    },
    ("suppliers.Evidence", "status"): {"submitted": "evidence_waits", "verified": "evidence_ends"},
    ("suppliers.FeedRun", "status"): {
        "fetched": "I7.runs_end",
        "parsed": "I7.runs_end",
        "staged": "I7.runs_end",
        "applied": "It is done; it can be rolled back.",
        "quarantined": "run_quarantined",
    },
    ("orders.Order", "status"): {
        "pending_payment": "order_unpaid I7.orders_move",
        "placed": "order_undivided I7.orders_move",
        "on_hold": "order_held",
        "processing": "order_late",
    },
    ("orders.PurchaseOrder", "status"): {
        "draft": "purchase_missed",
        "ready": "purchase_missed purchase_not_sent purchase_blocked purchase_silent",
        "on_hold": "purchase_held",
        "in_progress": "purchase_not_shipped",
        "partially_shipped": "purchase_rest_due",
        "shipped": "parcel_silent parcel_not_taken parcel_trouble order_late",
    },
    ("orders.PurchaseOrder", "request_status"): {
        "unsubmitted": "purchase_missed purchase_held",
        "submitting": "I4.not_lost",
        "submit_failed": "purchase_not_sent purchase_held",
        "submit_unknown": "purchase_unknown I4.not_lost",
        "submitted": "purchase_blocked purchase_silent",
        "accepted": "purchase_not_shipped",
        "partially_accepted": "purchase_not_shipped setback_open",
        # No supplier answer means this status today: a later shipment is accepted with its date.
        "backordered": "purchase_silent",
        "cancellation_requested": "purchase_cancel_silent purchase_to_stop",
        "cancellation_rejected": "purchase_silent purchase_not_shipped purchase_kept",
    },
    ("orders.AddressWish", "status"): {"requested": "address_wished"},
    ("orders.SupplierClaim", "status"): {
        "draft": "claim_by_hand claim_not_told",
        "submitting": "I9.not_lost",
        "submit_failed": "claim_not_told",
        "submit_unknown": "claim_unknown I9.not_lost",
        "on_hold": "claim_refused",
        "requested": "claim_odd claim_silent",
    },
    ("orders.ReturnAuthorization", "status"): {
        "requested": "return_asked",
        "needs_evidence": "return_overdue",
        "approved": "return_nowhere_to return_to_pay return_overdue",
        "label_issued": "return_overdue",
        "in_transit": "return_on_its_way return_refund_due",
        "lost_in_transit": "return_lost",
        "received": "return_came",
        "inspected": "return_to_pay",
        "expired": OVER,
        "exchanged": "return_not_replaced",
    },
    ("orders.SupplierRMA", "status"): {
        "draft": "rma_to_do",
        "authorized": "rma_to_do",
        "requested": "rma_silent",
        "shipped": "rma_silent",
        "received": "rma_silent",
        "disputed": "rma_disputed",
    },
    ("orders.Payment", "status"): {
        "created": "order_unpaid",
        "requires_action": "order_unpaid",
        "authorized": "payment_expires",
        "captured": "payment_for_nothing payment_unanswered",
        "refunded": OVER,
        "expired": OVER,
    },
    ("orders.Payment", "dispute_status"): {
        "none": "No dispute is open.",
        "charged_back": "payment_disputed",
        "won": OVER,
        "lost": OVER,
    },
    ("orders.MoneyDay", "status"): {
        "open": "money_day_late",
        "running": "money_day_late",
        "reconciled": OVER,
        "given_up": OVER,
    },
    ("orders.MoneyDifference", "status"): {"open": "money_differs", "gone": OVER, "settled": OVER},
    ("orders.Reservation", "status"): {"active": "I7.given_back"},
    ("orders.Allocation", "status"): {
        "unseen": "sale_unseen",
        "seen": "The supplier's stock reflects it; rules of purchase orders find a missing parcel.",
        "shipped": "The items have shipped.",
    },
    ("orders.RoutingRules", "status"): {"draft": LINE, "live": LINE},
    ("orders.Setback", "status"): {"open": "setback_open", "asked": "setback_unanswered"},
    ("shipping.Parcel", "status"): {
        "announced": "parcel_label_only parcel_trouble",
        "handed_over": "parcel_silent parcel_not_taken parcel_trouble",
    },
    ("hooks.InboundCall", "status"): {"received": "call_failed", "failed": "call_failed"},
}
