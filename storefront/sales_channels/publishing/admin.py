"""Remote listing admin: show what each store was sent, what waits and what was refused."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.sales_channels.models import PendingChange, RemoteListing, RemoteProduct


@admin.register(RemoteListing)
class RemoteListingAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.text("connection__channel__name", _("Channel")),
        "external_variant_id",
        columns.money("sent_price", _("Sent price"), currency="connection__channel__currency"),
        "sent_quantity",
        columns.age("sent_at", _("Sent")),
        columns.age("dirty_since", _("Changed since")),
        "lag_ms",
        "problem",
    ]
    list_select_related: ClassVar = ["variant", "connection__channel"]
    list_filter: ClassVar = [
        "connection",
        ("dirty_since", admin.EmptyFieldListFilter),
        ("problem", admin.EmptyFieldListFilter),
        ("external_variant_id", admin.EmptyFieldListFilter),
    ]


@admin.register(RemoteProduct)
class RemoteProductAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.link("product", _("Product")),
        columns.text("connection__channel__name", _("Channel")),
        "external_id",
        "is_active",
        columns.age("sent_at", _("Sent")),
        columns.age("dirty_since", _("Changed since")),
        "problem",
    ]
    list_select_related: ClassVar = ["product", "connection__channel"]
    list_filter: ClassVar = [
        "connection",
        "is_active",
        ("dirty_since", admin.EmptyFieldListFilter),
        ("problem", admin.EmptyFieldListFilter),
    ]


register_read_only(
    PendingChange,
    list_display=["connection", "variant", "product", "effect", "at"],
    list_select_related=["connection__channel", "variant", "product"],
    list_filter=["connection", "effect"],
)
