"""What one supplier refuses comes from another: in time unasked, later only if he waits for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders import acknowledging, cancelling, moving, purchasing, routing_rules
from orders.models import Allocation, Order, PaymentEvent, PurchaseOrder, Setback
from orders.ranking import Criterion
from shipping import consenting, quotes, rerouting
from suppliers.adapters.base import Answer, OutOfStockError, PurchaseState, Refusal, RefusedLine
from suppliers.models import StockLevel
from tests.factories.orders import make_sellable
from tests.factories.scripted import ScriptedSupplier, connect
from tests.factories.setbacks import broken, look_everywhere
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=3)


@pytest.fixture(autouse=True)
def routes():
    quotes.forget()
    yield
    quotes.forget()


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr(purchasing, "check", lambda **_: [])  # whether it earns is not asked here
    return connect(monkeypatch, ScriptedSupplier())


def also_at(listing, code="other", *, quantity=5, max_days=6, cost="11.00"):
    """Put the same light on another supplier's shelf."""
    offer = make_offer(listing.variant, supplier=make_supplier(code), cost=cost)
    level = make_level(offer, quantity, make_location(offer.supplier, "PL", "PL"))
    make_service(level.location, min_days=2, max_days=max_days, countries=["DE"])
    return level


def tell(purchase_order, *, word=Answer.ACCEPTED, refused=(), code="out_of_stock", **more):
    fresh = PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order.pk)
    state = PurchaseState(
        number=fresh.number,
        supplier_reference="",
        answer=word,
        refused=tuple(RefusedLine(reference=str(one.pk), code=Refusal(code)) for one in refused),
        **more,
    )
    acknowledging.apply(purchase_order=fresh, state=state, now=NOON)
    fresh.refresh_from_db()
    assert broken() == []
    return fresh


def live():
    return list(
        PurchaseOrder.objects.exclude(status="canceled")
        .select_related("order", "supplier", "location")
        .order_by("pk")
    )


def asked():
    events = PaymentEvent.objects.filter(kind__endswith="_requested").order_by("pk")
    return list(events.values_list("kind", "amount"))


def refuse(purchase_order, code="out_of_stock"):
    return tell(purchase_order, refused=[one.order_line for one in purchase_order.lines.all()])


# in time


def test_what_one_refuses_another_sends_in_time_and_nobody_is_asked(supplier):
    listing = make_sellable()
    other = also_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    whole = purchase_order.charge_amount

    refuse(purchase_order)
    look_everywhere()

    assert broken() == []
    (made,) = live()
    assert (made.supplier.code, made.location_id) == ("other", other.location_id)
    assert (made.charge_amount, made.number[-2:], made.round) == (whole, "-2", 1)
    assert made.entry["arrives_to"] <= "2026-12-05"
    line = made.lines.get()
    assert (line.level_id, line.agreed_cost_amount) == (other.pk, Decimal("11.00"))
    assert list(Allocation.objects.order_by("pk").values_list("level", "status")) == [
        (listing.level.pk, "released"),
        (other.pk, "unseen"),
    ]
    assert asked() == []
    assert not Event.objects.filter(name__in=["order.lines_refused", "order.setback_asked"])
    assert Order.objects.get().status == "processing"

    purchasing.send(purchase_order=made, now=LATER)
    assert broken() == []
    assert asked() == [("capture_requested", whole)]


def test_of_a_part_only_what_is_refused_moves_and_each_is_charged_once(supplier):
    first, second = make_sellable(), make_sellable(price="19.99")
    also_at(second)
    purchase_order = make_sent_purchase_order(first, second)
    whole = purchase_order.charge_amount
    line = purchase_order.order.lines.get(variant=second.variant)

    tell(purchase_order, refused=[line])
    look_everywhere()
    kept, made = live()

    assert broken() == []
    assert (kept.charge_amount, made.charge_amount) == (whole - Decimal("19.99"), Decimal("19.99"))
    purchasing.send(purchase_order=made, now=LATER)
    assert [amount for _, amount in asked()] == [whole - Decimal("19.99"), Decimal("19.99")]
    assert broken() == []


def test_what_only_some_of_is_found_elsewhere_goes_on_and_the_rest_is_paid_back(supplier):
    first, second = make_sellable(), make_sellable(price="19.99")
    also_at(second)
    purchase_order = make_sent_purchase_order(first, second)
    whole = purchase_order.charge_amount

    refuse(purchase_order)
    look_everywhere()

    assert broken() == []
    (made,) = live()
    # What was paid for the way goes with what comes.
    assert made.charge_amount == whole - Decimal("39.99")
    assert asked() == [("release_requested", Decimal("39.99"))]
    (event,) = Event.objects.filter(name="order.lines_refused")
    assert [one["title"] for one in event.payload["lines"]] == [
        purchase_order.order.lines.get(variant=first.variant).title
    ]


def test_who_has_none_left_here_may_have_it_elsewhere_and_who_will_not_will_not(supplier):
    for code, is_found in (("out_of_stock", True), ("undeliverable", False)):
        listing = make_sellable()
        place = make_location(listing.level.offer.supplier, f"X{code[:3]}", "PL")
        make_level(listing.level.offer, 5, place)
        make_service(place, code=f"pl-{code}", countries=["DE"])
        quotes.forget()
        purchase_order = make_sent_purchase_order(listing)

        tell(
            purchase_order,
            refused=[one.order_line for one in purchase_order.lines.all()],
            code=code,
        )
        look_everywhere()

        order = purchase_order.order
        assert order.purchase_orders.exclude(status="canceled").exists() is is_found
        assert broken() == []


