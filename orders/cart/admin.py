"""Cart admin: show carts, cart lines, order lines and reservations."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from orders.enums import VIEW_COSTS
from orders.inventory.admin import STOCK_LEVEL_JOINS, HasOrderFilter
from orders.models import Cart, CartLine, OrderLine, Reservation
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.inlines import inline

COST = columns.restricted(
    columns.money("cost_amount", _("Cost"), currency="cost_currency"), VIEW_COSTS
)
LANDED = columns.restricted(
    columns.money("landed_amount", _("Landed cost"), currency="order__currency"), VIEW_COSTS
)
FEES = columns.restricted(
    columns.money("fees_amount", _("Fees"), currency="order__currency"), VIEW_COSTS
)
OFFERS = columns.page(
    "supply:offers",
    _("Availability"),
    _("Offer comparison"),
    right="suppliers.view_supplieroffer",
    of="variant_id",
)


@admin.register(Cart)
class CartAdmin(StaffAdmin):
    """A cart. The token opens it, so it is not shown."""

    list_display: ClassVar = [
        columns.text("id", _("Number")),
        columns.link("order", _("Order")),
        columns.link("owner", _("Account")),
        columns.text("channel__code", _("Channel")),
        "country",
        "locale",
        columns.age("updated_at", _("Last activity")),
    ]
    list_select_related: ClassVar = ["order", "channel", "owner"]
    list_filter: ClassVar = ["channel", "country", ("order", HasOrderFilter)]
    search_fields: ClassVar = ["=id", "email", "order__number"]
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
    OrderLine,
    list_display=[
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
    ],
    readonly_fields=[OFFERS],
    list_select_related=["order", "offer__supplier", *STOCK_LEVEL_JOINS],
    search_fields=["sku", "title", "order__number"],
    ordering=["-id"],
    rights=dict.fromkeys(
        ("cost_amount", "cost_currency", "cost_rate", "landed_amount", "fees_amount"), VIEW_COSTS
    ),
)
register_read_only(
    Reservation,
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
    search_fields=["line__order__number", "line__sku"],
    ordering=["-id"],
    readonly_fields=[columns.status_history],
)
