"""Return deadlines: until when items must be sent, and what happens to late ones."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder, ReturnAuthorization
from orders.returns import authorizations
from orders.returns.eligibility import CannotReturnError
from tests.factories.returns import (
    counters,
    declare,
    make_delivered,
    make_policy,
    make_shipped_order,
    receive,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)


def label(made, now):
    authorizations.issue_label(
        authorization=made, address="Lampenweg 1", label="", carrier="", tracking_number="",
        actor="ann", now=now,
    )  # fmt: skip


def test_the_deadline_starts_with_the_return_address():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    assert made.ship_by is None
    assert not authorizations.expire(authorization=made, now=NOON + 99 * DAYS)

    label(made, NOON + 20 * DAYS)

    assert made.ship_by == (NOON + 34 * DAYS).date()
    assert not authorizations.expire(authorization=made, now=NOON + 48 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 49 * DAYS)


def test_the_deadline_of_items_in_transit_starts_at_arrival():
    order = make_shipped_order(quantity=1)
    make_policy()
    made = declare(order, 1)
    late = NOON + 29 * DAYS

    assert made.ship_by is None
    assert not authorizations.expire(authorization=made, now=late)
    PurchaseOrder.objects.update(status="closed", status_since=late)
    assert not authorizations.expire(authorization=made, now=late + 28 * DAYS)
    assert authorizations.expire(authorization=made, now=late + 29 * DAYS)


def test_a_return_of_items_that_never_arrive_expires():
    made_policy = make_policy()
    made = declare(make_shipped_order(quantity=1), 1)

    assert made.address == made_policy.address
    assert not authorizations.expire(authorization=made, now=NOON + 90 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 91 * DAYS)


def closed(order):
    make_policy()
    made = declare(order, 1)
    assert authorizations.expire(authorization=made, now=NOON + 29 * DAYS)
    return made


def test_an_expired_return_can_be_received():
    order = make_delivered(quantity=1)
    made = closed(order)
    assert counters(order) == [(0, 0)]

    receive(made)

    assert (made.status, counters(order)) == ("received", [(1, 0)])


def test_units_in_a_newer_return_are_not_counted_twice():
    order = make_delivered(quantity=1)
    made = closed(order)
    newer = declare(order, 1)

    with pytest.raises(CannotReturnError, match="newer return"):
        receive(made)

    assert counters(order) == [(1, 0)]
    assert ReturnAuthorization.objects.get(pk=made.pk).status == "expired"
    receive(newer)
    assert newer.status == "received"
