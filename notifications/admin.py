"""Staff pages of what happened and whom we told."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from notifications.models import Delivery, Event
from storefront.lib import columns
from storefront.lib.staff import StaffAdmin, inline


@admin.register(Event)
class EventAdmin(StaffAdmin):
    list_display: ClassVar = [
        "name",
        "subject",
        columns.age("occurred_at", _("When")),
        columns.age("fanned_out_at", _("Passed on")),
    ]
    list_filter: ClassVar = ["name", ("fanned_out_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["key", "subject"]
    ordering: ClassVar = ["-id"]
    fields: ClassVar = [
        "name",
        "key",
        "subject",
        "sequence",
        "occurred_at",
        "fanned_out_at",
        columns.document("payload", _("What was told")),
    ]
    readonly_fields: ClassVar = fields
    inlines: ClassVar = [
        inline(Delivery, "template", "recipient", "status", "attempts", "problem", tab=False)
    ]
