"""Inbox item factories of messages: one case for each rule about messages and addresses."""

from datetime import timedelta

from notifications.models import ChatChannel, Event, Message, Suppression
from orders.models import Order, RefundRequest
from storefront.api.models import IdempotencyRecord
from storefront.dashboard.models import SettlingRule
from storefront.events.models import WebhookSubscription
from tests.factories.suppliers import NOON

AGO = NOON - timedelta(days=1)


def make_supplier_suppression():
    event = Event.objects.create(
        key="po-1", name="purchase_order.mailed", subject="purchase_order:PO-1", sequence=1,
        payload={}, occurred_at=AGO,
    )  # fmt: skip
    message = Message.objects.create(
        event=event, sender="email", recipient="orders@lumen.example", locale="en",
        template="purchase_order", status="sent", status_since=AGO, due_at=AGO, delivery="bounced",
    )  # fmt: skip
    return Suppression.objects.create(
        address=message.recipient, reason="hard_bounce", since=AGO, message=message
    )


def ask_for_refund():
    RefundRequest.objects.create(
        order=Order.objects.first(),
        key="1",
        amount=5,
        currency="EUR",
        reason="late",
        requested_by="ann",
        requested_at=AGO,
        status_since=AGO,
    )


MESSAGE_CASES = {
    "refund_to_approve": ask_for_refund,
    "api_request_unfinished": lambda: IdempotencyRecord.objects.create(
        principal="agent", key="k-1", route="POST /api/orders", request_digest="x", started_at=AGO
    ),
    "webhook_subscription_disabled": lambda: WebhookSubscription.objects.create(
        url="https://hooks.example/1",
        description="Warehouse",
        secret_encrypted="",
        status="disabled",
        status_since=AGO,
        problem="HTTP 500",
        created_by="sam",
        created_at=AGO,
    ),
    "customer_unreachable": lambda: Suppression.objects.create(
        address=Order.objects.filter(status="processing").first().email.lower(),
        reason="hard_bounce",
        since=AGO,
    ),
    "chat_channel_failing": lambda: ChatChannel.objects.create(
        name="ops", dialect="slack", url_encrypted="", failing_since=AGO, disabled_at=NOON
    ),
    "settling_rule_stopped": lambda: SettlingRule.objects.create(name="keep", stopped_at=AGO),
    "address_unreachable": make_supplier_suppression,
    "message_undeliverable": lambda: Message.objects.update(status="failed", status_since=AGO),
}
