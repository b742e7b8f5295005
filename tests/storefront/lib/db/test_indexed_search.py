"""Indexed search: lists of large tables find the beginning of a number, SKU or address."""

import pytest
from django.urls import reverse

from orders.models import Order
from storefront.lib.models import StatusChange

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
