"""Exchange rate admin: enter a rate by hand, approve or reject a held rate."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.exchange_rates import rates
from catalog.models import ExchangeRate, ExchangeRateUpdate
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, acting, action, confirmed_action
from storefront.lib.staff.fieldsets import Group

RATE_FIELDSETS = (
    Group(_("Currencies"), ("base", "quote")),
    Group(_("Exchange rate"), ("rate", "source", "as_of", "validity", "pending_rate")),
)


Status = ExchangeRateUpdate.Status


class ExchangeRateForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = ExchangeRate
        fields = ("base", "quote", "rate", "source", "as_of")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("as_of") and values["as_of"] > timezone.now() + rates.MAX_CLOCK_SKEW:
            self.add_error("as_of", gettext("The date cannot be in the future."))
        if values.get("rate") is not None and values["rate"] <= 0:
            self.add_error("rate", gettext("The rate must be above 0."))
        return values


@admin.register(ExchangeRate)
class ExchangeRateAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add an exchange rate, such as USD to EUR. Products bought in a foreign currency "
        "have no price without one."
    )
    form = ExchangeRateForm
    editable = ("rate", "source", "as_of")
    may_add = True
    groups = RATE_FIELDSETS
    list_display: ClassVar = [
        "__str__",
        columns.number("rate", _("Rate")),
        "source",
        columns.age("as_of", _("As of")),
        columns.status("validity", _("Status"), needs_action=["unsure", "unknown"]),
        columns.number("pending_rate", _("Newer rate awaiting approval")),
    ]
    list_filter: ClassVar = ["validity", "quote"]
    ordering: ClassVar = ["base", "quote"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        named = ["base", "quote", *self.editable]
        return named if obj is None else [*named, "pending_rate", "validity"]

    def save_model(
        self,
        request: HttpRequest,
        obj: ExchangeRate,
        form: "forms.ModelForm[ExchangeRate]",
        change: bool,
    ) -> None:
        saved = rates.set_manual_rate(
            base=obj.base.upper(),
            quote=obj.quote.upper(),
            rate=obj.rate,
            source=obj.source,
            as_of=obj.as_of,
            **acting(request),
        )
        obj.pk = saved.pk


@admin.register(ExchangeRateUpdate)
class ExchangeRateUpdateAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No updates yet. Updates are fetched automatically, or added when staff enter a rate."
    )
    list_display: ClassVar = [
        "__str__",
        columns.status(
            "status", _("Status"), needs_action=["waiting"], final=["applied", "approved"]
        ),
        columns.number("old_rate", _("Previous rate")),
        columns.number("rate", _("Rate")),
        "source",
        columns.age("as_of", _("As of")),
        "reported_by",
        columns.age("reported_at", _("Received")),
    ]
    list_filter: ClassVar = ["status", "base", "quote"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.status_history]
    actions: ClassVar = ["approve_all"]
    actions_detail: ClassVar = ["approve", "reject"]
    available_if: ClassVar = {
        "approve": lambda row: row.status == Status.WAITING,
        "reject": lambda row: row.status == Status.WAITING,
    }

    @action(description=_("Approve"))
    def approve_all(self, request: HttpRequest, rows: QuerySet[ExchangeRateUpdate]) -> None:
        self.apply_to_each(request, rows, lambda row: rates.approve(update=row, **acting(request)))

    @confirmed_action(
        description=_("Approve"),
        icon="check",
        explain=lambda row: (
            gettext("%(pair)s changes from %(old)s to %(new)s.")
            % {
                "pair": row,
                "old": "–" if row.old_rate is None else columns.as_number(row.old_rate),
                "new": columns.as_number(row.rate),
            }
        ),
        done=_("All prices in this currency are recalculated within a minute."),
    )
    def approve(self, request: HttpRequest, row: ExchangeRateUpdate, _cleaned_data: object) -> None:
        rates.approve(update=row, **acting(request))

    @confirmed_action(
        description=_("Reject"),
        icon="block",
        explain=_("The current rate stays in use until it is outdated."),
        form_class=ReasonForm,
        done=_("Update rejected. The same rate is not suggested again."),
    )
    def reject(
        self, request: HttpRequest, row: ExchangeRateUpdate, cleaned_data: Mapping[str, Any]
    ) -> None:
        rates.reject(update=row, **cleaned_data, **acting(request))
