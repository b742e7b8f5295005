"""Problem forms: ask what is wrong with a parcel, which items, and what the customer wants."""

import secrets
from collections.abc import Sequence

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import OrderLine
from shipping.models import ProblemReport
from shipping.problem_reports.eligibility import Possibility
from shipping.problem_reports.reports import ProblemRequest
from storefront.web.problems.status import WISH_TEXTS
from storefront.web.returns.forms import MultilineField, units_field
from storefront.web.returns.photos import PicturesForm

Kind = ProblemReport.Kind


class ReportForm(PicturesForm):
    """Form of a report. A parcel that never arrived needs no items, text or pictures."""

    has_arrived = forms.BooleanField(
        label=gettext_lazy("The parcel has arrived."),
        error_messages={
            "required": gettext_lazy(
                "Confirm that the parcel has arrived. If it has not, report that it never arrived."
            )
        },
    )
    customer_message = MultilineField(label=gettext_lazy("Details"), required=False)
    wish = forms.ChoiceField(
        label=gettext_lazy("What should we do?"),
        choices=[*WISH_TEXTS.items()],
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Choose what we should do.")
        ),
    )
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        request: HttpRequest | None = None,
        *,
        possibility: Possibility,
        lines: Sequence[tuple[OrderLine, int]],
        of: str,
    ) -> None:
        super().__init__(request, of=of)
        self.possibility = possibility
        self.is_never_arrived = possibility.kind == Kind.NEVER_ARRIVED
        self.reportable: list[tuple[OrderLine, int]] = []
        if not possibility.needs_arrival:
            del self.fields["has_arrived"]
        if self.is_never_arrived:
            del self.fields["pictures"]
        else:
            self.reportable = [
                (line, possibility.units[line.pk])
                for line, _quantity in lines
                if line.pk in possibility.units
            ]
        for line, most in self.reportable:
            self.fields[f"units_{line.pk}"] = units_field(line, most)
        # Pictures come last: they are decoded only if the other fields are valid.
        self.order_fields([name for name in self.fields if name != "pictures"])
        self.fields["key"].initial = secrets.token_hex(16)

    def clean_customer_message(self) -> str:
        text: str = self.cleaned_data["customer_message"].strip()
        if not text and not self.is_never_arrived:
            raise forms.ValidationError(_("Describe the problem in a few words."))
        return text

    def clean(self) -> None:
        super().clean()
        if self.reportable and not self.errors and not any(self._units().values()):
            first = self.reportable[0][0]
            self.add_error(f"units_{first.pk}", _("Choose at least one item."))

    def _units(self) -> dict[int, int]:
        return {
            line.pk: self.cleaned_data.get(f"units_{line.pk}") or 0
            for line, _most in self.reportable
        }

    def rows(self) -> list[tuple[OrderLine, int, forms.BoundField]]:
        return [(line, most, self[f"units_{line.pk}"]) for line, most in self.reportable]

    def report(self) -> ProblemRequest:
        """Return the report of a valid form."""
        submitted = self.cleaned_data
        return ProblemRequest(
            key=submitted["key"] or secrets.token_hex(16),
            kind=self.possibility.kind,
            wish=ProblemReport.Wish(submitted["wish"]),
            units=self._units(),
            customer_message=submitted["customer_message"],
            encoded_photos=submitted.get("pictures", []),
        )
