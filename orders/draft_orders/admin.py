"""Draft order admin: create an order for a customer, edit an order that is not paid."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.draft_orders import draft_orders
from orders.models import Cart, Order
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    StaffAdmin,
    acting,
    action,
    permission_check,
)


class DraftActions(StaffAdmin):
    """Actions that lead to a draft order."""

    available_if: ClassVar = {
        "edit_unpaid": lambda order: order.status == Order.Status.PENDING_PAYMENT
    }
    user_errors: ClassVar[Errors] = (draft_orders.NotEditableError,)
    has_place_permission = permission_check("orders.place_order")

    @action(description=_("Create order"), icon="add", may="place")
    def create_order(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("supply:draft_orders"))

    @action(description=_("Edit order"), icon="edit", may="place")
    def edit_unpaid(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel the order and open its content as a draft."""
        order = self.row(request, object_id)
        drafts: list[Cart] = []

        def reopen(_data: FormData) -> None:
            reason = gettext("Edited: its content is in a new order")
            drafts.append(draft_orders.reopen(order=order, reason=reason, **acting(request)))

        answer = self.ask(
            request,
            order,
            title=gettext("Edit order"),
            explain=gettext(
                "The order is canceled and its content opens as a draft, at current prices. The old"
                " payment link says that the order was changed. Place the draft to send a new"
                " payment link, or discard it: then the customer gets an e-mail that the order is"
                " canceled."
            ),
            act=reopen,
            done=gettext("%(order)s is canceled. Change the draft and place it.")
            % {"order": order},
        )
        if drafts:
            return HttpResponseRedirect(reverse("supply:draft_order", args=[drafts[0].pk]))
        return answer
