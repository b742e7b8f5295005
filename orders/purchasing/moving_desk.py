"""The action by which staff have another supplier send a purchase order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.cancellation import tasks
from orders.purchasing import reassignment
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, action


class MovingActions(StaffAdmin):
    """What staff do on the page of a purchase order whose supplier shall not send it."""

    moving_fits: ClassVar = {"move_elsewhere": reassignment.can_move}
    moving_refusals: ClassVar = (reassignment.CannotMoveError,)

    @action(description=_("Have another send it"), icon="alt_route")
    def move_elsewhere(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            is_free = reassignment.move(
                purchase_order=purchase_order,
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
            )
            if not is_free:
                self.wake(
                    request,
                    tasks.follow_cancellation,
                    order_id=purchase_order.order_id,
                )

        return self.ask(
            request,
            purchase_order,
            title=gettext("Have another send it"),
            explain=gettext(
                "What the supplier may have is asked to be stopped first: two never send the same"
                " goods. Once it is free, it is looked for elsewhere. What would come later than"
                " promised is asked of the shopper, and what nobody has is paid back."
            ),
            form_class=ReasonForm,
            act=act,
            done=gettext("%s is taken from its supplier.") % purchase_order,
        )
