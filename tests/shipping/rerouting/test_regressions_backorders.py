"""Regressions of backorders, cancellation requests, holds and late answers."""

import dataclasses
from datetime import date, timedelta

import pytest

from notifications.models import Event
from orders.address_changes import change_requests
from orders.backorders import backorders
from orders.cancellation import cancellation
from orders.models import AddressChangeRequest, Backorder, Order, PurchaseOrder
from orders.purchasing import acknowledgements, reassignment, submission
from orders.purchasing.holds import holds
from orders.purchasing.supplier_request import build_request
from shipping.rerouting import customer_choice
from shipping.shipments import shipments
from storefront.dashboard.inbox import query
from suppliers.connectors.records import Acknowledgement
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
from tests.factories.orders import HOME, make_sellable
from tests.factories.shipping import (
    make_sent_purchase_order,
    make_service,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
THERE = dataclasses.replace(HOME, line1="Neue Straße 2", postcode="20095", city="Hamburg")


def sent(max_days=6):
    """A submitted purchase order for a product that another supplier stocks too."""
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    stock_at(listing, max_days=max_days)
    return make_sent_purchase_order(listing)


def change_request(order, ship_to=THERE):
    return change_requests.request_change(
        order=order, ship_to=ship_to, reason="moved", actor="ann", now=NOON
    )


def answer(choice, now=LATER):
    row = Backorder.objects.select_related("order__channel", "purchase_order").latest("pk")
    customer_choice.apply(backorder=row, choice=Backorder.Choice(choice), actor="customer", now=now)


def test_an_order_held_during_the_search_continues_afterwards(supplier):
    refuse(sent())
    Order.objects.update(status="on_hold")

    holds.release_order(order=Order.objects.get(), reason="looked", actor="ann", now=NOON)

    assert Order.objects.get().status == "processing"
    reroute_due()
    assert [one.supplier.code for one in live()] == ["other"]


@pytest.mark.parametrize("word", [Acknowledgement.REJECTED, Acknowledgement.CANCELED])
def test_a_cancellation_first_refused_is_accepted_later(supplier, word):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    cancellation.cancel(order=purchase_order.order, reason="no", actor="customer", now=NOON)
    cancellation.process_request(purchase_order=live()[0], now=NOON)  # the supplier refuses

    acknowledge(purchase_order, answer=word)
    reroute_due()

    assert live() == []
    assert Order.objects.get().status == "canceled"
    assert [kind for kind, _ in gateway_requests()] == ["void_requested"]


def test_a_customer_cancellation_wins_over_reassignment_by_staff(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED, ships_by=date(2026, 12, 10))
    reroute_due()
    reassignment.reassign(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)
    answer("refund")
    supplier.can_stop = True

    assert cancellation.process_request(purchase_order=live()[0], now=LATER) is True
    reroute_due(LATER)

    assert live() == []
    assert Order.objects.get().status == "canceled"


def test_an_acceptance_before_the_cancellation_request_keeps_the_order(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    reassignment.reassign(purchase_order=live()[0], reason="slow", actor="rules", now=NOON)

    acknowledge(purchase_order, answer=Acknowledgement.ACCEPTED)

    (still,) = live()
    assert (still.status, still.cancel_requested_at) == ("in_progress", None)
    assert [kind for kind, _ in gateway_requests()] == ["capture_requested"]


def test_a_rejected_order_that_ships_is_flagged(supplier):
    purchase_order = sent()
    reroute(purchase_order)

    acknowledgements.apply(
        purchase_order=PurchaseOrder.objects.select_related("order").get(pk=purchase_order.pk),
        state=make_state(purchase_order, "shipped", make_shipment_notice()),
        now=LATER,
    )

    assert violated_invariants() == ["purchase_orders.canceled_but_shipped_decided"]
    assert "canceled_but_shipped" in {row.cause.code for row in query.load_items(now=NOON)}


def test_an_order_that_cannot_be_rerouted_is_not_taken_from_its_supplier(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    purchase_order.order.payments.update(capture_before=NOON + timedelta(hours=14))

    with pytest.raises(reassignment.NotReassignableError):
        reassignment.reassign(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)

    assert live()[0].cancel_requested_at is None


def test_a_cancellation_confirmed_too_late_to_reroute_is_reported_to_the_customer(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    reassignment.reassign(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)
    purchase_order.order.payments.update(capture_before=NOON + timedelta(hours=14))
    supplier.can_stop = True

    assert cancellation.process_request(purchase_order=live()[0], now=NOON) is True

    assert Event.objects.filter(name="order.lines_canceled").count() == 1
    assert Order.objects.get().status == "canceled"


# addresses


def test_an_agreed_address_change_applies_to_the_new_supplier(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    change_request(purchase_order.order)
    change_requests.record_answer(
        change_request=AddressChangeRequest.objects.get(),
        is_yes=True,
        actor="supplier lumen",
        now=NOON,
    )

    reroute(purchase_order)

    assert build_request(live()[0]).ship_to == THERE


@pytest.mark.parametrize("is_asked", [True, False])
def test_an_address_change_during_the_search_applies(supplier, is_asked):
    purchase_order = sent(max_days=20 if is_asked else 6)
    refuse(purchase_order)
    if is_asked:
        reroute_due()

    said = change_request(purchase_order.order)
    assert said.done == (purchase_order.number,)
    if is_asked:
        answer("wait")
    else:
        reroute_due()

    assert build_request(live()[0]).ship_to == THERE
    assert Event.objects.filter(name="order.delivery_address_change_result").count() == 1


def test_an_order_never_received_gets_the_requested_address(supplier, monkeypatch):
    purchase_order = sent()
    PurchaseOrder.objects.update(status="ready", submission_status="submit_unknown")
    change_request(purchase_order.order)
    assert AddressChangeRequest.objects.get().status == "requested"
    PurchaseOrder.objects.update(submission_status="submit_failed")  # proven not received

    for _ in range(2):
        (found,) = live()
        submission.submit(purchase_order=found, now=LATER)

    assert AddressChangeRequest.objects.get().status == "accepted"
    assert live()[0].goes_to["city"] == "Hamburg"
    assert len(supplier.effects) == 1


def test_an_address_change_overtaken_by_a_parcel_is_ended_and_reported(supplier):
    purchase_order = sent()
    acknowledge(purchase_order)
    change_request(purchase_order.order)
    state = make_state(purchase_order, "shipped", make_shipment_notice(number="LX123456789DE"))
    shipments.import_parcels(purchase_order=live()[0], state=state, now=NOON)

    assert AddressChangeRequest.objects.get().status == "refused"
    (event,) = Event.objects.filter(name="order.delivery_address_change_result")
    assert event.payload["is_changed"] is False


# promises


def test_a_delay_leaves_two_days_to_respond_after_capture_too(supplier):
    purchase_order = sent()
    purchase_order.order.payments.update(capture_before=NOON + timedelta(hours=1))

    acknowledge(purchase_order, ships_by=date(2026, 12, 10))
    reroute_due()

    assert Backorder.objects.get().respond_by == NOON + timedelta(hours=48)


def test_a_second_rejection_is_judged_by_the_date_promised_last(supplier):
    listing = make_sellable()
    stock_at(listing, "other", max_days=3)
    stock_at(listing, "third", max_days=8, cost="12.00")
    reroute(make_sent_purchase_order(listing))
    (second,) = live()
    assert second.entry["arrives_to"] < "2026-12-04"

    second.move("ready", at=NOON)
    second.move("submitting", at=NOON, status_field="submission_status")
    reroute(second)

    assert [one.supplier.code for one in live()] == ["third"]  # 4 Dec; 5 Dec was promised
    assert not Event.objects.filter(name="order.backorder_choice").exists()


def test_a_further_delay_is_asked_again(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, ships_by=date(2026, 12, 10))
    reroute_due()

    acknowledge(purchase_order, ships_by=date(2027, 1, 30))
    reroute_due()

    assert [one.status for one in Backorder.objects.order_by("pk")] == ["awaited", "asked"]
    assert Backorder.objects.latest("pk").arrives_by == date(2027, 2, 5)


def test_one_rejected_line_keeps_the_question_about_the_others(supplier):
    first, second = make_sellable(), make_sellable(price="19.99")
    purchase_order = make_sent_purchase_order(first, second)
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED, ships_by=date(2026, 12, 10))
    reroute_due()

    acknowledge(purchase_order, refused=[purchase_order.order.lines.get(variant=second.variant)])

    question = Backorder.objects.get(kind="later")
    assert question.status == "asked"
    assert [row.order_line.variant_id for row in backorders.open_lines(question)] == [
        first.variant_id
    ]


def test_no_delay_question_after_cancellation_and_a_reported_delay_is_an_answer(supplier):
    purchase_order = sent()
    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED, ships_by=date(2026, 12, 10))
    assert not reassignment.find_unconfirmed(now=NOON + timedelta(days=2)).exists()
    cancellation.cancel(order=purchase_order.order, reason="no", actor="customer", now=NOON)
    before = Backorder.objects.count()

    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED, ships_by=date(2027, 1, 30))

    assert Backorder.objects.count() == before
    assert violated_invariants() == []
