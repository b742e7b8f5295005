import pytest
from django.test import Client
from django.urls import reverse

from orders.customer_invoices import issuing, publication
from orders.models import CustomerInvoice
from tests.factories.accounts import make_staff
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/customerinvoice/"


@pytest.fixture(autouse=True)
def invoice(supplier):
    order = make_shipped_order(quantity=1)
    invoice = issuing.issue(order_id=order.pk, now=NOON)
    publication.publish(invoice=invoice, now=NOON)
    return invoice


def signed_in(*rights):
    desk = Client()
    desk.force_login(make_staff("desk", *rights))
    return desk


def test_staff_find_an_invoice_by_its_order_and_read_it(staff, invoice):
    listed = staff.get(LIST, {"q": invoice.order.number}).content.decode()
    shown = staff.get(f"{LIST}{invoice.pk}/change/").content.decode()
    order = staff.get(f"/admin/orders/order/{invoice.order_id}/change/").content.decode()

    for page in (listed, shown, order):
        assert invoice.number in page
    assert 'name="_save"' not in shown
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}{invoice.pk}/delete/").status_code == 403


def test_staff_download_the_pdf(staff, invoice):
    url = reverse("admin:orders_customerinvoice_download", args=[invoice.pk])

    assert staff.get(url).content == publication.read(invoice)


def test_the_list_leads_to_the_bookkeeping_export(staff):
    answer = staff.get(reverse("admin:orders_customerinvoice_export"))

    assert answer["Location"] == reverse("supply:bookkeeping")


def test_the_export_needs_its_own_permission():
    reader = signed_in("view_customerinvoice")

    assert reader.get(LIST).status_code == 200
    assert reader.get(reverse("admin:orders_customerinvoice_export")).status_code == 403


def test_series_are_listed(staff):
    assert "INV" in staff.get("/admin/orders/invoiceseries/").content.decode()
    assert CustomerInvoice.objects.get().series.last_number == 1
