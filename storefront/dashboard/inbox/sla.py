"""Inbox SLA: state the response time of each rule, by the cost of waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
USUALLY = DAY
# Hours where each hour loses an order or money, days where no other party waits.
WITHIN: Mapping[str, timedelta] = {
    "purchase_unknown": HOUR,
    "purchase_not_sent": HOUR,
    "purchase_missed": HOUR,
    "purchase_charge": 4 * HOUR,
    "prices_waiting": HOUR,
    "supply_unpublished": HOUR,
    "invariant_broken": 4 * HOUR,
    "check_missed": 4 * HOUR,
    "request_unfinished": 2 * HOUR,
    "sign_ins_blocked": 4 * HOUR,
    "order_undivided": HOUR,
    "order_unpaid": HOUR,
    "stock_risk": HOUR,
    "payment_expires": HOUR,
    "payment_unanswered": 2 * HOUR,
    "call_failed": 2 * HOUR,
    "purchase_held": 4 * HOUR,
    "purchase_blocked": 2 * HOUR,
    "purchase_silent": 4 * HOUR,
    "purchase_cancel_silent": 4 * HOUR,
    "purchase_to_stop": 2 * HOUR,  # until it is packed
    "order_held": 4 * HOUR,
    "setback_open": 4 * HOUR,
    "address_wished": 4 * HOUR,
    "setback_unanswered": 4 * HOUR,
    "line_unroutable": 4 * HOUR,
    "run_failed": 4 * HOUR,
    "run_quarantined": 4 * HOUR,
    "stale_supplier": 4 * HOUR,
    "payment_disputed": 2 * DAY,
    "money_differs": 2 * DAY,
    "money_day_late": 2 * DAY,
    "claim_by_hand": 2 * DAY,
    "claim_silent": 17 * DAY,  # enters the inbox after two weeks
    "return_asked": 2 * DAY,
    "return_came": 2 * DAY,
    "return_to_pay": 2 * DAY,
    "return_not_replaced": 2 * DAY,
    "return_refund_due": 14 * DAY,  # the legal limit, from the withdrawal on
    "return_on_its_way": 24 * DAY,  # enters the inbox after three weeks
    "return_to_send_on": 5 * DAY,
    "rma_to_do": 3 * DAY,
    "rma_silent": 17 * DAY,  # enters the inbox after two weeks
    "sale_unseen": 16 * DAY,  # enters the inbox after two weeks
    "parcel_label_only": 5 * DAY,  # enters the inbox after four days
    "parcel_not_taken": 4 * DAY,  # enters the inbox after three days
    "parcel_silent": 12 * DAY,  # enters the inbox after ten days
    "return_overdue": 33 * DAY,  # enters the inbox after a month
    "purchase_rest_due": 4 * DAY,
    "evidence_waits": 3 * DAY,
    "evidence_ends": 14 * DAY,
    "offers_withheld": 7 * DAY,
    "responsible_person_missing": 7 * DAY,
    "makers_unknown": 14 * DAY,
    "feed_issues": 7 * DAY,
    "pictures": 7 * DAY,
    "address_to_erase": 14 * DAY,
}


def within(cause: str) -> timedelta:
    return WITHIN.get(cause, USUALLY)
