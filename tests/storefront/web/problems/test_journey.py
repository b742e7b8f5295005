"""Journey: a parcel never arrived, the customer reports it, staff refund it, the money comes once."""

import pytest
from django.urls import reverse

from notifications import dispatch
from notifications.models import Event, Message
from orders.models import PurchaseOrder
from shipping.models import Parcel, ProblemReport
from tests.factories import stripe_orders
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_shipment_notice, take_in
from tests.storefront.web.page_parser import page_of
from tests.support.emails import last_email

pytestmark = pytest.mark.django_db

WAITING = "Problem with a parcel reported"


def buy_and_deliver(stripe):
    """Buy a headlamp at Stripe's sandbox; the carrier reports its delivery."""
    payment, (purchase_order,) = stripe_orders.buy(stripe, make_sellable())
    stripe_orders.accept(purchase_order)
    stripe_orders.settle()
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get()
    for answer in ("shipped", "delivered"):
        take_in(purchase_order, answer, make_shipment_notice())
    return payment, purchase_order.order


def text_of(response):
    return response.content.decode()


def test_never_arrived_to_refund(stripe, customer, staff_of_shop, light):
    payment, order = buy_and_deliver(stripe)
    parcel = Parcel.objects.get()
    form, page = page_of(order, f"problems/{parcel.pk}/never_arrived/"), page_of(order)

    for _ in range(2):  # a double click
        customer.post(form, {"wish": "refund", "key": "form-1"})
    report = ProblemReport.objects.get()
    assert WAITING in text_of(staff_of_shop.get("/admin/"))
    assert "We are looking into it" in text_of(customer.get(page))

    for _ in range(2):
        url = reverse("admin:shipping_problemreport_refund", args=[report.pk])
        staff_of_shop.post(url, {"own": "We are sorry."})
    for _ in range(2):
        stripe_orders.settle()

    (refund,) = stripe.things("refund")
    assert refund["amount"] == order.total_amount * 100
    assert stripe_orders.sums(payment)[-1] == str(order.total_amount)
    shown = text_of(customer.get(page))
    assert "We wrote: We are sorry." in shown
    assert "Refunded" in shown
    assert WAITING not in text_of(staff_of_shop.get("/admin/"))
    assert "We are sorry." in last_email("problem.answered").english.text
    for event in Event.objects.all():
        dispatch.fan_out(event=event, now=report.opened_at)
    sent = Message.objects.filter(template__startswith="problem_report")
    assert sorted(each.template for each in sent) == [
        "problem_report_answered",
        "problem_report_received",
    ]
