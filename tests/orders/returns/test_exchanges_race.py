"""Race: two clicks on one return either exchange it or refund it, never both."""

from decimal import Decimal

import pytest

from orders.models import Order, Payment, ReturnAuthorization
from orders.payments import updates
from orders.returns import exchanges
from orders.returns.eligibility import CannotReturnError
from suppliers.models import StockLevel
from tests.factories.orders import make_sellable, news_of
from tests.factories.returns import (
    arrived,
    asked,
    back,
    broken_return_rules,
    come_back,
    counters,
    exchange,
    make_sibling,
    pay,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


def same(made, light):
    return lambda: exchange(made)


def cheaper(made, light):
    other = make_sibling(light, "25.00")
    return lambda: exchange(made, other)


def paid(made, light):
    return lambda: pay(made)


@pytest.mark.parametrize("other_click", [same, cheaper, paid])
def test_the_second_click_waits_and_is_refused(monkeypatch, light, other_click):
    """Without the lock of the order both would find it open and write."""
    other = make_sibling(light, "30.00")
    made = back(light, units=1)
    rival = Rival(other_click(ReturnAuthorization.objects.get(pk=made.pk), light))
    rival.begin_at(monkeypatch, exchanges.exchange_options, "find_purchase_lines")
    before = held()

    exchange(made, other)
    rival.finish()

    assert isinstance(rival.failure, CannotReturnError)
    (order,) = Order.objects.filter(total_amount=0)
    assert ReturnAuthorization.objects.get().replacement == order
    assert order.lines.get().variant == other.variant
    assert asked() == [Decimal("3.33")]
    assert held() == before + 1
    assert counters(made.order) == [(1, 1)]
    assert broken_return_rules() == []


def test_a_chargeback_of_the_first_order_waits_for_an_exchange_of_the_second(
    monkeypatch,
):
    """Without the lock of the first order the chargeback would come while more is refunded."""
    first = back(make_sellable(quantity=9), units=1)
    again = come_back(arrived(exchange(first)), 1)
    update = news_of(first.order.payments.get(), "disputed")
    rival = Rival(lambda: updates.apply(update=update, gateway="fake", now=NOON))
    rival.begin_at(monkeypatch, exchanges.exchange_options, "find_purchase_lines")
    seen, answered = [], exchanges.events.record_answer

    def look(*given, **named):
        seen.append(Payment.objects.get().dispute_status)
        return answered(*given, **named)

    monkeypatch.setattr(exchanges.events, "record_answer", look)

    exchange(again)
    rival.finish()

    assert (seen, rival.failure) == (["none"], None)
    assert Payment.objects.get().dispute_status == "charged_back"


def held():
    """Count the units that are not available to others."""
    return sum(row.reserved + row.allocated_outstanding for row in StockLevel.objects.all())
