"""Supplier form: validate a supplier's settings, normalize send times and closed days."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext

from suppliers.connectors import CONNECTORS
from suppliers.models.policies import EVERY_DAY
from suppliers.profile import order_schedule


class SupplierForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    adapter = forms.ChoiceField(choices=[(name, name) for name in CONNECTORS])

    def clean_dispatch_times(self) -> str:
        """Return the times as ``09:00 14:30``, sorted and distinct."""
        try:
            times = order_schedule.parse_times(self.cleaned_data["dispatch_times"])
        except ValueError as error:
            raise forms.ValidationError(gettext("Enter times such as 09:00 14:30.")) from error
        return " ".join(sorted({f"{moment:%H:%M}" for moment in times}))

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(gettext("Enter a time zone such as Europe/Berlin, or UTC."))
        return zone

    def clean_order_days(self) -> str:
        days = set(self.cleaned_data["order_days"])
        if not days or not days <= set(EVERY_DAY):
            raise forms.ValidationError(gettext("Enter weekdays as digits from 1 to 7."))
        return "".join(sorted(days))

    def clean_closed_on(self) -> str:
        """Return the days as ``2026-12-25 2026-12-26``, sorted and distinct."""
        try:
            days = order_schedule.parse_days(self.cleaned_data["closed_on"])
        except ValueError as error:
            raise forms.ValidationError(gettext("Enter days such as 2026-12-25.")) from error
        return " ".join(sorted(day.isoformat() for day in days))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("dispatch_mode") == "at_times" and values.get("dispatch_times") == "":
            self.add_error("dispatch_times", gettext("Enter the times at which orders are sent."))
        every = values.get("dispatch_every_min")
        if every is not None and not 5 <= every <= 24 * 60:  # noqa: PLR2004 - as the column
            self.add_error("dispatch_every_min", gettext("Enter 5 to 1440 minutes."))
        return values
