"""Merchant API of events: what a key may read and subscribe to, hooks, replay, schemas."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from storefront.api.models import IdempotencyRecord, Scope
from storefront.events import deliveries, subscriptions
from storefront.events.event_types import EventType
from storefront.events.models import PublicEvent, WebhookSubscription
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.events import make_event, make_subscription, publish
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS = f"{ADMIN}webhook-subscriptions/"
HOOKS = f"{ADMIN}hooks/"
EVENTS = f"{ADMIN}events/"
TARGET = "http://127.0.0.1:9000/hook"


def create(merchant, key="k1", **body):
    return merchant.post(SUBSCRIPTIONS, {"url": TARGET, **body}, key=key)


def test_a_subscription_is_created_once_and_its_secret_is_shown_once(merchant):
    first, again = create(merchant), create(merchant)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["secret"].startswith("whsec_")
    assert again.json() == {**first.json(), "secret": None}
    assert WebhookSubscription.objects.count() == 1
    assert first.json()["secret"] not in IdempotencyRecord.objects.get().response


def test_a_subscription_is_read_changed_paused_resumed_and_deleted(merchant):
    page = f"{SUBSCRIPTIONS}{create(merchant).json()['id']}/"
    found = merchant.get(page)

    changed = merchant.call(
        "PATCH",
        page,
        body={"types": ["order.paid"], "status": "paused"},
        key="k2",
        headers={"if-match": found.headers["etag"]},
    )
    stale = merchant.call(
        "PATCH", page, body={}, key="k3", headers={"if-match": found.headers["etag"]}
    )
    resumed = merchant.call("PATCH", page, body={"status": "active"}, key="k4")

    assert (changed.json()["types"], changed.json()["status"]) == (["order.paid"], "paused")
    assert kind_of(stale) == "precondition-failed"
    assert resumed.json()["status"] == "active"
    assert merchant.get(SUBSCRIPTIONS, {"status": "paused"}).json()["results"] == []
    assert merchant.call("DELETE", page).status_code == 204
    assert merchant.get(page).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://10.0.0.1/"}, "#/url"),
        ({"types": ["order.eaten"]}, "#/types/0"),
        ({"types": ["webhook.test"]}, "#/types/0"),
        ({"unknown": 1}, "#/unknown"),
    ],
)
def test_invalid_subscriptions_are_refused(merchant, body, pointer):
    answer = create(merchant, **body)
    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_key_gets_only_events_that_its_scopes_may_read():
    stock = merchant_caller(Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE, Scope.INVENTORY_READ)
    theirs = make_subscription(TARGET)
    make_event("order:1", EventType.ORDER_PAID)
    make_event("listing:shop:A", EventType.STOCK_OUT)
    page = f"{SUBSCRIPTIONS}{theirs.pk}/"

    refused = [
        create(stock),
        create(stock, key="k2", types=["order.paid"]),
        stock.call("PATCH", page, body={"url": TARGET}, key="k3"),
        stock.call("DELETE", page),
        stock.post(HOOKS, {"target_url": TARGET, "event": "price.changed"}),
        stock.get(f"{HOOKS}samples/order.paid/"),
        stock.get(EVENTS, {"type": "order.paid"}),
        stock.get(f"{EVENTS}{PublicEvent.objects.first().public_id}/"),
    ]

    assert {kind_of(answer) for answer in refused} == {"missing-scope"}
    assert create(stock, key="k4", types=["stock.out"]).status_code == 201
    assert [event["type"] for event in stock.get(EVENTS).json()["results"]] == ["stock.out"]
    assert [row["event"] for row in stock.get(HOOKS).json()] == [
        "stock.low",
        "stock.out",
        "stock.back",
    ]


def test_events_that_name_a_supplier_need_its_scope():
    orders = merchant_caller(Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE, Scope.ORDERS_READ)
    make_event("purchase_order:1", EventType.PURCHASE_ORDER_SUBMITTED)

    refused = create(orders, types=["purchase_order.submitted"])

    assert (kind_of(refused), refused.json()["scope"]) == ("missing-scope", "costs:read")
    assert orders.get(EVENTS).json()["results"] == []
    assert create(orders, key="k2", types=["order.paid"]).status_code == 201


def test_types_are_checked_again_under_the_lock(monkeypatch):
    stock = merchant_caller(Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE, Scope.INVENTORY_READ)
    made = make_subscription(TARGET, "stock.out")

    def widened_meanwhile(_url):
        assert not connection.savepoint_ids  # no name is resolved in a transaction
        WebhookSubscription.objects.update(types=["order.paid"])

    monkeypatch.setattr(subscriptions, "check_address", widened_meanwhile)
    page = f"{SUBSCRIPTIONS}{made.pk}/"
    answer = stock.call("PATCH", page, body={"url": "http://127.0.0.1:9000/mine"}, key="k1")

    assert kind_of(answer) == "missing-scope"
    assert WebhookSubscription.objects.get().url == TARGET


def test_events_are_listed_by_cursor_type_and_time(merchant):
    events = [make_event(f"order:{number}") for number in range(3)]
    PublicEvent.objects.filter(pk=events[0].pk).update(published_at=NOON - timedelta(hours=1))
    make_event("listing:shop:A", EventType.STOCK_OUT)

    first = merchant.get(EVENTS, {"limit": "2"}).json()
    rest = merchant.follow(first).json()
    after = merchant.get(EVENTS, {"after": str(events[1].pk), "type": "order.placed"}).json()
    recent = merchant.get(EVENTS, {"since": NOON.isoformat()}).json()

    ids = [event["id"] for event in (*first["results"], *rest["results"])]
    assert ids[:3] == [event.public_id for event in events]
    assert (len(ids), rest["next"]) == (4, None)
    assert [event["sequence"] for event in after["results"]] == [events[2].pk]
    assert len(recent["results"]) == 3
    assert merchant.get(f"{EVENTS}{ids[0]}/").json() == first["results"][0]
    assert merchant.get(f"{EVENTS}evt_unknown/").status_code == 404


def test_a_hook_is_subscribed_once_sampled_newest_first_and_unsubscribed(merchant):
    older, newer = (
        make_event("order:1", EventType.ORDER_PAID),
        make_event("order:2", EventType.ORDER_PAID),
    )
    body = {"target_url": TARGET, "event": "order.paid"}

    made, again = merchant.post(HOOKS, body), merchant.post(HOOKS, body)
    samples = merchant.get(f"{HOOKS}samples/order.paid/").json()

    assert made.status_code == 201
    assert made.json() == again.json() == {"id": made.json()["id"], **body}
    assert [sample["id"] for sample in samples] == [newer.public_id, older.public_id]
    assert samples[0] == json.loads(deliveries.body_of(newer))
    assert merchant.call("DELETE", f"{HOOKS}{made.json()['id']}/").status_code == 204
    assert merchant.call("DELETE", f"{HOOKS}{made.json()['id']}/").status_code == 404
    assert merchant.get(f"{HOOKS}samples/order.eaten/").status_code == 404
    wrong = merchant.post(HOOKS, {"target_url": "http://10.0.0.1/", "event": "order.paid"})
    assert wrong.json()["errors"][0]["pointer"] == "#/target_url"


def test_a_hook_belongs_to_the_key_that_created_it(merchant):
    body = {"target_url": TARGET, "event": "order.paid"}
    ours, other = merchant.post(HOOKS, body).json(), merchant_caller(name="shelf")

    theirs = other.post(HOOKS, body).json()

    assert theirs["id"] != ours["id"]
    assert other.call("DELETE", f"{HOOKS}{ours['id']}/").status_code == 404
    assert merchant.call("DELETE", f"{HOOKS}{ours['id']}/").status_code == 204


def test_a_test_a_rotation_and_replays(merchant):
    made = create(merchant).json()
    page = f"{SUBSCRIPTIONS}{made['id']}/"
    subscription = WebhookSubscription.objects.get()
    event = make_event("order:1")
    subscription.deliveries.update(
        status="failed",
        attempts=10,
        log=[{"at": NOON.isoformat(), "status": 500, "ms": 3, "answer": "no"}],
    )

    test = merchant.post(f"{page}test/", key="t1")
    rotated = merchant.post(f"{page}rotate/", {"overlap_hours": 1}, key="r1")
    failed = merchant.get(f"{page}deliveries/", {"status": "failed"}).json()["results"]
    replays = [
        merchant.post(f"{page}replay/", body, key=f"p{number}").json()
        for number, body in enumerate(
            [{"event_id": event.public_id}, {}, {"after": event.pk - 1}, {"after": event.pk}]
        )
    ]

    unknown = merchant.post(f"{page}replay/", {"event_id": "evt_0"}, key="u1")

    assert test.status_code == 202
    assert (kind_of(unknown), pointers(unknown)) == ("invalid-fields", ["#/event_id"])
    assert publish() == [("webhook.test", f"subscription:{subscription.pk}")]
    assert rotated.json()["secret"] != made["secret"]
    assert [(row["event_id"], row["log"][0]["status"]) for row in failed] == [
        (event.public_id, 500)
    ]
    assert replays == [
        {"events": 1, "last": None},
        {"events": 0, "last": None},
        {"events": 0, "last": None},
        {"events": 0, "last": None},
    ]
    assert subscription.deliveries.get(event=event).status == "pending"
