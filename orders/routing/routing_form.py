"""The form in which staff say what counts first when an order is routed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orders.models import RoutingRules
from orders.models.routing import CRITERIA
from orders.routing.ranking import USUAL_CHAIN, Criterion
from suppliers.models import Supplier

STEPS = ("step_1", "step_2", "step_3", "step_4", "step_5", "step_6")
USUAL = dict(zip(STEPS, USUAL_CHAIN, strict=False))


def _step(name: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("", _("nothing")), *CRITERIA],
        required=name == STEPS[0],
        initial=USUAL.get(name, ""),
        widget=UnfoldAdminSelectWidget,
    )


class RoutingRulesForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A version of the rules, as a new draft."""

    step_1 = _step("step_1")
    step_2 = _step("step_2")
    step_3 = _step("step_3")
    step_4 = _step("step_4")
    step_5 = _step("step_5")
    step_6 = _step("step_6")
    preferred = forms.CharField(required=False, max_length=1_000, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = RoutingRules
        fields = (
            "channel",
            "looks_elsewhere",
            "moves_silent_after_h",
            "least_margin_rate",
            "starts_at",
            "ends_at",
            "note",
        )

    field_order = ("channel", *STEPS, "preferred", *Meta.fields[1:])

    def clean_preferred(self) -> list[str]:
        codes = [code.strip() for code in self.cleaned_data["preferred"].split(",")]
        codes = list(dict.fromkeys(filter(None, codes)))
        known = set(Supplier.objects.filter(code__in=codes).values_list("code", flat=True))
        if unknown := [code for code in codes if code not in known]:
            words = gettext("No supplier has this code: %(codes)s.")
            raise forms.ValidationError(words % {"codes": ", ".join(unknown)}, code="unknown")
        return codes

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        seen: set[str] = set()
        for name in STEPS:
            criterion = given.get(name)
            if criterion and criterion in seen:
                self.add_error(name, gettext("It stands above already."))
            seen.add(criterion or "")
        least = given.get("least_margin_rate")
        if least is not None and not 0 <= least < 1:
            self.add_error("least_margin_rate", gettext("A fraction below 1: 0.1 is 10 %."))
        starts, ends = given.get("starts_at"), given.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", gettext("It ends before it starts."))
        return given

    @property
    def chain(self) -> list[Criterion]:
        return [Criterion(self.cleaned_data[name]) for name in STEPS if self.cleaned_data[name]]
