"""What staff do on the page of a return about the goods: how they come, and what came."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import ReturnAuthorization
from orders.returns import authorizations, forms, inspection, supplier_returns
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, action


@admin.display(description=_("What its supplier owes"))
def supplier_owes(row: ReturnAuthorization) -> str:
    return supplier_returns.says(row)


class ReceivingActions(StaffAdmin):
    """From the label to the shelf, or on to the supplier."""

    @action(description=_("How to send it"), icon="label")
    def label(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("How to send it"),
            explain=gettext("The shopper gets a mail with it, and reads it on his page."),
            form_class=forms.LabelForm,
            initial={"address": row.address},
            act=lambda given: authorizations.issue_label(
                authorization=row, actor=str(request.user), now=timezone.now(), **given
            ),
            done=gettext("The shopper is told."),
        )

    @action(description=_("It came"), icon="inventory")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        lines = list(row.lines.select_related("order_line").order_by("pk"))
        return self.ask(
            request,
            row,
            title=gettext("It came"),
            explain=gettext("Count what is in the parcel. Whether it is accepted is asked next."),
            form_class=forms.received_form(lines),
            act=lambda given: inspection.receive(
                authorization=row,
                units=forms.units_in(given, lines),
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("%s is here. Look at it next.") % row,
        )

    @action(description=_("I looked at it"), icon="search")
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        lines = list(row.lines.select_related("order_line").order_by("pk"))
        return self.ask(
            request,
            row,
            title=gettext("I looked at it"),
            explain=gettext("What is not accepted is not paid, and goes back to the shopper."),
            form_class=forms.inspected_form(lines, is_withdrawal=row.is_withdrawal),
            act=lambda given: inspection.inspect(
                authorization=row,
                judgments=forms.judgments_in(given, lines),
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("It is written down. Refund or refuse it next."),
        )

    @action(description=_("It is lost"), icon="location_off")
    def lose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("It is lost"),
            explain=gettext("The carrier does not find it. It may turn up, be paid or refused."),
            form_class=ReasonForm,
            act=lambda given: authorizations.lose(
                authorization=row,
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("It is written down."),
        )

    @action(description=_("Give it back to the supplier"), icon="local_shipping")
    def send_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("Give it back to the supplier"),
            explain=gettext(
                "A row is made for it, with the credit that we expect. Ask him yourself, and"
                " write down there what he says."
            ),
            act=lambda _given: supplier_returns.open_for(
                authorization=row, actor=str(request.user), now=timezone.now()
            ),
            done=gettext("It stands below."),
        )
