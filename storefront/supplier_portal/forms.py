"""Portal forms: validate a supplier's answer and its parcels, report one sentence per error."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shipping.carriers import numbers, registry
from storefront.lib.money import Money
from storefront.supplier_portal.purchase_order import DOCUMENT_KINDS, REASONS, Line
from suppliers.connectors.records import RejectedLine, RejectionReason

SHIP = "ship"
MAX_SHIP_DELAY = timedelta(days=90)


class AnswerForm(forms.Form):
    """Acknowledgement: ship or reject each line; optionally a price per line and a ship date."""

    def __init__(self, *args: Any, lines: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            self.fields[f"line_{line.id}"] = forms.ChoiceField(
                label=_("Your answer for %(sku)s") % {"sku": line.sku},
                choices=[(SHIP, _("Ship")), *REASONS.items()],
                initial=SHIP,
                error_messages={
                    "required": _("Choose an answer."),
                    "invalid_choice": _("Choose an answer."),
                },
            )
            if line.quantity > 1:
                self.fields[f"some_{line.id}"] = self._partial_quantity(line)
            self.fields[f"cost_{line.id}"] = forms.DecimalField(
                label=_("Your unit price for %(sku)s, in %(currency)s")
                % {"sku": line.sku, "currency": line.agreed.currency},
                required=False,
                min_value=Decimal("0.01"),
                max_value=Decimal(1_000_000),
                decimal_places=2,
                localize=True,
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value", "max_decimal_places"),
                    _("Enter a price such as 12.50, or leave it empty."),
                ),
            )
        self.fields["ships_by"] = forms.DateField(
            label=_("Ships by"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": _("Enter a date, or leave it empty.")},
        )

    @staticmethod
    def _partial_quantity(line: Line) -> forms.IntegerField:
        error = _("Enter how many of the %(most)s units you ship.") % {"most": line.quantity}
        return forms.IntegerField(
            label=_("Quantity you ship, if not all %(most)s") % {"most": line.quantity},
            required=False,
            min_value=0,
            max_value=line.quantity,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), error),
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for line in self.lines:
            choice, shipped = (
                self.cleaned_data.get(f"{name}_{line.id}") for name in ("line", "some")
            )
            if shipped == 0 and choice == SHIP:
                self.add_error(f"line_{line.id}", _("Choose a reason."))
            if shipped == line.quantity and choice not in {SHIP, None}:
                self.add_error(
                    f"some_{line.id}", _("Ship the full quantity, or enter a smaller one.")
                )
        return cleaned

    def clean_ships_by(self) -> date | None:
        day: date | None = self.cleaned_data["ships_by"]
        today = timezone.now().date()
        if day is not None and not today <= day <= today + MAX_SHIP_DELAY:
            raise forms.ValidationError(_("Enter a date within the next 90 days."), code="far")
        return day

    def rows(
        self,
    ) -> list[tuple[Line, forms.BoundField, forms.BoundField | None, forms.BoundField]]:
        return [
            (
                line,
                self[f"line_{line.id}"],
                self[f"some_{line.id}"] if line.quantity > 1 else None,
                self[f"cost_{line.id}"],
            )
            for line in self.lines
        ]

    @property
    def has_date_or_price(self) -> bool:
        """Return whether a ship date or a price was entered."""
        names = ("ships_by", *(f"cost_{line.id}" for line in self.lines))
        return any(self.data.get(name) for name in names)

    def unit_costs(self) -> dict[str, Money]:
        """Return prices that differ from the agreed ones, by line."""
        entered = {line: self.cleaned_data.get(f"cost_{line.id}") for line in self.lines}
        return {
            str(line.id): Money(amount, line.agreed.currency)
            for line, amount in entered.items()
            if amount is not None and amount != line.agreed.amount
        }

    def refused(self) -> tuple[RejectedLine, ...]:
        """Return rejected lines; the units missing from a line shipped in part are out of stock."""
        rejected = []
        for line in self.lines:
            choice = self.cleaned_data[f"line_{line.id}"]
            shipped = self.cleaned_data.get(f"some_{line.id}")
            is_short = shipped is not None and shipped < line.quantity
            if choice != SHIP or is_short:
                code = RejectionReason.OUT_OF_STOCK if choice == SHIP else RejectionReason(choice)
                rejected.append(RejectedLine(reference=str(line.id), code=code, ships=shipped or 0))
        return tuple(rejected)


class ParcelForm(forms.Form):
    """One parcel: carrier, tracking number and content."""

    carrier = forms.CharField(
        label=gettext_lazy("Carrier"),
        max_length=registry.MAX_NAME_LENGTH,
        error_messages={
            "required": gettext_lazy("Enter the carrier, such as DHL."),
            "max_length": gettext_lazy("This carrier name is too long."),
        },
    )
    number = forms.CharField(
        label=gettext_lazy("Tracking number"),
        max_length=numbers.MAX_NUMBER_LENGTH + 20,
        error_messages={
            "required": gettext_lazy("Enter the tracking number."),
            "max_length": gettext_lazy("This tracking number is too long."),
        },
    )

    def __init__(self, *args: Any, lines: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            error = _("Enter the quantity in the parcel: 0 to %(most)s.") % {"most": line.remaining}
            self.fields[f"units_{line.id}"] = forms.IntegerField(
                label=_("Quantity of %(sku)s") % {"sku": line.sku},
                min_value=0,
                max_value=line.remaining,
                initial=line.remaining,
                error_messages=dict.fromkeys(
                    ("required", "invalid", "min_value", "max_value"), error
                ),
            )

    def rows(self) -> list[tuple[Line, forms.BoundField]]:
        return [(line, self[f"units_{line.id}"]) for line in self.lines]

    def units(self) -> dict[int, int]:
        entered = {line.id: self.cleaned_data[f"units_{line.id}"] for line in self.lines}
        return {line_id: count for line_id, count in entered.items() if count}

    def clean_number(self) -> str:
        try:
            return numbers.normalize_number(self.cleaned_data["number"])
        except numbers.InvalidTrackingNumberError as error:
            raise forms.ValidationError(
                _("A tracking number has at least five characters, letters and digits only."),
                code="bad",
            ) from error

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        names = [f"units_{line.id}" for line in self.lines]
        if names and all(self.cleaned_data.get(name) == 0 for name in names):
            self.add_error(names[0], _("Enter at least one item for the parcel."))
        return cleaned


class DocumentForm(forms.Form):
    """A document of the supplier. The content is checked when it is stored."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=list(DOCUMENT_KINDS.items()),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Choose an answer.")
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages=dict.fromkeys(
            ("required", "invalid", "missing", "empty"), gettext_lazy("Choose a file.")
        ),
    )
