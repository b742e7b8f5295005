"""Inside view: read the state from our own database, count open and overdue work."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from notifications.deliverability.message_ids import message_id
from notifications.models import Event, Message
from orders import ledger
from orders.backorders import backorders
from orders.models import (
    Backorder,
    Order,
    Payment,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLabel,
    SupplierClaim,
)
from shipping.models import Parcel
from storefront.dashboard.invariants import registry
from storefront.dev.chaos.observations.history import (
    OurMail,
    OurOrder,
    OurPurchase,
    OurTextMessage,
    ShopState,
)
from storefront.events.models import PendingEvent, WebhookDelivery
from storefront.lib.money import Money
from storefront.sales_channels.models import PendingChange, RemoteListing, RemoteOrderRecord
from storefront.webhooks.models import InboundWebhook
from suppliers.models import CircuitBreaker

Submission = PurchaseOrder.Submission
_BY_CODE = {one.code: one for one in registry.INVARIANTS}
# Invariants that are violated when a sweep of beat (``beat_catch_up.SWEEPS``) is late.
IN_TIME = tuple(
    _BY_CODE[code]  # an unknown code must fail: its work would never count as late
    for code in (
        "messaging.events_fanned_out",
        "messaging.messages_sent",
        "messaging.webhooks_processed",
        "messaging.reservations_expire",
        "messaging.orders_progress",
        "messaging.payment_requests_answered",
        "messaging.sync_runs_end",
        "purchase_orders.backorders_end",
    )
)
SOON = timedelta(minutes=1)
UNSUBMITTED = (
    Submission.UNSUBMITTED,
    Submission.SUBMITTING,
    Submission.SUBMIT_UNKNOWN,
    Submission.SUBMIT_FAILED,
    Submission.SUBMITTED,
)


def read_state(*, now: datetime, open_work: tuple[str, ...]) -> ShopState:
    """Return the state according to our database.

    Shape:  ``open_work`` is the open work at the end of the drain: a webhook that arrives later is
            handled soon, and does not count
    """
    return ShopState(
        orders=_orders(),
        purchases=_purchases(),
        mails=_mails(),
        text_messages=_text_messages(),
        violated_invariants=tuple(
            f"{each.invariant.code} {each.invariant.sentence} {each.count}: {each.rows[0]}"
            for each in registry.check_all(now=now)
            if each.count
        ),
        open_work=open_work,
    )


def is_gateway_blocked() -> bool:
    """Return whether the circuit breaker of a payment gateway blocks its calls now."""
    return CircuitBreaker.objects.exclude(gateway="").open_for_orders().exists()


def open_work(excluded: Collection[str] = ()) -> tuple[str, ...]:
    """Return the kinds of open work, each with its count.

    Shape:  ``excluded`` are the ids of webhooks about unknown payments, which are retried for half
            an hour
    """
    calls = InboundWebhook.objects.filter(status=InboundWebhook.Status.RECEIVED)
    undone = {
        "paid orders without purchase orders": Order.objects.filter(status=Order.Status.PLACED),
        "purchase orders not submitted": PurchaseOrder.objects.filter(
            submission_status__in=UNSUBMITTED
        ).exclude(status__in=[PurchaseOrder.Status.CANCELED, PurchaseOrder.Status.ON_HOLD]),
        "purchase orders on hold": PurchaseOrder.objects.filter(
            status=PurchaseOrder.Status.ON_HOLD
        ),
        "open payment requests": PaymentEvent.objects.filter(
            kind__in=ledger.REQUESTS, outcome__isnull=True
        ),
        "open backorders": Backorder.objects.filter(status__in=backorders.OPEN_STATES),
        "store orders to decide": RemoteOrderRecord.objects.filter(
            status__in=[RemoteOrderRecord.Status.RECEIVED, RemoteOrderRecord.Status.REFUSING]
        )
        | RemoteOrderRecord.objects.filter(due_at__isnull=False),
        "orders to cancel in stores": RemoteOrderRecord.objects.filter(
            order__status=Order.Status.CANCELED, canceled_there_at=None
        ),
        "parcels to report to stores": Parcel.objects.filter(
            shipment__purchase_order__order__remote_order__isnull=False,
            status__in=Parcel.LEFT,
            lines__isnull=False,
        )
        .filter(Q(remote_fulfillment=None) | Q(remote_fulfillment__external_id=""))
        .distinct(),
        "listings to send to stores": RemoteListing.objects.filter(dirty_since__isnull=False),
        "changes of stores": PendingChange.objects.all(),
        "events to publish": PendingEvent.objects.all(),
        "events to deliver": WebhookDelivery.objects.filter(status="pending"),
        "return labels to buy": ReturnLabel.objects.filter(status=ReturnLabel.Status.REQUESTED),
        "canceled replacements to refund": ReturnAuthorization.objects.filter(
            status=ReturnAuthorization.Status.EXCHANGED, replacement__status=Order.Status.CANCELED
        ),
        "claims not submitted": SupplierClaim.objects.exclude(
            status__in=SupplierClaim.KNOWN_TO_SUPPLIER
        ),
        "events": Event.objects.filter(fanned_out_at__isnull=True),
        # At night, text messages wait for the morning, before their first attempt.
        "notifications to send": Message.objects.filter(
            status__in=["pending", "retrying", "requeued"]
        ).exclude(sender="sms", attempts=0, due_at__gt=timezone.now() + SOON),
        "notifications in doubt": Message.objects.filter(status="sending"),
        "webhooks": calls.exclude(external_id__in=excluded),
    }
    counts = {words: rows.count() for words, rows in undone.items()}
    return tuple(f"{count} {words}" for words, count in counts.items() if count)


def overdue(*, now: datetime) -> tuple[str, ...]:
    """Return the kinds of overdue work, each with its count."""
    found = registry.check_some(IN_TIME, now=now)
    return tuple(f"{each.count} overdue {each.invariant.code}" for each in found if each.count)


def _orders() -> tuple[OurOrder, ...]:
    references: dict[int, list[str]] = {}
    for order_id, reference in Payment.objects.values_list("order_id", "reference"):
        references.setdefault(order_id, []).append(reference)
    return tuple(
        OurOrder(
            number=order.number,
            status=order.status,
            total=order.total.minor,
            payments=tuple(references.get(order.pk, ())),
            lines=len(order.lines.all()),
            is_whole=not any(line.canceled_quantity for line in order.lines.all()),
        )
        for order in Order.objects.prefetch_related("lines").order_by("pk")
    )


def _purchases() -> tuple[OurPurchase, ...]:
    return tuple(
        OurPurchase(
            number=one.number,
            order=one.order.number,
            status=one.status,
            submission_status=one.submission_status,
            charge=_charge(one),
            units=sum(line.quantity for line in one.lines.all() if line.is_active),
            is_cancel_requested=one.cancel_requested_at is not None,
        )
        for one in PurchaseOrder.objects.select_related("order")
        .prefetch_related("lines__order_line")
        .order_by("pk")
    )


def _charge(purchase_order: PurchaseOrder) -> int:
    """Return the price of the active lines and the delivery, independent of the ledger."""
    live = [line.order_line for line in purchase_order.lines.all() if line.is_active]
    amount = sum(
        (line.customer_charge_amount for line in live), Decimal(purchase_order.entry["amount"])
    )
    return Money(amount, purchase_order.currency).minor


def _mails() -> tuple[OurMail, ...]:
    return tuple(
        OurMail(
            message_id=message_id(one),
            # "number" is the number of the parcel where the order has a field of its own.
            order=str(one.event.payload.get("order") or one.event.payload.get("number", "")),
            template=one.template,
            status=one.status,
        )
        for one in Message.objects.filter(sender="email").select_related("event").order_by("pk")
    )


def _text_messages() -> tuple[OurTextMessage, ...]:
    rows = Message.objects.filter(sender="sms").order_by("pk")
    return tuple(OurTextMessage(recipient=one.recipient, status=one.status) for one in rows)
