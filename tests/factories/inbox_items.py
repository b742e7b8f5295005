"""Inbox item factories: create one case for each inbox rule, in a full shop."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F

from catalog.models import (
    Brand,
    ChangeRequest,
    CompetitorPriceList,
    CompetitorSource,
    ExchangeRate,
    ExchangeRateUpdate,
    Image,
    Listing,
    PriceHold,
    PriceRule,
    Product,
    RepricingRequest,
)
from orders.models import (
    AddressChangeRequest,
    Allocation,
    Backorder,
    Order,
    OrderLine,
    Payment,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
    SupplierClaim,
    SupplierClaimLine,
    SupplierReturn,
    SupplierReturnLine,
)
from orders.order_messages import order_messages
from orders.purchasing import acknowledgements
from storefront.accounts.models import LoginAttempts
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import InvariantCheckRun, InvariantViolation
from storefront.lib.money import Money
from storefront.lib.state_machine import StatusChange
from storefront.webhooks.models import InboundWebhook
from suppliers.models import (
    ComplianceDocument,
    CostChange,
    PendingPublication,
    StockDecrement,
    StockLevel,
    Supplier,
    SupplierOffer,
    SyncIssue,
    SyncRun,
)
from tests.factories import order_gaps, payments, reconciliation
from tests.factories.full_shop import ask_supplier, stray
from tests.factories.inbox_message_items import MESSAGE_CASES
from tests.factories.parcels import PARCEL_ITEMS
from tests.factories.problem_reports import PROBLEM_REPORT_ITEMS
from tests.factories.remote_orders import STORE_ITEMS
from tests.factories.return_labels import add_label_row
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.tracking_items import TRACKING_ITEMS


def change_returns(**changes):
    unpaid = {"due_amount": None, "refund_amount": None, "delivery_amount": 0}
    known = {"address": "Lampenweg 1", **unpaid, **changes}
    return lambda: ReturnAuthorization.objects.update(**known)


def delete_supplier_returns():
    """Delete all returns to suppliers, as if none were requested."""
    SupplierReturnLine.objects.all().delete()
    SupplierReturn.objects.all().delete()


def fail_replacement():
    canceled = Order.objects.filter(status="canceled").first()
    change_returns(status="exchanged", replacement=canceled)()


def close_return_window():
    delete_supplier_returns()
    ReturnPolicy.objects.update(return_window_days=0)


def mark_refunded(**changes):
    paid = {"due_amount": 0, "refund_amount": 0, "delivery_amount": 0, "replacement": None}
    return change_returns(status="refunded", **paid, **changes)


def refund_before_receipt():
    StatusChange.objects.filter(to_status="lost_in_transit").delete()
    ReturnLine.objects.update(received_quantity=0)
    mark_refunded(destination="us", status_since=NOON - timedelta(days=22))()


def refund_without_return():
    SupplierClaimLine.objects.all().delete()
    SupplierClaim.objects.all().delete()
    mark_refunded(destination="nowhere", kind="defect", status_since=NOON)()


def leave_delivery_charge_due():
    """Return all goods with a refund of 1, so that the delivery charge is still due."""
    mark_refunded()()
    orders = Order.objects.filter(returns__isnull=False)
    whole = {"shipped_quantity": F("quantity"), "returning_quantity": F("quantity")}
    lines = OrderLine.objects.filter(order__in=orders)
    lines.update(canceled_quantity=0, returned_quantity=F("quantity"), **whole)
    ReturnLine.objects.update(deduction_amount=0)
    asked = PaymentEvent.objects.filter(payment__order__in=orders, kind="refund_requested")
    asked.update(amount=1)


def expire_rate():
    """Make a rate unsure; an unsure rate may unpublish all listings."""
    Listing.objects.update(is_published=False)
    ExchangeRate.objects.create(
        base=Supplier.objects.get().currency,
        quote="EUR",
        rate=1,
        source="test",
        as_of=AGO,
        validity="unsure",
    )


def supplier_return(status, **changes):
    return lambda: SupplierReturn.objects.update(status=status, **changes)


RETURN_ITEMS = {
    "return_requested": change_returns(status="requested"),
    "return_overdue": change_returns(
        status="needs_evidence", status_since=NOON - timedelta(days=32)
    ),
    "return_without_address": change_returns(status="approved", address=""),
    "return_label_failed": lambda: add_label_row("failed", at=AGO),
    "return_label_late": lambda: add_label_row("requested", at=AGO),
    "return_to_inspect": change_returns(status="received"),
    "return_to_refund": change_returns(status="inspected"),
    "withdrawal_refund_due": change_returns(
        status="in_transit", tracking_number="1", opened_at=NOON - timedelta(days=8)
    ),
    "return_in_transit_long": change_returns(
        status="in_transit", status_since=NOON - timedelta(days=22)
    ),
    "return_lost": change_returns(status="lost_in_transit"),
    "exchange_not_possible": fail_replacement,
    "return_to_supplier": delete_supplier_returns,
    "return_to_supplier_late": close_return_window,
    "refunded_return_missing": refund_before_receipt,
    "return_to_claim": refund_without_return,
    "delivery_refund_due": leave_delivery_charge_due,
    "supplier_return_pending": supplier_return("draft"),
    "supplier_return_unanswered": supplier_return(
        "shipped", status_since=NOON - timedelta(days=15)
    ),
    "supplier_return_disputed": supplier_return("disputed"),
}


# Payments and addresses


def refuse_capture():
    request = PaymentEvent.objects.filter(kind="capture_requested").first()
    PaymentEvent.objects.filter(answers=request).update(kind="refused", received_at=AGO)


def keep_payment_of_canceled_order():
    Order.objects.filter(status="completed").update(status="canceled", status_since=AGO)


def request_address_change():
    AddressChangeRequest.objects.create(
        purchase_order=PurchaseOrder.objects.filter(status="in_progress").first(),
        ship_to={},
        place=1,
        status_since=AGO,
        requested_by="ann",
    )


# All rules

AGO = NOON - timedelta(days=9)
CANCELLATION_REQUESTED = {
    "submission_status": "cancellation_requested",
    "submission_status_since": AGO,
}


def change_purchase_orders(**changes):
    return lambda: PurchaseOrder.objects.filter(status="in_progress").update(**changes)


def claim(**changes):
    return lambda: SupplierClaim.objects.filter(status="requested").update(**changes)


def backorder(**changes):
    return lambda: Backorder.objects.update(**changes)


def order(which, **changes):
    return lambda: Order.objects.filter(status=which).update(**changes)


def write_to_staff():
    order = Order.objects.order_by("pk").first()
    order_messages.write(order=order, text="Where is it?", request_key="1", now=AGO)


def run(status, kind="stock", **known):
    return lambda: SyncRun.objects.create(
        supplier=Supplier.objects.get(),
        kind=kind,
        status=status,
        status_since=AGO,
        started_at=AGO,
        lease_until=AGO,
        **known,
    )


ITEMS = {
    "purchase_order_on_hold": change_purchase_orders(
        status="on_hold", status_since=AGO, hold_reasons=[{"code": "x", "sentence": "Too dear."}]
    ),
    "submission_unconfirmed": change_purchase_orders(
        submission_status="submit_unknown", submission_status_since=AGO
    ),
    "submission_failed": change_purchase_orders(submission_status="submit_failed", failures=5),
    "submission_late": change_purchase_orders(
        status="ready", submission_status="unsubmitted", submit_at=AGO
    ),
    "purchase_order_blocked_by_supplier": change_purchase_orders(
        submission_status="submitted", problem="1010: check the address"
    ),
    "acknowledgement_late": change_purchase_orders(
        submission_status="submitted", submission_status_since=AGO
    ),
    "cancellation_unanswered": change_purchase_orders(**CANCELLATION_REQUESTED),
    "cancellation_to_request": change_purchase_orders(
        **CANCELLATION_REQUESTED, cancel_requested_at=AGO, cancellation_channel="staff"
    ),
    "canceled_but_active": change_purchase_orders(status="canceled"),
    "canceled_but_shipped": stray,
    "shipment_late": change_purchase_orders(accepted_at=AGO),
    "partial_shipment_late": change_purchase_orders(status="partially_shipped", status_since=AGO),
    "extra_charge": lambda: acknowledgements.record_charge_notice(
        purchase_order=PurchaseOrder.objects.filter(status="in_progress").first(),
        reason="too heavy",
        amount=Money(Decimal("3.20"), "USD"),
        now=NOON,
    ),
    "address_to_erase": ask_supplier,
    "address_change_requested": request_address_change,
    "backorder_open": backorder(status="open", status_since=AGO),
    "backorder_unanswered": backorder(status="asked", respond_by=AGO),
    "claim_to_submit": claim(status="draft", is_manual=True),
    "claim_submission_unconfirmed": claim(status="submit_unknown", status_since=AGO),
    "claim_not_submitted": claim(status="submit_failed", failures=5),
    "claim_rejected": claim(status="on_hold"),
    "claim_answer_unclear": claim(problem="The supplier refunds more than was claimed."),
    "claim_undecided": claim(status_since=NOON - timedelta(days=15)),
    **RETURN_ITEMS,
    **PROBLEM_REPORT_ITEMS,
    "authorization_expires": lambda: Payment.objects.filter(status="authorized").update(
        capture_before=NOON + timedelta(hours=2)
    ),
    "payment_request_refused": refuse_capture,
    "payment_request_unanswered": lambda: payments.lose_answers(since=AGO),
    "canceled_order_charged": keep_payment_of_canceled_order,
    "payment_disputed": payments.dispute,
    "refund_returned": payments.come_back,
    "reconciliation_difference": reconciliation.reopen,
    "reconciliation_late": reconciliation.be_late,
    "supplier_bill_overdue": reconciliation.be_unpaid,
    "supplier_bill_overpaid": reconciliation.be_overpaid,
    "order_on_hold": order("placed", status="on_hold", status_since=AGO),
    "order_not_submitted": order("placed", status_since=AGO),
    "order_payment_overdue": order("pending_payment", payment_due_at=AGO),
    "order_message_waiting": write_to_staff,
    "order_late": order("processing", arrives_to=AGO.date()),
    **TRACKING_ITEMS,
    **PARCEL_ITEMS,
    "sync_quarantined": run("quarantined"),
    "sync_failed": run("failed"),
    **STORE_ITEMS,
    "feed_issues": SyncIssue.objects.all,  # the full shop has two
    "stock_oversold": lambda: StockLevel.objects.update(reported_quantity=1),
    "cost_increased": lambda: CostChange.objects.create(
        offer=SupplierOffer.objects.filter(status="active").first(),
        old_amount=1,
        new_amount="1.20",
        at=NOON,
    ),
    "price_below_minimum": lambda: Listing.objects.update(floor_amount=999),
    "costs_stale": lambda: Supplier.objects.update(costs_confirmed_at=AGO),
    "line_unroutable": lambda: SupplierOffer.objects.update(status="discontinued"),
    "listing_unroutable": lambda: SupplierOffer.objects.update(status="on_hold"),
    "stock_stale": lambda: Supplier.objects.update(status_since=AGO),
    "sold_out_in_demand": lambda: Listing.objects.update(available=0),
    "stock_deduction_differs": lambda: StockDecrement.objects.create(
        supplier=make_supplier(), at="never", measured_at=NOON
    ),
    "sale_not_in_feed": lambda: Allocation.objects.filter(status="unseen").update(
        status_since=NOON - timedelta(days=15)
    ),
    "change_requests_open": lambda: ChangeRequest.objects.create(
        product=Product.objects.first(), changes={"title": {}}, opened_at=AGO, updated_at=AGO
    ),
    "products_in_review": lambda: Product.objects.update(status="in_review"),
    "document_to_review": lambda: ComplianceDocument.objects.update(
        status="submitted", status_since=AGO
    ),
    "document_expires": lambda: ComplianceDocument.objects.update(valid_until=NOON.date()),
    "offers_withheld": lambda: SupplierOffer.objects.update(missing_certificates="ce, un_38_3"),
    "responsible_person_missing": lambda: Brand.objects.update(manufacturer_country="CN"),
    "manufacturer_address_missing": lambda: Brand.objects.update(manufacturer_name=""),
    "exchange_rate_pending": lambda: ExchangeRateUpdate.objects.create(
        base="USD",
        quote="EUR",
        rate=2,
        old_rate=1,
        source="test",
        as_of=AGO,
        status="waiting",
        status_since=AGO,
        reported_by="test",
        reported_at=AGO,
    ),
    "exchange_rate_unknown": lambda: Supplier.objects.update(currency="JPY"),
    "exchange_rate_expired": expire_rate,
    "competitor_source_failing": lambda: CompetitorSource.objects.create(
        name="watch",
        url="https://watch.example/",
        due_at=NOON,
        problem="GET /: HTTP 500",
        failing_since=AGO,
    ),
    "invariant_violated": lambda: InvariantViolation.objects.create(
        code="stock.reserved_matches_reservations",
        sentence="All is well.",
        count=1,
        rows=[],
        since=AGO,
        seen_at=NOON,
    ),
    "invariant_check_missed": lambda: InvariantCheckRun.objects.create(at=AGO),
    "supply_unpublished": lambda: InvariantCheckRun.objects.create(
        at=NOON - timedelta(minutes=31),
        newest_unpublished_supply=PendingPublication.objects.create(
            variant=Listing.objects.first().variant
        ).pk,
    ),
    "repricing_delayed": lambda: RepricingRequest.objects.create(
        variant=Listing.objects.first().variant, requested_at=AGO
    ),
    "competitor_list_implausible": lambda: CompetitorPriceList.objects.create(
        name="watch.csv", content="x", received_at=AGO, received_by="watch", problem="doubtful"
    ),
    "sign_ins_blocked": lambda: LoginAttempts.objects.bulk_create(
        LoginAttempts(key=str(number), last_at=AGO, blocked_until=NOON) for number in range(10)
    ),
    "price_blocked": lambda: PriceHold.objects.create(
        listing=Listing.objects.first(),
        status_since=AGO,
        opened_at=AGO,
        reason="moved_too_far",
        sentence="From 10.00 to 20.00: 100 %.",
        breakdown={"figures": {"old": "10.00", "new": "20.00", "move": "100 %"}},
        old_amount=10,
        proposed_amount=20,
        cost_amount=5,
        rule=PriceRule.objects.first(),
    ),
    "images_not_downloaded": lambda: Image.objects.update(stem="", problem="HTTP 404", tries=8),
    "webhook_failed": InboundWebhook.objects.all,  # the full shop has one
    **MESSAGE_CASES,
    "orders_silent": order_gaps.fall_silent,
}


def items_of(code, *, now=NOON):
    """Load the inbox items of one rule."""
    (cause,) = (cause for cause in RULES if cause.code == code)
    return query.load_items(causes=(cause,), now=now)
