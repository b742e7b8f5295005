"""Staff workload: release held purchase orders, resolve messages, refund what cannot be replaced."""

from contextlib import suppress

from django.utils import timezone

from notifications import dispatch
from notifications.deliverability.message_ids import message_id
from notifications.models import Message
from orders.models import Order, PurchaseOrder, ReturnAuthorization
from orders.purchasing.holds import holds
from orders.returns import refunds
from orders.returns.eligibility import CannotReturnError
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

ACTOR = "chaos"


def do_open_work(place: Instance) -> int:
    """Do the open work of staff; return how many items there were."""
    return _release_holds() + _resolve_messages(place) + _refund_canceled_replacements()


def _release_holds() -> int:
    """Release every purchase order on hold: waive all its hold reasons."""
    count = 0
    for held in PurchaseOrder.objects.filter(status=PurchaseOrder.Status.ON_HOLD):
        with suppress(InvalidTransitionError, ConcurrentUpdateError):
            holds.waive_all(purchase_order=held, actor=ACTOR, now=timezone.now())
            count += 1
    return count


def _refund_canceled_replacements() -> int:
    """Refund each return whose replacement order was canceled."""
    count = 0
    for authorization in ReturnAuthorization.objects.filter(
        status=ReturnAuthorization.Status.EXCHANGED, replacement__status=Order.Status.CANCELED
    ):
        with suppress(CannotReturnError, InvalidTransitionError, ConcurrentUpdateError):
            refunds.refund(authorization=authorization, actor=ACTOR, now=timezone.now())
            count += 1
    return count


def _resolve_messages(place: Instance) -> int:
    """Resolve unconfirmed messages: confirm one that arrived, send any other again."""
    doubtful = list(Message.objects.unconfirmed(timezone.now()))
    if not doubtful:
        return 0
    emails = {letter.message_id for letter in outside.received_emails(place.var)}
    for message in doubtful:
        if message.sender == "sms":
            has_arrived = _has_unknown_text_message(place, message.recipient)
        else:
            has_arrived = message_id(message) in emails
        decide = dispatch.confirm_sent if has_arrived else dispatch.resend
        with suppress(InvalidTransitionError, ConcurrentUpdateError):
            decide(message=message, actor=ACTOR, now=timezone.now())
    return len(doubtful)


def _has_unknown_text_message(place: Instance, recipient: str) -> bool:
    """Return whether the provider accepted more messages to a number than we know as sent."""
    accepted = outside.text_messages(place.var).count(recipient)
    return accepted > Message.objects.filter(recipient=recipient, status="sent").count()
