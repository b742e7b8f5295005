"""Admin pages while the broker is down: recorded work is done later, and staff are told."""

from unittest.mock import Mock

import pytest
from celery.app.task import Task
from kombu.exceptions import OperationalError

from notifications.models import Message
from orders.models import PurchaseOrder
from suppliers.models import Supplier
from tests.factories.full_shop import orders_by_status
from tests.factories.suppliers import NOON
from tests.support.admin_forms import page

pytestmark = pytest.mark.django_db

LATER = "The task was saved and will be done later."


@pytest.fixture
def staff(shared_world, staff, monkeypatch):
    away = OperationalError("the broker is away")
    monkeypatch.setattr(Task, "apply_async", Mock(side_effect=away))
    return staff


def cancel(order, _purchase_order):
    return page("orders_order", "cancel", order.pk), {"reason": "x"}


def refund(_order, _purchase_order):
    paid = orders_by_status()["completed"]
    sure = {"amount": "5.00", "reason": "x", "is_sure": "on"}
    return page("orders_order", "refund", paid.pk), sure


def release(order, _purchase_order):
    order.move("on_hold", at=NOON, hold_reason="Looks like fraud.")
    return page("orders_order", "release", order.pk), {"reason": "x"}


def release_hold(_order, purchase_order):
    purchase_order.move("on_hold", at=NOON, hold_reasons=[])
    return page("orders_purchaseorder", "release_hold", purchase_order.pk), {}


def send_again(_order, purchase_order):
    failed = {"status": "ready", "submission_status": "submit_failed"}
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(**failed)
    return page("orders_purchaseorder", "send_again", purchase_order.pk), {}


def reprice(_order, _purchase_order):
    return page("suppliers_supplier", "reprice", Supplier.objects.get().pk), {}


def deliver_again(_order, _purchase_order):
    Message.objects.update(status="failed")
    chosen = Message.objects.values_list("pk", flat=True)[:1]
    return page("notifications_message"), {"action": "send_again", "_selected_action": chosen}


ACTIONS = (release, cancel, refund, release_hold, send_again, reprice, deliver_again)


def test_recorded_work_is_done_later_and_staff_are_told(staff):
    order = orders_by_status()["placed"]
    purchase_order = PurchaseOrder.objects.filter(status="draft").first()
    shown_messages = {}

    for act in ACTIONS:
        url, given = act(order, purchase_order)
        response = staff.post(url, given, follow=True)
        shown_messages[act.__name__] = [str(message) for message in response.context["messages"]]

    assert [
        name for name, words in shown_messages.items() if not any(LATER in word for word in words)
    ] == []
    order.refresh_from_db()
    purchase_order.refresh_from_db()
    assert (order.status, purchase_order.status) == ("canceled", "ready")


def test_sync_that_cannot_be_queued_is_refused(staff):
    url = page("suppliers_supplier", "sync_now", Supplier.objects.get().pk)

    response = staff.post(url)

    assert "Try again" in str(response.context["form"].non_field_errors())
