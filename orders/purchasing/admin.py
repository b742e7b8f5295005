"""Staff send what is collected for a supplier before its moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import PurchaseOrder
from orders.purchasing import submission, tasks
from storefront.lib.staff.admin import StaffAdmin, action

Status = PurchaseOrder.Status


@admin.display(description=_("Goes at"), ordering="goes_at", empty_value="")
def goes_at(purchase_order: PurchaseOrder) -> str | None:
    """Tell when it goes, while it waits for that."""
    if not is_collected(purchase_order) or purchase_order.goes_at is None:
        return None
    return date_format(timezone.localtime(purchase_order.goes_at), "DATETIME_FORMAT")


def is_collected(purchase_order: PurchaseOrder) -> bool:
    return (
        purchase_order.goes_at is not None
        and purchase_order.request_status == PurchaseOrder.Request.UNSUBMITTED
        and purchase_order.status in {Status.DRAFT, Status.READY}
    )


GOES_AT = goes_at


class SendActions(StaffAdmin):
    """What staff do to a purchase order that waits for its moment."""

    send_fits: ClassVar[Mapping[str, Callable[[Any], bool]]] = {"send_now": is_collected}

    @action(description=_("Send it now"), icon="outgoing_mail")
    def send_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        collected = self.row(request, object_id)

        def act(_given: object) -> None:
            submission.send_now(
                purchase_order=collected, actor=str(request.user), now=timezone.now()
            )
            self.wake(request, tasks.send, purchase_order_id=collected.pk)

        return self.ask(
            request,
            collected,
            title=gettext("Send it now"),
            explain=gettext(
                "Orders for this supplier are collected. Until this one goes, it is canceled at"
                " once and costs nothing; sent now, the supplier is asked first."
            ),
            act=act,
            done=gettext("%s is sent now.") % collected,
        )
