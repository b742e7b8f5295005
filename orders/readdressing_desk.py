"""What staff do so that suppliers send elsewhere what they have already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import correcting, readdressing, tasks
from orders.address_desk import AddressActions, CorrectedForm, known
from orders.models import AddressWish, Order
from storefront.lib import columns
from storefront.lib.address import Address
from storefront.lib.staff import StaffAdmin, action


class ReaddressActions(AddressActions):
    """Settle an address, and have suppliers change what they have."""

    address_actions: ClassVar = [*AddressActions.address_actions, "wish_address"]
    address_fits: ClassVar = {
        **AddressActions.address_fits,
        "wish_address": readdressing.can_wish,
    }

    @action(description=_("Ask for another address"), icon="wrong_location")
    def wish_address(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> readdressing.Wished:
            written = {name: value for name, value in given.items() if name != "reason"}
            wished = readdressing.wish(
                order=order,
                ship_to=Address(**{**written, "country": order.ship_to["country"]}),
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
            )
            self.wake(request, tasks.send_due)
            return wished

        return self.ask(
            request,
            order,
            title=gettext("Ask for another address"),
            explain=gettext(
                "What no supplier has goes there at once. Who has it already is asked: on his page,"
                " or by you, and his answer is written down. What has left goes where it goes. The"
                " shopper is told of each answer."
            ),
            form_class=CorrectedForm,
            initial=known(order),
            act=act,
            done=_said,
        )


def _said(wished: readdressing.Wished) -> str:
    parts = [
        (gettext("goes there: %s"), wished.done),
        (gettext("asked: %s"), wished.asked),
        (gettext("has left: %s"), wished.late),
    ]
    return "; ".join(words % ", ".join(numbers) for words, numbers in parts if numbers)


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
    refusals: ClassVar = (correcting.SettledError,)

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
            act=lambda _given: readdressing.answer(
                wish=wish, is_yes=is_yes, actor=str(request.user), now=timezone.now()
            ),
            done=gettext("It is written down, and the shopper is told."),
        )
