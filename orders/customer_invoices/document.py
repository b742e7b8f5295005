"""Invoice document: draw the PDF of an issued invoice or credit note from its snapshot.

The same row and code give the same bytes: the document has no time but that of issue.
"""

from decimal import Decimal
from textwrap import wrap
from typing import Any

from babel.numbers import format_decimal, format_percent
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from fpdf import XPos, YPos
from fpdf.enums import TableBordersLayout, TableCellFillMode
from fpdf.fonts import FontFace

from orders.customer_invoices.labels import note_texts, row_title
from orders.customer_invoices.rows import RowKind
from orders.customer_invoices.sheet import (
    COLUMN_MM,
    GRAY,
    INK,
    LINE_MM,
    MARGIN_MM,
    NORMAL,
    SMALL,
    Sheet,
)
from orders.models import CustomerInvoice, InvoiceKind, TaxNumber
from storefront.lib.money import smallest_unit

MAX_CELL_CHARS = 800  # A table row must fit on one page.
GATEWAYS = {"stripe": "Stripe"}


def render(invoice: CustomerInvoice) -> bytes:
    """Return the PDF of an invoice, in the language of its order."""
    known = dict(settings.LANGUAGES)
    language = invoice.locale if invoice.locale in known else settings.LANGUAGE_CODE
    with translation.override(language):
        sheet = _Sheet(invoice, language)
        sheet.draw()
        return bytes(sheet.output())


