"""Staff page of the in-tray."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.hooks.models import InboundCall
from storefront.lib import columns
from storefront.lib.staff import StaffAdmin


@admin.register(InboundCall)
class InboundCallAdmin(StaffAdmin):
    list_display: ClassVar = [
        "external_id",
        "source",
        columns.state(
            "status", _("State"), calls={"failed"}, waits={"received"}, ended={"applied", "ignored"}
        ),
        "attempts",
        "problem",
        columns.age("received_at", _("Received")),
    ]
    list_filter: ClassVar = ["source", "status"]
    search_fields: ClassVar = ["external_id", "problem"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.document("body", _("Word for word")), columns.moves]
