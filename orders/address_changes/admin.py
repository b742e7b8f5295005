"""Address change admin: confirm or correct an order's address, record supplier answers."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.address_changes import change_requests, corrections
from orders.addresses import validation, verification
from orders.models import AddressChangeRequest, Order
from orders.purchasing import tasks
from storefront.lib.address import Address
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
)


def _field(label: Any, name: str, *, help_text: Any = "", required: bool = False) -> Any:
    return forms.CharField(
        label=label, max_length=validation.LIMITS[name], required=required, help_text=help_text
    )


class CorrectionForm(ReasonForm):
    """The new address and its reason."""

    name = _field(
        _("Name"), "name", help_text=_("The person who receives the parcel."), required=True
    )
    line1 = _field(_("Street and number"), "line1", help_text=_("No PO box."), required=True)
    line2 = _field(_("Address line 2"), "line2", help_text=_("Floor, apartment, company."))
    postcode = _field(_("Postcode"), "postcode", help_text=_("As used by the local post."))
    city = _field(_("City"), "city", help_text=_("As used by the local post."))
    region = _field(
        _("State or region"), "region", help_text=_("If the country has states or regions.")
    )
    phone = _field(_("Phone"), "phone", help_text=_("For the carrier. Digits only."))
    field_order = ("name", "line1", "line2", "postcode", "city", "region", "phone", "reason")


class AddressActions(StaffAdmin):
    """Actions to confirm or correct an address, each with a reason."""

    available_if: ClassVar = {
        "confirm_address": corrections.can_confirm,
        "correct_address": lambda order: order.status not in corrections.ENDED_STATES,
    }
    user_errors: ClassVar[Errors] = (
        corrections.AddressLockedError,
        corrections.InvalidNewAddressError,
    )
    has_redirect_permission = permission_check("orders.redirect_order")

    @confirmed_action(
        description=_("Confirm address"),
        icon="where_to_vote",
        explain=lambda order: (
            " ".join(str(warning) for warning in corrections.unconfirmed_warnings(order).values())
            or gettext("This address has no open warnings.")
        ),
        form_class=ReasonForm,
        done=_("Address of %s confirmed."),
    )
    def confirm_address(self, request: HttpRequest, order: Order, data: FormData) -> None:
        corrections.confirm(order=order, **data, **acting(request))
        self.wake(request, tasks.sweep_due_submissions)

    @confirmed_action(
        description=_("Correct address"),
        icon="edit_location_alt",
        may="redirect",
        explain=_(
            "Items that no supplier has yet ship to the new address. Suppliers that have the order"
            " are asked to change it, on their supplier page or by you. Shipped items keep the old"
            " address. The country cannot change. The address is printed on the label as you enter"
            " it, and the reason is saved on the order. The customer gets an e-mail about each"
            " change."
        ),
        form_class=CorrectionForm,
        initial=lambda order: {
            name: str(value or "") for name, value in order.ship_to.items() if name != "country"
        },
    )
    def correct_address(self, request: HttpRequest, order: Order, data: FormData) -> str:
        given = {name: value for name, value in data.items() if name != "reason"}
        address = Address(**{**given, "country": order.ship_to["country"]})
        result = change_requests.change_address(
            order=order,
            ship_to=address,
            reason=data["reason"],
            **acting(request),
        )
        self.wake(request, tasks.sweep_due_submissions)
        # The reason confirms the warnings, so that only this message shows them.
        warnings = [str(text) for text in verification.warnings(address).values()]
        if result is None:
            return " ".join((gettext("Address of %s corrected.") % order, *warnings))
        parts = [
            (gettext("changed: %s"), result.done),
            (gettext("awaiting supplier: %s"), result.requested),
            (gettext("already shipped: %s"), result.late),
        ]
        told = "; ".join(text % ", ".join(numbers) for text, numbers in parts if numbers)
        return " ".join((f"{told}.", *warnings))


# Supplier answers

SUPPLIER_CONFIRMED = _("Use this only if the supplier told you so. The customer gets an e-mail.")
RESPONSE_RECORDED = _("Response recorded. The customer gets an e-mail.")


@admin.register(AddressChangeRequest)
class AddressChangeRequestAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("id", _("Number")),
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        columns.status("status", _("Status"), waiting={"requested"}, final={"accepted", "refused"}),
        "requested_by",
        "answered_by",
        columns.age("status_since", _("Since")),
    ]
    list_select_related: ClassVar = ["purchase_order__supplier"]
    list_filter: ClassVar = ["status", "purchase_order__supplier"]
    search_fields: ClassVar = ["purchase_order__number"]
    readonly_fields: ClassVar = [
        columns.document("ship_to", _("Delivery address")),
        columns.status_history,
    ]
    exclude: ClassVar = ["ship_to"]
    actions_detail: ClassVar = ["record_acceptance", "record_refusal"]
    available_if: ClassVar = dict.fromkeys(
        actions_detail,
        lambda change_request: change_request.status == AddressChangeRequest.Status.REQUESTED,
    )
    user_errors: ClassVar = (corrections.AddressLockedError,)

    @confirmed_action(
        description=_("Mark as accepted"),
        icon="where_to_vote",
        explain=SUPPLIER_CONFIRMED,
        done=RESPONSE_RECORDED,
    )
    def record_acceptance(
        self, request: HttpRequest, row: AddressChangeRequest, _data: object
    ) -> None:
        self._record(request, row, is_yes=True)

    @confirmed_action(
        description=_("Mark as rejected"),
        icon="wrong_location",
        explain=SUPPLIER_CONFIRMED,
        done=RESPONSE_RECORDED,
    )
    def record_refusal(
        self, request: HttpRequest, row: AddressChangeRequest, _data: object
    ) -> None:
        self._record(request, row, is_yes=False)

    def _record(self, request: HttpRequest, row: AddressChangeRequest, *, is_yes: bool) -> None:
        change_requests.record_answer(change_request=row, is_yes=is_yes, **acting(request))
