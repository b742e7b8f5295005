"""Rejected lines are rerouted on time, and never shipped by two suppliers."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.enums import Criterion
from orders.models import Allocation, Backorder, Order, PurchaseOrder
from orders.purchasing import reassignment, submission
from orders.routing import rules as routing_rules
from shipping.rates import quotes
from shipping.rerouting import rerouting
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import Acknowledgement, OutOfStockError
from suppliers.models import StockLevel
from tests.factories.backorders import (
    acknowledge,
    gateway_requests,
    live,
    refuse,
    reroute,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_service,
)
from tests.factories.suppliers import NOON, make_level, make_location

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=3)


def test_a_rejected_line_is_rerouted_on_time_without_a_question(supplier):
    listing = make_sellable()
    other = stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    whole = purchase_order.customer_charge_amount

    reroute(purchase_order)

    (made,) = live()
    assert (made.supplier.code, made.location_id) == ("other", other.location_id)
    assert (made.customer_charge_amount, made.number[-2:], made.round) == (whole, "-2", 1)
    assert made.entry["arrives_to"] <= "2026-12-05"
    assert StockLevel.objects.get(pk=listing.level.pk).available == 0  # reported empty
    line = made.lines.get()
    assert (line.level_id, line.agreed_cost_amount) == (other.pk, Decimal("11.00"))
    assert list(Allocation.objects.order_by("pk").values_list("level", "status")) == [
        (listing.level.pk, "released"),
        (other.pk, "unseen"),
    ]
    assert gateway_requests() == []
    assert not Event.objects.filter(name__in=["order.lines_canceled", "order.backorder_choice"])
    assert Order.objects.get().status == "processing"

    submission.submit(purchase_order=made, now=LATER)
    assert violated_invariants() == []
    assert gateway_requests() == [("capture_requested", whole)]


def test_staff_start_a_search_only_while_a_backorder_is_open(supplier):
    refuse(make_sent_purchase_order(make_sellable()))
    Backorder.objects.update(retry_at=MUCH_LATER)
    backorder = Backorder.objects.get()

    rerouting.retry_now(backorder=backorder)
    assert list(rerouting.due_backorders(now=NOON)) == [backorder]

    Backorder.objects.update(status="canceled")
    with pytest.raises(ConcurrentUpdateError, match="no longer open"):
        rerouting.retry_now(backorder=backorder)


def test_only_the_rejected_part_is_rerouted_and_each_part_is_charged_once(supplier):
    first, second = make_sellable(), make_sellable(price="19.99")
    stock_at(second)
    purchase_order = make_sent_purchase_order(first, second)
    whole = purchase_order.customer_charge_amount
    line = purchase_order.order.lines.get(variant=second.variant)

    acknowledge(purchase_order, refused=[line])
    reroute_due()
    kept, made = live()

    assert violated_invariants() == []
    assert (kept.customer_charge_amount, made.customer_charge_amount) == (
        whole - Decimal("19.99"),
        Decimal("19.99"),
    )
    submission.submit(purchase_order=made, now=LATER)
    assert [amount for _, amount in gateway_requests()] == [
        whole - Decimal("19.99"),
        Decimal("19.99"),
    ]
    assert violated_invariants() == []


def test_a_partly_sourced_backorder_ships_and_refunds_the_rest(supplier):
    first, second = make_sellable(), make_sellable(price="19.99")
    stock_at(second)
    purchase_order = make_sent_purchase_order(first, second)
    whole = purchase_order.customer_charge_amount

    reroute(purchase_order)

    (made,) = live()
    # The paid delivery price stays with the shipped part.
    assert made.customer_charge_amount == whole - Decimal("39.99")
    assert gateway_requests() == [("void_requested", Decimal("39.99"))]
    (event,) = Event.objects.filter(name="order.lines_canceled")
    assert [one["title"] for one in event.payload["lines"]] == [
        purchase_order.order.lines.get(variant=first.variant).title
    ]


def test_out_of_stock_excludes_a_source_and_other_rejections_the_supplier(supplier):
    for code, is_found in (("out_of_stock", True), ("undeliverable", False)):
        listing = make_sellable()
        place = make_location(listing.level.offer.supplier, f"X{code[:3]}", "PL")
        make_level(listing.level.offer, 5, place)
        make_service(place, code=f"pl-{code}", countries=["DE"])
        quotes.clear_cache()
        purchase_order = make_sent_purchase_order(listing)

        acknowledge(
            purchase_order,
            refused=[one.order_line for one in purchase_order.lines.all()],
            code=code,
        )
        reroute_due()

        order = purchase_order.order
        assert order.purchase_orders.exclude(status="canceled").exists() is is_found
        assert violated_invariants() == []


def test_a_line_rejected_after_capture_is_refunded_not_rerouted(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_accepted_purchase_order(listing)
    whole = purchase_order.customer_charge_amount

    reroute(purchase_order)

    assert live() == []
    assert Order.objects.get().status == "canceled"
    assert gateway_requests() == [("capture_requested", whole), ("refund_requested", whole)]


def test_a_second_rejection_is_rerouted_and_the_last_is_refunded(supplier):
    listing = make_sellable()
    stock_at(listing, "other")
    stock_at(listing, "third", cost="12.00")
    purchase_order = make_sent_purchase_order(listing)
    refuse(purchase_order)
    for code in ("other", "third"):
        reroute_due()
        (made,) = live()
        assert made.supplier.code == code
        supplier.script = [OutOfStockError("none left")]
        submission.submit(purchase_order=made, now=LATER)
        assert violated_invariants() == []

    reroute_due(LATER)

    assert violated_invariants() == []
    assert Order.objects.get().status == "canceled"
    assert gateway_requests() == [("void_requested", purchase_order.order.total_amount)]
    assert not StockLevel.objects.filter(allocated_outstanding__gt=0).exists()


def test_rules_without_rerouting_refund_at_once(supplier):
    listing = make_sellable()
    stock_at(listing)
    rules = routing_rules.create_draft(
        channel=listing.channel,
        criteria=[Criterion.COST],
        reroutes_rejected=False,
        actor="ann",
        now=NOON,
    )
    routing_rules.activate(rules=rules, actor="ann", now=NOON)
    purchase_order = make_sent_purchase_order(listing)

    refuse(purchase_order)

    assert Order.objects.get().status == "canceled"
    assert not Backorder.objects.exists()


def test_an_order_that_the_supplier_may_have_is_reassigned_only_after_cancellation(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    purchase_order = live()[0]

    assert (
        reassignment.reassign(purchase_order=purchase_order, reason="slow", actor="ann", now=NOON)
        is False
    )
    reroute_due()
    assert not Backorder.objects.exists()

    assert cancellation.process_request(purchase_order=live()[0], now=NOON) is False  # refused
    reroute_due()
    (still,) = live()
    assert (still.supplier.code, still.is_being_reassigned, still.cancel_reason) == (
        "lumen",
        False,
        "",
    )
    assert violated_invariants() == []
    reroute(still)  # a later rejection by the supplier is rerouted
    assert [one.supplier.code for one in live()] == ["other"]


def test_a_canceled_order_is_reassigned_without_notifying_the_customer(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    supplier.can_stop = True

    reassignment.reassign(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)
    assert cancellation.process_request(purchase_order=live()[0], now=NOON) is True
    reroute_due()

    assert violated_invariants() == []
    assert [one.supplier.code for one in live()] == ["other"]
    assert not Event.objects.filter(name__startswith="order.canceled").exists()
    assert gateway_requests() == []


def test_an_unsubmitted_order_is_reassigned_at_once(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    PurchaseOrder.objects.update(submission_status="submit_failed")

    assert (
        reassignment.reassign(purchase_order=live()[0], reason="down", actor="ann", now=NOON)
        is True
    )
    reroute_due()

    assert violated_invariants() == []
    assert [one.supplier.code for one in live()] == ["other"]
    assert purchase_order.order.purchase_orders.count() == 2


def test_an_unconfirmed_order_is_reassigned_after_the_time_in_the_rules(supplier):
    listing = make_sellable()
    rules = routing_rules.create_draft(
        channel=listing.channel,
        criteria=[Criterion.COST],
        reassign_after_hours=2,
        actor="ann",
        now=NOON,
    )
    routing_rules.activate(rules=rules, actor="ann", now=NOON)
    purchase_order = make_sent_purchase_order(listing)
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    patience = timedelta(minutes=purchase_order.supplier.acknowledge_within_min, hours=2)

    def is_due(at):
        found = reassignment.find_unconfirmed(now=at)
        return any(reassignment.is_overdue(one, after_h=2, now=at) for one in found)

    assert not is_due(NOON + patience - timedelta(minutes=1))
    assert is_due(NOON + patience + timedelta(minutes=1))


def test_a_search_is_due_only_while_the_order_is_open(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    refuse(purchase_order)
    Order.objects.update(status="on_hold")

    assert not rerouting.due_backorders(now=NOON).exists()

    Order.objects.update(status="processing")
    assert rerouting.due_backorders(now=NOON).count() == 1


def test_an_on_time_source_at_a_loss_loses_to_a_later_profitable_one(supplier):
    listing = make_sellable()
    slow = stock_at(listing, max_days=20)
    make_service(
        slow.location,
        code="air",
        tier="express",
        base_amount="60.00",
        min_days=1,
        max_days=2,
        countries=["DE"],
    )
    quotes.clear_cache()

    reroute(make_sent_purchase_order(listing))

    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.arrives_by) == ("asked", date(2026, 12, 16))


def test_a_shipment_before_the_cancellation_ends_the_reassignment(supplier):
    stock_at(listing := make_sellable())
    acknowledge(make_sent_purchase_order(listing), answer=Acknowledgement.RECEIVED)
    reassignment.reassign(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)
    PurchaseOrder.objects.update(status="partially_shipped")

    assert (
        cancellation.process_request(purchase_order=PurchaseOrder.objects.get(), now=NOON) is False
    )

    sent = PurchaseOrder.objects.get()
    assert (sent.is_being_reassigned, sent.cancel_requested_at, sent.cancel_reason) == (
        False,
        None,
        "",
    )
