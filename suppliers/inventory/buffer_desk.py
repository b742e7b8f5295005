"""Safety stock: staff keep units of a supplier back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from storefront.lib.staff.admin import StaffAdmin, action
from suppliers.inventory import safety_stock
from suppliers.scorecards import statistics

KEEP_BACK_AT_MOST = 1_000


class BufferForm(forms.Form):
    """How many units to keep back."""

    units = forms.IntegerField(
        label=_("Units of each stock row that are never promised"),
        min_value=0,
        max_value=KEEP_BACK_AT_MOST,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class BufferActions(StaffAdmin):
    """What staff keep back of a supplier's figures."""

    @action(description=_("Keep units back"), icon="inventory_2")
    def keep_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        found = safety_stock.suggest(supplier=supplier, now=timezone.now())
        words = gettext("In 90 days %(refused)d of %(promised)d promised lines were refused.") % {
            "refused": found.refused,
            "promised": found.promised,
        }
        if found.units is None:
            words += " " + gettext("From fewer than %(few)d promises nothing is concluded.") % {
                "few": statistics.FEWEST_PROMISES
            }
        else:
            words += " " + gettext("Suggested: %(units)d.") % {"units": found.units}

        def act(given: Mapping[str, Any]) -> None:
            safety_stock.take_over(
                supplier=supplier,
                units=given["units"],
                actor=str(request.user),
                now=timezone.now(),
            )

        return self.ask(
            request,
            supplier,
            title=gettext("Keep units back"),
            explain=words,
            form_class=BufferForm,
            initial={"units": supplier.buffer if found.units is None else found.units},
            act=act,
            done=gettext("The next stock run keeps so many units back."),
        )
