"""Store connection pages: connect a store, check it, start, pause and disconnect it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from storefront.dev.sandboxes.in_memory_platform import store_at
from storefront.lib.http.errors import PermanentError
from storefront.lib.security.encryption import decrypt
from storefront.sales_channels.connections import tasks
from storefront.sales_channels.connections.forms import ConnectionForm
from storefront.sales_channels.connections.store_check import check_store, subscribe
from storefront.sales_channels.models import Connection, PendingChange
from storefront.sales_channels.platforms.base import StoreInfo
from tests.factories.catalog import NOON, make_channel
from tests.factories.sales_channels import make_connection, sell

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"admin:sales_channels_connection_{name}", args=args)


@pytest.fixture
def queued(monkeypatch):
    """Record the tasks that a page starts, instead of running them."""
    names = []
    monkeypatch.setattr(
        "storefront.workers.deduplication.DeduplicatedTask.apply_async",
        lambda task, *_, **__: names.append(task.name),
    )
    return names


def test_store_is_connected_in_two_steps(staff, store):
    channel = make_channel(code="memory")
    data = {"channel": channel.pk, "platform": "shopify", "base_url": "http://memory.example/"}

    answer = staff.post(page("add"), data)

    row = Connection.objects.get()
    assert answer.url == page("change", row.pk)
    assert (row.status, row.base_url) == ("paused", "http://memory.example")

    form = {
        "base_url": row.base_url,
        "stock_buffer": 2,
        "is_publishing": "on",
        "refuse_after_hours": 0,
    }
    refused = staff.post(page("change", row.pk), form)
    assert "Enter this secret." in refused.text

    staff.post(page("change", row.pk), {**form, "secret_token": "s3cret"})

    row.refresh_from_db()
    assert decrypt(row.secrets_encrypted) == {"token": "s3cret"}
    assert row.stock_buffer == 2
    assert "s3cret" not in staff.get(page("change", row.pk)).text


@pytest.mark.parametrize("address", ["https://thief.example", "http://memory.example"])
def test_another_host_or_no_encryption_needs_the_secrets_again(staff, store, address):
    connection = make_connection(base_url="https://memory.example")
    form = {
        "base_url": address,
        "stock_buffer": 0,
        "is_publishing": "on",
        "refuse_after_hours": 0,
    }

    answer = staff.post(page("change", connection.pk), form)

    assert "Enter this secret." in answer.text
    connection.refresh_from_db()
    assert connection.base_url == "https://memory.example"


@pytest.fixture
def bound(connection, store):
    """A connection that knows its store, and has started to sell there."""
    connection.orders_since = NOON
    connection.store_identity = store.identity
    connection.save(update_fields=["orders_since", "store_identity"])
    return connection


@pytest.mark.parametrize(
    ("changes", "is_saved"),
    [
        ({"base_url": "http://moved.example", "secret_token": "new"}, True),
        ({"base_url": "http://other.example", "secret_token": "new"}, False),
        ({"secret_token": "new"}, True),
    ],
)
@pytest.mark.usefixtures("queued")
def test_address_and_keys_of_another_store_are_not_saved(staff, bound, changes, is_saved):
    store_at("http://moved.example")
    store_at("http://other.example").identity = "memory-2"
    form = {"base_url": bound.base_url, "stock_buffer": 0, "refuse_after_hours": 0}

    answer = staff.post(page("change", bound.pk), form | changes)

    saved = Connection.objects.get()
    assert saved.base_url == (changes if is_saved else {}).get("base_url", bound.base_url)
    assert decrypt(saved.secrets_encrypted)["token"] == ("new" if is_saved else "memory-token")
    assert ("connect it as a new connection" in answer.text) is not is_saved


def test_keys_that_the_store_does_not_accept_are_not_saved(staff, bound, store):
    store.failures.append(PermanentError("the key was revoked", code="401"))
    form = {"base_url": bound.base_url, "stock_buffer": 0, "refuse_after_hours": 0}

    answer = staff.post(page("change", bound.pk), {**form, "secret_token": "new"})

    assert "The store does not accept our calls: the key was revoked" in answer.text
    assert Connection.objects.get().status == "active"


def test_store_that_was_replaced_by_another_is_paused_by_its_check(bound, store):
    store.identity = "memory-2"

    check_store(bound, now=NOON)

    bound.refresh_from_db()
    assert (bound.status, bound.is_unauthorized, bound.store_identity) == (
        "paused", True, "memory-1",
    )  # fmt: skip
    assert "another store" in bound.check_problem


def test_another_address_is_checked_again_before_the_first_start(staff, store):
    row = make_connection(status="paused", checked_at=NOON, store_identity="memory-1")
    form = {"base_url": "http://other.example", "stock_buffer": 0, "refuse_after_hours": 0}

    staff.post(page("change", row.pk), {**form, "secret_token": "new"})
    row.refresh_from_db()
    assert (row.base_url, row.checked_at) == ("http://other.example", None)
    store_at(row.base_url).identity = "memory-2"
    check_store(row, now=NOON)

    assert (row.store_identity, row.check_problem) == ("memory-2", "")


@pytest.mark.parametrize(
    "address", ["ftp://shop.example", "http://me:pw@shop.example", "shop", "http://a.example/?k=1"]
)
def test_address_is_refused(staff, store, address):
    channel = make_channel(code="memory")

    answer = staff.post(
        page("add"), {"channel": channel.pk, "platform": "shopify", "base_url": address}
    )

    assert answer.status_code == 200
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        ({"currency": "USD"}, "The store sells in USD, the channel in EUR."),
        ({"missing_scopes": ("write_inventory",)}, "The key lacks permissions: write_inventory."),
        (
            {"prices_include_tax": False},
            "Prices of the store and of the channel differ in whether they include tax.",
        ),
        ({"locations": {"7": "Riga"}}, "Choose a stock location: 7 (Riga)."),
    ],
)
def test_check_names_what_does_not_fit(connection, store, info, problem):
    known = {"name": "Memory", "currency": "EUR", "prices_include_tax": True}
    store.info = StoreInfo(**{**known, **info})
    connection.options = {"location_id": "8"}

    check_store(connection, now=NOON)

    connection.refresh_from_db()
    assert (connection.store_name, connection.check_problem) == ("Memory", problem)


def test_store_starts_only_after_its_check(staff, store, queued):
    row = make_connection(status="paused")
    sell(row)
    resume = page("resume", row.pk)

    assert "Check the store first" in staff.post(resume).text

    check_store(row, now=NOON)
    staff.post(resume)

    row.refresh_from_db()
    assert row.status == "active"
    assert PendingChange.objects.filter(product__isnull=False).exists()
    assert queued == [
        "storefront.sales_channels.connections.tasks.subscribe",
        "storefront.sales_channels.publishing.tasks.publish",
    ]


def test_paused_store_gets_no_queue(staff, connection, queued):
    staff.post(page("pause", connection.pk), {"reason": "holiday"})

    sell(connection)

    connection.refresh_from_db()
    assert (connection.status, connection.status_reason) == ("paused", "holiday")
    assert not PendingChange.objects.exists()
    staff.post(page("disconnect", connection.pk), {"reason": "closed"})
    connection.refresh_from_db()
    assert connection.status == "disconnected"


def test_changed_buffer_compares_the_store_whole(staff, connection, store):
    sell(connection)
    PendingChange.objects.all().delete()
    form = {
        "base_url": connection.base_url,
        "stock_buffer": 3,
        "is_publishing": "on",
        "refuse_after_hours": 0,
    }

    staff.post(page("change", connection.pk), form)

    assert PendingChange.objects.count() == 1


def test_saved_form_leaves_what_a_worker_changed_meanwhile(staff, connection, store, monkeypatch):
    form = {"base_url": connection.base_url, "stock_buffer": 3, "refuse_after_hours": 0}
    clean = ConnectionForm.clean

    def clean_late(self):
        Connection.objects.update(status="paused", orders_until=NOON)
        return clean(self)

    monkeypatch.setattr(ConnectionForm, "clean", clean_late)

    staff.post(page("change", connection.pk), form)

    connection.refresh_from_db()
    assert (connection.status, connection.orders_until) == ("paused", NOON)
    assert (connection.stock_buffer, connection.is_publishing) == (3, False)


def test_new_secret_subscribes_again_since_it_signs_the_webhooks(
    staff, connection, store, queued, django_capture_on_commit_callbacks
):
    form = {"base_url": connection.base_url, "stock_buffer": 0, "refuse_after_hours": 0}

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(page("change", connection.pk), {**form, "secret_token": "new"})

    assert "storefront.sales_channels.connections.tasks.subscribe" in queued


@pytest.mark.parametrize(("within_s", "codes"), [(90, {"new"}), (None, {"new", "old"})])
def test_new_store_is_subscribed_before_the_hourly_sweep(store, monkeypatch, within_s, codes):
    for code, age_s in (("new", 30), ("old", 600)):
        since = timezone.now() - timedelta(seconds=age_s)
        make_connection(channel=make_channel(code=code), status_since=since)
    make_connection(channel=make_channel(code="p"), status="paused", status_since=timezone.now())
    asked = []
    monkeypatch.setattr(
        tasks.subscribe, "delay", lambda *, connection_id: asked.append(connection_id)
    )

    tasks.subscribe_all(activated_within_s=within_s)

    found = Connection.objects.filter(pk__in=asked).values_list("channel__code", flat=True)
    assert set(found) == codes


def test_store_is_asked_once_for_its_webhooks(connection, store, settings):
    settings.PUBLIC_URL = "https://shop.example"

    assert subscribe(connection) == ["order"]
    assert subscribe(connection) == []
    assert store.webhook_urls == ["https://shop.example/hooks/channel-memory/"]


def test_page_shows_figures_and_actions_start_work(staff, connection, store, queued):
    sell(connection)

    staff.post(page("publish_all", connection.pk))
    staff.post(page("check_store", connection.pk))
    staff.post(page("retry", connection.pk))

    assert "Lag, median of 24 hours" in staff.get(page("change", connection.pk)).text
    assert queued == [
        "storefront.sales_channels.publishing.tasks.publish",
        "storefront.sales_channels.connections.tasks.check_store",
        "storefront.sales_channels.publishing.tasks.publish",
    ]
