"""Payment labels: name the payment events that move a customer's money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.models import PaymentEvent

Kind = PaymentEvent.Kind
# Requests and disputes move no money.
MOVES = {
    Kind.AUTHORIZED: _("Authorized"),
    Kind.CAPTURED: _("Charged"),
    Kind.VOIDED: _("Released, not charged"),
    Kind.REFUNDED: _("Refunded"),
    Kind.REFUND_FAILED: _("Refund failed: your bank returned the money"),
    Kind.DECLINED: _("Declined, not charged"),
    Kind.EXPIRED: _("Authorization expired: the rest was not charged"),
}
