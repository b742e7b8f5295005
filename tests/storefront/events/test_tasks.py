"""Event tasks: publish and deliver, one slow receiver does not block the others."""

import pytest

from storefront.events import subscriptions, tasks
from storefront.events.models import WebhookSubscription
from suppliers.resilience.bulkheads import exclusive_lock
from tests.factories.events import make_event, subscribe
from tests.factories.suppliers import NOON
from tests.support.concurrency import held_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sweep_queues_working_receivers_before_failing_ones(receiver, monkeypatch):
    made = [subscribe(receiver, name) for name in ("slow", "good", "idle")]
    WebhookSubscription.objects.filter(pk=made[0].pk).update(failing_since=NOON)
    make_event()
    made[2].deliveries.all().delete()
    queued = []
    monkeypatch.setattr(
        tasks.deliver, "delay", lambda *, subscription_id: queued.append(subscription_id)
    )

    tasks.publish()

    assert queued == [made[1].pk, made[0].pk]


def test_a_receiver_is_served_until_nothing_is_due(receiver):
    subscription = subscribe(receiver)
    for number in range(40):
        make_event(f"order:{number}")

    tasks.deliver(subscription_id=subscription.pk)

    assert len(receiver.messages()) == 40


def test_nothing_is_published_to_a_subscription_of_an_expired_key(receiver):
    subscription = subscribe(receiver)
    make_event("order:1")
    WebhookSubscription.objects.update(api_key_ends_at=NOON)
    tasks.deliver(subscription_id=subscription.pk)  # before the sweep
    assert receiver.messages() == []

    tasks.publish()

    subscription.refresh_from_db()
    assert (subscription.status, subscription.problem) == ("disabled", subscriptions.KEY_ENDED)


@pytest.mark.parametrize("taken", ["lanes", "receiver"])
def test_without_a_free_lane_the_events_wait_for_the_sweep(receiver, taken):
    subscription = subscribe(receiver)
    make_event()
    if taken == "receiver":
        with held_elsewhere(exclusive_lock(f"webhooks {subscription.pk}")):
            tasks.deliver(subscription_id=subscription.pk)
    else:
        with (
            held_elsewhere(exclusive_lock("webhook lane 0")),
            held_elsewhere(exclusive_lock("webhook lane 1")),
        ):
            tasks.deliver(subscription_id=subscription.pk)
    assert receiver.messages() == []

    tasks.deliver(subscription_id=subscription.pk)
    assert len(receiver.messages()) == 1


def test_a_failing_receiver_is_tried_once_and_a_deleted_one_never(receiver):
    subscription = subscribe(receiver)
    for number in range(20):
        make_event(f"order:{number}")
    receiver.fault("*", "500", count=0)

    tasks.deliver(subscription_id=subscription.pk)
    assert set(subscription.deliveries.values_list("attempts", flat=True)) == {0, 1}
    subscription.delete()
    tasks.deliver(subscription_id=subscription.pk)
