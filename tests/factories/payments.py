"""Payment factories: apply gateway updates, make disputes, failed refunds, lost answers."""

from orders.models import Payment, PaymentEvent
from orders.payments import updates
from tests.factories.orders import make_payment_update
from tests.factories.suppliers import NOON


def apply_update(kind, **words):
    """Apply a gateway update to the only payment."""
    payment = Payment.objects.get()
    updates.apply(update=make_payment_update(payment, kind, **words), gateway="fake", now=NOON)


def lose_answers(*, since):
    """Forget the answers to all captures, which were requested at ``since``."""
    PaymentEvent.objects.filter(kind="captured").update(answers=None)
    requests = PaymentEvent.objects.filter(kind="capture_requested")
    return requests.update(received_at=since, is_pending=True)


def dispute():
    captured = Payment.objects.filter(status="captured")
    return captured.update(dispute_status="charged_back", dispute_status_since=NOON)


def come_back():
    """Record that a refund failed at the gateway."""
    payment = Payment.objects.filter(status="captured").first()
    return payment.events.create(
        kind="refund_failed",
        gateway=payment.gateway,
        external_id="re_1:failed",
        amount=1,
        occurred_at=NOON,
        received_at=NOON,
    )
