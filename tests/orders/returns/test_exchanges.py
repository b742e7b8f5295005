"""Exchanges: another variant is sent, the difference is refunded to the cent."""

from decimal import Decimal

import pytest

from catalog.models import Listing
from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Order, OrderLine, PaymentEvent
from orders.payments import staff_refunds
from orders.purchasing import submission
from orders.returns import eligibility, exchange_options, exchanges
from orders.returns.eligibility import CannotReturnError
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    counters,
    declare,
    deliver_order,
    exchange,
    inspect,
    make_delivered,
    make_inspected_return,
    make_return_request,
    make_sibling,
    pay,
    receive,
    requested_refunds,
    return_units,
    violated_order_invariants,
    violated_return_invariants,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_a_cheaper_variant_refunds_the_difference_once(light):
    other = make_sibling(light, "30.00")
    made = make_inspected_return(light, units=2)

    order = exchange(made, other)
    with pytest.raises(CannotReturnError):
        exchange(made, other)

    (line,) = order.lines.all()
    assert (line.variant, line.sku, line.quantity) == (other.variant, other.variant.sku, 2)
    assert order.total_amount == 0
    assert requested_refunds() == [Decimal("6.66")]
    assert (made.status, made.difference_amount) == ("exchanged", Decimal("6.66"))
    assert made.refund_amount is None
    payload = Event.objects.get(name="return.exchanged").payload
    assert [one["sku"] for one in payload["sent"]] == [other.variant.sku]
    assert (payload["difference"], payload["replacement"]) == ("6.66", order.number)
    assert counters(made.order) == [(2, 2)]
    assert violated_order_invariants() == []


def test_what_staff_refunded_by_item_is_not_replaced_as_well(light):
    order = make_delivered(light, quantity=1)
    staff_refunds.request(
        order=order,
        units={order.lines.get().pk: 1},
        amount=None,
        limit=None,
        reason="sorry",
        key="1",
        actor="ann",
        now=NOON,
    )

    with pytest.raises(CannotReturnError, match="is refunded already"):
        exchange(return_units(order, 1))


def test_exchanges_in_parts_sum_to_the_charge(light):
    """A third of the charge is not a whole number of cents."""
    order = make_delivered(light, quantity=3)
    OrderLine.objects.update(discount_amount=Decimal("0.01"))
    other = make_sibling(light, "11.11")
    for _ in range(3):
        exchange(return_units(Order.objects.get(pk=order.pk), 1), other)

    lines = [made.lines.get() for made in order.returns.all()]
    assert sum(line.paid_amount for line in lines) == Decimal("99.98")
    assert sum(requested_refunds()) == sum(line.difference_amount for line in lines)
    assert abs(sum(requested_refunds()) - Decimal("99.98") * 2 / 3) <= Decimal("0.02")
    assert "returns.difference_refunded_once" not in violated_order_invariants()


def test_a_full_deduction_follows_rounding_by_another_return(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=3)
    OrderLine.objects.update(discount_amount=Decimal("0.01"))
    order = Order.objects.get(pk=order.pk)
    chosen = {"kind": "withdrawal", "wanted": {order.lines.get().pk: other.variant.pk}}
    burnt = {"deduction": "33.33", "reason": "burnt"}
    open_ones = [return_units(order, 1, **chosen, **burnt) for _ in range(3)]

    for made in open_ones:
        exchange(made, other, is_free=True)

    kept = [made.lines.get().deduction_amount for made in open_ones]
    assert kept == [made.lines.get().paid_amount for made in open_ones]
    assert sum(kept) == Decimal("99.98")


def test_a_difference_above_the_refundable_amount_is_refused_unless_free(light):
    other = make_sibling(light, "10.00")
    made = make_inspected_return(light)
    event = PaymentEvent.objects.get(kind="capture_requested")
    PaymentEvent.objects.filter(pk=event.pk).update(amount=Decimal("20.00"))

    with pytest.raises(CannotReturnError, match=r"23[.]33.*only.*20[.]00"):
        exchange(made, other)
    exchange(made, other, is_free=True)

    assert requested_refunds() == [Decimal("20.00")]
    assert "returns.difference_refunded_once" not in violated_order_invariants()


def test_the_discount_rate_of_the_sale_applies_to_the_new_variant(light):
    order = make_delivered(light, quantity=1)
    OrderLine.objects.update(discount_amount=Decimal("10.00"))
    made = return_units(Order.objects.get(pk=order.pk), 1)

    exchange(made, make_sibling(light, "33.33"))

    assert requested_refunds() == []


def test_a_dearer_variant_is_refused_unless_free(light):
    other = make_sibling(light, "33.34")
    made = make_inspected_return(light)

    with pytest.raises(CannotReturnError, match="Refund the customer"):
        exchange(made, other)
    assert Order.objects.count() == 1

    order = exchange(made, other, is_free=True)

    assert order.lines.get().variant == other.variant
    assert requested_refunds() == []
    assert violated_order_invariants() == []


