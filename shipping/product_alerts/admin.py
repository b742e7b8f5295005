"""Product alert admin: show who waits for which item."""

from django.utils.translation import gettext_lazy as _

from shipping.models import ProductAlert
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only

register_read_only(
    ProductAlert,
    list_display=[
        "kind",
        columns.link("variant", _("Variant")),
        "country",
        "email",
        "price_amount",
        columns.age("asked_at", _("Asked")),
        columns.age("confirmed_at", _("Confirmed")),
        columns.age("met_since", _("Condition met")),
    ],
    list_select_related=["variant"],
    list_filter=["kind", "country"],
    search_fields=["email", "variant__sku"],
    ordering=["-id"],
)
