"""A hanging gateway occupies at most two workers; requests continue when it answers again."""

from contextlib import ExitStack

import pytest

from orders.models import Payment, PaymentEvent
from orders.payments import captures, tasks
from storefront.lib.http.errors import TemporaryError
from suppliers.resilience.bulkheads import BulkheadKind, slot_count
from tests.factories.bulkheads import elsewhere
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(gateway, monkeypatch):
    """Three requested captures of three orders, at the in-memory gateway."""
    for _ in range(3):
        order = make_accepted_purchase_order().order
        payment = order.payments.get()
        opened = gateway.open(
            key=payment.key,
            amount=payment.total,
            description=order.number,
            return_url="",
            locale="en",
        )
        authorization = gateway.authorize(opened.reference)
        payment.events.filter(kind="authorized").update(external_id=authorization.external_id)
        payment.reference = opened.reference
        payment.save(update_fields=["reference"])
    return captures.due_requests(now=NOON)


@pytest.fixture
def started(monkeypatch):
    found = []
    monkeypatch.setattr(
        tasks.execute_request, "delay", lambda *, request_id: found.append(request_id)
    )
    return found


def is_answered(request_id):
    return PaymentEvent.objects.filter(answers=request_id).exists()


def test_a_payment_of_an_unregistered_gateway_stops_no_capture(waiting, monkeypatch):
    first = waiting[0]
    Payment.objects.filter(events=first).update(gateway="closed")
    monkeypatch.setattr(tasks.execute_request, "delay", tasks.execute_request)

    for request_id in waiting:
        tasks.execute_request(request_id=request_id)

    assert [is_answered(request_id) for request_id in waiting] == [False, True, True]
    assert captures.due_requests(now=NOON) == [first]


def test_a_task_without_a_free_bulkhead_slot_ends_at_once(waiting, started):
    with ExitStack() as others:
        for _ in range(slot_count(BulkheadKind.ORDERS)):
            assert others.enter_context(elsewhere(BulkheadKind.ORDERS, tasks.GATEWAY_ID))

        tasks.execute_request(request_id=waiting[0])

    assert not is_answered(waiting[0])
    assert started == []


def test_each_finished_task_starts_another_until_no_request_is_left(waiting, started, gateway):
    gateway.errors.append(TemporaryError("no answer"))
    tasks.execute_request(request_id=waiting[0])
    assert not is_answered(waiting[0])
    assert started == [], "a failed task starts no other"

    for _ in range(2):  # the second task finds the request answered
        tasks.execute_request(request_id=waiting[0])
    assert is_answered(waiting[0])
    (following,) = started
    assert following in waiting[1:]

    for request_id in waiting[1:]:
        tasks.execute_request(request_id=request_id)
    assert all(is_answered(request_id) for request_id in waiting)
    assert len(started) == len(waiting) - 1
