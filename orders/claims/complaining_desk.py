"""What the page of a purchase order shows of claims, and the action that begins one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims, forms, tasks
from orders.models import SupplierClaim
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.inlines import inline

STATE = columns.state(
    "status",
    _("State"),
    calls={"submit_unknown", "submit_failed", "on_hold"},
    waits={"draft", "submitting", "requested"},
    ended={"credited", "resent", "denied", "canceled"},
)
EXPECTED = columns.money("expected_amount", _("Claimed"))
FREIGHT = columns.money("freight_amount", _("Of it freight"))
CREDITED = columns.money("credited_amount", _("Credited"))


@admin.display(description=_("Claim"))
def page_of(claim: SupplierClaim) -> str:
    page = reverse("admin:orders_supplierclaim_change", args=[claim.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', page, claim.number)


CLAIMS = inline(
    SupplierClaim,
    page_of,
    STATE,
    "trouble",
    "remedy",
    EXPECTED,
    CREDITED,
    "problem",
    tab=False,
)


class ComplainActions(StaffAdmin):
    """What staff begin on the page of a purchase order."""

    complain_fits: ClassVar = {"complain": claims.has_left}
    complain_refusals: ClassVar = (claims.CannotClaimError,)

    @action(description=_("Complain to the supplier"), icon="report")
    def complain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)
        supplier = purchase_order.supplier
        is_told = claims.takes_claims(supplier)
        claimable = claims.claimable(purchase_order)

        def act(given: Mapping[str, Any]) -> None:
            claim = claims.complain(
                purchase_order=purchase_order,
                complaint=forms.complaint_of(given, claimable, is_by_hand=not is_told),
                actor=str(request.user),
                now=timezone.now(),
            )
            if not claim.is_by_hand:
                self.wake(request, tasks.submit_claim, claim_id=claim.pk)

        return self.ask(
            request,
            purchase_order,
            title=gettext("Complain to the supplier"),
            explain=(
                gettext("A worker tells %(name)s, and asks him until he has decided.")
                if is_told
                else gettext(
                    "No program can tell %(name)s: tell him yourself, and write his answer down"
                    " on the page of the claim."
                )
            )
            % {"name": supplier.name},
            form_class=forms.complaint_form(
                claimable, may_choose=is_told, freight=claims.freight_left(purchase_order)
            ),
            initial={"number": claims.new_number(purchase_order)},
            act=act,
            done=gettext("The claim is written down; it stands below."),
        )
