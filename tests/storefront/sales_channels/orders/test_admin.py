"""Staff pages: the list and the page of store orders, and what staff decide there."""

import pytest
from django.urls import reverse

from orders.models import Order
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.sales_channels.orders import sweeps, tasks
from tests.factories.remote_orders import change_remote_order, make_line, make_remote_order, take_in
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    monkeypatch.setattr(tasks.work_for_store, "delay", lambda **_: None)


@pytest.fixture
def waiting(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, sku="OTHER")])
    return take_in(connection)


def press(client, record, action, **data):
    name = f"admin:sales_channels_remoteorderrecord_{action}"
    return client.post(reverse(name, args=[record.pk]), data, follow=True)


def page(client, row):
    meta = row._meta
    return client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]))


def test_the_list_shows_what_waits_and_why(admin_client, waiting):
    answer = admin_client.get(reverse("admin:sales_channels_remoteorderrecord_changelist"))

    html = answer.content.decode()
    assert "#1001" in html
    assert "Unknown item" in html


def test_the_page_of_our_order_shows_the_order_of_the_store(admin_client, connection, store, lamp):
    make_remote_order(store, lamp)
    order = take_in(connection).order

    html = page(admin_client, order).content.decode()

    assert "#1001" in html
    assert connection.channel.name in html


def test_staff_refuse_an_order_and_the_store_refunds_it(admin_client, waiting, connection, store):
    answer = press(admin_client, waiting, "refuse", confirm="yes")
    sweeps.process_due(connection=connection, now=NOON.replace(year=2027))

    waiting.refresh_from_db()
    assert (answer.status_code, waiting.status) == (200, "refused")
    assert store.orders["1001"].payment == "refunded"


def test_an_ignored_order_is_imported_when_staff_try_again(
    admin_client, waiting, connection, store, lamp
):
    press(admin_client, waiting, "ignore", reason="We ship it by hand.")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.detail) == ("ignored", "We ship it by hand.")
    lamp.sku = "OTHER"
    lamp.save(update_fields=["sku"])

    press(admin_client, waiting, "retry", confirm="yes")

    assert take_in(connection).order == Order.objects.get()


def test_a_problem_of_an_imported_order_is_marked_as_resolved(
    admin_client, connection, store, lamp
):
    make_remote_order(store, lamp)
    take_in(connection)
    change_remote_order(store, lines=(*store.orders["1001"].lines, make_line(lamp, number=3)))
    record = take_in(connection)
    assert record.problem == "units_added"

    press(admin_client, record, "resolve", confirm="yes")

    record.refresh_from_db()
    assert (record.problem, record.problem_since) == ("", None)


def test_a_decision_on_an_order_that_was_imported_is_refused(
    admin_client, waiting, connection, store, lamp
):
    RemoteOrderRecord.objects.update(status="waiting")
    make_remote_order(store, lamp)
    take_in(connection)

    answer = press(admin_client, waiting, "refuse", confirm="yes")

    assert "Cancel our order instead." in answer.content.decode()