class _Sheet(Sheet):
    """The pages of one invoice or credit note."""

    def __init__(self, invoice: CustomerInvoice, language: str) -> None:
        self.invoice, self.shown = invoice, invoice.content
        is_invoice = invoice.kind == InvoiceKind.INVOICE
        self.heading = _("Invoice") if is_invoice else _("Credit note")
        super().__init__(
            language=language,
            title=f"{self.heading} {invoice.number}",
            author=self.shown["seller"]["company"],
            subject=self.shown["order"],
            created_at=invoice.issued_at,
        )

    def draw(self) -> None:
        self.add_page()
        self.draw_head(self.shown["seller"]["name"], f"{self.heading} {self.invoice.number}")
        self._facts()
        self._addresses()
        self._rows()
        self._totals()
        self._notes()

    def footer(self) -> None:
        """Print the seller and the page number on each page."""
        seller = self.shown["seller"]
        self.set_y(-26)
        self.use_font(SMALL, color=GRAY)
        numbers = [
            seller["register_entry"],
            f"{_('VAT ID')} {seller['vat_id']}" if seller["vat_id"] else "",
            self._registration(),
        ]
        for parts in (
            [seller["company"], *seller["address"]],
            [seller["email"], seller["phone"]],
            numbers,
        ):
            if text := " · ".join(part for part in parts if part):
                self.draw_line(text, height=4)
        self.set_y(-10)
        page = _("Page %(number)s of %(pages)s") % {
            "number": self.page_no(),
            "pages": "{nb}",
        }
        self.cell(0, 4, f"{self.invoice.number} · {page}", align="R")

    # Parts of the page

    def _facts(self) -> None:
        shown = self.shown
        facts = [(_("Date"), self.format_day(self.invoice.issued_at.date().isoformat()))]
        if corrects := shown.get("corrects"):
            invoice = f"{corrects['number']}, {self.format_day(corrects['issued_on'])}"
            facts.append((_("Corrects invoice"), invoice))
        facts += [
            (_("Order"), f"{shown['order']}, {self.format_day(shown['ordered_on'])}"),
            (_("Date of supply"), self.format_day(shown["supplied_on"])),
        ]
        for label, value in facts:
            self.use_font(NORMAL, color=GRAY)
            self.cell(40, LINE_MM, label)
            self.use_font(NORMAL)
            self.draw_line(value)
        self.ln(5)

    def _addresses(self) -> None:
        top, bottom = self.get_y(), self.get_y()
        for column, (label, place) in enumerate(
            (
                (_("Bill to"), self.shown["buyer"]),
                (_("Delivery address"), self.shown["deliver_to"]),
            )
        ):
            left = MARGIN_MM + column * (COLUMN_MM + 10)
            self.set_xy(left, top)
            self.use_font(SMALL, color=GRAY)
            self.draw_line(label, left=left)
            self.use_font(NORMAL)
            for line in self.address_lines(place):
                self.set_x(left)
                self.multi_cell(
                    COLUMN_MM, LINE_MM, line, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT
                )
            bottom = max(bottom, self.get_y())
        self.set_y(bottom + 6)

    def _rows(self) -> None:
        tax = self._tax_name()
        headings = (
            _("Item"), _("Quantity"), _("Unit price"), _("Discount"), _("Net"), f"{tax} %", tax, _("Total"),
        )  # fmt: skip
        self.use_font(SMALL)
        with self.table(
            col_widths=(58, 15, 18, 17, 18, 13, 15, 18),
            text_align=("LEFT", *("RIGHT",) * 7),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
            headings_style=FontFace(emphasis="BOLD", color=INK),
            line_height=4,
            padding=1,
        ) as table:
            table.row(headings)
            for row in self.shown["rows"]:
                title, *more = wrap(row_title(row), MAX_CELL_CHARS) or [""]
                table.row(self._cells(row, title))
                for text in more:
                    table.row((text, *("",) * 7))
        self.use_font(SMALL, color=GRAY)
        self.draw_line(_("All amounts in %(currency)s.") % {"currency": self.invoice.currency})
        self.ln(4)

    def _cells(self, row: dict[str, Any], title: str) -> tuple[str, ...]:
        is_line = row["kind"] == RowKind.LINE
        discount = Decimal(row["discount"])
        return (
            "\n".join(filter(None, (title, row["sku"]))),
            str(row["quantity"]) if is_line else "",
            self._amount(row["unit"]) if row["unit"] else "",
            self._amount(-discount) if discount else "",
            self._amount(row["net"]),
            self._percent(row["rate"]),
            self._amount(row["tax"]),
            self._amount(row["gross"]),
        )

    def _totals(self) -> None:
        tax = self._tax_name()
        lines = []
        for share in self.shown["totals"]:
            rate = self._percent(share["rate"])
            lines += [
                (_("Net at %(rate)s") % {"rate": rate}, share["net"], ""),
                (f"{tax} {rate}", share["tax"], ""),
            ]
        is_invoice = self.invoice.kind == InvoiceKind.INVOICE
        label = _("Total") if is_invoice else _("Total credited")
        lines.append((f"{label} ({self.invoice.currency})", self.invoice.gross_amount, "B"))
        if self.will_page_break(len(lines) * (LINE_MM + 1)):
            self.add_page()
        for text, amount, style in lines:
            self.use_font(NORMAL, style)
            self.set_x(110)
            self.cell(50, LINE_MM + 1, text)
            self.cell(
                30,
                LINE_MM + 1,
                self._amount(amount),
                align="R",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )
        self.ln(5)

    def _notes(self) -> None:
        texts = [
            _("Paid by card through %(gateway)s on %(day)s, reference %(reference)s.")
            % {
                "gateway": GATEWAYS.get(payment["gateway"], payment["gateway"]),
                "day": self.format_day(payment["paid_on"]),
                "reference": payment["reference"],
            }
            for payment in self.shown["payments"]
        ]
        texts += note_texts(self.shown["notes"])
        self.use_font(NORMAL)
        for text in texts:
            self.multi_cell(0, LINE_MM, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(1)

    # Texts

    def _tax_name(self) -> str:
        return _("Sales tax") if self.shown["tax_name"] == "sales_tax" else _("VAT")

    def _registration(self) -> str:
        seller = self.shown["seller"]
        if not seller["tax_number"] or seller["tax_number"] == seller["vat_id"]:
            return ""
        scheme = TaxNumber.Scheme(seller["tax_scheme"])
        return f"{scheme.label} {seller['tax_number']}"

    def _percent(self, rate: str) -> str:
        return str(format_percent(Decimal(rate), "#,##0.###%", locale=self.region))

    def _amount(self, amount: str | Decimal) -> str:
        digits = -int(smallest_unit(self.invoice.currency).as_tuple().exponent)
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(Decimal(amount), pattern, locale=self.region))
