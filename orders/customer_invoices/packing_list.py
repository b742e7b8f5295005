"""Packing list: draw the PDF of an order's items without prices, in the language of the order."""

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from fpdf.enums import TableBordersLayout, TableCellFillMode
from fpdf.fonts import FontFace

from catalog.texts.titles import title_in
from orders import order_lines
from orders.customer_invoices.sheet import GRAY, INK, LINE_MM, NORMAL, SMALL, Sheet
from orders.models import Order
from storefront.identity.current import shop_identity
from storefront.lib.security import downloads


def download(order: Order) -> HttpResponse:
    """Return the PDF, which the browser saves."""
    return downloads.download(render(order), f"packing-list-{order.number}.pdf", "application/pdf")


def render(order: Order) -> bytes:
    """Return the PDF of what is not canceled of an order."""
    known = dict(settings.LANGUAGES)
    language = order.locale if order.locale in known else settings.LANGUAGE_CODE
    with translation.override(language):
        seller = shop_identity()
        heading = _("Packing list")
        sheet = Sheet(
            language=language,
            title=f"{heading} {order.number}",
            author=seller.company,
            subject=order.number,
            created_at=order.placed_at,
        )
        sheet.add_page()
        sheet.draw_head(seller.name, f"{heading} {order.number}")
        _draw_address(sheet, order)
        _draw_items(sheet, order, language)
        return bytes(sheet.output())


def _draw_address(sheet: Sheet, order: Order) -> None:
    sheet.use_font(SMALL, color=GRAY)
    sheet.draw_line(_("Delivery address"))
    sheet.use_font(NORMAL)
    for line in sheet.address_lines(order.ship_to):
        sheet.draw_line(line)
    sheet.ln(LINE_MM)
    sheet.draw_line(f"{_('Date')}: {sheet.format_day(order.placed_at.date().isoformat())}")
    sheet.ln(LINE_MM)


def _draw_items(sheet: Sheet, order: Order, language: str) -> None:
    sheet.use_font(NORMAL)
    with sheet.table(
        col_widths=(35, 115, 20),
        text_align=("LEFT", "LEFT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        cell_fill_mode=TableCellFillMode.NONE,
        headings_style=FontFace(emphasis="BOLD", color=INK),
        line_height=LINE_MM,
        padding=1,
    ) as table:
        table.row((_("SKU"), _("Item"), _("Quantity")))
        for line in order_lines.read_order_lines(order):
            if (units := line.quantity - line.canceled_quantity) > 0:
                table.row((line.sku, title_in(line, language), str(units)))
