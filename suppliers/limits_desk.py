"""The staff page of what one supplier's feeds may do before a person is asked."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib import columns
from storefront.lib.staff import StaffAdmin
from suppliers import guards
from suppliers.models import FeedLimits


@admin.register(FeedLimits)
class FeedLimitsAdmin(StaffAdmin):
    editable = FeedLimits.NAMES
    may_add = True
    may_delete = True
    list_display: ClassVar = [columns.text("supplier__name", _("Supplier")), *FeedLimits.NAMES]
    list_select_related: ClassVar = ["supplier"]
    ordering: ClassVar = ["supplier"]

    def get_form(
        self,
        request: HttpRequest,
        obj: FeedLimits | None = None,
        change: bool = False,  # noqa: FBT002 - Django's
        **words: Any,
    ) -> type[forms.ModelForm[FeedLimits]]:
        """Say beside each field what counts while it is empty."""
        usual = {name: getattr(guards.USUAL, name) for name in FeedLimits.NAMES}
        words["help_texts"] = {
            name: gettext("Empty: %(usual)s, as for everybody.") % {"usual": value}
            for name, value in usual.items()
        }
        made: type[forms.ModelForm[FeedLimits]] = super().get_form(request, obj, change, **words)
        return made
