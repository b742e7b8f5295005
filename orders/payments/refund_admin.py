"""Refund admin: refund items or an amount, approve refunds above a limit, edit the limits."""

import secrets
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Order, RefundLimit, RefundRequest
from orders.payments import refunds, staff_refunds, tasks
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    ConfirmForm,
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
)
from storefront.lib.staff.fieldsets import Group as Fieldset
from storefront.lib.staff.form_fields import CurrencyField, money_field

USER_ERRORS: Errors = (
    refunds.RefundTooLargeError,
    refunds.NothingToRefundError,
    staff_refunds.CannotRefundError,
)


class RefundForm(ReasonForm):
    """Amount and reason, with a confirmation, as a refund cannot be undone."""

    amount = money_field(
        _("Amount"),
        required=False,
        help_text=_("Leave it empty to refund what the customer paid for the items above."),
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    is_sure = forms.BooleanField(label=_("Confirm refund"))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        has_units = any(count for name, count in values.items() if name.startswith("units_"))
        if not has_units and not values.get("amount") and not self.errors:
            raise forms.ValidationError(gettext("Enter an amount, or how many items to refund."))
        return values


def refund_form(order: Order) -> type[forms.Form]:
    """Return the refund form of one order: units per line, amount, reason."""
    fields: dict[str, forms.Field] = {
        f"units_{line.pk}": forms.IntegerField(
            label=f"{line.sku} {line.title}",
            min_value=0,
            max_value=left,
            initial=0,
            required=False,
            help_text=gettext("Up to %(left)d") % {"left": left},
        )
        for line, left in staff_refunds.units_left(order).items()
        if left > 0
    }
    order_of_fields = [*fields, "amount", "reason", "is_sure"]
    return type("ItemRefundForm", (RefundForm,), {**fields, "field_order": order_of_fields})


def _explain_refund(order: Any) -> str:
    """Return what can be refunded and what was refunded before, by ``Order.with_progress``."""
    left = refunds.refundable(order)
    text = gettext(
        "You can refund up to %(left)s, by shipped items or by amount. Cancel items that have not"
        " shipped. The refund is sent to the gateway, and the customer gets an e-mail when it is"
        " done. Above your limit, another staff member must approve it. A refund cannot be undone."
    ) % {"left": columns.as_money(left)}
    earlier = Money(order.captured, order.currency) - left
    if not earlier:
        return text
    note = gettext("%(earlier)s of this order is refunded or requested already.")
    return f"{note % {'earlier': columns.as_money(earlier)}} {text}"


class RefundActions(StaffAdmin):
    """Action to refund items or an amount of an order."""

    # The form counts the refunds that are requested, too.
    available_if: ClassVar = {"refund": lambda order: order.captured > order.refunded}
    user_errors: ClassVar[Errors] = USER_ERRORS
    has_refund_permission = permission_check("orders.refund_order")

    @confirmed_action(
        description=_("Refund"),
        icon="undo",
        may="refund",
        explain=_explain_refund,
        form_class=refund_form,
        initial=lambda _order: {"key": secrets.token_hex(8)},
        done=_("Refund of %s requested."),
    )
    def refund(self, request: HttpRequest, order: Order, data: FormData) -> str | None:
        units = {
            int(name.removeprefix("units_")): count
            for name, count in data.items()
            if name.startswith("units_") and count
        }
        amount = Money(data["amount"], order.currency) if data["amount"] else None
        made = staff_refunds.request(
            order=order,
            units=units,
            amount=amount,
            limit=staff_refunds.limit_of(request.user, order.currency),
            reason=data["reason"],
            key=data["key"] or secrets.token_hex(8),
            **acting(request),
        )
        if made.status == RefundRequest.Status.WAITING:
            return gettext(
                "The refund is above your limit. It is made when another staff member approves it."
            )
        self.wake(request, tasks.execute_requests)
        return None


@admin.display(description=_("Items"))
def refunded_items(row: RefundRequest) -> str:
    return staff_refunds.items_of(row)


def _explain_approval(row: RefundRequest) -> str:
    text = gettext("%(by)s asks to refund %(amount)s of order %(order)s: %(reason)s") % {
        "by": row.requested_by,
        "amount": columns.as_money(row.value),
        "order": row.order,
        "reason": row.reason,
    }
    items = staff_refunds.items_of(row)
    return f"{text} ({items})" if items else text


@admin.register(RefundRequest)
class RefundRequestAdmin(StaffAdmin):
    empty_text: ClassVar = _("No refunds yet. Refund an order on its page.")
    list_display: ClassVar = [
        columns.money("amount", _("Amount")),
        columns.link("order", _("Order")),
        columns.status(
            "status", _("Status"), needs_action={"waiting"}, final={"approved", "rejected"}
        ),
        "reason",
        "requested_by",
        columns.age("requested_at", _("Requested")),
        "decided_by",
    ]
    list_select_related: ClassVar = ["order"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["order__number"]
    readonly_fields: ClassVar = [
        columns.money("amount", _("Amount")),
        refunded_items,
        columns.status_history,
    ]
    exclude: ClassVar = ["key", "units", "amount", "currency"]
    actions_detail: ClassVar = ["approve", "reject"]
    available_if: ClassVar = dict.fromkeys(
        ("approve", "reject"), lambda row: row.status == RefundRequest.Status.WAITING
    )
    user_errors: ClassVar = USER_ERRORS
    has_decide_permission = permission_check("orders.refund_order")

    @confirmed_action(
        description=_("Approve refund"),
        icon="check",
        may="decide",
        explain=_explain_approval,
        form_class=ConfirmForm,
        done=_("Refund approved. The customer gets an e-mail when it is done."),
    )
    def approve(self, request: HttpRequest, row: RefundRequest, _data: object) -> None:
        limit = staff_refunds.limit_of(request.user, row.currency)
        staff_refunds.approve(request=row, limit=limit, **acting(request))
        self.wake(request, tasks.execute_requests)

    @confirmed_action(
        description=_("Reject refund"),
        icon="block",
        may="decide",
        explain=_("Nothing is refunded. The requester sees your reason on the order page."),
        form_class=ReasonForm,
        done=_("Refund rejected."),
    )
    def reject(self, request: HttpRequest, row: RefundRequest, data: FormData) -> None:
        staff_refunds.reject(request=row, **data, **acting(request))


class RefundLimitForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The currency is selected by its name."""

    amount = money_field(_("Limit per order"))
    currency = CurrencyField()


@admin.register(RefundLimit)
class RefundLimitAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No limits. Every staff member who may refund orders refunds any amount without approval."
    )
    form = RefundLimitForm
    may_add = True
    may_delete = True
    editable = ("group", "amount", "currency")
    groups: ClassVar = (Fieldset(_("Refund limit"), ("group", "amount", "currency")),)
    list_display: ClassVar = [
        columns.text("group__name", _("Group")),
        columns.money("amount", _("Limit per order")),
    ]
    list_select_related: ClassVar = ["group"]
    list_filter: ClassVar = ["currency"]
