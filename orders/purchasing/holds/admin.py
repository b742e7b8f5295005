"""Hold admin: show the hold reasons of a purchase order, let staff waive them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds, rules
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns

REASONS_FIELD = "reasons"
SHOWN_KEYS_FIELD = "seen"
# What a hold reason is about, for staff who may not read its sentence.
CODE_LABELS: Mapping[str, Promise] = {
    "supplier": _("Supplier is paused or blocked"),
    "address": _("Address is incomplete or unconfirmed"),
    "payment": _("Payment"),
    rules.INSUFFICIENT_BALANCE: _("Balance at the supplier"),
    "stock": _("Supplier's stock is too low"),
    "cost": _("Supplier's price or offer changed"),
    rules.MISSING_CERTIFICATE: _("Product document is missing"),
    "battery": _("Carrier does not accept the battery"),
    "route": _("Shipping method is not offered"),
    rules.NO_SHIPPING_METHOD: _("No shipping method to the address"),
    rules.RESTRICTED: _("Product must not be sold in this country"),
    rules.INSUFFICIENT_MARGIN: _("Margin"),
    rules.MISSING_RATE: _("Exchange rate is missing"),
    "refused": _("Rejected by the supplier"),
    holds.REQUESTED: _("Requested by staff or a program"),
    "disputed": _("Payment is disputed"),
    "fraud_warning": _("Fraud warning of the bank"),
    "under_review": _("Payment is in review at the gateway"),
}


class WaiverForm(forms.Form):
    """Waives only reasons that were shown; if they changed, shows the new ones, none selected."""

    shown_keys = ""

    def clean(self) -> dict[str, Any]:
        if self.data.get(SHOWN_KEYS_FIELD, "") != self.shown_keys:
            self.data = {SHOWN_KEYS_FIELD: self.shown_keys}
            self.errors.pop(REASONS_FIELD, None)
            message = _("The hold reasons changed after you opened this page. Check them again.")
            raise forms.ValidationError(message)
        return self.cleaned_data


@admin.display(description=_("Hold reasons"))
def hold_reasons(purchase_order: PurchaseOrder) -> str | None:
    return _format_reasons(purchase_order.hold_reasons)


@admin.display(description=_("Hold reasons"))
def hold_codes(purchase_order: PurchaseOrder) -> str | None:
    codes = dict.fromkeys(reason["code"] for reason in purchase_order.hold_reasons)
    return ", ".join(str(CODE_LABELS.get(code, code)) for code in codes) or None


@admin.display(description=_("Waived by staff"))
def waived_reasons(purchase_order: PurchaseOrder) -> str | None:
    return _format_reasons(purchase_order.waived_reasons)


# The sentences name costs, margins and suppliers.
HOLD_COLUMNS = (
    columns.restricted(hold_reasons, VIEW_COSTS, otherwise=hold_codes),
    columns.restricted(waived_reasons, VIEW_COSTS),
)


def _format_reasons(reasons: list[dict[str, Any]]) -> str | None:
    if not reasons:
        return None
    lines = ((reason["sentence"], reason["code"], reason.get("by", "")) for reason in reasons)
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{} <code>{}</code> {}</li>", lines))


def waiver_form(held: PurchaseOrder) -> type[forms.Form]:
    """Return a form that selects the reasons to waive; a single reason needs no choice."""
    shown = [(holds.reason_key(reason), reason["sentence"]) for reason in held.hold_reasons]
    keys = [key for key, _sentence in shown]
    shown_keys = " ".join(sorted(keys))
    hidden = forms.CharField(required=False, initial=shown_keys, widget=forms.HiddenInput)
    parts: dict[str, Any] = {"shown_keys": shown_keys, SHOWN_KEYS_FIELD: hidden}
    if len(shown) > 1:
        parts[REASONS_FIELD] = forms.MultipleChoiceField(
            label=_("Reasons to waive"),
            help_text=_(
                "The purchase order stays on hold until every reason is resolved or waived."
            ),
            choices=shown,
            initial=keys,
            widget=forms.CheckboxSelectMultiple,
        )
    return type("ReleaseForm", (WaiverForm,), parts)


def waive_selected(
    *, held: PurchaseOrder, cleaned_data: Mapping[str, Any], actor: str, now: datetime
) -> bool:
    """Waive the selected reasons, or all; return True if no reason remains."""
    known = {holds.reason_key(reason) for reason in held.hold_reasons}
    chosen = set(cleaned_data.get(REASONS_FIELD, known))
    if chosen == known:
        holds.waive_all(purchase_order=held, actor=actor, now=now)
        return True
    are_released = [
        holds.waive(purchase_order=held, key=key, actor=actor, now=now) for key in sorted(chosen)
    ]
    return any(are_released)
