"""Price hold admin: show prices that a guard blocked, approve, keep or reject them."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.listings import price_approvals, price_comparison
from catalog.models import PriceHold
from catalog.pricing import labels
from catalog.pricing.guards import APPROVABLE_BLOCKS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, acting, action, confirmed_action
from storefront.lib.state_machine import ConcurrentUpdateError

Status = PriceHold.Status
MAX_DECIDED_AT_ONCE = 200
AMOUNTS = ("old_amount", "proposed_amount", "cost_amount")


def _amount(name: str) -> columns.Column:
    label = columns.field_label(PriceHold, name)
    return columns.money(name, label, currency="listing__channel__currency")


def _changed() -> ConcurrentUpdateError:
    return ConcurrentUpdateError(
        gettext("The price has been decided or calculated again. Reload the page.")
    )


class ApprovalForm(forms.Form):
    """Carries the suggested price that the confirmation page showed."""

    proposed = forms.DecimalField(widget=forms.HiddenInput, required=False)


@admin.register(PriceHold)
class PriceHoldAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No price changes to review. A price change appears here if it exceeds the limits "
        "of its price book."
    )
    list_display: ClassVar = [
        columns.link("listing", _("Variant"), text="listing__variant__sku"),
        columns.text("listing__channel__name", _("Channel")),
        columns.status(
            "status",
            _("Status"),
            needs_action=["open"],
            final=["approved", "price_kept", "superseded"],
        ),
        "block_reason",
        columns.money("old_amount", _("Price"), currency="listing__channel__currency"),
        columns.money(
            "proposed_amount", _("Suggested price"), currency="listing__channel__currency"
        ),
        columns.money("cost_amount", _("Cost"), currency="listing__channel__currency"),
        "is_off_sale",
        columns.age("opened_at", _("Waiting since")),
    ]
    list_select_related: ClassVar = ["listing__variant", "listing__channel"]
    list_filter: ClassVar = ["status", "reason", "is_off_sale", "listing__channel"]
    search_fields: ClassVar = ["listing__variant__sku", "listing__variant__product__title"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["breakdown", "sentence", *AMOUNTS]
    readonly_fields: ClassVar = [
        "block_reason",
        *(_amount(name) for name in AMOUNTS),
        "cost_breakdown",
        columns.status_history,
    ]
    actions: ClassVar = ["approve_all", "reject_all"]
    actions_detail: ClassVar = ["approve", "reject", "keep"]
    available_if: ClassVar = {
        "approve": lambda row: row.status == Status.OPEN and row.reason in APPROVABLE_BLOCKS,
        "reject": lambda row: row.status == Status.OPEN,
        "keep": lambda row: row.status == Status.OPEN and row.is_off_sale and row.old_amount,
    }
    user_errors: ClassVar = (price_approvals.CannotApproveError,)

    @admin.display(description=_("Cost breakdown"))
    def cost_breakdown(self, hold: PriceHold) -> str:
        return price_comparison.compare_hold(hold)

    @admin.display(description=_("Reason"))
    def block_reason(self, hold: PriceHold) -> str:
        return labels.hold_message(hold)

    @action(description=_("Approve suggested prices"))
    def approve_all(self, request: HttpRequest, rows: QuerySet[PriceHold]) -> HttpResponse | None:
        return self._decide(request, rows, price_approvals.approve, _("Approve suggested prices"))

    @action(description=_("Reject and keep the current prices"))
    def reject_all(self, request: HttpRequest, rows: QuerySet[PriceHold]) -> HttpResponse | None:
        title = _("Reject and keep the current prices")
        return self._decide(request, rows, price_approvals.reject, title)

    def _decide(
        self,
        request: HttpRequest,
        rows: QuerySet[PriceHold],
        decide: Callable[..., None],
        title: str | Promise,
    ) -> HttpResponse | None:
        """Show the chosen prices; once confirmed, decide those that are still as shown."""
        shown = set(request.POST.getlist("shown"))

        def decide_shown(hold: PriceHold) -> None:
            if f"{hold.pk}:{hold.proposed_amount}" not in shown:
                raise _changed()
            decide(hold=hold, **acting(request))

        preview = list(rows[:MAX_DECIDED_AT_ONCE])
        if shown or not preview:
            self.apply_to_each(request, rows, decide_shown)
            return None
        return self.render_page(
            request,
            "catalog/listings/price_decisions.html",
            title=title,
            action=request.POST["action"],
            total=rows.count(),
            rows=[
                (hold, labels.hold_message(hold), [_amount(name)(hold) for name in AMOUNTS])
                for hold in preview
            ],
        )

    @confirmed_action(
        description=_("Approve"),
        icon="check",
        explain=lambda hold: " ".join(
            [labels.hold_message(hold), gettext("The suggested price takes effect immediately.")]
        ),
        form_class=ApprovalForm,
        initial=lambda hold: {"proposed": hold.proposed_amount},
        done=_("Suggested price approved"),
    )
    def approve(
        self, request: HttpRequest, hold: PriceHold, cleaned_data: Mapping[str, Any]
    ) -> None:
        if cleaned_data["proposed"] not in {None, hold.proposed_amount}:
            raise _changed()
        price_approvals.approve(hold=hold, **acting(request))

    @confirmed_action(
        description=_("Reject"),
        icon="block",
        explain=_(
            "The current price stays if it meets the minimum margin. Otherwise the "
            "item stays unavailable. The same suggestion is not made again."
        ),
        form_class=ReasonForm,
        done=_("Suggested price rejected"),
    )
    def reject(
        self, request: HttpRequest, hold: PriceHold, cleaned_data: Mapping[str, Any]
    ) -> None:
        price_approvals.reject(hold=hold, **cleaned_data, **acting(request))

    @confirmed_action(
        description=_("Keep current price"),
        icon="lock_open",
        explain=lambda hold: (
            f"{labels.hold_message(hold)} "
            + gettext(
                "The current price stays although it is below the minimum margin, until "
                "the suggestion or the cost changes. It never goes below the cost."
            )
        ),
        form_class=ReasonForm,
        done=_("Current price kept"),
    )
    def keep(self, request: HttpRequest, hold: PriceHold, cleaned_data: Mapping[str, Any]) -> None:
        price_approvals.keep_current_price(hold=hold, **cleaned_data, **acting(request))
