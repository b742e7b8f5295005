"""Until when goods have to be sent, and what becomes of those that come after it."""

from __future__ import annotations

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


def test_the_time_to_send_it_begins_when_the_shopper_is_told_where_to():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    assert made.send_before is None
    assert not authorizations.expire(authorization=made, now=NOON + 99 * DAYS)

    label(made, NOON + 20 * DAYS)

    assert made.send_before == (NOON + 34 * DAYS).date()
    assert not authorizations.expire(authorization=made, now=NOON + 48 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 49 * DAYS)


def test_of_goods_on_their_way_the_time_begins_when_they_arrive():
    order = make_shipped_order(quantity=1)
    make_policy()
    made = declare(order, 1)
    late = NOON + 29 * DAYS

    assert made.send_before is None
    assert not authorizations.expire(authorization=made, now=late)
    PurchaseOrder.objects.update(status="closed", status_since=late)
    assert not authorizations.expire(authorization=made, now=late + 28 * DAYS)
    assert authorizations.expire(authorization=made, now=late + 29 * DAYS)


def test_what_never_arrives_and_is_never_sent_is_closed_in_the_end():
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


def test_what_comes_after_it_was_closed_is_taken_in_and_counted_again():
    order = make_delivered(quantity=1)
    made = closed(order)
    assert counters(order) == [(0, 0)]

    receive(made)

    assert (made.status, counters(order)) == ("received", [(1, 0)])


def test_units_that_stand_in_a_newer_return_are_not_counted_twice():
    order = make_delivered(quantity=1)
    made = closed(order)
    newer = declare(order, 1)

    with pytest.raises(CannotReturnError, match="given back anew"):
        receive(made)

    assert counters(order) == [(1, 0)]
    assert ReturnAuthorization.objects.get(pk=made.pk).status == "expired"
    receive(newer)
    assert newer.status == "received"
