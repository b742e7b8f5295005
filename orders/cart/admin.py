"""Cart admin: show carts, cart lines and reservations."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from orders.inventory.admin import STOCK_LEVEL_JOINS, HasOrderFilter
from orders.models import Cart, CartLine, Reservation
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.inlines import inline


@admin.register(Cart)
class CartAdmin(LargeTable, StaffAdmin):
    """A cart. The token opens it, so it is not shown."""

    list_display: ClassVar = [
        columns.text("id", _("Number")),
        columns.link("order", _("Order")),
        columns.link("owner", _("Account")),
        columns.text("channel__name", _("Channel")),
        "country",
        "locale",
        columns.age("updated_at", _("Last activity")),
    ]
    list_select_related: ClassVar = ["order", "channel", "owner"]
    list_filter: ClassVar = ["channel", "country", ("order", HasOrderFilter)]
    search_fields: ClassVar = ["=id", "owner__email", "order__number"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["token"]
    inlines: ClassVar = [
        inline(
            CartLine,
            columns.text("listing__variant__sku", _("SKU")),
            "quantity",
            columns.money("quoted_amount", _("Price"), currency="cart__channel__currency"),
            "quoted_at",
            tab=False,
            related=("listing__variant", "cart__channel"),
        )
    ]


register_read_only(
    CartLine,
    LargeTable,
    list_display=[
        columns.text("listing__variant__sku", _("SKU")),
        columns.link("cart", _("Cart")),
        "quantity",
        columns.money("quoted_amount", _("Price"), currency="cart__channel__currency"),
        columns.age("quoted_at", _("Quoted")),
    ],
    list_select_related=["cart__channel", "listing__variant"],
    search_fields=["listing__variant__sku"],
    ordering=["-id"],
)


register_read_only(
    Reservation,
    LargeTable,
    list_display=[
        "__str__",
        columns.link("line__order", _("Order")),
        columns.text("line__sku", _("SKU")),
        "quantity",
        columns.status("status", _("Status"), final={"converted", "released", "expired"}),
        columns.age("status_since", _("Since")),
    ],
    list_select_related=["line__order", *STOCK_LEVEL_JOINS],
    list_filter=["status"],
    search_fields=["line__order__number", "line__variant__sku"],
    ordering=["-id"],
    readonly_fields=[columns.status_history],
)
