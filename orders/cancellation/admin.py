"""Cancellation admin: cancel items, record answers, decide on items shipped after cancellation."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.cancellation import canceled_but_shipped, cancellation, items, supplier_answers
from orders.cancellation import tasks as cancellation_tasks
from orders.cancellation.items import Scope
from orders.models import CanceledShipmentDecision, Order, PurchaseOrder
from orders.payments import tasks
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.inlines import inline


class CancellationAnswerActions(StaffAdmin):
    """Actions on a purchase order whose cancellation is requested."""

    available_if: ClassVar = {
        "accept_cancellation": supplier_answers.can_confirm,
        "reject_cancellation": supplier_answers.is_answer_pending,
    }
    user_errors: ClassVar[Errors] = (supplier_answers.NoPendingRequestError,)

    @confirmed_action(
        description=_("Mark cancellation accepted"),
        icon="block",
        explain=_(
            "Use this only if the supplier confirmed it to you. The customer is"
            " refunded, or the items are reassigned to another supplier. If the"
            " supplier ships anyway, the customer receives them twice."
        ),
        done=_("%s is canceled."),
    )
    def accept_cancellation(
        self, request: HttpRequest, purchase_order: PurchaseOrder, _data: object
    ) -> None:
        supplier_answers.record_acceptance(purchase_order=purchase_order, **acting(request))
        self.wake(request, tasks.execute_requests)

    @confirmed_action(
        description=_("Mark cancellation rejected"),
        icon="local_shipping",
        explain=_(
            "Use this only if the supplier confirmed it to you. The items are"
            " delivered, and the customer sees this on the order page."
        ),
        done=_("%s will be shipped."),
    )
    def reject_cancellation(
        self, request: HttpRequest, purchase_order: PurchaseOrder, _data: object
    ) -> None:
        supplier_answers.record_refusal(purchase_order=purchase_order, **acting(request))


# Single items

SCOPE_HELP: Mapping[Scope, Promise] = {
    Scope.UNITS: _("No supplier has it: any quantity is canceled at once."),
    Scope.ALL: _("Canceled at once, but only with the rest of its purchase order or backorder."),
    Scope.REQUEST: _(
        "The supplier has it: the supplier is asked, and cancels only the whole purchase order."
    ),
    Scope.REQUESTED: _("The supplier was asked and has not answered."),
    Scope.NOTHING: _("Shipped: it can only be returned."),
}
OUTCOME_LABELS: Mapping[items.Outcome, Promise] = {
    items.Outcome.CANCELED: _("Items are canceled and refunded."),
    items.Outcome.REQUESTED: _("The supplier is asked to cancel items."),
    items.Outcome.TOGETHER: _(
        "Some items are not canceled: only a whole purchase order can be canceled."
    ),
    items.Outcome.LATE: _("Some items are not canceled: they have shipped."),
}


TOGETHER = _("These items are canceled only together: enter the whole quantity of each.")


class ItemsForm(ReasonForm):
    """Quantities to cancel; ``together`` has the fields of each group that is canceled as one."""

    together: ClassVar[Sequence[Sequence[str]]] = ()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for names in self.together:
            chosen = [name for name in names if values.get(name)]
            for name in names if chosen else ():
                if values.get(name, 0) < self.fields[name].max_value:  # type: ignore[attr-defined]
                    self.add_error(name, TOGETHER)
        return values


def items_form(order: Order) -> type[forms.Form]:
    """Return the form of one order: a quantity to cancel per open line, and the reason."""
    fields: dict[str, forms.Field] = {}
    together: list[list[str]] = []
    for group in items.find_groups(order):
        if group.scope in {Scope.ALL, Scope.REQUEST}:
            together.append([f"units_{line.pk}" for line in group.lines])
        for line in group.lines:
            most = line.quantity - line.canceled_quantity
            fields[f"units_{line.pk}"] = forms.IntegerField(
                label=f"{line.sku} {line.title}",
                min_value=0,
                max_value=most,
                initial=0,
                disabled=group.scope in {Scope.NOTHING, Scope.REQUESTED},
                help_text=str(SCOPE_HELP[group.scope]),
            )
            fields[f"of_{line.pk}"] = forms.IntegerField(initial=most, widget=forms.HiddenInput)
    parts = {**fields, "together": together, "field_order": [*fields, "reason"]}
    return type("OrderItemsForm", (ItemsForm,), parts)


class ItemCancellationActions(StaffAdmin):
    """Action to cancel single items of an order, by the rules for its customer."""

    available_if: ClassVar = {"cancel_items": lambda order: order.status in order.ACTIVE}
    user_errors: ClassVar[Errors] = (cancellation.TooLateError,)

    @confirmed_action(
        description=_("Cancel items"),
        icon="remove_shopping_cart",
        may="cancel",
        explain=_(
            "Enter how many of each to cancel. The customer is refunded for canceled items, pays no"
            " more for the others, and gets an e-mail."
        ),
        form_class=items_form,
    )
    def cancel_items(self, request: HttpRequest, order: Order, data: FormData) -> str:
        keep = {
            int(name.removeprefix("units_")): max(data[name.replace("units", "of")] - units, 0)
            for name, units in data.items()
            if name.startswith("units_") and units
        }
        outcomes = items.cancel_items(
            order=order, keep=keep, reason=data["reason"], **acting(request)
        )
        self.wake(request, cancellation_tasks.process_cancellation, order_id=order.pk)
        texts = [str(OUTCOME_LABELS[outcome]) for outcome in sorted(outcomes)]
        return " ".join(texts) or gettext("Nothing was canceled.")


# Canceled but shipped

DECISIONS = inline(
    CanceledShipmentDecision,
    "outcome",
    "reason",
    "decided_by",
    "decided_at",
    "was_shipped",
    tab=False,
    ordering=["-id"],
)


def decision_form(purchase_order: PurchaseOrder) -> type[forms.Form]:
    """Return the decision form of one purchase order, with the possible outcomes."""
    choices = [
        (outcome_choice.value, outcome_choice.label)
        for outcome_choice in canceled_but_shipped.possible_outcomes(purchase_order)
    ]
    outcome = forms.ChoiceField(label=_("Resolution"), choices=choices)
    order = ("outcome", "reason")
    return type("DecisionForm", (ReasonForm,), {"outcome": outcome, "field_order": order})


class CanceledShipmentActions(StaffAdmin):
    """Action to decide on a canceled purchase order that the supplier has or shipped."""

    available_if: ClassVar = {"decide_canceled_shipment": canceled_but_shipped.is_decision_due}
    user_errors: ClassVar[Errors] = (canceled_but_shipped.CannotDecideError,)

    @confirmed_action(
        description=_("Set resolution"),
        icon="gavel",
        explain=lambda purchase_order: (
            gettext(
                "The supplier shipped canceled items, and the customer was refunded."
                " To claim the cost from the supplier, open a supplier claim first."
            )
            if canceled_but_shipped.was_shipped(purchase_order)
            else gettext(
                "The supplier still has canceled items on order, and the customer was refunded."
                " Use this only if you know that the supplier will not ship them: its status is no"
                " longer checked. If it ships anyway, a new decision is needed."
            )
        ),
        form_class=decision_form,
        done=_("Decision for %s saved."),
    )
    def decide_canceled_shipment(
        self, request: HttpRequest, purchase_order: PurchaseOrder, data: FormData
    ) -> None:
        canceled_but_shipped.decide(
            purchase_order=purchase_order,
            outcome=CanceledShipmentDecision.Outcome(data["outcome"]),
            reason=data["reason"],
            **acting(request),
        )


register_read_only(
    CanceledShipmentDecision,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        "outcome",
        "reason",
        "decided_by",
        columns.age("decided_at", _("When")),
    ],
    list_display_links=["outcome"],
    list_select_related=["purchase_order"],
    list_filter=["outcome"],
    search_fields=["purchase_order__number", "reason"],
)
