"""Suppliers whom a person asks to erase an address."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders import privacy
from orders.models import SupplierToAsk
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action


@admin.register(SupplierToAsk)
class SupplierToAskAdmin(StaffAdmin):
    """Who was sent an address that is erased here; staff say when they have asked him."""

    list_display: ClassVar = [
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        columns.age("since", _("Erased here")),
        columns.age("asked_at", _("Supplier asked")),
        "asked_by",
    ]
    list_select_related: ClassVar = ["purchase_order__supplier"]
    search_fields: ClassVar = ["purchase_order__number"]
    ordering: ClassVar = ["-id"]
    actions: ClassVar = ["say_asked"]

    @action(description=_("The supplier was asked to erase it"))
    def say_asked(self, request: HttpRequest, rows: QuerySet[SupplierToAsk]) -> None:
        now, actor = timezone.now(), str(request.user)
        self.do_each(request, rows, lambda row: privacy.asked(row=row, actor=actor, now=now))
