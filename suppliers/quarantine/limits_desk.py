"""The staff page of what one supplier's feeds may do before a person is asked."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from suppliers.models import FeedLimits
from suppliers.quarantine.labels import LIMITS


@admin.register(FeedLimits)
class FeedLimitsAdmin(StaffAdmin):
    editable = FeedLimits.NAMES
    may_add = True
    may_delete = True
    groups = LIMITS
    list_display: ClassVar = [columns.text("supplier__name", _("Supplier")), *FeedLimits.NAMES]
    list_select_related: ClassVar = ["supplier"]
    ordering: ClassVar = ["supplier"]
