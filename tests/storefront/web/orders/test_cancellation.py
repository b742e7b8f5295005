"""After a cancellation request the order page shows for each parcel whether it is canceled."""

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, supplier_answers
from orders.models import Order, PurchaseOrder
from shipping.models import Parcel
from shipping.shipments import shipments
from suppliers.models import StockLevel
from tests.factories.backorders import acknowledge
from tests.factories.full_shop import settle
from tests.factories.orders import ask_to_stop, make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_shipment_notice, make_state
from tests.factories.suppliers import NOON, make_location
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db

ASKED = "We have asked the supplier to stop it."
ASKING = "We are asking the supplier to stop it."
REFUSED = "It could not be canceled and will be delivered."
LEFT = "It could not be canceled: it is already on its way."
ARRIVED = "You asked to cancel it, but it was too late."
CANCELED = "These items are canceled, and you do not pay for them."
BY_ANN = {"actor": "ann", "now": NOON}


@pytest.fixture(autouse=True)
def email_supplier(monkeypatch):
    return connect(monkeypatch, WrittenTo())


def submit(*purchase_orders):
    """Submit purchase orders; the supplier acknowledges them."""
    for one in purchase_orders:
        one.move("ready", at=NOON)
        one.move("submitting", at=NOON, status_field="submission_status")
        acknowledge(one)


def parcels_of(count, **order):
    lights = [make_sellable() for _ in range(count)]
    for place, light in enumerate(lights[1:]):
        location = make_location(code=f"W{place}", country=("CN", "PL", "US")[place])
        StockLevel.objects.filter(pk=light.level.pk).update(location=location)
    return make_purchase_orders(*lights, **order)


def make_late(order):
    plan = [{**each, "arrives_to": "2026-11-20"} for each in order.delivery_plan]
    Order.objects.update(delivery_plan=plan)


def page_of(client, order, language="en", query=""):
    return Page(client.get(f"/{language}/orders/{order.number}/{order.access_key}/{query}"))


def messages_in(text):
    return {words for words in (ASKED, ASKING, REFUSED, LEFT, ARRIVED, CANCELED) if words in text}


def reloaded(purchase_order):
    return PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order.pk)


@in_each_language
def test_each_parcel_shows_its_outcome(client, language):
    unsent, asked, refused, gone = parcels_of(4, quantity=2)
    submit(asked, refused, gone)
    ask_to_stop(unsent.order)
    supplier_answers.record_refusal(purchase_order=reloaded(refused), **BY_ANN)
    tell_shipped(gone)
    cancellation.process_request(purchase_order=reloaded(gone), now=NOON)

    page = page_of(client, unsent.order, language)

    assert page.faults == []
    if language == "en":
        assert messages_in(page.text) == {CANCELED, ASKED, REFUSED, LEFT}
        assert page.text.count("It could not be canceled") == 2
        assert "We received your cancellation request" not in page.text
        stopped = page.text.partition('id="box-stopped"')[2]
        assert "<h3>2 × " in stopped.partition("</section>")[0]


def tell_shipped(purchase_order):
    state = make_state(purchase_order, "shipped", make_shipment_notice())
    acknowledge(purchase_order, answer=state.answer, parcels=state.parcels)
    shipments.import_parcels(purchase_order=reloaded(purchase_order), state=state, now=NOON)


def test_unsent_request_is_not_shown_as_sent(client, email_supplier):
    email_supplier.has_box = False
    (purchase_order,) = parcels_of(1)
    submit(purchase_order)
    order = purchase_order.order
    cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)
    assert messages_in(page_of(client, order).text) == {ASKING}

    # It leaves the request to staff.
    cancellation.process_request(purchase_order=reloaded(purchase_order), now=NOON)

    assert messages_in(page_of(client, order).text) == {ASKING}
    assert (
        "We received your cancellation request"
        in page_of(client, order, query="?cancel=asked").text
    )


def test_move_to_another_supplier_is_not_shown_as_a_cancellation(client):
    (purchase_order,) = parcels_of(1)
    submit(purchase_order)
    PurchaseOrder.objects.update(
        is_being_reassigned=True, cancel_requested_at=NOON, cancel_reason="rules: silent"
    )

    assert messages_in(page_of(client, purchase_order.order).text) == set()


def test_late_parcel_offers_to_cancel_until_it_is_requested(client):
    (purchase_order,) = parcels_of(1)
    make_late(purchase_order.order)

    text = page_of(client, purchase_order.order).text

    assert "This parcel is late" in text
    assert "We are asking the supplier" not in text
    assert "cancel the order on this page" in text
    ask_to_stop(purchase_order.order)
    assert "cancel the order on this page" not in page_of(client, purchase_order.order).text


def answers():
    events = Event.objects.filter(name="order.cancellation_answered").order_by("pk")
    return [event.payload["is_stopped"] for event in events]


def test_each_answer_is_mailed(client):
    unsent, refused, gone, stopped = parcels_of(4)
    submit(refused, gone, stopped)
    ask_to_stop(unsent.order)
    assert answers() == [True]

    supplier_answers.record_refusal(purchase_order=reloaded(refused), **BY_ANN)
    supplier_answers.record_acceptance(purchase_order=reloaded(stopped), **BY_ANN)
    tell_shipped(gone)
    cancellation.process_request(purchase_order=reloaded(gone), now=NOON)

    assert answers() == [True, False, True, False]


def test_parcel_that_shipped_before_the_request_is_answered_beside_the_canceled_one(client):
    unsent, gone = parcels_of(2)
    submit(gone)
    tell_shipped(gone)
    path = f"/en/orders/{unsent.order.number}/{unsent.order.access_key}/cancel/"

    texts = [client.post(path, follow=True).content.decode() for _ in range(2)]

    assert "Not all of it could be canceled at once." in texts[0]
    assert answers() == [True, False]


def test_delivered_parcel_says_that_the_cancellation_was_too_late(client):
    (purchase_order,) = parcels_of(1)
    submit(purchase_order)
    ask_to_stop(purchase_order.order)
    tell_shipped(purchase_order)
    cancellation.process_request(purchase_order=reloaded(purchase_order), now=NOON)
    Parcel.objects.update(status=Parcel.Status.DELIVERED)

    assert messages_in(page_of(client, purchase_order.order).text) == {ARRIVED}


def test_shipped_late_parcel_offers_only_a_complaint(client):
    (purchase_order,) = parcels_of(1)
    submit(purchase_order)
    tell_shipped(purchase_order)
    make_late(purchase_order.order)

    text = page_of(client, purchase_order.order).text

    assert "Contact us if you want your money back." in text
    assert "has not been sent yet" not in text


def test_charge_is_refunded_when_the_whole_order_is_canceled(client):
    (purchase_order,) = parcels_of(1)
    submit(purchase_order)
    settle(purchase_order.order)
    ask_to_stop(purchase_order.order)

    supplier_answers.record_acceptance(purchase_order=reloaded(purchase_order), **BY_ANN)

    text = page_of(client, purchase_order.order).text
    assert "<h1>Canceled.</h1>" in text
    assert "Your payment is refunded the way you paid." in text
    assert "Nothing was charged" not in text
    assert answers() == []
    assert Event.objects.filter(name="order.canceled").count() == 1
