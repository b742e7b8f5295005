"""Card admin: show the cards of products, search terms and delivery areas read-only."""

from django.utils.translation import gettext_lazy as _

from catalog.models import CardChange, DeliveryArea, ProductCard, SearchTerm
from catalog.products.staff.filters import FamilyFilter
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only

register_read_only(
    ProductCard,
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
    search_fields=["title", "slug"],
    ordering=["-id"],
)


register_read_only(
    CardChange,
    list_display=[
        "__str__",
        columns.text("channel__code", _("Channel")),
        columns.age("at", _("When")),
    ],
    list_select_related=["channel"],
    ordering=["-id"],
)


register_read_only(DeliveryArea, list_display=["__str__"], ordering=["id"])


register_read_only(SearchTerm, list_display=["word"], search_fields=["word"], ordering=["word"])
