"""UBL 2.1: write an issued invoice or credit note as XML, with the core elements of EN 16931.

The amounts are those of the PDF: both are made of the same snapshot. Comments name the business
terms (BT) and groups (BG) of EN 16931.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import translation
from lxml import etree

from orders.customer_invoices.labels import note_texts, row_title
from orders.models import CustomerInvoice, InvoiceKind
from storefront.lib.security import downloads

CUSTOMIZATION = "urn:cen.eu:en16931:2017"  # BT-24
ROOT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
CAC = ROOT.format("CommonAggregateComponents")
CBC = ROOT.format("CommonBasicComponents")
PAID_ONLINE = "68"  # online payment service (UNCL 4461)
PIECE = "C62"  # UN/ECE Rec 20


@dataclass(frozen=True, slots=True)
class _Form:
    """What differs between both documents: the root, the codes and the names of the lines."""

    root: str
    type_name: str
    type_code: str  # BT-3, UNCL 1001
    line: str
    quantity: str


FORMS = {
    InvoiceKind.INVOICE: _Form(
        "Invoice", "InvoiceTypeCode", "380", "InvoiceLine", "InvoicedQuantity"
    ),
    InvoiceKind.CREDIT_NOTE: _Form(
        "CreditNote", "CreditNoteTypeCode", "381", "CreditNoteLine", "CreditedQuantity"
    ),
}


def render(invoice: CustomerInvoice) -> bytes:
    """Return the XML document, its texts in the language of the order."""
    with translation.override(invoice.locale):
        root = _Document(invoice).build()
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def download(invoice: CustomerInvoice) -> HttpResponse:
    """Return the XML document, which the browser saves."""
    name = f"{invoice.number}.xml"
    return downloads.download(render(invoice), name, "application/xml; charset=utf-8")


class _Document:
    """The elements of one document, in the order of the schema."""

    def __init__(self, invoice: CustomerInvoice) -> None:
        self.invoice, self.shown = invoice, invoice.content
        self.form = FORMS[InvoiceKind(invoice.kind)]
        self.is_untaxed = "untaxed" in self.shown["notes"]
        self.scheme = "STT" if self.shown["tax_name"] == "sales_tax" else "VAT"

    def build(self) -> Any:
        namespace = ROOT.format(self.form.root)
        root = etree.Element(
            f"{{{namespace}}}{self.form.root}", nsmap={None: namespace, "cac": CAC, "cbc": CBC}
        )
        _add(root, "CustomizationID", CUSTOMIZATION)
        _add(root, "ID", self.invoice.number)  # BT-1
        _add(root, "IssueDate", self.invoice.issued_at.date().isoformat())  # BT-2
        _add(root, self.form.type_name, self.form.type_code)  # BT-3
        for text in note_texts(self.shown["notes"]):
            _add(root, "Note", text)  # BT-22
        _add(root, "DocumentCurrencyCode", self.invoice.currency)  # BT-5
        _add(_group(root, "OrderReference"), "ID", self.shown["order"])  # BT-13
        if corrects := self.shown.get("corrects"):  # BG-3
            reference = _group(root, "BillingReference", "InvoiceDocumentReference")
            _add(reference, "ID", corrects["number"])
            _add(reference, "IssueDate", corrects["issued_on"])
        self._seller(root)
        self._buyer(root)
        self._delivery(root)
        for payment in self.shown["payments"]:  # BG-16
            means = _group(root, "PaymentMeans")
            _add(means, "PaymentMeansCode", PAID_ONLINE)
            _add(means, "PaymentID", payment["reference"])  # BT-83
        self._tax_total(root)
        self._totals(root)
        for number, row in enumerate(self.shown["rows"], start=1):
            self._line(root, number, row)
        return root

    def _seller(self, root: Any) -> None:
        """Add BG-4. An untaxed invoice has no VAT identifier (BR-O-02)."""
        seller = self.shown["seller"]
        party = _group(root, "AccountingSupplierParty", "Party")
        _add(_group(party, "PartyName"), "Name", seller["name"])  # BT-28
        address = _group(party, "PostalAddress")
        names = ("StreetName", "AdditionalStreetName")
        for name, line in zip(names, seller["address"], strict=False):
            _add(address, name, line)
        for line in seller["address"][len(names) :]:
            _add(_group(address, "AddressLine"), "Line", line)
        _add(_group(address, "Country"), "IdentificationCode", seller["country"])  # BT-40
        number = seller["tax_number"] or seller["vat_id"]
        if number and not self.is_untaxed:
            scheme = _group(party, "PartyTaxScheme")
            _add(scheme, "CompanyID", number)  # BT-31
            _add(_group(scheme, "TaxScheme"), "ID", self.scheme)
        entity = _group(party, "PartyLegalEntity")
        _add(entity, "RegistrationName", seller["company"])  # BT-27
        _add(entity, "CompanyID", seller["register_entry"] or seller["vat_id"])  # BT-30
        contact = _group(party, "Contact")
        _add(contact, "Telephone", seller["phone"])
        _add(contact, "ElectronicMail", seller["email"])

    def _buyer(self, root: Any) -> None:
        """Add BG-7."""
        buyer = self.shown["buyer"]
        party = _group(root, "AccountingCustomerParty", "Party")
        _address(_group(party, "PostalAddress"), buyer)
        _add(_group(party, "PartyLegalEntity"), "RegistrationName", buyer["name"])  # BT-44

    def _delivery(self, root: Any) -> None:
        """Add BG-13."""
        place = self.shown["deliver_to"]
        delivery = _group(root, "Delivery")
        _add(delivery, "ActualDeliveryDate", self.shown["supplied_on"])  # BT-72
        _address(_group(delivery, "DeliveryLocation", "Address"), place)
        _add(_group(delivery, "DeliveryParty", "PartyName"), "Name", place["name"])  # BT-70

    def _tax_total(self, root: Any) -> None:
        """Add BT-110 and BG-23."""
        total = _group(root, "TaxTotal")
        self._amount(total, "TaxAmount", self.invoice.tax_amount)
        for share in self.shown["totals"]:
            part = _group(total, "TaxSubtotal")
            self._amount(part, "TaxableAmount", share["net"])
            self._amount(part, "TaxAmount", share["tax"])
            self._category(part, "TaxCategory", share["rate"], explains=True)

    def _totals(self, root: Any) -> None:
        """Add BG-22. Invoices are paid before they are issued, credit notes after a refund."""
        totals = _group(root, "LegalMonetaryTotal")
        self._amount(totals, "LineExtensionAmount", self.invoice.net_amount)  # BT-106
        self._amount(totals, "TaxExclusiveAmount", self.invoice.net_amount)  # BT-109
        self._amount(totals, "TaxInclusiveAmount", self.invoice.gross_amount)  # BT-112
        self._amount(totals, "PrepaidAmount", self.invoice.gross_amount)  # BT-113
        self._amount(totals, "PayableAmount", Decimal(0))  # BT-115

    def _line(self, root: Any, number: int, row: Mapping[str, Any]) -> None:
        """Add BG-25. The price is that of all units, so that it adds up to the cent."""
        net = Decimal(row["net"])
        quantity = row["quantity"]
        line = _group(root, self.form.line)
        _add(line, "ID", str(number))
        # A price is never negative (BR-27); a deduction is a negative quantity.
        signed = -quantity if net < 0 else quantity
        _add(line, self.form.quantity, str(signed), unitCode=PIECE)  # BT-129
        self._amount(line, "LineExtensionAmount", net)  # BT-131
        item = _group(line, "Item")
        _add(item, "Name", row_title(row) or row["sku"])  # BT-153
        if row["sku"]:
            _add(_group(item, "SellersItemIdentification"), "ID", row["sku"])  # BT-155
        self._category(item, "ClassifiedTaxCategory", row["rate"])  # BG-30
        price = _group(line, "Price")
        self._amount(price, "PriceAmount", abs(net))  # BT-146
        _add(price, "BaseQuantity", str(quantity), unitCode=PIECE)  # BT-149

    def _category(self, parent: Any, name: str, rate: str, *, explains: bool = False) -> None:
        """Add a tax category: S standard rate, Z zero rate, O not subject to tax."""
        category = _group(parent, name)
        percent = 100 * Decimal(rate)
        code = "O" if self.is_untaxed else "S" if percent else "Z"
        _add(category, "ID", code)
        if code != "O":
            _add(category, "Percent", f"{percent.normalize():f}")
        elif explains:
            _add(category, "TaxExemptionReason", note_texts(["untaxed"])[0])  # BT-120
        _add(_group(category, "TaxScheme"), "ID", self.scheme)

    def _amount(self, parent: Any, name: str, amount: str | Decimal) -> None:
        _add(parent, name, f"{Decimal(amount):.2f}", currencyID=self.invoice.currency)


def _address(parent: Any, place: Mapping[str, str]) -> None:
    for name, key in (
        ("StreetName", "line1"),
        ("AdditionalStreetName", "line2"),
        ("CityName", "city"),
        ("PostalZone", "postcode"),
        ("CountrySubentity", "region"),
    ):
        _add(parent, name, place[key])
    _add(_group(parent, "Country"), "IdentificationCode", place["country"])


def _group(parent: Any, *names: str) -> Any:
    for name in names:
        parent = etree.SubElement(parent, f"{{{CAC}}}{name}")
    return parent


def _add(parent: Any, name: str, text: str, **attributes: str) -> None:
    """Add an element with a text; none without one, since EN 16931 allows no empty element."""
    if text:
        etree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = text
