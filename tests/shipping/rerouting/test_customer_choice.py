"""A later delivery or a substitute needs the customer's consent."""

from datetime import date, timedelta

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Backorder, Order
from orders.purchasing import submission
from shipping.rerouting import customer_choice
from suppliers.connectors.records import Acknowledgement
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.backorders import (
    acknowledge,
    gateway_requests,
    live,
    reroute,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_offer

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=3)


def test_a_later_delivery_is_offered_and_reserved(supplier):
    listing = make_sellable()
    slow = stock_at(listing, max_days=20)
    reroute(make_sent_purchase_order(listing))

    assert live() == []
    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.choices) == ("asked", ["wait", "refund"])
    assert (backorder.promised_by, backorder.arrives_by) == (date(2026, 12, 5), date(2026, 12, 16))
    assert backorder.respond_by == NOON + timedelta(hours=48)
    assert StockLevel.objects.get(pk=slow.pk).available == 4
    (event,) = Event.objects.filter(name="order.backorder_choice")
    assert set(event.payload["answers"]) == {"wait", "refund"}
    reroute_due()  # does not repeat the question
    assert Event.objects.filter(name="order.backorder_choice").count() == 1


@pytest.fixture
def question(supplier):
    """A backorder whose customer was asked to accept a later delivery."""
    listing = make_sellable()
    stock_at(listing, max_days=20)
    reroute(make_sent_purchase_order(listing))
    return Backorder.objects.select_related("order__channel").get()


def answer(question, choice, actor="customer", now=LATER):
    backorder = Backorder.objects.select_related("order__channel").get(pk=question.pk)
    customer_choice.apply(
        backorder=backorder, choice=Backorder.Choice(choice), actor=actor, now=now
    )
    assert violated_invariants() == []


def test_an_accepted_delay_is_ordered_once(question, supplier):
    answer(question, "wait")
    answer(question, "wait")

    (made,) = live()
    assert (made.supplier.code, made.customer_charge_amount) == (
        "other",
        question.order.total_amount,
    )
    order = Order.objects.get()
    assert (order.status, order.arrives_to) == ("processing", date(2026, 12, 16))
    with pytest.raises(customer_choice.ChoiceUnavailableError):
        answer(question, "refund")
    submission.submit(purchase_order=made, now=LATER)
    assert gateway_requests() == [("capture_requested", order.total_amount)]


def test_a_refund_releases_the_units(question):
    answer(question, "refund")
    answer(question, "refund")

    assert gateway_requests() == [("void_requested", question.order.total_amount)]
    assert Order.objects.get().status == "canceled"
    assert not StockLevel.objects.filter(allocated_outstanding__gt=0).exists()
    with pytest.raises(customer_choice.ChoiceUnavailableError):
        answer(question, "wait")
    assert live() == []


def test_no_response_refunds_after_the_deadline_only(question):
    reroute_due(question.respond_by - timedelta(minutes=1))
    assert Backorder.objects.get().status == "asked"

    reroute_due(question.respond_by)

    assert violated_invariants() == []
    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.chosen, backorder.chosen_by) == ("canceled", "refund", "")
    assert gateway_requests() == [("void_requested", question.order.total_amount)]


def test_a_choice_that_was_not_offered_is_rejected(question):
    with pytest.raises(customer_choice.ChoiceUnavailableError):
        answer(question, "substitute")
    assert Backorder.objects.get().status == "asked"


def test_a_cancellation_meanwhile_refunds_everything(question):
    said = cancellation.cancel(order=question.order, reason="no", actor="customer", now=LATER)

    assert said.is_whole
    assert violated_invariants() == []
    assert Order.objects.get().status == "canceled"
    assert gateway_requests() == [("void_requested", question.order.total_amount)]
    assert not StockLevel.objects.filter(allocated_outstanding__gt=0).exists()
    assert Event.objects.filter(name="order.canceled").count() == 1
    reroute_due(MUCH_LATER)
    assert live() == []


def test_no_delay_is_offered_beyond_the_payment_authorization(supplier):
    listing = make_sellable()
    stock_at(listing, max_days=20)
    purchase_order = make_sent_purchase_order(listing)
    purchase_order.order.payments.update(capture_before=NOON + timedelta(hours=15, minutes=30))

    reroute(purchase_order)

    assert Backorder.objects.get().status == "canceled"
    assert gateway_requests() == [("void_requested", purchase_order.order.total_amount)]


@pytest.fixture
def replaced(supplier):
    """The substitute of a sold-out product, in stock at another supplier."""
    listing, newer = make_sellable(), make_sellable(price="45.00", quantity=0)
    stock_at(newer)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    reroute(make_sent_purchase_order(listing))
    return newer


