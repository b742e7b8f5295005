"""Invoice document: draw the PDF of an issued invoice or credit note from its snapshot.

The same row and code give the same bytes: the document has no time but that of issue.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

import fontpkg
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from fpdf import FPDF, XPos, YPos
from fpdf.enums import TableBordersLayout, TableCellFillMode
from fpdf.fonts import FontFace

from notifications.rendering import REGIONS
from orders.customer_invoices.rows import RowKind
from orders.models import CustomerInvoice, InvoiceKind, TaxNumber
from storefront.lib.money import smallest_unit

FONT, FONT_NAME = "shop", "Fira Sans"  # Latin, Turkish, Azerbaijani and Cyrillic letters
MARGIN_MM, COLUMN_MM, LINE_MM = 20, 80, 5
SMALL, NORMAL, LARGE = 8, 9, 20
MAX_CELL_CHARS = 800  # A table row must fit on one page.
GRAY, INK, RULE = (95, 99, 108), (21, 23, 28), (210, 206, 196)
GATEWAYS = {"stripe": "Stripe"}


def render(invoice: CustomerInvoice) -> bytes:
    """Return the PDF of an invoice, in the language of its order."""
    known = dict(settings.LANGUAGES)
    language = invoice.locale if invoice.locale in known else settings.LANGUAGE_CODE
    with translation.override(language):
        sheet = _Sheet(invoice, language)
        sheet.draw()
        return bytes(sheet.output())


@cache
def _font_file(weight: int) -> Path:
    return Path(fontpkg.path(FONT_NAME, weight=weight))


class _Sheet(FPDF):
    """A4 pages of one document."""

    def __init__(self, invoice: CustomerInvoice, language: str) -> None:
        super().__init__(format="A4")
        self.invoice, self.shown = invoice, invoice.content
        self.region = Locale.parse(REGIONS.get(language, language))
        is_invoice = invoice.kind == InvoiceKind.INVOICE
        self.heading = _("Invoice") if is_invoice else _("Credit note")
        self.add_font(FONT, "", _font_file(400))
        self.add_font(FONT, "B", _font_file(600))
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=32)
        self.set_lang(language)
        self.set_title(f"{self.heading} {invoice.number}")
        self.set_author(self.shown["seller"]["company"])
        self.set_subject(self.shown["order"])
        self.set_creation_date(invoice.issued_at)
        self.alias_nb_pages()

    def draw(self) -> None:
        self.add_page()
        self._head()
        self._facts()
        self._addresses()
        self._rows()
        self._totals()
        self._notes()

    def footer(self) -> None:
        """Print the seller and the page number on each page."""
        seller = self.shown["seller"]
        self.set_y(-26)
        self._font(SMALL, color=GRAY)
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
                self._line(text, height=4)
        self.set_y(-10)
        page = _("Page %(number)s of %(pages)s") % {
            "number": self.page_no(),
            "pages": "{nb}",
        }
        self.cell(0, 4, f"{self.invoice.number} · {page}", align="R")

    # Parts of the page

    def _head(self) -> None:
        self._font(NORMAL, "B")
        self._line(self.shown["seller"]["name"])
        self.ln(8)
        self._font(LARGE, "B")
        self._line(f"{self.heading} {self.invoice.number}", height=10)
        self.ln(2)

    def _facts(self) -> None:
        shown = self.shown
        facts = [(_("Date"), self._day(self.invoice.issued_at.date().isoformat()))]
        if corrects := shown.get("corrects"):
            invoice = f"{corrects['number']}, {self._day(corrects['issued_on'])}"
            facts.append((_("Corrects invoice"), invoice))
        facts += [
            (_("Order"), f"{shown['order']}, {self._day(shown['ordered_on'])}"),
            (_("Date of supply"), self._day(shown["supplied_on"])),
        ]
        for label, value in facts:
            self._font(NORMAL, color=GRAY)
            self.cell(40, LINE_MM, label)
            self._font(NORMAL)
            self._line(value)
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
            self._font(SMALL, color=GRAY)
            self._line(label, left=left)
            self._font(NORMAL)
            for line in self._address(place):
                self.set_x(left)
                self.multi_cell(
                    COLUMN_MM, LINE_MM, line, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT
                )
            bottom = max(bottom, self.get_y())
        self.set_y(bottom + 6)

    def _address(self, place: dict[str, str]) -> list[str]:
        town = " ".join(filter(None, (place["postcode"], place["city"])))
        region = ", ".join(filter(None, (town, place["region"])))
        country = str(self.region.territories.get(place["country"], place["country"]))
        lines = (place["name"], place["line1"], place["line2"], region, country)
        return [line for line in lines if line]

    def _rows(self) -> None:
        tax = self._tax_name()
        headings = (
            _("Item"), _("Quantity"), _("Unit price"), _("Discount"), _("Net"), f"{tax} %", tax, _("Total"),
        )  # fmt: skip
        self._font(SMALL)
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
                title, *more = wrap(self._title(row), MAX_CELL_CHARS) or [""]
                table.row(self._cells(row, title))
                for text in more:
                    table.row((text, *("",) * 7))
        self._font(SMALL, color=GRAY)
        self._line(_("All amounts in %(currency)s.") % {"currency": self.invoice.currency})
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

    def _title(self, row: dict[str, Any]) -> str:
        labels = {
            RowKind.DELIVERY: _("Delivery"),
            RowKind.ADJUSTMENT: _("Price adjustment"),
            RowKind.RETURN: _("Returned items"),
            RowKind.EXCHANGE: _("Price difference of an exchange"),
            RowKind.CANCELED: _("Canceled items"),
            RowKind.REFUND: _("Refund"),
        }
        label = labels.get(RowKind(row["kind"]), "")
        return ": ".join(filter(None, (label, row["title"])))

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
            self._font(NORMAL, style)
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
                "day": self._day(payment["paid_on"]),
                "reference": payment["reference"],
            }
            for payment in self.shown["payments"]
        ]
        notes = {
            "ioss": _(
                "The VAT is paid under the Import One Stop Shop (IOSS). It is not due again on"
                " import."
            ),
            "untaxed": _(
                "No tax is charged, because we are not registered for tax at the place of"
                " delivery. Taxes on import may be due."
            ),
        }
        texts += [notes[code] for code in self.shown["notes"]]
        self._font(NORMAL)
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

    def _day(self, day: str) -> str:
        return str(format_date(date.fromisoformat(day), "long", locale=self.region))

    def _percent(self, rate: str) -> str:
        return str(format_percent(Decimal(rate), "#,##0.###%", locale=self.region))

    def _amount(self, amount: str | Decimal) -> str:
        digits = -int(smallest_unit(self.invoice.currency).as_tuple().exponent)
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(Decimal(amount), pattern, locale=self.region))

    def _font(self, size: int, style: str = "", color: tuple[int, int, int] = INK) -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*color)
        self.set_draw_color(*RULE)

    def _line(self, text: str, *, left: int | None = None, height: int = LINE_MM) -> None:
        if left is not None:
            self.set_x(left)
        self.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
