import io
from dataclasses import asdict, replace

import pytest
from pypdf import PdfReader

from orders.customer_invoices import document, issuing
from orders.models import CustomerInvoice
from tests.factories.orders import HOME
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
BAKU = replace(
    HOME,
    name="Şəhriyar Əliağa oğlu Məmmədquluzadə-Ağayev",
    line1="Nəsimi küçəsi 1, mənzil 200, giriş 3, ışıqlı bina",
    city="Bakı",
    postcode="AZ1000",
    country="AZ",
)


def make_invoice(**changes):
    order = make_shipped_order(quantity=1)
    invoice = issuing.issue(order_id=order.pk, now=NOON)
    for name, value in changes.items():
        setattr(invoice, name, value)
    return invoice


def read(invoice):
    reader = PdfReader(io.BytesIO(document.render(invoice)))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    return reader, pages


def test_the_pdf_shows_what_the_law_requires():
    invoice = make_invoice()
    reader, (text,) = read(invoice)

    assert (reader.metadata.title, reader.metadata.author) == (
        "Invoice INV-2026-00001",
        "Fara demonstration shop",
    )
    assert reader.trailer["/Root"]["/Lang"] == "en"
    for shown in (
        "Invoice INV-2026-00001",
        "24 November 2026",
        invoice.order.number,
        "Erika Muster",
        "Musterweg 1",
        "10115 Berlin",
        "Germany",
        "Harbor Street 1",
        "39.99",
        "4.90",
        "Net at 19% 37.73",
        "VAT 19% 7.16",
        "Total (EUR) 44.89",
        "Page 1 of 1",
    ):
        assert shown in text


def test_the_pdf_is_the_same_each_time():
    invoice = make_invoice()

    assert document.render(invoice) == document.render(CustomerInvoice.objects.get())


def test_an_azerbaijani_invoice_in_manat_has_its_letters():
    invoice = make_invoice(locale="az", currency="AZN")
    invoice.content["buyer"] = asdict(BAKU)
    invoice.content["rows"][0]["title"] = "Ən güclü çıraq: Ğ ğ İ ı Ş ş Ö ö Ü ü Ä ß Ж я"
    _reader, (text,) = read(invoice)

    for shown in (
        "Hesab-faktura INV-2026-00001",
        "24 noyabr 2026",
        "Şəhriyar Əliağa oğlu Məmmədquluzadə-Ağayev",
        "Azərbaycan",
        "Ğ ğ İ ı Ş ş",
        "Ж я",
        "44,89",
        "Cəmi (AZN)",
    ):
        assert shown in text


def test_many_rows_continue_on_the_next_page_with_their_heading():
    invoice = make_invoice()
    invoice.content["rows"] *= 40
    _reader, pages = read(invoice)

    assert len(pages) > 1
    for page in pages[:2]:
        assert "Unit price" in page
    assert pages[-1].endswith(f"Page {len(pages)} of {len(pages)}")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"notes": ["ioss"]}, "Import One Stop Shop (IOSS). It is not due again on import."),
        ({"notes": ["untaxed"]}, "we are not registered for tax at the place of delivery"),
        ({"tax_name": "sales_tax"}, "Sales tax 19%"),
    ],
)
def test_the_pdf_says_how_it_is_taxed(changes, shown):
    invoice = make_invoice()
    invoice.content |= changes

    assert shown in read(invoice)[1][0]


def test_the_pdf_names_the_tax_registration():
    invoice = make_invoice()
    seller = invoice.content["seller"]
    seller |= {"vat_id": "EE1", "tax_scheme": "oss", "tax_number": "EU372"}

    assert "VAT ID EE1 · EU One Stop Shop (OSS) EU372" in read(invoice)[1][0]

    seller |= {"tax_scheme": "vat", "tax_number": "EE1"}
    assert read(invoice)[1][0].count("EE1") == 1


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("return", "Returned items: 1 × Lamp"),
        ("exchange", "Price difference of an exchange: 1 × Lamp"),
        ("canceled", "Canceled items: 1 × Lamp"),
        ("refund", "Refund: 1 × Lamp"),
        ("adjustment", "Price adjustment: 1 × Lamp"),
    ],
)
def test_rows_of_a_credit_note_say_why(kind, label):
    invoice = make_invoice(kind="credit_note")
    invoice.content["corrects"] = {"number": "INV-2026-00007", "issued_on": "2026-11-01"}
    invoice.content["rows"] = [invoice.content["rows"][0] | {"kind": kind, "title": "1 × Lamp"}]
    _reader, (text,) = read(invoice)

    assert label in text
    assert "Corrects invoice INV-2026-00007, 1 November 2026" in text
    assert "Total credited" in text


def test_a_currency_without_cents_has_no_decimals():
    invoice = make_invoice(currency="JPY", gross_amount="45")

    assert "Total (JPY) 45" in read(invoice)[1][0]


def test_a_return_of_many_items_continues_on_the_next_page():
    invoice = make_invoice()
    title = ", ".join(f"{units} × Warrior Mini 3 flashlight, 1750 lm" for units in range(1, 101))
    row = {**invoice.content["rows"][0], "kind": "return", "title": title}
    invoice.content = {**invoice.content, "rows": [row]}

    _reader, pages = read(invoice)

    assert "100 × Warrior" in " ".join(pages)