def test_a_substitute_needs_consent_and_costs_no_more(replaced):
    backorder = Backorder.objects.get()
    assert backorder.choices == ["substitute", "refund"]
    assert live() == []

    answer(backorder, "substitute")

    (made,) = live()
    assert made.lines.get().offer.variant_id == replaced.variant_id
    assert made.lines.get().title.startswith(replaced.variant.product.title)
    assert made.customer_charge_amount == made.order.total_amount


def test_a_substitute_sold_out_on_acceptance_changes_nothing(replaced):
    StockLevel.objects.update(reported_quantity=0)

    backorder = Backorder.objects.get()
    with pytest.raises(customer_choice.ChoiceUnavailableError):
        answer(backorder, "substitute")

    assert Backorder.objects.get().status == "asked"
    assert live() == []


@pytest.mark.parametrize(("price", "status"), [("30.00", "active"), ("99.00", "discontinued")])
def test_a_cheaper_or_discontinued_substitute_is_not_offered(supplier, price, status):
    listing, older = make_sellable(), make_sellable(price=price, quantity=0)
    stock_at(older)
    type(listing.variant).objects.filter(pk=older.variant_id).update(status=status)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=older.variant)

    reroute(make_sent_purchase_order(listing))

    assert Backorder.objects.get().status == "canceled"


def test_a_supplier_delay_is_asked_and_accepted_by_default(supplier):
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    purchase_order = make_sent_purchase_order(listing)

    acknowledge(purchase_order, ships_by=date(2026, 12, 10))
    reroute_due()

    backorder = Backorder.objects.get()
    assert (backorder.kind, backorder.status, backorder.default_choice) == (
        "later",
        "asked",
        "wait",
    )
    assert backorder.arrives_by == date(2026, 12, 16)
    reroute_due(backorder.respond_by)
    assert Backorder.objects.get().status == "awaited"
    assert [one.status for one in live()] == ["in_progress"]
    assert Order.objects.get().arrives_to == date(2026, 12, 16)


def test_a_rejected_delay_requests_cancellation(supplier):
    listing = make_sellable()
    purchase_order = make_sent_purchase_order(listing)
    acknowledge(purchase_order, ships_by=date(2026, 12, 10))
    reroute_due()

    answer(Backorder.objects.get(), "refund")

    (still,) = live()
    assert still.cancel_requested_at == LATER
    supplier.can_stop = True
    assert cancellation.process_request(purchase_order=still, now=LATER) is True
    assert violated_invariants() == []
    assert Order.objects.get().status == "canceled"


def test_a_delay_that_still_arrives_on_time_is_not_asked(supplier):
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    purchase_order = make_sent_purchase_order(listing)

    acknowledge(purchase_order, ships_by=date(2026, 11, 28))
    acknowledge(purchase_order, ships_by=date(2026, 11, 28))
    reroute_due()

    assert [one.status for one in Backorder.objects.all()] == ["awaited"]
    assert not Event.objects.filter(name="order.backorder_choice").exists()


def test_a_customer_whom_we_do_not_write_to_is_not_asked(supplier):
    """The store where it was sold writes to its customer; what comes too late is refunded there."""
    listing = make_sellable()
    stock_at(listing, max_days=20)
    purchase_order = make_sent_purchase_order(listing)
    Order.objects.update(notifies_customer=False)
    reroute(purchase_order)

    assert Backorder.objects.get().status == "canceled"
    assert [kind for kind, _amount in gateway_requests()] == ["void_requested"]


def test_a_delay_is_accepted_for_a_customer_whom_we_do_not_write_to(supplier):
    purchase_order = make_sent_purchase_order(make_sellable())
    Order.objects.update(notifies_customer=False)
    acknowledge(purchase_order, ships_by=date(2026, 12, 10))
    reroute_due()
    reroute_due()

    assert Backorder.objects.get().status == "awaited"
    assert [one.status for one in live()] == ["in_progress"]


def test_a_delay_question_ends_when_the_parcel_leaves_or_is_canceled(supplier):
    for word in (Acknowledgement.SHIPPED, Acknowledgement.REJECTED):
        listing = make_sellable()
        purchase_order = make_sent_purchase_order(listing)
        acknowledge(purchase_order, answer=Acknowledgement.RECEIVED, ships_by=date(2026, 12, 10))
        reroute_due()

        acknowledge(purchase_order, answer=word)

        question = Backorder.objects.get(purchase_order=purchase_order, kind="later")
        assert question.status == "awaited"


def test_a_line_profitable_only_with_an_on_time_line_is_not_lost(supplier):
    """Alone, the first would ship on time and the second be refunded: both wait for consent."""
    first, second = make_sellable(), make_sellable(price="13.99")
    level = stock_at(first)
    offer = make_offer(second.variant, supplier=level.offer.supplier, cost="10.50")
    make_level(offer, 5, level.location)
    SupplierOffer.objects.filter(pk=offer.pk).update(lead_days=15)
    reroute(make_sent_purchase_order(first, second))

    assert live() == []
    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.lines.filter(is_open=True).count()) == ("asked", 2)
    assert gateway_requests() == []
