"""Sample fetch: a worker fetches the file, and the mapping page shows the progress."""

import re
import threading
from datetime import timedelta

import pytest
from celery.app.task import Task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from werkzeug import Response

from suppliers.feed_mapping import sample_fetch, tasks
from suppliers.models import Connection
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock
from tests.suppliers.feed_mapping.test_admin import (
    GOODS,
    fields_of,
    page_of,
    supplier,
    upload,
    words,
)
from tests.support.concurrency import held_elsewhere

__all__ = ["supplier"]

pytestmark = pytest.mark.django_db
AGAIN = '<meta name="refresh-after"'


@pytest.fixture
def called(monkeypatch):
    """Record the queued tasks: no worker runs in these tests."""
    sent = []
    monkeypatch.setattr(
        Task,
        "apply_async",
        lambda task, _args=None, kwargs=None, **how: sent.append((task.name, kwargs, how)),
    )
    return sent


@pytest.fixture
def supplier_file(supplier, httpserver):
    Connection.objects.update(
        base_url=httpserver.url_for("/"), options={"products_at": "liste.csv"}
    )
    return httpserver.expect_request("/liste.csv")


def press(staff, supplier):
    return staff.post(page_of(supplier), {"step": "fetch"}, follow=True)


def look(staff, supplier):
    return staff.get(page_of(supplier))


def work(supplier):
    tasks.fetch_sample(supplier_id=supplier.pk, content="products")


def test_the_page_returns_before_the_fetch(staff, supplier, supplier_file, called, httpserver):
    supplier_file.respond_with_data(GOODS, content_type="text/csv")

    response = press(staff, supplier)

    wanted = {"supplier_id": supplier.pk, "content": "products"}
    assert called == [(tasks.fetch_sample.name, wanted, {})]
    assert httpserver.log == []
    assert "Waiting for a worker since" in words(response)
    assert AGAIN in response.content.decode()
    assert "sample" not in response.context


def test_the_latest_fetched_or_uploaded_file_is_shown(
    staff, supplier, supplier_file, called, httpserver
):
    supplier_file.respond_with_data(GOODS, content_type="text/csv")
    upload(staff, page_of(supplier))
    press(staff, supplier)

    for _ in range(2):
        work(supplier)

    response = look(staff, supplier)
    assert len(httpserver.log) == 1  # a repeated task fetches nothing
    assert response.context["file"].endswith(".raw")
    assert fields_of(response)["column_sku"] == "Artikelnummer"
    assert AGAIN not in response.content.decode()
    upload(staff, page_of(supplier), "sku;title\n1;One\n")
    assert look(staff, supplier).context["file"].endswith(".upload")


@pytest.mark.django_db(transaction=True)
def test_during_a_fetch_the_page_shows_its_start_and_queues_no_second_fetch(
    staff, supplier, supplier_file, called
):
    def hangs(_request):
        begun.set()
        over.wait(10)
        return Response(GOODS, content_type="text/csv")

    supplier_file.respond_with_handler(hangs)
    press(staff, supplier)
    begun, over = threading.Event(), threading.Event()
    worker = threading.Thread(target=lambda: (work(supplier), connection.close()))
    worker.start()
    assert begun.wait(10)

    response = look(staff, supplier)
    again = press(staff, supplier)
    over.set()
    worker.join(10)

    since = Connection.objects.get().connector_state["samples"]["products"]["began_at"]
    assert f"Fetching since {since[11:19]}" in words(response)
    assert re.search(r'<meta name="refresh-after" content="\d+">', response.content.decode())
    assert "Refresh" in words(response)
    assert "Fetching since" in words(again)
    assert len(called) == 1
    assert fields_of(look(staff, supplier))["column_sku"] == "Artikelnummer"


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_reported_and_its_fetch_can_be_repeated(staff, supplier, called):
    now = timezone.now()
    sample_fetch.request_fetch(supplier=supplier, content="products", now=now)

    progress = {"requested_at": now.isoformat(), "began_at": now.isoformat()}
    Connection.objects.update(connector_state={"samples": {"products": progress}})

    with held_elsewhere(exclusive_lock(f"sample {supplier.pk} products")):
        alive = look(staff, supplier)
    dead = look(staff, supplier)

    assert "Fetching since" in words(alive)
    assert "stopped before the end" in words(dead)
    assert AGAIN not in dead.content.decode()
    assert "Refresh" in words(press(staff, supplier))
    assert len(called) == 1


def test_a_fetch_without_a_worker_times_out(supplier):
    now = timezone.now()
    sample_fetch.request_fetch(supplier=supplier, content="products", now=now)

    def stage(after):
        found = sample_fetch.last_fetch(supplier=supplier, content="products", now=now + after)
        return found.stage

    assert stage(sample_fetch.START_TIMEOUT) == "waiting"
    assert stage(sample_fetch.START_TIMEOUT + timedelta(seconds=1)) == "not started"


def test_an_unreachable_address_is_reported(staff, supplier, supplier_file, called):
    supplier_file.respond_with_data("", status=404)
    press(staff, supplier)

    work(supplier)

    response = look(staff, supplier)
    assert "Fetching failed at" in words(response)
    assert "404" in words(response)
    assert AGAIN not in response.content.decode()
    assert "sample" not in response.context


def test_without_a_broker_the_fetch_is_canceled(staff, supplier, monkeypatch):
    def unavailable(*_known, **_options):
        raise OperationalError("the broker is away")

    monkeypatch.setattr(Task, "apply_async", unavailable)

    response = press(staff, supplier)

    assert response.status_code == 200
    assert "The background workers do not respond. Try again in a minute." in words(response)
    assert "Fetch now" in words(look(staff, supplier))
    assert AGAIN not in look(staff, supplier).content.decode()


def test_without_a_connection_there_is_no_fetch(staff, supplier, called):
    Connection.objects.all().delete()

    assert "no connection yet" in words(press(staff, supplier))
    assert called == []


def test_two_workers_do_not_fetch_concurrently(supplier, called):
    sample_fetch.request_fetch(supplier=supplier, content="products", now=timezone.now())

    with held_elsewhere(exclusive_lock(f"sample {supplier.pk} products")):
        with pytest.raises(LockedElsewhereError):
            sample_fetch.fetch(supplier=supplier, content="products", now=timezone.now())
        work(supplier)  # the task ends without an error


def test_a_fetch_without_a_free_bulkhead_slot_is_retried(supplier, called, settings):
    settings.BULKHEAD_SLOTS_PER_SUPPLIER = 0

    work(supplier)

    ((name, _, how),) = called
    assert (name, how) == (tasks.fetch_sample.name, {"countdown": tasks.BULKHEAD_RETRY_S})
