"""Supplier performance: each outcome of a purchase order becomes one scorecard fact."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements, submission
from shipping import supplier_performance
from shipping.shipments import shipments
from shipping.shipments.statuses import TrackingUpdate
from suppliers.connectors.records import DiscontinuedError, OutOfStockError
from suppliers.models import ScorecardFact
from tests.factories.orders import ask_to_stop, make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import (
    apply_updates,
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_service,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)


def facts(kind):
    rows = ScorecardFact.objects.filter(kind=kind).order_by("pk")
    return [(fact.subject, fact.value, fact.happened_at) for fact in rows]


def values(kind):
    return [int(value) for _, value, _ in facts(kind)]


def answer(purchase_order, word, *parcels, reason="", now=NOON):
    state = make_state(purchase_order, word, *parcels, reason=reason)
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def ship(purchase_order, *, now, carrier_text=""):
    parcel = make_shipment_notice(carrier_text=carrier_text)
    state = make_state(purchase_order, "shipped", parcel)
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=now)


def scan(word, *, at, now=None):
    update = TrackingUpdate(status=word, text=word, happened_at=at)
    apply_updates(update, now=now or at)


def test_response_time_is_measured_from_submission():
    purchase_order = make_sent_purchase_order()
    assert supplier_performance.record_new_facts() is None

    answer(purchase_order, "accepted", now=NOON + 2 * AN_HOUR)
    earliest = supplier_performance.record_new_facts()

    assert earliest == NOON + 2 * AN_HOUR
    assert facts("acknowledged") == [
        (f"purchase_order:{purchase_order.number}", Decimal(7200), earliest)
    ]
    assert values("promised") == [1]
    assert values("filled") == values("finished") == []


def test_a_rejection_is_an_answer():
    purchase_order = make_sent_purchase_order()

    answer(purchase_order, "rejected", reason="The address is wrong", now=NOON + AN_HOUR)
    supplier_performance.record_new_facts()

    assert values("acknowledged") == [3600]
    assert values("finished") == [0]
    # The reason does not say that stock was missing.
    assert values("promised") == values("filled") == values("short") == []


@pytest.mark.parametrize("reason", ["Sold out, sorry", "insufficient inventory"])
def test_an_order_rejected_as_out_of_stock_counts_one_missing_line_with_its_stock(reason):
    purchase_order = make_sent_purchase_order(make_sellable(quantity=3), make_sellable())
    answer(purchase_order, "rejected", reason=reason)

    supplier_performance.record_new_facts()
    supplier_performance.record_new_facts()

    assert values("promised") == values("filled") == values("finished") == [0]
    assert values("short") == [3]


@pytest.mark.parametrize(
    "error", [OutOfStockError("code 1603102"), DiscontinuedError("code 1602002")]
)
def test_a_rejection_by_our_call_counts_by_its_kind(monkeypatch, error):
    make_service()
    supplier = connect(monkeypatch, ScriptedSupplier())
    supplier.script = [error]
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=3))

    submission.submit(purchase_order=purchase_order, now=NOON)
    supplier_performance.record_new_facts()

    assert values("short") == [3]
    assert values("filled") == [0]


def test_a_rejected_line_counts_alone(monkeypatch):
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable(quantity=1))
    line = purchase_order.lines.order_by("pk").last()
    purchase_order.lines.filter(pk=line.pk).update(is_active=False, acknowledgment="out_of_stock")

    supplier_performance.record_new_facts()

    assert {subject: int(value) for subject, value, _ in facts("promised")} == {
        f"line:{purchase_order.lines.order_by('pk').first().pk}": 1,
        f"line:{line.pk}": 0,
    }
    assert values("short") == [1]


def test_an_order_we_canceled_counts_against_no_supplier(monkeypatch):
    connect(monkeypatch, ScriptedSupplier()).can_stop = True
    purchase_order = make_accepted_purchase_order()

    ask_to_stop(purchase_order.order)
    supplier_performance.record_new_facts()

    purchase_order.refresh_from_db()
    assert purchase_order.status == "canceled"
    assert values("finished") == values("filled") == values("short") == []


def test_the_whole_path_from_acceptance_to_arrival_is_recorded():
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())
    ship(purchase_order, now=NOON + A_DAY)
    supplier_performance.record_new_facts()

    assert values("filled") == [1, 1]
    assert values("finished") == [1]
    assert values("scanned") == []  # a supplier's statement is no scan

    scan("in_transit", at=NOON + 2 * A_DAY)
    scan("out_for_delivery", at=NOON + 3 * A_DAY)
    scan("delivered", at=NOON + 4 * A_DAY)
    supplier_performance.record_new_facts()

    assert values("scanned") == [2 * 86_400]
    assert values("arrived") == [1]


def test_a_label_is_no_scan():
    ship(make_accepted_purchase_order(), now=NOON + A_DAY)

    scan("pre_transit", at=NOON + 2 * A_DAY)
    supplier_performance.record_new_facts()

    assert values("scanned") == []


def test_a_returned_parcel_did_not_arrive():
    ship(make_accepted_purchase_order(), now=NOON + A_DAY)

    scan("return_to_sender", at=NOON + 9 * A_DAY)
    supplier_performance.record_new_facts()

    assert values("arrived") == [0]
    assert facts("arrived")[0][2] == NOON + 9 * A_DAY


def test_each_fact_is_recorded_once():
    purchase_order = make_accepted_purchase_order()
    ship(purchase_order, now=NOON + A_DAY, carrier_text="in transit")
    supplier_performance.record_new_facts()
    seen = list(ScorecardFact.objects.order_by("pk").values_list())
    assert len(seen) >= 5

    answer(purchase_order, "shipped", now=NOON + 2 * A_DAY)
    ship(purchase_order, now=NOON + 2 * A_DAY, carrier_text="in transit")
    for since in (None, NOON, NOON - A_DAY):
        assert supplier_performance.record_new_facts(since=since) is None

    assert list(ScorecardFact.objects.order_by("pk").values_list()) == seen


def test_a_missed_fact_is_found_by_the_full_sweep():
    make_accepted_purchase_order()

    assert supplier_performance.record_new_facts(since=NOON + A_DAY) is None
    assert values("acknowledged") == []
    assert supplier_performance.record_new_facts() == NOON
    assert values("acknowledged") == [0]


def test_a_sweep_needs_a_constant_number_of_queries(django_assert_num_queries):
    for _ in range(3):
        ship_one = make_accepted_purchase_order()
        assert ship_one.status == PurchaseOrder.Status.IN_PROGRESS

    with django_assert_num_queries(8):
        supplier_performance.record_new_facts()
