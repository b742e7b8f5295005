"""Staff give goods back to a supplier of which no shopper's return stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims
from orders.claims import forms as claim_forms
from orders.models import SupplierRMA
from orders.returns import supplier_returns
from storefront.lib.staff.admin import StaffAdmin, action


def _once(form_class: type[forms.Form]) -> type[forms.Form]:
    """Let the form carry its number, so that two clicks are one."""
    number = forms.CharField(widget=forms.HiddenInput, max_length=30)
    return type("SendBackForm", (form_class,), {"number": number})


class SendBackActions(StaffAdmin):
    """What staff begin on the page of a purchase order whose goods go back."""

    send_back_fits: ClassVar = {"send_back": claims.has_left}
    send_back_refusals: ClassVar = (supplier_returns.CannotSendBackError,)

    @action(description=_("Give goods back to the supplier"), icon="assignment_return")
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)
        claimable = claims.claimable(purchase_order)

        def act(given: Mapping[str, Any]) -> SupplierRMA:
            return supplier_returns.open_alone(
                purchase_order=purchase_order,
                units=claim_forms.units_of(given, claimable),
                number=given["number"],
                actor=str(request.user),
                now=timezone.now(),
            )

        return self.ask(
            request,
            purchase_order,
            title=gettext("Give goods back to the supplier"),
            explain=gettext(
                "Units that no return of a shopper is about, such as a refused parcel. What he owes"
                " for them is expected from now on: tell him, and write his answers down."
            ),
            form_class=_once(claim_forms.units_form(claimable)),
            initial={"number": supplier_returns.new_number(purchase_order)},
            act=act,
            done=lambda rma: gettext("%s is written down: ask the supplier.") % rma,
        )
