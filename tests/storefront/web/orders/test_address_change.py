"""Address changes of orders: applied at once, requested from the supplier, or refused."""

import dataclasses
from dataclasses import asdict

import pytest
from django.test import Client

from notifications import dispatch
from notifications.models import Event
from notifications.rendering import render
from orders.address_changes import change_requests
from orders.cancellation import cancellation
from orders.models import AddressChangeRequest, Order, PurchaseOrder
from orders.purchasing.supplier_request import build_request
from shipping.shipments import shipments
from storefront.lib.address import Address
from storefront.web.orders import address_change
from tests.factories.address_changes import THERE, accept, apart
from tests.factories.orders import HOME, make_order, make_paid_order, make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import fresh
from tests.storefront.web.checkout.test_address_suggestions import digest_in
from tests.storefront.web.page_parser import Page, in_each_language, page_of
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db

THIRD = dataclasses.replace(THERE, line1="Dritte 3")
LINK = '/address/">Change delivery address'
CHANGED = "It goes to the new address."
ASKED = "We have asked the supplier to ship it to the new address."
REFUSED = "The supplier can no longer change the address: it goes to the old one."
LEFT = "It had already shipped: it goes to the old address."


def request_change(customer, order, ship_to=THERE, **more):
    return customer.post(page_of(order, "address/"), {**asdict(ship_to), **more})


def shown(customer, order, page=""):
    return customer.get(page_of(order, page)).content.decode()


def address_events():
    found = Event.objects.filter(name__startswith="order.delivery_address_").order_by("pk")
    return list(found.values_list("name", flat=True))


@pytest.fixture
def accepted(light):
    return make_accepted_purchase_order(light)


@in_each_language
def test_form_is_valid_and_prefilled(customer, light, language):
    order = make_paid_order(light)
    path = page_of(order, "address/", language)
    first = Page(customer.get(path))

    doubtful = {**asdict(THERE), "postcode": "D-20095"}
    pages = [first, *(Page(customer.post(path, given)) for given in ({"country": "DE"}, doubtful))]

    assert [(page.faults, page.unlabeled()) for page in pages] == [([], [])] * 3
    assert first.all("input", name="line1")[0]["value"] == HOME.line1
    (country,) = first.all("input", name="country")
    assert country == {"type": "hidden", "name": "country", "value": "DE"}


def test_unsubmitted_order_changes_at_once_and_only_once(customer, light):
    order = make_paid_order(light)
    assert LINK in shown(customer, order)

    answer, again = (request_change(customer, order) for _ in range(2))

    order.refresh_from_db()
    assert answer.status_code == 303
    assert Address(**order.ship_to) == THERE
    assert "Hamburg" in shown(customer, order)
    assert CHANGED in customer.get(answer["Location"]).content.decode()
    assert "It already goes to this address." in customer.get(again["Location"]).content.decode()
    (event,) = Event.objects.filter(name__startswith="order.delivery_address_")
    assert event.name == "order.delivery_address_changed"
    letter = render(template="delivery_address_changed", locale="en", payload=event.payload)
    assert "Your order goes to your new address." in letter.text
    assert "If you did not request this" in letter.html
    (entry,) = order.address_verification["staff"]
    assert (entry["by"], entry["was"]) == ("customer", asdict(HOME))


def test_page_does_not_claim_a_full_change_after_a_parcel_left(customer, light):
    unsent, left = apart(light, make_sellable())
    accept(left)
    PurchaseOrder.objects.filter(pk=left.pk).update(status="shipped")

    for _ in range(2):
        answer = request_change(customer, unsent.order)
        text = customer.get(answer["Location"]).content.decode()
        assert "What has not shipped yet goes to the new address." in text
    assert "It already goes to this address." not in text


def test_supplier_is_asked_once_and_the_page_says_so(customer, accepted):
    there = dataclasses.replace(THERE, line2="Hof 3")
    first, again = (request_change(customer, accepted.order, there) for _ in range(2))

    assert (first.status_code, again.status_code) == (303, 303)
    assert AddressChangeRequest.objects.get().requested_by == "customer"
    text = shown(customer, accepted.order)
    assert ASKED in text
    assert "Neue Straße 2, Hof 3, 20095 Hamburg" in text
    assert "Musterweg 1" in text  # the old address until the supplier agrees
    assert LINK not in text
    assert address_events() == []


