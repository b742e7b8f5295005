"""Drift admin: show the differences between the stores and our listings."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.sales_channels.models import Drift


@admin.register(Drift)
class DriftAdmin(StaffAdmin):
    empty_text = _("No differences. Each store is compared once an hour.")
    list_display: ClassVar = [
        "sku",
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.text("connection__channel__name", _("Channel")),
        "field",
        "ours",
        "theirs",
        columns.age("found_at", _("Found")),
        columns.age("corrected_at", _("Corrected")),
    ]
    list_select_related: ClassVar = ["variant", "connection__channel"]
    list_filter: ClassVar = ["connection", "field", ("corrected_at", admin.EmptyFieldListFilter)]