def test_a_second_refusal_looks_further_and_the_last_pays_back(supplier):
    listing = make_sellable()
    also_at(listing, "other")
    also_at(listing, "third", cost="12.00")
    purchase_order = make_sent_purchase_order(listing)
    refuse(purchase_order)
    for code in ("other", "third"):
        look_everywhere()
        (made,) = live()
        assert made.supplier.code == code
        supplier.script = [OutOfStockError("none left")]
        purchasing.send(purchase_order=made, now=LATER)
        assert broken() == []

    look_everywhere(LATER)

    assert broken() == []
    assert Order.objects.get().status == "canceled"
    assert asked() == [("release_requested", purchase_order.order.total_amount)]
    assert all(one.available == 5 for one in StockLevel.objects.all())


def test_rules_that_do_not_look_elsewhere_pay_back_at_once(supplier):
    listing = make_sellable()
    also_at(listing)
    rules = routing_rules.draft(
        channel=listing.channel,
        chain=[Criterion.COST],
        looks_elsewhere=False,
        by="ann",
        now=NOON,
    )
    routing_rules.go_live(rules=rules, by="ann", now=NOON)
    purchase_order = make_sent_purchase_order(listing)

    refuse(purchase_order)

    assert Order.objects.get().status == "canceled"
    assert not Setback.objects.exists()


# later


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
    consenting.answer(setback=setback, choice=Setback.Choice(choice), actor=actor, now=now)
    assert broken() == []


def test_who_waits_gets_it_from_there_once(question, supplier):
    answer(question, "wait")
    answer(question, "wait")

    (made,) = live()
    assert (made.supplier.code, made.charge_amount) == ("other", question.order.total_amount)
    order = Order.objects.get()
    assert (order.status, order.arrives_to) == ("processing", date(2026, 12, 16))
    with pytest.raises(consenting.NoLongerError):
        answer(question, "refund")
    purchasing.send(purchase_order=made, now=LATER)
    assert asked() == [("capture_requested", order.total_amount)]


def test_who_wants_his_money_back_gets_it_and_the_units_are_for_others(question):
    answer(question, "refund")
    answer(question, "refund")

    assert asked() == [("release_requested", question.order.total_amount)]
    assert Order.objects.get().status == "canceled"
    assert all(one.available == 5 for one in StockLevel.objects.all())
    with pytest.raises(consenting.NoLongerError):
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
    with pytest.raises(consenting.NoLongerError):
        answer(question, "substitute")
    assert Setback.objects.get().status == "asked"


def test_a_shopper_who_cancels_meanwhile_gets_all_of_it_back(question):
    said = cancelling.cancel(order=question.order, reason="no", actor="shopper", now=LATER)

    assert said.is_whole
    assert broken() == []
    assert Order.objects.get().status == "canceled"
    assert asked() == [("release_requested", question.order.total_amount)]
    assert all(one.available == 5 for one in StockLevel.objects.all())
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


# another light


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
    with pytest.raises(consenting.NoLongerError):
        consenting.answer(
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


# never two


def test_what_he_may_have_moves_only_once_he_has_stopped_it(supplier):
    listing = make_sellable()
    also_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    tell(purchase_order, word=Answer.RECEIVED)
    purchase_order = live()[0]

    assert moving.move(purchase_order=purchase_order, reason="slow", actor="ann", now=NOON) is False
    look_everywhere()
    assert not Setback.objects.exists()

    assert cancelling.pursue(purchase_order=live()[0], now=NOON) is False  # he does not stop it
    look_everywhere()
    assert [one.supplier.code for one in live()] == ["lumen"]
    assert broken() == []


def test_what_he_stopped_another_sends_and_the_shopper_is_not_told_of_a_cancellation(supplier):
    listing = make_sellable()
    also_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    tell(purchase_order, word=Answer.RECEIVED)
    supplier.can_stop = True

    moving.move(purchase_order=live()[0], reason="slow", actor="ann", now=NOON)
    assert cancelling.pursue(purchase_order=live()[0], now=NOON) is True
    look_everywhere()

    assert broken() == []
    assert [one.supplier.code for one in live()] == ["other"]
    assert not Event.objects.filter(name__startswith="order.canceled").exists()
    assert asked() == []


def test_what_was_never_sent_moves_at_once(supplier):
    listing = make_sellable()
    also_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    PurchaseOrder.objects.update(request_status="submit_failed")

    assert moving.move(purchase_order=live()[0], reason="down", actor="ann", now=NOON) is True
    look_everywhere()

    assert broken() == []
    assert [one.supplier.code for one in live()] == ["other"]
    assert purchase_order.order.purchase_orders.count() == 2


def test_a_silent_supplier_is_given_up_where_the_rules_say_when(supplier):
    listing = make_sellable()
    rules = routing_rules.draft(
        channel=listing.channel,
        chain=[Criterion.COST],
        moves_silent_after_h=2,
        by="ann",
        now=NOON,
    )
    routing_rules.go_live(rules=rules, by="ann", now=NOON)
    purchase_order = make_sent_purchase_order(listing)
    tell(purchase_order, word=Answer.RECEIVED)
    patience = timedelta(minutes=purchase_order.supplier.acknowledge_within_min, hours=2)

    def is_due(at):
        found = moving.silent_for_long(now=at)
        return any(moving.is_given_up(one, after_h=2, now=at) for one in found)

    assert not is_due(NOON + patience - timedelta(minutes=1))
    assert is_due(NOON + patience + timedelta(minutes=1))


# later, by the same supplier


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
    assert cancelling.pursue(purchase_order=still, now=LATER) is True
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


def test_look_is_due_only_while_the_order_goes_on(supplier):
    listing = make_sellable()
    also_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    refuse(purchase_order)
    Order.objects.update(status="on_hold")

    assert not rerouting.due(now=NOON).exists()

    Order.objects.update(status="processing")
    assert rerouting.due(now=NOON).count() == 1
