"""Event deliveries: order per object, retries, signatures, receivers that fail or hang."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from standardwebhooks import Webhook

from storefront.events import deliveries, subscriptions
from storefront.events.models import WebhookDelivery, WebhookSubscription
from storefront.lib.security.encryption import encrypt
from tests.factories.events import (
    MINUTE,
    deliver,
    deliver_batch,
    make_event,
    make_subscription,
    subscribe,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/inbox/warehouse/"


def now():
    return datetime.now(UTC)


def states(subscription):
    rows = subscription.deliveries.order_by("event")
    return list(rows.values_list("status", "attempts"))


def test_an_event_is_delivered_signed_and_logged(receiver):
    subscription = subscribe(receiver)
    event = make_event("order:F-1", total="10.00")

    assert deliver(subscription, now=now()) == 1

    (message,) = receiver.messages()
    assert (message["id"], message["type"]) == (event.public_id, "order.placed")
    assert receiver.problems() == []
    delivery = subscription.deliveries.get()
    (attempt,) = delivery.log
    assert (delivery.status, attempt["status"]) == ("delivered", 200)
    assert event.public_id in attempt["answer"]


def test_the_signature_is_that_of_the_standard():
    """Vector of Standard Webhooks; a message is verified by the reference library."""
    subscription = WebhookSubscription(
        secret_encrypted=encrypt({"secret": "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"})
    )
    signed = subscriptions.signed_headers(
        subscription,
        message_id="msg_1",
        body=b'{"type":"a.b"}',
        now=datetime.fromtimestamp(1795528428, UTC),
    )
    assert signed["webhook-signature"] == "v1,slJw+rTrzCEoPN+WS1pTVeeYga6EcpAWMA85Uf2kIR0="


def test_after_a_rotation_both_secrets_verify_until_the_old_one_expires():
    subscription = make_subscription()
    old, moment = subscription.secret, now()
    new = subscriptions.rotate_secret(
        subscription=subscription, overlap=timedelta(hours=1), now=moment, request_key="r1"
    )
    subscription = WebhookSubscription.objects.get()
    body = b'{"type":"order.placed"}'

    def headers(at):
        return subscriptions.signed_headers(subscription, message_id="evt_1", body=body, now=at)

    for secret in (old, new):
        assert Webhook(secret).verify(body, headers(moment))["type"] == "order.placed"
    later = headers(moment + timedelta(hours=1))["webhook-signature"]
    assert (headers(moment)["webhook-signature"].count("v1,"), later.count("v1,")) == (2, 1)


def test_a_later_event_of_an_object_waits_for_the_earlier_one(receiver):
    subscription = subscribe(receiver)
    first, later, moment = make_event("order:1"), make_event("order:1"), now()
    receiver.fault(ADDRESS, "500")

    deliver(subscription, now=moment)
    other = make_event("order:2")
    deliver(subscription, now=moment)

    assert [message["id"] for message in receiver.messages()] == [other.public_id]
    deliver(subscription, now=moment + MINUTE)
    ids = [message["id"] for message in receiver.messages()]
    assert ids == [other.public_id, first.public_id, later.public_id]
    assert receiver.problems() == []


def test_ten_attempts_over_three_days_then_it_failed(receiver):
    subscription = subscribe(receiver)
    make_event("order:1")
    receiver.fault("*", "500", count=0)
    moments, moment = [], now()
    while subscription.deliveries.filter(status="pending").exists():
        WebhookSubscription.objects.update(failing_since=None)
        delivery = subscription.deliveries.get()
        moment = max(moment, delivery.due_at)
        moments.append(moment)
        deliver(subscription, now=moment)

    assert states(subscription) == [("failed", 10)]
    assert len(subscription.deliveries.get().log) == 10
    assert timedelta(hours=75) < moments[-1] - moments[0] < timedelta(hours=84)


def test_retry_after_is_obeyed(receiver):
    subscription, moment = subscribe(receiver), now()
    make_event("order:1")
    receiver.fault(ADDRESS, "429", delay=900)

    deliver(subscription, now=moment)

    due_at = subscription.deliveries.get().due_at
    assert timedelta(minutes=15) <= due_at - moment <= timedelta(minutes=17)


def test_410_ends_the_subscription(receiver):
    subscription = subscribe(receiver)
    make_event("order:1")
    receiver.fault(ADDRESS, "410")

    deliver(subscription, now=now())

    subscription.refresh_from_db()
    assert (subscription.status, states(subscription)) == ("disabled", [("failed", 1)])
    assert "410" in subscription.problem


def test_a_long_answer_is_cut_off_and_no_failure(receiver, monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_ANSWER_BYTES", 5)
    subscription = subscribe(receiver)
    make_event("order:1")

    deliver(subscription, now=now())

    delivery = subscription.deliveries.get()
    assert (delivery.status, delivery.log[0]["answer"]) == ("delivered", '{"rec')


@pytest.mark.parametrize("kind", ["redirect", "drop_before"])
def test_a_redirect_or_no_answer_is_a_failure(receiver, kind):
    subscription = subscribe(receiver)
    make_event("order:1")
    receiver.fault(ADDRESS, kind)

    deliver(subscription, now=now())

    assert states(subscription) == [("pending", 1)]
    assert receiver.messages() == []


def test_a_receiver_that_failed_for_five_days_is_disabled(receiver):
    subscription, moment = subscribe(receiver), now()
    make_event("order:1")
    WebhookSubscription.objects.update(failing_since=moment - timedelta(days=5))
    receiver.fault(ADDRESS, "500")

    deliver(subscription, now=moment)

    subscription.refresh_from_db()
    assert (subscription.status, subscription.problem[:9]) == ("disabled", "No event ")
    assert deliver(subscription, now=moment + timedelta(days=1)) == 0
    subscriptions.resume(subscription=subscription, actor="sam", now=moment)
    assert deliver(subscription, now=moment) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_a_subscription_disabled_during_a_call_keeps_its_problem(receiver, monkeypatch, count):
    subscription, moment = subscribe(receiver), now()
    make_event("order:1")
    WebhookSubscription.objects.update(failing_since=moment - MINUTE, api_key="fara_key_a")
    for _number in range(count):
        receiver.fault(ADDRESS, "500")

    def revoke(name):
        if name == "events.after_sending":
            with transaction.atomic():
                subscriptions.end_key(api_key="fara_key_a", now=moment)

    monkeypatch.setattr(deliveries, "failpoint", revoke)
    deliver_batch(subscription, now=moment)

    subscription.refresh_from_db()
    assert (subscription.status, subscription.problem) == ("disabled", subscriptions.KEY_ENDED)


def test_while_a_receiver_fails_only_one_event_is_tried_at_a_time(receiver):
    subscription, moment = subscribe(receiver), now()
    for number in range(deliveries.BATCH + 4):
        make_event(f"order:{number}")
    receiver.fault("*", "500", count=0)

    assert deliver_batch(subscription, now=moment) == deliveries.BATCH
    assert deliver_batch(subscription, now=moment) == 1


def test_after_an_outage_the_waiting_events_are_sent_at_once(receiver):
    subscription, moment = subscribe(receiver), now()
    make_event("order:1")
    make_event("order:2")
    WebhookDelivery.objects.filter(subject="order:1").update(due_at=moment + timedelta(hours=10))
    WebhookSubscription.objects.update(failing_since=moment - timedelta(hours=1))

    deliver(subscription, now=moment)

    assert states(subscription) == [("delivered", 1), ("delivered", 1)]


def test_a_worker_killed_after_the_call_sends_the_same_id_again(receiver, monkeypatch):
    """The answer arrived, the outcome was not recorded."""
    subscription, moment = subscribe(receiver), now()
    event = make_event("order:1")
    later = make_event("order:1")

    def die(name):
        if name == "events.after_sending":
            raise SystemExit(name)

    monkeypatch.setattr(deliveries, "failpoint", die)
    with pytest.raises(SystemExit):
        deliver(subscription, now=moment)
    monkeypatch.undo()

    assert deliver(subscription, now=moment) == 0  # its lease: no other worker sends it
    assert deliver(subscription, now=moment + deliveries.LEASE) == 2
    times = {message["id"]: message["times"] for message in receiver.messages()}
    assert (times, receiver.problems()) == ({event.public_id: 2, later.public_id: 1}, [])


def test_a_late_failure_does_not_undo_the_success_of_another_worker(receiver):
    subscription, moment = subscribe(receiver), now()
    make_event("order:1")
    (stuck,) = deliveries._claim(subscription, moment, most=1)
    deliver(subscription, now=moment + deliveries.LEASE)

    failed = deliveries.Outcome(status=500, milliseconds=9, text="")
    deliveries._record([stuck], [failed], moment)

    assert states(subscription) == [("delivered", 2)]


def test_two_workers_never_claim_the_same_delivery(receiver):
    subscription, moment = subscribe(receiver), now()
    for number in range(4):
        make_event(f"order:{number}")

    first = deliveries._claim(subscription, moment, most=3)
    second = deliveries._claim(subscription, moment, most=3)

    assert {row.pk for row in first}.isdisjoint(row.pk for row in second)
    assert (len(first), len(second)) == (3, 1)


def test_a_subscription_gets_only_its_types_and_nothing_while_paused(receiver):
    prices = subscribe(receiver, "prices", "price.changed")
    paused = subscribe(receiver, "paused")
    subscriptions.pause(subscription=paused, actor="sam", now=NOON)

    make_event("order:1")

    assert (states(prices), states(paused)) == ([], [])
