"""BigBuy quotas: two concurrent workers share them, and a later worker continues their count."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from suppliers.connections.factory import open_connector
from suppliers.connectors.bigbuy.options import LIST_QUOTAS
from suppliers.connectors.records import QuotaExceededError
from suppliers.models import CallQuota, SyncRun
from suppliers.resilience.quotas import DatabaseQuotaCounter
from tests.factories.feeds import sync
from tests.fakes.bigbuy_sandbox import connect_bigbuy

pytestmark = pytest.mark.django_db

HOUR_S = 3600
WORKER = """
import django
django.setup()
from suppliers.connectors.records import QuotaExceededError
from suppliers.connections.factory import open_connector
from suppliers.models import Supplier

done = 0
for _ in range(6):
    try:
        with open_connector(Supplier.objects.get()) as bigbuy:
            list(bigbuy.cost_rows())
        done += 1
    except QuotaExceededError:
        break
with open_connector(Supplier.objects.get()) as bigbuy:
    for _ in range(4):
        bigbuy.balance()
print(done)
"""


@pytest.fixture
def bigbuy(shop, bigbuy_sandbox):
    supplier = connect_bigbuy(bigbuy_sandbox)
    bigbuy_sandbox.control("clock", {"hour_s": HOUR_S, "second_s": 1})
    return supplier


def start_worker(folder):
    words = connection.settings_dict
    key = f"{words['USER']}:{quote(words['PASSWORD'], safe='')}"
    url = f"postgres://{key}@{words['HOST']}:{words['PORT']}/{words['NAME']}"
    env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER], env=env, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_quota_and_rate_limit_and_a_later_one_continues(
    bigbuy, bigbuy_sandbox, tmp_path
):
    workers = [start_worker(tmp_path) for _ in range(2)]

    lists_read = [int(worker.communicate(timeout=120)[0]) for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0]
    calls = bigbuy_sandbox.control("calls")
    assert sum(lists_read) <= 10
    assert calls["served"]["productprices"] == 10
    assert calls["served"]["user/purse"] == 8
    # BigBuy's seconds and ours differ, so it may refuse a call, which is then repeated.
    assert calls["refused"].pop("user/purse", 0) <= 2
    assert not calls["refused"]
    with open_connector(bigbuy) as later, pytest.raises(QuotaExceededError):
        list(later.cost_rows())
    assert bigbuy_sandbox.control("calls")["served"]["productprices"] == 10


def test_a_sync_without_quota_pauses_until_the_next_window(bigbuy, bigbuy_sandbox):
    with open_connector(bigbuy) as connector:
        list(connector.pages())
    budget, quota = DatabaseQuotaCounter(bigbuy.connection.pk), LIST_QUOTAS["catalog/products"]
    while True:
        try:
            budget.spend(quota)
        except QuotaExceededError:
            break

    run = sync(bigbuy, "products", now=timezone.now())

    assert run.status == SyncRun.Status.FAILED
    assert "10 of 10 used" in run.problem
    bigbuy.connection.refresh_from_db()
    kept = CallQuota.objects.get(name=quota.name)
    assert bigbuy.connection.paused_until == kept.until
    wait_s = (kept.until - timezone.now()).total_seconds()
    assert 0 < wait_s <= HOUR_S + 1
