"""Card admin: show the cards of products, texts, search terms and delivery areas read-only."""

from django.utils.translation import gettext_lazy as _

from catalog.models import (
    CardChange,
    DeliveryArea,
    OptionText,
    ProductCard,
    ProductText,
    SearchTerm,
)
from catalog.products.staff.filters import FamilyFilter
from catalog.staff_search.variants import ProductRows
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only

register_read_only(
    ProductCard,
    ProductRows,
    list_display=[
        "title",
        "brand",
        columns.text("family", _("Family")),
        columns.money("price_amount", _("Price"), currency="channel__currency"),
        "available",
        columns.age("as_of", _("Availability")),
    ],
    list_select_related=["channel"],
    list_filter=["channel", FamilyFilter],
    search_fields=["title"],  # shows the search box
    sortable_by=(),
    ordering=["-id"],
)


register_read_only(
    CardChange,
    list_display=[
        "__str__",
        columns.text("channel__name", _("Channel")),
        columns.age("at", _("When")),
    ],
    list_select_related=["channel"],
    ordering=["-id"],
)


register_read_only(DeliveryArea, list_display=["__str__"], ordering=["id"])


register_read_only(SearchTerm, list_display=["word"], search_fields=["word"], ordering=["word"])


register_read_only(
    ProductText,
    list_display=[columns.link("product", _("Product")), "language", "title"],
    list_select_related=["product"],
    list_filter=["language"],
    search_fields=["title"],
    ordering=["-id"],
)


register_read_only(
    OptionText,
    list_display=["__str__", "kind", "variant_count"],
    list_filter=["kind"],
    search_fields=["key"],
    ordering=["key"],
)
