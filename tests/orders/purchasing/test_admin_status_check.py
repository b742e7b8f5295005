"""Status check by staff: a worker asks the supplier, once no submission can be under way."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.models import PurchaseOrder
from orders.purchasing import submission, tasks
from storefront.lib.http.errors import TemporaryError
from tests.factories.cancellation import fresh
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import no_answer

pytestmark = pytest.mark.django_db


def send(supplier, *, ago, effect=False):
    """Submit a purchase order whose answer is lost."""
    make_purchase_orders()
    supplier.script = [no_answer(effect)]
    submission.submit(purchase_order=fresh(), now=timezone.now() - timedelta(seconds=ago))
    supplier.calls.clear()


def look_up(staff):
    url = reverse("admin:orders_purchaseorder_look_up", args=[fresh().pk])
    return staff.post(url, follow=True)


def test_a_worker_looks_up_and_the_page_does_not_wait(staff, supplier, started):
    send(supplier, ago=40, effect=True)

    asked = look_up(staff)

    assert "response will appear on this page" in asked.content.decode()
    assert supplier.calls == []
    assert started == [("look_up_for_staff", {"purchase_order_id": fresh().pk})]
    tasks.look_up_for_staff(purchase_order_id=fresh().pk)
    assert fresh().submission_status == "accepted"


@pytest.mark.parametrize(
    ("status", "ago"), [("submit_unknown", 5), ("submit_unknown", 25), ("submitting", 40)]
)
def test_a_call_that_may_be_under_way_is_not_looked_up(staff, supplier, started, status, ago):
    """The supplier would not find it yet, and it would be submitted twice."""
    send(supplier, ago=ago)
    PurchaseOrder.objects.update(submission_status=status)

    refused = look_up(staff)

    assert "may still be running" in str(refused.context["form"].non_field_errors())
    assert (started, supplier.calls) == ([], [])
    assert fresh().submission_status == status


def test_a_failed_lookup_is_shown_until_one_succeeds(supplier, started):
    send(supplier, ago=40, effect=True)
    PurchaseOrder.objects.update(submission_status="accepted", status="in_progress")
    find = supplier.find

    def unavailable(*, number):
        raise TemporaryError("maintenance")

    supplier.find = unavailable
    tasks.look_up_for_staff(purchase_order_id=fresh().pk)
    assert "maintenance" in fresh().problem

    supplier.find = find
    tasks.look_up_for_staff(purchase_order_id=fresh().pk)
    assert fresh().problem == ""

    supplier.effects.clear()
    tasks.look_up_for_staff(purchase_order_id=fresh().pk)
    assert fresh().problem == "The supplier cannot find this purchase order."
