"""Staff pages of returns, with what asks who sends goods now: the replacement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import tasks
from orders.models import Order, ReturnAuthorization
from orders.returning import replacing
from orders.returns_desk import ReturnDesk
from shipping import exchanging
from storefront.lib.staff import action


@admin.register(ReturnAuthorization)
class ReturnAuthorizationAdmin(ReturnDesk):
    actions_detail: ClassVar = [*ReturnDesk.actions_detail, "exchange"]
    fits: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        **ReturnDesk.fits,
        "exchange": replacing.is_for,
    }

    @action(description=_("Replace it"), icon="swap_horiz")
    def exchange(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def act(_given: object) -> Order:
            made = exchanging.exchange(
                authorization=row, actor=str(request.user), now=timezone.now()
            )
            self.wake(request, tasks.divide, order_id=made.pk)
            return made

        return self.ask(
            request,
            row,
            title=gettext("Replace it"),
            explain=gettext(
                "The same goods are ordered anew for the shopper, for nothing, from whoever sends"
                " them now. The purchase order earns nothing, so it is held until you let it go."
            ),
            act=act,
            done=lambda made: gettext("It is replaced by %s.") % made,
        )
