"""Inbox SLA: state the response time of each rule, by the cost of waiting."""

from collections.abc import Mapping
from datetime import timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DEFAULT_RESPONSE_TIME = DAY
# Hours if each hour can cost an order or money, days if no other party waits.
RESPONSE_TIMES: Mapping[str, timedelta] = {
    "orders_silent": HOUR,
    "submission_unconfirmed": HOUR,
    "submission_failed": HOUR,
    "submission_late": HOUR,
    "extra_charge": 4 * HOUR,
    "repricing_delayed": HOUR,
    "supply_unpublished": HOUR,
    "invariant_violated": 4 * HOUR,
    "invariant_check_missed": 4 * HOUR,
    "api_request_unfinished": 2 * HOUR,
    "sign_ins_blocked": 4 * HOUR,
    "order_not_submitted": HOUR,
    "order_payment_overdue": HOUR,
    "stock_oversold": HOUR,
    "authorization_expires": HOUR,
    "payment_request_unanswered": 2 * HOUR,
    "webhook_failed": 2 * HOUR,
    "webhook_subscription_disabled": 8 * HOUR,
    "purchase_order_on_hold": 4 * HOUR,
    "purchase_order_blocked_by_supplier": 2 * HOUR,
    "acknowledgement_late": 4 * HOUR,
    "cancellation_unanswered": 4 * HOUR,
    "cancellation_to_request": 2 * HOUR,  # before the parcel is packed
    "order_on_hold": 4 * HOUR,
    "refund_to_approve": 8 * HOUR,
    "store_order_problem": 4 * HOUR,
    "store_order_unprocessed": HOUR,
    "store_parcel_unreported": 4 * HOUR,
    "backorder_open": 4 * HOUR,
    "address_change_requested": 4 * HOUR,
    "backorder_unanswered": 4 * HOUR,
    "line_unroutable": 4 * HOUR,
    "sync_failed": 4 * HOUR,
    "sync_quarantined": 4 * HOUR,
    "stock_stale": 4 * HOUR,
    "store_access_refused": HOUR,
    "store_failing": 4 * HOUR,
    "store_products_not_ready": 7 * DAY,
    "address_unreachable": 4 * HOUR,
    "chat_channel_failing": 4 * HOUR,
    "payment_disputed": 2 * DAY,
    "reconciliation_difference": 2 * DAY,
    "reconciliation_late": 2 * DAY,
    "supplier_bill_overdue": DAY,
    "supplier_bill_overpaid": 7 * DAY,
    "claim_to_submit": 2 * DAY,
    "claim_undecided": 17 * DAY,  # enters the inbox after two weeks
    "return_requested": 2 * DAY,
    "problem_report_open": 2 * DAY,
    "problem_report_overdue": 33 * DAY,  # enters the inbox after a month
    "return_label_failed": 4 * HOUR,
    "return_label_late": 4 * HOUR,
    "return_to_inspect": 2 * DAY,
    "return_to_refund": 2 * DAY,
    "exchange_not_possible": 2 * DAY,
    "withdrawal_refund_due": 14 * DAY,  # the legal limit, from the withdrawal on
    "return_in_transit_long": 24 * DAY,  # enters the inbox after three weeks
    "return_to_supplier": 5 * DAY,
    "supplier_return_pending": 3 * DAY,
    "supplier_return_unanswered": 17 * DAY,  # enters the inbox after two weeks
    "sale_not_in_feed": 16 * DAY,  # enters the inbox after two weeks
    "tracking_provider_failing": 4 * HOUR,
    "parcel_check_digit": 2 * DAY,
    "parcel_other_carrier": 2 * DAY,
    "parcel_found": 3 * DAY,
    # The customer was told; from the day on which staff see it.
    "parcel_not_scanned": DAY,
    "parcel_without_updates": 2 * DAY,
    "parcel_late": 2 * DAY,
    "parcel_in_customs": 2 * DAY,
    "parcel_going_back": 2 * DAY,
    "parcel_tracking_ended": 2 * DAY,
    "return_overdue": 33 * DAY,  # enters the inbox after a month
    "partial_shipment_late": 4 * DAY,
    "document_to_review": 3 * DAY,
    "products_in_review": 3 * DAY,
    "change_requests_open": 3 * DAY,
    "document_expires": 14 * DAY,
    "offers_withheld": 7 * DAY,
    "responsible_person_missing": 7 * DAY,
    "manufacturer_address_missing": 14 * DAY,
    "feed_issues": 7 * DAY,
    "images_not_downloaded": 7 * DAY,
    "address_to_erase": 14 * DAY,
}


def response_time(cause: str) -> timedelta:
    return RESPONSE_TIMES.get(cause, DEFAULT_RESPONSE_TIME)
