"""Event factories: make subscriptions and public events, deliver them."""

from datetime import timedelta

from django.db import transaction

from storefront.events import deliveries, publication, recording, subscriptions
from storefront.events.event_types import EventType, ObjectKind
from storefront.events.models import PublicEvent, WebhookSubscription
from tests.factories.suppliers import NOON

MINUTE = timedelta(minutes=1)


def make_subscription(url="http://127.0.0.1:9000/inbox/a/", *types, now=NOON):
    """Make a subscription; ``secret`` is its plain secret."""
    made, secret = subscriptions.create(
        url=url, types=types, description="Warehouse", actor="sam", now=now
    )
    made.secret = secret
    return made


def subscribe(receiver, name="warehouse", *types, now=NOON):
    """Make a subscription of a running receiver, which knows its secret."""
    made = make_subscription(f"{receiver.url}/inbox/{name}/", *types, now=now)
    receiver.address(name, made.secret)
    return made


def make_event(subject="order:1", kind=EventType.ORDER_PLACED, *, now=NOON, **data):
    """Make a public event and queue it for the subscriptions that want it."""
    event = PublicEvent.objects.create(
        public_id=f"evt_{PublicEvent.objects.count() + 1:030d}",
        type=kind,
        subject=subject,
        version=1,
        data=data,
        occurred_at=now,
        published_at=now,
    )
    with transaction.atomic():
        publication.add_deliveries([event], now=now)
    return event


def deliver(subscription, *, now=NOON):
    """Deliver until nothing is due; return how many attempts were made."""
    sent = 0
    while count := deliver_batch(subscription, now=now):
        sent += count
    return sent


def deliver_batch(subscription, *, now=NOON):
    found = WebhookSubscription.objects.get(pk=subscription.pk)
    with deliveries.Receiver(found.url) as receiver:
        return deliveries.deliver(subscription=found, receiver=receiver, now=now)


def publish(now=NOON):
    """Publish what is pending; return the types and subjects."""
    last = PublicEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    publication.publish_pending(now=now)
    new = PublicEvent.objects.filter(pk__gt=last).order_by("pk")
    return [(event.type, event.subject) for event in new]


def record_case(row=1):
    """Record that a case is new in the inbox of staff; it is not published yet."""
    case = {
        "cause": "order_on_hold",
        "title": "Order on hold",
        "url": "https://fara.example/admin/orders/order/1/change/",
        "since": NOON.isoformat(),
    }
    with transaction.atomic():
        recording.record_event(
            EventType.ATTENTION_NEEDED, about=ObjectKind.CASE, object_id=row, facts=case, at=NOON
        )
