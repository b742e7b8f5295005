"""A refused request is retried under a new key; an unanswered one keeps its key."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from orders import ledger
from orders.gateways import gateway_for
from orders.models import Payment, PaymentEvent, PurchaseOrder
from orders.payments import captures, sessions, updates
from orders.purchasing import submission
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from tests.factories.orders import make_order, make_paid_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway():
    gateway = gateway_for("fake")
    gateway.write_errors.clear()
    yield gateway
    gateway.write_errors.clear()


@pytest.fixture
def purchase_order(gateway):
    order = make_order()
    payment = sessions.open_session(order=order, return_url="http://shop.example/", now=NOON)
    gateway.authorize(payment.reference)
    updates.refresh(payment=payment, now=NOON)
    order.refresh_from_db()
    (made,) = submission.create_purchase_orders(order=order, now=NOON)
    return made


def capture(purchase_order):
    payment = Payment.objects.get()
    with transaction.atomic():
        ledger.request_capture(
            payment, amount=purchase_order.charge, purpose=purchase_order.number, at=NOON
        )
    return settle()


def settle():
    """Execute the next request, as the sweep does."""
    request = PaymentEvent.objects.select_related("payment").get(
        pk=captures.due_requests(now=NOON)[0]
    )
    captures.execute(payment=request.payment, now=NOON)
    return request


def retry(request):
    return captures.retry_refused(request=request, actor="ann", now=NOON)


def test_a_refused_capture_is_retried_under_a_new_key(gateway, purchase_order):
    gateway.write_errors = [PermanentError("the account is frozen")]
    refused = capture(purchase_order)
    assert not ledger.is_capture_requested(Payment.objects.get(), purpose=purchase_order.number)

    again = retry(refused)
    assert ledger.is_capture_requested(Payment.objects.get(), purpose=purchase_order.number)
    settle()

    assert again.external_id == f"{refused.external_id}#2"
    assert Payment.objects.get().captured_amount == purchase_order.customer_charge_amount
    assert captures.due_requests(now=NOON) == []


def test_each_refusal_allows_one_more_attempt(gateway, purchase_order):
    gateway.write_errors = [PermanentError("no"), PermanentError("still no")]
    first = capture(purchase_order)
    second = retry(first)

    with pytest.raises(captures.NotRefusedError):  # a second click
        retry(first)
    with pytest.raises(captures.NotRefusedError):  # it waits for its own answer
        retry(second)
    settle()

    assert retry(second).external_id == f"{first.external_id}#3"


def test_an_unknown_answer_keeps_its_key(gateway, purchase_order):
    gateway.write_errors = [TemporaryError("no answer", is_outcome_unknown=True)]
    with pytest.raises(TemporaryError):
        capture(purchase_order)
    request = PaymentEvent.objects.get(kind="capture_requested")

    for not_refused in (request, PaymentEvent.objects.get(kind="authorized")):
        with pytest.raises(captures.NotRefusedError):
            retry(not_refused)

    assert settle() == request
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


def test_a_capture_for_a_canceled_purchase_order_is_not_retried(gateway, purchase_order):
    gateway.write_errors = [PermanentError("no")]
    refused = capture(purchase_order)
    type(purchase_order).objects.update(status="canceled")

    with pytest.raises(captures.AmountUnavailableError):
        retry(refused)

    assert captures.due_requests(now=NOON) == []


def test_a_refused_refund_is_retried_only_up_to_the_refundable_amount(gateway, purchase_order):
    capture(purchase_order)
    payment = Payment.objects.get()
    whole = Money(payment.captured_amount, "EUR")
    gateway.write_errors = [PermanentError("no")]
    with transaction.atomic():
        ledger.request_refund(payment, amount=whole, purpose="x", at=NOON)
    refused = settle()
    with transaction.atomic():
        ledger.request_refund(payment, amount=Money(Decimal(1), "EUR"), purpose="y", at=NOON)

    with pytest.raises(captures.AmountUnavailableError):
        retry(refused)
    PaymentEvent.objects.filter(external_id=ledger.refund_key(payment, "y")).delete()

    assert retry(refused).amount == whole.amount


def test_a_partial_void_is_due_when_no_purchase_order_is_open(purchase_order):
    payment = Payment.objects.get()
    part = Money(payment.authorized_amount - 1, payment.currency)
    with transaction.atomic():
        ledger.request_void(payment, amount=part, purpose="part", at=NOON)

    assert captures.due_requests(now=NOON) == []
    PurchaseOrder.objects.update(accepted_at=NOON)
    assert len(captures.due_requests(now=NOON)) == 1


@pytest.fixture
def refusal():
    payment = make_paid_order().payments.get()
    with transaction.atomic():
        ledger.request_capture(payment, amount=payment.total, purpose="x", at=NOON)
        ledger.request_refund(payment, amount=payment.total, purpose="x", at=NOON)
    request = PaymentEvent.objects.get(external_id=ledger.refund_key(payment, "x"))
    return PaymentEvent.objects.create(
        payment=payment,
        gateway=payment.gateway,
        external_id="refused:x",
        kind="refused",
        answers=request,
        reason="The account is frozen.",
        occurred_at=NOON,
        received_at=NOON,
    )


def test_staff_retry_a_refused_request(refusal, staff, started):
    page = reverse("admin:orders_paymentevent_change", args=[refusal.pk])
    url = reverse("admin:orders_paymentevent_retry_refused", args=[refusal.pk])
    other = reverse("admin:orders_paymentevent_change", args=[refusal.answers_id])

    assert url in staff.get(page).content.decode()
    assert "Retry" not in staff.get(other).content.decode()
    assert "The account is frozen." in staff.get(url).content.decode()
    staff.post(url)
    twice = staff.post(url)

    (again,) = PaymentEvent.objects.filter(external_id=f"{refusal.answers.external_id}#2")
    assert (again.amount, again.reason) == (refusal.answers.amount, "retried by staff@fara.example")
    assert "has been retried since" in str(twice.context["form"].non_field_errors())
    assert started == [("execute_requests", {})]
