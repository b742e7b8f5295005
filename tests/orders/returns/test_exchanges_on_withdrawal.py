"""Exchanges on withdrawal: only at the customer's request."""

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.returns import eligibility, exchanges
from orders.returns.eligibility import CannotReturnError
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    arrived,
    asked,
    back,
    broken_return_rules,
    broken_rules,
    come_back,
    declare,
    exchange,
    inspect,
    make_delivered,
    make_sibling,
    pay,
    receive,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_a_withdrawal_is_exchanged_only_on_request(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=2)
    (line,) = order.lines.all()
    silent = come_back(order, 1, kind="withdrawal")
    asking = come_back(order, 1, kind="withdrawal", wanted={line.pk: other.variant.pk})

    assert (exchanges.can_exchange(silent), exchanges.can_exchange(asking)) == (False, True)
    with pytest.raises(CannotReturnError):
        exchange(silent, other)
    exchange(asking, other)

    assert (asking.status, asked()) == ("exchanged", [Decimal("3.33")])
    receipts = Event.objects.filter(name="return.declared").order_by("pk")
    told = [one.payload["returns"][0]["wanted"] for one in receipts]
    assert told == [[], [other.variant.full_title]]


def test_a_later_request_by_telephone_is_possible(light):
    other = make_sibling(light, "30.00")
    made = back(light, kind="withdrawal", units=1)
    line = made.lines.get()

    exchanges.request_variants(authorization=made, wanted={line.order_line_id: other.variant.pk})

    assert exchanges.can_exchange(made)
    exchanges.request_variants(authorization=made, wanted={line.order_line_id: None})
    assert not exchanges.can_exchange(made)


def test_a_deduction_reduces_the_difference_and_is_not_charged(light):
    cheaper, same = make_sibling(light, "30.00"), make_sibling(light, "33.33")
    order = make_delivered(light, quantity=2)
    (line,) = order.lines.all()
    made = declare(order, 1, kind="withdrawal", wanted={line.pk: cheaper.variant.pk})
    receive(made)
    inspect(made, deduction="1.00", reason="scratched")
    other = declare(order, 1, kind="withdrawal", wanted={line.pk: same.variant.pk})
    receive(other)
    inspect(other, deduction="1.00", reason="scratched")

    exchange(made, cheaper)
    with pytest.raises(CannotReturnError, match="costs more"):
        exchange(other, same)

    assert asked() == [Decimal("2.33")]
    assert broken_rules() == []


def test_a_customer_cannot_request_a_dearer_variant(light):
    dearer = make_sibling(light, "40.00")
    order = make_delivered(light, quantity=1)
    (line,) = order.lines.all()

    with pytest.raises(CannotReturnError, match="place a new order"):
        declare(order, 1, kind="withdrawal", wanted={line.pk: dearer.variant.pk})

    assert not order.returns.exists()


def test_a_withdrawal_cannot_mix_refund_and_exchange():
    lights = [make_sellable(price="33.33", quantity=9) for _ in range(2)]
    other = make_sibling(lights[0], "30.00")
    order = make_delivered(*lights, quantity=1)
    first = order.lines.order_by("pk").first()

    with pytest.raises(CannotReturnError, match="separately"):
        declare(order, 1, 1, kind="withdrawal", wanted={first.pk: other.variant.pk})


def test_a_withdrawal_by_telephone_cannot_mix_them_either():
    lights = [make_sellable(price="33.33", quantity=9) for _ in range(2)]
    others = [make_sibling(light, "30.00").variant.pk for light in lights]
    order = make_delivered(*lights, quantity=1)
    made = declare(order, 1, 1, kind="withdrawal")
    keys = order.lines.order_by("pk").values_list("pk", flat=True)

    with pytest.raises(CannotReturnError, match="separately"):
        exchanges.request_variants(authorization=made, wanted={keys[0]: others[0], keys[1]: None})
    assert not made.lines.exclude(wanted=None).exists()
    exchanges.request_variants(authorization=made, wanted=dict(zip(keys, others, strict=True)))
    receive(made)
    inspect(made)

    assert exchanges.can_exchange(made)


def test_an_exchange_chosen_on_withdrawal_can_be_withdrawn_from(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=1)
    (line,) = order.lines.all()
    first = come_back(order, 1, kind="withdrawal", wanted={line.pk: other.variant.pk})
    second = arrived(exchange(first, other))

    assert eligibility.find_returnable(order=second, now=NOON).withdrawal_units
    again = come_back(second, 1, kind="withdrawal")
    pay(again)

    first.refresh_from_db()
    assert (first.status, first.refund_amount) == ("refunded", Decimal("34.90"))
    assert sum(asked()) == order.total_amount
    assert broken_return_rules() == []