@pytest.mark.parametrize(
    ("is_yes", "words", "city"), [(True, CHANGED, "Hamburg"), (False, REFUSED, "Berlin")]
)
def test_suppliers_answer_is_shown_and_mailed(customer, accepted, is_yes, words, city):
    request_change(customer, accepted.order)

    change_requests.record_answer(
        change_request=AddressChangeRequest.objects.get(), is_yes=is_yes, actor="ben", now=NOON
    )

    text = shown(customer, accepted.order)
    assert words in text
    assert ASKED not in text
    assert city in text.partition('id="order-where"')[2]
    assert LINK in text  # another change can be requested
    assert address_events() == ["order.delivery_address_change_result"]
    (message,) = dispatch.fan_out(event=Event.objects.get(name=address_events()[0]), now=NOON)
    assert message.recipient == accepted.order.email


def test_second_request_waits_for_the_answer_to_the_first(customer, accepted):
    request_change(customer, accepted.order)

    second = request_change(customer, accepted.order, THIRD)

    assert second.status_code == 409
    for text in (second.content.decode(), shown(customer, accepted.order, "address/")):
        assert "After that you can change the address again" in text
    assert AddressChangeRequest.objects.get().ship_to == asdict(THERE)


def test_each_parcel_shows_its_outcome(customer, light):
    unsent, asked, left = apart(light, make_sellable(), make_sellable())
    accept(asked)
    accept(left)
    PurchaseOrder.objects.filter(pk=left.pk).update(status="shipped")

    answer = request_change(customer, unsent.order)

    text = customer.get(answer["Location"]).content.decode()
    boxes = text.split('<section class="panel box"')[1:]
    for words, box in zip((CHANGED, ASKED, LEFT), boxes, strict=True):
        assert words in box
    where = text.partition('id="order-where"')[2].partition("</section>")[0]
    assert "Parcel 1" in where
    assert "Parcels 2, 3" in where
    assert build_request(fresh(unsent)).ship_to == THERE


def test_parcel_shipped_before_the_answer_goes_to_the_old_address(customer, accepted):
    request_change(customer, accepted.order)

    shipments.import_parcels(
        purchase_order=accepted,
        state=make_state(accepted, "shipped", make_shipment_notice()),
        now=NOON,
    )

    text = shown(customer, accepted.order)
    assert LEFT in text
    assert LINK not in text
    late = request_change(customer, accepted.order, THIRD)
    assert late.status_code == 409
    assert "Everything has shipped" in late.content.decode()
    assert AddressChangeRequest.objects.count() == 1


def test_superseded_request_is_not_shown(customer, light, noon):
    unsent, asked = apart(light, make_sellable())
    accept(asked)
    request_change(customer, unsent.order)
    PurchaseOrder.objects.filter(pk=asked.pk).update(status="canceled")
    noon.shift(60)

    request_change(customer, unsent.order, THIRD)
    PurchaseOrder.objects.filter(pk=unsent.pk).update(status="shipped")

    text = shown(customer, unsent.order)
    assert "Dritte 3" in text
    assert [words for words in (CHANGED, ASKED, LEFT, "Neue Straße 2") if words in text] == []
    assert build_request(fresh(unsent)).ship_to == THIRD


def test_order_submitted_meanwhile_asks_the_supplier(customer, accepted, monkeypatch):
    monkeypatch.setattr("orders.address_changes.corrections.can_correct", lambda _order: True)

    assert request_change(customer, accepted.order).status_code == 303

    assert AddressChangeRequest.objects.get().status == "requested"


@pytest.mark.django_db(transaction=True)
def test_concurrent_clicks_make_one_request(customer, client_of_another, accepted, monkeypatch):
    """Without the lock on the order both would find no request, and one would be told to wait."""
    rival = Rival(lambda: request_change(client_of_another, accepted.order))
    rival.begin_at(monkeypatch, AddressChangeRequest.objects, "create")

    first = request_change(customer, accepted.order)
    second = rival.finish()

    assert rival.failure is None
    assert (first.status_code, second.status_code) == (303, 303)
    assert AddressChangeRequest.objects.count() == 1


