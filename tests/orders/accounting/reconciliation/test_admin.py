"""Reconciliation admin: what staff see of discrepancies and what they can do."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from orders.accounting.reconciliation import labels, tasks
from orders.accounting.reconciliation.discrepancies import Kind, Measure
from orders.models import Discrepancy, PaymentEvent, ReconciliationRun, SupplierInvoice
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_purchase_orders
from tests.factories.reconciliation import TODAY, make_day, make_difference
from tests.factories.suppliers import NOON
from tests.support.reconciliation_days import accepted, compare, paid

pytestmark = pytest.mark.django_db


def page(what="changelist", *args, table="discrepancy"):
    return reverse(f"admin:orders_{table}_{what}", args=args)


def test_staff_apply_a_lost_event_once(stripe, staff):
    payment = paid(stripe)
    accepted(payment)
    stripe.call("refunds", {"payment_intent": stripe.intent["id"], "amount": 500})
    compare()
    difference = Discrepancy.objects.get(status="open")
    assert difference.kind == Kind.REFUND_UNBOOKED
    url = page("resolve", difference.pk)
    assert url in staff.get(page("change", difference.pk)).content.decode()
    assert "applies the missing ones" in staff.get(url).content.decode()
    assert not PaymentEvent.objects.filter(kind="refunded").exists()

    done = staff.post(url, follow=True)
    twice = staff.post(url)

    assert "It matches the gateway" in done.content.decode()
    assert twice.context["form"].non_field_errors()
    assert PaymentEvent.objects.get(kind="refunded").amount == 5
    difference.refresh_from_db()
    assert difference.status == "gone"
    assert url not in staff.get(page("change", difference.pk)).content.decode()


def test_the_export_has_the_rows_of_the_list(staff):
    day = make_day()
    make_difference(day=day, name="re_1")
    make_difference(day=day, name="=cmd()", kind=Kind.NOT_WITH_US, what=Measure.CAPTURED)
    shown = staff.get(page(), {"kind__exact": "not_with_us"})
    (offered,) = [one["path"] for one in shown.context["actions_list"]]

    answer = staff.get(offered)

    heading, line = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    row = dict(zip(heading, line, strict=True))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert (row["Discrepancy type"], row["Found"]) == ("At the gateway, not in our records", "7.50")
    assert row["External reference"] == "'=cmd()"


def test_the_list_is_filtered_by_day_kind_status_and_currency(staff):
    day = make_day()
    make_difference(day=day, name="re_1")
    make_difference(day=day, name="re_2", currency="USD", kind=Kind.AMOUNT)

    for words, expected in (
        ({}, 2),
        ({"kind__exact": "amount"}, 1),
        ({"status__exact": "settled"}, 0),
        ({"currency": "USD"}, 1),
        ({"first_day__gte": TODAY.isoformat()}, 2),
        ({"first_day__gte": (TODAY + timedelta(days=1)).isoformat()}, 0),
        ({"q": "re_2"}, 1),
    ):
        assert len(staff.get(page(), words).context["cl"].result_list) == expected, words


def test_viewers_have_no_actions(client):
    make_channel()  # the error page belongs to the shop
    row = make_difference()
    client.force_login(make_staff("viewer", "view_discrepancy"))

    assert client.get(page()).status_code == 200
    assert client.get(page("export")).status_code == 200
    assert (
        page("close_discrepancy", row.pk) not in client.get(page("change", row.pk)).content.decode()
    )
    assert client.post(page("close_discrepancy", row.pk), {"reason": "x"}).status_code == 403
    assert client.post(page("resolve", row.pk)).status_code == 403
    row.refresh_from_db()
    assert row.status == "open"
    client.force_login(make_staff("clerk"))
    assert client.get(page()).status_code == 403
    assert client.get(page("export")).status_code == 403


def test_a_discrepancy_is_closed_only_with_a_reason(staff):
    row = make_difference()

    staff.post(page("close_discrepancy", row.pk), {"reason": ""})
    row.refresh_from_db()
    assert row.status == "open"
    staff.post(page("close_discrepancy", row.pk), {"reason": "a sample"})

    row.refresh_from_db()
    assert (row.status, row.close_reason) == ("settled", "a sample")
    assert row.closed_by == "staff@fara.example"


@pytest.mark.parametrize("language", ["en", "az"])
def test_each_kind_has_advice(language):
    with translation.override(language):
        said = {kind: labels.advice(Discrepancy(kind=kind, payment_id=1)) for kind in Kind}

    assert [kind for kind, words in said.items() if len(words) <= 40] == []


def test_a_day_is_compared_again_or_closed(staff, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.reconcile_day, "delay", lambda **known: asked.append(known))
    day = make_day()
    ReconciliationRun.objects.update(status="open", problem="gateway:test: no connection")

    staff.post(page("compare", day.pk, table="reconciliationrun"))
    shown = staff.get(page("close_run", day.pk, table="reconciliationrun")).content.decode()
    staff.post(page("close_run", day.pk, table="reconciliationrun"), {"reason": "we left it"})

    assert asked == [{"day_id": day.pk}]
    assert "no connection" in shown
    assert ReconciliationRun.objects.get().status == "closed"


@pytest.fixture
def invoice(db):
    """The form data of an invoice on paper."""
    (purchase_order,) = make_purchase_orders()
    return {
        "supplier": purchase_order.supplier_id,
        "reference": "RE-2026-77",
        "number": purchase_order.number,
        "currency": "usd",
        "subtotal_amount": "10.00",
        "freight_amount": "",
        "invoiced_at_0": "2026-11-24",
        "invoiced_at_1": "12:00:00",
    }


def test_an_invoice_is_entered_once_and_withdrawn(invoice, staff):
    url = page("add", table="supplierinvoice")
    assert staff.get(url).status_code == 200

    first = staff.post(url, invoice)
    again = staff.post(url, invoice)
    below = staff.post(url, invoice | {"reference": "RE-78", "subtotal_amount": "-1"})

    assert (first.status_code, again.status_code, below.status_code) == (302, 200, 200)
    made = SupplierInvoice.objects.get(reference="RE-2026-77")
    assert (made.currency, made.entered_by) == ("USD", "staff@fara.example")
    assert made.purchase_order.number == invoice["number"]
    assert made.invoiced_at == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    staff.post(page("withdraw", made.pk, table="supplierinvoice"))
    made.refresh_from_db()
    assert made.withdrawn_at is not None
    assert staff.post(url, invoice).status_code == 302


def test_a_failing_day_does_not_stop_the_sweep(monkeypatch, caplog):
    done = []
    waiting = [make_day(TODAY + timedelta(days=more)) for more in range(3)]

    def reconcile(*, day, clock):
        assert clock() > NOON
        if day == waiting[1]:
            raise ZeroDivisionError
        done.append(day)
        return day

    monkeypatch.setattr(tasks.reconciliation, "due_runs", lambda **_: waiting)
    monkeypatch.setattr(tasks.reconciliation, "reconcile", reconcile)

    tasks.reconcile_money()

    assert done == [waiting[0], waiting[2]]
    assert "reconciliation failed" in caplog.text
