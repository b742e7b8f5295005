"""Draft orders: placed once with one payment link, edited by cancelling and copying."""

from datetime import timedelta

import pytest

from notifications.models import Event
from orders import ledger
from orders.cancellation import before_purchasing, cancellation
from orders.cart import carts, delivery_details
from orders.checkout import checkout, unpaid_orders
from orders.draft_orders import draft_orders
from orders.models import Cart, Order
from orders.payments import updates
from suppliers.models import StockLevel
from tests.factories.backorders import gateway_requests, violated_invariants
from tests.factories.catalog import make_channel
from tests.factories.orders import (
    HOME,
    make_order,
    make_payment,
    make_payment_update,
    make_sellable,
    pay,
    quote_for,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db


def make_draft(*listings, quantity=2):
    draft = draft_orders.start(
        channel=make_channel(), country="DE", locale="en", actor="ann", now=NOON
    )
    for listing in listings:
        set_quantity(draft, listing, quantity)
    delivery_details.set_address(cart=draft, email="erika@example.org", ship_to=HOME, now=NOON)
    return draft


def set_quantity(draft, listing, quantity):
    draft_orders.set_quantity(
        draft=draft,
        listing_id=listing.pk,
        quantity=quantity,
        deliverable=carts.as_listed,
        now=NOON,
    )


def place(draft, quote=None, actor="ben"):
    quote = quote or quote_for(draft)
    cart = Cart.objects.select_related("channel").get(pk=draft.pk)
    total = carts.view_cart(cart=cart, now=NOON).subtotal + quote.price
    return draft_orders.place(
        draft=cart,
        quote=quote,
        agreed=total,
        agreed_arrival=quote.arrives_to,
        tax=None,
        actor=actor,
        now=NOON,
    )


def payment_links():
    return Event.objects.filter(name="order.payment_link").count()


def test_a_quantity_is_set_not_added():
    listing = make_sellable()
    draft = make_draft(listing, quantity=2)

    set_quantity(draft, listing, 3)
    assert draft.lines.get().quantity == 3
    for _ in range(2):
        set_quantity(draft, listing, 0)

    assert not draft.lines.exists()


def test_a_placed_draft_is_held_for_an_hour_and_its_link_is_sent():
    order = place(make_draft(make_sellable()))

    assert order.status == "pending_payment"
    assert order.payment_due_at == NOON + timedelta(hours=1)
    assert order.cart.entered_by == "ben"
    event = Event.objects.get()
    assert (event.name, event.payload["email"]) == ("order.payment_link", "erika@example.org")
    assert order.access_key in event.payload["url"]


def test_no_reminder_follows_the_payment_link():
    place(make_draft(make_sellable()))

    unpaid_orders.send_reminders(now=NOON + timedelta(minutes=10))

    assert not Event.objects.filter(name="order.unpaid").exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_submit_makes_one_order_and_one_link():
    draft = make_draft(make_sellable(quantity=5))
    quote = quote_for(draft)

    refused = all_at_once([lambda: place(draft, quote)] * 3, checkout.UnavailableError)

    assert refused == 0
    assert (Order.objects.count(), payment_links()) == (1, 1)
    assert StockLevel.objects.get().reserved == 2


def test_what_is_sold_out_is_refused_and_nothing_is_written():
    draft = make_draft(make_sellable(quantity=2))
    quote = quote_for(draft)
    StockLevel.objects.update(reported_quantity=1)

    with pytest.raises(checkout.UnavailableError):
        place(draft, quote)

    assert (Order.objects.count(), payment_links()) == (0, 0)


def test_a_discarded_draft_is_gone_and_a_placed_one_stays():
    draft, placed = make_draft(), make_draft(make_sellable())
    place(placed)

    draft_orders.discard(draft, now=NOON)
    with pytest.raises(carts.PlacedCartError):
        draft_orders.discard(placed, now=NOON)

    assert draft_orders.open_drafts(now=NOON) == []
    assert draft_orders.find(placed.pk).order


def test_the_cart_of_a_customer_is_no_draft():
    cart = make_order(make_sellable()).cart

    assert draft_orders.find(cart.pk) is None
    assert draft_orders.open_drafts(now=NOON) == []


def reopen(order):
    return draft_orders.reopen(order=order, reason="edited", actor="ann", now=NOON)


def test_an_unpaid_order_is_canceled_and_its_content_is_a_draft():
    listing = make_sellable(quantity=5)
    order = make_order(listing, quantity=4)

    draft = reopen(order)

    order.refresh_from_db()
    assert order.status == "canceled"
    assert StockLevel.objects.get().reserved == 0
    assert [(line.listing, line.quantity) for line in draft.lines.all()] == [(listing, 4)]
    assert (draft.email, draft.ship_to["line1"]) == (order.email, HOME.line1)
    assert (draft.owner, draft.browser_key) == (None, "")
    assert place(draft).total == order.total


def test_the_customer_of_an_edited_order_is_told_of_its_end_only_if_the_draft_is_discarded():
    draft = reopen(make_order(make_sellable()))
    canceled = Event.objects.filter(name="order.canceled")
    assert not canceled.exists()

    draft_orders.discard(draft_orders.find(draft.pk), now=NOON)

    assert canceled.count() == 1


def test_an_order_is_edited_once():
    order = make_order(make_sellable())
    reopen(order)

    with pytest.raises(draft_orders.NotEditableError):
        reopen(order)

    assert len(draft_orders.open_drafts(now=NOON)) == 1


def test_a_paid_order_is_not_edited():
    order = make_order(make_sellable())
    pay(order)

    with pytest.raises(draft_orders.NotEditableError):
        reopen(order)

    order.refresh_from_db()
    assert order.status == "placed"
    assert draft_orders.open_drafts(now=NOON) == []


def paying(order):
    update = make_payment_update(make_payment(order), "authorized")
    return lambda: updates.apply(update=update, gateway="fake", now=NOON)


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_paid_during_its_edit_stays_paid(monkeypatch):
    order = make_order(make_sellable())
    rival = Rival(lambda: reopen(Order.objects.get(pk=order.pk)))
    rival.begin_at(monkeypatch, ledger, "record")

    paying(order)()
    rival.finish()

    order.refresh_from_db()
    assert isinstance(rival.failure, draft_orders.NotEditableError)
    assert (order.status, draft_orders.open_drafts(now=NOON)) == ("placed", [])
    assert violated_invariants() == []


@pytest.mark.django_db(transaction=True)
def test_a_payment_during_an_edit_is_voided(monkeypatch):
    """Without the lock of the order it would pay an order that is canceled."""
    order = make_order(make_sellable())
    rival = Rival(paying(order))
    rival.begin_at(monkeypatch, before_purchasing, "cancel")

    reopen(order)
    rival.finish()

    order.refresh_from_db()
    assert rival.failure is None
    assert order.status == "canceled"
    assert gateway_requests() == [("void_requested", order.total_amount)]
    assert len(draft_orders.open_drafts(now=NOON)) == 1
    assert violated_invariants() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_repeated", [True, False])
def test_an_order_whose_link_was_not_sent_gets_it_once(is_repeated):
    draft = make_draft(make_sellable())
    killed(lambda: place(draft), module=draft_orders.events, at="payment_link")
    order = Order.objects.get()

    if is_repeated:
        assert place(draft) == order
    for minutes in (10, 11):
        unpaid_orders.send_reminders(now=NOON + timedelta(minutes=minutes))

    event = Event.objects.get(name__in=["order.payment_link", "order.unpaid"])
    assert order.access_key in event.payload["url"]
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("module", "at"),
    [
        (delivery_details, "set_address"),
        (draft_orders, "_cancel_unpaid"),
        (before_purchasing, "cancel"),
    ],
)
def test_an_edit_whose_process_is_killed_leaves_an_order_to_pay(module, at):
    order = make_order(make_sellable())
    killed(lambda: reopen(order), module=module, at=at)

    order.refresh_from_db()
    assert (order.status, Event.objects.count()) == ("pending_payment", 0)
    reopen(order)
    order.refresh_from_db()
    assert order.status == "canceled"


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_leave_one_draft():
    order = make_order(make_sellable())

    refused = all_at_once([lambda: reopen(order)] * 2, draft_orders.NotEditableError)

    assert refused == 1
    assert len(draft_orders.open_drafts(now=NOON)) == 1


def test_an_edit_does_not_hide_a_cancellation():
    order = make_order(make_sellable())
    cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)

    with pytest.raises(draft_orders.NotEditableError):
        reopen(order)
