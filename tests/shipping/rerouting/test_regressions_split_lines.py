"""Regressions of split lines and rejected calls."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.backorders import backorders
from orders.cancellation import supplier_answers
from orders.inventory import stock_sync
from orders.models import Allocation, Order, PurchaseLine, PurchaseOrder
from orders.payments import updates
from orders.purchasing import acknowledgements, submission
from orders.purchasing.holds import holds
from shipping.shipments import shipments
from storefront.lib.money import Money
from suppliers.connectors.records import (
    DiscontinuedError,
    PurchaseOrderRequestLine,
)
from suppliers.models import StockLevel, StockMovement
from tests.factories.backorders import (
    acknowledge,
    acknowledge_quantity,
    live,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import (
    make_order,
    make_payment,
    make_payment_update,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


def test_a_stock_figure_of_our_own_proves_no_sale(supplier):
    listing = make_sellable(quantity=10)
    purchase_order = make_sent_purchase_order(listing, quantity=3)
    acknowledge_quantity(purchase_order, 2)
    reroute_due()
    shelf = StockLevel.objects.get(pk=listing.level.pk)
    assert (shelf.reported_quantity, shelf.allocated_outstanding, shelf.available) == (2, 2, 0)
    late = NOON + timedelta(days=2)
    StockLevel.objects.update(as_of=late, received_at=late)  # keeps the figure that we set

    stock_sync.absorb_sales(supplier=purchase_order.supplier, now=late)

    kept = Allocation.objects.exclude(status="released").get()
    refused = StockMovement.objects.filter(cause__startswith="refused:")
    assert refused.count() == 1
    assert (kept.status, kept.absorbed_in_id) == ("unseen", None)


@pytest.mark.parametrize("code", ["out_of_stock", "invalid_item"])
def test_stock_missing_after_capture_is_not_for_sale(
    supplier, code, django_capture_on_commit_callbacks
):
    listing = make_sellable(quantity=9)
    purchase_order = make_accepted_purchase_order(listing, quantity=3)

    with django_capture_on_commit_callbacks(execute=True):
        acknowledge_quantity(purchase_order, 2, code=code)

    available = StockLevel.objects.get(pk=listing.level.pk).available
    assert available == (0 if code == "out_of_stock" else 7)


def test_a_higher_cost_is_judged_by_the_accepted_units(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    line = purchase_order.lines.get()

    higher = {str(line.order_line_id): Money(Decimal("20.00"), "EUR")}
    acknowledge_quantity(
        purchase_order, 1, unit_costs=higher, freight=Money(Decimal("30.00"), "EUR")
    )

    assert not PurchaseLine.objects.filter(agreed_cost_amount=Decimal("20.00")).exists()
    assert PurchaseOrder.objects.get(pk=purchase_order.pk).status == "canceled"
    assert violated_invariants() == []


def test_the_end_of_a_review_does_not_clear_a_fraud_warning(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    order = make_order()
    payment = make_payment(order)
    for what in ("fraud_warning", "authorized", "under_review", "review_approved"):
        updates.apply(update=make_payment_update(payment, what), gateway="fake", now=NOON)
        payment.refresh_from_db()
    order.refresh_from_db()
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == []
    assert [one["code"] for one in PurchaseOrder.objects.get().hold_reasons] == ["fraud_warning"]


def test_a_rejection_after_an_uncertain_call_is_looked_up(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [(DiscontinuedError("gone", is_outcome_unknown=True), True)]

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert purchase_order.submission_status == "submit_unknown"


@pytest.mark.parametrize("count", [0, 2])
def test_a_line_in_a_parcel_is_not_rejected_and_ships(supplier, count):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    line = purchase_order.lines.get()
    parcel = make_shipment_notice(
        lines=[PurchaseOrderRequestLine(sku="", quantity=3, reference=str(line.order_line_id))],
        carrier_text="",
    )
    packed = make_state(purchase_order, "accepted", parcel)
    acknowledgements.apply(purchase_order=purchase_order, state=packed, now=NOON)
    shipments.import_parcels(purchase_order=purchase_order, state=packed, now=NOON)

    purchase_order = acknowledge_quantity(purchase_order, count)

    assert "reported as packed" in purchase_order.problem
    gone = make_state(purchase_order, "shipped", make_shipment_notice())
    acknowledgements.apply(purchase_order=purchase_order, state=gone, now=LATER)
    shipments.import_parcels(purchase_order=purchase_order, state=gone, now=LATER)
    assert PurchaseOrder.objects.get().status == "shipped"
    assert violated_invariants() == []


def test_no_shipping_method_twice_and_no_other_source_waits_for_staff(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    make_purchase_orders()
    monkeypatch.setattr(backorders, "can_reroute_all", lambda *_, **__: False)
    supplier.routes = ()

    def send(now):
        row = PurchaseOrder.objects.select_related("order", "supplier", "location").get()
        return submission.submit(purchase_order=row, now=now)

    send(NOON)
    assert holds.release_resolved(now=LATER) == 1
    send(LATER)

    for round_ in range(1, 4):
        assert holds.release_resolved(now=LATER + round_ * timedelta(hours=1)) == 0
    held = PurchaseOrder.objects.get()
    assert (held.status, held.status_since) == ("on_hold", LATER)


def test_a_cancellation_overtaken_by_an_acceptance_is_still_processed(supplier):
    purchase_order = make_accepted_purchase_order()
    purchase_order.move("cancellation_requested", at=NOON, status_field="submission_status")
    purchase_order.move("cancellation_rejected", at=NOON, status_field="submission_status")
    state = make_state(purchase_order, "canceled")

    assert supplier_answers.apply_api_answer(purchase_order, state, now=LATER)

    assert PurchaseOrder.objects.get().status == "canceled"
    assert Order.objects.get().status == "canceled"
    assert violated_invariants() == []


def test_a_supplier_that_rejected_a_line_is_not_asked_for_its_parts(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing, quantity=3)
    line = purchase_order.lines.get().order_line
    acknowledge(purchase_order, refused=[line], code="invalid_item")
    reroute_due()
    (made,) = live()
    made.move("ready", at=NOON)
    made.move("submitting", at=NOON, status_field="submission_status")

    acknowledge_quantity(made, 1)

    suppliers, levels = backorders.excluded_sources(Order.objects.get())
    first, rest = Order.objects.get().lines.order_by("pk")
    assert suppliers[first.pk] == suppliers[rest.pk] == {purchase_order.supplier_id}
    assert levels[rest.pk] == {made.lines.first().level_id}
