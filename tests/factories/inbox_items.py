"""Inbox item factories: create one case for each inbox rule, in a full shop."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db.models import F

from catalog.models import (
    Brand,
    CompetitorFile,
    CompetitorSource,
    ExchangeRate,
    Image,
    Listing,
    PriceHold,
    PriceRule,
    RateNews,
    WaitingPrice,
)
from notifications.models import Delivery
from orders.models import (
    AddressWish,
    Allocation,
    Order,
    OrderLine,
    Payment,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
    Setback,
    SupplierClaim,
    SupplierClaimLine,
    SupplierRMA,
    SupplierRMALine,
)
from orders.purchasing import acknowledgements
from shipping.models import Parcel
from storefront.accounts.models import SignInTries
from storefront.api.models import IdempotencyRecord
from storefront.dashboard.models import BrokenInvariant, Checkup
from storefront.lib.money import Money
from storefront.lib.state_machine import StatusChange
from storefront.webhooks.models import InboundCall
from suppliers.models import (
    CostChange,
    Countdown,
    Evidence,
    FeedIssue,
    FeedRun,
    StockLevel,
    Supplier,
    SupplierOffer,
    UnpublishedSupply,
)
from tests.factories import payments, reconciliation
from tests.factories.full_shop import ask_supplier, stray
from tests.factories.suppliers import NOON, make_supplier


def returned(**changes):
    unpaid = {"due_amount": None, "refund_amount": None, "delivery_amount": 0}
    known = {"address": "Lampenweg 1", **unpaid, **changes}
    return lambda: ReturnAuthorization.objects.update(**known)


def unsent():
    """Forget that its supplier was asked."""
    SupplierRMALine.objects.all().delete()
    SupplierRMA.objects.all().delete()


def fail_to_replace():
    canceled = Order.objects.filter(status="canceled").first()
    returned(status="exchanged", replacement=canceled)()


def too_late():
    unsent()
    ReturnPolicy.objects.update(takes_back_days=0)


def pay(**changes):
    paid = {"due_amount": 0, "refund_amount": 0, "delivery_amount": 0, "replacement": None}
    return returned(status="refunded", **paid, **changes)


def pay_before_it_came():
    StatusChange.objects.filter(to_status="lost_in_transit").delete()
    ReturnLine.objects.update(received_quantity=0)
    pay(destination="us", status_since=NOON - timedelta(days=22))()


def let_customer_keep_it():
    SupplierClaimLine.objects.all().delete()
    SupplierClaim.objects.all().delete()
    pay(destination="nowhere", kind="defect", status_since=NOON)()


def keep_the_way():
    """Let all goods come back, and the charge for their way stay with us."""
    pay()()
    orders = Order.objects.filter(returns__isnull=False)
    whole = {"shipped_quantity": F("quantity"), "returning_quantity": F("quantity")}
    lines = OrderLine.objects.filter(order__in=orders)
    lines.update(canceled_quantity=0, returned_quantity=F("quantity"), **whole)
    ReturnLine.objects.update(deduction_amount=0)
    asked = PaymentEvent.objects.filter(payment__order__in=orders, kind="refund_requested")
    asked.update(amount=1)


def rma(status, **changes):
    return lambda: SupplierRMA.objects.update(status=status, **changes)


RETURN_ITEMS = {
    "return_asked": returned(status="requested"),
    "return_overdue": returned(status="needs_evidence", status_since=NOON - timedelta(days=32)),
    "return_nowhere_to": returned(status="approved", address=""),
    "return_came": returned(status="received"),
    "return_to_pay": returned(status="inspected"),
    "return_refund_due": returned(
        status="in_transit", tracking_number="1", opened_at=NOON - timedelta(days=8)
    ),
    "return_on_its_way": returned(status="in_transit", status_since=NOON - timedelta(days=22)),
    "return_lost": returned(status="lost_in_transit"),
    "return_not_replaced": fail_to_replace,
    "return_to_send_on": unsent,
    "return_send_on_late": too_late,
    "return_paid_not_here": pay_before_it_came,
    "return_to_claim": let_customer_keep_it,
    "return_delivery_due": keep_the_way,
    "rma_to_do": rma("draft"),
    "rma_silent": rma("shipped", status_since=NOON - timedelta(days=15)),
    "rma_disputed": rma("disputed"),
}


# Payments and addresses


def refuse_a_capture():
    request = PaymentEvent.objects.filter(kind="capture_requested").first()
    PaymentEvent.objects.filter(answers=request).update(kind="refused", received_at=AGO)


def keep_the_money():
    Order.objects.filter(status="completed").update(status="canceled", status_since=AGO)


def wish_address():
    AddressWish.objects.create(
        purchase_order=PurchaseOrder.objects.filter(status="in_progress").first(),
        ship_to={},
        place=1,
        status_since=AGO,
        asked_by="ann",
    )


# All rules

AGO = NOON - timedelta(days=9)
ASKED_TO_STOP = {"request_status": "cancellation_requested", "request_status_since": AGO}


def purchase(**changes):
    return lambda: PurchaseOrder.objects.filter(status="in_progress").update(**changes)


def claim(**changes):
    return lambda: SupplierClaim.objects.filter(status="requested").update(**changes)


def setback(**changes):
    return lambda: Setback.objects.update(**changes)


def order(which, **changes):
    return lambda: Order.objects.filter(status=which).update(**changes)


def run(status, kind="stock", **known):
    return lambda: FeedRun.objects.create(
        supplier=Supplier.objects.get(),
        kind=kind,
        status=status,
        status_since=AGO,
        started_at=AGO,
        lease_until=AGO,
        **known,
    )


def on_its_way(word, days):
    since = NOON - timedelta(days=days)
    return lambda: Parcel.objects.filter(status="handed_over").update(
        carrier_status=word, carrier_status_at=since
    )


ITEMS = {
    "purchase_held": purchase(
        status="on_hold", status_since=AGO, hold_reasons=[{"code": "x", "sentence": "Too dear."}]
    ),
    "purchase_unknown": purchase(request_status="submit_unknown", request_status_since=AGO),
    "purchase_not_sent": purchase(request_status="submit_failed", failures=5),
    "purchase_missed": purchase(status="ready", request_status="unsubmitted", goes_at=AGO),
    "purchase_refused_late": purchase(request_status="rejected"),
    "purchase_blocked": purchase(request_status="submitted", problem="1010: check the address"),
    "purchase_silent": purchase(request_status="submitted", request_status_since=AGO),
    "purchase_cancel_silent": purchase(**ASKED_TO_STOP),
    "purchase_to_stop": purchase(**ASKED_TO_STOP, cancel_wanted_at=AGO, stop_told_by="person"),
    "purchase_kept": purchase(status="canceled"),
    "purchase_stray": stray,
    "purchase_not_shipped": purchase(accepted_at=AGO),
    "purchase_rest_due": purchase(status="partially_shipped", status_since=AGO),
    "purchase_charge": lambda: acknowledgements.hear(
        purchase_order=PurchaseOrder.objects.filter(status="in_progress").first(),
        reason="too heavy",
        amount=Money(Decimal("3.20"), "USD"),
        now=NOON,
    ),
    "address_to_erase": ask_supplier,
    "address_wished": wish_address,
    "setback_open": setback(status="open", status_since=AGO),
    "setback_unanswered": setback(status="asked", answer_by=AGO),
    "claim_by_hand": claim(status="draft", is_by_hand=True),
    "claim_unknown": claim(status="submit_unknown", status_since=AGO),
    "claim_not_told": claim(status="submit_failed", failures=5),
    "claim_refused": claim(status="on_hold"),
    "claim_odd": claim(problem="The supplier refunds more than was claimed."),
    "claim_silent": claim(status_since=NOON - timedelta(days=15)),
    **RETURN_ITEMS,
    "payment_expires": lambda: Payment.objects.filter(status="authorized").update(
        capture_before=NOON + timedelta(hours=2)
    ),
    "payment_refused": refuse_a_capture,
    "payment_unanswered": lambda: (
        PaymentEvent.objects.filter(kind="captured").update(answers=None)
        and PaymentEvent.objects.filter(kind="capture_requested").update(received_at=AGO)
    ),
    "payment_for_nothing": keep_the_money,
    "payment_disputed": payments.dispute,
    "refund_came_back": payments.come_back,
    "money_differs": reconciliation.reopen,
    "money_day_late": reconciliation.be_late,
    "order_held": order("placed", status="on_hold", status_since=AGO),
    "order_undivided": order("placed", status_since=AGO),
    "order_unpaid": order("pending_payment", pay_before=AGO),
    "order_late": order("processing", arrives_to=AGO.date()),
    "parcel_trouble": lambda: Parcel.objects.filter(status="handed_over").update(
        carrier_status="lost"
    ),
    "parcel_silent": on_its_way("in_transit", days=11),
    "parcel_not_taken": on_its_way("available_for_pickup", days=4),
    "parcel_label_only": lambda: Parcel.objects.update(status="announced", announced_at=AGO),
    "run_quarantined": run("quarantined"),
    "run_failed": run("failed"),
    "feed_issues": FeedIssue.objects.all,  # the world has two
    "stock_risk": lambda: StockLevel.objects.update(reported_quantity=1),
    "cost_risen": lambda: CostChange.objects.create(
        offer=SupplierOffer.objects.filter(status="active").first(),
        old_amount=1,
        new_amount="1.20",
        at=NOON,
    ),
    "price_below_floor": lambda: Listing.objects.update(floor_amount=999),
    "stale_costs": lambda: Supplier.objects.update(costs_as_of=AGO),
    "line_unroutable": lambda: SupplierOffer.objects.update(status="gone"),
    "listing_unroutable": lambda: SupplierOffer.objects.update(status="held"),
    "stale_supplier": lambda: Supplier.objects.update(status_since=AGO),
    "sold_out_selling": lambda: Listing.objects.update(available=0),
    "countdown_differs": lambda: Countdown.objects.create(
        supplier=make_supplier(), at="never", measured_at=NOON
    ),
    "sale_unseen": lambda: Allocation.objects.filter(status="unseen").update(
        status_since=NOON - timedelta(days=15)
    ),
    "evidence_waits": lambda: Evidence.objects.update(status="submitted", status_since=AGO),
    "evidence_ends": lambda: Evidence.objects.update(valid_until=NOON.date()),
    "offers_withheld": lambda: SupplierOffer.objects.update(missing_evidence="ce, un_38_3"),
    "responsible_person_missing": lambda: Brand.objects.update(maker_country="CN"),
    "makers_unknown": lambda: Brand.objects.update(maker_name=""),
    "rate_waits": lambda: RateNews.objects.create(
        base="USD",
        quote="EUR",
        rate=2,
        old_rate=1,
        source="test",
        as_of=AGO,
        status="waiting",
        status_since=AGO,
        told_by="test",
        told_at=AGO,
    ),
    "rate_unknown": lambda: Supplier.objects.update(currency="JPY"),
    "rate_old": lambda: ExchangeRate.objects.create(
        base=Listing.objects.first().wholesale_currency,
        quote="EUR",
        rate=1,
        source="test",
        as_of=AGO,
        standing="unknown",
    ),
    "competitors_unheard": lambda: CompetitorSource.objects.create(
        name="watch",
        url="https://watch.example/",
        due_at=NOON,
        problem="GET /: HTTP 500",
        failing_since=AGO,
    ),
    "invariant_broken": lambda: BrokenInvariant.objects.create(
        code="I1.reserved", sentence="All is well.", count=1, rows=[], since=AGO, seen_at=NOON
    ),
    "check_missed": lambda: Checkup.objects.create(at=AGO),
    "supply_unpublished": lambda: Checkup.objects.create(
        at=NOON - timedelta(minutes=31),
        newest_supply=UnpublishedSupply.objects.create(variant=Listing.objects.first().variant).pk,
    ),
    "prices_waiting": lambda: WaitingPrice.objects.create(
        variant=Listing.objects.first().variant, asked_at=AGO
    ),
    "competitors_odd": lambda: CompetitorFile.objects.create(
        name="watch.csv", content="x", received_at=AGO, received_by="watch", problem="doubtful"
    ),
    "request_unfinished": lambda: IdempotencyRecord.objects.create(
        principal="agent", key="k-1", route="POST /api/orders", request_digest="x", started_at=AGO
    ),
    "sign_ins_blocked": lambda: SignInTries.objects.bulk_create(
        SignInTries(key=str(number), last_at=AGO, blocked_until=NOON) for number in range(10)
    ),
    "price_held": lambda: PriceHold.objects.create(
        listing=Listing.objects.first(),
        status_since=AGO,
        opened_at=AGO,
        reason="moved_too_far",
        sentence="From 10.00 to 20.00: 100 %.",
        old_amount=10,
        proposed_amount=20,
        cost_amount=5,
        rule=PriceRule.objects.first(),
    ),
    "pictures": lambda: Image.objects.update(stem="", problem="HTTP 404", tries=8),
    "call_failed": InboundCall.objects.all,  # the world has one
    "message_dead": lambda: Delivery.objects.update(status="dead", status_since=AGO),
}
