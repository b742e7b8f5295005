"""Staff pages of carts, of lines, and of the units set aside for them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import reconciling
from orders.models import Allocation, Cart, CartLine, OrderLine, Reservation
from storefront.lib import columns
from storefront.lib.inlines import inline
from storefront.lib.staff import StaffAdmin, action, show

# What a stock row is called by.
OF_LEVEL = ("level__offer", "level__location__supplier")


class OrderedFilter(admin.EmptyFieldListFilter):
    """Whether an order was made of it; the order knows the cart, so the cart has no word for it."""

    def __init__(self, *which: Any, **words: Any) -> None:
        super().__init__(*which, **words)
        self.title = gettext("Order")


@admin.register(Cart)
class CartAdmin(StaffAdmin):
    """A cart. Its token opens it, so nobody is shown it."""

    list_display: ClassVar = [
        "id",
        columns.link("order", _("Order")),
        columns.link("owner", _("Account")),
        columns.text("channel__code", _("Channel")),
        "country",
        "locale",
        columns.age("touched_at", _("Touched")),
    ]
    list_select_related: ClassVar = ["order", "channel", "owner"]
    list_filter: ClassVar = ["channel", "country", ("order", OrderedFilter)]
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


show(
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
show(
    OrderLine,
    list_display=[
        "sku",
        "title",
        columns.link("order", _("Order")),
        "quantity",
        columns.money("unit_amount", _("Unit"), currency="order__currency"),
        columns.money("cost_amount", _("Cost"), currency="cost_currency"),
        columns.money("line_amount", _("Line"), currency="order__currency"),
        columns.money("landed_amount", _("Landed cost"), currency="order__currency"),
        columns.money("fees_amount", _("Fees"), currency="order__currency"),
        "canceled_quantity",
        "shipped_quantity",
        "delivered_quantity",
        columns.page("supply:offers", _("Supply"), _("Offers side by side"), of="variant_id"),
    ],
    readonly_fields=[
        columns.page("supply:offers", _("Supply"), _("Offers side by side"), of="variant_id"),
    ],
    list_select_related=["order", "offer__supplier", *OF_LEVEL],
    search_fields=["sku", "title", "order__number"],
    ordering=["-id"],
)
show(
    Reservation,
    list_display=[
        "__str__",
        columns.link("line__order", _("Order")),
        columns.text("line__sku", _("SKU")),
        "quantity",
        columns.state("status", _("State"), ended={"converted", "released", "expired"}),
        columns.age("status_since", _("Since")),
    ],
    list_select_related=["line__order", *OF_LEVEL],
    list_filter=["status"],
    search_fields=["line__order__number", "line__sku"],
    ordering=["-id"],
    readonly_fields=[columns.moves],
)


@admin.display(description=_("Still subtracted, because"), ordering="doubt")
def why_unseen(allocation: Allocation) -> str | None:
    return allocation.get_doubt_display() or None


@admin.display(description=_("Seen, because"), ordering="seen_by")
def why_seen(allocation: Allocation) -> str | None:
    return allocation.get_seen_by_display() or None


@admin.register(Allocation)
class AllocationAdmin(StaffAdmin):
    list_display: ClassVar = [
        "__str__",
        columns.link("line__order", _("Order")),
        columns.text("line__sku", _("SKU")),
        "quantity",
        columns.state("status", _("State"), ended={"shipped", "released"}),
        columns.age("status_since", _("Since")),
        why_unseen,
        why_seen,
        columns.age("seen_as_of", _("Figure of")),
    ]
    list_select_related: ClassVar = ["line__order", *OF_LEVEL]
    list_filter: ClassVar = ["status", "doubt", "seen_by", "level__offer__supplier"]
    search_fields: ClassVar = ["line__order__number", "line__sku"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.moves]
    actions: ClassVar = ["contained"]

    @action(description=_("His figure contains it: he told us, or counted anew"))
    def contained(self, request: HttpRequest, rows: QuerySet[Allocation]) -> None:
        self.do_each(
            request,
            rows,
            lambda row: reconciling.declare(
                allocation=row, actor=str(request.user), now=timezone.now()
            ),
        )
