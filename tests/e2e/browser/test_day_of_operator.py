"""A day of an operator in a real browser: a supplier dies, an alert, the act of the runbook, all green."""

import re

import pytest
from django.contrib.auth.models import Group

from notifications import tasks as notification_tasks
from notifications.models import Event
from orders.models import PurchaseOrder
from orders.payments import tasks as payment_tasks
from orders.purchasing import submission
from orders.purchasing import tasks as purchasing_tasks
from storefront.accounts.models import User
from storefront.dashboard import tasks
from storefront.dashboard.login import groups
from storefront.dashboard.models import AlertRecipient, InboxCase
from storefront.lib.http.errors import TemporaryError
from suppliers.models import CircuitBreaker
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import sign_in
from tests.factories.circuit_breakers import break_line
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.browser, pytest.mark.full]
CAUSE, SENTENCE = "submission_failed", "Purchase order could not be submitted"
TOKEN = "a token of Prometheus"
ATTEMPTS = 5


@pytest.fixture
def room(world, settings):
    """Create an operator who gets alerts; return the URL."""
    settings.METRICS_TOKEN = TOKEN
    groups.create_groups()
    user = User.objects.create_user("op@fara.example", "a good password", is_staff=True)
    user.groups.add(Group.objects.get(name__startswith="Operat"))
    AlertRecipient.objects.create(user=user, urgent_kinds=[CAUSE])
    return world


@pytest.fixture
def supplier(room, monkeypatch):
    """Connect a supplier; tasks run at once, as by workers."""
    for task in (purchasing_tasks.submit, notification_tasks.send, payment_tasks.execute_requests):
        monkeypatch.setattr(task, "delay", lambda **_known: None)
    monkeypatch.setattr(purchasing_tasks.submit, "delay", purchasing_tasks.submit)
    return connect(monkeypatch, ScriptedSupplier())


def die(supplier):
    """Let the supplier refuse every call until its breaker opens; return the purchase order."""
    row = PurchaseOrder.objects.filter(status="draft", submission_status="unsubmitted").first()
    supplier.script = [TemporaryError("connection refused")] * ATTEMPTS
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
    for _attempt in range(ATTEMPTS):
        submission.submit(purchase_order=fresh.get(pk=row.pk), now=NOON)
    break_line(row.supplier)
    return fresh.get(pk=row.pk)


def metric(page, room, name, **labels):
    """Return a value of ``/metrics``, as Prometheus scrapes it."""
    answer = page.request.get(f"{room}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return float(re.search(rf"^{name}{{{shown}}} (\S+)$", answer.text(), re.MULTILINE)[1])


def test_an_operator_revives_a_dead_supplier(room, supplier, browse):
    page = browse()
    sign_in(page, room, "op@fara.example")
    assert page.get_by_role("link", name=SENTENCE, exact=True).count() == 0
    assert metric(page, room, "fara_inbox_items", cause=CAUSE) == 0

    failed = die(supplier)
    assert failed.submission_status == "submit_failed"
    tasks.send_staff_alerts()
    tasks.record_inbox()
    assert Event.objects.filter(name="staff.alert").count() == 1
    code = failed.supplier.code
    assert metric(page, room, "fara_inbox_items", cause=CAUSE) == 1
    assert metric(page, room, "fara_circuit_breaker_open", system=code) == 1

    page.reload()
    page.get_by_role("link", name=SENTENCE, exact=True).click()
    page.locator("#runbook").get_by_text("Resend").first.wait_for()
    look(page)

    breaker = CircuitBreaker.objects.get()
    page.goto(f"{room}/admin/suppliers/connection/{breaker.connection_id}/change/")
    page.get_by_role("link", name="Retry now").click()
    page.get_by_role("button", name="Retry now").click()
    page.get_by_text("Calls have resumed.").wait_for()

    page.goto(f"{room}/admin/supply/waiting/{CAUSE}/")
    page.get_by_role("row", name=failed.number).get_by_role("button", name="Resend").click()
    page.get_by_text(f"{failed.number}: a new attempt has started.").wait_for()
    failed.refresh_from_db()
    assert failed.submission_status == "accepted"
    assert supplier.effects == [failed.number], "ordered once"

    page.get_by_role("link", name="Needs attention").click()
    page.locator("#waiting-title").wait_for()
    assert page.get_by_role("link", name=SENTENCE, exact=True).count() == 0
    assert metric(page, room, "fara_inbox_items", cause=CAUSE) == 0
    assert metric(page, room, "fara_circuit_breaker_open", system=code) == 0
    tasks.record_inbox()
    assert InboxCase.objects.get(cause=CAUSE).settled_by == "staff"
    look(page)
