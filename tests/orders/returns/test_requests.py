from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from orders import privacy
from orders.models import Order, OrderLine, ReturnAuthorization
from orders.returns import eligibility, requests
from orders.returns.eligibility import CannotReturnError
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    counters,
    declare,
    make_delivered,
    make_policy,
    make_return_request,
    make_shipped_order,
)
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_a_withdrawal_is_approved_at_once_with_the_address_of_the_closest_policy():
    order = make_delivered(quantity=3)
    make_policy()

    made = declare(order, 2)

    assert (made.status, made.kind) == ("approved", "withdrawal")
    assert made.address == "Fara, Lampenweg 1, 10115 Berlin"
    assert made.ship_by == NOON.date() + timedelta(days=14)
    assert counters(order) == [(2, 0)]
    supplier = order.purchase_orders.get().supplier
    make_policy(supplier, destination="supplier", address="Halle 3, 20457 Hamburg")
    assert declare(order, 1).address == "Halle 3, 20457 Hamburg"


def test_a_form_or_a_line_of_another_order_is_refused():
    order, other = make_delivered(), make_delivered()
    said = make_return_request(order, 1)
    with pytest.raises(CannotReturnError, match="not part of the order"):
        requests.submit(order=other, request=said, actor="customer", now=NOON)
    requests.submit(order=order, request=said, actor="customer", now=NOON)

    with pytest.raises(CannotReturnError):
        requests.submit(order=other, request=said, actor="customer", now=NOON)

    assert counters(other) == [(0, 0)]


def test_invalid_quantities_are_refused():
    order = make_delivered(quantity=3)

    for units in (0, -1, 4, 2**31, 2**63):
        with pytest.raises(CannotReturnError):
            declare(order, units)

    assert counters(order) == [(0, 0)]
    assert not ReturnAuthorization.objects.exists()


def test_units_are_in_one_return_only():
    order = make_delivered(quantity=3)
    declare(order, 2)

    with pytest.raises(CannotReturnError, match="at most 1 of"):
        declare(order, 2, kind="defect")

    declare(order, 1, kind="defect")
    with pytest.raises(CannotReturnError, match="already been returned"):
        declare(order, 1)


def test_the_database_refuses_more_than_was_shipped():
    line = make_delivered(quantity=3).lines.get()

    for more in ({"returning_quantity": 4}, {"returned_quantity": 1}):
        refused = pytest.raises(IntegrityError, match="order_line_returned_was_shipped")
        with refused, transaction.atomic():
            OrderLine.objects.filter(pk=line.pk).update(**more)


def test_items_in_transit_allow_a_withdrawal_but_no_complaint():
    order = make_shipped_order(quantity=2)

    left = eligibility.find_returnable(order=order, now=NOON)

    assert list(left.withdrawal_units.values()) == [2]
    assert left.complaint_units == {}
    assert left.withdrawal_deadline is None
    unshipped = make_accepted_purchase_order(make_sellable(), quantity=2).order
    left = eligibility.find_returnable(order=unshipped, now=NOON)
    assert (left.withdrawal_units, left.complaint_units) == ({}, {})


def units_left(order, *, after):
    """Return how many units may be withdrawn from and complained about after these days."""
    left = {}
    for days in after:
        now = NOON + timedelta(days=days, hours=11, minutes=59)
        found = eligibility.find_returnable(order=order, now=now)
        left[days] = (sum(found.withdrawal_units.values()), sum(found.complaint_units.values()))
    return left


def test_without_a_delivery_event_the_promised_date_counts():
    order = make_shipped_order(quantity=2)
    Order.objects.update(arrives_to=NOON.date())
    order.refresh_from_db()

    expected = {14: (2, 0), 15: (2, 2), 379: (2, 2), 380: (0, 2)}
    assert units_left(order, after=expected) == expected


def test_staff_accept_a_complaint_without_a_delivery_event():
    order = make_shipped_order(quantity=2)

    with pytest.raises(CannotReturnError, match="it has not arrived, or its warranty has ended"):
        declare(order, 1, kind="missing")

    assert declare(order, 1, kind="missing", ignore_deadlines=True).status == "requested"


def test_each_period_ends_after_its_last_day():
    order = make_delivered(quantity=3)  # on a Tuesday

    expected = {0: (3, 3), 14: (3, 3), 15: (0, 3), 729: (0, 3), 731: (0, 3), 732: (0, 0)}
    assert units_left(order, after=expected) == expected


@pytest.mark.parametrize(
    ("arrived", "until"),
    [
        ("2026-11-24", "2026-12-08"),  # Tuesday
        ("2026-11-28", "2026-12-14"),  # a Saturday: the Monday after
        ("2026-11-29", "2026-12-14"),  # a Sunday
    ],
)
def test_a_period_that_ends_on_a_weekend_ends_on_monday(arrived, until):
    at = datetime.fromisoformat(f"{arrived}T12:00:00+00:00")

    assert eligibility.withdrawal_deadline(at).isoformat() == until


def test_staff_can_open_a_late_return():
    order = make_delivered(quantity=3)
    late = NOON + timedelta(days=900)

    with pytest.raises(CannotReturnError, match="14-day"):
        declare(order, 1, now=late)

    assert declare(order, 1, now=late, actor="ann", ignore_deadlines=True).status == "approved"


def test_items_of_low_value_are_kept():
    order = make_delivered(make_sellable(price="9.99", quantity=9), quantity=3)
    make_policy(returnless_below_amount="20.00")

    cheap, more = declare(order, 1), declare(order, 1)

    assert (cheap.destination, cheap.address, cheap.ship_by) == ("nowhere", "", None)
    assert more.destination == "nowhere", "19.98 is less than 20.00"
    assert declare(order, 1).destination == "us", "all three returns are worth 29.97"

    more = make_delivered(make_sellable(price="9.99", quantity=9), quantity=3)
    assert declare(more, 3).destination == "us"


def test_an_erased_order_accepts_no_return():
    order = make_delivered(quantity=1)
    with transaction.atomic():
        privacy.erase_customer(addresses=[order.email], owner_id=0, now=NOON)

    with pytest.raises(CannotReturnError, match="erased"):
        declare(order, 1, kind="defect", customer_message="I am Kanari Vogel.")

    assert not ReturnAuthorization.objects.exists()
    assert declare(Order.objects.get(pk=order.pk), 1), "a return without a message is possible"
