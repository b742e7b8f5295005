"""Invoice import: each row is matched, or rejected with its reason, and never stored twice."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from orders.accounting import invoice_import, invoices
from orders.models import PurchaseOrder, SupplierInvoice
from storefront.lib.staff import csv_table
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON, make_supplier
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
HEADER = "invoice,purchase order,currency,goods,freight,date"
PAGE = "/admin/orders/supplierinvoice/import_invoices/"


@pytest.fixture
def bought():
    return make_accepted_purchase_order()


@pytest.fixture
def money(bought):
    return bought.lines.get().order_line.cost_currency


def judged(*rows, supplier=None, header=HEADER):
    text = "\n".join([header, *rows])
    return invoice_import.validate(invoice_import.parse_rows(text), supplier=supplier)


def problems(*rows, **more):
    return [one.problem for one in judged(*rows, **more)]


def test_a_valid_row_is_matched_and_entered_with_all_values(bought, money):
    rows = f"RE-1,{bought.number.lower()},{money.lower()},12.50,3,2026-11-24"

    (one,) = judged(rows)
    assert invoice_import.enter([one], actor="staff", now=NOON) == []

    invoice = SupplierInvoice.objects.get()
    assert one.purchase_order == bought
    assert (invoice.supplier, invoice.purchase_order) == (bought.supplier, bought)
    assert (invoice.subtotal_amount, invoice.freight_amount) == (Decimal("12.50"), Decimal(3))
    assert (invoice.currency, invoice.entered_by) == (money, "staff")
    assert f"{invoice.invoiced_at:%Y-%m-%d}" == "2026-11-24"


def test_a_known_invoice_is_not_entered_again_until_it_is_withdrawn(bought, money):
    row = f"RE-1,{bought.number},{money},12.50,,"
    for _ in range(2):
        listed = judged(row)
        invoice_import.enter(listed, actor="staff", now=NOON)
    assert SupplierInvoice.objects.count() == 1
    assert (listed[0].is_known, listed[0].problem) == (True, "")

    (words,) = problems(f"RE-1,{bought.number},{money},99,,")
    assert words.startswith("Invoice RE-1 is already entered: ")
    assert bought.number in words

    SupplierInvoice.objects.update(withdrawn_at=NOON)
    assert judged(row)[0].is_valid_row


def test_a_number_repeated_in_a_file_is_rejected(bought, money):
    row = f"RE-1,{bought.number},{money},12.50,,"

    assert problems(row, row) == ["", "Row 2 has the same invoice number."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": "FL-000000-XXXXX-1"}, "No purchase order has this number. Check it."),
        ({"number": ""}, "No purchase order has this number. Check it."),
        ({"reference": ""}, "Enter an invoice number of up to 60 characters."),
        ({"reference": "x" * 61}, "Enter an invoice number of up to 60 characters."),
        ({"currency": "JPY"}, "The invoice is in JPY, but the purchase order is in"),
        ({"currency": "euro"}, "Use a three-letter code, for example EUR."),
        ({"subtotal": "-1"}, "The amount is negative"),
        ({"freight": "-0,01"}, "The amount is negative"),
        ({"subtotal": "1,234"}, "This amount is not valid"),
        ({"subtotal": "1 234.00"}, "This amount is not valid"),
        ({"subtotal": "1e3"}, "This amount is not valid"),
        ({"subtotal": "NaN"}, "This amount is not valid"),
        ({"subtotal": ""}, "This amount is not valid"),
        ({"subtotal": "12345678901"}, "This amount is not valid"),
        ({"invoiced_on": "24.11.2026"}, "This date is not valid"),
    ],
)
def test_an_invalid_row_is_reported_with_its_reason(bought, money, change, words):
    cells = {
        "reference": "RE-1",
        "number": bought.number,
        "currency": money,
        "subtotal": "12.50",
        "freight": "",
        "invoiced_on": "",
    } | change
    row = ";".join(cells.values())

    (problem,) = problems(row, header=HEADER.replace(",", ";"))

    assert problem.startswith(words)


def test_a_purchase_order_of_another_supplier_is_rejected(bought, money):
    other = make_supplier("other")

    (problem,) = problems(f"RE-1,{bought.number},{money},1,,", supplier=other)

    assert problem == f"This purchase order belongs to {bought.supplier.name}."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, None) for text in ("", "a,b\n1,2", HEADER, f"{HEADER}\n,,,,,", "\x00", '"')),
        (HEADER + "\n" + "x" * 600_000, None),
        ("bill,po,currency,goods\nB1,PO-1,EUR,1234,50\n", "too_wide 2"),  # a decimal comma
    ],
)
def test_an_unreadable_file_is_rejected(text, words):
    with pytest.raises(csv_table.CsvError, match=words):
        invoice_import.parse_rows(text)


def upload(bought, money):
    rows = [
        HEADER,
        f"RE-1,{bought.number},{money},12.50,,",
        f"RE-2,FL-000000-XXXXX-1,{money},12.50,,",
    ]
    return SimpleUploadedFile("invoices.csv", "\n".join(rows).encode())


def test_staff_see_a_preview_before_the_import(staff, bought, money):
    seen = staff.post(PAGE, {"file": upload(bought, money), "step": "look"}).content.decode()

    assert SupplierInvoice.objects.count() == 0
    assert "1 of 2 supplier invoices can be imported." in seen
    assert "No purchase order has this number." in seen
    assert "Import valid rows" in seen
    text = "\n".join([HEADER, f"RE-1,{bought.number},{money},12.50,,"])
    for _ in range(2):
        staff.post(PAGE, {"text": text, "step": "enter"})
    assert SupplierInvoice.objects.get().entered_by == "staff@fara.example"


def test_the_import_needs_permission(client):
    make_channel()
    client.force_login(make_staff("viewer"))

    assert client.get(PAGE).status_code == 403


def run(path, *flags):
    out = StringIO()
    call_command("import_supplier_invoices", str(path), *flags, stdout=out)
    return out.getvalue()


def test_the_command_enters_nothing_if_a_row_is_invalid_unless_forced(bought, money, tmp_path):
    path = tmp_path / "invoices.csv"
    path.write_bytes(upload(bought, money).read())

    with pytest.raises(CommandError, match="1 rows are invalid: nothing was imported"):
        run(path)
    assert SupplierInvoice.objects.count() == 0
    with pytest.raises(CommandError, match="1 rows were skipped"):
        run(path, "--good-lines")
    assert SupplierInvoice.objects.count() == 1
    path.write_text(path.read_text().rpartition("RE-2")[0])
    assert "already entered" in run(path)
    assert SupplierInvoice.objects.count() == 1


@pytest.mark.parametrize("flags", [("--supplier", "unknown"), ()])
def test_the_command_reports_unreadable_files(tmp_path, flags):
    path = tmp_path / "invoices.csv"
    path.write_text(f"{HEADER}\nRE-1,x,EUR,1,,\n" if flags else "nothing")

    with pytest.raises(CommandError):
        run(path, *flags)


@pytest.mark.django_db(transaction=True)
def test_eight_concurrent_imports_of_a_file_enter_it_once():
    bought = make_accepted_purchase_order()
    money = bought.lines.get().order_line.cost_currency
    lists = [judged(f"RE-1,{bought.number},{money},12.50,,") for _ in range(8)]

    all_at_once(
        [
            lambda listed=listed: invoice_import.enter(listed, actor="staff", now=NOON)
            for listed in lists
        ],
        invoices.InvoiceRejectedError,
    )

    assert SupplierInvoice.objects.count() == 1
    assert PurchaseOrder.objects.count() == 1
    assert sum(one.is_valid_row for (one,) in lists) == 1
