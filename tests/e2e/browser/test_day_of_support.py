"""A day of support in a real browser: find an order by phone, cancel an item, refund, resend a mail."""

import pytest
from django.contrib.auth.models import Group

from notifications import tasks as notification_tasks
from notifications.models import Message
from orders.cancellation import tasks as cancellation_tasks
from orders.models import Order, OrderLine, PaymentEvent, RefundLimit, RefundRequest
from orders.payments import tasks as payment_tasks
from storefront.accounts.models import User
from storefront.dashboard.login import groups
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories.full_shop import orders_by_status

pytestmark = [pytest.mark.browser, pytest.mark.full]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Queue nothing: the day ends with the requests that staff made."""
    for task in (
        cancellation_tasks.process_cancellation,
        payment_tasks.execute_requests,
        notification_tasks.send,
    ):
        monkeypatch.setattr(task, "delay", lambda **_known: None)


@pytest.fixture
def desk(world):
    """Two support agents who may refund 5 euros of an order, and their lead; return the URL."""
    groups.create_groups()
    support = Group.objects.get(name="Support")
    RefundLimit.objects.create(group=support, amount=5, currency="EUR")
    for name in ("ann", "bob"):
        user = User.objects.create_user(f"{name}@fara.example", WHO["password"], is_staff=True)
        user.groups.add(support)
    User.objects.create_superuser("lead@fara.example", WHO["password"])
    return world


@pytest.fixture
def calls(desk):
    """A paid and a completed order, each with a phone number of its own."""
    by_status = orders_by_status()
    orders = by_status["placed"], by_status["completed"]
    for order, phone in zip(orders, ("+4915155510001", "+4915155510002"), strict=True):
        Order.objects.filter(pk=order.pk).update(ship_to={**order.ship_to, "phone": phone})
    return orders


def find_by_phone(page, number, order):
    """Open an order by Ctrl-K."""
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Type to search").press_sequentially(number)
    page.locator("#command-results").get_by_role("link", name=order.number).first.click()
    page.locator("#timeline-title").wait_for()


def cancel_an_item(page, order):
    line = order.lines.order_by("pk").first()
    page.locator("a[href$='/cancel_items/'], a[href$='/cancel-items/']").first.click()
    page.locator(f"[name=units_{line.pk}]").fill("1")
    page.locator("[name=reason]").fill("The caller ordered one too many")
    look(page)
    page.get_by_role("button", name="Cancel items").click()
    page.get_by_text("Items are canceled and refunded.").wait_for()
    line.refresh_from_db()
    assert line.canceled_quantity == 1
    assert OrderLine.objects.filter(order=order, canceled_quantity__gt=0).count() == 1


def ask_for_refund(page, order):
    page.locator("a[href$='/refund/']").first.click()
    page.locator("[name=amount]").fill("7.50")
    page.locator("[name=reason]").fill("The lens is scratched")
    page.locator("[name=is_sure]").check()
    page.get_by_role("button", name="Refund", exact=True).click()
    page.get_by_text("The refund is above your limit.").wait_for()
    page.get_by_text("waits for approval").first.wait_for()
    assert not PaymentEvent.objects.filter(kind="refund_requested", amount="7.50").exists()


def approve(page, request):
    """Approve the refund from the inbox, as far as the page lets the user."""
    page.get_by_role("link", name="Refund waits for approval", exact=True).click()
    page.get_by_role("link", name=request.order.number).first.click()
    page.locator("a[href$='/approve/']").first.click()
    page.get_by_role("button", name="Approve refund").click()


def resend_the_mail(page, order):
    page.get_by_role("navigation", name="Filter").get_by_role("link", name="Notifications").click()
    page.locator("#timeline").get_by_role("link", name="Resend").first.click()
    page.get_by_text("already sent").wait_for()
    page.get_by_role("button", name="Resend this message").click()
    page.get_by_text("is being resent").wait_for()


def test_support_answers_two_callers(desk, browse, calls):
    first, second = calls
    ann = sign_in(browse(), desk, "ann@fara.example")
    look(ann)

    find_by_phone(ann, "0151 55510001", first)
    ann.locator("#timeline").get_by_text("Order placed").first.wait_for()
    look(ann)
    cancel_an_item(ann, first)

    find_by_phone(ann, "+49 (151) 555-10002", second)
    ask_for_refund(ann, second)
    request = RefundRequest.objects.get()

    bob = sign_in(browse(), desk, "bob@fara.example")
    approve(bob, request)
    bob.get_by_text("above your own limit").wait_for()
    request.refresh_from_db()
    assert request.status == "waiting"

    lead = sign_in(browse(), desk, "lead@fara.example")
    approve(lead, request)
    lead.get_by_text("Refund approved.").wait_for()
    request.refresh_from_db()
    assert (request.status, request.requested_by) == ("approved", "ann@fara.example")
    assert PaymentEvent.objects.filter(kind="refund_requested", amount="7.50").count() == 1

    find_by_phone(ann, "15155510002", second)
    resend_the_mail(ann, second)
    resent = Message.objects.filter(event__subject__endswith=second.number, status="requeued")
    assert resent.count() == 1
