import json
import re
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from orders.models import PurchaseOrder
from storefront.ops.metrics.requests import front_of
from storefront.workers import queues
from suppliers.models import CircuitBreaker, LatencyBucket
from tests.factories.orders import make_purchase_orders, make_sellable

pytestmark = pytest.mark.django_db
DEPLOY = Path(__file__).resolve().parents[4] / "deploy"


def scrape(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def shop():
    (purchase_order, *_rest) = make_purchase_orders(make_sellable())
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
        status="in_progress", submission_status="submit_unknown"
    )
    supplier = purchase_order.supplier
    for le_ms, count in ((0, 2), (100, 5), (400, 1)):
        LatencyBucket.objects.create(
            supplier=supplier, on=timezone.now().date(), le_ms=le_ms, count=count
        )
    now = timezone.now()
    CircuitBreaker.objects.create(
        connection=supplier.connection, opened_at=now, open_until=now, orders_blocked_until=now
    )
    return supplier


def test_state_of_the_shop_is_shown(client, shop):
    samples = scrape(client)

    assert samples["fara_purchase_orders_unconfirmed",] == 1
    assert samples["fara_circuit_breaker_open", shop.code] == 1
    assert samples["fara_supplier_call_failures_total", shop.code] == 2
    bucket = "fara_supplier_call_duration_seconds_bucket"
    assert samples[bucket, "0.05", shop.code] == 0
    assert samples[bucket, "0.1", shop.code] == 5
    assert samples[bucket, "+Inf", shop.code] == 6
    assert samples["fara_inbox_items", "submission_unconfirmed"] == 1
    assert samples["fara_sync_age_seconds", "stock", shop.code] > 1e9


def test_age_of_the_next_task_is_shown(client, settings, monkeypatch):
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete(*queues.NAMES)
    headers = {}
    queues.stamp(headers=headers)
    broker.lpush("bulk", json.dumps({"headers": headers}), json.dumps({"headers": {}}))
    monkeypatch.setattr(queues.time, "time", lambda: headers["queued_at"] + 60)
    samples = scrape(client)
    broker.delete("bulk")

    assert samples["fara_queue_tasks", "bulk"] == 2
    assert samples["fara_queue_oldest_seconds", "bulk"] == 60


def test_shop_is_shown_without_redis(client, settings, monkeypatch):
    monkeypatch.setattr(queues, "_broker", lambda: redis.Redis(port=1))

    samples = scrape(client)

    assert samples["fara_redis_up",] == 0
    assert ("fara_queue_tasks", "bulk") not in samples


def test_requests_are_counted_by_front(client):
    before = scrape(client)
    client.get("/hooks/nothing-here/")
    after = scrape(client)

    counted = {key for key in after if after[key] > before.get(key, 0) and "fara_http" in key[0]}
    assert ("fara_http_requests_total", "webhooks", "GET", "4xx") in counted
    assert not any("nothing" in part for key in counted for part in key)


@pytest.mark.parametrize(
    ("path", "front"),
    [
        ("/admin/", "admin"),
        ("/api/v1/orders/", "api"),
        ("/hooks/stripe/", "webhooks"),
        ("/de/suppliers/lumen/key/", "supplier portal"),
        ("/en/", "shop"),
        ("/az-market/az/", "shop"),
    ],
)
def test_front_of_a_path(path, front):
    assert front_of(path) == front


def test_production_shows_metrics_only_with_the_token(client, settings):
    settings.ENVIRONMENT, settings.METRICS_TOKEN = "production", ""
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404

    settings.METRICS_TOKEN = "sixteen-characters"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer é"}).status_code == 404
    scrape(client, authorization="Bearer sixteen-characters")


def test_scrape_costs_few_statements(client, shop):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        scrape(client)

    assert len(queries) <= 12


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_deployed_files_use_only_metrics_that_exist(client, shop, name):
    known = {key[0] for key in scrape(client)} | {"fara_http_request_duration_seconds_bucket"}

    used = set(re.findall(r"fara_\w+", (DEPLOY / name).read_text()))
    assert used <= known
