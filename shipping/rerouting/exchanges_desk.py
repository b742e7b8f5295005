"""Staff pages of returns, with what asks who sends goods now: the replacement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Order, ReturnAuthorization, ReturnLine
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks
from orders.returns import exchange_forms, exchange_options, exchanges
from orders.returns.admin.returns import ReturnDesk
from orders.returns.exchange_options import Other
from shipping.rerouting import exchanges as rerouting_exchanges
from storefront.lib.staff.admin import action


@admin.register(ReturnAuthorization)
class ReturnAuthorizationAdmin(ReturnDesk):
    actions_detail: ClassVar = [*ReturnDesk.actions_detail, "exchange", "note_wish"]
    fits: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        **ReturnDesk.fits,
        "exchange": exchanges.is_for,
        "note_wish": lambda row: row.status not in ReturnAuthorization.ENDED,
    }

    @action(description=_("Replace it"), icon="swap_horiz")
    def exchange(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        lines, may_be = _choices(row)

        def act(given: Mapping[str, Any]) -> Order:
            made = rerouting_exchanges.exchange(
                authorization=row,
                choice=exchange_forms.instead_in(given, lines),
                is_free=given["is_free"],
                actor=str(request.user),
                now=timezone.now(),
            )
            self.wake(request, purchasing_tasks.divide, order_id=made.pk)
            self.wake(request, payment_tasks.settle_payments)
            return made

        return self.ask(
            request,
            row,
            title=gettext("Replace it"),
            explain=gettext(
                "The same goods are ordered anew for the shopper, for nothing, from whoever sends"
                " them now. The purchase order earns nothing, so it is held until you let it go."
            )
            + " "
            + gettext(
                "Another may go instead: of what it costs less than was paid, the difference goes"
                " back at once."
            ),
            form_class=exchange_forms.exchange_form(lines, may_be),
            act=act,
            done=lambda made: gettext("It is replaced by %s.") % made,
        )

    @action(description=_("The shopper wants another instead"), icon="palette")
    def note_wish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        lines, may_be = _choices(row)
        return self.ask(
            request,
            row,
            title=gettext("The shopper wants another instead"),
            explain=gettext(
                "Only who asks for it himself gets another instead of his money, when he withdraws."
                " Write down what he chose."
            ),
            form_class=exchange_forms.instead_form(lines, may_be, same=_("No, nothing else")),
            act=lambda given: exchanges.wish(
                authorization=row, wanted=exchange_forms.instead_in(given, lines)
            ),
            done=gettext("It is written down."),
        )


def _choices(row: ReturnAuthorization) -> tuple[list[ReturnLine], dict[int, list[Other]]]:
    lines = list(row.lines.select_related("order_line").order_by("pk"))
    bought = exchange_options.bought_of(row)
    return lines, exchange_options.others(bought.values(), channel=row.order.channel)
