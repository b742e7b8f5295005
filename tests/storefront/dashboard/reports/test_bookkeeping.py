import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from orders.customer_invoices import issuing
from orders.models import BookingAccounts
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.reconciliation import make_invoice
from tests.factories.returns import make_shipped_order
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
PAGE = "/admin/supply/bookkeeping/"
RIGHTS = ("export_customerinvoice", "view_payment", "view_supplierinvoice", "view_costs")


@pytest.fixture(autouse=True)
def bill(noon, db):
    make_channel()
    return make_invoice(supplier=make_supplier(), invoiced_at=NOON)


def shown(staff, **asked):
    return staff.get(PAGE, asked).content.decode()


def test_the_page_shows_the_sums_of_a_month(staff):
    page = shown(staff, month="2026-11")

    assert "Supplier invoices" in page
    assert "$10.00" in page
    assert "This month is not over." in page
    assert "Some documents are in USD, not in EUR." in page
    assert "Consultant and client number are missing." in page
    assert "usual accounts of SKR03" in page
    assert "Not in the file: fees and payouts of the payment gateway" in page
    assert "Download bookings" in page
    # By default, the month before.
    before = shown(staff)
    assert "Nothing to book in this month." in before
    assert "Download bookings" not in before


def test_invoices_show_the_tax_they_include(staff, monkeypatch):
    connect_without_holds(monkeypatch)
    issuing.issue(order_id=make_shipped_order(quantity=1).pk, now=NOON)

    page = shown(staff, month="2026-11")

    assert "Customer invoices" in page
    assert "€7.16" in page


@pytest.mark.parametrize(
    ("month", "problem"),
    [
        ("2026-13", "Enter a month, such as 2026-11."),
        ("0001-01", "Enter a year from 1900 to 2100."),
        ("2031-01", "This month has not begun."),
    ],
)
def test_a_wrong_month_is_refused_at_its_field(staff, month, problem):
    page = shown(staff, month=month, file="1")

    assert problem in page
    assert "Download bookings" not in page


def test_the_file_has_the_bookings_in_the_accounts_of_the_shop(staff):
    BookingAccounts.objects.create(pk=1, goods="5200", consultant=1001, client=1)
    answer = staff.get(PAGE, {"month": "2026-11", "file": "1"})
    header, _names, line = answer.getvalue().decode("cp1252").splitlines()

    assert 'filename="EXTF_Buchungsstapel_2026-11.csv"' in answer["Content-Disposition"]
    assert header.startswith('"EXTF";700;21;"Buchungsstapel";13;')
    assert line.startswith('10,00;"H";"USD";;;;70000;5200;;2411;"RE-1"')
    assert "usual accounts of SKR03" not in shown(staff)


@pytest.mark.parametrize("missing", RIGHTS)
def test_the_page_needs_every_right_to_what_it_exports(missing):
    clerk, user = Client(), make_staff("clerk", *RIGHTS)
    user.user_permissions.remove(Permission.objects.get(codename=missing))
    clerk.force_login(user)

    assert clerk.get(PAGE, {"month": "2026-11", "file": "1"}).status_code == 403


def test_accounts_are_one_set_of_fitting_lengths(staff):
    add = reverse("admin:orders_bookingaccounts_add")
    known = {
        field.name: getattr(BookingAccounts(), field.name) or ""
        for field in BookingAccounts._meta.fields
        if not field.primary_key
    }
    page = staff.post(add, known | {"goods": "32000", "payables": "7000"}).content.decode()

    assert "Use as many digits as for revenue with tax: 4." in page
    assert "Use one digit more than for revenue: 5." in page
    staff.post(add, known | {"goods": "3400"})
    staff.post(add, known | {"goods": "3410"})
    accounts = BookingAccounts.objects.get()
    assert accounts.goods == "3400"
    assert staff.get(add)["Location"].endswith(f"/{accounts.pk}/change/")
