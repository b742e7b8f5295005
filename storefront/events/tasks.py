"""Event tasks: publish pending events, deliver due events."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from celery import shared_task
from django.db.models import F
from django.utils import timezone

from storefront.events import deliveries, publication, subscriptions
from storefront.events.models import WebhookDelivery, WebhookSubscription
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

LANES = 2  # processes that deliver events, to all receivers together
SLICE_S = 20.0  # a receiver with many events gives way to the others


@shared_task
def publish(**_: Any) -> None:
    """Publish pending events, and queue each subscription with due deliveries.

    Subscriptions of expired API keys are disabled before.

    Working receivers come first: one that hangs takes the time of a lane.
    """
    subscriptions.disable_ended(now=timezone.now())
    publication.publish_pending(now=timezone.now())
    due = WebhookDelivery.objects.due(timezone.now())
    ids = set(due.order_by().values_list("subscription", flat=True).distinct())
    waiting = WebhookSubscription.objects.filter(pk__in=ids)
    ordered = waiting.order_by(F("failing_since").desc(nulls_first=True), "pk")
    for subscription_id in ordered.values_list("pk", flat=True):
        deliver.delay(subscription_id=subscription_id)


@shared_task
def deliver(*, subscription_id: int, **_: Any) -> None:
    """Deliver what is due to one receiver for some seconds, in a free lane; the sweep goes on."""
    with suppress(LockedElsewhereError), _lane(), exclusive_lock(f"webhooks {subscription_id}"):
        until = time.monotonic() + SLICE_S
        subscription = WebhookSubscription.objects.filter(pk=subscription_id)
        if (found := subscription.first()) is None:
            return
        with deliveries.Receiver(found.url) as receiver:
            while time.monotonic() < until and deliveries.deliver(
                subscription=found, receiver=receiver, now=timezone.now()
            ):
                # Staff may have changed or deleted it meanwhile.
                found = subscription.filter(url=receiver.url, failing_since=None).first()
                if found is None:
                    break


@contextmanager
def _lane() -> Iterator[None]:
    """Hold one of the lanes. Raises LockedElsewhereError: all are taken."""
    with ExitStack() as stack:
        for number in range(LANES):
            with suppress(LockedElsewhereError):
                stack.enter_context(exclusive_lock(f"webhook lane {number}"))
                break
        else:
            raise LockedElsewhereError("webhook lanes")
        yield
