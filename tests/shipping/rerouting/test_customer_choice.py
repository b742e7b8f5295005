"""What comes later, or otherwise, comes only if the shopper agrees."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Order, Setback
from orders.purchasing import submission
from shipping.rerouting import customer_choice
from suppliers.connectors.records import Answer
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.backorders import also_at, asked, broken, live, look_everywhere, refuse, tell
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("routes")]

LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=3)


def test_what_comes_later_is_asked_of_the_shopper_and_held_for_him(supplier):
    listing = make_sellable()
    slow = also_at(listing, max_days=20)
    purchase_order = make_sent_purchase_order(listing)

    refuse(purchase_order)
    look_everywhere()

    assert broken() == []
    assert live() == []
    setback = Setback.objects.get()
    assert (setback.status, setback.choices) == ("asked", ["wait", "refund"])
    assert (setback.promised_by, setback.arrives_by) == (date(2026, 12, 5), date(2026, 12, 16))
    assert setback.answer_by == NOON + timedelta(hours=48)
    assert StockLevel.objects.get(pk=slow.pk).available == 4
    (event,) = Event.objects.filter(name="order.setback_asked")
    assert set(event.payload["answers"]) == {"wait", "refund"}
    look_everywhere()  # asked once
    assert Event.objects.filter(name="order.setback_asked").count() == 1


@pytest.fixture
def question(supplier):
    """A shopper who is asked whether he waits; he paid ``question.order.total_amount``."""
    listing = make_sellable()
    also_at(listing, max_days=20)
    refuse(make_sent_purchase_order(listing))
    look_everywhere()
    return Setback.objects.select_related("order__channel").get()


def answer(question, choice, actor="shopper", now=LATER):
    setback = Setback.objects.select_related("order__channel").get(pk=question.pk)
    customer_choice.answer(setback=setback, choice=Setback.Choice(choice), actor=actor, now=now)
    assert broken() == []


def test_who_waits_gets_it_from_there_once(question, supplier):
    answer(question, "wait")
    answer(question, "wait")

    (made,) = live()
    assert (made.supplier.code, made.charge_amount) == ("other", question.order.total_amount)
    order = Order.objects.get()
    assert (order.status, order.arrives_to) == ("processing", date(2026, 12, 16))
    with pytest.raises(customer_choice.NoLongerError):
        answer(question, "refund")
    submission.send(purchase_order=made, now=LATER)
    assert asked() == [("capture_requested", order.total_amount)]


def test_who_wants_his_money_back_gets_it_and_the_units_are_for_others(question):
    answer(question, "refund")
    answer(question, "refund")

    assert asked() == [("release_requested", question.order.total_amount)]
    assert Order.objects.get().status == "canceled"
    assert not StockLevel.objects.filter(allocated_unseen__gt=0).exists()
    with pytest.raises(customer_choice.NoLongerError):
        answer(question, "wait")
    assert live() == []


def test_silence_pays_back_when_the_time_is_over_and_not_before(question):
    look_everywhere(question.answer_by - timedelta(minutes=1))
    assert Setback.objects.get().status == "asked"

    look_everywhere(question.answer_by)

    assert broken() == []
    setback = Setback.objects.get()
    assert (setback.status, setback.chosen, setback.chosen_by) == ("given_up", "refund", "")
    assert asked() == [("release_requested", question.order.total_amount)]


def test_nobody_chooses_what_was_not_offered(question):
    with pytest.raises(customer_choice.NoLongerError):
        answer(question, "substitute")
    assert Setback.objects.get().status == "asked"


def test_a_shopper_who_cancels_meanwhile_gets_all_of_it_back(question):
    said = cancellation.cancel(order=question.order, reason="no", actor="shopper", now=LATER)

    assert said.is_whole
    assert broken() == []
    assert Order.objects.get().status == "canceled"
    assert asked() == [("release_requested", question.order.total_amount)]
    assert not StockLevel.objects.filter(allocated_unseen__gt=0).exists()
    assert Event.objects.filter(name="order.canceled").count() == 1
    look_everywhere(MUCH_LATER)
    assert live() == []


def test_money_that_is_not_held_long_enough_is_not_waited_for(supplier):
    listing = make_sellable()
    also_at(listing, max_days=20)
    purchase_order = make_sent_purchase_order(listing)
    purchase_order.order.payments.update(capture_before=NOON + timedelta(hours=15, minutes=30))

    refuse(purchase_order)
    look_everywhere()

    assert Setback.objects.get().status == "given_up"
    assert asked() == [("release_requested", purchase_order.order.total_amount)]


@pytest.fixture
def replaced(supplier):
    """A light that nobody has any more, and the one that replaces it, sold by another."""
    listing, newer = make_sellable(), make_sellable(price="45.00", quantity=0)
    also_at(newer)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    refuse(make_sent_purchase_order(listing))
    look_everywhere()
    return newer


def test_what_replaces_it_is_sent_only_if_the_shopper_agrees_and_costs_no_more(replaced):
    setback = Setback.objects.get()
    assert setback.choices == ["substitute", "refund"]
    assert live() == []

    answer(setback, "substitute")

    (made,) = live()
    assert made.lines.get().offer.variant_id == replaced.variant_id
    assert made.lines.get().title.startswith(replaced.variant.product.title)
    assert made.charge_amount == made.order.total_amount


def test_a_substitute_that_is_gone_when_he_agrees_is_said_and_changes_nothing(replaced):
    StockLevel.objects.update(reported_quantity=0)

    setback = Setback.objects.select_related("order__channel").get()
    with pytest.raises(customer_choice.NoLongerError):
        customer_choice.answer(
            setback=setback, choice=Setback.Choice.SUBSTITUTE, actor="shopper", now=LATER
        )

    assert Setback.objects.get().status == "asked"
    assert live() == []


def test_a_cheaper_one_is_not_offered_for_the_same_money(supplier):
    listing, older = make_sellable(), make_sellable(price="30.00", quantity=0)
    also_at(older)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=older.variant)

    refuse(make_sent_purchase_order(listing))
    look_everywhere()

    assert Setback.objects.get().status == "given_up"


def test_a_delay_is_asked_of_the_shopper_and_silence_lets_it_come(supplier):
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    purchase_order = make_sent_purchase_order(listing)

    tell(purchase_order, ships_by=date(2026, 12, 10))
    look_everywhere()

    setback = Setback.objects.get()
    assert (setback.kind, setback.status, setback.if_silent) == ("later", "asked", "wait")
    assert setback.arrives_by == date(2026, 12, 16)
    look_everywhere(setback.answer_by)
    assert Setback.objects.get().status == "awaited"
    assert [one.status for one in live()] == ["in_progress"]
    assert Order.objects.get().arrives_to == date(2026, 12, 16)


def test_who_does_not_wait_for_a_delay_has_his_supplier_asked_to_stop(supplier):
    listing = make_sellable()
    purchase_order = make_sent_purchase_order(listing)
    tell(purchase_order, ships_by=date(2026, 12, 10))
    look_everywhere()

    answer(Setback.objects.get(), "refund")

    (still,) = live()
    assert still.cancel_wanted_at == LATER
    supplier.can_stop = True
    assert cancellation.pursue(purchase_order=still, now=LATER) is True
    assert broken() == []
    assert Order.objects.get().status == "canceled"


def test_a_delay_that_comes_in_time_all_the_same_is_asked_of_nobody(supplier):
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    purchase_order = make_sent_purchase_order(listing)

    tell(purchase_order, ships_by=date(2026, 11, 28))
    tell(purchase_order, ships_by=date(2026, 11, 28))
    look_everywhere()

    assert [one.status for one in Setback.objects.all()] == ["awaited"]
    assert not Event.objects.filter(name="order.setback_asked").exists()


def test_a_question_of_a_delay_is_over_when_it_leaves_or_does_not_come(supplier):
    for word in (Answer.SHIPPED, Answer.REJECTED):
        listing = make_sellable()
        purchase_order = make_sent_purchase_order(listing)
        tell(purchase_order, word=Answer.RECEIVED, ships_by=date(2026, 12, 10))
        look_everywhere()

        tell(purchase_order, word=word)

        asked_of = Setback.objects.get(purchase_order=purchase_order, kind="later")
        assert asked_of.status == "awaited"


def test_what_earns_only_together_with_what_comes_in_time_is_not_lost_for_it(supplier):
    """A alone would come in time and B be paid back; he is asked whether he waits for both."""
    first, second = make_sellable(), make_sellable(price="13.99")
    level = also_at(first)
    offer = make_offer(second.variant, supplier=level.offer.supplier, cost="10.50")
    make_level(offer, 5, level.location)
    SupplierOffer.objects.filter(pk=offer.pk).update(lead_days=15)
    purchase_order = make_sent_purchase_order(first, second)

    refuse(purchase_order)
    look_everywhere()

    assert broken() == []
    assert live() == []
    setback = Setback.objects.get()
    assert (setback.status, setback.lines.filter(is_open=True).count()) == ("asked", 2)
    assert asked() == []