@pytest.mark.parametrize("status", ["canceled", "completed", "expired", "unpaid"])
def test_order_that_is_over_or_unpaid_is_unchanged(customer, light, status):
    order = make_order(light) if status == "unpaid" else make_paid_order(light)
    if status != "unpaid":
        Order.objects.update(status=status)

    late = request_change(customer, order)

    assert late.status_code == 409
    words = "The order is not paid yet." if status == "unpaid" else "This order is closed"
    assert words in late.content.decode()
    assert LINK not in shown(customer, order)
    assert Order.objects.get().ship_to == asdict(HOME)


def test_order_that_ends_before_the_lock_is_unchanged(customer, light, monkeypatch):
    order = make_paid_order(light)
    real = change_requests.change_address

    def canceled_meanwhile(**given):
        cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)
        return real(**given)

    monkeypatch.setattr(change_requests, "change_address", canceled_meanwhile)

    late = request_change(customer, order)

    assert late.status_code == 409
    assert "This order is closed" in late.content.decode()
    assert address_events() == []


def test_order_being_canceled_is_unchanged(customer, accepted):
    cancellation.cancel(order=accepted.order, reason="no", actor="customer", now=NOON)

    answer = request_change(customer, accepted.order)

    assert answer.status_code == 409
    assert "You asked to cancel it" in answer.content.decode()
    assert LINK not in shown(customer, accepted.order)
    assert not AddressChangeRequest.objects.exists()


def test_errors_are_shown_and_input_is_kept(customer, accepted):
    Order.objects.update(
        additional_tax_amount=1, tax_amount=10, total_amount=accepted.order.total_amount + 1
    )

    for change, words in (
        ({"country": "FR", "postcode": "75001", "city": "Paris"}, "Prices differ by country"),
        ({"region": "BE"}, "The tax was calculated for this region"),
        ({"line1": ""}, "Enter the street and house number."),
        ({"phone": "call me"}, "Enter the phone number in digits"),
        ({"postcode": "1"}, "This postcode does not match the country"),
        ({"name": "x" * 51}, "This is too long for a parcel label."),
    ):
        typed = {**asdict(THERE), **change}
        answer = customer.post(page_of(accepted.order, "address/"), typed)
        text = answer.content.decode()
        assert answer.status_code == 422, change
        assert words in text
        assert typed["city"] in text
    assert not AddressChangeRequest.objects.exists()


def test_doubtful_address_is_kept_with_a_stored_reason(customer, light):
    order = make_paid_order(light)
    odd = dataclasses.replace(THERE, line1="Postfach 7")
    asked = request_change(customer, order, odd)
    assert asked.status_code == 422

    answer = request_change(
        customer, order, odd, about=digest_in(asked), reason="The caretaker takes it."
    )

    assert answer.status_code == 303
    order.refresh_from_db()
    assert order.address_verification["reason"] == "The caretaker takes it."
    assert order.address_verification["doubts"] == ["line1"]


def test_page_needs_the_complete_link(light):
    order = make_paid_order(light)
    wrong = f"/en/orders/{order.number}/{'x' * 32}/address/"
    foreign = Client(enforce_csrf_checks=True)

    assert Client().get(wrong).status_code == 404
    assert Client().post(wrong, asdict(THERE)).status_code == 404
    assert foreign.post(page_of(order, "address/"), asdict(THERE)).status_code == 403
    assert Order.objects.get().ship_to == asdict(HOME)


def test_changes_are_rate_limited(customer, light, monkeypatch):
    monkeypatch.setattr(address_change, "CHANGES_PER_HOUR", 2)
    order = make_paid_order(light)
    places = [dataclasses.replace(THERE, line1=f"Neue Straße {number}") for number in range(3)]

    answers = [request_change(customer, order, place).status_code for place in places]

    assert answers == [303, 303, 429]
    assert Order.objects.get().ship_to["line1"] == "Neue Straße 1"
