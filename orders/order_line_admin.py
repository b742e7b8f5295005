"""Order line admin: show lines, and the guarantee of each as it was sold."""

from typing import ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductGuarantee
from catalog.models.guarantees import GuaranteeKind, GuaranteeTerms
from orders import order_lines
from orders.inventory.admin import STOCK_LEVEL_JOINS
from orders.models import OrderLine
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin

COST = columns.money("cost_amount", _("Cost"), currency="cost_currency")
LANDED = columns.money("landed_amount", _("Landed cost"), currency="order__currency")
FEES = columns.money("fees_amount", _("Fees"), currency="order__currency")
OFFERS = columns.page(
    "supply:offers",
    _("Availability"),
    _("Offer comparison"),
    right="suppliers.view_supplieroffer",
    of="variant_id",
)


@admin.display(description=cast("str", _("Guarantee")))
def sold_guarantee(line: OrderLine) -> str | None:
    """Show the guarantee at the time of the sale, in the language of the page."""
    if not line.guarantee:
        return None
    terms = GuaranteeTerms(**line.guarantee)
    language = (get_language() or "en")[:2]
    values = {
        "kind": GuaranteeKind(terms.kind).label,
        "guarantor": terms.guarantor,
        "guarantor_address": terms.address,
        "months": terms.months,
        "model": f"{terms.brand} {terms.model}",
        "territory": terms.territory_in(language),
        "claim": terms.claim_in(language),
        "terms_file": format_html(
            '<a href="{}" download>{}</a>',
            reverse("admin:orders_orderline_terms", args=[line.pk]),
            gettext("Download"),
        ),
    }
    lines = ((columns.field_label(ProductGuarantee, name), text) for name, text in values.items())
    return columns.as_pairs(lines)


@admin.register(OrderLine)
class OrderLineAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        "sku",
        "title",
        columns.link("order", _("Order")),
        "quantity",
        columns.money("unit_amount", _("Unit price"), currency="order__currency"),
        COST,
        columns.money("line_amount", _("Line total"), currency="order__currency"),
        LANDED,
        FEES,
        "canceled_quantity",
        "shipped_quantity",
        "delivered_quantity",
        OFFERS,
    ]
    readonly_fields: ClassVar = [OFFERS, sold_guarantee]
    exclude: ClassVar = ["guarantee"]
    list_select_related: ClassVar = ["order", "offer__supplier", *STOCK_LEVEL_JOINS]
    search_fields: ClassVar = ["order__number", "variant__sku"]
    ordering: ClassVar = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_terms)
        own = path("<int:pk>/terms/", view, name="orders_orderline_terms")
        return [own, *super().get_urls()]

    def download_terms(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the terms of the guarantee that was sold. Raises: Http404."""
        line = self.get_object(request, str(pk))
        if line is None or not self.has_view_permission(request, line):
            raise PermissionDenied("orders.view_orderline")
        return order_lines.download_terms(line, stem=f"order-line-{pk}-guarantee")
