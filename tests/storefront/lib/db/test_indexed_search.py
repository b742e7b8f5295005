"""Indexed search: lists of large tables find the beginning of a number, SKU or address."""

import pytest
from django.urls import reverse

from orders.models import Order
from orders.order_admin import OrderAdmin
from storefront.lib.db import indexed_search
from storefront.lib.models import StatusChange
from storefront.lib.staff import pagination

pytestmark = pytest.mark.django_db


def found(staff, table, text):
    shown = staff.get(reverse(f"admin:{table}_changelist"), {"q": text}).context["cl"]
    return shown.result_count


@pytest.mark.parametrize(
    ("table", "find"),
    [
        ("notifications_message", lambda order: order.email.upper()),
        ("notifications_message", lambda order: order.number.lower()),
        ("notifications_event", lambda order: order.number[:-2]),
        ("orders_payment", lambda order: f" {order.number} "),
        ("orders_orderline", lambda order: order.lines.first().sku.lower()),
        ("orders_cart", lambda order: order.cart_id),
        ("suppliers_stockmovement", lambda order: order.lines.first().offer.supplier_sku),
    ],
)
def test_a_beginning_finds_rows_in_any_case(shared_world, staff, table, find):
    order = Order.objects.filter(status="completed").earliest("pk")

    assert found(staff, table, find(order)) > 0
    assert found(staff, table, "nothing like it") == 0
    assert found(staff, table, "9" * 30) == 0


def test_status_changes_are_found_by_actor_or_record(shared_world, staff):
    change = StatusChange.objects.exclude(actor="").latest("pk")

    by_actor = found(staff, "lib_statuschange", change.actor[:4])
    by_record = found(staff, "lib_statuschange", change.subject_id)

    assert by_actor == StatusChange.objects.filter(actor__startswith=change.actor[:4]).count()
    assert by_record == StatusChange.objects.filter(subject_id=change.subject_id).count()


def test_a_list_of_orders_that_fit_reads_the_newest_unless_filtered(
    shared_world, staff, monkeypatch
):
    monkeypatch.setattr(indexed_search, "MAX_FOUND", 1)
    monkeypatch.setattr(pagination, "MAX_COUNTED", 1)
    monkeypatch.setattr(OrderAdmin, "list_per_page", 1)
    newest, second, *_, oldest = Order.objects.order_by("-pk")
    Order.objects.filter(pk=oldest.pk).update(locale="az")

    def listed(**query):
        shown = staff.get(reverse("admin:orders_order_changelist"), {"q": "FL-", **query})
        return [row.pk for row in shown.context["cl"].result_list]

    assert listed() == [newest.pk]
    assert listed(p=2) == [second.pk]
    assert listed(locale__exact="az") == [oldest.pk], "a filtered list finds an old order"
