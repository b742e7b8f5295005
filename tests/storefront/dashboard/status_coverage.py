"""Status coverage: which rules and invariants find rows that stay in a non-final status too long.

A status is covered by codes of inbox rules or invariants, or it is exempt for a stated reason. A
new status without an entry fails a test.
"""

from collections.abc import Mapping

type StatusField = tuple[str, str]

SETTING = "Staff set it, and it stays until they change it."
SWEPT = "A sweep continues it each minute if its worker died."
FINISHED = "It is finished; only a correction changes it again."

COVERED: Mapping[StatusField, Mapping[str, str]] = {
    ("notifications.Message", "status"): {
        "pending": "messaging.messages_sent",
        "retrying": "messaging.messages_sent",
        "requeued": "messaging.messages_sent",
        "sending": "message_undeliverable messaging.messages_sent",
        "failed": "message_undeliverable",
        "sent": FINISHED,
    },
    ("catalog.PriceBook", "status"): {"draft": SETTING, "live": SETTING},
    ("catalog.BulkEdit", "status"): {
        "draft": SETTING,
        "preparing": SWEPT,
        "ready": SETTING,
        "applying": SWEPT,
        "applied": "It is done; it can be undone.",
        "undoing": SWEPT,
        "failed": "Its page says why; staff try again.",
    },
    ("catalog.PriceHold", "status"): {
        "open": "price_blocked",
        "rejected": "The present price stays; the rejection can be undone.",
    },
    ("catalog.ExchangeRateUpdate", "status"): {"waiting": "exchange_rate_pending"},
    ("sales_channels.RemoteOrderRecord", "status"): {
        "received": "store_order_unprocessed",
        "waiting": "store_order_problem",
        "refusing": "store_order_unprocessed",
        "canceled": FINISHED,
        "ignored": SETTING,
    },
    ("suppliers.Supplier", "status"): {
        "candidate": SETTING,
        "vetting": "Documents are in the inbox (document_to_review); staff decide when to proceed.",
        "active": "stock_stale costs_stale",
        "paused": SETTING,
    },
    ("suppliers.ComplianceDocument", "status"): {
        "submitted": "document_to_review",
        "verified": "document_expires",
    },
    ("suppliers.CatalogImport", "status"): {
        "uploaded": SETTING,
        "preparing": SWEPT,
        "ready": SETTING,
        "nothing": "It is done; its page says why, and staff may choose other columns.",
        "applying": SWEPT,
        "quarantined": "sync_quarantined",
        "failed": "Its page says why; staff check the file again.",
    },
    ("suppliers.SyncRun", "status"): {
        "fetching": "messaging.sync_runs_end",
        "parsed": "messaging.sync_runs_end",
        "staged": "messaging.sync_runs_end",
        "applied": "It is done; it can be rolled back.",
        "quarantined": "sync_quarantined",
    },
    ("orders.Order", "status"): {
        "pending_payment": "order_payment_overdue messaging.orders_progress",
        "placed": "order_not_submitted messaging.orders_progress",
        "on_hold": "order_on_hold",
        "processing": "order_late",
    },
    ("orders.PurchaseOrder", "status"): {
        "draft": "submission_late",
        "ready": "submission_late submission_failed purchase_order_blocked_by_supplier acknowledgement_late",
        "on_hold": "purchase_order_on_hold",
        "in_progress": "shipment_late",
        "partially_shipped": "partial_shipment_late",
        "shipped": "parcel_without_updates parcel_late parcel_not_collected parcel_exception order_late",
    },
    ("orders.PurchaseOrder", "submission_status"): {
        "unsubmitted": "submission_late purchase_order_on_hold",
        "submitting": "purchase_orders.submission_answered",
        "submit_failed": "submission_failed purchase_order_on_hold",
        "submit_unknown": "submission_unconfirmed purchase_orders.submission_answered",
        "submitted": "purchase_order_blocked_by_supplier acknowledgement_late",
        "accepted": "shipment_late",
        "partially_accepted": "shipment_late backorder_open",
        # No supplier answer leads to this status today: a later ship date is accepted.
        "backordered": "acknowledgement_late",
        "cancellation_requested": "cancellation_unanswered cancellation_to_request",
        "cancellation_rejected": "acknowledgement_late shipment_late canceled_but_active",
    },
    ("orders.AddressChangeRequest", "status"): {"requested": "address_change_requested"},
    ("orders.RefundRequest", "status"): {"waiting": "refund_to_approve"},
    ("orders.SupplierClaim", "status"): {
        "draft": "claim_to_submit claim_not_submitted",
        "submitting": "claims.submission_answered",
        "submit_failed": "claim_not_submitted",
        "submit_unknown": "claim_submission_unconfirmed claims.submission_answered",
        "on_hold": "claim_rejected",
        "requested": "claim_answer_unclear claim_undecided",
    },
    ("orders.ReturnAuthorization", "status"): {
        "requested": "return_requested",
        "needs_evidence": "return_overdue",
        "approved": "return_without_address return_to_refund return_overdue return_label_failed",
        "label_issued": "return_overdue",
        "in_transit": "return_in_transit_long withdrawal_refund_due",
        "lost_in_transit": "return_lost",
        "received": "return_to_inspect",
        "inspected": "return_to_refund",
        "expired": FINISHED,
        "exchanged": "exchange_not_possible",
    },
    ("orders.ReturnLabel", "status"): {
        "requested": "return_label_late",
        "bought": FINISHED,
        "failed": "return_label_failed",
        "void_requested": "return_label_late",
    },
    ("orders.SupplierReturn", "status"): {
        "draft": "supplier_return_pending",
        "authorized": "supplier_return_pending",
        "requested": "supplier_return_unanswered",
        "shipped": "supplier_return_unanswered",
        "received": "supplier_return_unanswered",
        "disputed": "supplier_return_disputed",
    },
    ("orders.Payment", "status"): {
        "created": "order_payment_overdue",
        "requires_action": "order_payment_overdue",
        "authorized": "authorization_expires",
        "captured": "canceled_order_charged payment_request_unanswered",
        "refunded": FINISHED,
        "expired": FINISHED,
    },
    ("orders.Payment", "dispute_status"): {
        "none": "No dispute is open.",
        "charged_back": "payment_disputed",
        "won": FINISHED,
        "lost": FINISHED,
    },
    ("orders.ReconciliationRun", "status"): {
        "open": "reconciliation_late",
        "running": "reconciliation_late",
        "reconciled": FINISHED,
        "closed": FINISHED,
    },
    ("orders.Discrepancy", "status"): {
        "open": "reconciliation_difference",
        "gone": FINISHED,
        "settled": FINISHED,
    },
    ("orders.Reservation", "status"): {"active": "messaging.reservations_expire"},
    ("orders.Allocation", "status"): {
        "unseen": "sale_not_in_feed",
        "seen": "The supplier's stock reflects it; rules of purchase orders find a missing parcel.",
        "shipped": "The items have shipped.",
    },
    ("orders.RoutingRules", "status"): {"draft": SETTING, "live": SETTING},
    ("orders.Backorder", "status"): {"open": "backorder_open", "asked": "backorder_unanswered"},
    ("shipping.Parcel", "status"): {
        "label_created": "parcel_not_scanned parcel_late parcel_exception",
        "shipped": "parcel_without_updates parcel_in_customs parcel_late parcel_not_collected"
        " parcel_going_back parcel_tracking_ended parcel_exception",
        "delivered": FINISHED,
        "lost": "parcel_unresolved",
        "returned": "parcel_unresolved",
        "voided": FINISHED,
    },
    ("shipping.Parcel", "resolution"): {
        "open": "parcel_unresolved",
        "refunded": "parcel_found",
        "replaced": "parcel_found",
    },
    ("shipping.ProblemReport", "status"): {
        "open": "problem_report_open",
        "needs_information": "problem_report_overdue",
    },
    ("events.WebhookSubscription", "status"): {
        "active": SETTING,
        "paused": SETTING,
        "disabled": "webhook_subscription_disabled",
    },
    ("sales_channels.Connection", "status"): {
        "active": "store_failing store_listings_refused store_products_not_ready",
        "paused": "store_access_refused",
        "disconnected": SETTING,
    },
    ("hooks.InboundWebhook", "status"): {
        "received": "webhook_failed",
        "failed": "webhook_failed",
        "applied": "Done. Staff can replay it.",
        "ignored": "Done. Staff can replay it.",
    },
}
