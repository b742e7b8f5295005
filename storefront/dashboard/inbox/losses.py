"""Losses: name what is lost if an inbox item is left alone, and which items people wait for."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Loss(models.TextChoices):
    """What an item costs. An amount that is no money at risk says how much is affected."""

    REFUND = "refund", _("Order value to refund")
    OWED = "owed", _("Refund owed to the customer")
    PAYMENT = "payment", _("Payment not collected")
    DISPUTE = "dispute", _("Disputed payment")
    CREDIT = "credit", _("Supplier credit")
    CHARGE = "charge", _("Extra charge")
    BILL = "bill", _("Overdue supplier bill")
    DIFFERENCE = "difference", _("Unexplained difference")
    MARGIN = "margin", _("Margin per unit")
    PROMISE = "promise", _("Delivery promise: order value")
    RESERVED = "reserved", _("Unpaid order that blocks stock")
    SALES = "sales", _("Missed sales")
    ANSWER = "answer", _("Trust of the customer")
    COMPLIANCE = "compliance", _("Legal compliance")
    CONTROL = "control", _("Control: other problems stay hidden")
    NOTHING = "nothing", _("Nothing yet")

    @property
    def is_money(self) -> bool:
        """Whether the amount is money at risk: only this is summed over several rules."""
        return self in _MONEY


_MONEY = frozenset(
    {
        Loss.REFUND,
        Loss.OWED,
        Loss.PAYMENT,
        Loss.DISPUTE,
        Loss.CREDIT,
        Loss.CHARGE,
        Loss.DIFFERENCE,
    }
)
_BY_LOSS: Mapping[Loss, tuple[str, ...]] = {
    Loss.REFUND: (
        "purchase_order_on_hold",
        "submission_unconfirmed",
        "submission_failed",
        "submission_late",
        "purchase_order_blocked_by_supplier",
        "cancellation_unanswered",
        "cancellation_to_request",
        "canceled_but_active",
        "canceled_but_shipped",
        "address_change_requested",
        "backorder_open",
        "backorder_unanswered",
        "problem_report_open",
        "problem_report_overdue",
        "return_lost",
        "refunded_return_missing",
        "order_on_hold",
        "order_not_submitted",
        "parcel_exception",
        "parcel_unresolved",
        "parcel_found",
        "parcel_not_collected",
        "parcel_going_back",
        "store_order_problem",
        "store_order_unprocessed",
        "stock_oversold",
        "line_unroutable",
    ),
    Loss.OWED: (
        "return_requested",
        "return_overdue",
        "return_without_address",
        "return_label_failed",
        "return_label_late",
        "return_to_inspect",
        "return_to_refund",
        "withdrawal_refund_due",
        "return_in_transit_long",
        "exchange_not_possible",
        "delivery_refund_due",
        "canceled_order_charged",
        "refund_returned",
        "refund_to_approve",
        "store_not_connected",
    ),
    Loss.PAYMENT: (
        "authorization_expires",
        "payment_request_refused",
        "payment_request_unanswered",
    ),
    Loss.DISPUTE: ("payment_disputed",),
    Loss.CREDIT: (
        "claim_to_submit",
        "claim_submission_unconfirmed",
        "claim_not_submitted",
        "claim_rejected",
        "claim_answer_unclear",
        "claim_undecided",
        "return_to_supplier",
        "return_to_supplier_late",
        "return_to_claim",
        "supplier_return_pending",
        "supplier_return_unanswered",
        "supplier_return_disputed",
        "supplier_bill_overpaid",
    ),
    Loss.CHARGE: ("extra_charge",),
    Loss.BILL: ("supplier_bill_overdue",),
    Loss.DIFFERENCE: ("reconciliation_difference",),
    Loss.MARGIN: ("price_below_minimum", "cost_increased"),
    Loss.PROMISE: (
        "acknowledgement_late",
        "shipment_late",
        "partial_shipment_late",
        "order_late",
        "tracking_number_rejected",
        "parcel_check_digit",
        "parcel_other_carrier",
        "parcel_not_scanned",
        "parcel_without_updates",
        "parcel_late",
        "parcel_in_customs",
        "parcel_tracking_ended",
    ),
    Loss.RESERVED: ("order_payment_overdue",),
    Loss.SALES: (
        "orders_silent",
        "price_blocked",
        "exchange_rate_pending",
        "exchange_rate_unknown",
        "exchange_rate_expired",
        "stock_stale",
        "costs_stale",
        "listing_unroutable",
        "sold_out_in_demand",
        "sync_quarantined",
        "sync_failed",
        "feed_issues",
        "store_access_refused",
        "store_failing",
        "store_listings_refused",
        "store_products_not_ready",
        "supply_unpublished",
        "repricing_delayed",
        "products_in_review",
        "offers_withheld",
        "images_not_downloaded",
        "sale_not_in_feed",
        "stock_deduction_differs",
    ),
    Loss.ANSWER: (
        "order_message_waiting",
        "message_undeliverable",
        "customer_unreachable",
        "store_parcel_unreported",
    ),
    Loss.COMPLIANCE: (
        "address_to_erase",
        "document_to_review",
        "document_expires",
        "responsible_person_missing",
        "manufacturer_address_missing",
    ),
    Loss.CONTROL: (
        "reconciliation_late",
        "tracking_provider_failing",
        "settling_rule_stopped",
        "invariant_violated",
        "invariant_check_missed",
        "sign_ins_blocked",
        "chat_channel_failing",
        "address_unreachable",
        "webhook_failed",
    ),
    Loss.NOTHING: (
        "competitor_source_failing",
        "competitor_list_implausible",
        "change_requests_open",
        "api_request_unfinished",
        "webhook_subscription_disabled",
    ),
}
LOSSES: Mapping[str, Loss] = {code: loss for loss, codes in _BY_LOSS.items() for code in codes}

# A customer waits for our answer, our decision or their money.
PEOPLE_WAIT = frozenset(
    {
        "order_message_waiting",
        "refund_to_approve",
        "return_requested",
        "return_without_address",
        "return_label_failed",
        "return_to_refund",
        "withdrawal_refund_due",
        "exchange_not_possible",
        "delivery_refund_due",
        "refund_returned",
        "canceled_order_charged",
        "problem_report_open",
        "address_change_requested",
        "backorder_open",
        "backorder_unanswered",
        "parcel_unresolved",
        "order_on_hold",
        "customer_unreachable",
    }
)
