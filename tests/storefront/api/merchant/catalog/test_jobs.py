"""Bulk jobs: each row is done once, and refused on its own."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError

from catalog.models import Listing, Product, Variant
from storefront.api import tasks as api_tasks
from storefront.api.merchant.catalog import bulk, tasks, writes
from storefront.api.models import ApiKey, BulkJob, BulkJobRow, Scope
from suppliers.models import Connection, StockLevel, StockMovement
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_product, make_variant
from tests.factories.priced_shop import stock_shop
from tests.factories.suppliers import NOON, make_level, make_offer
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
BULK = f"{ADMIN}bulk/"


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """The ids of the queued jobs; no worker runs."""
    ids = []
    monkeypatch.setattr(tasks.run_job, "delay", lambda **known: ids.append(known["job_id"]))
    return ids


@pytest.fixture
def submit(merchant):
    def send(operation, *rows, key="k1"):
        return merchant.post(f"{BULK}{operation}/", {"rows": list(rows)}, key=key)

    return send


def run():
    for job in BulkJob.objects.filter(completed_at=None):
        bulk.continue_job(job.pk, now=NOON)


def results():
    return [*BulkJobRow.objects.order_by("position").values_list("result", flat=True)]


def test_job_is_done_by_a_worker_and_reports_each_row(merchant, submit, queued):
    product = make_product()
    accepted = submit(
        "products", {"id": product.pk, "title": "New"}, {"id": 999, "title": "x"}, {"id": "1"}
    )
    path = urlsplit(accepted.headers["location"]).path
    before = merchant.get(path).json()

    tasks.run_job(job_id=queued[0])

    after = merchant.get(path).json()
    rows = merchant.get(f"{path}rows/").json()["results"]
    refused = merchant.get(f"{path}rows/", {"result": "refused"}).json()["results"]
    assert (accepted.status_code, before["completed_at"], before["total"]) == (202, None, 3)
    assert (after["done"], after["refused"], after["completed_at"] is None) == (1, 2, False)
    assert [row["result"] for row in rows] == ["done", "refused", "refused"]
    assert [row["detail"]["status"] for row in refused] == [404, 400]
    assert refused[1]["detail"]["errors"][0]["pointer"] == "#/id"
    assert Product.objects.get().title == "New"


def test_prices_variants_and_stock_are_set(submit):
    listing = stock_shop("10.00")[0]
    variant = listing.variant
    level = make_level(make_offer(variant), quantity=5)
    Connection.objects.update(base_url="")

    submit("prices", {"listing_id": listing.pk, "amount": "1.00", "currency": "EUR"})
    submit("variants", {"sku": variant.sku, "hs_code": "850650"}, key="k2")
    submit("stock", {"sku": variant.sku, "location_id": level.location_id, "quantity": 8}, key="k3")
    run()

    assert {*results()} == {"done"}
    assert Listing.objects.get().fixed_price_amount == 1
    detail = BulkJobRow.objects.get(job__operation="prices").detail
    assert detail == {"result": "adjusted", "reason": "Raised to the minimum margin"}
    assert Variant.objects.get().hs_code == "850650"
    assert StockLevel.objects.get().reported_quantity == 8


def test_killed_worker_leaves_the_rest_to_the_next_one(submit, queued, monkeypatch):
    rows = [{"id": make_product().pk, "title": f"T{number}"} for number in range(3)]
    submit("products", *rows)
    original, seen = writes.change_product, []

    def change(pk, values, **more):
        seen.append(pk)
        if len(seen) == 2:
            raise OperationalError("the server closed the connection")
        return original(pk, values, **more)

    monkeypatch.setattr(writes, "change_product", change)
    with pytest.raises(OperationalError):
        run()
    halfway = results()
    tasks.continue_jobs()
    run()

    assert halfway == ["done", "pending", "pending"]
    assert results() == ["done"] * 3
    assert seen == [rows[0]["id"], rows[1]["id"], rows[1]["id"], rows[2]["id"]]
    assert queued[1:] == queued[:1]


def test_two_workers_do_each_row_once(submit):
    variant = make_variant()
    level = make_level(make_offer(variant), quantity=5)
    Connection.objects.update(base_url="")
    place = {"sku": variant.sku, "location_id": level.location_id}
    submit("stock", *({**place, "quantity": number} for number in (6, 7, 8)))
    before = StockMovement.objects.count()

    all_at_once([run] * 4, ())

    assert results() == ["done"] * 3
    assert StockMovement.objects.count() == before + 3
    assert StockLevel.objects.get().reported_quantity == 8


def test_bug_in_one_row_refuses_only_it(submit, monkeypatch):
    submit("products", {"id": make_product().pk, "title": "x"})
    monkeypatch.setattr(writes, "change_product", lambda *_a, **_k: 1 / 0)

    run()

    row = BulkJobRow.objects.get()
    assert (row.result, row.detail["status"]) == ("refused", 500)
    assert "division" not in str(row.detail)


def test_revoked_key_ends_its_jobs(submit):
    product = make_product()
    submit("products", {"id": product.pk, "title": "x"})
    ApiKey.objects.update(revoked_at=NOON)

    run()

    assert results() == ["refused"]
    assert Product.objects.get().title == product.title


def test_job_of_another_key_is_not_found(submit):
    submit("products", {"id": 1})

    answer = merchant_caller(Scope.JOBS_READ, name="other").get(
        f"{ADMIN}jobs/{BulkJob.objects.get().pk}/"
    )

    assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")


def test_job_has_1_to_1000_rows(submit):
    assert pointers(submit("products")) == ["#/rows"]
    assert pointers(submit("products", *[{"id": 1}] * 1001, key="k2")) == ["#/rows"]
    assert submit("products", *[{"id": 1}] * 1000, key="k3").status_code == 202


def test_old_jobs_are_deleted(submit):
    submit("products", {"id": 1})
    run()
    BulkJob.objects.update(completed_at=NOON - timedelta(days=8))

    api_tasks.delete_old_records()

    assert not BulkJob.objects.exists()
