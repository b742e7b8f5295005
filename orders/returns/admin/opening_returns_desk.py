"""What staff begin on the page of an order for a shopper who telephones."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import ReturnAuthorization
from orders.returns import eligibility, forms, requests
from orders.returns.refusing import CannotReturnError
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.inlines import inline

RETURNS = inline(
    ReturnAuthorization,
    "number",
    "status",
    "kind",
    columns.money("refund_amount", _("Paid back")),
    "opened_at",
    tab=False,
    fk_name="order",
)


def has_left(order: Any) -> bool:
    """Test whether units left of which no return stands; the page has asked both sums."""
    return bool(order.shipped > order.returning)


class ReturnActions(StaffAdmin):
    """A return as the shopper would open it himself; the receipt goes to him."""

    return_fits: ClassVar = {"open_return": has_left}
    return_refusals: ClassVar = (CannotReturnError,)

    @action(description=_("Open a return"), icon="assignment_return")
    def open_return(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.row(request, object_id)
        left = eligibility.look(order=order, now=timezone.now(), is_late_fine=True)
        form_class, lines = forms.open_form(left)

        def act(given: Mapping[str, Any]) -> None:
            requests.declare(
                order=order,
                said=forms.declaration_of(given, lines),
                actor=str(request.user),
                now=timezone.now(),
                is_late_fine=given["is_late_fine"],
            )

        return self.ask(
            request,
            order,
            title=gettext("Open a return"),
            explain=gettext(
                "For a shopper who telephones or writes. He gets the receipt at once; a withdrawal"
                " is approved with it."
            ),
            form_class=form_class,
            initial={"key": secrets.token_hex(16)},
            act=act,
            done=gettext("The return is written down; it stands below."),
        )
