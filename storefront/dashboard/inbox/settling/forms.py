"""Settling forms: enter a rule that settles inbox items, with the limits that its action needs."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.settling import matching
from storefront.dashboard.inbox.settling.acts import ACTS, SettlingAct
from storefront.dashboard.models import SettlingRule
from storefront.lib.staff.form_fields import CurrencyField

FIELDS = (
    *("name", "supplier", "channel", "max_amount", "max_daily_amount", "currency"),
    "max_failures",
)


class SettlingRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The action is chosen with its cause, among those that the user may run by hand."""

    user: ClassVar[Any]  # set by the admin page
    act = forms.ChoiceField(
        label=_("Issue and action"),
        help_text=_("The rule acts as a click on this button would, once for each item."),
    )
    currency = CurrencyField(
        label=_("Currency"), required=False, help_text=_("Of the limits above.")
    )

    class Meta:
        model = SettlingRule
        fields = FIELDS
        help_texts: ClassVar = {
            "name": _("Shown in the log, and as the user in the history of records."),
            "supplier": _("Leave empty for all suppliers."),
            "channel": _("Leave empty for all channels."),
            "max_amount": _(
                "Items with a higher or an unknown amount stay for staff. For waived hold reasons,"
                " the amount is the loss."
            ),
            "max_daily_amount": _("Of all items that the rule settles within 24 hours."),
            "max_failures": _("After so many failures in a row, the inbox shows the rule."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for key, act in ACTS.items():
            if self.user.has_perm(act.cause.right("change")):
                label = f"{act.cause.sentence}: {act.action.label}"
                groups.setdefault(str(act.cause.sentence), []).append((key, label))
        field: forms.ChoiceField = self.fields["act"]  # type: ignore[assignment]
        field.choices = [("", "---------"), *sorted(groups.items())]
        if self.instance.pk:
            self.initial["act"] = f"{self.instance.cause}:{self.instance.action}"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        act = ACTS.get(values.get("act", ""))
        if act is None:
            return values
        self.instance.cause, self.instance.action = act.cause.code, act.action.code
        if values.get("supplier") and not matching.has_supplier(act):
            self.add_error("supplier", gettext("Items of this issue have no supplier."))
        if values.get("channel") and not matching.has_channel(act):
            self.add_error("channel", gettext("Items of this issue have no channel."))
        self._check_limits(act, values)
        return values

    def _check_limits(self, act: SettlingAct, values: dict[str, Any]) -> None:
        if {"max_amount", "max_daily_amount"} & set(self.errors):
            return
        limit, daily = values["max_amount"], values["max_daily_amount"]
        if limit is None and (act.loses_money or daily is not None):
            self.add_error("max_amount", gettext("Enter how much one item may cost."))
        if daily is None and act.loses_money:
            self.add_error(
                "max_daily_amount", gettext("This action loses money: enter a limit per day.")
            )
        for name, amount in (("max_amount", limit), ("max_daily_amount", daily)):
            if amount is not None and amount <= 0:
                self.add_error(name, gettext("Enter more than 0."))
        if limit is not None and daily is not None and daily < limit:
            self.add_error("max_daily_amount", gettext("Enter at least what one item may cost."))
        if limit is not None and not values.get("currency"):
            self.add_error("currency", gettext("Choose the currency of the limits."))
