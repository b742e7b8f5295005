"""Order e-mails: trigger each by the shop's own code, check its text in both languages."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from notifications.models import Event
from orders import events
from orders.address_changes import change_requests, corrections
from orders.cancellation import cancellation, supplier_answers
from orders.checkout import unpaid_orders
from orders.models import AddressChangeRequest, Order, PurchaseOrder, TaxNumber, TaxRate
from orders.order_messages import order_messages
from orders.purchasing import acknowledgements
from tests.factories.backorders import acknowledge
from tests.factories.catalog import make_channel, make_image, make_product, make_spec, make_variant
from tests.factories.full_shop import settle
from tests.factories.orders import (
    HOME,
    ask_to_stop,
    make_order,
    make_paid_order,
    make_payment,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.payments import apply_update
from tests.factories.promotions import make_promotion
from tests.factories.returns import exchange, make_inspected_return
from tests.factories.reviews import agree, ask_for_reviews
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_state,
)
from tests.factories.suppliers import NOON, make_location
from tests.support.emails import email_test, last_email

pytestmark = pytest.mark.django_db
THERE = replace(HOME, line1="Neue Straße 2", postcode="20095", city="Hamburg")
NEW_YORK = replace(HOME, city="New York", region="NY", postcode="10001", country="US")
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def supplier(monkeypatch):
    """A supplier that answers a cancellation only by its staff; skip the margin check."""
    connect_without_holds(monkeypatch).can_stop = None


# Placed


def placed():
    product = make_product(title="Ridge 1800")
    make_spec(product, output_lm=1800, intensity_cd=22_500, beam_m=300)
    make_image(product, stem="a" * 32)
    make_paid_order(make_sellable(price="64.99", variant=make_variant(product)), quantity=2)


def placed_without_picture_or_numbers():
    make_paid_order(make_sellable(variant=make_variant(make_product(title="Camp lantern"))))


def placed_with_a_discount():
    make_promotion(name="Autumn")
    listing = make_sellable(price="40.00")
    listing.floor_amount = 20
    listing.save()
    make_paid_order(listing)


def placed_with_sales_tax():
    channel = make_channel(prices_exclude_tax=True)
    TaxNumber.objects.create(scheme="vat", country="DE", number="DE1", valid_from=NOON.date())
    make_paid_order(make_sellable(channel=channel))


def placed_without_tax():
    TaxRate.objects.all().delete()
    make_paid_order(ship_to=NEW_YORK)


# Unpaid order and its link


def unpaid():
    make_order()
    unpaid_orders.send_reminders(now=NOON + timedelta(minutes=6))


def entered_by_staff():
    order = make_order()
    with transaction.atomic():
        events.payment_link(order, at=NOON)


def payment_declined():
    make_payment(make_order())
    apply_update("declined")


def link_asked():
    order = make_order()
    with transaction.atomic():
        events.link_requested(order, at=NOON)


# Address change


def corrected(**more):
    corrections.correct(
        order=make_paid_order(), ship_to=THERE, reason="moved", actor="ann", now=NOON, **more
    )


def corrected_by_the_customer():
    corrected(noted={"reason": ""})


def address_answer(*, is_yes):
    order = make_accepted_purchase_order().order
    change_requests.request_change(
        order=order, ship_to=THERE, reason="moved", actor="ann", now=NOON
    )
    change_requests.record_answer(
        change_request=AddressChangeRequest.objects.get(), is_yes=is_yes, actor="ben", now=NOON
    )


def email_changed():
    address_answer(is_yes=True)


def address_kept():
    address_answer(is_yes=False)


# Canceled


def canceled_before_it_was_paid():
    cancellation.cancel(order=make_order(), reason="no", actor="customer", now=NOON)


def canceled_before_it_was_charged():
    ask_to_stop(make_paid_order())


def cancellation_answer(verb):
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    row = PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order.pk)
    verb(purchase_order=row, actor="ann", now=NOON)


def canceled_after_it_was_charged():
    cancellation_answer(supplier_answers.record_acceptance)


def replacement_canceled():
    order = exchange(make_inspected_return(make_sellable(quantity=9)))
    cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)


def order_from_two_locations():
    """Order from two locations: one purchase order is unsubmitted, the other accepted."""
    near, far = make_sellable(), make_sellable()
    place = make_location(code="CN", country="CN")
    type(far.level).objects.filter(pk=far.level.pk).update(location=place)
    unsent, asked = make_purchase_orders(near, far)
    asked.move("ready", at=NOON)
    asked.move("submitting", at=NOON, status_field="submission_status")
    acknowledge(asked)
    return unsent.order


def partly_canceled():
    ask_to_stop(order_from_two_locations())


def not_canceled():
    cancellation_answer(supplier_answers.record_refusal)


def message_to_customer():
    order_messages.answer(
        order=make_order(make_sellable()),
        text="It is late.",
        request_key="1",
        last_seen=0,
        actor="ann",
        now=NOON,
    )


def message_answered():
    order = make_order(make_sellable())
    order_messages.write(order=order, text="Where is it?", request_key="0", now=NOON)
    text = "It is on the way."
    order_messages.answer(
        order=order, text=text, request_key="1", last_seen=0, actor="ann", now=NOON
    )


def refunded():
    canceled_after_it_was_charged()
    settle(Order.objects.get())


def confirmed_later():
    purchase_order = make_sent_purchase_order(make_sellable())
    state = make_state(purchase_order, "accepted")
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=NOON + A_DAY)


def asked_for_a_review():
    order = make_order()
    Order.objects.filter(pk=order.pk).update(status="completed")
    agree(order.email)
    ask_for_reviews(NOON + 7 * A_DAY)


CASES = [
    (
        "order.review_asked",
        asked_for_a_review,
        ["You agreed to one request for a review.", "Write a review", "Is something wrong?"],
    ),
    (
        "order.confirmed",
        confirmed_later,
        ["Your order is confirmed.", "being prepared", "1–5 Dec"],
    ),
    (
        "order.placed",
        placed,
        [
            "Thank you, your order is placed.",
            "1–5 Dec",
            "Ridge 1800, Black",
            "€129.98",
            "€134.88",
            "incl. 19% VAT, Germany",
            "Delivery address",
            "Musterweg 1",
            "10115 Berlin",
            "Germany",
            "See the order",
        ],
    ),
    ("order.placed", placed_without_picture_or_numbers, ["Camp lantern, Black"]),
    ("order.placed", placed_with_a_discount, ["Autumn", "-€4.00", "€40.90"]),
    ("order.placed", placed_with_sales_tax, ["Sales tax", "€8.53"]),
    (
        "order.placed",
        placed_without_tax,
        ["VAT, United States: not included: customs may charge it on arrival", "New York"],
    ),
    (
        "order.unpaid",
        unpaid,
        [
            "Your order is not paid yet.",
            "The items are reserved for you until 24 November, 13:20 CET.",
            "Pay or cancel the order",
        ],
    ),
    (
        "order.payment_link",
        entered_by_staff,
        [
            "Your order is ready. Please pay it.",
            "We entered this order for you.",
            "reserved for you until 24 November, 13:20 CET",
            "Pay or cancel the order",
        ],
    ),
    (
        "order.payment_failed",
        payment_declined,
        [
            "Your payment did not go through.",
            "reserved for you until 24 November, 13:20 CET",
            "Pay or cancel the order",
        ],
    ),
    ("order.link_asked", link_asked, ["Someone requested the link to this order", "See the order"]),
    (
        "order.delivery_address_changed",
        corrected,
        ["We corrected the delivery address of your order.", "20095 Hamburg", "10115 Berlin"],
    ),
    (
        "order.delivery_address_changed",
        corrected_by_the_customer,
        [
            "Your order goes to your new address.",
            "If you did not request this, contact us immediately.",
        ],
    ),
    (
        "order.delivery_address_change_result",
        email_changed,
        [
            "It goes to the new address.",
            "The supplier ships this parcel to the new address.",
            "20095 Hamburg",
        ],
    ),
    (
        "order.delivery_address_change_result",
        address_kept,
        ["The delivery address could not be changed.", "10115 Berlin"],
    ),
    (
        "order.canceled",
        canceled_before_it_was_charged,
        ["The order is canceled.", "The hold on your payment is released.", "€44.89"],
    ),
    ("order.canceled", canceled_before_it_was_paid, ["Nothing was charged."]),
    (
        "order.canceled",
        canceled_after_it_was_charged,
        ["The amount charged is refunded the way you paid."],
    ),
    (
        "order.canceled",
        replacement_canceled,
        ["what you paid for the original items is refunded the way you paid."],
    ),
    (
        "order.cancellation_answered",
        partly_canceled,
        ["The items are canceled.", "The items below are canceled, as you requested."],
    ),
    (
        "order.cancellation_answered",
        not_canceled,
        ["The items could not be canceled.", "You can return them within 14 days after delivery."],
    ),
    (
        "order.message_answered",
        message_answered,
        ["Our answer to your message", "It is on the way.", "You can answer on the order page"],
    ),
    (
        "order.message_answered",
        message_to_customer,
        ["A message about your order", "It is late.", "You can answer on the order page"],
    ),
    ("order.refunded", refunded, ["We refund €44.89.", "It is refunded the way you paid."]),
]


test_order_email = email_test(CASES)


def test_an_unpaid_order_has_no_authorization_to_void():
    canceled_before_it_was_paid()

    assert "hold" not in last_email("order.canceled").english.text


def test_no_reminder_follows_the_e_mail_about_a_failed_payment():
    payment_declined()

    unpaid_orders.send_reminders(now=NOON + timedelta(minutes=6))

    assert [event.name for event in Event.objects.all()] == ["order.payment_failed"]


def test_tax_on_top_is_not_shown_as_included():
    placed_with_sales_tax()

    assert "VAT" not in last_email("order.placed").english.text