def test_only_published_variants_of_the_product_or_its_successor_are_allowed(light):
    stranger = make_sellable(price="20.00", quantity=9)
    unpublished = make_sibling(light, "30.00")
    Listing.objects.filter(pk=unpublished.pk).update(is_published=False)
    made = make_inspected_return(light)

    for other in (stranger, unpublished):
        with pytest.raises(CannotReturnError, match="not available now"):
            exchange(made, other)
    light.variant.replaced_by = stranger.variant
    light.variant.save()
    exchange(made, stranger)

    assert requested_refunds() == [Decimal("13.33")]


def test_a_failed_exchange_is_refunded_less_the_difference(light):
    made = make_inspected_return(light, units=2)
    order = exchange(made, make_sibling(light, "30.00"))
    cancellation.cancel(order=order, reason="sold out", actor="ann", now=NOON)
    made.refresh_from_db()

    pay(made)

    assert (made.status, made.refund_amount) == ("refunded", Decimal("60.00"))
    assert requested_refunds() == [Decimal("6.66"), Decimal("60.00")]
    assert violated_order_invariants() == []


def test_a_partly_failed_exchange_is_refunded_less_its_difference(light):
    made = make_inspected_return(light, units=3)
    order = exchange(made, make_sibling(light, "30.00"))
    submission.create_purchase_orders(order=order, now=NOON)
    OrderLine.objects.filter(order=order).update(canceled_quantity=1, shipped_quantity=2)

    pay(made)

    assert requested_refunds() == [Decimal("9.99"), Decimal("30.00")]
    assert made.lines.get().replaced_amount == Decimal("60.00")
    assert violated_return_invariants() == []


def test_an_exchange_of_a_replacement_is_refused_unless_free(light):
    other = make_sibling(light, "30.00")
    again = return_units(deliver_order(exchange(make_inspected_return(light))), 1)

    with pytest.raises(CannotReturnError, match="costs more"):
        exchange(again, other)
    exchange(again, other, is_free=True)

    assert requested_refunds() == []


def test_the_form_offers_the_allowed_variants(light):
    make_sibling(light, "40.00")
    cheap = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=1)
    left = eligibility.find_returnable(order=order, now=NOON)

    found = exchange_options.find_options(left.purchase_lines.values(), channel=order.channel)

    (line,) = order.lines.all()
    assert {one.variant for one in found[line.pk] if not one.is_dearer} == {cheap.variant}
    assert make_return_request(order, 1).wanted == {}


def test_a_withdrawal_is_exchanged_only_on_request(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=2)
    (line,) = order.lines.all()
    silent = return_units(order, 1, kind="withdrawal")
    asking = return_units(order, 1, kind="withdrawal", wanted={line.pk: other.variant.pk})

    assert (exchanges.can_exchange(silent), exchanges.can_exchange(asking)) == (False, True)
    with pytest.raises(CannotReturnError):
        exchange(silent, other)
    exchange(asking, other)

    assert (asking.status, requested_refunds()) == ("exchanged", [Decimal("3.33")])
    receipts = Event.objects.filter(name="return.declared").order_by("pk")
    titles = [one.payload["returns"][0]["wanted"] for one in receipts]
    assert titles == [[], [other.variant.full_title]]


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

    assert requested_refunds() == [Decimal("2.33")]
    assert violated_order_invariants() == []


def test_a_customer_cannot_request_a_dearer_variant(light):
    dearer = make_sibling(light, "40.00")
    order = make_delivered(light, quantity=1)
    (line,) = order.lines.all()

    with pytest.raises(CannotReturnError, match="place a new order"):
        declare(order, 1, kind="withdrawal", wanted={line.pk: dearer.variant.pk})

    assert not order.returns.exists()


def test_a_withdrawal_cannot_mix_refund_and_exchange_on_the_page_or_by_telephone():
    lights = [make_sellable(price="33.33", quantity=9) for _ in range(2)]
    others = [make_sibling(light, "30.00").variant.pk for light in lights]
    order = make_delivered(*lights, quantity=1)
    keys = order.lines.order_by("pk").values_list("pk", flat=True)

    with pytest.raises(CannotReturnError, match="separately"):
        declare(order, 1, 1, kind="withdrawal", wanted={keys[0]: others[0]})
    made = declare(order, 1, 1, kind="withdrawal")
    with pytest.raises(CannotReturnError, match="separately"):
        exchanges.request_variants(authorization=made, wanted={keys[0]: others[0], keys[1]: None})
    assert not made.lines.exclude(wanted=None).exists()
    exchanges.request_variants(authorization=made, wanted=dict(zip(keys, others, strict=True)))
    receive(made)
    inspect(made)

    assert exchanges.can_exchange(made)
    exchanges.request_variants(authorization=made, wanted=dict.fromkeys(keys))
    assert not exchanges.can_exchange(made)


def test_an_exchange_chosen_on_withdrawal_can_be_withdrawn_from(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=1)
    (line,) = order.lines.all()
    first = return_units(order, 1, kind="withdrawal", wanted={line.pk: other.variant.pk})
    second = deliver_order(exchange(first, other))

    assert eligibility.find_returnable(order=second, now=NOON).withdrawal_units
    again = return_units(second, 1, kind="withdrawal")
    pay(again)

    first.refresh_from_db()
    assert (first.status, first.refund_amount) == ("refunded", Decimal("34.90"))
    assert sum(requested_refunds()) == order.total_amount
    assert violated_return_invariants() == []
