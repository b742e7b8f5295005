"""Bill admin: staff record, refuse and void payments, filter bills, see what is due by age."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.accounting import invoices
from orders.models import SupplierInvoice, SupplierPayment
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import items_of
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.reconciliation import make_invoice
from tests.support.admin_forms import row_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FORM = {"amount": "4.00", "reference": "transfer 7", "key": "a"}


@pytest.fixture
def bill():
    (bought,) = make_purchase_orders(make_sellable())
    return make_invoice(bought, due_on=timezone.localdate() - timedelta(days=8))


def pay(client, bill, **given):
    form = {"paid_on": timezone.localdate().isoformat(), **FORM, **given}
    return client.post(row_page(bill, "record_payment"), form, follow=True).content.decode()


def listed(client, **query):
    shown = client.get(reverse("admin:orders_supplierinvoice_changelist"), query)
    return [row.reference for row in shown.context["cl"].result_list]


def test_payments_end_the_overdue_item(staff, bill):
    (item,) = items_of("supplier_bill_overdue")
    assert (item.name, str(item.at_risk)) == ("RE-1", "10.00 USD")
    assert "no money" in staff.get(row_page(bill, "record_payment")).content.decode()

    assert "Payment of RE-1 recorded." in pay(staff, bill)
    assert "Overdue" in staff.get(row_page(bill)).content.decode()
    assert "$6.00" in pay(staff, bill, amount="6.01", key="b")
    pay(staff, bill, amount="6.00", key="b")

    assert items_of("supplier_bill_overdue") == []
    shown = staff.get(row_page(bill)).content.decode()
    assert "transfer 7" in shown
    assert "/record_payment/" not in shown


def test_a_payment_of_tomorrow_of_nothing_or_without_a_reference_is_refused(staff, bill):
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()

    assert "in the future" in pay(staff, bill, paid_on=tomorrow)
    assert "greater than or equal to 0.01" in pay(staff, bill, amount="0")
    pay(staff, bill, reference="")
    pay(staff, bill, key="")

    assert not SupplierPayment.objects.exists()


def test_a_mismatch_is_named_before_the_payment(staff, bill):
    SupplierInvoice.objects.update(match="differs")

    assert "found a mismatch" in staff.get(row_page(bill, "record_payment")).content.decode()


def test_a_payment_is_voided_with_a_reason(staff, bill):
    pay(staff, bill)
    payment = SupplierPayment.objects.get()

    staff.post(row_page(payment, "void"), {"reason": ""})
    assert SupplierPayment.objects.get().voided_at is None
    staff.post(row_page(payment, "void"), {"reason": "came back"})

    payment.refresh_from_db()
    assert (payment.void_reason, SupplierInvoice.objects.get().paid_amount) == ("came back", 0)
    assert "/void/" not in staff.get(row_page(payment)).content.decode()


def test_an_overpaid_bill_waits_in_the_inbox_until_it_is_settled(staff, bill):
    pay(staff, bill, amount="10.00")
    SupplierInvoice.objects.update(subtotal_amount=6)
    make_invoice(bill.purchase_order, reference="RE-2", due_on=bill.due_on)
    (item,) = items_of("supplier_bill_overpaid")
    assert (item.name, str(item.at_risk)) == ("RE-1", "4.00 USD")
    form = {**FORM, "paid_on": timezone.localdate().isoformat(), "key": "b", "pays": "RE-9"}

    url = row_page(bill, "settle_overpayment")
    assert "$4.00 of this invoice is overpaid" in staff.get(url).content.decode()
    assert "no other invoice RE-9" in staff.post(url, form).content.decode()
    staff.post(url, {**form, "pays": "RE-2"})

    assert items_of("supplier_bill_overpaid") == []
    assert "/settle_overpayment/" not in staff.get(row_page(bill)).content.decode()
    paid = SupplierInvoice.objects.get(reference="RE-2")
    assert paid.paid_amount == 4
    assert (
        row_page(bill.payments.get(amount=-4))
        in staff.get(row_page(paid.payments.get())).content.decode()
    )


def test_bills_are_filtered_by_what_is_left_to_pay(staff, bill):
    paid = make_invoice(bill.purchase_order, reference="RE-2", due_on=bill.due_on)
    pay(staff, paid, amount="10.00")
    make_invoice(bill.purchase_order, reference="RE-3")

    assert listed(staff, payment="overdue") == listed(staff, payment="open") == ["RE-1"]
    assert listed(staff, payment="paid") == ["RE-2"]
    assert listed(staff, payment="no_terms") == ["RE-3"]
    assert listed(staff, payment="something else") == ["RE-3", "RE-2", "RE-1"]


def test_open_bills_are_shown_by_age_and_downloaded(staff, bill):
    url = reverse("admin:orders_supplierinvoice_aging")
    supplier = bill.supplier

    shown = staff.get(url).content.decode()
    lines = staff.get(url, {"file": "csv"}).getvalue().decode("utf-8-sig").splitlines()

    assert supplier.name in shown
    assert f"?supplier__id__exact={supplier.pk}&amp;currency=USD&amp;payment=open" in shown
    assert lines[1] == f"{supplier.name},USD,1,0,10.00,0,0,0,0,10.00"
    pay(staff, bill, amount="10.00")
    assert "No supplier invoice is due." in staff.get(url).content.decode()
    SupplierInvoice.objects.update(subtotal_amount=8)
    assert 'payment=overpaid">−$2.00</a>' in staff.get(url).content.decode()


def test_who_may_view_invoices_does_not_pay_them(client, bill):
    client.force_login(make_staff("ann", "view_supplierinvoice", "view_costs"))

    assert client.get(row_page(bill)).status_code == 200
    assert client.get(row_page(bill, "record_payment")).status_code == 403


@pytest.fixture
def enter(staff, bill):
    """Return a function that enters an invoice by the form of staff and returns the page after it."""
    path = reverse("admin:orders_supplierinvoice_add")

    def submit(**given):
        form = {"supplier": bill.supplier_id, "reference": "RE-2", "currency": "EUR"}
        form |= {"subtotal_amount": "20.00", "number": "FL-1", **given}
        return staff.post(path, form, follow=True).content.decode()

    return submit


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"currency": "EUT"}, "EUT is not an available code."),
        ({"due_on": "0226-12-15"}, "Enter a year from 1900 to 2100."),
        ({"invoiced_at_0": "9999-12-31", "invoiced_at_1": "10:00"}, "Enter a year from"),
        ({"subtotal_amount": "9999999999.99", "freight_amount": "1"}, "A number is too large."),
    ],
)
def test_an_invoice_with_a_typing_error_is_refused(enter, given, reason):
    assert reason in enter(**given)

    assert not SupplierInvoice.objects.filter(reference="RE-2").exists()


def test_a_second_click_on_save_says_that_the_invoice_exists(enter, monkeypatch):
    monkeypatch.setattr(invoices, "exists", lambda **_asked: False)  # both clicks are checked first
    assert "RE-2" in enter()

    assert "This supplier already has an invoice with this number." in enter()
