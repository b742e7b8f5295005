"""Staff pages of what suppliers are to send elsewhere: write down what they say."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.addresses import change_requests, corrections
from orders.models import AddressWish
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action


@admin.register(AddressWish)
class AddressWishAdmin(StaffAdmin):
    list_display: ClassVar = [
        "id",
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        columns.state("status", _("State"), waits={"requested"}, ended={"accepted", "refused"}),
        "asked_by",
        "answered_by",
        columns.age("status_since", _("Since")),
    ]
    list_select_related: ClassVar = ["purchase_order__supplier"]
    list_filter: ClassVar = ["status", "purchase_order__supplier"]
    search_fields: ClassVar = ["purchase_order__number"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.document("ship_to", _("Goes to")), columns.moves]
    exclude: ClassVar = ["ship_to"]
    actions_detail: ClassVar = ["says_yes", "says_no"]
    fits: ClassVar = dict.fromkeys(
        actions_detail, lambda wish: wish.status == AddressWish.Status.REQUESTED
    )
    refusals: ClassVar = (corrections.SettledError,)

    @action(description=_("He sends it there"), icon="where_to_vote")
    def says_yes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._write_down(request, object_id, is_yes=True)

    @action(description=_("He cannot change it"), icon="wrong_location")
    def says_no(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._write_down(request, object_id, is_yes=False)

    def _write_down(self, request: HttpRequest, object_id: str, *, is_yes: bool) -> HttpResponse:
        wish: AddressWish = self.row(request, object_id)
        return self.ask(
            request,
            wish,
            title=gettext("He sends it there") if is_yes else gettext("He cannot change it"),
            explain=gettext("Only what he told you. The shopper gets a mail."),
            act=lambda _given: change_requests.answer(
                wish=wish, is_yes=is_yes, actor=str(request.user), now=timezone.now()
            ),
            done=gettext("It is written down, and the shopper is told."),
        )
