from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from catalog.models import (
    CompetitorSource,
    ExchangeRate,
    Image,
    Listing,
    PriceHold,
    PriceRule,
    RateNews,
)
from notifications.models import Delivery
from orders.models import (
    Allocation,
    Order,
    Payment,
    PaymentEvent,
    PurchaseOrder,
    Setback,
    SupplierClaim,
)
from shipping.models import Parcel
from storefront.accounts.models import User
from storefront.dashboard import complaints, stuck
from storefront.dashboard.causes import CAUSES
from storefront.hooks.models import InboundCall
from storefront.lib.money import Money
from suppliers.models import (
    CostChange,
    Countdown,
    Evidence,
    FeedIssue,
    FeedRun,
    StockLevel,
    Supplier,
    SupplierOffer,
)
from tests.factories import differences, disputes, return_troubles
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.troubles import keep_the_money, refuse_a_capture, wish_address
from tests.factories.world import ask_supplier, make_world, stray

pytestmark = pytest.mark.django_db

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


# How each cause comes about.
TROUBLE = {
    "purchase_held": purchase(
        status="on_hold", status_since=AGO, hold_reasons=[{"code": "x", "sentence": "Too dear."}]
    ),
    "purchase_unknown": purchase(request_status="submit_unknown", request_status_since=AGO),
    "purchase_not_sent": purchase(request_status="submit_failed", attempts=5),
    "purchase_missed": purchase(status="ready", request_status="unsubmitted", goes_at=AGO),
    "purchase_refused_late": purchase(request_status="rejected"),
    "purchase_silent": purchase(request_status="submitted", request_status_since=AGO),
    "purchase_cancel_silent": purchase(**ASKED_TO_STOP),
    "purchase_to_stop": purchase(**ASKED_TO_STOP, cancel_wanted_at=AGO, stop_told_by="person"),
    "purchase_kept": purchase(status="canceled"),
    "purchase_stray": stray,
    "purchase_not_shipped": purchase(accepted_at=AGO),
    "address_to_erase": ask_supplier,
    "address_wished": wish_address,
    "setback_open": setback(status="open", status_since=AGO),
    "setback_unanswered": setback(status="asked", answer_by=AGO),
    "claim_by_hand": claim(status="draft", is_by_hand=True),
    "claim_unknown": claim(status="submit_unknown", status_since=AGO),
    "claim_not_told": claim(status="submit_failed", attempts=5),
    "claim_refused": claim(status="on_hold"),
    "claim_odd": claim(problem="He gives back more than was claimed."),
    "claim_silent": claim(status_since=NOON - timedelta(days=15)),
    **return_troubles.TROUBLE,
    "payment_expires": lambda: Payment.objects.filter(status="authorized").update(
        capture_before=NOON + timedelta(hours=2)
    ),
    "payment_refused": refuse_a_capture,
    "payment_unanswered": lambda: (
        PaymentEvent.objects.filter(kind="captured").update(answers=None)
        and PaymentEvent.objects.filter(kind="capture_requested").update(received_at=AGO)
    ),
    "payment_for_nothing": keep_the_money,
    "payment_disputed": disputes.dispute,
    "refund_came_back": disputes.come_back,
    "money_differs": differences.reopen,
    "money_day_late": differences.be_late,
    "order_held": order("placed", status="on_hold", status_since=AGO),
    "order_undivided": order("placed", status_since=AGO),
    "order_unpaid": order("pending_payment", pay_before=AGO),
    "order_late": order("processing", arrives_to=AGO.date()),
    "parcel_trouble": lambda: Parcel.objects.filter(status="handed_over").update(
        carrier_status="lost"
    ),
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
ALWAYS = {"feed_issues", "call_failed"}


def codes(waiting):
    return {row.cause.code for row in waiting}


def test_every_cause_is_tried():
    assert sorted(TROUBLE) == sorted(cause.code for cause in CAUSES)


def test_what_goes_by_itself_waits_for_nobody(monkeypatch):
    make_world(monkeypatch)

    assert codes(stuck.find(now=NOON)) == ALWAYS


@pytest.mark.parametrize("code", TROUBLE)
def test_each_trouble_is_named(code, monkeypatch):
    make_world(monkeypatch)

    TROUBLE[code]()

    assert code in codes(stuck.find(now=NOON))


def test_a_held_purchase_order_says_why_since_when_and_what_is_at_risk(monkeypatch):
    make_world(monkeypatch)
    TROUBLE["purchase_held"]()
    held = PurchaseOrder.objects.get(status="on_hold")

    (row,) = [row for row in stuck.find(now=NOON) if row.cause.code == "purchase_held"]

    assert (row.name, row.detail, row.since) == (held.number, "Too dear.", AGO)
    assert row.at_risk == Money(held.charge_amount, "EUR")
    assert row.url == f"/admin/orders/purchaseorder/{held.pk}/change/"


def test_many_alike_are_one_line_that_leads_to_their_list(monkeypatch):
    make_world(monkeypatch)

    (row,) = [row for row in stuck.find(now=NOON) if row.cause.code == "feed_issues"]

    assert (row.name, row.detail, row.at_risk) == (
        "A GTIN has a wrong check digit",
        "2 ×",
        None,
    )
    assert row.url.startswith("/admin/suppliers/feedissue/?code__exact=gtin-check-digit")


def test_what_is_due_first_stands_first_and_one_query_finds_all(
    monkeypatch, django_assert_num_queries
):
    make_world(monkeypatch)
    TROUBLE["order_unpaid"]()

    with django_assert_num_queries(1):
        waiting = stuck.find(now=NOON)

    assert waiting[0].cause.code == "order_unpaid"
    assert [row.due for row in waiting] == sorted(row.due for row in waiting)


def test_a_thousand_of_one_cause_do_not_hide_the_others(monkeypatch):
    make_world(monkeypatch)
    monkeypatch.setattr(stuck, "SHOWN_PER_CAUSE", 1)
    Delivery.objects.update(status="dead", status_since=AGO)

    waiting = stuck.find(now=NOON)

    (row,) = [row for row in waiting if row.cause.code == "message_dead"]
    assert row.count == Delivery.objects.count() > 1
    assert codes(waiting) > ALWAYS


def test_nobody_sees_trouble_in_tables_that_are_not_his(monkeypatch):
    make_world(monkeypatch)
    looker = User.objects.create_user("looker@fara.example", "a password", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_feedissue"))
    looker = User.objects.get(pk=looker.pk)

    waiting = stuck.find(causes=stuck.causes_for(looker), now=NOON)

    assert codes(waiting) == {"feed_issues"}
    assert stuck.find(causes=(), now=NOON) == []


def test_words_from_outside_cannot_speak_sql(monkeypatch):
    make_world(monkeypatch)
    Image.objects.update(stem="", problem="'; DROP TABLE catalog_image; --", tries=8)

    (row,) = [row for row in stuck.find(now=NOON) if row.cause.code == "pictures"]

    assert row.name == "'; DROP TABLE catalog_image; --"
    assert "catalog_image" in connection.introspection.table_names()


def test_a_code_that_is_new_is_readable_at_once():
    assert complaints.said("cost-of-living") == "cost of living"
