from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.claims import settlement
from orders.claims import submission as claim_submission
from orders.models import PurchaseOrder, SupplierClaim
from orders.payments import tasks as payment_tasks
from orders.purchasing import retries, submission_lookup, work_queue
from orders.purchasing import submission as purchasing_submission
from orders.purchasing import tasks as purchasing_tasks
from storefront.lib.http.backoff import JITTER_SHARE
from storefront.lib.http.errors import CallDeferredError, PermanentError, TemporaryError
from suppliers.connectors.records import QuotaExceededError
from suppliers.resilience.circuit_breaker import CircuitBreakerOpenError
from tests.factories.claims import make_claim
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TemporaryError("429", retry_after_s=600), timedelta(minutes=10)),
        (QuotaExceededError("used up", until=NOON + HOUR), HOUR),
        (CircuitBreakerOpenError("dead", until=NOON + HOUR), HOUR),
        (CallDeferredError("no login yet", until=NOON + HOUR), HOUR),
        (QuotaExceededError("of the day", until=NOON + 20 * HOUR), retries.MAX_PAUSE),
        (TemporaryError("absurd", retry_after_s=1e9), retries.MAX_PAUSE),
    ],
)
def test_retry_after_is_respected_with_jitter(error, wait):
    found = [retries.retry_after(error, now=NOON) - NOON for _ in range(20)]

    assert all(wait <= each <= wait + wait / JITTER_SHARE for each in found)
    assert len(set(found)) > 1


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("503"),
        TemporaryError("at once", retry_after_s=0),
        CircuitBreakerOpenError("half-open", until=NOON - HOUR),
        CallDeferredError("who knows"),
        PermanentError("no"),
    ],
)
def test_without_a_valid_retry_after_there_is_no_retry_time(error):
    assert retries.retry_after(error, now=NOON) is None


def breaker_open(until):
    return CircuitBreakerOpenError("a probe is running", until=until)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TemporaryError("503"), submission_lookup.MAX_RETRY_AFTER),
        (TemporaryError("busy", retry_after_s=5), submission_lookup.MAX_RETRY_AFTER),
        (breaker_open(NOON - HOUR), submission_lookup.FIRST_RETRY_AFTER),
        (breaker_open(NOON + HOUR), HOUR),
    ],
)
def test_only_a_failed_call_lengthens_the_backoff_and_retry_after_never_shortens_it(
    supplier, error, wait
):
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(failures=400)  # a long outage
    purchase_order.refresh_from_db()
    supplier.script = [error]

    purchasing_submission.submit(purchase_order=purchase_order, now=NOON)

    assert wait <= purchase_order.retry_at - NOON <= wait * 1.5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TemporaryError("503"), settlement.MAX_RETRY_AFTER),
        (breaker_open(NOON - HOUR), settlement.FIRST_RETRY_AFTER),
    ],
)
def test_a_claim_blocked_by_the_breaker_does_not_lengthen_the_backoff(supplier, error, wait):
    claim = make_claim()
    SupplierClaim.objects.update(failures=12)
    claim.refresh_from_db()
    supplier.script = [error]

    claim_submission.submit(claim=claim, now=NOON)

    assert wait <= claim.retry_at - NOON <= wait * 1.5


@pytest.mark.django_db
def test_the_first_failure_after_an_outage_has_the_shortest_backoff(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [*[breaker_open(NOON)] * 8, TemporaryError("503"), TemporaryError("503")]

    for _ in range(8):
        purchasing_submission.submit(purchase_order=purchase_order, now=NOON)
    assert (purchase_order.attempts, purchase_order.failures) == (8, 0)

    for doubled in (1, 2):
        purchasing_submission.submit(purchase_order=purchase_order, now=NOON)
        wait = submission_lookup.FIRST_RETRY_AFTER * doubled
        assert wait <= purchase_order.retry_at - NOON <= wait * 1.5


@pytest.mark.django_db
def test_a_retry_after_of_an_earlier_attempt_is_ignored():
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(attempts=2)

    retries.defer(purchase_order, TemporaryError("429", retry_after_s=600), now=NOON)

    assert PurchaseOrder.objects.get().retry_at is None


@pytest.mark.django_db
def test_an_unsubmitted_order_is_canceled_despite_retry_after(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [TemporaryError("429", retry_after_s=3600)]
    purchasing_submission.submit(purchase_order=purchase_order, now=NOON)
    PurchaseOrder.objects.update(cancel_requested_at=NOON)
    soon = NOON + timedelta(minutes=1)

    assert list(work_queue.to_cancel(now=soon)) == [purchase_order]
    assert cancellation.process_request(purchase_order=purchase_order, now=soon) is True


@pytest.mark.django_db
def test_retry_after_delays_the_next_order_of_the_supplier(monkeypatch, supplier):
    first, second = (make_purchase_orders()[0] for _ in range(2))
    woken = []
    monkeypatch.setattr(purchasing_tasks.submit, "delay", lambda **known: woken.append(known))
    monkeypatch.setattr(payment_tasks.execute_requests, "delay", lambda: None)
    supplier.script = [TemporaryError("429", retry_after_s=600)]

    purchasing_tasks.submit(purchase_order_id=first.pk)
    assert woken == []

    purchasing_tasks.submit(purchase_order_id=second.pk)
    first.refresh_from_db()
    assert first.submission_status == "submit_failed"
    assert woken == []  # it is not due yet
