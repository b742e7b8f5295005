"""Payment admin: staff retry requests that a gateway refused."""

import pytest
from django.db import transaction
from django.urls import reverse

from orders import ledger
from orders.models import PaymentEvent
from tests.factories.orders import make_paid_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def refusal(db):
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


def test_staff_ask_a_gateway_again_for_what_it_refused(refusal, staff, started):
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
