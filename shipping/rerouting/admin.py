"""Rerouting admin: replace items of returns and parcels; reroute, answer or cancel backorders."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from orders.backorders import refunds
from orders.cancellation.tasks import process_cancellation
from orders.models import Backorder, BackorderLine, ReturnAuthorization, ReturnLine
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.tasks import sweep_due_submissions
from orders.returns import exchange_options
from orders.returns import exchanges as return_exchanges
from orders.returns import forms as return_forms
from orders.returns.admin.returns import BaseReturnAdmin
from orders.returns.exchange_options import ExchangeOption
from shipping.models import Parcel
from shipping.rerouting import customer_choice, parcel_replacements, rerouting
from shipping.rerouting import exchanges as rerouting_exchanges
from shipping.rerouting.tasks import reroute
from shipping.return_labels.admin import LABELS, ReturnLabelActions
from shipping.shipments.admin.parcels import BaseParcelAdmin
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.inlines import inline


@admin.register(ReturnAuthorization)
class ReturnAuthorizationAdmin(ReturnLabelActions, BaseReturnAdmin):
    inlines: ClassVar = [*BaseReturnAdmin.inlines, LABELS]
    actions_detail: ClassVar = [
        *BaseReturnAdmin.actions_detail,
        *ReturnLabelActions.actions_detail,
        "exchange",
        "record_exchange_choice",
    ]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "exchange": return_exchanges.can_exchange,
        "record_exchange_choice": lambda row: row.status not in ReturnAuthorization.FINAL,
    }

    @confirmed_action(
        description=_("Create replacement"),
        icon="swap_horiz",
        explain=lambda _row: " ".join(
            [
                gettext(
                    "The same items are ordered again for the customer, free of charge, from "
                    "the best available supplier. The purchase order has no revenue, so it "
                    "stays on hold until you release it."
                ),
                gettext(
                    "You can choose another product. If it costs less than was paid, the "
                    "difference is refunded immediately."
                ),
            ]
        ),
        form_class=lambda row: return_forms.exchange_form(*_choices(row)),
    )
    def exchange(
        self, request: HttpRequest, row: ReturnAuthorization, cleaned_data: Mapping[str, Any]
    ) -> str:
        replacement = rerouting_exchanges.create_replacement(
            authorization=row,
            choice=return_forms.read_variants(cleaned_data, row.lines.order_by("pk")),
            is_free=cleaned_data["is_free"],
            **acting(request),
        )
        self.wake(request, purchasing_tasks.create_purchase_orders, order_id=replacement.pk)
        self.wake(request, payment_tasks.execute_requests)
        return gettext("Replacement created: %s") % replacement

    @confirmed_action(
        description=_("Record exchange request"),
        icon="palette",
        explain=_(
            "On a withdrawal, an exchange instead of a refund is possible only if the "
            "customer asks for it. Record what the customer chose."
        ),
        form_class=lambda row: return_forms.variant_form(*_choices(row), same=_("No exchange")),
        done=_("Changes saved"),
    )
    def record_exchange_choice(
        self, _request: HttpRequest, row: ReturnAuthorization, cleaned_data: Mapping[str, Any]
    ) -> None:
        wanted = return_forms.read_variants(cleaned_data, row.lines.order_by("pk"))
        return_exchanges.request_variants(authorization=row, wanted=wanted)


def _choices(row: ReturnAuthorization) -> tuple[list[ReturnLine], dict[int, list[ExchangeOption]]]:
    lines = list(row.lines.select_related("order_line").order_by("pk"))
    purchase_lines = exchange_options.find_purchase_lines(row)
    return lines, exchange_options.find_options(purchase_lines.values(), channel=row.order.channel)


class ReplaceableParcelAdmin(BaseParcelAdmin):
    actions_detail: ClassVar = ["replace", *BaseParcelAdmin.actions_detail]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "replace": lambda row: row.is_undeliverable,
    }
    has_return_permission = permission_check("orders.return_order")

    @confirmed_action(
        description=_("Send replacement"),
        icon="swap_horiz",
        may="return",
        explain=_(
            "The same items are ordered again for the customer, free of charge, from "
            "the best available supplier. The purchase order has no revenue, so it "
            "stays on hold until you release it."
        ),
        form_class=ReasonForm,
    )
    def replace(self, request: HttpRequest, row: Parcel, data: FormData) -> str:
        authorization = parcel_replacements.replace(parcel=row, **data, **acting(request))
        order_id = authorization.replacement_id
        self.wake(request, purchasing_tasks.create_purchase_orders, order_id=order_id)
        return gettext("Replacement created: %s") % authorization.replacement


Status = Backorder.Status
Choice = Backorder.Choice
STATE = columns.status(
    "status", _("Status"), waiting={"open", "asked"}, final={"rerouted", "awaited", "canceled"}
)


@admin.display(description=_("Options for the customer"))
def available_choices(backorder: Backorder) -> str:
    return ", ".join(str(Choice(one).label) for one in backorder.choices)


def make_choice_form(backorder: Backorder) -> type[forms.Form]:
    choices = [(one, Choice(one).label) for one in backorder.choices]
    chosen = forms.ChoiceField(
        label=_("Customer's choice"), choices=choices, widget=UnfoldAdminSelectWidget
    )
    order = ("chosen", "reason")
    return type("AnswerForm", (ReasonForm,), {"chosen": chosen, "field_order": order})


@admin.register(Backorder)
class BackorderAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("id", _("Number")),
        columns.link("order", _("Order")),
        columns.link("purchase_order", _("Purchase order")),
        "kind",
        STATE,
        "reason",
        "promised_by",
        "arrives_by",
        columns.age("respond_by", _("Answer by")),
        columns.age("status_since", _("Status since")),
    ]
    list_select_related: ClassVar = ["order", "purchase_order"]
    list_filter: ClassVar = ["status", "kind", "purchase_order__supplier"]
    search_fields: ClassVar = ["order__number", "purchase_order__number", "reason"]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (None, {"fields": ["order", "purchase_order", "kind", STATE, "reason", "problem"]}),
        (
            _("Customer"),
            {
                "fields": [
                    "promised_by",
                    "ships_by",
                    "arrives_by",
                    available_choices,
                    "respond_by",
                    "default_choice",
                    "chosen",
                    "chosen_by",
                ]
            },
        ),
        (
            _("Timeline"),
            {
                "fields": [
                    columns.money("delivery_amount", _("Delivery")),
                    "opened_at",
                    "retry_at",
                    columns.status_history,
                    columns.document("plan", _("Delivery plan")),
                    columns.document("decision", _("Routing decision")),
                ]
            },
        ),
    ]
    readonly_fields: ClassVar = [
        name for _title, options in fieldsets for name in options["fields"]
    ]
    inlines: ClassVar = [
        inline(
            BackorderLine,
            columns.text("order_line__sku", _("SKU")),
            columns.text("order_line__title", _("Item")),
            "code",
            "substitute",
            "is_open",
            tab=False,
            related=("order_line", "substitute"),
        )
    ]
    actions_detail: ClassVar = ["find_supplier", "answer", "cancel_and_refund"]
    available_if: ClassVar = {
        "find_supplier": lambda row: row.status == Status.OPEN,
        "answer": lambda row: row.status == Status.ASKED,
        "cancel_and_refund": lambda row: (
            row.status == Status.OPEN and row.kind == Backorder.Kind.REFUSED
        ),
    }
    user_errors: ClassVar = (customer_choice.ChoiceUnavailableError,)

    @confirmed_action(
        description=_("Find supplier now"),
        icon="search",
        explain=lambda row: (
            row.problem or gettext("We search all suppliers that can ship the items.")
        ),
        done=_("The search is running. The result appears on this page."),
    )
    def find_supplier(self, request: HttpRequest, row: Backorder, _cleaned_data: object) -> None:
        rerouting.retry_now(backorder=row)
        self.wake(request, reroute, backorder_id=row.pk)

    @confirmed_action(
        description=_("Answer for the customer"),
        icon="how_to_vote",
        explain=_(
            "Record only what the customer told you. The customer was asked by e-mail "
            "and can answer there."
        ),
        form_class=make_choice_form,
        done=_("Customer's answer recorded"),
    )
    def answer(self, request: HttpRequest, row: Backorder, cleaned_data: Mapping[str, Any]) -> None:
        choice, actor = Choice(cleaned_data["chosen"]), f"{request.user}: {cleaned_data['reason']}"
        customer_choice.apply(backorder=row, choice=choice, actor=actor, now=timezone.now())
        self.wake(request, sweep_due_submissions)
        self.wake(request, process_cancellation, order_id=row.order_id)

    @confirmed_action(
        description=_("Cancel and refund"),
        icon="money_off",
        explain=_("The items are canceled and refunded, and the customer is notified."),
        form_class=ReasonForm,
        done=_("Canceled. The refund is on its way."),
    )
    def cancel_and_refund(
        self, request: HttpRequest, row: Backorder, cleaned_data: Mapping[str, Any]
    ) -> None:
        refunds.cancel_open(backorder=row, **cleaned_data, **acting(request))


register_read_only(
    BackorderLine,
    list_display=[
        columns.link("backorder", _("Backorder")),
        columns.text("order_line__sku", _("SKU")),
        "code",
        "substitute",
        "is_open",
    ],
    list_display_links=["code"],
    list_select_related=["backorder__purchase_order", "order_line", "substitute"],
    list_filter=["is_open", "code"],
    search_fields=["order_line__sku", "backorder__order__number"],
    ordering=["-id"],
)
