"""Payment labels: name the payment events that move a customer's money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.models import PaymentEvent

Kind = PaymentEvent.Kind
# What we only asked for, and what others say of a payment, moves no money.
MOVES = {
    Kind.AUTHORIZED: _("Held on the card"),
    Kind.CAPTURED: _("Charged"),
    Kind.RELEASED: _("Released, never charged"),
    Kind.REFUNDED: _("Given back"),
    Kind.REFUND_FAILED: _("Came back to us: your bank did not take it"),
    Kind.DECLINED: _("Declined, not charged"),
    Kind.EXPIRED: _("The hold ended: what was not charged is free again"),
}
