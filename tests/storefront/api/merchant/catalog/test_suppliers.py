"""Suppliers and their sync runs."""

from datetime import timedelta

import pytest

from suppliers.models import SyncRun
from tests.factories.api import ADMIN
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
SUPPLIERS = f"{ADMIN}suppliers/"


def test_runs_are_listed_newest_first(merchant):
    supplier = make_supplier()
    times = {"started_at": NOON, "status_since": NOON, "lease_until": NOON + timedelta(hours=1)}
    old = SyncRun.objects.create(supplier=supplier, kind="stock", status="applied", **times)
    new = SyncRun.objects.create(supplier=supplier, kind="stock", status="failed", **times)
    other = SyncRun.objects.create(supplier=supplier, kind="prices", status="applied", **times)
    path = f"{SUPPLIERS}{supplier.pk}/runs/"

    stock = merchant.get(path, {"kind": "stock"}).json()["results"]
    failed = merchant.get(path, {"status": "failed"}).json()["results"]
    first = merchant.get(path, {"limit": "1"}).json()

    assert [row["id"] for row in stock] == [new.pk, old.pk]
    assert [row["id"] for row in failed] == [new.pk]
    assert [row["id"] for row in merchant.follow(first).json()["results"]] == [new.pk]
    assert first["results"][0]["id"] == other.pk


def test_unknown_supplier_has_no_runs(merchant):
    answer = merchant.get(f"{SUPPLIERS}1/runs/")

    assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")
