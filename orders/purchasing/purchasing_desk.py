"""Staff pages of purchase orders, and of what was said between us and the suppliers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.models import PurchaseLine, PurchaseMessage, PurchaseOrder
from storefront.lib.staff import columns
from storefront.lib.staff.admin import show

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


show(
    PurchaseLine,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        columns.text("order_line__sku", _("SKU")),
        "quantity",
        columns.money("agreed_cost_amount", _("Agreed cost"), currency="cost_currency"),
        "acknowledgment",
        "is_live",
    ],
    list_display_links=["quantity"],
    list_select_related=[
        "purchase_order",
        "order_line",
        "offer__supplier",
        "level__offer",
        "level__location__supplier",
    ],
    list_filter=["is_live", "acknowledgment"],
    search_fields=["purchase_order__number", "order_line__sku"],
    ordering=["-id"],
)
show(
    PurchaseMessage,
    list_display=[
        "kind",
        "direction",
        columns.link("purchase_order", _("Purchase order")),
        columns.age("at", _("When")),
    ],
    list_select_related=["purchase_order"],
    list_filter=["direction", "kind"],
    search_fields=["purchase_order__number"],
    ordering=["-id"],
    readonly_fields=[columns.document("body", _("Word for word"))],
    exclude=["body"],
)
